"""`ringtrue run --dry-run`: nothing is sent, looked up or written; what it says is what a run then does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from adversary import Hostile, as_json
from support import ACCOUNT, TOKEN, at_once, environment, results_of, ringtrue

from harness.config import RunConfig
from harness.emulator import Emulator, EmulatorSettings
from harness.rehearsal import rehearse
from harness.strangers import is_fictional

ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
LIVE = ("--target", "https://service.test")

# Ends the process as soon as it asks the resolver, makes a socket for anything but a pair, starts a program or writes a file.
_GUARDED = """
import os, sys
from harness.cli import main

def hook(event, arguments):
    made = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.bind", "socket.sendto", "subprocess.Popen", "os.mkdir") or (
        made and str(arguments[0]) != os.devnull
    ):
        os.write(2, f"{event} {arguments}".encode())
        os._exit(99)

import harness.rehearsing, harness.settings
sys.addaudithook(hook)
main(sys.argv[1:])
"""


def dry(*options: str, cwd: Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    """What a dry run says, as JSON."""
    done = at_once("run", "--dry-run", "--json", "-", *options, cwd=cwd, env=ENV if env is None else env)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


@pytest.mark.slow
@pytest.mark.parametrize("options", [
    ("--max-requests", "200"), LIVE, (*LIVE, "--allow-real-calls", "9", "--hang-up", "--har", "-vv"), ("--target", "http://service.test:8080", "--json", "-"),
    ("--target", "http://127.0.0.1:1", "--max-requests", "99", "--profile", "deep"), ("--target", "http://localhost:1", "--only", "timeout.*"),
    (*LIVE, "--proxy", "http://proxy.test:3128"), ("--target", "far", "--baseline", "accepted.toml"),
])
def test_nothing_is_sent_looked_up_or_written(options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text('[targets.far]\nurl = "https://service.test"\n', "utf-8")
    (tmp_path / "accepted.toml").write_text('schema-version = 1\ntarget = "https://service.test/"\nprofile = "quick"\n', "utf-8")
    before = sorted(tmp_path.rglob("*"))
    command = [sys.executable, "-B", "-c", _GUARDED, "run", "--dry-run", *options]
    done = subprocess.run(command, cwd=tmp_path, env=environment(ENV), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before


def test_guard_of_these_tests_notices_a_real_run(tmp_path: Path) -> None:
    command = [sys.executable, "-B", "-c", _GUARDED, "run", "--target", "http://127.0.0.1:1"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(ENV), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 99


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--seed", "3", "--max-requests", "150"), ("--only", "timeout.*"), ("--skip", "auth.*", "--max-requests", "600")])
def test_what_it_says_is_what_a_run_then_sends(options: tuple[str, ...], tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        target = ("--target", emulator.url, "--workers", "1", *options)
        said = dry(*target, cwd=tmp_path)
        ringtrue("run", *target, "--har", cwd=tmp_path, env=ENV)
    data = results_of(tmp_path / "reports" / "latest")
    assert data["findings"] == []
    assert said["requests"]["planned"] == data["counts"]["requests"]
    judged = [c["id"] for c in data["clauses"] if c["verdict"] not in ("SKIPPED", "NOT-EXERCISED")]
    assert said["clauses"]["judged"] == judged
    assert {c["id"] for c in said["clauses"]["not_judged"]} == {c["id"] for c in data["clauses"]} - set(judged)
    told = {row["value"]: row["requests"] for row in said["to"]}
    sent = called(tmp_path / "reports" / "latest" / "exchanges.har")
    first = said["to"][0]["value"]  # also the one in bodies that are no form
    assert {k: n for k, n in told.items() if k.isascii() and k not in (first, "")} == {k: n for k, n in sent.items() if k.isascii() and k not in (first, "")}
    assert told[first] >= sent[first] > 10


def called(har: Path) -> Counter[str]:
    """Each To of the forms in a HAR file, and how many requests had it."""
    counted: Counter[str] = Counter()
    for entry in json.loads(har.read_text("utf-8"))["log"]["entries"]:
        text = entry["request"].get("postData", {}).get("text", "")
        counted.update({v for n, v in parse_qsl(text, keep_blank_values=True) if n == "To"})
    return counted


def test_live_service_is_told_with_its_bounds(tmp_path: Path) -> None:
    said = dry(*LIVE, "--from", "+491701234567", "--to", "+491701234568", "--allow-real-calls", "12", "--price-per-call", "0.25", cwd=tmp_path)
    assert said["target"] == {"name": None, "url": "https://service.test", "account_sid": ACCOUNT, "off_this_machine": True, "proxy": None, "token": True}
    assert said["calls"] == {"allowed": 12, "at_most": 12, "hang_up": False, "price_per_call": 0.25, "cost_at_most": 3.0}
    assert (said["requests"]["at_most"], said["requests"]["a_second"]) == (500, 5.0)
    numbers = {row["value"]: row["kind"] for row in said["to"] if row["kind"] in ("configured", "fictional", "example")}
    assert numbers == {"+491701234568": "configured", "+14155550100": "fictional"}  # the latter in bodies that are malformed


@pytest.mark.parametrize("seed", range(3))
def test_without_to_only_fictional_numbers_are_called_off_this_machine(seed: int, tmp_path: Path) -> None:
    said = dry(*LIVE, "--seed", str(seed), cwd=tmp_path)
    assert {row["kind"] for row in said["to"]} <= {"fictional", "sip", "client", "no address"}
    assert all(is_fictional(row["value"]) for row in said["to"] if row["kind"] == "fictional")
    assert not [row for row in said["to"] if row["kind"] == "no address" and sum(c.isdigit() for c in row["value"]) > 2]
    assert (said["calls"]["at_most"], said["calls"]["allowed"]) == (0, None)


def test_clauses_that_are_left_out_are_told_with_the_reason(tmp_path: Path) -> None:
    said = dry(*LIVE, "--only", "timeout.*", "--skip", "timeout.maximum", cwd=tmp_path, env={"RINGTRUE_ACCOUNT_SID": ACCOUNT})
    reasons = {row["id"]: row["reason"] for row in said["clauses"]["not_judged"]}
    assert "timeout.range" in said["clauses"]["judged"]
    assert "--skip" in reasons["timeout.maximum"]
    assert "auth.missing" in reasons


def test_text_is_for_people(tmp_path: Path) -> None:
    options = (*LIVE, "--allow-real-calls", "20", "--hang-up", "--price-per-call", "0.014", "--proxy", "http://proxy.test:3128", "--ca-bundle", "/dev/null")
    done = at_once("run", "--dry-run", *options[:-2], "--to", "+491701234568", cwd=tmp_path, env=ENV)
    text = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert done.stdout.startswith("DRY RUN: nothing was sent\n")
    for words in (
        "https://service.test", "RINGTRUE_AUTH_TOKEN is set", "through http://proxy.test:3128", "at most 20 calls", "at worst 0.28: 20 calls at 0.014",
        "configured, in", "+491701234568", "ended again at once", "never more than 500 in all", "5 a second", "20 calls were allowed",
    ):
        assert words in text, words
    assert TOKEN not in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_live_service_by_http_and_without_leave_is_told_what_it_lacks(tmp_path: Path) -> None:
    done = at_once("run", "--dry-run", "--target", "http://service.test", cwd=tmp_path, env={"RINGTRUE_ACCOUNT_SID": ACCOUNT})
    text = " ".join(done.stdout.split())
    assert (done.returncode, "--allow-http" in text, "--allow-real-calls N" in text, "RINGTRUE_AUTH_TOKEN is not set" in text) == (0, True, True, True)


def test_several_targets_are_told_one_after_another(tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text(
        "max-requests = 40\nprice-per-call = 2\n" + "\n".join(f'[targets.{name}]\nurl = "https://{name}.test"\nallow-real-calls = 3' for name in ("one", "two")), "utf-8",
    )
    done = at_once("run", "--dry-run", "--all-targets", cwd=tmp_path, env=ENV)
    assert (done.returncode, done.stdout.count("DRY RUN"), done.stdout.count("at worst 6.00")) == (0, 2, 2)
    done = at_once("run", "--dry-run", "--all-targets", "--json", "-", cwd=tmp_path, env=ENV)
    assert (done.returncode, "--json" in done.stderr) == (2, True)


def test_json_goes_into_a_file_too(tmp_path: Path) -> None:
    done = at_once("run", "--dry-run", "--max-requests", "30", "--json", "plan.json", cwd=tmp_path, env=ENV)
    assert (done.returncode, done.stdout[:7]) == (0, "DRY RUN")
    assert json.loads((tmp_path / "plan.json").read_text("utf-8"))["requests"]["planned"] == 30
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(("options", "words"), [
    (("--write-baseline", "b.toml"), "--write-baseline"), (("--price-per-call", "-1"), "--price-per-call"), (("--price-per-call", "nan"), "--price-per-call"),
    (("--json", "no/such/folder.json"), "--json"), (("--only", "nonsense"), "--only"),
])
def test_wrong_usage_is_said(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = at_once("run", "--dry-run", "--max-requests", "20", *options, cwd=tmp_path, env=ENV)
    assert (done.returncode, words in done.stderr) == (2, True)


def test_found_before_is_counted_and_left_as_it_is(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("accepts-send-digits-33",))) as emulator:
        target = ("--target", emulator.url, "--max-requests", "400")
        ringtrue("run", *target, cwd=tmp_path, env=ENV)
        kept = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        said = dry(*target, "--max-requests", "40", cwd=tmp_path)
    assert said["requests"]["planned"] == 40
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == kept


def test_profiles_with_a_search_say_how_much_it_may_draw() -> None:
    few = {"only": ("timeout.*",), "dry": True}
    quick, standard = (rehearse(RunConfig(profile=profile, **few)) for profile in ("quick", "standard"))  # type: ignore[arg-type]
    assert quick.searched == 0 < standard.searched < 1000


def test_real_server_gets_nothing(tmp_path: Path) -> None:
    with Hostile((as_json({}),)) as server:
        assert at_once("run", "--dry-run", "--target", server.url, "--max-requests", "50", cwd=tmp_path, env=ENV).returncode == 0
        assert server.connections == 0
