"""Helpers of the tests in this folder: missing parts, the command in a process of its own, runs in processes of their own."""

from __future__ import annotations

import copy
import io
import ipaddress
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest
from hypothesis import strategies as st

from harness.emulator import EmulatorSettings, serve

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "9f31c07be4a85d62f1b7093ce8d4a65b"
ACCOUNT = "AC" + "5a" * 16


def required(reason: str) -> NoReturn:
    """Skips a test whose outer part is missing, or fails it where everything has to be there."""
    if os.environ.get("RINGTRUE_REQUIRE_ALL"):
        pytest.fail(f"RINGTRUE_REQUIRE_ALL is set, but {reason}")
    pytest.skip(reason)


def changed_somewhere(data: st.DataObject, value: Any) -> Any:
    """A copy of a JSON value in which one place, however deep, is anything else."""
    atoms = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    junk = st.recursive(atoms, lambda c: st.lists(c, max_size=2) | st.dictionaries(st.text(max_size=5), c, max_size=2))
    whole = node = copy.deepcopy(value)
    while True:
        key = data.draw(st.sampled_from(sorted(node, key=str) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.integers(0, 4)):
            node = node[key]
            continue
        node[key] = data.draw(junk)
        return whole


def grows_no_faster(do: Callable[[Any], Any], small: Any, large: Any) -> bool:
    """Whether the work on something four times as large takes about four times as long: what is quadratic takes sixteen times."""

    def took(what: Any) -> float:
        begun = time.process_time()
        do(what)
        return time.process_time() - begun

    return any(took(large) < 8 * took(small) + 0.02 for _ in range(4))


def closed_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def other_address() -> str:
    """An address of this machine that is not on its loopback; what is sent there does not leave the machine.

    Tests of what holds for a live service take it; where there is none, they are skipped.
    """
    for addresses in psutil.net_if_addrs().values():
        for found in addresses:
            if found.family is socket.AF_INET and not ipaddress.ip_address(found.address).is_loopback:
                try:
                    socket.create_server((found.address, 0)).close()
                except OSError:
                    continue
                return str(found.address)
    required("this machine has no address beside its loopback")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The least that a command needs, without the user's own settings."""
    kept = {k: os.environ[k] for k in ("PATH", "TMPDIR") if k in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "NO_COLOR": "1", **(more or {})}


def command(*arguments: str) -> list[str]:
    """The command line of ringtrue with this Python."""
    return [sys.executable, "-m", "harness", *arguments]


def ringtrue(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120.0, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs the command and waits for its end."""
    return subprocess.run(
        command(*arguments), cwd=cwd, env=environment(env), capture_output=True, text=True, encoding="utf-8", errors="surrogateescape",
        timeout=timeout, check=False, stdin=subprocess.DEVNULL, **options,
    )


def at_once(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command in this process, for what ends before anything is sent; a process of its own takes half a second to start."""
    from harness.cli import main

    out, err = io.StringIO(), io.StringIO()
    old = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment(env))
    code = 0
    try:
        with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
            main(list(arguments))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        os.environ.clear()
        os.environ.update(old)
    return subprocess.CompletedProcess(list(arguments), code, out.getvalue(), err.getvalue())


@contextmanager
def launched(argv: list[str], cwd: Path, env: Mapping[str, str] | None = None, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Any command line while it runs; it is ended by its own handle, however the block ends."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    process = subprocess.Popen(argv, cwd=cwd, env=environment(env), text=True, encoding="utf-8", errors="surrogateescape", **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def started(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The command while it runs."""
    with launched(command(*arguments), cwd, env, **options) as process:
        yield process


def results_of(directory: Path) -> dict[str, Any]:
    """The results.json of a run."""
    data: dict[str, Any] = json.loads((directory / "results.json").read_text("utf-8"))
    return data


@dataclass(frozen=True)
class Outcome:
    """What is asked of a run: its exit code, its findings in short, its verdicts and notes."""

    exit_code: int
    headline: str
    findings: tuple[dict[str, Any], ...]
    verdicts: dict[str, str]
    counts: dict[str, int]
    notes: tuple[str, ...]

    @property
    def clauses(self) -> list[str]:
        """The clauses of the findings."""
        return [f["clause"] for f in self.findings]

    def told(self) -> str:
        """The findings for people, a line each."""
        rows = [f"{f['clause']} [{f['cause']}] {f['pairs']} pairs, {f['expected']} | {f['actual']}" for f in self.findings]
        return "\n".join([f"exit {self.exit_code}: {self.headline}", *rows, *self.notes])


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["harness.emulator.listener"])


@contextmanager
def forked(settings: EmulatorSettings) -> Iterator[str]:
    """An emulator in a process that is forked off one which has all imported: it is up in a tenth of the usual time. Gives its URL."""
    here, there = _FORKS.Pipe()
    process = _FORKS.Process(target=serve, args=(settings,), kwargs={"ready": there.send}, daemon=True)
    process.start()
    try:
        assert here.poll(120), "the emulator did not start"
        yield here.recv()
    finally:
        process.kill()
        process.join()
        here.close()
        there.close()


def judged_run(emulated: EmulatorSettings, **settings: Any) -> Outcome:
    """The outcome of one run in this process against an emulator with these settings."""
    with forked(emulated) as url:
        return outcome_of_run(url=url, account_sid=emulated.account_sid, auth_token=emulated.auth_token, **settings)


def outcome_of_run(**settings: Any) -> Outcome:
    """Conducts one run in this process; the profile `small` meets every clause and little more, for the quick tests."""
    from harness.config import RunConfig
    from harness.engine import Run
    from strategies.plan import PROFILES

    PROFILES.setdefault("small", replace(PROFILES["quick"], name="small", refused=1, outside=0, unclear=0, edges=5, packed=40, alone=1, again=8, together=8))
    result = Run(RunConfig(**settings)).conduct()
    findings = tuple(
        {
            "clause": f.clause, "level": f.level.value, "cause": f.cause, "pairs": len(f.case.pairs), "also": f.also, "flaky": f.flaky,
            "expected": f.expected, "actual": f.actual, "before": len(f.before), "together": len(f.together),
        }
        for f in result.findings
    )
    verdicts = {c.clause.id: c.verdict for c in result.clauses}
    return Outcome(result.exit_code, result.headline, findings, verdicts, dict(result.counts), tuple(result.notes))
