"""How many requests a second: ringtrue with every check, the same bodies by a bare requests loop, schemathesis.

All in one run against one emulator, so that the ratios hold on any machine. Run it with
`.venv/bin/python benchmarks/throughput.py`; it needs the development dependencies.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from harness.config import RunConfig
from harness.contract.openapi import build
from harness.emulator import Emulator, EmulatorSettings
from harness.engine import Run
from harness.preflight import FICTIONAL_TO, TEST_FROM
from harness.wire import body_of
from strategies.drawing import Drawer, Numbers
from strategies.plan import PROFILES, Plan

COMMAND = Path(sys.executable).with_name("schemathesis")


def ringtrue(emulator: Emulator) -> tuple[int, float]:
    """(requests, seconds) of a quick run in this process: drawing, sending, judging."""
    start = time.perf_counter()
    result = Run(RunConfig(url=emulator.url, account_sid=emulator.account_sid, auth_token=emulator.auth_token)).conduct()
    return result.counts["requests"], time.perf_counter() - start


def whole_process(emulator: Emulator, folder: str) -> tuple[int, float]:
    """(requests, seconds) of `ringtrue run` as a process, with start-up and reports."""
    words = [sys.executable, "-m", "harness", "run", "--target", emulator.url, "--account-sid", emulator.account_sid, "--output", folder]
    start = time.perf_counter()
    subprocess.run(words, env={**os.environ, "RINGTRUE_AUTH_TOKEN": emulator.auth_token}, check=False, capture_output=True)
    seconds = time.perf_counter() - start
    return json.loads((Path(folder) / "results.json").read_text("utf-8"))["counts"]["requests"], seconds


def bare_loop(emulator: Emulator) -> tuple[int, float]:
    """(requests, seconds) of a requests session that posts the plan's bodies and looks at nothing but the status."""
    numbers = Numbers((TEST_FROM,), FICTIONAL_TO[:1], True)
    drawer = Drawer(0, numbers, frozenset(("ApplicationSid", "Byoc")))
    cases = [c for s in Plan(PROFILES["quick"], 0, drawer).steps() for c in s.cases if c.is_plain_form]
    bodies = [body_of(c) for c in cases]
    url = f"{emulator.url}/2010-04-01/Accounts/{emulator.account_sid}/Calls.json"
    session = requests.Session()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    start = time.perf_counter()
    for body in bodies:
        session.post(url, data=body, headers=headers, auth=(emulator.account_sid, emulator.auth_token)).status_code  # noqa: B018
    return len(bodies), time.perf_counter() - start


def schemathesis(emulator: Emulator, folder: str, seconds: int) -> tuple[int, float]:
    """(requests, seconds) of `schemathesis run` on the exported document."""
    document = Path(folder) / "openapi.json"
    document.write_text(json.dumps(build(emulator.url)), "utf-8")
    words = [
        str(COMMAND), "run", str(document), "--url", emulator.url, "--auth", f"{emulator.account_sid}:{emulator.auth_token}",
        "--max-time", str(seconds), "--no-color", "--max-failures", "1000",
    ]
    start = time.perf_counter()
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=folder)
    took = time.perf_counter() - start
    found = re.search(r"([\d,]+) generated", done.stdout)
    return int(found[1].replace(",", "")) if found else 0, took


def main() -> None:
    """Prints the rates and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="how long schemathesis may take")
    parser.add_argument("--repeat", type=int, default=3, help="how often the others are measured; the best counts")
    options = parser.parse_args()
    with Emulator(EmulatorSettings()) as emulator, tempfile.TemporaryDirectory() as folder:
        rates = {
            "ringtrue, every check": _best(lambda: ringtrue(emulator), options.repeat),
            "ringtrue run, whole process": _best(lambda: whole_process(emulator, folder), options.repeat),
            "bare requests loop, no check": _best(lambda: bare_loop(emulator), options.repeat),
            "schemathesis run": _best(lambda: schemathesis(emulator, folder, options.seconds), 1),
        }
    base = rates["ringtrue, every check"][0]
    print(f"{'':32}{'requests/s':>12}{'requests':>10}{'seconds':>9}{'ringtrue is':>14}")
    for name, (rate, count, seconds) in rates.items():
        ratio = f"{base / rate:.2f} x" if rate else "-"
        print(f"{name:32}{rate:12.0f}{count:10}{seconds:9.2f}{ratio:>14}")


def _best(measure, times: int) -> tuple[float, int, float]:  # type: ignore[no-untyped-def]
    runs = [measure() for _ in range(times)]
    count, seconds = max(runs, key=lambda r: r[0] / r[1])
    return count / seconds, count, seconds


if __name__ == "__main__":
    main()
