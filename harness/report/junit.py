"""junit.xml: a test case a clause, for GitHub, GitLab and Jenkins. Written with junitparser, escaped by it and by `for_xml`."""

from __future__ import annotations

from collections.abc import Iterator

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from harness.findings import Finding
from harness.report.escape import cut, for_xml
from harness.report.words import rule, seen
from harness.results import ClauseResult, RunResult

_SUITE = "ringtrue"
_LONGEST = 4000


def junit(result: RunResult) -> str:
    """The text of junit.xml.

    Args:
        result: of the run. A broken clause is a failure, a broken SHOULD only in a strict run; what was accepted or not judged is skipped.
    """
    suite = TestSuite(_SUITE)
    suite.timestamp = result.started.isoformat(timespec="seconds")
    for name, value in (
        ("target", result.target or result.url), ("url", result.url), ("account", result.account_sid), ("profile", result.profile),
        ("seed", str(result.seed)), ("version", result.version), ("verdict", result.verdict),
    ):
        suite.add_property(name, _text(value))
    for case in _cases(result):
        suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    xml = JUnitXml(_SUITE)
    xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = xml.time = round(result.duration_s, 3)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + bytes(xml.tostring()).decode("utf-8") + "\n"  # type: ignore[no-untyped-call]


def _cases(result: RunResult) -> Iterator[TestCase]:
    if result.verdict == "inconclusive":
        case = TestCase("the run could judge the target", _SUITE, 0.0)
        case.result = [Error(_text(result.headline), "inconclusive")]
        yield case
    for gone in result.stale:
        case = TestCase("what is accepted still occurs", _SUITE, 0.0)
        case.result = [Failure(_text(gone), "stale")]
        yield case
    for c in result.clauses:
        yield _case(c, result)


def _case(c: ClauseResult, result: RunResult) -> TestCase:
    case = TestCase(c.clause.id, f"{_SUITE}.{_text(c.clause.group)}", 0.0)
    properties = Properties()  # type: ignore[no-untyped-call]
    for name, value in (("level", c.clause.level.value), ("verdict", c.verdict), ("cases", str(c.cases)), ("source", c.clause.source)):
        properties.add_property(Property(name, _text(value)))
    case.append(properties)  # type: ignore[no-untyped-call]
    findings = [f for f in map(result.finding, c.findings) if f.accepted is None] or list(map(result.finding, c.findings))
    if c.verdict in ("SKIPPED", "NOT-EXERCISED"):
        case.result = [Skipped(_text(f"{c.verdict}: {c.reason}"))]
    elif c.verdict in ("KNOWN", "DECLARED"):
        reasons = dict.fromkeys(f.accepted.reason for f in findings if f.accepted is not None)
        case.result = [Skipped(_text(f"{c.verdict}: {'; '.join(reasons)}"))]
    elif c.verdict == "FAIL" or (c.verdict == "NON-STRICT" and result.settings.get("strict") == "yes"):
        failure = Failure(_text(f"{c.clause.id}: {_versus(findings[0])}"), c.clause.level.value)
        failure.text = _text("\n".join(_told(c, findings)))
        case.result = [failure]
    elif findings:
        case.system_out = _text("\n".join(_told(c, findings)))
    return case


def _versus(f: Finding) -> str:
    place = f" at {f.path}" if f.path not in ("", "$") else ""
    return f"expected {f.expected}, got {f.actual}{place}"


def _told(c: ClauseResult, findings: list[Finding]) -> Iterator[str]:
    yield f"{c.clause.level.value} {c.clause.id}: {c.clause.statement}"
    yield f"source: {c.clause.source}"
    for f in findings:
        yield ""
        if f.clause != c.clause.id:
            yield f"broken together with {f.clause}: {rule(f)}"
        yield _versus(f)
        yield f"{f'{f.cause}, ' if f.cause else ''}{seen(f)}"
        yield f"again: ringtrue replay cases/{f.id}.json"
        yield f"report: report.html#finding-{f.id}"


def _text(value: str) -> str:
    return for_xml(cut(value, _LONGEST))
