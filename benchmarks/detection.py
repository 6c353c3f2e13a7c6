"""How many faults are found, how soon, and how many alarms are false: ringtrue and schemathesis on the same servers.

    .venv/bin/python benchmarks/detection.py                            drawn faults 0 to 63, in quick
    .venv/bin/python benchmarks/detection.py --drawn 1000-1199 --profiles quick,standard
    .venv/bin/python benchmarks/detection.py --drawn 0-31 --named 20 --variants 10 --schemathesis

A drawn fault is what a seed makes of a family, a condition and an effect (`ringtrue serve --fault drawn-7`), so that the
rate does not depend on faults that the harness was tuned to. With `--schemathesis` the same servers are judged by
`schemathesis run` on the exported document for as long as ringtrue took, with its default checks and with those that
raise no alarm on the faithful emulator. It needs the development dependencies.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config import RunConfig
from harness.contract.openapi import build
from harness.emulator import FAULTS, VARIANTS, Emulator
from harness.emulator.faults import find_fault
from harness.emulator.variants import settings_of
from harness.engine import Run

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
STEPS = (250, 500, 1000, 2000, 4000, 8000, 16000)
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "negative_data_rejection", "positive_data_acceptance", "missing_required_header", "unsupported_method", "ignored_auth",
)


@dataclass(frozen=True)
class Job:
    """One server to judge: a fault or a variant, who judges it, and how."""

    name: str
    family: str
    judge: str
    seed: int
    seconds: float = 0.0

    @property
    def is_variant(self) -> bool:
        """Whether nothing may be found."""
        return self.name in VARIANTS


@dataclass(frozen=True)
class Outcome:
    """What a judge said of a server.

    Args:
        found: whether it found anything.
        first: requests until the first break was seen; 0 where none was, or where that is not known.
    """

    job: Job
    found: bool
    first: int
    requests: int
    seconds: float
    told: str = ""


def judge(job: Job) -> Outcome:
    """Starts the server of a job, has it judged, stops it."""
    settings = settings_of(job.name) if job.is_variant else settings_of(faults=(job.name,))
    with Emulator(settings) as emulator:
        if job.judge.startswith("schemathesis"):
            return _by_schemathesis(job, emulator)
        return _by_ringtrue(job, emulator)


def _by_ringtrue(job: Job, emulator: Emulator) -> Outcome:
    start = time.perf_counter()
    run = Run(RunConfig(url=emulator.url, account_sid=emulator.account_sid, auth_token=emulator.auth_token, profile=job.judge, seed=job.seed))
    result = run.conduct()
    told = "; ".join(f"{f.clause} [{f.cause}]" for f in result.findings) or (result.headline if result.exit_code == 3 else "")
    first = min((f.exchange.number for f in result.findings), default=0)
    return Outcome(job, bool(result.findings), run.first_breach or first, result.counts["requests"], time.perf_counter() - start, told)


def _by_schemathesis(job: Job, emulator: Emulator) -> Outcome:
    start = time.perf_counter()
    checks = job.judge.partition(":")[2]
    with tempfile.TemporaryDirectory() as folder:
        done = run_schemathesis(emulator, folder, job.seconds, job.seed, checks)
    told = next((line.strip() for line in done.stdout.splitlines() if line.startswith("- ")), "")
    return Outcome(job, done.returncode == 1, 0, 0, time.perf_counter() - start, told)


def run_schemathesis(emulator: Emulator, folder: str, seconds: float, seed: int, checks: str) -> subprocess.CompletedProcess[str]:
    """One `schemathesis run` on the exported document; exit code 1 means that a check failed."""
    document = Path(folder) / "openapi.json"
    document.write_text(json.dumps(_fitted(emulator)), "utf-8")
    words = [
        str(SCHEMATHESIS), "run", str(document), "--url", emulator.url, "--auth", f"{emulator.account_sid}:{emulator.auth_token}",
        "--max-time", str(max(2, round(seconds))), "--no-color", "--no-shrink", "--seed", str(seed), "--max-failures", "1",
        "--report-dir", folder,
    ]
    words += ["--checks", checks] if checks else []
    env = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": folder}
    return subprocess.run(words, check=False, capture_output=True, text=True, cwd=folder, env=env, timeout=seconds * 3 + 120)


def _fitted(emulator: Emulator) -> dict[str, Any]:
    """The exported document, with the account and the numbers that this server takes, as a user of it would write them in."""
    document = build(emulator.url)

    def fit(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                fit(item)
        elif isinstance(node, dict):
            if node.get("name") == "AccountSid":
                node["schema"] = {"enum": [emulator.account_sid]}
            properties = node.get("properties")
            if isinstance(properties, dict) and "From" in properties:
                properties["From"] = {"enum": [emulator.owned_numbers[0]]}
            for item in node.values():
                fit(item)

    fit(document)
    return document


def silent_checks(seed: int) -> str:
    """The checks of schemathesis that raise no alarm on the faithful emulator, comma-separated."""
    kept = []
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        for check in CHECKS:
            if run_schemathesis(emulator, folder, 6, seed, check).returncode == 0:
                kept.append(check)
    return ",".join(kept)


# --- tables -------------------------------------------------------------------------------------------------------


def table_of_kills(outcomes: list[Outcome]) -> None:
    """The share found by family, and how it grows with the requests that were spent."""
    for name in dict.fromkeys(o.job.judge for o in outcomes):
        mine = [o for o in outcomes if o.job.judge == name]
        steps = [s for s in STEPS if any(o.first for o in mine) and s < max(o.requests for o in mine)]
        print(f"\n{name.partition(':')[0]}{' with silent checks' if ':' in name else ''}: {_share(mine)} of {len(mine)} faults found, "
              f"{sum(o.seconds for o in mine) / len(mine):.1f} s a server")
        print(f"{'family':22}{'faults':>7}{'found':>8}" + "".join(f"{'by ' + str(s):>10}" for s in steps))
        for family in dict.fromkeys(o.job.family for o in mine):
            rows = [o for o in mine if o.job.family == family]
            early = "".join(f"{_share([o for o in rows if o.found and 0 < o.first <= s], len(rows)):>10}" for s in steps)
            print(f"{family:22}{len(rows):7}{_share(rows):>8}{early}")
        for o in mine:
            if not o.found:
                print(f"  missed {o.job.name}: {find_fault(o.job.name).summary}{' - ' + o.told if o.told else ''}")


def table_of_alarms(outcomes: list[Outcome]) -> None:
    """False alarms on the variants."""
    for name in dict.fromkeys(o.job.judge for o in outcomes):
        mine = [o for o in outcomes if o.job.judge == name]
        alarms = [o for o in mine if o.found]
        print(f"\n{name.partition(':')[0]}{' with silent checks' if ':' in name else ''}: {len(alarms)} of {len(mine)} faithful servers accused")
        for o in alarms:
            print(f"  {o.job.name}: {o.told[:110]}")


def _share(outcomes: list[Outcome], of: int | None = None) -> str:
    total = len(outcomes) if of is None else of
    return f"{100 * sum(o.found for o in outcomes) / total:.0f} %" if total else "-"


def _jobs(names: Iterable[str], judges: Iterable[str], seed: int) -> list[Job]:
    return [Job(n, VARIANTS[n].family if n in VARIANTS else find_fault(n).family, j, seed) for n in names for j in judges]


def main() -> None:
    """Judges the servers and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", default="0-63", metavar="A-B", help="seeds of drawn faults (default %(default)s); - for none")
    parser.add_argument("--named", type=int, default=0, metavar="N", help="so many of the named faults beside them")
    parser.add_argument("--variants", type=int, default=0, metavar="N", help="so many variants, for false alarms")
    parser.add_argument("--profiles", default="quick", help="profiles of ringtrue, comma-separated (default %(default)s)")
    parser.add_argument("--schemathesis", action="store_true", help="judge by schemathesis too, in the same time")
    parser.add_argument("--seed", type=int, default=0, help="seed of the judges")
    parser.add_argument("--jobs", type=int, default=2, help="servers judged at once (default %(default)s)")
    options = parser.parse_args()
    low, _, high = options.drawn.partition("-")
    names = [f"drawn-{n}" for n in range(int(low), int(high or low) + 1)] if low else []
    rng = random.Random(options.seed)
    names += rng.sample(sorted(FAULTS), min(options.named, len(FAULTS)))
    strange = rng.sample(sorted(VARIANTS), min(options.variants, len(VARIANTS)))
    profiles = options.profiles.split(",")
    with ProcessPoolExecutor(options.jobs) as pool:
        kills = list(pool.map(judge, _jobs(names, profiles, options.seed)))
        alarms = list(pool.map(judge, _jobs(strange, profiles, options.seed)))
        if options.schemathesis:
            silent = silent_checks(options.seed)
            print(f"checks of schemathesis that are silent on the faithful emulator: {silent}")
            judges = ("schemathesis", f"schemathesis:{silent}")
            spent = {o.job.name: o.seconds for o in (*kills, *alarms)}
            timed = [Job(j.name, j.family, j.judge, j.seed, spent[j.name]) for j in _jobs([*names, *strange], judges, options.seed)]
            for o in pool.map(judge, timed):
                (alarms if o.job.is_variant else kills).append(o)
    if kills:
        table_of_kills(kills)
    if alarms:
        table_of_alarms(alarms)


if __name__ == "__main__":
    main()
