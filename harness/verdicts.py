"""From what a session has seen and the findings to a verdict for each clause and for the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.contract import CLAUSES, Level
from harness.findings import Finding
from harness.results import VERDICT_OF_LEVEL, ClauseResult
from harness.session import Session


def clause_results(
    session: Session, findings: tuple[Finding, ...], wanted: Callable[[str], bool], skipped: Mapping[str, str]
) -> tuple[ClauseResult, ...]:
    """One result a clause, in the contract's order.

    Args:
        session: what was sent and seen.
        findings: all findings.
        wanted: whether the user asked for a clause.
        skipped: clause id → why it can't be judged on this target.
    """
    by_clause: dict[str, list[Finding]] = {}
    for f in findings:
        for clause_id in (f.clause, *f.also):
            by_clause.setdefault(clause_id, []).append(f)
    out = []
    for clause in CLAUSES:
        mine = by_clause.get(clause.id, [])
        cases = session.exercised[clause.id]
        if mine:
            out.append(ClauseResult(clause, _verdict_of(mine), max(cases, 1), tuple(f.id for f in mine)))
        elif not wanted(clause.id):
            out.append(ClauseResult(clause, "SKIPPED", cases, reason="left out by --only or --skip"))
        elif clause.id in skipped:
            out.append(ClauseResult(clause, "SKIPPED", 0, reason=skipped[clause.id]))
        elif cases:
            out.append(ClauseResult(clause, "PASS", cases))
        else:
            out.append(ClauseResult(clause, "NOT-EXERCISED", 0, reason=_why_not(session, clause.id)))
    return tuple(out)


def _verdict_of(findings: list[Finding]) -> str:
    """The verdict of a clause with findings: what the new ones come to, or else how the known ones were accepted."""
    new = [f for f in findings if f.accepted is None]
    if new:
        return VERDICT_OF_LEVEL[min((f.level for f in new), key=lambda x: x.rank)]
    return "KNOWN" if any(f.accepted is not None and f.accepted.kind == "baseline" for f in findings) else "DECLARED"


def _why_not(session: Session, clause_id: str) -> str:
    if session.stopped:
        return session.stopped
    if clause_id.startswith(("response.", "echo.")) and not session.counts.accepted:
        return "no call was created"
    return "no case reached it"


def overall(session: Session, findings: tuple[Finding, ...], strict: bool) -> tuple[str, int]:
    """(verdict, exit code) of a run that came to its end."""
    breaking = [f for f in findings if f.level is Level.MUST or (strict and f.level is Level.SHOULD)]
    if breaking:
        return "violates", 1
    if not session.counts.accepted or not session.counts.cases:
        return "inconclusive", 3
    return "conforms", 0


def headline(verdict: str, findings: tuple[Finding, ...], results: tuple[ClauseResult, ...]) -> str:
    """One sentence for people."""
    passed = sum(r.verdict == "PASS" for r in results)
    idle = sum(r.verdict == "NOT-EXERCISED" for r in results)
    tail = f"; {idle} clauses were not exercised" if idle else ""
    if verdict == "violates":
        broken = len({c for f in findings for c in (f.clause, *f.also)})
        return f"The contract is broken: {len(findings)} finding{'s' * (len(findings) != 1)} in {broken} clause{'s' * (broken != 1)}{tail}."
    if verdict == "conforms":
        minor = f", with {len(findings)} finding{'s' * (len(findings) != 1)} below MUST" if findings else ""
        return f"The server keeps the contract{minor}: {passed} clauses passed{tail}."
    return f"Nothing could be judged{tail}."
