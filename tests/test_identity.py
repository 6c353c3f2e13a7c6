"""Two runs of one server on two seeds name its defects alike, so that a baseline and a comparison hold on any seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report.report_samples import BASE, finding
from support import ringtrue

from harness.case import Case
from harness.findings import Finding
from harness.identity import identity_of

FORM = "application/x-www-form-urlencoded"
MANY = [(n, "true") for n in ("Byoc", "CallReason", "CallerId", "FallbackUrl", "SendDigits", "TimeLimit", "Timeout", "Twiml", "StatusCallback")]


def found(clause: str, *pairs: tuple[str, str], status: int = 201, **changes: Any) -> Finding:
    """A finding of a wrong outcome, by a plain call with more parameters."""
    case = Case((*BASE, *pairs), clause, content_type=changes.pop("content_type", FORM))
    return finding(clause, case=case, status=status, check=changes.pop("check", "check_outcome"), **changes)


OTHER = Case((*BASE, ("Trim", "trim-silence")))
ALIKE = {
    "the values beside a wrong one in a list": (
        found("status-callback-event.unknown-value", ("StatusCallbackEvent", "in-progress"), ("StatusCallbackEvent", "ringing")),
        found("status-callback-event.unknown-value", ("StatusCallbackEvent", "no"), ("StatusCallbackEvent", "completed")),
    ),
    "a word in another letter case": (found("trim.letter-case", ("Trim", "TRIM-silence")), found("trim.letter-case", ("Trim", "Do-Not-Trim"))),
    "the call after others": (
        found("echo.sid-unique", ("Trim", "trim-silence"), check="check_echo", before=(OTHER,)),
        found("echo.sid-unique", ("Record", "true"), check="check_echo", before=(OTHER, OTHER)),
    ),
    "the call beside others": (
        found("call.concurrency", ("Trim", "trim-silence"), status=400, together=(OTHER,)), found("call.concurrency", status=400, together=(OTHER,)),
    ),
    "the call that breaks now and then": (
        found("response.status.values", ("Trim", "trim-silence"), check="check_response", flaky=(3, 200)),
        found("response.status.values", ("Record", "true"), check="check_response", flaky=(1, 200)),
    ),
    "which parameters a crowd has": (
        found("call.combination", *MANY[:6], status=400, also=("timeout.maximum",)),
        found("call.combination", *MANY[3:], status=400, also=("byoc.prefix", "url.relative")),
    ),
    "which parameters make up a number": (
        found("call.combination", *MANY[:4], status=400, whole="exactly 7 parameters"),
        found("call.combination", *MANY[3:7], status=400, whole="exactly 7 parameters"),
    ),
    "how a content type is written": (
        found("encoding.charset", status=400, content_type=f"{FORM}; charset=UTF-8"),
        found("encoding.charset", status=400, content_type=f"{FORM};charset=utf-8"),
    ),
}
UNLIKE = {
    "another value that is refused": (found("trim.values", ("Trim", "trim-silence"), status=400), found("trim.values", ("Trim", "do-not-trim"), status=400)),
    "another company": (found("timeout.maximum", ("Timeout", "601"), ("Record", "true")), found("timeout.maximum", ("Timeout", "601"), ("Trim", "trim-silence"))),
    "a few parameters": (found("call.combination", *MANY[:3], status=400), found("call.combination", *MANY[3:6], status=400)),
    "another number of parameters": (
        found("call.combination", *MANY[:4], status=400, whole="exactly 7 parameters"),
        found("call.combination", *MANY[:5], status=400, whole="exactly 8 parameters"),
    ),
    "another media type": (
        found("malformed.content-type", status=500, content_type="text/plain"), found("malformed.content-type", status=500, content_type="text/xml"),
    ),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=list(ALIKE))
def test_what_chance_decides_is_no_part_of_an_identity(one: Finding, other: Finding) -> None:
    assert identity_of(one) == identity_of(other)
    assert identity_of(one).fingerprint == identity_of(replace(other, id="another-2", occurrences=9)).fingerprint


@pytest.mark.parametrize(("one", "other"), UNLIKE.values(), ids=list(UNLIKE))
def test_what_tells_defects_apart_is_part_of_an_identity(one: Finding, other: Finding) -> None:
    assert not identity_of(one).is_like(identity_of(other))


@pytest.mark.slow
@pytest.mark.parametrize("faults", [
    ("encoding-last-pair", "sid-repeated-after-refusal", "status-after-refusal"), ("encoding-last-of-repeated", "refuses-charset", "accepts-trim-letter-case"),
])
def test_baseline_of_one_seed_holds_on_another(faults: tuple[str, ...], tmp_path: Path) -> None:
    named = [word for fault in faults for word in ("--fault", fault)]
    assert ringtrue("run", "-q", *named, "--write-baseline", "b.toml", cwd=tmp_path).returncode == 0
    for seed in ("1", "2"):
        done = ringtrue("run", *named, "--baseline", "b.toml", "--seed", seed, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
