"""From what was seen to causes: each wrong outcome is cut down, pair by pair and value by value, to the smallest case
that still shows it; what remains names the clause.

It sends probes through the session, within bounds of its own, and every probe must be a case of which the contract
expects the same as of the first one: a probe whose outcome is unclear proves nothing and is not sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from harness.case import Case, Pair
from harness.checks import Breach
from harness.classify import classify
from harness.contract import CLAUSE, FORM_TYPE, PARAMETER, Expected, Level
from harness.errors import BudgetSpent
from harness.exchange import Exchange
from harness.findings import Finding, numbered
from harness.oracle import INSTRUCTIONS, Expectation, companions
from harness.session import Seen, Session
from harness.wire import CLAUSE_OF_STYLE
from strategies.drawing import Numbers
from strategies.values import edges

T = TypeVar("T")

_ENDS = ("To", "From")
_ASSUME_AFTER = 6
_SYSTEMIC = 4


@dataclass(frozen=True)
class Limits:
    """How much attribution may spend: probes and seconds for all causes, and how many causes are told apart."""

    probes: int = 1500
    seconds: float = 20.0
    causes: int = 12


@dataclass
class _Cause:
    """A cause of valid calls that aren't created: the pairs to blame and what they are named."""

    kind: str
    names: frozenset[str]
    finding: Finding
    size: int
    values: dict[str, str] = field(default_factory=dict)
    confirmed: int = 0
    count: int = 1


class _Spent(Exception):
    """Attribution's own bound is reached."""


class Attribution:
    """Finds causes for what a session has seen.

    Args:
        session: what was seen, and the way to send probes.
        numbers: the target's numbers.
        limits: how much may be spent.
    """

    def __init__(self, session: Session, numbers: Numbers, limits: Limits | None = None) -> None:
        self.session = session
        self.numbers = numbers
        self.limits = limits or Limits()
        self.probes = 0
        self._end = time.monotonic() + self.limits.seconds
        self._causes: list[_Cause] = []
        self._transient: list[Seen] = []
        self._findings: list[Finding] = []
        self._base_works: bool | None = None

    # -- probing --------------------------------------------------------------------------------

    def findings(self) -> list[Finding]:
        """All findings for what the session has seen until now."""
        seen = list(self.session.seen)
        by_kind: dict[str, list[Seen]] = {}
        for s in seen:
            by_kind.setdefault(s.breach.kind, []).append(s)
        self._not_created(by_kind.get("refused", []) + self._valid(by_kind.get("crashed", [])))
        rejected = by_kind.get("accepted", []) + self._invalid(by_kind.get("crashed", []))
        self._wrongly_taken(rejected)
        self._unanswered(by_kind.get("unanswered", []))
        self._content(by_kind.get("content", []))
        self._transients()
        return numbered(self._findings)

    def _valid(self, seen: list[Seen]) -> list[Seen]:
        return [s for s in seen if s.breach.expected == "201"]

    def _invalid(self, seen: list[Seen]) -> list[Seen]:
        return [s for s in seen if s.breach.expected == "4xx"]

    def _probe(self, case: Case) -> Exchange:
        if self.probes >= self.limits.probes or time.monotonic() > self._end:
            raise _Spent
        self.probes += 1
        try:
            return self.session.send(case)
        except BudgetSpent:
            raise _Spent from None

    def _shows(self, case: Case, wanted: Expected, outcome: Callable[[Exchange], bool]) -> Exchange | None:
        """The exchange of a probe if the contract expects `wanted` of it and its outcome is wrong in the same way."""
        if self.session.expect(case).expected is not wanted:
            return None
        exchange = self._probe(case)
        return exchange if outcome(exchange) and exchange.status != 429 else None

    # -- valid calls that were not created ----------------------------------------------------------

    def _not_created(self, seen: list[Seen]) -> None:
        for s in sorted(seen, key=lambda s: (s.step != "one", len(s.exchange.case.pairs) > 6, s.exchange.number)):
            try:
                self._one_not_created(s)
            except _Spent:
                self._unexplained(s)

    def _unexplained(self, s: Seen) -> None:
        """Where the bounds are spent: an own finding only if nothing of its kind is known yet."""
        for cause in self._causes:
            if cause.kind == s.breach.kind or cause.names <= {n for n, _ in s.exchange.case.pairs}:
                cause.count += 1
                return
        finding = self._named("call.combination", s.breach, s.exchange, "not cut down: the bounds of attribution were reached")
        self._causes.append(_Cause(s.breach.kind, frozenset(), finding, len(s.exchange.case.pairs)))

    def _one_not_created(self, s: Seen) -> None:
        case = s.exchange.case
        wrong = _is_refused if s.breach.kind == "refused" else _is_crash
        if s.step == "together":
            self._transient.append(s)
            return
        if any(self._explains(c, s, wrong) for c in self._causes):
            return
        if len(self._causes) >= self.limits.causes:
            self._unexplained(s)
            return
        again = self._shows(case, Expected.ACCEPT, wrong)
        if again is None:
            self._transient.append(s)
            return
        self._causes.append(self._cut(case, again, s, wrong))

    def _explains(self, cause: _Cause, s: Seen, wrong: Callable[[Exchange], bool]) -> bool:
        """Whether a known cause is in this case too: the same pairs, or others of the same parameters that fail alone."""
        case = s.exchange.case
        names = {n for n, _ in case.pairs}
        if cause.kind != s.breach.kind or not cause.names <= names:
            return False
        if cause.size >= 8 and len(case.pairs) >= cause.size:
            cause.count += 1
            return True
        if all((n, v) in case.pairs for n, v in cause.values.items()) and not cause.finding.case.segments:
            cause.count += 1
            return True
        if cause.confirmed < _ASSUME_AFTER and cause.names:
            styles = case.styles or ("plain",) * len(case.pairs)
            kept = [(p, t) for p, t in zip(case.pairs, styles, strict=True) if p[0] in cause.names]
            probe = self._on_base(kept, case)
            if self._shows(probe, Expected.ACCEPT, wrong) is None:
                return False
            cause.confirmed += 1
        cause.count += 1
        return True

    def _cut(self, case: Case, exchange: Exchange, s: Seen, wrong: Callable[[Exchange], bool]) -> _Cause:
        """The smallest case that is still not created, and what it is called."""
        best = exchange

        def fails(candidate: Case) -> bool:
            nonlocal best
            found = self._shows(candidate, Expected.ACCEPT, wrong)
            if found is not None:
                best = found
            return found is not None

        try:
            case = self._plain_transport(case, fails)
            items = list(zip(case.pairs, case.styles or ("plain",) * len(case.pairs), strict=True))
            if not fails(self._on_base([], case)):
                items = _minimise(items, lambda kept: fails(self._on_base(kept, case)))
                items = self._simplify(items, case, fails)
            else:
                items = []
            clause, cause, order = self._name(items, case, fails)
        except _Spent:
            return _Cause(s.breach.kind, frozenset(), self._named("call.combination", s.breach, best, "cut down only in part"), len(case.pairs))
        finding = self._named(clause, s.breach, best, cause)
        names = frozenset(p[0] for p, _ in items)
        finding = replace(finding, parameters=tuple(sorted(names)))
        values = {p[0]: p[1] for p, _ in items} if len(items) > 1 and not order else {}
        return _Cause(s.breach.kind, names, finding, len(items), values)

    def _plain_transport(self, case: Case, fails: Callable[[Case], bool]) -> Case:
        """The case sent all at once, with the plain content type and styles, as far as it still fails so."""
        for plain in (
            replace(case, styles=(), segments=0, content_type=FORM_TYPE), replace(case, segments=0), replace(case, content_type=FORM_TYPE),
        ):
            if plain != case and fails(plain):
                case = plain
        return case

    def _on_base(self, items: list[tuple[Pair, str]], case: Case) -> Case:
        """The simplest valid call with some pairs of a case put in their place."""
        names = {p[0] for p, _ in items}
        own = self.numbers.own[0]
        pairs: list[Pair] = []
        styles: list[str] = []
        defaults: list[Pair] = []
        if "To" not in names:
            defaults.append(("To", self.numbers.called[0]))
        if "From" not in names:
            defaults.append(("From", own))
        if not names.intersection(INSTRUCTIONS):
            defaults.append(("Url", "https://example.com/voice"))
        for p in defaults:
            pairs.append(p)
            styles.append("plain")
        for p, style in items:
            pairs.append(p)
            styles.append(style)
        return replace(case, pairs=tuple(pairs), styles=tuple(styles) if set(styles) != {"plain"} else ())

    def _simplify(
        self, items: list[tuple[Pair, str]], case: Case, fails: Callable[[Case], bool]
    ) -> list[tuple[Pair, str]]:
        """Styles made plain and values made simple wherever that still fails."""
        for i, (pair, style) in enumerate(items):
            for candidate in self._simpler(pair, style):
                trial = [*items[:i], candidate, *items[i + 1:]]
                if fails(self._on_base(trial, case)):
                    items = trial
                    break
            else:
                items = self._shorter(items, i, case, fails)
        return items

    def _simpler(self, pair: Pair, style: str) -> Iterable[tuple[Pair, str]]:
        name, value = pair
        slug = classify(name, value)
        known = edges(name, slug)[:2]
        if style != "plain":
            yield (name, value), "plain"
        for simple in known:
            if simple == value:
                return
            yield (name, simple), style
        if slug != "values" and len(value) > 40:
            for simple in edges(name, slug):
                if len(simple) < len(value):
                    yield (name, simple), style
                    return

    def _shorter(
        self, items: list[tuple[Pair, str]], i: int, case: Case, fails: Callable[[Case], bool]
    ) -> list[tuple[Pair, str]]:
        """A free value with every piece left out that isn't needed."""
        (name, value), style = items[i]
        if len(value) < 3 or name in _ENDS and value.startswith("+") or classify(name, value) in ("values", "range", "well-formed"):
            return items
        budget = 60

        def still(chars: list[str]) -> bool:
            nonlocal budget
            text = "".join(chars)
            if budget <= 0 or not text:
                return False
            trial = [*items[:i], ((name, text), style), *items[i + 1:]]
            probe = self._on_base(trial, case)
            if self.session.expect(probe).expected is not Expected.ACCEPT:
                return False
            budget -= 1
            return fails(probe)

        chars = _minimise(list(value), still)
        return [*items[:i], ((name, "".join(chars)), style), *items[i + 1:]]

    def _name(
        self, items: list[tuple[Pair, str]], case: Case, fails: Callable[[Case], bool]
    ) -> tuple[str, str, bool]:
        """(clause, cause for people, whether the order is to blame)."""
        if case.segments:
            return "encoding.segments", f"a body sent {case.segments} bytes at a time", False
        if case.content_type != FORM_TYPE:
            return "encoding.charset", f"the content type {case.content_type}", False
        styled = [(p, s) for p, s in items if s != "plain"]
        if styled:
            (name, _), style = styled[0]
            return CLAUSE_OF_STYLE[style], f"{name} encoded as '{style}'", False
        blamed = self._without_companions([p for p, _ in items])
        if not blamed:
            return "call.created", "every valid call", False
        names = " with ".join(dict.fromkeys(n for n, _ in blamed))
        if len(blamed) == 1:
            name, value = blamed[0]
            return f"{PARAMETER[name].slug}.{self._slug(name, value, items)}", f"{name}={_short(value)}", False
        if len({n for n, _ in blamed}) == 1:
            return f"{PARAMETER[blamed[0][0]].slug}.values", f"{len(blamed)} values of {names}", False
        if not fails(self._on_base(list(reversed(items)), case)):
            return "call.parameter-order", f"{names}, in this order", True
        if any(set(PARAMETER[n].ignored_with) & {m for m, _ in blamed} for n, _ in blamed):
            return "call.ignored-parameter", names, False
        cause = ", ".join(f"{n}={_short(v)}" for n, v in blamed) if len(blamed) < 5 else f"{len(blamed)} parameters at once"
        return "call.combination", cause, False

    def _slug(self, name: str, value: str, items: list[tuple[Pair, str]]) -> str:
        pairs = tuple(p for p, _ in items)
        reasons = self.session.expect(self._on_base([(p, "plain") for p in pairs], Case(pairs))).reasons
        for reason in reasons:
            if reason.parameter == name:
                return reason.clause.partition(".")[2]
        return classify(name, value)

    def _without_companions(self, pairs: list[Pair]) -> list[Pair]:
        """The pairs without those that are there only since another one needs them to be valid."""
        kept = list(pairs)
        for pair in pairs:
            if len(kept) == 1:
                break
            rest = [p for p in kept if p is not pair]
            probe = self._on_base([(p, "plain") for p in rest], Case(()))
            if self.session.expect(probe).expected is not Expected.ACCEPT:
                kept = rest
        return kept

    # -- invalid calls that were not refused -----------------------------------------------------------

    def _wrongly_taken(self, seen: list[Seen]) -> None:
        groups: dict[tuple[str, str], list[Seen]] = {}
        for s in seen:
            groups.setdefault((s.breach.clause, s.breach.kind), []).append(s)
        crashed = [k for k in groups if k[1] == "crashed"]
        if len({CLAUSE[c].parameter for c, _ in crashed}) >= _SYSTEMIC and self._is_systemic(crashed, groups):
            self._systemic("refusal.status", [s for k in crashed for s in groups.pop(k)])
        for (clause, _kind), group in groups.items():
            self._one_wrongly_taken(clause, group)

    def _is_systemic(self, keys: list[tuple[str, str]], groups: dict[tuple[str, str], list[Seen]]) -> bool:
        """Whether refusals of many parameters crash because refusing does, not because of what is refused."""
        first = groups[keys[0]][0].exchange.case
        try:
            return self._shows(first, Expected.REJECT, lambda e: not e.is_refused) is not None
        except _Spent:
            return True

    def _systemic(self, clause: str, seen: list[Seen]) -> None:
        s = min(seen, key=lambda s: (len(s.exchange.case.pairs), s.exchange.number))
        parameters = sorted({CLAUSE[x.breach.clause].parameter or "" for x in seen} - {""})
        finding = self._named(clause, s.breach, s.exchange, f"requests that break rules of {len(parameters)} parameters")
        self._findings.append(replace(finding, occurrences=self._total(seen), level=CLAUSE[clause].level))

    def _total(self, seen: list[Seen]) -> int:
        keys = {(s.breach.clause, s.breach.kind) for s in seen}
        return sum(self.session.occurrences[k] for k in keys)

    def _one_wrongly_taken(self, clause: str, group: list[Seen]) -> None:
        ordered = sorted(group, key=lambda s: (s.place > 0, s.breach.level.rank, len(s.exchange.case.pairs), s.exchange.number))
        level = min((s.breach.level for s in group), key=lambda x: x.rank)
        try:
            for s in ordered[:4]:
                exchange = self._shows(s.exchange.case, Expected.REJECT, lambda e: not e.is_refused)
                if exchange is None:
                    continue
                smallest = self._smallest_invalid(s.exchange.case, clause, exchange)
                finding = self._named(clause, s.breach, smallest, self._company(smallest.case, clause))
                self._findings.append(replace(finding, occurrences=len(group), level=level))
                return
        except _Spent:
            s = ordered[0]
            self._findings.append(replace(self._named(clause, s.breach, s.exchange, ""), occurrences=len(group), level=level))
            return
        self._transient.extend(group)

    def _company(self, case: Case, clause: str) -> str:
        name = CLAUSE[clause].parameter
        others = [n for n, _ in case.pairs if n not in (name, *_ENDS, "Url", "Twiml")]
        needed = companions(PARAMETER[name]) if name else ()
        extra = [n for n in others if n not in needed]
        value = case.get(name) if name else None
        shown = f"{name}={_short(value)}" if value is not None else f"{name} absent"
        return shown + (f", only with {', '.join(sorted(set(extra)))}" if extra else "")

    def _smallest_invalid(self, case: Case, clause: str, exchange: Exchange) -> Exchange:
        """The case with every pair left out that isn't needed for the same clause to be broken."""
        best = exchange
        name = CLAUSE[clause].parameter

        def same(kept: list[Pair]) -> bool:
            nonlocal best
            candidate = replace(case, pairs=tuple(kept), styles=())
            expectation = self.session.expect(candidate)
            if not _is_about(expectation, clause):
                return False
            found = self._shows(candidate, Expected.REJECT, lambda e: not e.is_refused)
            if found is not None:
                best = found
            return found is not None

        blamed = [p for p in case.pairs if p[0] == name]
        base = [p for p in self._on_base([(p, "plain") for p in blamed], Case(())).pairs]
        if name in _ENDS and not blamed:
            base = [p for p in base if p[0] != name]
        if same(base):
            return best
        _minimise(list(case.pairs), same)
        return best

    # -- unclear calls that got no answer ------------------------------------------------------------------

    def _unanswered(self, seen: list[Seen]) -> None:
        groups: dict[str, list[Seen]] = {}
        for s in seen:
            groups.setdefault(s.breach.clause, []).append(s)
        causes = [c.finding.actual for c in self._causes if c.kind == "crashed" and c.finding.clause == "call.created"]
        if causes:
            return
        if len({CLAUSE[c].parameter for c in groups}) >= _SYSTEMIC:
            self._systemic("server.answers", seen)
            return
        for clause, group in groups.items():
            self._one_unanswered(clause, group)

    def _one_unanswered(self, clause: str, group: list[Seen]) -> None:
        s = min(group, key=lambda s: (len(s.exchange.case.pairs), s.exchange.number))
        try:
            exchange = self._shows(s.exchange.case, Expected.EITHER, _is_crash)
            if exchange is None:
                self._transient.append(s)
                return
            known = {(p, v) for c in self._causes for p, v in c.values.items()}
            if known and known <= set(s.exchange.case.pairs):
                return
            exchange = self._smallest_unclear(exchange.case, exchange)
        except _Spent:
            exchange = s.exchange
        if not self._explained_by_valid(exchange.case):
            self._findings.append(replace(self._named(clause, s.breach, exchange, ""), occurrences=len(group)))

    def _explained_by_valid(self, case: Case) -> bool:
        """Whether a cause found for valid calls crashes this unclear one too."""
        names = {n for n, _ in case.pairs}
        return any(c.kind == "crashed" and c.names and c.names <= names for c in self._causes)

    def _smallest_unclear(self, case: Case, exchange: Exchange) -> Exchange:
        best = exchange

        def same(kept: list[Pair]) -> bool:
            nonlocal best
            found = self._shows(replace(case, pairs=tuple(kept), styles=()), Expected.EITHER, _is_crash)
            if found is not None:
                best = found
            return found is not None

        _minimise(list(case.pairs), same)
        return best

    # -- answers whose content is wrong -----------------------------------------------------------------------

    def _content(self, seen: list[Seen]) -> None:
        groups: dict[str, list[Seen]] = {}
        for s in seen:
            groups.setdefault(s.breach.clause, []).append(s)
        for clause, group in groups.items():
            self._one_content(clause, group)

    def _one_content(self, clause: str, group: list[Seen]) -> None:
        level = min((s.breach.level for s in group), key=lambda x: x.rank)
        total = self._total(group)
        s = min(group, key=lambda s: (s.step == "together", len(s.exchange.case.pairs), s.exchange.number))
        if clause == "echo.sid-unique" or s.step == "together" and clause.startswith("echo."):
            self._shared(clause, s, total, level)
            return
        if not s.exchange.case.is_plain_form:
            self._findings.append(replace(self._content_finding(clause, s.breach, s.exchange), occurrences=total, level=level))
            return
        try:
            exchange, found, shown = self._smallest_content(clause, s)
        except _Spent:
            exchange, found, shown = s.exchange, s.breach, (1, 1)
        finding = self._content_finding(clause, found, exchange)
        flaky = shown if shown[0] < shown[1] else None
        self._findings.append(replace(finding, occurrences=total, level=level, flaky=flaky))

    def _shared(self, clause: str, s: Seen, total: int, level: Level) -> None:
        """Breaks that only several calls together show."""
        name = "call.concurrency" if s.step == "together" and clause in ("echo.own-call", "echo.to", "echo.from") else clause
        before = (s.exchange.previous,) if s.exchange.previous is not None and s.step != "together" else ()
        finding = self._content_finding(clause, s.breach, s.exchange)
        message = CLAUSE[name].statement
        self._findings.append(replace(
            finding, clause=name, message=message, occurrences=total, level=level, before=before,
            together=s.partners if s.step == "together" else (),
        ))

    def _smallest_content(self, clause: str, s: Seen) -> tuple[Exchange, Breach, tuple[int, int]]:
        """(exchange, its breach, (shown, tries)) of the smallest case whose answer breaks the same clause."""
        best = s.exchange
        best_breach = s.breach

        def breaks(case: Case) -> bool:
            nonlocal best, best_breach
            exchange = self._probe(case)
            for b in self._judged(exchange):
                if b.clause == clause:
                    best, best_breach = exchange, b
                    return True
            return False

        base = self._on_base([], Case(()))
        wanted = self.session.expect(s.exchange.case).expected
        if wanted is not Expected.REJECT and breaks(base):
            return best, best_breach, (1, 1)
        tries = 4
        shown = sum(breaks(s.exchange.case) for _ in range(tries))
        if shown < tries:
            return best, best_breach, (shown, tries)
        case = self._untransported(s.exchange.case, breaks)
        styles = case.styles or ("plain",) * len(case.pairs)
        items = list(zip(case.pairs, styles, strict=True))

        def same(kept: list[tuple[Pair, str]]) -> bool:
            candidate = case.with_pairs(tuple(p for p, _ in kept), tuple(t for _, t in kept))
            return self.session.expect(candidate).expected is wanted and breaks(candidate)

        _minimise(items, same)
        return best, best_breach, (1, 1)

    def _untransported(self, case: Case, breaks: Callable[[Case], bool]) -> Case:
        plain = replace(case, styles=(), segments=0, content_type=FORM_TYPE)
        return plain if plain != case and breaks(plain) else case

    def _judged(self, exchange: Exchange) -> list[Breach]:
        from harness.checks import judge

        found, _ = judge(exchange, self.session.expect(exchange.case), self.session.target.config.account_sid)
        return found

    def _content_finding(self, clause: str, b: Breach, exchange: Exchange) -> Finding:
        return Finding(
            id=clause, clause=clause, level=b.level, check=b.check, message=b.message, expected=b.expected, actual=b.actual, path=b.path,
            case=exchange.case, exchange=exchange,
        )

    # -- what did not repeat ------------------------------------------------------------------------------------

    def _transients(self) -> None:
        """Breaks that vanish when the case is sent alone again: a state, two at once, or chance; one finding for each sort."""
        self._findings.extend(replace(c.finding, occurrences=c.count) for c in self._causes)
        together = [s for s in self._transient if s.step == "together"]
        rest = [s for s in self._transient if s.step != "together"]
        if together and not self._covered(together[0]):
            s = together[0]
            finding = self._named("call.concurrency", s.breach, s.exchange, f"{len(s.partners)} calls at once")
            self._findings.append(replace(finding, occurrences=len(together), together=s.partners))
        crashes = [s for s in rest if s.breach.kind in ("crashed", "unanswered")]
        taken = [s for s in rest if s.breach.kind == "accepted"]
        refused = [s for s in rest if s.breach.kind == "refused"]
        for clause, group in (("call.history", refused), ("call.history", crashes), ("refusal.repeatable", taken)):
            if group:
                self._one_transient(clause, group)

    def _covered(self, s: Seen) -> bool:
        """Whether the parallel failure is one that a cause for single calls explains."""
        names = {n for n, _ in s.exchange.case.pairs}
        if any(c.kind == s.breach.kind and c.names <= names for c in self._causes):
            try:
                return self._shows(s.exchange.case, Expected.ACCEPT, lambda e: not e.is_created) is not None
            except _Spent:
                return True
        return False

    def _one_transient(self, clause: str, group: list[Seen]) -> None:
        s = min(group, key=lambda s: (s.place == 0, len(s.exchange.case.pairs), s.exchange.number))
        if clause == "call.history" and all(x.breach.kind == "unanswered" for x in group):
            clause = "server.answers"
        elif clause == "call.history" and all(x.breach.expected == "4xx" for x in group):
            clause = "refusal.repeatable"
        before: tuple[Case, ...] = ()
        exchange = s.exchange
        flaky: tuple[int, int] | None = (len(group), max(self.session.counts.cases, len(group)))
        try:
            found = self._by_sequence(s)
        except _Spent:
            found = None
        if found is not None:
            exchange, before = found
            flaky = None
            if clause == "call.history" and before and before[0] == s.exchange.case:
                clause = "call.repeatable"
        level = min((x.breach.level for x in group), key=lambda x: x.rank) if clause != "server.answers" else Level.SHOULD
        cause = "after the request before it" if before else "now and then; it does not repeat when the call is sent again"
        finding = self._named(clause, s.breach, exchange, cause)
        self._findings.append(replace(finding, occurrences=len(group), before=before, flaky=flaky, level=level))

    def _by_sequence(self, s: Seen) -> tuple[Exchange, tuple[Case, ...]] | None:
        """The exchange, and the case to send before it, if the pair of them shows the break every time."""
        case = s.exchange.case
        for first in dict.fromkeys(c for c in (case if s.place else s.exchange.previous, s.exchange.previous, case) if c is not None):
            exchanges: list[Exchange] = []
            for _ in range(2):
                self._probe(first)
                exchange = self._probe(case)
                if _is_wrong(exchange, s.breach):
                    exchanges.append(exchange)
            if len(exchanges) == 2:
                return exchanges[0], (first,)
        return None

    def _named(self, clause: str, b: Breach, exchange: Exchange, cause: str) -> Finding:
        row = CLAUSE[clause]
        return Finding(
            id=clause, clause=clause, level=min((b.level, row.level), key=lambda x: -x.rank) if row.level is not Level.MUST else b.level,
            check=b.check, message=row.statement, expected=b.expected, actual=exchange.describe(), path=b.path, case=exchange.case,
            exchange=exchange, cause=cause,
        )


def _is_about(expectation: Expectation, clause: str) -> bool:
    return any(r.clause == clause for r in expectation.reasons)


def _is_refused(exchange: Exchange) -> bool:
    return not exchange.is_created and not exchange.is_crash


def _is_crash(exchange: Exchange) -> bool:
    return exchange.is_crash


def _is_wrong(exchange: Exchange, b: Breach) -> bool:
    if b.kind == "accepted":
        return exchange.is_created
    return _is_crash(exchange) if b.kind in ("crashed", "unanswered") else _is_refused(exchange)


def _short(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= 40 else f"{text[:37]}… ({len(text)} characters)"


def _minimise(items: list[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """Delta debugging: a sublist that still fails and of which no single element can be left out.

    Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002).
    """
    parts = 2
    while len(items) >= 2:
        size = -(-len(items) // parts)
        chunks = [items[i:i + size] for i in range(0, len(items), size)]
        for i, chunk in enumerate(chunks):
            if len(chunks) > 2 or i < 2:
                if parts == 2 and fails(chunk):
                    items, parts = chunk, 2
                    break
            rest = [x for j, c in enumerate(chunks) if j != i for x in c]
            if parts > 2 and rest and fails(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(len(items), parts * 2)
    if len(items) == 1 and fails([]):
        return []
    return items
