"""One item a clause. The plugin conducts the run before the first item; an item reads what is known of its clause."""

from __future__ import annotations

import pytest

from harness.contract import CLAUSES
from harness.plugin import SuiteRun
from harness.report.escape import for_terminal
from harness.results import ClauseResult, RunResult


@pytest.fixture(scope="session")
def suite_run(request: pytest.FixtureRequest) -> SuiteRun:
    """The run that the plugin conducted."""
    run = request.config.pluginmanager.get_plugin("ringtrue-run")
    if not isinstance(run, SuiteRun):
        pytest.exit("ringtrue: load the plugin, with -p harness.plugin", returncode=2)
    return run


@pytest.mark.parametrize("clause_id", [c.id for c in CLAUSES])
def test_clause(clause_id: str, suite_run: SuiteRun) -> None:
    """The server keeps one clause of the contract."""
    run = suite_run.usable_result()
    result = run.clause(clause_id)
    if result.verdict in ("SKIPPED", "NOT-EXERCISED"):
        pytest.skip(f"{result.verdict}: {result.reason}")
    if result.verdict in ("KNOWN", "DECLARED"):
        pytest.xfail(f"{result.verdict}: {accepted(result, run)}")
    if result.verdict == "FAIL" or (suite_run.strict and result.verdict == "NON-STRICT"):
        pytest.fail(explanation(result, run), pytrace=False)


def accepted(result: ClauseResult, run: RunResult) -> str:
    """Why the clause's findings were accepted."""
    reasons = [f.accepted.said for f in map(run.finding, result.findings) if f.accepted is not None]
    return for_terminal("; ".join(dict.fromkeys(reasons)))


def explanation(result: ClauseResult, run: RunResult) -> str:
    """What broke the clause, a few lines of plain text."""
    lines = [f"{result.clause.level.value} {result.clause.id}: {result.clause.statement}"]
    for name in result.findings:
        f = run.finding(name)
        lines.append(for_terminal(f"expected {f.expected} | actual {f.actual} at {f.path} | seen {f.occurrences} times | {f.cause}"))
    return "\n".join(lines)
