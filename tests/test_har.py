"""exchanges.har: every exchange, no secret, and a whole file however the run ends."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft6Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT6
from support import ACCOUNT, ROOT, TOKEN, required, results_of, ringtrue, started

from harness.case import Case
from harness.emulator import Emulator, EmulatorSettings
from harness.exchange import Exchange
from harness.har import HarWriter

SCHEMAS = ROOT / "node_modules" / "har-schema" / "lib"
CASE = Case((("To", "+14155550100"), ("SipAuthPassword", "Tr0ub4dor-and-3")), "call.created")
EXCHANGE = Exchange(CASE, 1, 201, "Created", (("Content-Type", "application/json"),), b'{"sid": "CA1"}', elapsed=0.01, sent_at=1.8e9, method="POST", path="/x")
HOSTILE = replace(
    EXCHANGE, reason="\x1b]0;x\x07", headers=(("Location", "\udc80\ud800"), ("X-\x00", "\r\n")), body=b"\xff\xfe</script>", path="/\udc80", failure="closed",
)
SECRETS = ("secrets-token-in-call", "secrets-token-in-refusal", "secrets-token-in-denial", "secrets-password-in-call", "secrets-password-in-annotation")


def entries_of(file: Path) -> list[dict[str, Any]]:
    """The entries of a HAR file."""
    entries: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["log"]["entries"]
    return entries


def recorded(directory: Path, *exchanges: Exchange, **options: Any) -> list[dict[str, Any]]:
    """The entries that a writer makes of exchanges."""
    writer = HarWriter(directory, "http://127.0.0.1:8080", **{"with_token": True, **options})
    for exchange in exchanges:
        writer.add(exchange)
    writer.close()
    assert [p.name for p in directory.iterdir()] == ["exchanges.har"]
    return entries_of(writer.path)


def validator() -> Draft6Validator:
    """Of HAR 1.2, by the schemas that HAR viewers are tested with."""
    if not SCHEMAS.is_dir():
        required("har-schema is not in node_modules")
    rows = [json.loads(p.read_text("utf-8")) for p in SCHEMAS.glob("*.json")]
    registry = Registry().with_resources((r["$id"].rstrip("#"), Resource(r, DRAFT6)) for r in rows)
    return Draft6Validator(next(r for r in rows if r["$id"] == "har.json#"), registry=registry)


@pytest.mark.parametrize("exchanges", [(), (EXCHANGE,), (EXCHANGE, HOSTILE, replace(EXCHANGE, status=None, failure="timeout", headers=(), body=b""))], ids=len)
def test_har_is_valid_by_the_schema_of_har_viewers(exchanges: tuple[Exchange, ...], tmp_path: Path) -> None:
    assert len(recorded(tmp_path, *exchanges)) == len(exchanges)
    assert [e.message for e in validator().iter_errors(json.loads((tmp_path / "exchanges.har").read_text("utf-8")))] == []


def test_schema_of_har_viewers_refuses_what_is_none() -> None:
    assert not validator().is_valid({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [{}]}})


def test_password_and_authorization_are_placeholders(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, EXCHANGE)
    assert entry["request"]["postData"]["text"] == "To=%2B14155550100&SipAuthPassword=redacted"
    assert {"name": "Authorization", "value": "[redacted]"} in entry["request"]["headers"]


@pytest.mark.parametrize(("exchange", "with_token", "shown"), [
    (EXCHANGE, False, False), (replace(EXCHANGE, case=replace(CASE, credentials="none")), True, False),
    (replace(EXCHANGE, method="GET"), True, True), (replace(EXCHANGE, method="GET"), False, False),
])
def test_authorization_is_shown_where_it_was_sent(exchange: Exchange, with_token: bool, shown: bool, tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange, with_token=with_token)
    assert any(h["name"] == "Authorization" for h in entry["request"]["headers"]) is shown
    assert ("postData" in entry["request"]) is (exchange.method == "POST")


def test_long_body_is_cut_and_says_so(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, replace(EXCHANGE, body=b"x" * 100_000))
    content = entry["response"]["content"]
    assert (content["size"], len(content["text"]), content["comment"]) == (100_000, 65536, "100000 bytes or more, of which 65536 are here")


def test_file_that_grows_too_large_ends_and_stays_whole(tmp_path: Path) -> None:
    writer = HarWriter(tmp_path, "http://127.0.0.1:8080", with_token=True, largest=10_000)
    for number in range(1, 101):
        writer.add(replace(EXCHANGE, number=number))
    writer.close()
    entries = entries_of(writer.path)
    assert 5 < len(entries) < 20 and writer.path.stat().st_size < 12_000
    assert writer.error == f"it ends before request {len(entries) + 1}, at 0 MB"


@pytest.mark.parametrize("before", [0, 3])
def test_entry_that_was_interrupted_is_taken_away_again(before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = HarWriter(tmp_path, "http://127.0.0.1:8080", with_token=True)
    for _ in range(before):
        writer.add(EXCHANGE)
    write = writer._stream.write

    def interrupted(text: str) -> None:
        write(text[:40])
        raise KeyboardInterrupt

    monkeypatch.setattr(writer._stream, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.add(EXCHANGE)
    monkeypatch.undo()
    writer.add(EXCHANGE)
    writer.close()
    writer.close()
    assert len(entries_of(writer.path)) == before


def test_exchange_after_the_end_is_no_error(tmp_path: Path) -> None:
    writer = HarWriter(tmp_path, "http://127.0.0.1:8080", with_token=True)
    writer.close()
    writer.add(EXCHANGE)
    assert entries_of(writer.path) == []


@pytest.mark.slow
def test_har_of_a_run_holds_every_exchange_and_no_file_a_secret(tmp_path: Path) -> None:
    settings = EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=SECRETS)
    with Emulator(settings) as emulator:
        done = ringtrue("run", "--target", emulator.url, "--account-sid", ACCOUNT, "--har", "--output", "out", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": TOKEN})
    out = tmp_path / "out"
    assert "secrets.auth-token" in done.stdout and "secrets.sip-password" in done.stdout
    entries = entries_of(out / "exchanges.har")
    assert len(entries) == results_of(out)["counts"]["requests"]
    assert {e["request"]["method"] for e in entries} >= {"GET", "POST"}
    text = (out / "exchanges.har").read_text("utf-8")
    assert not re.search(r"(Basic|Bearer) [A-Za-z0-9+/=]{12}", text)
    assert set(re.findall(r"SipAuthPassword=([^&\"]*)", text)) <= {"", "redacted"}
    assert [str(p) for p in out.rglob("*") if p.is_file() and TOKEN in p.read_text("utf-8", "replace")] == []
    assert [p.name for p in out.iterdir() if p.name.endswith(".tmp")] == []


@pytest.mark.slow
def test_har_of_an_interrupted_run_is_whole(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        options = ("--target", emulator.url, "--account-sid", ACCOUNT, "--har", "--output", "out", "--rate", "200")
        with started("run", *options, cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": TOKEN}) as process:
            until = time.monotonic() + 30
            while not any(p.stat().st_size > 50_000 for p in tmp_path.glob("out/.ringtrue-*.tmp")) and time.monotonic() < until:
                time.sleep(0.05)
            os.kill(process.pid, signal.SIGINT)
            assert process.wait(30) == 130
    assert len(entries_of(tmp_path / "out" / "exchanges.har")) in range(20, results_of(tmp_path / "out")["counts"]["requests"] + 1)
    assert list(tmp_path.glob("out/.*")) == []


@pytest.mark.slow
def test_har_that_finds_no_room_is_taken_away_and_the_run_says_so(tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))

    done = ringtrue("run", "--har", "--output", "out", "--max-requests", "1500", cwd=tmp_path, preexec_fn=small_files)
    assert (done.returncode, "exchanges.har does not hold everything: it can't be written" in " ".join(done.stdout.split())) == (0, True), done.stdout
    assert not (tmp_path / "out" / "exchanges.har").exists()
    assert results_of(tmp_path / "out")["verdict"] == "conforms"
