"""Attribution: a named fault of the emulator becomes one finding, of its own clause, with a small case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support import Outcome, Workers, outcome_of_run, running

from harness.emulator import FAULTS


@dataclass(frozen=True)
class Row:
    """What a fault leads to: the clause, its level, at most so many pairs, and a word of the cause."""

    clause: str
    level: str = "MUST"
    pairs: int = 4
    cause: str = ""


QUICK = {
    "accepts-send-digits-33": Row("send-digits.max-length", cause="SendDigits"),
    "refuses-recorded-dual-untrimmed": Row("call.combination", pairs=6, cause="RecordingChannels=dual"),
    "duration-number": Row("response.duration.type", pairs=3),
    "refuses-same-again": Row("call.repeatable", pairs=3, cause="sent again"),
    "access-token-cut": Row("auth.almost-right", pairs=3),
}
# A family after another, in the catalogue's order.
SLOW = {
    "accepts-to-16-digits": Row("to.max-digits", pairs=3),
    "accepts-application-sid-newline": Row("application-sid.control-character"),
    "accepts-status-callback-event-word-among": Row("status-callback-event.unknown-value", pairs=7),
    "accepts-timeout-above-when-recorded": Row("timeout.maximum", pairs=5, cause="only with Record"),
    "refuses-to-sip": Row("to.sip", pairs=3),
    "refuses-timeout-600": Row("timeout.range", cause="Timeout=600"),
    "refuses-call-reason-emoji": Row("call-reason.text", cause="CallReason="),
    "refuses-from-before-to": Row("call.parameter-order", pairs=3),
    "refuses-many-parameters": Row("call.combination", pairs=22),
    "refuses-lower-hex": Row("encoding.hex-case", pairs=4),
    "refuses-space-as-plus": Row("encoding.space"),
    "refuses-ignored-with-application": Row("call.ignored-parameter", pairs=5),
    "crashes-repeated": Row("malformed.repeated", "SHOULD", 5),
    "to-lower": Row("echo.to", pairs=3),
    "date-created-iso": Row("response.date-created.format", pairs=3),
    "queue-time-number-every-7th": Row("response.queue-time.type", cause="now and then"),
    "envelope-status-200": Row("response.status", pairs=3),
    "sid-repeated-every-10th": Row("echo.sid-unique"),
    "refuses-after-refusal": Row("call.history"),
    "concurrent-to": Row("call.concurrency", pairs=30),
    "access-other-account": Row("auth.other-account", pairs=3),
    "refusal-status-200": Row("refusal.status"),
    "refusal-stack-trace": Row("secrets.stack-trace", "SHOULD"),
    "encoding-plus-kept": Row("encoding.space"),
    "methods-put-creates": Row("method.not-created", pairs=3),
    "secrets-password-in-call": Row("secrets.sip-password", "SHOULD"),
}
ROWS = {**QUICK, **SLOW}
SEED = 1


def run_with(fault: str) -> Outcome:
    """One run against the emulator with a fault."""
    return outcome_of_run(faults=(fault,), seed=SEED, profile="small" if fault in QUICK else "quick")


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """The runs of all the tests that are chosen, two at a time."""
    yield from running(request, run_with, "fault")


PARAMETERS = [*QUICK, *(pytest.param(f, marks=pytest.mark.slow) for f in SLOW)]


@pytest.mark.parametrize("fault", PARAMETERS)
def test_fault_becomes_one_small_finding_of_its_own_clause(fault: str, runs: Workers) -> None:
    row, outcome = ROWS[fault], runs.outcome(fault)
    assert outcome.clauses == [row.clause], outcome.told()
    finding = outcome.findings[0]
    assert (finding["level"], finding["also"]) == (row.level, ()), outcome.told()
    assert finding["pairs"] <= row.pairs, outcome.told()
    assert row.cause in finding["cause"], outcome.told()
    assert outcome.exit_code == (1 if row.level == "MUST" else 0)


@pytest.mark.parametrize("fault", PARAMETERS)
def test_fault_s_verdicts_are_its_finding_s_alone(fault: str, runs: Workers) -> None:
    outcome = runs.outcome(fault)
    broken = {c for c, v in outcome.verdicts.items() if v in ("FAIL", "NON-STRICT", "INFO")}
    assert broken == {c for f in outcome.findings for c in (f["clause"], *f["also"])}
    assert "NOT-EXERCISED" not in {v for c, v in outcome.verdicts.items() if not c.startswith(("response.", "echo."))}, outcome.told()


def test_rows_are_of_faults_of_every_family() -> None:
    assert {FAULTS[f].family for f in ROWS} == {f.family for f in FAULTS.values()}


@pytest.mark.slow
def test_two_faults_become_two_findings() -> None:
    outcome = outcome_of_run(faults=("accepts-timeout-601", "duration-number"), seed=SEED)
    assert sorted(outcome.clauses) == ["response.duration.type", "timeout.maximum"], outcome.told()


@pytest.mark.slow
def test_a_server_that_refuses_repeats_hides_no_other_fault() -> None:
    outcome = outcome_of_run(faults=("refuses-same-again", "accepts-send-digits-33", "refuses-timeout-600"), seed=SEED, profile="quick")
    assert {"call.repeatable", "send-digits.max-length", "timeout.range"} <= set(outcome.clauses), outcome.told()
