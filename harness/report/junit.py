"""junit.xml: a test case a clause, for GitHub, GitLab and Jenkins.

Written with junitparser in the form that Jenkins's strictest reader takes (junit-10.xsd of its xUnit plugin), which knows
properties of a suite but none of a test case: those are lines of the case's output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from harness.findings import Finding
from harness.report.escape import cut, for_xml, visible
from harness.report.words import cause_and_count, is_of_this_place, replay_line, rule, versus
from harness.results import ClauseResult, RunResult

_SUITE = "ringtrue"
_LONGEST = 16_000
# `[[ATTACHMENT|path]]` in a case's output makes GitLab and Jenkins take up a file: nothing that a server answered may.
_ATTACHMENT = re.compile(r"\[\[(?=\s*[A-Za-z_]+\s*\|)")


def junit(result: RunResult, directory: PurePath) -> str:
    """The text of junit.xml.

    Args:
        result: of the run. A broken clause is a failure, a broken SHOULD only in a strict run; what was accepted or not judged is skipped.
        directory: where the run's files are, as its readers name it.
    """
    suite = TestSuite(_SUITE)
    suite.timestamp = result.started.isoformat(timespec="seconds")
    for name, value in (
        ("target", result.target or result.url), ("url", result.url), ("account", result.account_sid), ("profile", result.profile),
        ("seed", str(result.seed)), ("version", result.version), ("verdict", result.verdict), ("exit-code", str(result.exit_code)),
        ("headline", result.headline), ("report", str(directory / "report.html")),
    ):
        suite.add_property(name, _text(value))
    suite.add_testcases(list(_cases(result, directory)))
    xml = JUnitXml(_SUITE)
    xml.add_testsuite(suite)
    xml.tests, xml.failures, xml.errors = suite.tests, suite.failures, suite.errors
    suite.time = xml.time = round(result.duration_s, 3)
    text = bytes(xml.tostring()).decode("utf-8")  # type: ignore[no-untyped-call]
    # A line a case, so that two files can be compared; `<` is never text.
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text.replace("<testcase ", "\n<testcase ") + "\n"


def _cases(result: RunResult, directory: PurePath) -> Iterator[TestCase]:
    if result.verdict == "inconclusive":
        case = TestCase("the run could judge the target", _SUITE, 0.0)
        case.result = [Error(_text(result.headline), "inconclusive")]
        yield case
    for number, gone in enumerate(result.stale, 1):
        case = TestCase(f"what is accepted still occurs, {number}", _SUITE, 0.0)
        case.result = [Failure(_text(gone), "stale")]
        yield case
    for c in result.clauses:
        yield _case(c, result, directory)


def _case(c: ClauseResult, result: RunResult, directory: PurePath) -> TestCase:
    case = TestCase(c.clause.id, f"{_SUITE}.{_text(c.clause.group)}", 0.0)
    findings = [f for f in map(result.finding, c.findings) if f.accepted is None] or list(map(result.finding, c.findings))
    output = [*_facts(c)]
    if c.verdict in ("SKIPPED", "NOT-EXERCISED"):
        case.result = [Skipped(_text(f"{c.verdict}: {c.reason or 'no request of this run reached it'}"))]
    elif c.verdict in ("KNOWN", "DECLARED"):
        case.result = [Skipped(_text(f"{c.verdict}: {'; '.join(dict.fromkeys(map(_acceptance, findings)))}"))]
    elif c.verdict == "FAIL" or (c.verdict == "NON-STRICT" and result.settings.get("strict") == "yes"):
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        failure = Failure(_text(f"{c.clause.id}: {cut(versus(findings[0]), 1000)}{more}"), c.clause.level.value)
        failure.text = cut("\n".join(map(_line, _told(c, findings, directory))), _LONGEST)
        case.result = [failure]
        output += _attachments(findings, directory)
    elif findings:
        output += ["", *map(_line, _told(c, findings, directory))]
    case.system_out = "\n".join(output)
    return case


def _facts(c: ClauseResult) -> Iterator[str]:
    """What other readers would take as properties of the case."""
    for name, value in (("level", c.clause.level.value), ("verdict", c.verdict), ("cases", str(c.cases)), ("source", c.clause.source)):
        yield f"{name}: {_line(value)}"


def _acceptance(f: Finding) -> str:
    if f.accepted is None:
        return ""
    details = [d for d in (f.accepted.owner, f"until {f.accepted.until.isoformat()}" if f.accepted.until is not None else "") if d]
    return f.accepted.said + (f" ({', '.join(details)})" if details else "")


def _told(c: ClauseResult, findings: list[Finding], directory: PurePath) -> Iterator[str]:
    yield f"{c.clause.level.value} {c.clause.id}: {c.clause.statement}"
    yield f"source: {c.clause.source}"
    for f in findings:
        yield ""
        if f.clause != c.clause.id:
            yield f"broken together with {f.clause}: {rule(f)}"
        yield cut(versus(f), 1000)
        yield cut(cause_and_count(f), 500)
        yield f"again: {replay_line(f, directory)}"
        yield f"report: {directory / 'report.html'}#finding-{f.id}"


def _attachments(findings: list[Finding], directory: PurePath) -> Iterator[str]:
    """The saved cases, in the words that GitLab and Jenkins read; only of a folder inside the job's."""
    if not is_of_this_place(directory):
        return
    yield from (f"[[ATTACHMENT|{_text((directory / 'cases' / f'{f.id}.json').as_posix())}]]" for f in findings)


def _line(value: str) -> str:
    """Text as one line, whoever wrote the journal that it is from."""
    return _text(visible(value))


def _text(value: str) -> str:
    return _ATTACHMENT.sub("[⟨[⟩", for_xml(cut(value, _LONGEST)))
