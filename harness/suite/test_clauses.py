"""One item a clause. The plugin conducts the run before the first item; an item reads what is known of its clause."""

from __future__ import annotations

import pytest

from harness.contract import CLAUSES
from harness.results import ClauseResult, RunResult


@pytest.mark.parametrize("clause_id", [c.id for c in CLAUSES])
def test_clause(clause_id: str, ringtrue_result: RunResult, ringtrue_strict: bool) -> None:
    """The server keeps one clause of the contract."""
    result = ringtrue_result.clause(clause_id)
    if result.verdict in ("SKIPPED", "NOT-EXERCISED"):
        pytest.skip(f"{result.verdict}: {result.reason}")
    if result.verdict == "FAIL" or (ringtrue_strict and result.verdict == "NON-STRICT"):
        pytest.fail(explanation(result, ringtrue_result), pytrace=False)


def explanation(result: ClauseResult, run: RunResult) -> str:
    """What broke the clause, a few lines of plain text."""
    from harness.report.escape import for_terminal

    lines = [f"{result.clause.level.value} {result.clause.id}: {result.clause.statement}"]
    for name in result.findings:
        f = run.finding(name)
        lines.append(for_terminal(f"expected {f.expected} | actual {f.actual} at {f.path} | seen {f.occurrences} times | {f.cause}"))
    return "\n".join(lines)
