"""The covering phase: which requests a run sends, in which order, lazily.

Rounds over all classes of values, so that a small budget still meets every clause before any is met twice; between them
packed valid calls, which try some twenty new values at once. Whether an answer is right is the oracle's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from harness.case import ACCOUNTS, HEADS, UNCLEAR_HEADS, Case, Pair, Pairs
from harness.classify import classify
from harness.contract import FORM_TYPE, PARAMETER, PARAMETERS, Expected, Parameter, ValueClass
from harness.contract.model import Events, Integer, Sid, Twiml
from harness.wire import STYLES
from strategies.covering import ABSENT, rows
from strategies.domains import edges
from strategies.drawing import Drawer

WRONG_CREDENTIALS: tuple[tuple[str, str], ...] = (
    ("none", "auth.missing"), ("wrong", "auth.wrong"), ("beyond-ascii", "auth.wrong"),
    ("prefix", "auth.almost-right"), ("longer", "auth.almost-right"),
    ("changed-end", "auth.almost-right"), ("changed-start", "auth.almost-right"), ("spaced", "auth.almost-right"),
    ("empty", "auth.almost-right"), ("letter-case", "auth.almost-right"), ("second-colon", "auth.almost-right"),
    ("nul-end", "auth.almost-right"), ("user-twice", "auth.almost-right"),
    ("other-user", "auth.user"), ("user-end", "auth.user"), ("user-longer", "auth.user"), ("no-user", "auth.user"),
    ("exchanged", "auth.user"), ("other-scheme", "auth.scheme"),
    ("scheme-only", "auth.scheme"), ("no-scheme", "auth.scheme"), ("no-base64", "auth.scheme"), ("unencoded", "auth.scheme"),
    ("no-colon", "auth.scheme"),
)


_LAST = ("malformed.huge", "malformed.form", "malformed.utf-8")
_IN_A_ROW = 10  # requests that are refused
_SAME_NUMBER = 0.15  # the share of packed calls that have one number in two parameters
_SAME_PERSON = 0.4  # the share of the calls at once of one kind that go to one person
_ONE_WRONG = 0.4  # the share of the other calls at once among which one has to be refused
_CHARSETS = ("; charset=utf-8", ";charset=UTF-8", "; charset=UTF-8", '; charset="utf-8"')
_HEADS = tuple(h for h in HEADS if h != "usual" and h not in UNCLEAR_HEADS)
_MULTIPART = "multipart/form-data; boundary=x"
_SECOND = {"To": "client:alice", "From": "client:bob"}  # beside the usual ones
_WITH_LONG = tuple(p.name for p in PARAMETERS if any(c.slug == "long" for c in p.classes))
# Names in brackets are sent instead of the parameter that they name, if a call can do without it.
_UNKNOWN = (
    "Unknown", "to", "X" * 300, "ClientNotificationUrl", "To[]", "é", "__proto__", "To ", "", "StatusCallbackEvent[0]", "To[a]", "Twiml[a]", "From[]",
)


# Bytes that are no UTF-8: alone, cut off, a surrogate, an overlong NUL and slash, a stray continuation, above Unicode's end.
_NOT_UTF8 = (
    "\udcff", "a\udcc3", "\udced\udca0\udc80", "\udcf0\udc9f", "\udcc0\udc80", "x" * 20 + "\udc80", "\udcc0\udcaf", "\udcf5\udc80\udc80\udc80",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How much a run sends.

    Args:
        name: `quick`, `standard` or `deep`.
        refused: how many new values of each class that must be refused are met beside its edges.
        outside: how many more of the numbers outside a range.
        unclear: how often each unclear class is met beside its edges.
        packed: packed valid calls beside the covering arrays.
        alone: edges of each accepted class that are sent alone.
        again: cases of each sort that are sent several times in a row.
        together: pairs of calls that are sent at once.
        examples: Hypothesis examples of each parameter's property.
        generated: cases that schemathesis draws, of each of its two modes.
        edges: edges of each class at most, for profiles that hurry.
        pauses: seconds of silence, each before a valid call at the end.
    """

    name: str
    refused: int
    outside: int
    unclear: int
    packed: int
    alone: int
    again: int
    together: int
    examples: int
    generated: int = 0
    edges: int = 60
    pauses: tuple[float, ...] = ()


PROFILES: dict[str, Profile] = {
    "quick": Profile("quick", 5, 20, 0, 560, 3, 40, 40, 0),
    "standard": Profile("standard", 90, 60, 12, 5000, 40, 200, 300, 25, pauses=(1.5, 3.2)),
    "deep": Profile("deep", 400, 200, 60, 20000, 60, 600, 1000, 100, 300, pauses=(1.5, 3.2, 6.0)),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent next: `one` case, the same `again` and again, a `sequence` of others, or several `together` at once."""

    kind: str
    cases: tuple[Case, ...]


Maker = Callable[[], Step | None]


class Plan:
    """The steps of one run.

    Args:
        profile: how much to send.
        seed: seed of the run.
        drawer: draws values and calls.
        wanted: whether a clause is to be exercised; steps of unwanted aims are left out.
    """

    def __init__(self, profile: Profile, seed: int, drawer: Drawer, wanted: Callable[[str], bool] = lambda _: True) -> None:
        self.profile = profile
        self.seed = seed
        self.drawer = drawer
        self.wanted = wanted
        self.rng = Random(f"ringtrue plan {seed}")
        self._arrays = [*rows("closed-3"), *rows("classes-2")]
        self._array_turn = 0

    def steps(self) -> Iterator[Step]:
        """All steps in order."""
        for maker in self._makers():
            step = maker()
            if step is not None:
                yield step

    def closing_steps(self, may_insist: bool = True) -> Iterator[Step]:
        """What is sent last, since it has ended whole servers: bodies that are huge or no proper form.

        Args:
            may_insist: whether wrong credentials may be sent several times in a row, for which an account may be locked.
        """
        if may_insist and self.wanted("call.history") and self.wanted("auth.wrong"):
            yield from map(self._after_wrong_credentials, ("wrong", "none"))
        if self.wanted("server.http"):
            for head in UNCLEAR_HEADS:
                pairs = tuple((n, f"https://example.com/{head}" if n == "Url" else v) for n, v in self.drawer.base())
                yield Step("one", (Case(pairs, "server.http", self.seed, head=head),))
        for case in self._malformed(Case(self.drawer.base(), "malformed.form", self.seed)):
            if case.aim in _LAST and self.wanted(case.aim):
                yield Step("one", (case,))

    def expected_requests(self) -> int:
        """About how many requests the plan sends, for progress and budgets."""
        p = self.profile
        rejecting = sum(self._times(q, c) for q, c in self._classes(Expected.REJECT))
        unclear = sum(self._times_unclear(q, c) for q, c in self._classes(Expected.EITHER))
        alone = sum(min(p.alone, len(edges(q.name, c.slug)) or 1) for q, c in self._classes(Expected.ACCEPT))
        once_more = sum(self._edges(q, c) for q, c in self._classes(Expected.REJECT))
        return rejecting + once_more + unclear + alone + p.packed + len(self._arrays) + p.again * 5 + p.together * 2 + 150

    def _makers(self) -> Iterator[Maker]:
        protocol = self._protocol()
        yield from map(self._just, protocol)
        yield from self._first_round()
        rounds = max([self._times(p, c) for p, c in self._classes(Expected.REJECT)] or [self.profile.refused + 6])
        packed = len(self._arrays) + self.profile.packed
        done = 0
        for turn in range(1, rounds + 1):
            block: list[Maker] = []
            block.extend(self._case_maker(p, c, turn) for p, c in self._classes(Expected.REJECT) if turn < self._times(p, c))
            block.extend(self._case_maker(p, c, turn) for p, c in self._classes(Expected.EITHER) if turn < self._times_unclear(p, c))
            block.extend(self._edge_maker(p, c, turn - 1) for p, c in self._classes(Expected.REJECT) if turn <= self._edges(p, c))
            if turn < 8 + self.profile.unclear:
                block.extend(self._odd_makers(turn))
            block.extend(self._alone_makers(turn))
            share = packed * turn // rounds - done
            done += share
            block.extend(self._packed_step for _ in range(share))
            block.extend(self._sequence_makers(turn, rounds))
            block.extend(self._credential_makers())
            if turn == 1 and self.wanted("call.history"):
                block.extend(map(self._with_valid_after, protocol))
            self.rng.shuffle(block)
            yield from block
        if self.wanted("call.history"):
            yield from [self._after_refusals] * 2
        yield self._longest_step  # and after refusals, since it leaves nothing out that a server might keep of them
        if self.wanted("call.history"):
            yield from map(self._after_pause, self.profile.pauses)

    def _after_refusals(self) -> Step | None:
        """A valid call after several in a row that are refused: a server may count them."""
        base = Case(self.drawer.base(), "refusal.status", self.seed)
        wrong = [replace(base, pairs=(*base.pairs, *more)) for _ in range(_IN_A_ROW) if (more := self._another_wrong(base))]
        if not wrong:
            return None
        return Step("sequence", (*wrong, Case(tuple(self.drawer.packed(0.1)), "call.history", self.seed)))

    def _after_wrong_credentials(self, kind: str) -> Step:
        denied = Case(self.drawer.base(), "auth.missing" if kind == "none" else "auth.wrong", self.seed, credentials=kind)
        return Step("sequence", (*(denied,) * _IN_A_ROW, Case(tuple(self.drawer.packed(0.1)), "call.history", self.seed)))

    def _after_pause(self, seconds: float) -> Maker:
        """A valid call after some silence: a server may have let go of what it needs for it."""
        return lambda: Step("sequence", (Case(tuple(self.drawer.packed(0.1)), "call.history", self.seed, pause=seconds),))

    def _classes(self, expected: Expected) -> Iterator[tuple[Parameter, ValueClass]]:
        for parameter in PARAMETERS:
            for row in parameter.classes:
                if row.expected is expected and self._may_send(parameter, row):
                    yield parameter, row

    def _times(self, parameter: Parameter, row: ValueClass) -> int:
        """How often a class that must be refused is met."""
        outside = 0
        if isinstance(parameter.domain, Integer) and row.slug in ("minimum", "maximum"):
            outside = self.profile.outside * (1 if parameter.domain.minimum is not None else 3)
        least = 4 * self.profile.refused if parameter.required else 0
        return max(min(len(edges(parameter.name, row.slug)) * 4 // 3, self.profile.edges) + self.profile.refused + outside, least)

    def _edges(self, parameter: Parameter, row: ValueClass) -> int:
        """How many edges of a class are met."""
        return min(len(edges(parameter.name, row.slug)), self.profile.edges)

    def _times_unclear(self, parameter: Parameter, row: ValueClass) -> int:
        """How often an unclear class is met."""
        return min(len(edges(parameter.name, row.slug)), self.profile.edges) + self.profile.unclear

    def _may_send(self, parameter: Parameter, row: ValueClass) -> bool:
        looked_up = isinstance(parameter.domain, Sid) and row.expected is Expected.ACCEPT
        return self.wanted(f"{parameter.slug}.{row.slug}") and not (looked_up and parameter.name not in self.drawer.open_sids)

    def _first_round(self) -> list[Maker]:
        makers: list[Maker] = [self._case_maker(p, c, 0) for p, c in self._classes(Expected.REJECT)]
        makers += [self._case_maker(p, c, 0) for p, c in self._classes(Expected.EITHER)]
        makers += self._odd_makers(0)
        makers += self._alone_makers(0)
        makers += [self._everything_step] * 2
        self.rng.shuffle(makers)
        return makers

    # -- one value in a company -------------------------------------------------------------------

    def _case_maker(self, parameter: Parameter, row: ValueClass, turn: int) -> Maker:
        return lambda: self._value_step(parameter, row, turn)

    def _value_step(self, parameter: Parameter, row: ValueClass, turn: int) -> Step | None:
        value = self._value_at(parameter, row, turn)
        if value is None:
            return None
        for_phone = row.slug == "phone-for-phone"
        pairs = self.drawer.company(parameter.name, turn if turn < 5 else 5, for_phone)
        if for_phone and turn % 2:
            pairs = self._to_a_foreign_phone(pairs, valid=False)
        if isinstance(parameter.domain, Twiml):
            pairs = [p for p in pairs if p[0] != "Url"]
        if row.slug == "required":
            pairs = self._instructed(pairs, turn)
        added = self._pairs_with(parameter, row, value, turn)
        place = 0 if turn == 0 else self.rng.randrange(len(pairs) + 1)
        if turn == 0:
            pairs = [*pairs, *added]
        else:
            pairs[place:place] = added
        case = Case(tuple(pairs), f"{parameter.slug}.{row.slug}", self.seed)
        if row.expected is Expected.REJECT and turn == 4:
            case = replace(case, content_type=FORM_TYPE + self.rng.choice(_CHARSETS))
        if row.expected is Expected.REJECT and turn == 5:
            case = case.with_pairs((*case.pairs, *self._another_wrong(case)), ())
        again = row.expected is Expected.REJECT and turn == 3
        return Step("again", (case, case)) if again else Step("one", (case,))

    def _edge_maker(self, parameter: Parameter, row: ValueClass, place: int) -> Maker:
        return lambda: self._edge_step(parameter, row, place)

    def _edge_step(self, parameter: Parameter, row: ValueClass, place: int) -> Step | None:
        """Each edge that must be refused once more, in a call with nearly all parameters: its rule may not hold beside some other one."""
        value = edges(parameter.name, row.slug)[place]
        if row.slug in ("required", "phone-for-phone"):
            return None
        pairs = self.drawer.company(parameter.name, 6)
        if place % 2:
            pairs = self._to_a_foreign_phone(pairs, valid=False)
        if isinstance(parameter.domain, Twiml):
            pairs = [p for p in pairs if p[0] != "Url"]
        added = self._pairs_with(parameter, row, value, place + 1)
        at = self.rng.randrange(len(pairs) + 1)
        pairs[at:at] = added
        return Step("one", (Case(tuple(pairs), f"{parameter.slug}.{row.slug}", self.seed),))

    def _another_wrong(self, case: Case) -> list[Pair]:
        """A value that another parameter, which the call does not have, must refuse too."""
        classes = self._classes(Expected.REJECT)
        others = [(p, c) for p, c in classes if not p.required and case.get(p.name) is None and not isinstance(p.domain, Twiml)]
        if not others:
            return []
        parameter, row = self.rng.choice(others)
        value = self.drawer.value(parameter.name, row.slug)
        return [] if value is None else [(parameter.name, value)]

    def _to_a_foreign_phone(self, pairs: list[Pair], valid: bool) -> list[Pair]:
        """The pairs with another phone to call; those that call none stay as they are."""
        if not any(n == "To" and v.startswith("+") for n, v in pairs):
            return pairs
        number = self.drawer.foreign(valid)
        return pairs if number is None else [(n, number if n == "To" else v) for n, v in pairs]

    def _instructed(self, pairs: list[Pair], turn: int) -> list[Pair]:
        """A call that lacks a number, with each way to say what to do in turn: a rule may hold beside one of them alone, or beside two."""
        names = (("Url",), ("ApplicationSid",), ("Twiml",), ("ApplicationSid", "Twiml"))[turn // 2 % 4]
        if "ApplicationSid" in names and "ApplicationSid" not in self.drawer.open_sids:
            return pairs
        told = [p for name in names for p in self.drawer.pair_of(name, familiar=True)]
        return [*(p for p in pairs if p[0] not in ("Url", "Twiml", "ApplicationSid")), *told]

    def _value_at(self, parameter: Parameter, row: ValueClass, turn: int) -> str | None:
        """The class's next value; in the full call the first edge again, since a rule may hold for it alone and not in company."""
        first = edges(parameter.name, row.slug)[:1]
        if turn == 2 and first and row.expected is Expected.REJECT:
            return first[0]
        return self.drawer.value(parameter.name, row.slug)

    def _pairs_with(self, parameter: Parameter, row: ValueClass, value: str, turn: int) -> list[Pair]:
        if row.slug == "required" and turn % 2 == 0:
            return []
        if isinstance(parameter.domain, Events) and parameter.domain.repeated and row.expected is Expected.REJECT:
            others = self.rng.sample(parameter.domain.values, self.rng.randint(0, 3) if turn else 0)
            others.insert(self.rng.randint(0, len(others)), value)
            return [(parameter.name, v) for v in others]
        return [(parameter.name, value)]

    def _alone_makers(self, turn: int) -> list[Maker]:
        makers: list[Maker] = []
        for parameter, row in self._classes(Expected.ACCEPT):
            count = min(self.profile.alone, max(len(edges(parameter.name, row.slug)), 1))
            if turn < count:
                makers.append(self._alone_maker(parameter, row, turn))
        return makers

    def _alone_maker(self, parameter: Parameter, row: ValueClass, turn: int) -> Maker:
        def make() -> Step | None:
            known = edges(parameter.name, row.slug)
            value = known[turn % len(known)] if known and row.slug != "e164" else self.drawer.value(parameter.name, row.slug)
            if value is None:
                return None
            pairs = [p for p in self.drawer.base() if p[0] != parameter.name]
            if isinstance(parameter.domain, Twiml):
                pairs = [p for p in pairs if p[0] != "Url"]
            if parameter.name == "From" and row.slug == "client":
                pairs = [("To", "client:alice"), *(p for p in pairs if p[0] != "To")]
            if turn % 2:
                self.drawer.complete(parameter.name, pairs)
                pairs = self._to_a_foreign_phone(pairs, valid=True)
            return Step("one", (Case((*pairs, (parameter.name, value)), f"{parameter.slug}.{row.slug}", self.seed),))

        return make

    # -- many values at once ------------------------------------------------------------------------

    def _packed_step(self) -> Step:
        turn = self._array_turn
        self._array_turn += 1
        if turn < len(self._arrays):
            pairs = self._from_row(self._arrays[turn])
        else:
            share = self.rng.choice((0.12, 0.3, 0.5, 0.5, 0.7, 0.9, 1.0))
            pairs = self.drawer.packed(share)
            if self.rng.random() < _SAME_NUMBER:
                pairs = self._with_same_number(pairs)
        case = Case(tuple(pairs), "call.combination", self.seed)
        return Step("one", (self._dressed(case, turn),))

    def _with_same_number(self, pairs: list[Pair]) -> list[Pair]:
        """The pairs with one number in two parameters, where two of them take the same."""
        numbers = [p for p in pairs if isinstance(PARAMETER[p[0]].domain, Integer)]
        for name, value in self.rng.sample(numbers, len(numbers)):
            for other, _ in numbers:
                if other != name and classify(other, value) == "range":
                    return [(n, value if n == other else v) for n, v in pairs]
        return pairs

    def _everything_step(self) -> Step:
        """A valid call that has every parameter which this target may be sent."""
        return Step("one", (Case(tuple(self.drawer.packed(2.0)), "call.combination", self.seed),))

    def _longest_step(self) -> Step:
        """A valid call that has every parameter which this target may be sent, and whose URLs are all long."""
        pairs = [(n, max(edges(n, "long"), key=len) if n in _WITH_LONG else v) for n, v in self.drawer.packed(2.0)]
        return Step("one", (Case(tuple(pairs), "call.combination", self.seed),))

    def _from_row(self, row: dict[str, str]) -> list[Pair]:
        pairs = list(self.drawer.ends(row["To"]))
        for name, level in row.items():
            if name == "To" or level == ABSENT:
                continue
            if name in ("ApplicationSid", "Byoc") and name not in self.drawer.open_sids:
                continue
            pairs.extend(self._at_level(name, level))
        self.drawer.instruct(pairs, frozenset())
        self.rng.shuffle(pairs)
        return pairs

    def _at_level(self, name: str, level: str) -> list[Pair]:
        if level in ("any", "between", "short", "query", "one"):
            pairs = self.drawer.pair_of(name)
            return pairs[:1] if level == "one" else pairs
        if level == "long":
            return [(name, self.drawer.value(name, "long") or "https://example.com/")]
        if level == "all":
            words = next(p for p in PARAMETERS if p.name == name).domain.values  # type: ignore[union-attr]
            return [(name, w) for w in words] if name == "StatusCallbackEvent" else [(name, " ".join(words))]
        return [(name, level)]

    def _dressed(self, case: Case, turn: int) -> Case:
        """Every other packed call uses a choice that form encoding leaves open."""
        rng = self.rng
        kind = turn % 8
        styles: tuple[str, ...] = ()
        names = tuple(STYLES)
        if kind in (1, 3):
            styles = tuple(rng.choices(names, k=len(case.pairs)))
        elif kind == 5:
            styles = (names[1 + (turn // 8) % (len(names) - 1)],) * len(case.pairs)
        if kind == 7 and turn % 3 == 0:
            # Pieces of 300 bytes come as over a slow line, which takes time.
            return replace(case, segments=rng.choice((1, 7, 100)) if len(case.pairs) < 9 else 300 if turn // 24 % 8 == 0 else 60)
        if kind == 7:
            return replace(case, content_type=FORM_TYPE + rng.choice(_CHARSETS))
        if kind == 6:
            return replace(case, head=_HEADS[turn // 8 % len(_HEADS)])
        return replace(case, styles=styles)

    # -- in sequence and at once ----------------------------------------------------------------------

    def _sequence_makers(self, turn: int, rounds: int) -> list[Maker]:
        def share(total: int) -> int:
            return total * turn // rounds - total * (turn - 1) // rounds

        makers: list[Maker] = [self._again_step] * share(self.profile.again)
        makers += [self._together_step] * share(self.profile.together)
        return makers

    def _credential_makers(self) -> list[Maker]:
        """Wrong credentials, or another account's path, with some valid call: twice a round."""
        if not self.wanted("auth.wrong"):
            return []
        return [self._credential_step, self._credential_step]

    def _credential_step(self) -> Step:
        case = Case(tuple(self.drawer.packed(self.rng.choice((0.0, 0.3, 0.8)), familiar=True)), "auth.wrong", self.seed)
        kind, aim = self.rng.choice((*WRONG_CREDENTIALS, ("other-account", "auth.other-account")))
        if kind == "other-account":
            return Step("one", (replace(case, account=self.rng.choice(ACCOUNTS[1:]), aim=aim),))
        return Step("one", (replace(case, credentials=kind, aim=aim),))

    def _again_step(self) -> Step:
        case = Case(tuple(self.drawer.packed(self.rng.choice((0.0, 0.3, 0.8)))), "call.repeatable", self.seed)
        return Step("again", (case,) * self.rng.choice((2, 2, 3)))

    def _together_step(self) -> Step:
        count = self.rng.choice((2, 2, 3, 4))
        kinds = self.rng.choice((("phone",) * 4, ("client", "sip", "phone", "client"), ("client",) * 4))
        to_one = kinds[0] == kinds[1] and self.rng.random() < _SAME_PERSON
        cases = [
            Case(tuple(self.drawer.packed(self.rng.choice((0.0, 0.3, 0.7)), kinds[i], familiar=to_one and i > 0)), "call.concurrency", self.seed)
            for i in range(count)
        ]
        if to_one:
            cases = [cases[0], *(_to_the_same(cases[0], case) for case in cases[1:])]
        elif self.rng.random() < _ONE_WRONG:
            wrong = self._another_wrong(cases[-1])
            cases[-1] = cases[-1].with_pairs((*cases[-1].pairs, *wrong), ())
            self.drawer.untried(cases[-1].get("To"))
        return Step("together", tuple(cases))

    # -- protocol: credentials, methods, malformed bodies -----------------------------------------------

    def _protocol(self) -> list[Case]:
        base = Case(self.drawer.base(), "auth.missing", self.seed)
        cases = [replace(base, credentials=c, aim=a) for c, a in WRONG_CREDENTIALS]
        cases += [replace(base, account=a, aim="auth.other-account") for a in ACCOUNTS if a != "own"]
        for method in ("PUT", "PATCH", "DELETE"):
            cases.append(replace(base, method=method, aim="method.not-created"))
        for method in ("GET", "HEAD", "OPTIONS"):
            cases.append(replace(base, method=method, pairs=(), aim="method.answers", content_type=None, body=b""))
        cases += [c for c in self._malformed(base) if c.aim not in _LAST]
        return [c for c in cases if self.wanted(c.aim)]

    def _just(self, case: Case) -> Maker:
        return lambda: Step("one", (case,))

    def _with_valid_after(self, odd: Case) -> Maker:
        """A request that is no ordinary form, and then a valid call: it may not suffer from it."""
        return lambda: Step("sequence", (odd, Case(tuple(self.drawer.packed(0.1)), "call.history", self.seed)))

    def _malformed(self, base: Case) -> list[Case]:
        form = b"To=%2B14155550100&From=%2B14155550100&Url=https%3A%2F%2Fexample.com%2F"
        kinds: list[tuple[str, bytes, str | None]] = [
            ("malformed.content-type", b'{"To": "+14155550100"}', "application/json"),
            ("malformed.content-type", form, "text/plain"),
            ("malformed.content-type", b'--x\r\nContent-Disposition: form-data; name="To"\r\n\r\na\r\n--x--\r\n', _MULTIPART),
            ("malformed.content-type", b"--x", "multipart/form-data"),
            ("malformed.content-type", form, None),
            ("malformed.content-type", form, FORM_TYPE + "; charset=nonsense"),
            ("malformed.content-type", form, "nonsense"),
            ("malformed.empty", b"", FORM_TYPE),
            ("malformed.empty", b"", None),
            ("malformed.huge", form + b"&CallReason=" + b"x" * (1 << 20), FORM_TYPE),
            ("malformed.huge", form + b"&CallReason=" + b"x" * 100_000, FORM_TYPE),
            ("malformed.huge", b"&".join([b"a%d=1" % i for i in range(3000)]), FORM_TYPE),
            ("malformed.form", form + b"&Timeout=%zz", FORM_TYPE),
            ("malformed.form", b"&&" + form + b"&&&", FORM_TYPE),
            ("malformed.form", b"To", FORM_TYPE),
            ("malformed.form", form + b"&Timeout", FORM_TYPE),
            ("malformed.form", b"=&=&=", FORM_TYPE),
            ("malformed.form", b"%", FORM_TYPE),
            ("malformed.form", form + b"&%=1&a=%e", FORM_TYPE),
            ("malformed.utf-8", b"\x00\xff\xfe{[", FORM_TYPE),
            ("malformed.form", form + b"&CallReason=a=b=c;d", FORM_TYPE),
            ("malformed.utf-8", form + b"&CallReason=%FF%FE", FORM_TYPE),
            ("malformed.utf-8", form + b"&%FF=1", FORM_TYPE),
        ]
        return [replace(base, pairs=(), aim=a, body=b, content_type=t) for a, b, t in kinds]

    def _odd_makers(self, turn: int) -> list[Maker]:
        """Unknown parameters, repeated ones, bytes that are no UTF-8, no instructions: never a server error."""
        makers: list[Maker] = []
        for aim, often in (("malformed.unknown-parameter", 2), ("malformed.repeated", 5), ("malformed.utf-8", 5), ("server.answers", 1)):
            if self.wanted(aim):
                makers.extend(self._odd_maker(aim, turn, turn * often + i) for i in range(often))
        return makers

    def _odd_maker(self, aim: str, turn: int, place: int) -> Maker:
        """What is odd in a call; each parameter gets its turn at being given twice and at bytes that are no UTF-8."""
        parameter = PARAMETERS[(place + self.seed) % len(PARAMETERS)]

        def make() -> Step:
            base: Pairs = self.drawer.base() if turn == 0 else tuple(self.drawer.packed(0.3, familiar=True))
            others = tuple(p for p in base if p[0] != parameter.name)
            if aim == "malformed.unknown-parameter":
                name = _UNKNOWN[(place + self.seed) % len(_UNKNOWN)]
                instead = {name.partition("[")[0]} - {"To", "From"}
                pairs = (*(p for p in base if p[0] not in instead), (name, "1"))
            elif aim == "malformed.repeated":
                value = dict(base).get(parameter.name) or next(iter(edges(parameter.name, parameter.classes[0].slug)), "x")
                other = _SECOND.get(parameter.name) or next((v for v in edges(parameter.name, parameter.classes[0].slug) if v != value), value)
                pairs = (*others, (parameter.name, value), (parameter.name, other))
            elif aim == "malformed.utf-8":
                text = _NOT_UTF8[(place + self.seed) % len(_NOT_UTF8)]
                pairs = (*others, (parameter.name, text))
            else:
                pairs = tuple(p for p in base if p[0] not in ("Url", "Twiml", "ApplicationSid"))
            return Step("one", (Case(pairs, aim, self.seed),))

        return make


def _to_the_same(first: Case, case: Case) -> Case:
    """The case as a call to whom the first one calls; as it is where they would be the same call then."""
    to = first.get("To") or ""
    other = replace(case, pairs=tuple((n, to if n == "To" else v) for n, v in case.pairs))
    return case if other.pairs == first.pairs else other
