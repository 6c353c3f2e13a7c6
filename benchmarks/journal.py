"""What the journal costs: quick runs with it and without it in turn, against one emulator, as ratios of time.

Run it with `.venv/bin/python benchmarks/journal.py`. The ratio of processor time is the one to trust on a busy machine:
it is of the runs alone, the emulator is a process of its own.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from harness.config import RunConfig
from harness.emulator import Emulator
from harness.engine import Run


def quick(emulator: Emulator, seed: int, folder: Path, journal: bool) -> tuple[float, float]:
    """(seconds, seconds of processor time) of one quick run."""
    config = RunConfig(
        url=emulator.url, account_sid=emulator.account_sid, auth_token=emulator.auth_token, seed=seed, output=folder, journal=journal,
    )
    wall, busy = time.perf_counter(), time.process_time()
    result = Run(config).conduct()
    spent = time.perf_counter() - wall, time.process_time() - busy
    if result.exit_code != 0:
        raise SystemExit(f"the emulator was found to break the contract: {result.headline}")
    return spent


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="how many runs of each (default 7)")
    pairs = parser.parse_args().pairs
    walls, busies = [], []
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        quick(emulator, 0, Path(folder), journal=True)  # warms both ends up
        for seed in range(pairs):
            order = (True, False) if seed % 2 else (False, True)
            spent = {journal: quick(emulator, seed, Path(folder), journal) for journal in order}
            walls.append(spent[True][0] / spent[False][0])
            busies.append(spent[True][1] / spent[False][1])
    for name, ratios in (("whole time", walls), ("processor time", busies)):
        print(f"{name}: with the journal {statistics.median(ratios):.3f} times that without ({min(ratios):.3f} to {max(ratios):.3f}, {pairs} pairs)")


if __name__ == "__main__":
    main()
