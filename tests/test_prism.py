"""Prism, a mock server that nobody here wrote, serving the exported document: its breaks are named, each once."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support import ACCOUNT, ROOT, TOKEN, closed_port, environment, required, results_of, ringtrue

from harness.contract.openapi import build

PRISM = ROOT / "node_modules" / ".bin" / "prism"
# It says back nothing that was sent, has one sid for all, and is not told of credentials that are almost right.
KNOWN_BREAKS = {"echo.sid-unique", "echo.to", "echo.from"}

pytestmark = pytest.mark.slow


@contextmanager
def prism(directory: Path) -> Iterator[str]:
    """Prism on a free port for as long as the block lasts, or until it dies by itself."""
    node = shutil.which("node")
    if node is None:
        required("node is not installed")
    if not PRISM.exists():
        required("Prism is not in node_modules")
    (directory / "openapi.json").write_text(json.dumps(build()), "utf-8")
    port = closed_port()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(node), str(PRISM.resolve()), "mock", "openapi.json", "-p", str(port), "-h", "127.0.0.1"], cwd=directory,
            env=environment({"HOME": str(directory)}), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )
    try:
        _wait(port, process, directory / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    pytest.fail("Prism did not start: " + log.read_text("utf-8", "replace")[-2000:])


def run_against(url: str, directory: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """A run: what the command said, and its results."""
    env = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
    done = ringtrue("run", "--target", url, "--output", "out", *options, cwd=directory, env=env, timeout=200)
    assert "Traceback" not in done.stdout + done.stderr
    return done, results_of(directory / "out")


def shown(data: dict[str, Any]) -> str:
    """The findings, a line each."""
    return "\n".join(f"{f['clause']} ({f['occurrences']}): {f['expected']} | {f['actual']} [{f.get('cause')}]" for f in data["findings"])


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """A run without malformed bodies, one of which ends Prism's process."""
    directory = tmp_path_factory.mktemp("prism")
    with prism(directory) as url:
        return run_against(url, directory, "--skip", "malformed.*")


def test_run_against_prism_finishes_and_finds_the_contract_broken(judged: tuple[Any, dict[str, Any]]) -> None:
    done, data = judged
    assert (done.returncode, data["verdict"]) == (1, "violates"), done.stdout
    assert data["counts"]["requests"] > 1000
    assert {c["id"] for c in data["clauses"] if c["verdict"] == "NOT-EXERCISED"} == set(), done.stdout


def test_prism_s_breaks_are_named_each_once(judged: tuple[Any, dict[str, Any]]) -> None:
    found = [f["clause"] for f in judged[1]["findings"]]
    assert len(found) == len(set(found)), shown(judged[1])
    assert set(found) >= KNOWN_BREAKS, shown(judged[1])


def test_what_the_exported_document_says_prism_keeps(judged: tuple[Any, dict[str, Any]]) -> None:
    broken = {f["clause"]: f["actual"] for f in judged[1]["findings"] if f["clause"].startswith("response.") and f["level"] == "MUST"}
    assert broken == {}, shown(judged[1])


def test_server_that_dies_of_a_malformed_body_is_judged_all_the_same(tmp_path: Path) -> None:
    """Prism's process ends when a form holds a lone percent sign: that is a finding, and the rest is judged before it."""
    with prism(tmp_path) as url:
        done, data = run_against(url, tmp_path)
    found = [f["clause"] for f in data["findings"]]
    assert len(found) == len(set(found)), shown(data)
    assert set(found) >= {"echo.sid-unique", "malformed.form"}, shown(data)
    assert data["counts"]["requests"] > 1000, done.stdout
    assert done.returncode == 1, done.stdout
