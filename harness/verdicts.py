"""From what a session has seen and the findings to a verdict for each clause and for the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.contract import CLAUSES, Clause, Level
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
            out.append(ClauseResult(clause, _verdict_of(clause, mine), max(cases, 1), tuple(f.id for f in mine)))
        elif not wanted(clause.id):
            out.append(ClauseResult(clause, "SKIPPED", cases, reason="left out by --only or --skip"))
        elif clause.id in skipped:
            out.append(ClauseResult(clause, "SKIPPED", 0, reason=skipped[clause.id]))
        elif cases:
            out.append(ClauseResult(clause, "PASS", cases))
        else:
            out.append(ClauseResult(clause, "NOT-EXERCISED", 0, reason=_why_not(session, clause.id)))
    return tuple(out)


def _level_for(clause: Clause, finding: Finding) -> Level:
    """The level at which a finding breaks a clause: one that it breaks as well, no more than that clause's own."""
    return finding.level if finding.clause == clause.id else max(finding.level, clause.level, key=lambda x: x.rank)


def _verdict_of(clause: Clause, findings: list[Finding]) -> str:
    """The verdict of a clause with findings: what the new ones come to, or else how the known ones were accepted."""
    new = [f for f in findings if f.accepted is None]
    if new:
        return VERDICT_OF_LEVEL[min((_level_for(clause, f) for f in new), key=lambda x: x.rank)]
    return "KNOWN" if any(f.accepted is not None and f.accepted.kind == "baseline" for f in findings) else "DECLARED"


def _why_not(session: Session, clause_id: str) -> str:
    if session.stopped:
        return session.stopped
    if clause_id.startswith(("response.", "echo.")) and not session.counts.accepted:
        return "no call was created"
    return "no case reached it"


def overall(session: Session, findings: tuple[Finding, ...], stale: tuple[str, ...], strict: bool) -> tuple[str, int]:
    """(verdict, exit code) of a run that came to its end.

    The verdict is about the contract; the exit code leaves out what was accepted, and counts what was but no longer occurs.
    """
    broken = [f for f in findings if _breaks(f, strict)]
    code = 1 if stale or any(f.accepted is None for f in broken) else 0
    if broken:
        return "violates", code
    if not session.counts.accepted or not session.counts.cases:
        return "inconclusive", 3
    return "conforms", code


def first_shown(session: Session, findings: tuple[Finding, ...]) -> dict[str, int]:
    """Which request first showed each finding. One whose clause was only named afterwards, when it was cut down, has none."""
    first: dict[str, int] = {}
    for s in session.seen:
        first[s.breach.clause] = min(s.exchange.number, first.get(s.breach.clause, s.exchange.number))
    return {f.id: min(first[c] for c in (f.clause, *f.also) if c in first) for f in findings if {f.clause, *f.also} & first.keys()}


def headline(verdict: str, findings: tuple[Finding, ...], stale: tuple[str, ...], results: tuple[ClauseResult, ...], strict: bool) -> str:
    """One sentence for people."""
    idle = sum(r.verdict == "NOT-EXERCISED" for r in results)
    tail = f"; {_plural(idle, 'clause')} {'was' if idle == 1 else 'were'} not exercised" if idle else ""
    if verdict == "inconclusive":
        return f"Nothing could be judged{tail}."
    if not stale:
        return f"{_judged(verdict, findings, results, strict)}{tail}."
    gone = f"{_plural(len(stale), 'finding')} no longer occur{'s' * (len(stale) == 1)}"
    return f"{_judged(verdict, findings, results, strict)}{tail}. What is accepted is out of date: {gone}."


def _judged(verdict: str, findings: tuple[Finding, ...], results: tuple[ClauseResult, ...], strict: bool) -> str:
    new = [f for f in findings if f.accepted is None]
    passed = f"{_plural(sum(r.verdict == 'PASS' for r in results), 'clause')} passed"
    known = f", beside {_plural(len(findings) - len(new), 'accepted one')}" if len(new) < len(findings) else ""
    if verdict == "violates" and not new:
        return f"No new finding: {_plural(len(findings), 'accepted one')}; {passed}"
    if verdict == "violates" and any(_breaks(f, strict) for f in new):
        broken = len({c for f in new for c in (f.clause, *f.also)})
        return f"The contract is broken: {_plural(len(new), 'finding')} in {_plural(broken, 'clause')}{known}"
    minor = f"{_plural(len(new), 'finding')} below MUST{known}"
    if verdict == "violates":
        return f"No new break of a MUST, with {minor}; {passed}"
    if not findings:
        return f"The server keeps the contract: {passed}"
    return f"The server keeps the contract, with {minor if new else _plural(len(findings), 'accepted finding')}: {passed}"


def _breaks(finding: Finding, strict: bool) -> bool:
    return finding.level is Level.MUST or (strict and finding.level is Level.SHOULD)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
