"""What CI systems read of a run: JUnit, SARIF, annotations, the job's page. They tell the same, and nothing hostile acts in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker
from junitparser import JUnitXml, TestCase
from report_samples import HOSTILE, finding, hostile_result, result
from sarif_pydantic import Sarif
from support import required
from xmlschema import XMLSchema

from harness.accepted import Acceptance
from harness.contract import CLAUSES, Level
from harness.findings import Finding
from harness.report.escape import for_terminal
from harness.report.github import MAX_SUMMARY, summary_within, workflow_commands
from harness.report.junit import junit
from harness.report.sarif import sarif
from harness.report.summary import summary
from harness.results import ClauseResult, RunResult

HERE = Path(__file__).parent
SARIF_SCHEMA = HERE.parents[1] / "node_modules" / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"
JUNIT_SCHEMA = XMLSchema(str(HERE / "junit.xsd"))
OUT = PurePath("reports/latest")
ACCEPTED = Acceptance("baseline", "old firmware", "telephony", date(2999, 1, 1))


def broken(findings: Iterable[Finding], accepted: str = "") -> RunResult:
    """A run with these findings; those of a clause accepted, and the clauses that break with a finding broken too."""
    found = [replace(f, accepted=ACCEPTED) if f.clause == accepted else f for f in findings]
    run = result(found)
    along = {other: f.id for f in found for other in f.also}
    clauses = [replace(c, verdict="FAIL", findings=(along[c.clause.id],)) if c.clause.id in along else c for c in run.clauses]
    return replace(run, clauses=tuple(replace(c, verdict="KNOWN") if c.clause.id == accepted else c for c in clauses))


BROKEN = broken(
    [finding("echo.to", path="$.to"), finding("timeout.maximum", "4xx", "201 Created", also=("time-limit.integer",)), finding("trim.values")],
    accepted="trim.values",
)
INCONCLUSIVE = replace(result(), verdict="inconclusive", exit_code=3, headline="nobody answers")
STALE = replace(result(), stale=("timeout.maximum no longer occurs", "echo.to no longer occurs"), exit_code=1)
RUNS = {"clean": result(), "broken": BROKEN, "inconclusive": INCONCLUSIVE, "stale": STALE, "hostile": hostile_result()}


def cases_of(text: str) -> dict[str, TestCase]:
    """The test cases of a junit.xml by name."""
    return {case.name: case for suite in JUnitXml.fromstring(text.encode()) for case in suite}


def log_of(run: RunResult, directory: PurePath = OUT) -> dict[str, Any]:
    """The only run of a results.sarif."""
    (log,) = json.loads(sarif(run, directory))["runs"]
    return log


# -- junit.xml ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
def test_junit_is_what_the_strictest_reader_takes(name: str) -> None:
    assert [str(e) for e in JUNIT_SCHEMA.iter_errors(junit(RUNS[name], OUT))] == []


def test_strictest_reader_refuses_what_is_not_in_its_schema() -> None:
    assert not JUNIT_SCHEMA.is_valid(junit(BROKEN, OUT).replace("<testcase ", "<testcase file='x' "))


def test_junit_has_a_test_case_for_each_clause_with_what_broke() -> None:
    cases = cases_of(junit(BROKEN, OUT))
    assert list(cases) == [c.id for c in CLAUSES]
    assert {n for n, c in cases.items() if c.is_failure} == {"echo.to", "timeout.maximum", "time-limit.integer"}
    (failure,) = cases["timeout.maximum"].result
    assert (failure.message, failure.type) == ("timeout.maximum: expected 4xx | got 201 Created", "MUST")
    for line in ("again: ringtrue replay reports/latest/cases/timeout.maximum.json", "report: reports/latest/report.html#finding-timeout.maximum"):
        assert line in failure.text.splitlines()
    assert "at $.to" in cases["echo.to"].result[0].message
    assert "broken together with timeout.maximum" in cases["time-limit.integer"].result[0].text
    assert cases["trim.values"].result[0].message == "KNOWN: old firmware (telephony, until 2999-01-01)"
    assert cases["timeout.maximum"].classname == "ringtrue.Parameters"


def test_junit_tells_of_each_clause_how_it_was_judged() -> None:
    output = cases_of(junit(BROKEN, OUT))["call.created"].system_out
    assert output.splitlines() == ["level: MUST", "verdict: PASS", "cases: 12", "source: Responses, 201 Created"]


def test_junit_names_the_run_in_its_properties() -> None:
    (suite,) = JUnitXml.fromstring(junit(BROKEN, OUT).encode())
    told = {p.name: p.value for p in suite.properties()}
    assert {"url": BROKEN.url, "seed": "3", "profile": "quick", "version": BROKEN.version, "report": "reports/latest/report.html"}.items() <= told.items()


def test_junit_counts_what_it_holds() -> None:
    (suite,) = whole = JUnitXml.fromstring(junit(BROKEN, OUT).encode())
    unjudged = sum(c.verdict in ("SKIPPED", "NOT-EXERCISED") for c in BROKEN.clauses)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (len(CLAUSES), 3, 0, 1 + unjudged)
    assert (whole.tests, whole.failures, whole.errors) == (len(CLAUSES), 3, 0)
    assert whole.time == pytest.approx(BROKEN.duration_s, abs=0.001)


def test_junit_of_a_run_that_judged_nothing_is_an_error() -> None:
    assert cases_of(junit(INCONCLUSIVE, OUT))["the run could judge the target"].result[0].message == "nobody answers"


def test_junit_fails_on_what_is_accepted_and_gone() -> None:
    gone = [c for n, c in cases_of(junit(STALE, OUT)).items() if n.startswith("what is accepted still occurs")]
    assert [c.is_failure for c in gone] == [True, True]


@pytest.mark.parametrize(("strict", "fails"), [("yes", True), ("no", False)])
def test_junit_fails_a_should_in_a_strict_run_alone(strict: str, fails: bool) -> None:
    run = result([replace(finding("refusal.body"), level=Level.SHOULD)])
    clauses = tuple(replace(c, verdict="NON-STRICT") if c.findings else c for c in run.clauses)
    case = cases_of(junit(replace(run, clauses=clauses, settings={"strict": strict}), OUT))["refusal.body"]
    assert (case.is_failure, "ringtrue replay" in case.system_out) == (fails, not fails)


def test_clause_of_every_verdict_has_a_case() -> None:
    verdicts = ("FAIL", "NON-STRICT", "INFO", "KNOWN", "DECLARED", "PASS", "SKIPPED", "NOT-EXERCISED")
    run = result([finding(c.id) for c in CLAUSES[:5]])
    clauses = tuple(ClauseResult(c, v, 1, (c.id,) if i < 5 else (), "why") for i, (c, v) in enumerate(zip(CLAUSES, verdicts, strict=False)))
    assert len(cases_of(junit(replace(run, clauses=clauses), OUT))) == len(verdicts)


@pytest.mark.parametrize(("directory", "attached"), [("reports/latest", ["reports/latest/cases/timeout.maximum.json"]), ("/root/out", []), ("../out", [])])
def test_junit_attaches_the_saved_case_where_the_job_can_reach_it(directory: str, attached: list[str]) -> None:
    output = cases_of(junit(BROKEN, PurePath(directory)))["timeout.maximum"].system_out
    assert re.findall(r"\[\[ATTACHMENT\|(.*?)\]\]", output) == attached


def test_junit_takes_up_no_file_that_an_answer_names() -> None:
    text = "[[ATTACHMENT|/etc/passwd]] [[ attachment |/etc/passwd]]"
    run = result([finding("refusal.body", text, text, cause=text)])
    cases = cases_of(junit(run, PurePath("/out")))
    assert "/etc/passwd" in cases["refusal.body"].system_out
    assert not re.search(r"\[\[\s*\w+\s*\|", "".join(c.system_out for c in cases.values()))


# -- results.sarif --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
def test_sarif_is_valid_by_the_schema_of_the_standard(name: str) -> None:
    if not SARIF_SCHEMA.is_file():
        required("the SARIF schema is not in node_modules")
    schema = json.loads(SARIF_SCHEMA.read_text("utf-8"))
    validator = Draft4Validator(schema, format_checker=FormatChecker())
    assert [e.message for e in validator.iter_errors(json.loads(sarif(RUNS[name], OUT)))] == []
    Sarif.model_validate_json(sarif(RUNS[name], OUT))


def test_sarif_tells_each_finding_once_with_its_rule() -> None:
    log = log_of(BROKEN)
    rules = log["tool"]["driver"]["rules"]
    assert [r["ruleId"] for r in log["results"]] == [f.clause for f in BROKEN.findings]
    assert [r["level"] for r in log["results"]] == ["error"] * 3
    for shown in log["results"]:
        rule = rules[shown["ruleIndex"]]
        assert (rule["id"], rule["defaultConfiguration"]["level"]) == (shown["ruleId"], shown["level"])
        assert f"ringtrue explain {rule['id']}" in rule["help"]["text"] and f"`ringtrue explain {rule['id']}`" in rule["help"]["markdown"]
        (place,) = shown["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == f"reports/latest/cases/{shown['properties']['finding']}.json"
        assert ("suppressions" in shown) == (shown["ruleId"] == "trim.values")


def test_sarif_says_who_accepted_a_finding_and_until_when() -> None:
    (suppression,) = next(r for r in log_of(BROKEN)["results"] if r["ruleId"] == "trim.values")["suppressions"]
    assert (suppression["status"], suppression["justification"]) == ("accepted", "old firmware (telephony)")
    assert suppression["properties"] == {"as": "baseline", "until": "2999-01-01"}


def test_sarif_tells_what_was_expected_and_how_to_send_it_again() -> None:
    message = log_of(BROKEN)["results"][1]["message"]
    for form in ("text", "markdown"):
        assert "4xx" in message[form] and "201 Created" in message[form] and "time-limit.integer" in message[form]
        assert "ringtrue replay reports/latest/cases/timeout.maximum.json" in message[form]


def test_sarif_names_the_parameter_or_the_place_in_the_answer() -> None:
    run = result([finding("timeout.maximum"), finding("response.status.values", path="$.status"), finding("refusal.status")])
    kinds = {r["ruleId"]: r["locations"][0]["logicalLocations"][0] for r in log_of(run)["results"]}
    assert (kinds["timeout.maximum"]["name"], kinds["timeout.maximum"]["kind"]) == ("Timeout", "parameter")
    assert (kinds["response.status.values"]["name"], kinds["response.status.values"]["kind"]) == ("$.status", "member")
    assert kinds["refusal.status"]["kind"] == "function"


def test_sarif_fingerprints_last_over_seeds_and_differ_within_a_run() -> None:
    def fingerprints(value: str, findings: int) -> list[str]:
        pairs = (("To", "+15005550006"), ("From", "+15005550006"), ("Timeout", value))
        run = result([finding("timeout.maximum", pairs=pairs, id=f"timeout.maximum-{i}", check="check_outcome") for i in range(findings)])
        return [r["partialFingerprints"]["primaryLocationLineHash"] for r in log_of(run)["results"]]

    assert fingerprints("601", 1) == fingerprints("4711", 1)
    assert len(set(fingerprints("601", 3))) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}:[0-9]+", f) for f in fingerprints("601", 3))


def test_sarif_names_no_place_outside_of_the_repository() -> None:
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log_of(BROKEN, PurePath("/root/out"))["results"]]
    assert uris == ["cases/echo.to.json", "cases/timeout.maximum.json", "cases/trim.values.json"]


def test_sarif_says_that_a_run_judged_nothing() -> None:
    (call,) = log_of(INCONCLUSIVE)["invocations"]
    assert (call["executionSuccessful"], call["exitCode"]) == (False, 3)
    assert call["toolExecutionNotifications"][0] == {"level": "error", "message": {"text": "nobody answers"}}


# -- GitHub ---------------------------------------------------------------------------------------


def test_junit_sarif_markdown_and_annotations_tell_the_same() -> None:
    failed = {n for n, c in cases_of(junit(BROKEN, OUT)).items() if c.is_failure}
    told = [r for r in log_of(BROKEN)["results"] if "suppressions" not in r]
    new, _, accepted = summary(BROKEN).partition("accepted finding")
    annotated = {c.id for line in workflow_commands(BROKEN) for c in CLAUSES if f" {c.id}::" in line}
    assert failed == {i for r in told for i in (r["ruleId"], *r["properties"]["also"])}
    assert failed == {c.id for c in CLAUSES if f"| FAIL | {c.id} |" in accepted or f"| {c.id} |" in new}
    assert {r["ruleId"] for r in told} == {c.id for c in CLAUSES if f"| {c.id} |" in new} == annotated == {f.clause for f in BROKEN.new}


def test_annotations_are_ten_of_a_level_at_most() -> None:
    lines = workflow_commands(result([finding(c.id) for c in CLAUSES]))
    assert [sum(line.startswith(f"::{kind} ") for line in lines) for kind in ("error", "warning")] == [10, 10]


@given(st.lists(st.sampled_from(["::", ":", "%0A", "%", "\r", "\n", "::error::", "##[error]", ",", "]]", "\x85", "\u2028", "\u202e", "a"]), max_size=12))
def test_annotation_is_one_command_whatever_was_answered(pieces: list[str]) -> None:
    text = "".join(pieces)
    (line,) = workflow_commands(result([finding("timeout.maximum", text, text, cause=text, path=text)]))
    assert re.fullmatch(r"::error title=ringtrue%3A timeout\.maximum::.+", line)
    assert not set(line) & set("\r\n\x85\u2028\u202e") and "::" not in line.split("::", 2)[2]
    assert re.fullmatch(r"(?:[^%]|%25|%3A|%0A|%0D|%2C)*", line)


@pytest.mark.parametrize("command", ["::error::boom", "##vso[task.complete result=Failed]", "##[error]boom"])
def test_annotation_breaks_up_commands_as_the_terminal_does(command: str) -> None:
    (line,) = workflow_commands(result([finding("timeout.maximum", "201", f"a {command}")]))
    assert for_terminal(command)[:6] in line and "##" not in line


def test_hostile_text_is_data_everywhere() -> None:
    run = hostile_result()
    for line in workflow_commands(run):
        assert re.fullmatch(r"::(error|warning|notice) title=ringtrue[^:,]*::.*", line) and not set(line) & set("\r\n\x1b\u202e")
        assert "::" not in line.split("::", 2)[2]
    for shown in log_of(run)["results"]:
        for words in shown["message"].values():
            assert not re.search(r"(?<!\\)\]\(", words) and not set(words) & set("\x1b\u202e\x00")
        assert "<script" not in shown["message"]["markdown"]
    assert HOSTILE not in junit(run, OUT)


def test_summary_that_is_too_large_for_the_page_ends_at_a_line() -> None:
    text = summary_within("| ü |\n" * 200_000)
    assert len(text.encode()) <= MAX_SUMMARY and text.endswith("| ü |\n\nThe rest is in summary.md.\n")
    assert summary_within("short\n") == "short\n"


def test_summary_takes_the_room_that_others_left_on_the_page() -> None:
    assert len(summary_within("| ü |\n" * 200_000, MAX_SUMMARY - 1000).encode()) <= 1000
    assert summary_within("one line\n", MAX_SUMMARY) == ""


def test_junit_has_each_message_on_a_line_of_its_own_whoever_wrote_the_journal() -> None:
    broken = finding("call.created", expected="a\n::error::b", actual="c\r\n##[error]d", cause="e\n::warning::f", path="$\n::error::g")
    told = result([broken], headline="h\n::error::i")
    text = junit(told, PurePath("reports/latest"))
    assert re.findall(r"^\s*(?:::|##\[).*", text, re.MULTILINE) == []
