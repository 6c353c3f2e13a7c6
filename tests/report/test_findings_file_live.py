"""The generated tests are red on a faulty server and green on a faithful one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest
from adversary import Hostile, as_json
from parrot import parrot
from report_samples import BASE, call, finding, result
from support import ACCOUNT, closed_port, other_address

from harness.case import Case
from harness.emulator.server import Emulator
from harness.emulator.settings import EmulatorSettings
from harness.findings import Finding
from harness.report.findings_file import findings_file
from harness.secrecy import needles_of

TOKEN = "0123456789abcdefABCDEF0123456789"
FULL = (*BASE, ("SipAuthPassword", "sEcret-passw0rd"))
LATE = (*BASE, ("Timeout", "601"))
OUTCOME = {"check": "check_outcome"}
# One fault of each sort, none of which hides another; the finding that it leads to.
FAULTS: dict[str, Finding] = {
    "accepts-to-16-digits": finding("to.max-digits", "4xx", **OUTCOME, pairs=(("To", "+1500555000612345"), *BASE[1:])),
    "refuses-to-sip": finding("to.sip", **OUTCOME, pairs=(("To", "sip:a@example.com"), *BASE[1:])),
    "crashes-nul": finding("malformed.form", "an answer that is no server error", check="check_malformed",
                           case=Case((), "malformed.form", body=b"To=%00&From=%00")),
    "duration-number": finding("response.duration.type", path="$.duration"),
    "envelope-type-plain": finding("response.content-type", path="Content-Type"),
    "access-token-cut": finding("auth.almost-right", "401", check="check_credentials",
                                case=Case(BASE, "auth.almost-right", credentials="prefix")),
    "access-trusted-connection": finding(
        "auth.missing", "401", check="check_credentials", case=Case(BASE, "auth.missing", credentials="none"), before=(Case(BASE),),
    ),
    "methods-put-creates": finding("method.not-created", check="check_method", case=Case(BASE, "method.not-created", method="PUT")),
    "refusal-more-info-missing": finding("refusal.body", check="check_refusal_body", pairs=BASE[1:]),
    "secrets-password-in-annotation": finding("secrets.sip-password", check="check_secrets", pairs=FULL),
    "sid-repeated-every-10th": finding("echo.sid-unique", actual='"CA", as in request 2', check="check_unique", body=call()),
    "encoding-plus-kept": finding("encoding.space", **OUTCOME, pairs=(*BASE, ("RecordingStatusCallbackEvent", "in-progress completed"))),
    "concurrent-crash": finding("call.concurrency", **OUTCOME, together=(Case(BASE), Case((("To", "client:a"), *BASE[1:])))),
    "accepts-refused-again": finding("refusal.repeatable", "4xx", **OUTCOME, pairs=LATE, before=(Case(LATE),)),
}


def outcomes(directory: Path, emulator: Emulator, **more: str) -> dict[str, str]:
    """Runs test_findings.py by itself; each test's name and what became of it."""
    environment = {
        "PATH": os.environ["PATH"], "RINGTRUE_TARGET": emulator.url, "RINGTRUE_ACCOUNT_SID": emulator.account_sid,
        "RINGTRUE_AUTH_TOKEN": emulator.auth_token, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **more,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml", "test_findings.py"]
    subprocess.run(command, cwd=directory, env=environment, capture_output=True, timeout=60, check=False)
    cases = ElementTree.parse(directory / "out.xml").iter("testcase")
    return {c.attrib["name"]: c[0].attrib["message"][:200] if len(c) else "passed" for c in cases}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where test_findings.py for all the findings is."""
    path = tmp_path_factory.mktemp("findings")
    (path / "test_findings.py").write_text(findings_file(result(FAULTS.values())), "utf-8")
    return path


@pytest.fixture(scope="module")
def mended(directory: Path) -> Iterator[dict[str, str]]:
    """What the tests say of a faithful server."""
    with Emulator(EmulatorSettings(auth_token=TOKEN)) as emulator:
        yield outcomes(directory, emulator)


def name_of(item: Finding) -> str:
    """The name of a finding's test."""
    return f"test_{item.clause.replace('.', '_').replace('-', '_')}_is_kept"


@pytest.mark.parametrize("fault", FAULTS)
def test_generated_test_is_red_on_the_fault_and_green_when_mended(fault: str, tmp_path: Path, mended: dict[str, str]) -> None:
    item = FAULTS[fault]
    (tmp_path / "test_findings.py").write_text(findings_file(result([item])), "utf-8")
    with Emulator(EmulatorSettings(auth_token=TOKEN, faults=(fault,))) as emulator:
        broken = outcomes(tmp_path, emulator)
    assert broken[name_of(item)].startswith(("AssertionError", "assert ", "requests.exceptions")), broken
    assert mended[name_of(item)] == "passed"


def test_generated_tests_say_that_the_credentials_are_not_taken(directory: Path) -> None:
    with Emulator(EmulatorSettings(auth_token="f" * 32)) as emulator:
        emulator.settings = EmulatorSettings(auth_token=TOKEN)  # what the tests are told differs from what is served
        said = outcomes(directory, emulator)
    assert "RINGTRUE_AUTH_TOKEN" in said[name_of(FAULTS["accepts-to-16-digits"])]


def test_generated_tests_never_show_the_token(tmp_path: Path) -> None:
    items = [finding("secrets.auth-token", check="check_secrets"), finding("to.sip", **OUTCOME), finding("echo.own-call", check="check_read_back")]
    (tmp_path / "test_findings.py").write_text(findings_file(result(items)), "utf-8")
    said = b""
    with parrot(ACCOUNT, TOKEN) as server:
        environment = {
            "PATH": os.environ["PATH"], "RINGTRUE_TARGET": server.url, "RINGTRUE_ACCOUNT_SID": ACCOUNT, "RINGTRUE_AUTH_TOKEN": TOKEN,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        command = [sys.executable, "-m", "pytest", "-vv", "--showlocals", "-p", "no:cacheprovider", "test_findings.py"]
        for url in (*[server.url] * 6, f"http://127.0.0.1:{closed_port()}", "no url"):
            done = subprocess.run(command, cwd=tmp_path, env={**environment, "RINGTRUE_TARGET": url}, capture_output=True, timeout=60, check=False)
            said += done.stdout + done.stderr
    assert b"an answer that holds the token and is not shown" in said and b"requests.exceptions.ConnectionError" in said
    assert not needles_of(TOKEN, ACCOUNT).are_in(said)
# --- off this machine ----------------------------------------------------------------------------------------------

STRANGER = (("To", "+4915123456789"), *LATE[1:])
LEAVE = {"RINGTRUE_ALLOW_REAL_CALLS": "2", "RINGTRUE_ALLOW_HTTP": "1"}
DIALS = (*BASE, ("Twiml", "<Response><Dial>+4915123456789</Dial></Response>"), ("Timeout", "601"))


def json_body(to: str) -> Case:
    """A body that is no form and names a number."""
    return Case((), "malformed.content-type", body=f'{{"To": "{to}"}}'.encode(), content_type="application/json")


@pytest.mark.parametrize(("item", "more", "words", "requests"), [
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=LATE), {}, "RINGTRUE_ALLOW_REAL_CALLS", 0),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=LATE), {"RINGTRUE_ALLOW_REAL_CALLS": "2"}, "RINGTRUE_ALLOW_HTTP", 0),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=STRANGER), LEAVE, "RINGTRUE_TO", 0),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=(*LATE, ("to", "+4915123456789"))), LEAVE, "RINGTRUE_TO", 0),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=DIALS), LEAVE, "RINGTRUE_TO", 0),
    (finding("malformed.content-type", check="check_malformed", case=json_body("+4915123456789")), LEAVE, "RINGTRUE_TO", 0),
    (finding("malformed.content-type", check="check_malformed", case=json_body("+12025550199")), LEAVE, "passed", 1),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=LATE, before=(Case(LATE), Case(LATE))), LEAVE, "allows 2 calls", 2),
    (finding("call.concurrency", **OUTCOME, together=(Case(BASE), Case(BASE))), LEAVE, "allows 2 calls", 2),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=STRANGER), {**LEAVE, "RINGTRUE_TO": "+491701234567, +4915123456789"}, "passed", 1),
    (finding("timeout.maximum", "4xx", **OUTCOME, pairs=LATE), LEAVE, "passed", 1),
], ids=["no leave", "http", "stranger", "stranger in another case", "stranger in TwiML", "stranger in JSON", "fictional in JSON", "third of two", "third of two at once", "named", "fictional"])
def test_generated_test_calls_nobody_off_this_machine(item: Finding, more: dict[str, str], words: str, requests: int, tmp_path: Path) -> None:
    (tmp_path / "test_findings.py").write_text(findings_file(result([item])), "utf-8")
    refusal = as_json({"code": 1, "message": "no", "more_info": "", "status": 400}, "400 Bad Request")
    created = as_json({"sid": "CA" + "0" * 32, "status": "queued"})
    with Hostile((created if item.together else refusal,), host=other_address()) as server:
        said = outcomes(tmp_path, cast(Emulator, Known(server.url)), **more)
        assert len(server.requests) == requests
    assert words in said[name_of(item)]


def test_generated_test_uses_no_proxy_of_the_environment(tmp_path: Path) -> None:
    item = finding("timeout.maximum", "4xx", **OUTCOME, pairs=LATE)
    (tmp_path / "test_findings.py").write_text(findings_file(result([item])), "utf-8")
    with Emulator(EmulatorSettings(auth_token=TOKEN)) as emulator, Hostile((as_json({}, "400 Bad Request"),)) as trap:
        said = outcomes(tmp_path, emulator, HTTP_PROXY=trap.url, http_proxy=trap.url, ALL_PROXY=trap.url)
        assert trap.connections == 0
    assert said[name_of(item)] == "passed"


@dataclass(frozen=True)
class Known:
    """What the generated tests are told of a target."""

    url: str
    account_sid: str = "AC" + "5a" * 16
    auth_token: str = TOKEN
