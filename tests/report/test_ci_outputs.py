"""What CI systems read of a run: JUnit, SARIF, annotations, the job's page. They tell the same, and nothing hostile acts in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import PurePath

import pytest
from junitparser import JUnitXml, TestCase
from report_samples import finding, hostile_result, result
from sarif_pydantic import Sarif

from harness.contract import CLAUSES, Level
from harness.findings import Acceptance
from harness.report.github import MAX_SUMMARY, summary_within, workflow_commands
from harness.report.junit import junit
from harness.report.sarif import sarif
from harness.report.summary import summary
from harness.results import ClauseResult, RunResult

ACCEPTED = Acceptance("baseline", "old firmware", "telephony", date(2999, 1, 1))


def accepting(run: RunResult, clause: str) -> RunResult:
    """The same run, with the findings of a clause accepted."""
    findings = tuple(replace(f, accepted=ACCEPTED) if f.clause == clause else f for f in run.findings)
    clauses = tuple(replace(c, verdict="KNOWN") if c.clause.id == clause else c for c in run.clauses)
    return replace(run, findings=findings, clauses=clauses)


BROKEN = accepting(result([finding("echo.to"), finding("timeout.maximum"), finding("trim.values")]), "trim.values")


def cases_of(text: str) -> dict[str, TestCase]:
    """The test cases of a junit.xml by name."""
    return {case.name: case for suite in JUnitXml.fromstring(text.encode()) for case in suite}


def test_junit_has_a_test_case_for_each_clause_with_what_broke() -> None:
    cases = cases_of(junit(BROKEN))
    assert list(cases) == [c.id for c in CLAUSES]
    assert {n for n, c in cases.items() if c.is_failure} == {"echo.to", "timeout.maximum"}
    (failure,) = cases["timeout.maximum"].result
    f = BROKEN.finding("timeout.maximum")
    assert failure.message == f"timeout.maximum: expected {f.expected}, got {f.actual}" and failure.type == "MUST"
    assert "ringtrue replay cases/timeout.maximum.json" in failure.text and "report.html#finding-timeout.maximum" in failure.text
    assert cases["trim.values"].result[0].message == "KNOWN: old firmware"
    assert cases["timeout.maximum"].classname == "ringtrue.Parameters"


def test_junit_counts_what_it_holds() -> None:
    whole = JUnitXml.fromstring(junit(BROKEN).encode())
    assert (whole.tests, whole.failures, whole.errors, whole.skipped) == (len(CLAUSES), 2, 0, 1 + sum(c.verdict in ("SKIPPED", "NOT-EXERCISED") for c in BROKEN.clauses))
    assert whole.time == pytest.approx(BROKEN.duration_s, abs=0.001)


def test_junit_of_a_run_that_judged_nothing_is_an_error() -> None:
    cases = cases_of(junit(replace(result(), verdict="inconclusive", exit_code=3, headline="nobody answers")))
    assert cases["the run could judge the target"].result[0].message == "nobody answers"


def test_junit_fails_on_what_is_accepted_and_gone() -> None:
    cases = cases_of(junit(replace(result(), stale=("timeout.maximum no longer occurs",))))
    assert cases["what is accepted still occurs"].is_failure


@pytest.mark.parametrize(("strict", "fails"), [("yes", True), ("no", False)])
def test_junit_fails_a_should_in_a_strict_run_alone(strict: str, fails: bool) -> None:
    run = result([replace(finding("refusal.body"), level=Level.SHOULD)])
    clauses = tuple(replace(c, verdict="NON-STRICT") if c.findings else c for c in run.clauses)
    case = cases_of(junit(replace(run, clauses=clauses, settings={"strict": strict})))["refusal.body"]
    assert (case.is_failure, "refusal.body" in (case.system_out or "")) == (fails, not fails)


def test_sarif_is_of_the_standard_and_tells_each_finding_once() -> None:
    text = sarif(BROKEN, PurePath("reports/latest"))
    log = Sarif.model_validate_json(text)
    (run,) = log.runs
    assert log.version == "2.1.0"
    assert [r.rule_id for r in run.results] == [f.clause for f in BROKEN.findings]
    rules = [rule.id for rule in run.tool.driver.rules]
    for shown in json.loads(text)["runs"][0]["results"]:
        assert rules[shown["ruleIndex"]] == shown["ruleId"]
        assert shown["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"reports/latest/cases/{shown['properties']['finding']}.json"
        assert re.fullmatch("[0-9a-f]{16}", shown["partialFingerprints"]["ringtrue/v1"])
        assert ("suppressions" in shown) == (shown["ruleId"] == "trim.values")


def test_sarif_names_no_place_outside_of_the_repository() -> None:
    assert "/root" not in sarif(BROKEN, PurePath("/root/out")) and "\"cases/echo.to.json\"" in sarif(BROKEN, PurePath("/root/out"))


def test_sarif_says_that_a_run_judged_nothing() -> None:
    (run,) = json.loads(sarif(replace(result(), verdict="inconclusive", exit_code=3, headline="nobody answers"), PurePath("out")))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0] == {"level": "error", "message": {"text": "nobody answers"}}


def test_junit_sarif_markdown_and_annotations_tell_the_same_new_findings() -> None:
    by_junit = {n for n, c in cases_of(junit(BROKEN)).items() if c.is_failure}
    by_sarif = {r["ruleId"] for r in json.loads(sarif(BROKEN, PurePath("out")))["runs"][0]["results"] if "suppressions" not in r}
    new = summary(BROKEN).partition("accepted finding")[0]
    by_summary = {c.id for c in CLAUSES if f"| {c.id} |" in new}
    by_annotation = {c.id for line in workflow_commands(BROKEN) for c in CLAUSES if f" {c.id}::" in line}
    assert by_junit == by_sarif == by_summary == by_annotation == {f.clause for f in BROKEN.new}


def test_hostile_text_is_data_everywhere() -> None:
    run = hostile_result()
    assert cases_of(junit(run))
    Sarif.model_validate_json(sarif(run, PurePath("out")))
    for line in workflow_commands(run):
        assert re.fullmatch(r"::(error|warning|notice) title=ringtrue[^:,]*::.*", line) and not set(line) & set("\r\n\x1b\u202e")
        assert "::" not in line.split("::", 2)[2]


def test_annotations_are_ten_of_a_level_at_most() -> None:
    many = result([finding(c.id) for c in CLAUSES[:30]])
    lines = workflow_commands(many)
    assert max(sum(line.startswith(f"::{kind}") for line in lines) for kind in ("error", "warning", "notice")) == 10


def test_summary_that_is_too_large_for_the_page_ends_at_a_line() -> None:
    text = summary_within("| ü |\n" * 200_000)
    assert len(text.encode()) <= MAX_SUMMARY and text.endswith("| ü |\n\nThe rest is in summary.md.\n")
    assert summary_within("short\n") == "short\n"


def test_clause_of_every_verdict_has_a_case() -> None:
    verdicts = ("FAIL", "NON-STRICT", "INFO", "KNOWN", "DECLARED", "PASS", "SKIPPED", "NOT-EXERCISED")
    run = result([finding(c.id) for c in CLAUSES[:5]])
    clauses = tuple(ClauseResult(c, v, 1, (c.id,) if i < 5 else (), "why") for i, (c, v) in enumerate(zip(CLAUSES, verdicts, strict=False)))
    assert len(cases_of(junit(replace(run, clauses=clauses)))) == len(verdicts)
