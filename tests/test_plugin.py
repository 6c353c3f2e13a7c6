"""The suite as pytest users run it: by its package's name, from any directory, with pytest's own choices and reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from adversary import Hostile, as_json
from support import ACCOUNT, TOKEN, environment, other_address, results_of

from harness.contract import CLAUSES
from harness.emulator import Emulator, EmulatorSettings
from harness.rebuild import Rebuilt

ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
TIMEOUTS = {c.id for c in CLAUSES if "timeout" in c.id}


def suite(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs pytest on the suite and writes out.xml."""
    command = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "-p", "no:cacheprovider", "--pyargs", "harness.suite", "--junitxml=out.xml"]
    return subprocess.run(
        [*command, *arguments], cwd=cwd, env=environment(env), capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )


def cases(directory: Path) -> dict[str, Any]:
    """The test cases of out.xml by clause."""
    found = {}
    for case in ElementTree.parse(directory / "out.xml").iter("testcase"):
        found[case.attrib["name"].partition("[")[2].rstrip("]")] = case
    return found


@pytest.mark.slow
def test_suite_without_a_target_judges_the_emulator_by_an_item_a_clause(tmp_path: Path) -> None:
    done = suite("--ringtrue-max-requests", "700", "--ringtrue-output", "ours", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert set(cases(tmp_path)) == {c.id for c in CLAUSES}
    assert "Traceback" not in done.stdout + done.stderr
    data = results_of(tmp_path / "ours")
    assert (data["verdict"], data["target"]["url"].startswith("http://127.0.0.1:")) == ("conforms", True)
    assert Rebuilt(tmp_path / "ours").conduct().to_json() == data


@pytest.mark.slow
def test_suite_with_k_runs_and_sends_for_the_chosen_clauses_alone(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        done = suite("--target-url", emulator.url, "-k", "timeout", "--ringtrue-output", "ours", cwd=tmp_path, env=ENV)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert set(cases(tmp_path)) == TIMEOUTS
    data = results_of(tmp_path / "ours")
    assert data["target"]["account_sid"] == ACCOUNT
    assert {c["id"] for c in data["clauses"] if c["verdict"] == "PASS"} == TIMEOUTS


def test_suite_fails_the_item_of_the_broken_clause_and_tells_why(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("accepts-timeout-601",))) as emulator:
        done = suite("--target-url", emulator.url, "-k", "timeout", cwd=tmp_path, env=ENV)
    assert done.returncode == 1
    failed = {name for name, case in cases(tmp_path).items() if case.find("failure") is not None}
    assert failed == {"timeout.maximum"}
    message = ElementTree.tostring(cases(tmp_path)["timeout.maximum"], encoding="unicode")
    assert "601" in message and "4xx" in message
    assert TOKEN not in done.stdout + message
    properties = {p.attrib["name"]: p.attrib["value"] for p in cases(tmp_path)["timeout.maximum"].iter("property")}
    assert (properties["level"], properties["verdict"]) == ("MUST", "FAIL")


@pytest.mark.slow
def test_suite_runs_beside_the_user_s_own_tests(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n", "utf-8")
    done = suite("test_mine.py", "-k", "mine or time-limit.integer", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "2 passed" in done.stdout


@pytest.mark.slow
def test_user_s_own_tests_alone_start_no_run(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n", "utf-8")
    with Hostile((as_json({}),)) as server:
        done = suite("test_mine.py", "-k", "mine", "--target-url", server.url, cwd=tmp_path, env=ENV)
        assert server.connections == 0
    assert done.returncode == 0


def test_suite_that_only_collects_sends_nothing(tmp_path: Path) -> None:
    with Hostile((as_json({}),)) as server:
        done = suite("--collect-only", "-q", "--target-url", server.url, cwd=tmp_path, env=ENV)
        assert server.connections == 0
    assert done.returncode == 0
    assert "send-digits.max-length" in done.stdout


@pytest.mark.parametrize(("arguments", "word"), [
    (("--target-url", "nonsense"), "--target"), pytest.param(("--ringtrue-profile", "quik"), "quick", marks=pytest.mark.slow),
    pytest.param(("--target-url", "http://127.0.0.1:9", "--account-sid", "x"), "AC", marks=pytest.mark.slow),
])
def test_wrong_option_ends_with_2_and_a_sentence(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    done = suite(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout[-2000:]
    assert word in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_target_that_cannot_be_judged_ends_with_3_and_a_sentence(tmp_path: Path) -> None:
    with Hostile((as_json({"code": 20003}, "401 Unauthorized"),)) as server:
        done = suite("--target-url", server.url, cwd=tmp_path, env=ENV)
    assert done.returncode == 3, done.stdout[-2000:]
    assert "RINGTRUE_AUTH_TOKEN" in done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_suite_off_this_machine_creates_no_more_calls_than_allowed_and_writes_them_down(tmp_path: Path) -> None:
    created = as_json({"sid": "CA" + "0" * 32, "status": "queued"})
    with Hostile((created,), host=other_address()) as server:
        target = ("--target-url", server.url, "--ringtrue-allow-http", "--ringtrue-rate", "2000")
        done = suite(*target, cwd=tmp_path, env=ENV)
        assert "--allow-real-calls" in done.stdout and len(server.requests) == 1
        done = suite(*target, "--ringtrue-allow-real-calls", "4", cwd=tmp_path, env=ENV)
        assert "--ringtrue-output" in done.stdout and len(server.requests) == 1
        suite(*target, "--ringtrue-allow-real-calls", "4", "--ringtrue-output", "ours", cwd=tmp_path, env=ENV)
        assert len(server.requests) == 1 + 4
    assert len((tmp_path / "ours" / "created-calls.txt").read_text("ascii").splitlines()) == 4
