"""What holds off this machine. The servers are on an address of this machine that is not on its loopback: real sockets, and nothing leaves it."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from adversary import SILENT, Behaviour, Hostile, as_json, reply
from hypothesis import given, settings
from support import ACCOUNT, TOKEN, other_address, results_of, ringtrue, started

from harness.calls import NAME, Calls
from harness.case import Case
from harness.config import RunConfig
from harness.contract import PARAMETER, PARAMETERS
from harness.contract.model import Sid, Url
from harness.emulator import Emulator, EmulatorSettings
from harness.errors import BudgetSpent, HarnessError, Inconclusive, TargetUnreachable, UsageError
from harness.live import TEST_ANSWERS, admit, prepare
from harness.preflight import Wanted, preflight
from harness.route import is_loopback
from harness.session import Budget, Session
from harness.strangers import is_fictional, may_be_sent
from harness.target import Target
from strategies import Numbers, valid_calls
from strategies.drawing import Drawer
from strategies.plan import PROFILES, Plan

ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
PAIRS = (("To", "+12025550199"), ("From", "+15005550006"), ("Url", "https://example.com/voice"))
CALL = Case(PAIRS)
SID = "CA" + "0" * 32
HURRIED = ("--rate", "2000", "--allow-http")


def created(sid: str = SID, **more: Any) -> Behaviour:
    """A server that creates whatever it is sent."""
    return as_json({"sid": sid, "status": "queued", **more})


def named(status: str, *headers: str) -> tuple[Behaviour, ...]:
    """A server that creates calls, each with a sid of its own, and answers with another status."""
    return tuple(as_json({"sid": f"CA{n:032x}"}, status, *headers) for n in range(8))


def refused(code: int, status: str = "400 Bad Request") -> Behaviour:
    """A server that refuses everything with one code."""
    return as_json({"code": code, "message": "no", "more_info": "", "status": int(status[:3])}, status)


@pytest.fixture(scope="module")
def address() -> str:
    """Where the servers are."""
    return other_address()


@pytest.fixture
def emulator(address: str) -> Iterator[Emulator]:
    """A faithful emulator off loopback, which answers test numbers as test credentials do."""
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN), host=address) as running:
        yield running


def session_at(url: str, folder: Path, **settings: Any) -> Session:
    """A session as a run opens it, without a rate."""
    config = RunConfig(url=url, account_sid=ACCOUNT, auth_token=TOKEN, allow_http=True, **settings)
    session = Session(Target(config.as_target()), Budget(config.max_requests))
    prepare(session, config, folder)
    return session


def written(folder: Path) -> list[list[str]]:
    """The fields of created-calls.txt."""
    path = folder / NAME
    return [line.split("\t") for line in path.read_text("ascii").splitlines()] if path.exists() else []


def calls_of(emulator: Emulator) -> dict[str, str]:
    """What the emulator has created last, up to fifty: sid and status."""
    request = urllib.request.Request(
        f"{emulator.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        headers={"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return {call["sid"]: call["status"] for call in json.load(answer)["calls"]}


# --- real calls need a number ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("behaviour", "words"), [
    (refused(21210), "code 21210"), (created(), "a call was created)"), (refused(21212, "401 Unauthorized"), "RINGTRUE_AUTH_TOKEN"),
    (as_json({}, "500 Internal Server Error"), "500"), (reply(b"[21212]", "400 Bad Request"), "400 Bad Request"),
], ids=["real account", "creates anything", "wrong token", "crashes", "no code"])
def test_run_that_nobody_allowed_real_calls_ends_with_3_after_one_request(behaviour: Behaviour, words: str, address: str, tmp_path: Path) -> None:
    with Hostile((behaviour,), host=address) as server:
        done = ringtrue("run", "--target", server.url, *HURRIED, cwd=tmp_path, env=ENV)
        assert done.returncode == 3, done.stderr
        assert len(server.requests) == 1
    text = " ".join(done.stdout.split())
    assert words in text
    assert ("--allow-real-calls" in text) is (words != "RINGTRUE_AUTH_TOKEN")
    assert (results_of(tmp_path / "reports" / "latest")["verdict"], "Traceback" in done.stderr) == ("inconclusive", False)


@pytest.mark.parametrize("agreeing", range(len(TEST_ANSWERS)))
def test_test_credentials_are_those_that_agree_in_every_code(agreeing: int, address: str, tmp_path: Path) -> None:
    answers = [refused(code) for _, _, code in TEST_ANSWERS[:agreeing]]
    with Hostile((*answers, refused(20001)), host=address) as server:
        session = session_at(server.url, tmp_path)
        with pytest.raises(Inconclusive, match="--allow-real-calls"):
            admit(session)
        session.close()
        assert len(server.requests) == agreeing + 1


@pytest.mark.slow
def test_run_with_test_credentials_needs_no_leave(emulator: Emulator, tmp_path: Path) -> None:
    done = ringtrue("run", "--target", emulator.url, *HURRIED, "--max-requests", "60", cwd=tmp_path, env=ENV)
    assert done.returncode == 0, done.stdout
    assert "test credentials" in done.stdout
    created = [(to, status) for _, status, to, _, _ in written(tmp_path / "reports" / "latest")]
    assert {status for _, status in created} == {"queued"}
    assert [to for to, _ in created if to.startswith("+") and not is_fictional(to)] == []


def test_nothing_is_asked_on_loopback(tmp_path: Path) -> None:
    with Hostile((created(),)) as server:
        session = session_at(server.url, tmp_path)
        assert admit(session) is None
        session.send(CALL)
        session.close()
        assert len(server.requests) == 1
    assert written(tmp_path) == []


# --- never more than N -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [1, 4])
@pytest.mark.parametrize(("behaviours", "known"), [
    ((created(),), True), ((reply(b"", "204 No Content"),), True), ((reply(b"{}", "200 OK"),), True), ((SILENT,), False), ((Behaviour(end="close"),), False),
    (named("400 Bad Request"), True), (named("429 Too Many Requests", "Retry-After: 0"), True), (named("503 Service Unavailable"), True),
    ((as_json({}, "502 Bad Gateway"),), False), ((reply(b"", "303 See Other", "Location: /"),), False), ((Behaviour(b"no HTTP\r\n\r\n", end="close"),), False),
], ids=["created", "204", "200", "silent", "closes", "400 with a sid", "429 with a sid", "503 with a sid", "502", "303", "no HTTP"])
def test_never_more_calls_than_allowed(behaviours: tuple[Behaviour, ...], known: bool, allowed: int, address: str, tmp_path: Path) -> None:
    with Hostile(behaviours, host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=allowed, timeout=0.3)
        with pytest.raises(BudgetSpent, match="allow-real-calls"):
            for _ in range(allowed + 1):
                session.send(CALL)
        session.close()
        assert len(server.requests) == allowed
    assert (session.calls.created, session.calls.unsure) == ((allowed, 0) if known else (0, allowed))
    assert len(written(tmp_path)) == allowed


def test_refusals_and_reading_take_none(address: str, tmp_path: Path) -> None:
    with Hostile((refused(21210),), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=1)
        for _ in range(5):
            session.send(CALL)
        session.send(Case((), method="GET"))
        session.close()
        assert len(server.requests) == 6
    assert (session.calls.created, session.calls.unsure, written(tmp_path)) == (0, 0, [])


def test_refusal_that_names_a_call_counts_it_once_and_never_ends_it(address: str, tmp_path: Path) -> None:
    known, other = "CA" + "1" * 32, "CA" + "2" * 32
    told = [{"sid": known, "status": "queued"}, {"sid": known, "code": 21220}, {"sid": other, "code": 21220}, {"sid": other, "code": 21220}]
    answers = [as_json(told[0]), *(as_json(body, "400 Bad Request") for body in told[1:])]
    with Hostile(tuple(answers), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=9, hang_up=True)
        for _ in told:
            session.send(CALL)
        assert (session.calls.created, session.calls.unsure) == (2, 0)
        session.settle_calls()
        session.close()
        ended = [request for request in server.requests if b"Status=completed" in request]
    assert [known.encode() in request for request in ended] == [True]
    assert [row[0] for row in written(tmp_path)] == [known, other]


def test_calls_at_once_wait_for_each_other_where_few_are_left(address: str, tmp_path: Path) -> None:
    slow = Behaviour(created().answer[:60], created().answer[60:], 0.2, times=1)
    with Hostile((slow,), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=2)
        with pytest.raises(BudgetSpent):
            session.send_together([CALL] * 3)
        time.sleep(0.5)
        session.close()
        assert len(server.requests) == 2
    assert (session.calls.created, len(written(tmp_path))) == (2, 2)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [(), ("accepts-to-16-digits", "accepts-send-digits-33")], ids=["faithful", "faulty"])
def test_run_creates_what_was_allowed_and_no_more(faults: tuple[str, ...], address: str, tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=faults), host=address) as emulator:
        done = ringtrue("run", "--target", emulator.url, *HURRIED, "--allow-real-calls", "40", cwd=tmp_path, env=ENV)
        sids = calls_of(emulator)
    assert (len(sids), done.returncode in (0, 1)) == (40, True)
    assert {sid for sid, *_ in written(tmp_path / "reports" / "latest")} == set(sids)
    assert "40 calls were allowed" in done.stdout


# --- what was created is written down ------------------------------------------------------------------------------


def test_hostile_sid_is_one_line_of_codes(address: str, tmp_path: Path) -> None:
    with Hostile((created("CA\x1b[31m\n\t\u202e" + "9" * 500, status="\r\nqueued"),), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=3)
        session.send(Case((("To", "client:a b\n"), *PAIRS[1:])))
        session.close()
    (row,) = written(tmp_path)
    assert row[0].startswith("CA\\u{1b}[31m\\u{a}\\u{9}\\u{202e}999")
    assert row[1:4] == ["\\u{d}\\u{a}queued", "client:a\\u{20}b\\u{a}", "+15005550006"]
    assert len(row) == 5 and len(row[0]) < 160


def test_calls_of_the_run_before_stay(address: str, tmp_path: Path) -> None:
    with Hostile((created(),), host=address) as server:
        for _ in range(2):
            session = session_at(server.url, tmp_path, real_calls=3)
            session.send(CALL)
            session.close()
    assert len(written(tmp_path)) == 2


def test_no_call_is_created_that_cannot_be_written_down(address: str, tmp_path: Path) -> None:
    with Hostile((created(),), host=address) as server:
        session = session_at(server.url, tmp_path / "gone", real_calls=9)
        (tmp_path / "gone").rmdir()
        session.send(CALL)
        with pytest.raises(BudgetSpent, match="can't be written"):
            session.send(CALL)
        session.close()
        assert len(server.requests) == 1
    assert any("does not hold everything" in note for note in session.calls.notes())


@pytest.mark.slow
def test_killed_run_has_written_what_it_created(emulator: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "latest"
    options = ("--target", emulator.url, "--allow-http", "--rate", "60", "--allow-real-calls", "1000")
    with started("run", *options, cwd=tmp_path, env=ENV) as process:
        end = time.monotonic() + 60
        while len(written(folder)) < 12 and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    sids = calls_of(emulator)
    missing = set(sids) - {sid for sid, *_ in written(folder)}
    assert 12 <= len(sids) < 50
    assert len(missing) <= 3  # at most what was under way, a step of calls at once


def test_interrupted_session_writes_down_what_may_have_been_created(address: str, tmp_path: Path) -> None:
    with Hostile((SILENT,), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=3)
        session._begin(CALL)
        session.close()
        assert len(server.requests) <= 1
    assert [row[:4] for row in written(tmp_path)] == [["-", "unknown", "+12025550199", "+15005550006"]]


def test_interrupted_run_tells_of_the_call_that_was_under_way(address: str, tmp_path: Path) -> None:
    with Hostile((SILENT,), host=address) as server:
        with started("run", "--target", server.url, *HURRIED, "--allow-real-calls", "3", cwd=tmp_path, env=ENV) as process:
            end = time.monotonic() + 60
            while not server.requests and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
            assert process.returncode == 130
    assert "0 were created and 1 more may have been" in " ".join(out.split())
    assert [row[:2] for row in written(tmp_path / "reports" / "latest")] == [["-", "unknown"]]


# --- and ended again -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hang_up_ends_every_call_within_the_budget(emulator: Emulator, tmp_path: Path) -> None:
    done = ringtrue("run", "--target", emulator.url, *HURRIED, "--hang-up", "--max-requests", "70", cwd=tmp_path, env=ENV)
    calls = calls_of(emulator)
    data = results_of(tmp_path / "reports" / "latest")
    assert set(calls.values()) == {"completed"} and len(calls) > 5
    assert data["counts"]["requests"] <= 70
    assert f"{len(calls)} of them were ended again." in data["notes"]
    assert done.returncode == 0


def test_hang_up_keeps_a_request_for_each_call(address: str, tmp_path: Path) -> None:
    with Hostile((created(),), host=address) as server:
        session = session_at(server.url, tmp_path, hang_up=True, max_requests=5)
        with pytest.raises(BudgetSpent):
            for _ in range(5):
                session.send(CALL)
        session.close()
        assert len(server.requests) == 4
    assert (session.calls.created, session.calls.ended) == (2, 2)


@pytest.mark.parametrize("sid", ["CA/../../Accounts", "CA" + "0" * 31, "CA" + "g" * 32, "CA" + "0" * 32 + "\n", "", 7, None, "http://192.0.2.9/x"])
def test_hang_up_asks_for_nothing_by_a_sid_that_is_none(sid: Any, address: str, tmp_path: Path) -> None:
    with Hostile((as_json({"sid": sid, "uri": "/2010-04-01/Accounts/AC/Calls/CA1.json"}),), host=address) as server:
        session = session_at(server.url, tmp_path, hang_up=True)
        session.send(CALL)
        session.close()
        assert len(server.requests) == 1
    assert any("1 could not be ended" in note for note in session.calls.notes())


def test_hang_up_builds_its_path_itself(address: str, tmp_path: Path) -> None:
    sid = "CA" + "7" * 32
    with Hostile((created(sid, uri="http://192.0.2.9/elsewhere"), reply(b"{}", "200 OK")), host=address) as server:
        session = session_at(server.url + "/base", tmp_path, hang_up=True)
        session.send(CALL)
        session.close()
        head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /base/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json HTTP/1.1\r\n".encode())
    assert body == b"Status=completed"
    assert "1 of them were ended again." in session.calls.notes()


def test_hang_up_that_is_not_offered_is_given_up_and_said(address: str, tmp_path: Path) -> None:
    each = [b for i in range(5) for b in (created(f"CA{i:032x}"), refused(20004, "405 Method Not Allowed"))]
    with Hostile((*each[:6], created("CA" + "f" * 32)), host=address) as server:
        session = session_at(server.url, tmp_path, hang_up=True)
        for _ in range(5):
            session.send(CALL)
        session.close()
        assert len(server.requests) == 5 + 3
    assert any("5 could not be ended" in note and "405" in note for note in session.calls.notes())


@pytest.mark.parametrize("bad", [SILENT, Behaviour(end="close"), as_json({}, "500 Oops"), Behaviour(b"no HTTP\r\n\r\n", end="close")], ids=["silent", "closes", "500", "no HTTP"])
def test_what_may_have_created_a_call_is_sent_by_no_preflight_again(bad: Behaviour, address: str, tmp_path: Path) -> None:
    with Hostile((bad, refused(21201), bad), host=address) as server:
        session = session_at(server.url, tmp_path, real_calls=8, timeout=0.5)
        with suppress(HarnessError):
            preflight(session, Wanted())
        session.close()
        bodies = [request.partition(b"\r\n\r\n")[2] for request in server.requests]
    assert len(bodies) == len(set(bodies)) > 1


# --- whom a request may name ------------------------------------------------------------------------------------------

STRANGER, FRIEND = "+4915123456789", "+491701234567"


@pytest.mark.parametrize(("pairs", "allowed"), [
    (PAIRS, True), ((("To", FRIEND), *PAIRS[1:]), True), ((("To", STRANGER), *PAIRS[1:]), False), ((*PAIRS, ("To", STRANGER)), False),
    ((*PAIRS, ("to", STRANGER)), False), ((*PAIRS, ("To[]", STRANGER)), False), ((("To", "4915123456789"),), False), ((("To", "+1 (415) 555-0100"),), False),
    ((("To", "client:4915123456789"),), True), ((("To", "sip:a@b.example"),), True), ((("To", "x1"),), True), ((), True),
    ((("To", "SIP:bob@sip.EXAMPLE.com:5060;transport=tcp"),), True), ((("To", "sip:+442071838750@pstn.service.net"),), False), ((("To", "sip:911@10.0.0.1"),), False),
    ((("To", "sip:bob@real.net"),), False), ((("To", "sip:bob@notexample.com"),), False), ((("To", "sip:a@example.com@real.net"),), False),
    ((("To", "sip:a@example.com.real.net"),), False), ((("To", "sip:bob@pbx.example.org;phone-context=+44"),), False),
    ((("To", "sip:real.net"),), False), ((("To", "sip:example.com"),), True), ((("To", "sip:x@example.com;maddr=198.51.100.7"),), False),
    ((("To", "sip:x@example.com?Route=%3Csip:real.net%3E"),), False), ((("To", "sip:x@real.net,sip:a@example.com"),), False), ((("To", "FLOWERS-NOW"),), False),
    ((("To", "\u0664\u0669\u0661\u0665\u0661"),), False),
    ((("To", "".join("\udcc0" + chr(0xdc80 + ord(c)) for c in "4915123")),), False), ((("To", "%34%39151"),), False), ((*PAIRS, ("T\u043e", STRANGER)), False),
    ((*PAIRS, ("CallReason", "a&To=+4915123456789")), False), ((*PAIRS, ("CallReason", "a%26Twiml=<Response><Dial>1</Dial></Response>")), False),
    ((*PAIRS, ("CallReason", "a&b=4915123456789&To=client:x&c")), True),
    ((*PAIRS, ("Twiml", "<Response><Dial>+4915123456789</Dial></Response>")), False), ((*PAIRS, ("Twiml", "<Response><Say>Dial</Say></Response>")), True),
])
def test_calls_off_this_machine_name_only_who_may_be_called(pairs: tuple[tuple[str, str], ...], allowed: bool) -> None:
    assert may_be_sent(Case(pairs), (FRIEND,)) is allowed


@pytest.mark.parametrize(("body", "allowed"), [
    (b"To=%2B12025550199&From=x", True), (b"To=%2B4915123456789", False), (b'{"To": "+4915123456789"}', False), (b'{"To": "+12025550199"}', True),
    (b"To=49+151+2345+6789", False), (b"To=%2B12025550199 %2B4915123456789", False), (b"a=1&b=2", True), (b"x" * 100000, True), (b"", True),
    (b"From=x&Pad=" + b"x" * 70_000 + b"&To=%2B4915123456789", False), (b"To=%2B49/3012/3456/78", False), (b"To=911", False), (b'{"To": 911}', False),
    (b'--b\r\nContent-Disposition: form-data; name="To"\r\n\r\n+49,3012,3456,78\r\n--b--\r\n', False), (b"To=%252B4915123456789", False),
    (b'{"To": "\\u0034\\u0039\\u0031\\u0035\\u0031\\u0032"}', False), (b"To=&#52;&#57;&#49;&#53;", False), (b"T\0o\0=\0004\0009\0001\0005\000", False),
    (b"Twiml=%3CResponse%3E%3CRedirect%3Ehttp%3A%2F%2Freal%2F%3C%2FRedirect%3E%3C%2FResponse%3E", False), (b"Twiml=%3CDial%3Ejoe%3C%2FDial%3E", False),
    (b"Url=https%3A%2F%2Freal.net%2F", False), (b"Url=//intranet/x", False), (b'{"Url": "real.net/dial.xml"}', False), (b"%" + b"25" * 100 + b"34", False),
    (b"Url=https%3A%2F%2Fexample.com%2Fvoice&Timeout=60&CallReason=Hello", True), (b"x" * (9 << 20), False), (b"a=sip%3Areal.net", False),
    (b"To=sip%3Abob%40real.net", False), (b"To=sip:bob@sip.example.com&From=x", True), (b"To=%2B1GOFLOWERSX&From=%2B15005550006", False),
    (b"To=%2B%D9%A4%D9%A9%D9%A3%D9%A0%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A6%D9%A7%D9%A8", False), (b'{"To": "1-800-FLOWERS"}', False),
    (b"To=%2B12025550199&Url=http:/0x4a7d2b44/v", False), (b"Url=https:real.net", False),
])
def test_raw_bodies_off_this_machine_name_only_who_may_be_called(body: bytes, allowed: bool) -> None:
    assert may_be_sent(Case((), body=body), (FRIEND,)) is allowed


_XML = '<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize(("name", "value", "allowed"), [
    ("Twiml", "<Response><Redirect>https://real.net/dial.xml</Redirect></Response>", False), ("Twiml", "<Response><Redirect/></Response>", False),
    ("Twiml", '<!DOCTYPE r [<!ENTITY d "&#60;Dial>+4915123456789&#60;/Dial>">]><Response>&d;</Response>', False), ("Twiml", "<Response>&lt;Dial>x", False),
    ("Twiml", "<?xml version='1.0' encoding='UTF-7'?><Response>+ADw-Dial+AD4-1</Response>", False), ("Twiml", "<Response><Play>https://real.net/a.mp3</Play></Response>", False),
    ("Twiml", '<Response><Gather action="https://real.net/"/></Response>', False), ("Twiml", "<Response>%3CDial%3E1%3C/Dial%3E</Response>", False),
    ("Twiml", "<Response>\udcc0\udcbcDial>1</Response>", False), ("Twiml", "<\0Dial>1", False), ("Twiml", "\uff1cDial>1", False), ("twiml", "<Response><Dial>1</Dial></Response>", False),
    ("Twiml", f"{_XML}<Response><Say voice=\"alice\">Dial 1</Say><Pause length=\"2\"/><Play>https://example.com/a.mp3</Play><Hangup/></Response>", True),
    *((name, "https://real.net/dial.xml", False) for name in ("Url", "FallbackUrl", "StatusCallback", "url", "Url[]", "Callback")),
    *(("Url", url, False) for url in (
        "//real.net/x", "https:real.net", "real.net/x", r"https:\\real.net", r"https://example.com\@real.net/", "https://example.com@real.net/", "https://real.net#.example.com",
        "https://real.net .example.com/", "https%3A%2F%2Freal.net%2F", "ftp://example.com/x", "javascript:real()", "https://example.com.real.net/", "https://notexample.com/",
        "http://2130706433/", "https://203.0.113.9/", "https://real.net\u3002example.com/", " https://real.net/", "https://example.com%2freal.net/",
        "real.xn--p1ai/x", "https://real.xn--p1ai/x", "203.0.113.9/x",
    )),
    *(("Url", url, True) for url in ("https://example.com", "http://a.b.test:8080/x?y=https://real.net", "/voice.xml", "voice.xml", "not a url", "", "HTTPS://EXAMPLE.org./x", "https://a.xn--zckzah/")),
])
def test_off_this_machine_nobody_else_gives_instructions(name: str, value: str, allowed: bool) -> None:
    assert may_be_sent(Case((("To", FRIEND), (name, value))), (FRIEND,)) is allowed


@pytest.mark.parametrize(("kind", "allowed"), [
    ("application/json", True), ("a/b; charset=UTF-8", True), ("a/b; charset=utf-16", False), ("a/b; charset=\"utf-7\"", False), ("a/b; charset*=utf-8''utf-7", False),
    ("a/b; charset=utf-8; charset=ibm037", False),
])
def test_off_this_machine_a_body_is_read_as_it_is_written(kind: str, allowed: bool) -> None:
    assert may_be_sent(Case(PAIRS, content_type=kind)) is allowed


def reads_as_somebodys_url(value: str) -> bool:
    """Whether a host is cut in two by a space, or a path begins as a host does: not even then is anybody asked for instructions."""
    return re.match(r"https?://[^/?#]* |[^/?#: ]+\.[A-Za-z]{2,}(?:[/?#]|$)", value) is not None


@pytest.mark.parametrize(("profile", "seed"), [("quick", 0), ("quick", 1), ("standard", 0)])
def test_whatever_a_run_draws_off_this_machine_may_be_sent(profile: str, seed: int) -> None:
    called = ("+12025550199", FRIEND)
    drawer = Drawer(seed, Numbers(("+15005550006",), called), frozenset(p.name for p in PARAMETERS if isinstance(p.domain, Sid)))
    plan = Plan(PROFILES[profile], seed, drawer, lambda _: True)
    cases = {case for step in (*plan.steps(), *plan.closing_steps()) for case in step.cases}
    held = [case for case in cases if not may_be_sent(case, called)]
    for case in held:
        to_strangers = [v for n, v in case.pairs if n == "To" and sum(c.isdigit() for c in v) > 2 or "@" in v]
        assert to_strangers or any(reads_as_somebodys_url(v) for n, v in case.pairs if n in PARAMETER and isinstance(PARAMETER[n].domain, Url)), case
    assert len(held) < len(cases) / 20


@settings(max_examples=300)
@given(valid_calls(Numbers(("+15005550006",), (FRIEND,))))
def test_every_valid_call_that_is_drawn_off_this_machine_may_be_sent(case: Case) -> None:
    assert may_be_sent(case, (FRIEND,))


def saved(folder: Path, url: str, to: str) -> Path:
    """A saved case that calls a number, in a run's folder of cases."""
    path = folder / "cases" / "send-digits.max-length.json"
    path.parent.mkdir(parents=True)
    case = {"pairs": [["To", to], *map(list, PAIRS[1:]), ["SendDigits", "1" * 33]], "aim": "send-digits.max-length", "seed": 0}
    path.write_text(json.dumps({
        "schema_version": 1, "finding": "send-digits.max-length", "clause": "send-digits.max-length", "case": case, "before": [], "together": [],
        "flaky": False, "known": {"own_numbers": [], "called_numbers": [to], "open_sids": []}, "target": {"url": url, "account_sid": ACCOUNT},
    }), "utf-8")
    return path


def test_replay_off_this_machine_needs_leave_too(address: str, tmp_path: Path) -> None:
    with Hostile((created(),), host=address) as server:
        path = saved(tmp_path, server.url, "+12025550199")
        done = ringtrue("replay", str(path), "--target", server.url, "--allow-http", cwd=tmp_path, env=ENV)
        assert (done.returncode, "--allow-real-calls" in done.stdout) == (3, True)
        assert len(server.requests) == 1
        again = ringtrue("replay", str(path), "--target", server.url, "--allow-http", "--allow-real-calls", "2", cwd=tmp_path, env=ENV)
        assert len(server.requests) == 3
    assert again.returncode == 3 and "2 calls were allowed" in again.stdout
    assert len(written(tmp_path)) == 3


def test_replay_calls_no_number_that_only_the_file_names(address: str, tmp_path: Path) -> None:
    with Hostile((refused(20001),), host=address) as server:
        path = saved(tmp_path, server.url, STRANGER)
        options = ("replay", str(path), "--target", server.url, "--allow-http", "--allow-real-calls", "5")
        done = ringtrue(*options, cwd=tmp_path, env=ENV)
        assert (done.returncode, "--to" in done.stdout, server.requests) == (3, True, [])
        done = ringtrue(*options, "--to", STRANGER, cwd=tmp_path, env=ENV)
        assert (done.returncode, len(server.requests)) == (0, 3)


def test_init_off_this_machine_needs_leave_too(address: str, tmp_path: Path) -> None:
    with Hostile((refused(21210),), host=address) as server:
        done = ringtrue("init", "--target", server.url, "--allow-http", cwd=tmp_path, env=ENV)
        assert len(server.requests) == 1
    assert (done.returncode, "--allow-real-calls" in done.stderr, (tmp_path / "ringtrue.toml").exists()) == (3, True, False)


# --- an answer of the resolver that changes ------------------------------------------------------------------------------


def names(monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> None:
    """The resolver says the addresses of a name in turn, and the last one ever after."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **other: Any) -> Any:
        key = str(host).removesuffix(".test")
        if key in answers:
            said = answers[key]
            host = said.pop(0) if len(said) > 1 else said[0]
            if not host:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return real(host, port, *more, **other)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_name_that_leaves_this_machine_after_it_was_judged_gets_nothing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, leaving=["127.0.0.1", address])
    with Hostile((created(),), host=address) as server:
        config = RunConfig(url=f"http://leaving.test:{server.port}", account_sid=ACCOUNT, auth_token=TOKEN)
        assert not config.live
        target = Target(config.as_target())
        assert target.loopback
        with pytest.raises(TargetUnreachable, match=address):
            target.send(CALL)
        assert server.requests == []


def test_name_that_did_not_resolve_when_it_was_judged_gets_nothing_by_http(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, late=["", "", "", address])
    with Hostile((created(),), host=address) as server:
        config = RunConfig(url=f"http://late.test:{server.port}", account_sid=ACCOUNT, auth_token=TOKEN)
        assert config.live
        target = Target(config.as_target())
        with pytest.raises(HarnessError):
            for _ in range(3):
                target.send(CALL)
        assert server.requests == []


def test_name_is_judged_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, moving=["127.0.0.1", address], arriving=[address, "127.0.0.1"])
    assert [is_loopback("moving.test") for _ in range(3)] == [True] * 3
    assert [is_loopback("arriving.test") for _ in range(3)] == [False] * 3


def test_name_with_one_address_elsewhere_is_not_this_machine(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    both = [*real("127.0.0.1", None), *real(address, None)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    assert not is_loopback("both.test")


def test_idle_calls_count_nothing() -> None:
    calls = Calls()
    calls.begin(CALL)
    calls.sent(1, CALL)
    assert (calls.owed, calls.notes()) == (0, [])


def test_pipe_where_created_calls_are_written_down_is_told_before_any_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(UsageError, match="no regular file"):
        session_at("http://127.0.0.1:1", tmp_path, real_calls=1)


def test_pairs_in_pairs_in_pairs_are_looked_at_in_little_time() -> None:
    value = "&To=+4915123456789"
    for _ in range(24):
        value = quote("&Timeout=" + value, safe="")[:20_000]
    begun = time.monotonic()
    assert not may_be_sent(Case((*PAIRS, ("CallReason", value))), (FRIEND,))
    assert time.monotonic() - begun < 5
