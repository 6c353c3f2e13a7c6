"""The generated tests are red on a faulty server and green on a faithful one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report_samples import BASE, call, finding, result

from harness.case import Case
from harness.emulator.server import Emulator
from harness.emulator.settings import EmulatorSettings
from harness.findings import Finding
from harness.report.findings_file import findings_file

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
    "methods-put-creates": finding("method.not-created", check="check_method", case=Case(BASE, "method.not-created", method="PUT")),
    "refusal-more-info-missing": finding("refusal.body", check="check_refusal_body", pairs=BASE[1:]),
    "secrets-password-in-annotation": finding("secrets.sip-password", check="check_secrets", pairs=FULL),
    "sid-repeated-every-10th": finding("echo.sid-unique", actual='"CA", as in request 2', check="check_unique", body=call()),
    "encoding-plus-kept": finding("encoding.space", **OUTCOME, pairs=(*BASE, ("RecordingStatusCallbackEvent", "in-progress completed"))),
    "concurrent-crash": finding("call.concurrency", **OUTCOME, together=(Case(BASE), Case((("To", "client:a"), *BASE[1:])))),
    "accepts-refused-again": finding("refusal.repeatable", "4xx", **OUTCOME, pairs=LATE, before=(Case(LATE),)),
}


def outcomes(directory: Path, emulator: Emulator) -> dict[str, str]:
    """Runs test_findings.py by itself; each test's name and what became of it."""
    environment = {
        "PATH": os.environ["PATH"], "RINGTRUE_TARGET": emulator.url, "RINGTRUE_ACCOUNT_SID": emulator.account_sid,
        "RINGTRUE_AUTH_TOKEN": emulator.auth_token, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
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
