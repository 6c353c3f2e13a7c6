"""Valid calls that were not created: each is cut down against a call that works, and what remains names the clause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.attribution.chance import Chance
from harness.attribution.minimise import minimise
from harness.attribution.prober import (
    MANY,
    PLUS_KEPT,
    ROUNDS,
    Cause,
    Ledger,
    Outcome,
    Prober,
    Spent,
    Styled,
    Trait,
    finding_of,
    outcome_of,
    short,
    styled,
)
from harness.attribution.traits import Fails, another, trait_of
from harness.case import HEAD_IN_WORDS, Case, Pair
from harness.classify import classify
from harness.contract import FORM_TYPE, PARAMETER, Expected, Level
from harness.exchange import Exchange
from harness.session import Seen
from harness.wire import CLAUSE_OF_STYLE
from strategies.domains import edges

_ASSUME_AFTER = 6
_VALUE_PROBES = 60
_LATE_TRIES = 5  # calls that failed after another request, of which it is asked whether they do alone as well
_BEFORE = "https://example.com/before"
# Sent only where the target took one that it cannot know.
_OF_OPEN_SIDS = ("application-sid.well-formed", "byoc.well-formed")
_CONNECTION, _ACCEPT = "head: connection", "head: accept"
_KEPT_WHOLE = ("values", "range", "well-formed", "e164", "own-number")


class ValidCalls:
    """Causes for valid calls that were refused or crashed.

    Args:
        prober: sends probes.
        ledger: where causes and what didn't repeat are put.
    """

    def __init__(self, prober: Prober, ledger: Ledger) -> None:
        self.prober = prober
        self.ledger = ledger
        self._fixed: frozenset[Pair] = frozenset()
        self._slow = False
        self._chances: dict[str, Chance] = {}

    def attribute(self, seen: list[Seen]) -> None:
        """Finds the cause of each, the small cases first."""
        def costs(s: Seen) -> tuple[bool, bool, bool, int]:
            case = s.exchange.case
            return case.pause > 0, s.step not in ("one", "batch"), len(case.pairs) > 6, s.exchange.number

        ordered = sorted(seen, key=costs)
        for s in (s for s in ordered if s.place == 0):
            self._asked(s)
        for i, s in enumerate(s for s in ordered if s.place > 0):
            if i < _LATE_TRIES and self._fails_after_a_good_one(s):
                self._asked(s)
            else:
                self.ledger.transient.append(s)

    def _asked(self, s: Seen) -> None:
        try:
            self._one(s)
        except Spent:
            self._unasked(s)

    def _fails_after_a_good_one(self, s: Seen) -> bool:
        """Whether what failed after another request also fails right after a call that is created: then it is not what came before."""
        if self.prober.no_repeats or any(c.kind == s.breach.kind for c in self.ledger.causes):
            return False  # what a known cause explains is left out later
        good = self.prober.plain_on_base([("Url", _BEFORE)])
        try:
            is_good = self.prober.send_apart(good).is_created
            return is_good and self.prober.every_time((good,), s.exchange.case, outcome_of(s.breach.kind)) is not None
        except Spent:
            return False

    def _unasked(self, s: Seen) -> None:
        """Where nothing can be asked any more: what a failing call has in common with others tells whether it is more than chance."""
        kind = s.breach.kind
        if kind not in self._chances:
            self._chances[kind] = self._chance(kind)
        if self._chances[kind].explains(s.exchange.case):
            self.ledger.transient.append(s)
            self.ledger.by_chance.add(kind)
        else:
            self._unexplained(s)

    def _chance(self, kind: str) -> Chance:
        session, counts = self.prober.session, self.prober.session.counts
        failed = [w for w in session.seen if w.breach.kind != "content" and self.prober.expect(w.exchange.case).expected is Expected.ACCEPT]
        alike = [w.exchange.case for w in failed if w.breach.kind == kind]
        share = len(alike) / max(len(failed), 1)
        return Chance(alike, session.fine.cases, share * (1 - counts.accepted / max(counts.accept_expected, 1)))

    def _unexplained(self, s: Seen) -> None:
        """Where the bounds are spent: an own finding only if nothing of its kind is known yet."""
        for cause in self.ledger.causes:
            if cause.kind == s.breach.kind:
                cause.count += 1
                return
        finding = finding_of("call.combination", s.breach, s.exchange, "not cut down: the bounds of attribution were reached")
        self.ledger.causes.append(Cause(s.breach.kind, frozenset(), finding, len(s.exchange.case.pairs)))

    def _one(self, s: Seen) -> None:
        wrong = outcome_of(s.breach.kind)
        if any(self._explains(c, s, wrong) for c in self.ledger.causes):
            return
        if len(self.ledger.causes) >= self.prober.limits.causes:
            self._unexplained(s)
            return
        self._slow = s.exchange.failure == "timeout"
        again: Exchange | None = None
        for _ in range(1 if self._slow else ROUNDS):  # what comes now and then only is not cut down
            again = self.prober.shows(s.exchange.case, Expected.ACCEPT, wrong)
            if again is None:
                break
        cause = self._cut(s, again, wrong) if again is not None else None
        if cause is None:
            self.ledger.transient.append(s)
        elif (same := self._same(cause)) is not None:
            same.count += 1
            if same.finding.clause.endswith(".long") and cause.finding.clause.endswith(".absolute"):
                same.finding, same.values, same.classes = cause.finding, cause.values, cause.classes
        else:
            self.ledger.causes.append(cause)

    def _same(self, cause: Cause) -> Cause | None:
        """A known cause that is called the same."""
        for known in self.ledger.causes:
            if cause.transport not in ("", "order") and (known.transport, known.finding.clause) == (cause.transport, cause.finding.clause):
                return known
            if cause.transport in CLAUSE_OF_STYLE and known.transport in CLAUSE_OF_STYLE and known.finding.clause == cause.finding.clause:
                return known
            if self._is_long_twin(cause, known):
                return known
            if {cause.transport, known.transport} == {_CONNECTION, _ACCEPT}:
                continue
            if (known.kind, known.finding.clause, known.names, known.said) == (cause.kind, cause.finding.clause, cause.names, cause.said):
                return known
        return None

    def _is_long_twin(self, cause: Cause, known: Cause) -> bool:
        """Whether long URLs fail for what short ones are known to fail for: a long one that is simple is taken."""
        clauses = (cause.finding.clause, known.finding.clause)
        slugs = {c.rpartition(".")[2] for c in clauses}
        if cause.names != known.names or slugs != {"absolute", "long"} or len(cause.names) != 1:
            return False
        simple = "https://example.com/" + "a" * 300
        return self.prober.send(self.prober.plain_on_base([(next(iter(cause.names)), simple)])).is_created

    # -- known causes -------------------------------------------------------------------------------

    def _explains(self, cause: Cause, s: Seen, wrong: Outcome) -> bool:
        """Whether a known cause is in this case too; the first few times a probe has to show it."""
        case = s.exchange.case
        if cause.kind != s.breach.kind or not self._fits(cause, case):
            return False
        if cause.confirmed < _ASSUME_AFTER and (cause.names or cause.transport or cause.trait) and not cause.is_slow:
            if not self._confirmed(cause, case, wrong):
                return False
            cause.confirmed += 1
        cause.count += 1
        return True

    def _fits(self, cause: Cause, case: Case) -> bool:
        if cause.trait is not None:
            return cause.trait.has(case)
        if cause.transport == "order":
            return _order(case, cause.names) == _order(cause.finding.case, cause.names)
        if cause.transport:
            return cause.transport in _transports(case)
        if cause.size >= MANY:
            return len(case.pairs) >= cause.size
        return cause.is_in(case)

    def _confirmed(self, cause: Cause, case: Case, wrong: Outcome) -> bool:
        if cause.trait is not None:
            return self.prober.send(cause.trait.without(case)).is_created
        if cause.transport == "order":
            return self.prober.send(case.with_pairs(case.pairs[::-1], case.styles[::-1])).is_created
        if cause.transport:
            styles = ("percent20",) * len(case.pairs) if cause.transport == "plus" else ()
            return self.prober.send(replace(case.plainly_sent, styles=styles)).is_created
        if cause.size >= MANY:
            return True
        kept = [(p, t) for p, t in styled(case) if p[0] in cause.names]
        return self.prober.shows(self.prober.on_base(kept, case), Expected.ACCEPT, wrong) is not None

    # -- cutting down -------------------------------------------------------------------------------

    def _cut(self, s: Seen, exchange: Exchange, wrong: Outcome) -> Cause | None:
        """The cause of one case, or None where the smallest case doesn't fail every time."""
        best = exchange

        def fails(candidate: Case) -> bool:
            nonlocal best
            found = self.prober.shows(candidate, Expected.ACCEPT, wrong)
            if found is not None:
                best = found
            return found is not None

        case = s.exchange.case
        try:
            case = self._plainly_sent(case, fails)
            items = self._as_known(self._smallest(case, fails), case, fails)
            smallest = best
            trait = self._trait(items, case, fails)
            if trait is not None and self._level(smallest).rank > self._level(best).rank:
                smallest = best  # another call that the trait makes fail, and that breaks more
            self._fixed = self._values_to_blame(items, case, fails) if trait is None else frozenset()
            clause, text, transport = self._name(items, case, fails) if trait is None else (trait.clause, trait.text, "")
            best = smallest
            with self.prober.in_full_time([s]):
                if not all(fails(best.case) for _ in range(1 if self._slow else 3)):
                    return None
        except Spent:
            if any(c.kind == s.breach.kind for c in self.ledger.causes):
                raise
            finding = finding_of("call.combination", s.breach, best, "cut down only in part: the bounds of attribution were reached")
            return Cause(s.breach.kind, frozenset(), finding, len(case.pairs))
        names = frozenset(p[0] for p, _ in items) if trait is None else trait.names
        level = self._level(best)
        also = (clause.replace("well-formed", "consistent"),) if clause in _OF_OPEN_SIDS else ()
        finding = replace(finding_of(clause, s.breach, best, text, level), parameters=tuple(sorted(names)), also=also)
        if trait is not None:
            return Cause(s.breach.kind, names, replace(finding, whole=trait.whole), len(items), trait=trait)
        classes = frozenset((n, classify(n, v)) for (n, v), _ in items)
        return Cause(s.breach.kind, names, finding, len(items), self._fixed, classes, transport)

    def _level(self, exchange: Exchange) -> Level:
        """How much is broken where the call is not created."""
        return self.prober.expect(exchange.case).level

    def _trait(self, items: list[Styled], case: Case, fails: Fails) -> Trait | None:
        """What of the call as a whole is to blame, where it is neither a pair nor the way of sending; not where each try costs seconds."""
        if self._slow or not items or case.segments or case.pause or case.head != "usual" or case.content_type != FORM_TYPE:
            return None
        return trait_of(self.prober, items, case, fails)

    def _plainly_sent(self, case: Case, fails: Fails) -> Case:
        """The case sent all at once, with the plain content type and styles, as far as it still fails so."""
        plain = case.plainly_sent
        if plain == case or fails(plain):
            return plain
        for change in ({"segments": 0}, {"content_type": FORM_TYPE}, {"pause": 0.0}, {"head": "usual"}):
            candidate = replace(case, **change)
            if candidate != case and fails(candidate):
                case = candidate
        return case

    def _smallest(self, case: Case, fails: Fails) -> list[Styled]:
        if fails(self.prober.on_base([], case)):
            return []
        items = minimise(styled(case), lambda kept: fails(self.prober.on_base(kept, case)))
        for i in range(len(items)):
            items = self._simpler_at(items, i, case, fails)
        return items

    def _as_known(self, items: list[Styled], case: Case, fails: Fails) -> list[Styled]:
        """One pair with the value that another parameter is known to fail with, where it fails with that as well."""
        if len(items) != 1:
            return items
        (name, value), style = items[0]
        for known in self.ledger.causes:
            other = next(iter(known.names)) if len(known.names) == 1 else name
            like = known.finding.case.get(other)
            if other == name or like is None or {known.finding.clause.rpartition(".")[2], classify(name, like)} != {classify(name, value)}:
                continue
            trial: list[Styled] = [((name, like), style)]
            if like == value or fails(self.prober.on_base(trial, case)):
                return trial
        return items

    def _simpler_at(self, items: list[Styled], i: int, case: Case, fails: Fails) -> list[Styled]:
        """One pair plainly encoded and with a simple value, wherever it still fails so; else its value made short."""
        pair, style = items[i]
        if style != "plain":
            trial = [*items[:i], (pair, "plain"), *items[i + 1:]]
            if fails(self.prober.on_base(trial, case)):
                items, style = trial, "plain"
        for value in _simple_values(pair):
            trial = [*items[:i], ((pair[0], value), style), *items[i + 1:]]
            if fails(self.prober.on_base(trial, case)):
                return trial
        return self._shorter_at(items, i, case, fails)

    def _shorter_at(self, items: list[Styled], i: int, case: Case, fails: Fails) -> list[Styled]:
        """A free value with every character left out that isn't needed."""
        (name, value), style = items[i]
        if len(value) < 3 or classify(name, value) in _KEPT_WHOLE:
            return items
        left = 0 if self._slow else _VALUE_PROBES

        def still(chars: list[str]) -> bool:
            nonlocal left
            trial = [*items[:i], ((name, "".join(chars)), style), *items[i + 1:]]
            probe = self.prober.on_base(trial, case)
            if left <= 0 or not chars or self.prober.expect(probe).expected is not Expected.ACCEPT:
                return False
            left -= 1
            return fails(probe)

        chars = minimise(list(value), still)
        return [*items[:i], ((name, "".join(chars)), style), *items[i + 1:]]

    def _values_to_blame(self, items: list[Styled], case: Case, fails: Fails) -> frozenset[Pair]:
        """The pairs that fail with this value only: with another one of the same class the call is created."""
        if not 1 < len(items) < MANY:
            return frozenset()
        fixed: set[Pair] = set()
        for i, (pair, style) in enumerate(items):
            other = another(pair)
            if other is not None and not fails(self.prober.on_base([*items[:i], ((pair[0], other), style), *items[i + 1:]], case)):
                fixed.add(pair)
        return frozenset(fixed)

    # -- naming ---------------------------------------------------------------------------------------

    def _name(self, items: list[Styled], case: Case, fails: Fails) -> tuple[str, str, str]:
        """(clause, cause for people, transport to blame)."""
        if case.pause:
            return "call.history", f"after {case.pause:g} s without a request", "pause"
        if case.head != "usual":
            return "encoding.headers", HEAD_IN_WORDS[case.head], _blamed_head(case)
        if case.segments:
            return "encoding.segments", f"a request in pieces, its body {case.segments} bytes at a time", "segments"
        if case.content_type != FORM_TYPE:
            return "encoding.charset", f"the content type {case.content_type}", "content-type"
        for (name, _), style in items:
            if style != "plain":
                return CLAUSE_OF_STYLE[style], f"{name} encoded as '{style}'", style
        if self._is_plus_kept(items, case):
            return "encoding.space", PLUS_KEPT, "plus"
        blamed = self._without_companions([p for p, _ in items])
        if not blamed:
            return "call.history", "every valid call, though one was created at the start of the run", ""
        names = list(dict.fromkeys(n for n, _ in blamed))
        if len(blamed) == 1:
            return self._clause_of(blamed[0], items), f"{names[0]}={short(blamed[0][1])}", ""
        if len(names) == 1:
            return f"{PARAMETER[names[0]].slug}.values", f"{len(blamed)} values of {names[0]}", ""
        if len(blamed) >= MANY:
            return "call.combination", f"{len(blamed)} parameters at once", ""
        if not fails(self.prober.on_base(list(reversed(items)), case)):
            return "call.parameter-order", f"{' before '.join(names)}", "order"
        if any(set(PARAMETER[n].ignored_with).intersection(names) for n in names):
            return "call.ignored-parameter", " with ".join(names), ""
        return "call.combination", ", ".join(f"{n}={short(v)}" for n, v in blamed), ""

    def _is_plus_kept(self, items: list[Styled], case: Case) -> bool:
        """Whether the call is created once its spaces are sent as %20: then it is + that is read wrongly."""
        if all(" " not in p[1] for p, _ in items):
            return False
        return self.prober.send(self.prober.on_base([(p, "percent20") for p, _ in items], case)).is_created

    def _clause_of(self, pair: Pair, items: list[Styled]) -> str:
        probe = self.prober.plain_on_base([p for p, _ in items])
        for reason in self.prober.expect(probe).reasons:
            if reason.parameter == pair[0]:
                return reason.clause
        return f"{PARAMETER[pair[0]].slug}.{classify(*pair)}"

    def _without_companions(self, pairs: list[Pair]) -> list[Pair]:
        """The pairs without those that are there only since another one is not valid without them."""
        kept = list(pairs)
        for pair in pairs:
            rest = [p for p in kept if p is not pair]
            if rest and self.prober.expect(self.prober.plain_on_base(rest)).expected is not Expected.ACCEPT:
                kept = [pair] if len(kept) == 2 and not self._stands_alone(pair) else rest
        return kept

    def _stands_alone(self, pair: Pair) -> bool:
        return self.prober.expect(self.prober.plain_on_base([pair])).expected is Expected.ACCEPT


def _order(case: Case, names: frozenset[str]) -> list[str]:
    """Some parameters in the order in which they first stand in a case."""
    return list(dict.fromkeys(n for n, _ in case.pairs if n in names))


def _transports(case: Case) -> set[str]:
    """What is special in the way a case is sent."""
    found = set(case.styles) - {"plain"}
    if case.segments:
        found.add("segments")
    if case.pause:
        found.add("pause")
    if case.head != "usual":
        found.add(_blamed_head(case))
    if case.content_type != FORM_TYPE:
        found.add("content-type")
    if any(" " in v for _, v in case.pairs):
        found.add("plus")
    return found


def _blamed_head(case: Case) -> str:
    """What of a request's head is to blame: how it ends, or what it says that it takes."""
    return _CONNECTION if case.head == "close" else _ACCEPT


def _simple_values(pair: Pair) -> Iterable[str]:
    """Simpler values of the same class, the simplest first."""
    name, value = pair
    slug = classify(name, value)
    known = edges(name, slug)
    if slug == "long":
        yield edges(name, "absolute")[0]
    for simple in known[:2]:
        if simple == value:
            return
        yield simple
    if slug != "values" and len(value) > 40:
        yield from [k for k in known if len(k) < len(value)][2:4]
