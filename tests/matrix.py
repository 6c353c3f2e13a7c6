"""The matrix of faults and clauses: which clause notices which fault of the emulator.

    .venv/bin/python tests/matrix.py --seed 3 --profile quick           all faults
    .venv/bin/python tests/matrix.py refuses-to-sip duration-number     some

Run as a command it judges the faults, prints the matrix by clause, what deviates from the catalogue, and the clauses that
no fault exercises; exit code 1 where anything deviates. The tests use its functions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from support import Outcome, judged_run

from harness.contract import CLAUSE
from harness.emulator import FAULTS
from harness.emulator.variants import settings_of

# What no single fault can break: why.
UNBREAKABLE = {
    "from.own-number": "the run knows a number as owned only since the preflight's call from it was created; configured ones are judged",
}


def judged(name: str, seed: int, profile: str, only: tuple[str, ...] = ()) -> Outcome:
    """One run against the emulator with a fault."""
    return judged_run(settings_of(faults=(name,)), seed=seed, profile=profile, only=only)


def decided(name: str, seed: int, only: tuple[str, ...] = ()) -> Outcome:
    """The run that decides: the smallest that finds the fault and nothing else, or else a quick one: about the same clauses, then about all."""
    outcome = judged(name, seed, "small", only)
    for clauses in dict.fromkeys((only, ())):
        if not deviation(name, outcome):
            break
        outcome = judged(name, seed, "quick", clauses)
    return outcome


def groups_of(name: str) -> tuple[str, ...]:
    """Globs of the clauses that a fault breaks and of those beside them; none where it takes calls of all sorts to see it."""
    if FAULTS[name].family in ("state", "refusals", "secrets", "access", "methods", "encoding"):
        return ()
    return tuple(dict.fromkeys(f"{clause.rpartition('.')[0]}.*" for clause in FAULTS[name].clauses))


def deviation(name: str, outcome: Outcome) -> str:
    """What is wrong with a run against a fault: not found, or found as something else too; empty where nothing is."""
    declared, found = FAULTS[name].clauses, outcome.clauses
    if not declared:
        return "the catalogue names no clause"
    if not found:
        return f"nothing found, {declared[0]} expected"
    if len(found) != len(set(found)):
        return f"found twice: {', '.join(found)}"
    if not set(found) <= set(declared):
        return f"found {', '.join(found)}, declared {', '.join(declared)}"
    return ""


def by_clause(found: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Clause → the faults that it notices, for every clause of the contract."""
    out: dict[str, list[str]] = {clause: [] for clause in CLAUSE}
    for name, clauses in found.items():
        for clause in clauses:
            out[clause].append(name)
    return out


def table(found: Mapping[str, Iterable[str]]) -> str:
    """The matrix for people: a clause, how many faults it notices, and the first of them."""
    lines = []
    for clause, names in by_clause(found).items():
        reason = UNBREAKABLE.get(clause, "NO FAULT EXERCISES IT")
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "") if names else reason
        lines.append(f"{clause:52} {len(names):3}  {shown}")
    return "\n".join(lines)


def _job(arguments: tuple[str, int, str]) -> tuple[str, Outcome]:
    return arguments[0], judged(*arguments)


def main() -> int:
    """Judges faults and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="FAULT", help="faults to judge; all by default")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", type=Path, help="appends a line of JSON for each fault")
    options = parser.parse_args()
    found: dict[str, list[str]] = {}
    wrong = 0
    jobs = [(name, options.seed, options.profile) for name in options.names or FAULTS]
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, outcome in pool.map(_job, jobs):
            found[name] = [*outcome.clauses, *(c for f in outcome.findings for c in f["also"])]
            if options.log is not None:
                with options.log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"name": name, "seed": options.seed, "clauses": outcome.clauses, "told": outcome.told()}) + "\n")
            if problem := deviation(name, outcome):
                wrong += 1
                print(f"{name}: {problem}", flush=True)
    print(table(found))
    print(f"{len(found)} faults, {wrong} of them judged otherwise than declared")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
