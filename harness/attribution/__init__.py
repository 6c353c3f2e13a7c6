"""From what was seen to causes: each wrong outcome is cut down, pair by pair and value by value, to the smallest case
that still shows it; what remains names the clause.

Probes go through the session, within bounds of their own, and every probe is a case of which the contract expects the
same as of the first one: a probe whose outcome is unclear proves nothing and is not sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness.attribution.chance import but_by_chance
from harness.attribution.content import Content
from harness.attribution.invalid import LATE, InvalidCalls, merged
from harness.attribution.prober import AND_MORE, MANY, Cause, Ledger, Limits, Prober, limits_of
from harness.attribution.transient import Transients
from harness.attribution.valid import ValidCalls
from harness.case import Case
from harness.contract import CLAUSE, PARAMETER
from harness.findings import Finding, joined, numbered
from harness.session import Seen, Session
from strategies.drawing import Numbers

_ALIKE = 3
_OUTCOMES = 0.8  # the share of the limits for wrong outcomes, where wrong content is to be explained too


def attribute(
    session: Session, numbers: Numbers, limits: Limits | None = None, known: Sequence[Cause] = (), ledger: Ledger | None = None,
    apart: frozenset[str] = frozenset(),
) -> list[Finding]:
    """All findings for what a session has seen.

    Args:
        session: what was seen, and the way to send probes.
        numbers: the target's numbers.
        limits: how much may be spent.
        known: causes that were found while the run went on.
        apart: clauses whose findings are never joined with those of others, since they are judged otherwise.
        ledger: what an earlier call for the same session came to; only what was seen since then is looked at.

    Returns:
        Findings, one a cause, strongest level first; those of earlier calls with the same ledger too.
    """
    prober = Prober(session, numbers, limits or Limits())
    ledger = ledger if ledger is not None else Ledger()
    ledger.apart = apart
    if not ledger.looked_at:
        ledger.causes.extend(replace(c, count=0) for c in known)
    seen = [s for s in session.seen[ledger.looked_at:] if s.exchange.number not in session.unsure]
    ledger.looked_at = len(session.seen)
    prober.learn_repeats(seen)
    valid = [s for s in seen if s.breach.kind == "refused" or (s.breach.kind == "crashed" and s.breach.expected == "201")]
    invalid = [s for s in seen if s.breach.kind == "accepted" or (s.breach.kind == "crashed" and s.breach.expected == "4xx")]
    content = _of_kind(seen, "content")
    with prober.within(_OUTCOMES if content else 1.0):
        ValidCalls(prober, ledger).attribute(valid)
        calls = InvalidCalls(prober, ledger)
        calls.attribute(invalid)
        calls.unanswered(_of_kind(seen, "unanswered"))
    Content(prober, ledger).attribute(but_by_chance(prober, ledger, content))
    Transients(prober, ledger).attribute(ledger.transient[ledger.settled:])
    ledger.settled = len(ledger.transient)
    by_cause = _not_utf8([replace(c.finding, occurrences=max(c.count, 1)) for c in ledger.causes])
    by_cause = _same_in_company(_same_rule(by_cause, apart), apart)
    return numbered(_kept(ledger.kept, _joined(_late_pairs(by_cause, ledger.findings), apart), apart))


def _kept(whole: Finding | None, findings: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """That calls get something from those before them, as one finding with all calls that were wrongly refused or created."""
    if whole is None:
        return findings
    follows = [f for f in findings if f.expected in ("201", "4xx") and not f.exchange.is_crash and f.clause not in apart]
    return [joined(whole, follows), *(f for f in findings if all(f is not g for g in follows))]


def _same_rule(findings: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """The same rule of several parameters that is broken in the same way as one, such as of all URLs."""
    single = [f for f in findings if CLAUSE[f.clause].parameter is not None]
    return [*(f for f in findings if CLAUSE[f.clause].parameter is None), *merged(single, apart)]


def _same_in_company(findings: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """Several parameters that fail beside the same other one, in the same way, as one."""
    clauses = {"call.combination"} if apart else {"call.combination", "call.ignored-parameter"}
    pairs = [f for f in findings if f.clause in clauses and len(f.parameters) == 2]
    shared = Counter((name, f.actual) for f in pairs for name in f.parameters)
    taken: set[int] = set()
    out = [f for f in findings if f not in pairs]
    for (name, actual), count in shared.most_common():
        group = [f for f in pairs if name in f.parameters and f.actual == actual and id(f) not in taken]
        fewest = 2 if all(f.clause == "call.ignored-parameter" and name in PARAMETER[_beside(f, name)].ignored_with for f in group) else _ALIKE
        if count < fewest or len(group) < fewest:
            continue
        taken.update(map(id, group))
        often = Counter(f.clause for f in group)
        first = min(group, key=lambda f: (f.level.rank, -often[f.clause]))
        others = f"{len(group) - 1} more parameters" if len(group) > 2 else _beside(next(f for f in group if f is not first), name)
        cause = f"{first.cause}; the same with {others} beside {name}"
        out.append(replace(joined(first, [f for f in group if f is not first]), cause=cause))
    return [*out, *(f for f in pairs if id(f) not in taken)]


def _beside(finding: Finding, name: str) -> str:
    """The other parameter of two."""
    return next(n for n in finding.parameters if n != name)


def _late_pairs(by_cause: list[Finding], others: list[Finding]) -> list[Finding]:
    """Large calls that are refused, and rules that don't hold in large calls, as one: what stands late in a call is not read."""
    late = next((f for f in others if f.cause.startswith(LATE)), None)
    large = next((f for f in by_cause if f.clause == "call.combination" and _is_large(f)), None)
    if late is None or large is None or large.exchange.is_crash:
        return [*by_cause, *others]
    whole = joined(large, [late])
    return [*(whole if f is large else f for f in by_cause), *(f for f in others if f is not late)]


def _is_large(finding: Finding) -> bool:
    """Whether many parameters are to blame, whichever they are."""
    return len(finding.parameters) >= MANY or (finding.cause.endswith(AND_MORE) and len(finding.case.pairs) > MANY)


def _not_utf8(findings: list[Finding]) -> list[Finding]:
    """Several parameters that fail with what is not ASCII, and only with that, as one: UTF-8 isn't read."""
    odd = [f for f in findings if len(f.parameters) == 1 and not (f.case.get(f.parameters[0]) or "").isascii()]
    if len({f.parameters for f in odd}) < 2:
        return findings
    first = min(odd, key=lambda f: len(f.case.pairs))
    clause = CLAUSE["encoding.utf-8"]
    whole = replace(
        joined(replace(first, clause=clause.id, message=clause.statement, occurrences=0, also=()), odd),
        cause=", ".join(sorted({f.parameters[0] for f in odd})), level=clause.level,
    )
    return [*(f for f in findings if f not in odd), whole]


class Hangs:
    """Learns from the first hangs of a run what makes the target hang, so that the run need not wait for each of them.

    Args:
        session: the run's session.
        numbers: the target's numbers.
    """

    def __init__(self, session: Session, numbers: Numbers) -> None:
        self.prober = Prober(session, numbers, Limits(200, 30.0, 4))
        self.ledger = Ledger()
        self._clauses: dict[str, int] = {}

    def learn(self, seen: Seen) -> None:
        """Finds the cause of a valid call's hang; other hangs are counted by the clause that they are about."""
        if seen.breach.expected == "201":
            ValidCalls(self.prober, self.ledger).attribute([seen])
            # What could not be cut down now, near the end of a budget, is cut down at the end of the run.
            self.ledger.causes[:] = [c for c in self.ledger.causes if c.names or c.transport]
        else:
            self._clauses[seen.breach.clause] = self._clauses.get(seen.breach.clause, 0) + 1

    def would_hang(self, case: Case) -> bool:
        """Whether a case has a known cause in it, or is about a clause whose cases hung twice."""
        if self._clauses.get(case.aim, 0) >= 2:
            return True
        return any((c.names or c.trait) and c.is_in(case) for c in self.ledger.causes)


def _joined(findings: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """Findings that name the same clause and the same cause as one: valid and invalid calls may show the same fault."""
    by_cause: dict[tuple[str, str], Finding] = {}
    for f in findings:
        is_one = f.clause.startswith("malformed.") or f.clause == "call.concurrency"
        key = (f.clause, "" if is_one else f.cause if f.cause and f.clause != "call.history" else f.actual)
        known = by_cause.get(key)
        first = f if known is None or len(f.together) < len(known.together) else known
        by_cause[key] = f if known is None else joined(first, [f if first is known else known])
    return _of_families(list(by_cause.values()), apart)


def _of_families(findings: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """Credentials that are all answered in the same wrong way, and malformed bodies too, as one finding each."""
    out: list[Finding] = []
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for f in findings:
        family = f.clause.partition(".")[0]
        if family in ("auth", "malformed") and f.clause != "auth.other-account" and f.clause not in apart:
            groups.setdefault((family, f.actual, f.level.value), []).append(f)
        else:
            out.append(f)
    for group in groups.values():
        first = min(group, key=lambda f: not f.cause)
        out.append(joined(first, [f for f in group if f is not first]))
    return out


def _of_kind(seen: list[Seen], kind: str) -> list[Seen]:
    return [s for s in seen if s.breach.kind == kind]


__all__ = ["Hangs", "Ledger", "Limits", "attribute", "limits_of"]
