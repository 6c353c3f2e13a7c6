"""Calls that had to be refused and were not, and unclear ones that got no answer: which rule, in which company."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from harness.attribution.chance import but_by_chance
from harness.attribution.minimise import minimise
from harness.attribution.prober import MANY, PLUS_KEPT, Cause, Ledger, Prober, Spent, finding_of, is_crash, short
from harness.attribution.repeats import is_taken_anew, kept_from_before, taken_when_repeated
from harness.case import Case, Pair
from harness.classify import address_form, classify, expected_alone
from harness.contract import CLAUSE, PARAMETER, Expected, Level
from harness.exchange import Exchange
from harness.findings import Finding, joined
from harness.oracle import companions
from harness.session import Seen, has_sid
from strategies.domains import edges

AMPERSAND = "ampersand"
_CONTROL = "control-character"
ONLY = ", only with "
_WITHOUT = ", only without "
LATE = "only in calls with "
_SYSTEMIC = 4
_SHARED = 3  # parameters; whose rule is broken alike share what should check it
_LARGE = 8
_SEVERAL = 3
_PRESENCE = "required"  # a rule of a parameter, not of its values
_TRIES = 4
_HARD = 10  # characters; so much longer a value seems for one that is not in printable ASCII
_ENDS = ("To", "From")
_ABSENT = ("to.required", "from.required")
_TWINS = (set(_ENDS), {"ApplicationSid", "Byoc"})  # what takes values of one form
_ORDER = {clause: place for place, clause in enumerate(CLAUSE)}
_NAMELESS = "a pair without a name"


class InvalidCalls:
    """Causes for invalid calls that were taken or crashed, and for unclear ones that crashed."""

    def __init__(self, prober: Prober, ledger: Ledger) -> None:
        self.prober = prober
        self.ledger = ledger
        self._crashing: dict[tuple[Pair, ...], bool] = {}

    # -- had to be refused --------------------------------------------------------------------------

    def attribute(self, seen: list[Seen]) -> None:
        """One finding a clause; one for all where refusing itself is broken; one where the same sort of rule is."""
        explained = {"crashed": self._explained, "accepted": self.ledger.is_too_large}
        rest = [s for s in seen if not explained[s.breach.kind](s.exchange.case)]
        rest = self._refiled(but_by_chance(self.prober, self.ledger, rest))
        rest = self._kept_from_before(self._but_after_others(rest))
        rest = self._broken_refusals(self._nothing_refused(self._taken_when_repeated(rest)))
        groups: dict[tuple[str, str], list[Seen]] = {}
        for s in rest:
            groups.setdefault((s.breach.clause, s.breach.kind), []).append(s)
        found = [f for (clause, _), group in groups.items() if (f := self._one(clause, group)) is not None]
        found += self._rules_broken_since(found)
        apart = self.ledger.apart
        self.ledger.findings.extend(_of_large_calls(_in_company(merged(without_consequences(found, apart), apart), apart)))

    def _refiled(self, seen: list[Seen]) -> list[Seen]:
        """Crashes of calls that break several rules, each under one that crashes so by itself too, if there is one."""
        rules = [self._broken_rules(s) if s.breach.kind == "crashed" else [s.breach.clause] for s in seen]
        alone = {(clauses[0], s.breach.actual) for s, clauses in zip(seen, rules, strict=True) if len(clauses) == 1}
        out: list[Seen] = []
        for s, clauses in zip(seen, rules, strict=True):
            clause = next((c for c in clauses if (c, s.breach.actual) in alone), s.breach.clause)
            out.append(s if clause == s.breach.clause else replace(s, breach=replace(s.breach, clause=clause)))
        return out

    def _broken_rules(self, s: Seen) -> list[str]:
        """The clauses of all that is wrong in a call, or would be if it were not ignored there; the one that it was filed under comes first."""
        case = s.exchange.case
        known = [(n, v) for n, v in case.pairs if n in PARAMETER]
        ignored = [f"{PARAMETER[n].slug}.{classify(n, v)}" for n, v in known if expected_alone(n, v) is Expected.REJECT]
        return list(dict.fromkeys([s.breach.clause, *(r.clause for r in self.prober.expect(case).reasons), *ignored]))

    def _but_after_others(self, seen: list[Seen]) -> list[Seen]:
        """Takes out crashes of many sorts that don't show after a valid call: it is not what is wrong in them, but what came before."""
        crashed = [s for s in seen if s.breach.kind in ("crashed", "unanswered")]
        samples: dict[str | None, Seen] = {}
        smallest: dict[str, Seen] = {}
        for s in sorted(crashed, key=lambda s: (*_size(s.exchange.case), s.exchange.number)):
            samples.setdefault(CLAUSE[s.breach.clause].parameter, s)
            smallest.setdefault(s.breach.clause, s)
        if len(samples) < _SYSTEMIC:
            return seen
        try:
            if any(map(self._shows_after_a_valid_call, list(samples.values())[:_TRIES])):
                return seen
            lasting = {clause for clause, s in smallest.items() if self._shows_after_a_valid_call(s)}
        except Spent:
            return seen
        gone = {id(s) for s in crashed if s.breach.clause not in lasting}
        self.ledger.transient.extend(s for s in crashed if id(s) in gone)
        return [s for s in seen if id(s) not in gone]

    def _shows_after_a_valid_call(self, s: Seen) -> bool:
        self.prober.send_next(self.prober.plain_on_base([]))
        again = self.prober.send_next(s.exchange.case)
        return again.is_crash or (s.breach.kind == "crashed" and not again.is_refused)

    def _kept_from_before(self, seen: list[Seen]) -> list[Seen]:
        """Takes out calls that were created, where what a call leaves out is as it was in the one before: much may come of that."""
        taken = [s for s in seen if s.breach.kind == "accepted"]
        if len({CLAUSE[s.breach.clause].parameter for s in taken}) < 2 and all(s.breach.clause not in _ABSENT for s in taken):
            return seen
        try:
            found = kept_from_before(self.prober, taken)
        except Spent:
            return seen
        if found is None:
            return seen
        self.ledger.kept = found if self.ledger.kept is None else joined(self.ledger.kept, [found])  # of what was looked at before
        return [s for s in seen if s.breach.kind != "accepted"]

    def _taken_when_repeated(self, seen: list[Seen]) -> list[Seen]:
        """Takes out what shows only that the target takes a refused call when it is sent again."""
        taken = [s for s in seen if s.breach.kind == "accepted"]
        if sum(s.place > 0 for s in taken) < _SEVERAL:
            return seen
        try:
            finding = taken_when_repeated(self.prober, taken)
            if finding is None:
                return seen
            self.ledger.findings.append(finding)
            at_first = sorted((s for s in taken if s.place == 0), key=lambda s: (*_size(s.exchange.case), s.exchange.number))
            smallest = {s.breach.clause: s for s in reversed(at_first)}
            anew = {clause for clause, s in smallest.items() if is_taken_anew(self.prober, s.exchange.case)}
            return [s for s in seen if s.breach.kind != "accepted" or (s.place == 0 and s.breach.clause in anew)]
        except Spent:
            return seen

    def _explained(self, case: Case) -> bool:
        """Whether a cause that crashes valid calls is in this case too."""
        pairs = set(case.pairs)
        names = {n for n, _ in pairs}
        for cause in self.ledger.causes:
            if cause.kind != "crashed":
                continue
            if cause.trait is not None:
                if cause.trait.has(case):
                    return True
            elif cause.size >= MANY:
                if len(case.pairs) >= cause.size:
                    return True
            elif cause.names <= names and self._crashes_in(case, cause, pairs):
                return True
        return False

    def _crashes_in(self, case: Case, cause: Cause, pairs: set[Pair]) -> bool:
        """Whether this case's own values of the parameters to blame crash a call, too."""
        if not cause.names or cause.is_slow:
            return cause.values <= pairs
        return self._crash(tuple(p for p in case.pairs if p[0] in cause.names))

    def _crash(self, pairs: tuple[Pair, ...]) -> bool:
        """Whether these pairs alone crash a valid call; where one is not valid itself, any value of it is taken to."""
        if pairs not in self._crashing:
            case = self.prober.plain_on_base(list(pairs))
            try:
                valid = self.prober.expect(case).expected is Expected.ACCEPT
                self._crashing[pairs] = not valid or self.prober.send(case).is_crash
            except Spent:
                return True
        return self._crashing[pairs]

    def _broken_refusals(self, seen: list[Seen]) -> list[Seen]:
        """Takes out what shows that refusing itself is broken: the same wrong status for rules of many parameters."""
        groups: dict[str, list[Seen]] = {}
        for s in seen:
            if s.breach.kind == "crashed" or not self._creates(s.exchange):
                groups.setdefault(s.exchange.describe(), []).append(s)
        taken: set[int] = set()
        for group in groups.values():
            parameters = {CLAUSE[s.breach.clause].parameter for s in group}
            often = len(parameters) >= 2 * _SYSTEMIC and group[0].breach.kind != "crashed"
            if often or (len(parameters) >= _SYSTEMIC and self._repeats(group[0])):
                taken.update(id(s) for s in group)
                self._systemic("refusal.status", group)
        return [s for s in seen if id(s) not in taken]

    def _nothing_refused(self, seen: list[Seen]) -> list[Seen]:
        """Takes out what shows that the target refuses no call at all, whatever is wrong with it."""
        taken = [s for s in seen if s.breach.kind == "accepted"]
        if self.prober.session.counts.rejected or len({CLAUSE[s.breach.clause].parameter for s in taken}) < 2 * _SYSTEMIC:
            return seen
        self._systemic("refusal.status", taken, "nothing is refused")
        whole = self.ledger.findings[-1]
        self.ledger.findings[-1] = replace(whole, also=tuple(sorted({s.breach.clause for s in taken} - {whole.clause})))
        return [s for s in seen if s.breach.kind != "accepted"]

    def _creates(self, exchange: Exchange) -> bool:
        """Whether an answer looks like a created call as this target's look."""
        if self.prober.session.sids:
            return has_sid(exchange)
        return exchange.status == 201

    def _repeats(self, s: Seen) -> bool:
        try:
            return all(not self.prober.send(s.exchange.case).is_refused for _ in range(2))
        except Spent:
            return True

    def _systemic(self, clause: str, seen: list[Seen], cause: str = "") -> None:
        s = min(seen, key=lambda s: (len(s.exchange.case.pairs), s.exchange.number))
        parameters = {CLAUSE[x.breach.clause].parameter for x in seen}
        cause = f"{cause}{': ' if cause else ''}calls that break rules of {len(parameters)} parameters"
        finding = finding_of(clause, s.breach, s.exchange, cause, CLAUSE[clause].level)
        self.ledger.findings.append(replace(finding, occurrences=len(seen)))
        self.ledger.systemic.add(finding.actual)

    def _rules_broken_since(self, found: list[Finding]) -> list[Finding]:
        """Findings for the rest of a parameter's rules, where several of them are broken and now all are: since when is another matter."""
        out: list[Finding] = []
        for (name, _), group in _by_parameter(found).items():
            if name is not None and len(group) >= _SEVERAL and len({f.actual for f in group}) == 1 and group[0].exchange.is_created:
                out += self._other_rules(name, group)
        return out

    def _other_rules(self, name: str, group: list[Finding]) -> list[Finding]:
        """Findings for the rules of a parameter that have none yet, if each of them is broken in the same way; else none."""
        known = {f.clause for f in group}
        out: list[Finding] = []
        for row in PARAMETER[name].classes:
            clause = f"{PARAMETER[name].slug}.{row.slug}"
            value = next(iter(edges(name, row.slug)), None)
            if row.expected is not Expected.REJECT or clause in known or value is None or row.slug == _PRESENCE:
                continue
            try:
                exchange = self.prober.shows(self.prober.plain_on_base([(name, value)]), Expected.REJECT, lambda e: e.is_created)
            except Spent:
                return []
            if exchange is None or exchange.describe() != group[0].actual:
                return []
            found = replace(group[0], id=clause, clause=clause, message=CLAUSE[clause].statement, cause=name, occurrences=0)
            out.append(replace(found, case=exchange.case, exchange=exchange))
        return out

    def _one(self, clause: str, group: list[Seen]) -> Finding | None:
        ordered = sorted(group, key=lambda s: (s.place > 0, s.breach.level.rank, *_size(s.exchange.case), s.exchange.number))
        level = ordered[0].breach.level if ordered[0].place == 0 else min((s.breach.level for s in group), key=lambda x: x.rank)
        try:
            for s in ordered[:_TRIES]:
                exchange = self.prober.shows(s.exchange.case, Expected.REJECT, lambda e: not e.is_refused)
                if exchange is None:
                    continue
                smallest, broken, lacking = self._of_effect(self._smallest(s.exchange.case, clause, exchange), clause, level)
                with self.prober.in_full_time(group):
                    repeats = all(not self.prober.send(smallest.case).is_refused for _ in range(1 if exchange.failure == "timeout" else 2))
                if repeats:
                    if self._is_plus_kept(smallest.case):
                        return replace(finding_of("encoding.space", s.breach, smallest, PLUS_KEPT, broken), occurrences=len(group))
                    company = self._company(smallest.case, clause)
                    cause = _blamed(smallest.case, clause) + (f"{ONLY}{company}" if company else f"{_WITHOUT}{lacking}" if lacking else "")
                    finding = finding_of(clause, s.breach, smallest, cause, broken)
                    return replace(finding, occurrences=len(group))
        except Spent:
            if not but_by_chance(self.prober, self.ledger, group):
                return None
            s = ordered[0]
            return replace(finding_of(clause, s.breach, s.exchange, "", level), occurrences=len(group))
        self.ledger.transient.extend(group)
        return None

    def _of_effect(self, smallest: Exchange, clause: str, level: Level) -> tuple[Exchange, Level, str]:
        """The exchange and its level, with what gives the parameter an effect, where its value is taken there too: that breaks a MUST.

        The third is what gives it an effect, in words, where the value is refused beside that.
        """
        name = CLAUSE[clause].parameter
        if level is Level.MUST or name is None or not PARAMETER[name].useless_without:
            return smallest, level, ""
        needed = [(n, value or edges(n, PARAMETER[n].classes[0].slug)[0]) for n, value in PARAMETER[name].useless_without if n != "Url"]
        blamed = [p for p in smallest.case.pairs if p[0] == name]
        candidate = self.prober.plain_on_base([*needed, *blamed])
        expectation = self.prober.expect(candidate)
        if expectation.level is not Level.MUST or all(r.clause != clause for r in expectation.reasons):
            return smallest, level, ""
        found = self.prober.shows(candidate, Expected.REJECT, lambda e: not e.is_refused)
        if found is not None:
            return found, Level.MUST, ""
        return smallest, level, " and ".join(n if value is None else f"{n}={value}" for n, value in PARAMETER[name].useless_without if n != "Url")

    def _is_plus_kept(self, case: Case) -> bool:
        """Whether the call is refused once its spaces are sent as %20: then it is + that is read wrongly."""
        if all(" " not in v for _, v in case.pairs):
            return False
        return self.prober.send(replace(case, styles=("percent20",) * len(case.pairs))).is_refused

    def _smallest(self, case: Case, clause: str, exchange: Exchange) -> Exchange:
        """The exchange of the case with every pair as in the simplest call, or left out, that isn't needed for the same clause to be broken."""
        best = exchange
        name = CLAUSE[clause].parameter

        def same(kept: list[Pair]) -> bool:
            nonlocal best
            candidate = replace(case, pairs=tuple(kept), styles=(), segments=0, head="usual")
            if all(r.clause != clause for r in self.prober.expect(candidate).reasons):
                return False
            found = self.prober.shows(candidate, Expected.REJECT, lambda e: not e.is_refused)
            if found is not None:
                best = found
            return found is not None

        blamed = [p for p in case.pairs if p[0] == name]

        def on_base(kept: list[Pair]) -> bool:
            absent = name in _ENDS and not blamed
            return same([p for p in self.prober.plain_on_base(kept).pairs if not (absent and p[0] == name)])

        if on_base(blamed):
            return best
        if not on_base(list(case.pairs)):
            minimise(list(case.pairs), same)
            return best
        kept = minimise(list(case.pairs), on_base)
        for i, (other, value) in enumerate(kept):
            simple = edges(other, classify(other, value))[:1] if other in PARAMETER and other != name else ()
            if simple and simple[0] != value and on_base([*kept[:i], (other, simple[0]), *kept[i + 1:]]):
                kept[i] = (other, simple[0])
        return best

    def _company(self, case: Case, clause: str) -> str:
        """What the value to blame needs beside it, for people."""
        name = CLAUSE[clause].parameter
        if name is None:
            return ""
        others = {n for n, _ in case.pairs} - {name, *_ENDS, "Url", "Twiml"} - set(companions(PARAMETER[name]))
        usual = self.prober.plain_on_base([])
        ends = [_end(n, v) for n, v in case.pairs if n in _ENDS and n != name and v != usual.get(n)]
        return ", ".join([*ends, *sorted(others)])

    # -- unclear, but to be answered ------------------------------------------------------------------

    def unanswered(self, seen: list[Seen]) -> None:
        """One finding a clause; one for all where many parameters show the same."""
        rest = [s for s in seen if s.exchange.describe() not in self.ledger.systemic and not self._explained(s.exchange.case)]
        rest = but_by_chance(self.prober, self.ledger, [s for s in rest if not self._is_forbidden_elsewhere(s)])
        rest = self._but_after_others(rest)
        if len({CLAUSE[s.breach.clause].parameter for s in rest}) >= _SYSTEMIC and self._repeats_crash(rest[0]):
            self._systemic("server.answers", rest)
            return
        groups: dict[str, list[Seen]] = {}
        for s in rest:
            groups.setdefault(self._odd(s), []).append(s)
        waiting, known = dict(groups), len(self.ledger.findings)
        for clause, group in sorted(groups.items(), key=lambda item: CLAUSE[item[0]].parameter is None):
            del waiting[clause]
            crashing = {CLAUSE[f.clause].parameter for f in self.ledger.findings if f.actual and f.exchange.is_crash} - {None}
            parameter = CLAUSE[clause].parameter
            if parameter in crashing:
                continue
            if parameter is None and crashing:
                group = [s for s in group if not self._crashes_anyway(s.exchange.case, crashing)]
            if group:
                self._one_unanswered(clause, group, waiting)
        self.ledger.findings[known:] = merged(self.ledger.findings[known:], self.ledger.apart)

    def _odd(self, s: Seen) -> str:
        """The clause to name: of several that leave the call open, the one it was made for where the other's parameter is as usual."""
        name, aim = CLAUSE[s.breach.clause].parameter, s.exchange.case.aim
        is_usual = (name, s.exchange.case.get(name or "")) in self.prober.plain_on_base([]).pairs
        return aim if is_usual and aim in CLAUSE and CLAUSE[aim].parameter not in (None, name) else s.breach.clause

    def _is_forbidden_elsewhere(self, s: Seen) -> bool:
        """Whether the odd value is of a sort on which another parameter, where it is forbidden, is known to crash; it is counted there."""
        name = CLAUSE[s.breach.clause].parameter
        value = s.exchange.case.get(name) if name is not None else None
        if name is None or value is None:
            return False
        for i, f in enumerate(self.ledger.findings):
            other = CLAUSE[f.clause].parameter
            alike = other is not None and other != name and type(PARAMETER[other].domain) is type(PARAMETER[name].domain)
            if f.clause in self.ledger.apart or not alike or f.actual != s.breach.actual or f.check != s.breach.check:
                continue
            if classify(str(other), value) == f.clause.rpartition(".")[2]:
                also = tuple(dict.fromkeys((*f.also, s.breach.clause)))
                self.ledger.findings[i] = replace(f, also=also, occurrences=f.occurrences + 1)
                return True
        return False

    def _crashes_anyway(self, case: Case, crashing: set[str | None]) -> bool:
        """Whether a call that is odd crashes for what is known already: it does so once what is odd in it is gone."""
        plain = case.with_pairs(tuple(p for p in map(_readable, case.pairs) if p[0] in PARAMETER))
        try:
            return any(n in crashing for n, _ in plain.pairs) and self.prober.send(plain).is_crash
        except Spent:
            return True

    def _repeats_crash(self, s: Seen) -> bool:
        try:
            return all(self.prober.send(s.exchange.case).is_crash for _ in range(2))
        except Spent:
            return True

    def _one_unanswered(self, clause: str, group: list[Seen], waiting: dict[str, list[Seen]]) -> None:
        """Adds one finding, unless what is left in the end is odd for another clause whose own cases are still to come."""
        s = min(group, key=lambda s: (*_size(s.exchange.case), s.exchange.number))
        try:
            exchange = self.prober.shows(s.exchange.case, Expected.EITHER, is_crash)
            if exchange is None:
                self.ledger.transient.extend(group)
                return
            exchange = self._smallest_unclear(exchange, clause)
            with self.prober.in_full_time(group):
                repeats = all(self.prober.send(exchange.case).is_crash for _ in range(1 if exchange.failure == "timeout" else 2))
            if not repeats:
                self.ledger.transient.extend(group)
                return
        except Spent:
            if not but_by_chance(self.prober, self.ledger, group):
                return
            exchange = s.exchange
        odd = [r.clause for r in self.prober.expect(exchange.case).reasons]
        if clause not in odd and odd:
            if (other := next((c for c in odd if c in waiting), None)) is not None:
                waiting[other].extend(group)
                return
            for i, f in enumerate(self.ledger.findings):
                if f.exchange.is_crash and not {f.clause, *f.also}.isdisjoint(odd):
                    self.ledger.findings[i] = replace(f, occurrences=f.occurrences + len(group))
                    return
            clause = odd[0]
        name = CLAUSE[clause].parameter
        if name is not None and exchange.case.get(name) is None:
            clause, name = "server.answers", None  # it is not that parameter: without it the same happens
        cause = f"{name}={short(exchange.case.get(name))}" if name else _oddity(clause, exchange.case)
        also = (clause,) if cause == _NAMELESS else ()
        clause = "malformed.form" if also else clause
        self.ledger.findings.append(replace(finding_of(clause, s.breach, exchange, cause), occurrences=len(group), also=also))

    def _smallest_unclear(self, exchange: Exchange, clause: str) -> Exchange:
        """The exchange of the simplest call with as little as possible of what is odd in it; else of the case without what isn't needed."""
        best = exchange
        pairs = list(exchange.case.pairs)
        odd = [pairs[r.at] for r in self.prober.expect(exchange.case).reasons if r.clause == clause and r.at >= 0]

        def same(kept: list[Pair]) -> bool:
            nonlocal best
            found = self.prober.shows(replace(exchange.case, pairs=tuple(kept), styles=()), Expected.EITHER, is_crash)
            if found is not None:
                best = found
            return found is not None

        def on_base(kept: list[Pair]) -> bool:
            return same(list(self.prober.plain_on_base(kept).pairs))

        if odd and on_base(odd):
            minimise(odd, on_base)
            same([p for p in best.case.pairs if p not in odd])  # where what the odd pair stands for is missing, it may be that
        else:
            minimise(pairs, on_base if on_base(pairs) else same)
        return best


def _size(case: Case) -> tuple[int, int]:
    """How much there is to read in a case: pairs, characters of their values. What has no key of its own is hard to read."""
    return len(case.pairs), sum(1 if " " <= c <= "~" else _HARD for _, v in case.pairs for c in v)


def _oddity(clause: str, case: Case) -> str:
    """What is odd in a case that is no matter of one parameter's value."""
    names = [n for n, _ in case.pairs]
    if clause == "malformed.unknown-parameter":
        unknown = next((n for n in names if n not in PARAMETER), None)
        return "" if unknown is None else f"a parameter named {short(unknown)}" if unknown else _NAMELESS
    if clause == "malformed.repeated":
        return ", ".join(f"{n} given {names.count(n)} times" for n in dict.fromkeys(names) if names.count(n) > 1)
    return ""


def _readable(pair: Pair) -> Pair:
    """A pair whose bytes that are no UTF-8 have become question marks."""
    return pair[0], "".join("?" if "\ud800" <= c <= "\udfff" else c for c in pair[1])


def _blamed(case: Case, clause: str) -> str:
    """The value to blame."""
    name = CLAUSE[clause].parameter
    values = [v for n, v in case.pairs if n == name]
    return "" if name is None else f"{name}={' and '.join(short(v) for v in values)}" if values else f"{name} absent"


def _end(name: str, value: str) -> str:
    """To or From with its form, which matters, rather than whose address it is."""
    form = address_form(value)
    return f"{name}={form}:…" if form in ("sip", "client") else f"{name}={short(value)}"


# The rule that most plainly says that nothing is looked at, where none of a parameter's rules holds.
_TELLING = ("unknown-value", "characters", "integer", "known-form", "well-formed", "hex-digits")
_CONSEQUENCES = {
    "control-character": ("unknown-value", "length"), "letter-case": ("unknown-value",), "decimal": ("integer",), "maximum": ("minimum",),
}
_SAME = ("minimum", "length")  # of these the wrong answer must be the same


def _by_parameter(found: list[Finding]) -> dict[tuple[str | None, bool], list[Finding]]:
    """Findings by the parameter that their clause is about, and whether they show in large calls alone."""
    out: dict[tuple[str | None, bool], list[Finding]] = {}
    for f in found:
        out.setdefault((CLAUSE[f.clause].parameter, len(f.case.pairs) >= _LARGE), []).append(f)
    return out


def without_consequences(found: list[Finding], apart: frozenset[str] = frozenset()) -> list[Finding]:
    """Findings of one parameter as one, where a rule can't hold since a wider one doesn't, or where none of its rules does.

    Args:
        found: one of each clause and outcome.
        apart: clauses whose findings stay as they are.
    """
    out: list[Finding] = [f for f in found if f.clause in apart]
    for (name, _), group in _by_parameter([f for f in found if f.clause not in apart]).items():
        firsts: dict[str, Finding] = {}
        for f in group:
            firsts.setdefault(f.clause, f)
        out.extend(_of_parameter(name, list(firsts.values())) if name is not None and len(firsts) > 1 else firsts.values())
        out.extend(f for f in group if f is not firsts[f.clause])
    return out


def _of_parameter(name: str, group: list[Finding]) -> list[Finding]:
    order = [f"{PARAMETER[name].slug}.{c.slug}" for c in PARAMETER[name].classes]
    group = sorted(group, key=lambda f: order.index(f.clause))
    by_rule = {f.clause.partition(".")[2]: f for f in group}
    refusing = {c.slug for c in PARAMETER[name].classes if c.expected is Expected.REJECT} - {_PRESENCE}
    if len({f.actual for f in group}) == 1 and (refusing <= set(by_rule) or group[0].exchange.is_crash):
        first, *rest = group
        if first.exchange.is_crash:
            return [_with(first, rest, first.cause)]
        telling = next((by_rule[s] for s in _TELLING if s in by_rule), first)
        where = _where_of(telling)
        whole = _with(telling, [f for f in group if f is not telling], f"no value of it is refused{where}")
        return [replace(whole, message=f"{name} is not checked{where.replace(', only', '')}: values that break any rule of it are accepted.")]
    if (where := _where_of(group[0])) and {(_where_of(f), f.actual) for f in group} == {(where, group[0].actual)}:
        return [_with(group[0], group[1:], group[0].cause)]
    out: list[Finding] = []
    of_wider: dict[str, list[Finding]] = {}
    for slug, f in by_rule.items():
        wider = next((w for w in _CONSEQUENCES.get(slug, ()) if w in by_rule and (w not in _SAME or by_rule[w].actual == f.actual)), None)
        if wider is not None:
            of_wider.setdefault(wider, []).append(f)
    for slug, f in by_rule.items():
        if any(f is g for rest in of_wider.values() for g in rest):
            continue
        rest = of_wider.get(slug, [])
        out.append(_with(f, rest, f.cause) if rest else f)
    return out


def _company_of(finding: Finding) -> str:
    """What a finding's value needs beside it."""
    return finding.cause.partition(ONLY)[2]


def _where_of(finding: Finding) -> str:
    """Beside what alone a finding's value is wrongly taken, or without what, as its cause says it."""
    return next((words + finding.cause.partition(words)[2] for words in (ONLY, _WITHOUT) if words in finding.cause), "")


def _in_company(found: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """Rules of several parameters that do not hold where one other parameter is there, as one: beside it nothing is looked at."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for f in found:
        if (company := _company_of(f).partition(";")[0]) and f.clause not in apart:
            groups.setdefault((company, f.actual), []).append(f)
    out = list(found)
    for (company, _), group in groups.items():
        parameters = {CLAUSE[clause].parameter for f in group for clause in (f.clause, *f.also)}
        if len(group) < 2 or len(parameters) < _SHARED:
            continue
        first = min(group, key=lambda f: (f.level.rank, len(f.case.pairs)))
        cause = f"{first.cause.partition(ONLY)[0]}{ONLY}{company}; the same with rules of {len(parameters) - 1} more parameters"
        whole = _with(first, [f for f in group if f is not first], cause)
        out = [whole if f is first else f for f in out if f is first or all(f is not g for g in group)]
    return out


def _with(first: Finding, rest: list[Finding], cause: str) -> Finding:
    return replace(joined(first, rest), cause=cause, level=min((f.level for f in (first, *rest)), key=lambda x: x.rank))


def _of_large_calls(found: list[Finding]) -> list[Finding]:
    """Several rules that hold in small calls and not in large ones, as one: what stands late in a call isn't looked at."""
    large = [f for f in found if len(f.case.pairs) >= _LARGE]
    if len(large) < 2 or sum(1 + len(f.also) for f in large) < 3:
        return found
    first = min(large, key=lambda f: len(f.case.pairs))
    rest = [f for f in large if f is not first]
    return [*(f for f in found if f not in large), _with(first, rest, f"{LATE}{len(first.case.pairs)} parameters or more")]


def _rule(finding: Finding) -> str:
    """What a finding's rule says of any parameter: its slug, or what its value shows: control characters, a cut at an ampersand."""
    name = CLAUSE[finding.clause].parameter
    blamed = "".join(v for n, v in finding.case.pairs if n == name)
    if name not in _ENDS and any(c < " " for c in blamed):
        return _CONTROL
    if name is not None and "&" in blamed and expected_alone(name, blamed.partition("&")[0]) is not Expected.REJECT:
        return AMPERSAND
    return _slug(finding)


def _slug(finding: Finding) -> str:
    return finding.clause.partition(".")[2]


def _share_what_is_to_blame(group: list[Finding]) -> bool:
    """Whether it is one value, or anything beside one other parameter, that is to blame in each of several parameters."""
    blamed = {f.case.get(CLAUSE[f.clause].parameter or "") for f in group}
    beside = {_company_of(f) for f in group}
    return (len(blamed) == 1 and None not in blamed) or (len(beside) == 1 and "" not in beside)


def merged(found: list[Finding], apart: frozenset[str]) -> list[Finding]:
    """Findings of the same rule of many parameters as one, which names the clauses of the others too."""
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    rules = [_rule(f) for f in found]
    shown = Counter((rule, f.actual) for rule, f in zip(rules, found, strict=True))
    for rule, f in zip(rules, found, strict=True):
        rule = rule if shown[rule, f.actual] > 1 else _slug(f)
        by_rule.setdefault((f.clause if f.clause in apart else rule, f.actual), []).append(f)
    out: list[Finding] = []
    for (rule, _), group in by_rule.items():
        names = {CLAUSE[f.clause].parameter for f in group}
        fewest = 2 if rule in (AMPERSAND, _CONTROL) or names in _TWINS or _share_what_is_to_blame(group) else _SHARED
        if len(group) < fewest or len({f.clause for f in group}) < fewest:
            out.extend(group)
            continue
        first = min(group, key=lambda f: (f.level.rank, len(f.case.pairs), _ORDER[f.clause]))
        parameter = CLAUSE[first.clause].parameter
        others = f"{len(group) - 1} more parameters" if len(group) > 2 or len(names) < 2 else str(*(names - {parameter}))
        cause = f"{first.cause or parameter}; the same rule of {others}"
        out.append(replace(joined(first, [f for f in group if f is not first]), cause=cause))
    return out
