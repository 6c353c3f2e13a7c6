"""Runs the fleet of hostile servers and writes docs/robustness.md: what is weather, the bounds, each behaviour with its verdict.

Run it with `.venv/bin/python benchmarks/hostile.py`; it needs the development dependencies and takes some minutes. With
`--tables` nothing is run: the tables that come from the code are written anew, what was measured stays. With `--new` only the
servers that the page does not have yet are run; they come at the end of their family.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # in place of this folder, whose module has the fleet's name

from adversary.fleet import FLEET, MEMORY_MB, Ran, problems, run_row, too_late  # noqa: E402
from adversary.page import BEHAVIOURS, PAGE, measured_row, page  # noqa: E402


def _job(job: tuple[str, int]) -> tuple[str, int, Ran]:
    return *job, run_row(FLEET[job[0]], job[1])


def _with(measured: str, rows: dict[str, list[Ran]]) -> str:
    """What was measured with more servers, each at the end of its family."""
    for name, ran in rows.items():
        before, heading, after = measured.partition(f"### {FLEET[name].family.capitalize()}\n")
        table, gap, rest = after.partition("\n\n### ")
        measured = f"{before}{heading}{table.rstrip()}\n{measured_row(FLEET[name], ran)}{gap[1:] if gap else ''}{rest}"
    return re.sub(r"[0-9]+ servers;", f"{len(FLEET)} servers;", measured, count=1)


def main() -> int:
    """Writes the page; 1 where a verdict is not the right one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from 1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tables", action="store_true", help="runs nothing")
    parser.add_argument("--new", action="store_true", help="runs the servers that the page lacks")
    options = parser.parse_args()
    if options.tables:
        PAGE.write_text(page(PAGE.read_text("utf-8").partition(BEHAVIOURS)[2]), "utf-8")
        return 0
    measured = PAGE.read_text("utf-8").partition(BEHAVIOURS)[2]
    rows: dict[str, list[Ran]] = {name: [] for name in FLEET if not options.new or f"| **{name}**: " not in measured}
    wrong = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, seed, ran in pool.map(_job, [(n, s + 1) for n in rows for s in range(options.seeds)]):
            rows[name].append(ran)
            for problem in problems(FLEET[name], ran) + too_late(FLEET[name], ran):
                wrong += 1
                print(f"{name}, seed {seed}: {problem}", flush=True)
    if options.new:
        PAGE.write_text(page(_with(measured, rows)), "utf-8")
        print(f"{len(rows)} servers, {wrong} problems; {PAGE.relative_to(ROOT)} has them now")
        return 1 if wrong else 0
    peak = max(r.peak_mb for ran in rows.values() for r in ran)
    machine = re.sub(r"\s+", " ", f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}")
    seeds = "seed 1" if options.seeds == 1 else f"seeds 1 to {options.seeds}"
    intro = (
        f"\n\nMeasured with `benchmarks/hostile.py`, {seeds}, {options.jobs} runs at a time, {machine}. {len(FLEET)} servers; the most memory "
        f"that a run held was {peak:.0f} MB of {MEMORY_MB:g}. Seconds are of the whole command, its start included.\n\n"
    )
    head = "| server | verdict | findings | s | MB |\n|---|---|---|---|---|\n"
    families = dict.fromkeys(r.family for r in FLEET.values())
    told = {f: "".join(measured_row(FLEET[n], ran) for n, ran in rows.items() if FLEET[n].family == f) for f in families}
    parts = [f"### {f.capitalize()}\n\n{head}{lines}" for f, lines in told.items()]
    PAGE.write_text(page(intro + "\n".join(parts)), "utf-8")
    print(f"{len(FLEET)} servers, {wrong} problems; {PAGE.relative_to(ROOT)} is written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
