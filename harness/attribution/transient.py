"""Outcomes that are right again when the case is sent alone: a sequence, two calls at once, or chance; one finding a sort."""

from __future__ import annotations

from dataclasses import replace

from harness.attribution.prober import ROUNDS, Ledger, Outcome, Prober, Spent, finding_of, outcome_of
from harness.case import Case
from harness.contract import CLAUSE, Expected, Level
from harness.errors import BudgetSpent
from harness.exchange import Exchange
from harness.session import AT_ONCE, Seen

_NOT_AGAIN = "now and then; it does not show when the call is sent again"
_NOT_ASKED = "now and then, in few of the calls that are like it; they could not be sent again"
_SEVERAL = 3
_IN_A_ROW, _FEWER = 10, (2, 3, 4, 5, 7)  # requests; a limit of how many may be refused is seldom higher
_CONTROLS = 5
_ANOTHER_URL = "https://example.com/another"


class Transients:
    """Findings for what did not repeat."""

    def __init__(self, prober: Prober, ledger: Ledger) -> None:
        self.prober = prober
        self.ledger = ledger

    def attribute(self, seen: list[Seen]) -> None:
        """At most one finding for each sort of thing that happens now and then."""
        seen = [s for s in seen if not self._covered(s)]
        together = [s for s in seen if s.step in AT_ONCE]
        rest = [s for s in seen if s.step not in AT_ONCE]
        alike = {s.breach.kind for s in rest}
        if not together or alike.intersection(s.breach.kind for s in together) or not self._together(together):
            rest += together
        crashes = [s for s in rest if s.breach.kind in ("crashed", "unanswered")]
        for group in (
            [s for s in rest if s.breach.kind == "refused"], crashes, [s for s in rest if s.breach.kind == "accepted"],
        ):
            if group:
                self._one(group)

    def _covered(self, s: Seen) -> bool:
        """Whether the break is one that a cause for single calls explains: it shows when the case is sent alone."""
        same = [c for c in self.ledger.causes if c.kind == s.breach.kind]
        if s.breach.kind not in ("refused", "crashed") or not same:
            return False
        if s.exchange.case.segments and any(c.transport == "segments" for c in same):
            return True  # how the pieces arrive is chance
        try:
            return outcome_of(s.breach.kind)(self.prober.send(s.exchange.case))
        except Spent:
            return True

    def _together(self, seen: list[Seen]) -> bool:
        """Whether calls at once break where calls in sequence don't; the finding is kept."""
        s = next((s for s in seen if s.step == "together"), seen[0])
        wanted = self.prober.expect(s.exchange.case).expected

        def breaks(exchange: Exchange) -> bool:
            return outcome_of(s.breach.kind)(exchange) and self.prober.expect(exchange.case).expected is wanted

        def at_once(cases: tuple[Case, ...]) -> int:
            return sum(any(map(breaks, self.prober.session.send_together(list(cases)))) for _ in range(ROUNDS))

        try:
            partners = next((pair for pair in self._simple_pairs(wanted) if at_once(pair) == ROUNDS), s.partners)
            shown = ROUNDS if partners != s.partners else at_once(partners)
            alone = any(breaks(self.prober.send(c)) for c in partners for _ in range(2))
        except (Spent, BudgetSpent):
            return False
        if alone or (shown == 0 and len(seen) < 3):
            return False
        finding = finding_of("call.concurrency", s.breach, s.exchange, f"{len(partners)} calls at once", Level.MUST)
        flaky = None if shown == ROUNDS else (shown, ROUNDS)
        case = next((c for c in partners if self.prober.expect(c).expected is wanted), partners[0])
        self.ledger.findings.append(replace(finding, case=case, occurrences=len(seen), together=partners, flaky=flaky))
        return True

    def _simple_pairs(self, wanted: Expected) -> tuple[tuple[Case, ...], ...]:
        """Two simple calls to different people, then to the same one; or one of them and a wrong one."""
        base = self.prober.plain_on_base([])
        if wanted is Expected.REJECT:
            return ((base, self.prober.plain_on_base([("Timeout", "word")])),)
        return (base, self.prober.plain_on_base([("To", "client:alice")])), (base, self.prober.plain_on_base([("Url", _ANOTHER_URL)]))

    def _one(self, group: list[Seen]) -> None:
        s = min(group, key=lambda s: (s.place == 0, len(s.exchange.case.pairs), s.exchange.number))
        clause = _clause_of(group)
        exchange = s.exchange
        flaky: tuple[int, int] | None = (len(group), max(self.prober.session.counts.cases, len(group)))
        before: tuple[Case, ...] = ()
        cause = _NOT_AGAIN
        try:
            found = self._by_sequence(s)
            if found is None and clause == "call.history" and len(group) > 1 and all(w.exchange.case.segments for w in group):
                clause, cause = "encoding.segments", "a request in pieces, now and then"
        except Spent:
            # Not asked again; what was sent twice in a row is taken for what it looks like, if it mostly looks like it.
            found = (s.exchange, (s.exchange.case,)) if s.step == "again" and s.place and self._is_usual_again(group) else None
            cause = _NOT_ASKED if self.ledger.by_chance else _NOT_AGAIN
        if found is not None:
            exchange, before = found
            flaky = None
            cause = "when it is sent again" if before[0] == exchange.case else self._after(before)
            if clause == "call.history" and before[0] == exchange.case:
                clause = "call.repeatable"
        level = _level_of(clause, group)
        finding = finding_of(clause, s.breach, exchange, cause, level)
        self.ledger.findings.append(replace(finding, occurrences=len(group), before=before, flaky=flaky))

    def _after(self, firsts: tuple[Case, ...]) -> str:
        """What came before, in words."""
        if self.prober.expect(firsts[0]).expected is not Expected.REJECT:
            return "after the request before it"
        if firsts[0].credentials != "right":
            return f"after {len(firsts)} requests with wrong credentials" if len(firsts) > 1 else "after a request with wrong credentials"
        return f"after {len(firsts)} calls that are refused" if len(firsts) > 1 else "after a call that is refused"

    def _is_usual_again(self, group: list[Seen]) -> bool:
        """Whether most calls that were sent again showed the same."""
        clause, expected = ("call.repeatable", "201") if _clause_of(group) == "call.history" else ("refusal.repeatable", "4xx")
        again = sum(s.step == "again" and s.place > 0 and s.breach.expected == expected for s in group)
        return 2 * again > self.prober.session.exercised[clause] and (again > _SEVERAL or not self.ledger.by_chance)

    def _by_sequence(self, s: Seen) -> tuple[Exchange, tuple[Case, ...]] | None:
        """The exchange, and what to send before it, if the break shows after that every time, and not after another call."""
        base, previous, shows = self.prober.plain_on_base([]), s.exchange.previous, outcome_of(s.breach.kind)
        wrong = self.prober.plain_on_base([("Timeout", "word")]) if s.breach.expected == "201" else None
        was_denied = previous is not None and previous.credentials != "right" and self.prober.session.target.loopback
        denied = replace(base, credentials=previous.credentials) if wrong and previous is not None and was_denied else None
        for case in self._simple_first(s.exchange.case, s.breach.expected):
            single = [(c,) for c in (case if s.place else None, wrong, previous, case) if c is not None]
            in_a_row = [(c,) * _IN_A_ROW for c in (denied, wrong) if c is not None]
            for firsts in dict.fromkeys([*single, *in_a_row]):
                found = self.prober.every_time(firsts, case, shows)
                if found is not None and (firsts == (case,) or not self._shows_anyway(case, shows)):
                    return self._fewest(found, firsts, shows)
        return None

    def _shows_anyway(self, case: Case, shows: Outcome) -> bool:
        """Whether the case shows the break after a call that is as it should be, too."""
        good = self.prober.plain_on_base([("Url", _ANOTHER_URL)])
        for _ in range(_CONTROLS):
            self.prober.send_apart(good)
            if shows(self.prober.send_next(case)):
                return True
        return False

    def _fewest(self, found: Exchange, firsts: tuple[Case, ...], shows: Outcome) -> tuple[Exchange, tuple[Case, ...]]:
        """The exchange, and as few of the same request in a row before it as show the break every time."""
        for count in _FEWER if len(firsts) > 1 else ():
            fewer = self.prober.every_time(firsts[:count], found.case, shows)
            if fewer is not None:
                return fewer, firsts[:count]
        return found, firsts

    def _simple_first(self, case: Case, expected: str) -> tuple[Case, ...]:
        """A case, plainly sent; and before it the simplest call, with what is wrong in it, where that has to be refused as well."""
        if expected == "201":
            plain = case.plainly_sent
            return tuple(dict.fromkeys((self.prober.plain_on_base([]), plain)))
        odd = [case.pairs[r.at] for r in self.prober.expect(case).reasons if r.at >= 0]
        simple = self.prober.plain_on_base(odd)
        is_simpler = expected == "4xx" and odd and len(simple.pairs) < len(case.pairs) and self.prober.expect(simple).expected is Expected.REJECT
        return (simple, case) if is_simpler else (case,)


def _level_of(clause: str, group: list[Seen]) -> Level:
    """The level of what happens now and then: whoever refuses a call when asked again has to answer the first time, whatever its rule's level."""
    if clause == "server.answers":
        return Level.SHOULD
    crashed = any(s.breach.kind == "crashed" for s in group)
    return CLAUSE[clause].level if crashed else min((s.breach.level for s in group), key=lambda x: x.rank)


def _clause_of(group: list[Seen]) -> str:
    if any(s.breach.kind == "refused" or s.breach.expected == "201" for s in group):
        return "call.history"
    if any(s.breach.kind == "accepted" or s.breach.expected == "4xx" for s in group):
        return "refusal.repeatable"
    return "server.answers"
