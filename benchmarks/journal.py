"""What the journal costs: `ringtrue run` with it and without it in turn, against one emulator, as ratios of time.

Each run is a process of its own, from its start to its last report, as a user has it. Run it with
`.venv/bin/python benchmarks/journal.py`. The ratio of processor time is the one to trust on a busy machine: it is of
the runs alone, the emulator is another process.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from harness.emulator import Emulator

_WITH = "import harness.cli as cli; cli.main()"
_WITHOUT = "import harness.runner as runner; runner.Run = None; " + _WITH  # a run that isn't one of `Run` keeps no journal


def quick(emulator: Emulator, seed: int, folder: str, journal: bool) -> tuple[float, float]:
    """(seconds, seconds of processor time) of one quick run."""
    words = ["run", "--target", emulator.url, "--account-sid", emulator.account_sid, "--output", folder, "--seed", str(seed)]
    wall, busy = time.perf_counter(), _of_children()
    command = [sys.executable, "-c", _WITH if journal else _WITHOUT, *words]
    done = subprocess.run(command, env={**os.environ, "RINGTRUE_AUTH_TOKEN": emulator.auth_token}, capture_output=True, text=True, check=False)
    spent = time.perf_counter() - wall, _of_children() - busy
    if done.returncode != 0:
        raise SystemExit(f"the emulator was found to break the contract:\n{done.stdout}{done.stderr}")
    if os.path.exists(os.path.join(folder, "journal.jsonl")) is not journal:
        raise SystemExit("this benchmark no longer knows how to leave the journal away; mend it")
    return spent


def _of_children() -> float:
    """Seconds of processor time that processes took which this one started and which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9, help="how many runs of each (default 9)")
    pairs = parser.parse_args().pairs
    walls, busies = [], []
    with Emulator() as emulator:
        for seed in range(-1, pairs):
            spent = {}
            for journal in (True, False) if seed % 2 else (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    spent[journal] = quick(emulator, max(seed, 0), folder, journal)
            if seed >= 0:  # the pair before warms both ends up
                walls.append(spent[True][0] / spent[False][0])
                busies.append(spent[True][1] / spent[False][1])
    for name, ratios in (("whole time", walls), ("processor time", busies)):
        print(f"{name}: with the journal {statistics.median(ratios):.3f} times that without ({min(ratios):.3f} to {max(ratios):.3f}, {pairs} pairs)")


if __name__ == "__main__":
    main()
