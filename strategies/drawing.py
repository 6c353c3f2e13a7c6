"""Draws whole calls cheaply: ever new valid values, packed many to a call, and companies for one value to stand in.

The covering phase sends thousands of calls within seconds, so it draws with a plain `random.Random`; the Hypothesis
strategies in `strategies` are built on the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from harness.case import Pair, Pairs
from harness.classify import example_numbers
from harness.contract import PARAMETER, PARAMETERS, UNCLEAR, Expected
from harness.contract.model import Events, Sid, Url
from strategies.domains import edges, fresh

_GOLDEN = 0.6180339887498949
# The first class of each parameter that must be taken.
_VALID = {p.name: c.slug for p in reversed(PARAMETERS) for c in reversed(p.classes) if c.expected is Expected.ACCEPT}
# Each optional parameter, how often a call that has many has it, and whether it needs a SID that the target knows.
_OPTIONAL = tuple(
    (p.name, 0.6 if p.name in ("ApplicationSid", "SendDigits") else 1.0, isinstance(p.domain, Sid)) for p in PARAMETERS if not p.required
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom a target may be asked to call, and as whom.

    Args:
        own: From numbers that the target owns; the first is used most.
        called: To numbers that it is known to take; the first is used most.
        foreign: whether libphonenumber's examples may be called (on loopback only).
    """

    own: tuple[str, ...]
    called: tuple[str, ...]
    foreign: bool = False


class Drawer:
    """Draws values and calls for one run; the same seed draws the same.

    Args:
        seed: seed of the run.
        numbers: whom the target may call.
        open_sids: SID parameters of which any may be sent in a valid call.
    """

    def __init__(self, seed: int, numbers: Numbers, open_sids: frozenset[str] = frozenset()) -> None:
        self.rng = Random(f"ringtrue {seed}")
        self.numbers = numbers
        self.open_sids = open_sids
        self._turns: dict[tuple[str, str], int] = {}
        self._edges: dict[tuple[str, str], int] = {}
        self._phase: dict[tuple[str, str], float] = {}
        self._examples: list[str] = []

    # -- values ---------------------------------------------------------------------------------

    def value(self, name: str, slug: str, edge_share: float = 0.5) -> str | None:
        """The next value of a class: the edges in turn, mixed with new ones spread over the class.

        Args:
            name: the parameter.
            slug: the class of values.
            edge_share: how many of the values come from the edges once each was had.

        Returns:
            A value, or None where the class has none that may be sent here.
        """
        key = (name, slug)
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        if slug == "own-number":
            own = self.numbers.own
            return own[0] if turn % 3 else own[(turn // 3) % len(own)]
        if slug == "e164":
            return self._called(turn)
        known = edges(name, slug)
        edge = self._next_edge(key, known, turn)
        if edge is not None:
            return edge
        if known and turn >= len(known) and self.rng.random() < edge_share:
            return self.rng.choice(known)
        return fresh(name, slug, self.rng, self._place(key)) or (self.rng.choice(known) if known else None)

    def _next_edge(self, key: tuple[str, str], known: tuple[str, ...], turn: int) -> str | None:
        """The next edge that was not had yet; from the fifth turn on, every third turn draws anew instead, where there is more than edges."""
        had = self._edges.get(key, 0)
        if had >= len(known) or (turn > 4 and turn % 3 == 0 and key[1] != UNCLEAR):
            return None
        self._edges[key] = had + 1
        return known[had]

    def _place(self, key: tuple[str, str]) -> float:
        """Where in its class the next new value lies: golden-ratio steps from a phase of the seed's."""
        phase = self._phase.get(key)
        if phase is None:
            phase = self.rng.random()
        self._phase[key] = (phase + _GOLDEN) % 1.0
        return phase

    def _called(self, turn: int) -> str:
        """The numbers that are known to be taken in turn, and three times as often one more of all examples, in the seed's order."""
        called = self.numbers.called
        if not self.numbers.foreign or turn % 4 == 0:
            return called[(turn // 4 if self.numbers.foreign else turn) % len(called)]
        return self._next_example()

    def _next_example(self) -> str:
        """One more example number: one of each country or area first, then the others, in the seed's order."""
        if not self._examples:
            numbers = list(example_numbers())
            self.rng.shuffle(numbers)
            first = {_area(n): n for n in numbers}.values()
            had = set(first)
            self._examples = [*(n for n in numbers if n not in had), *first]
        return self._examples.pop()

    def foreign(self, valid: bool) -> str | None:
        """Another number to call than the usual ones; None where only those may be called.

        Args:
            valid: whether the call is to be created, so that the number counts as tried.
        """
        if not self.numbers.foreign:
            return None
        return self._next_example() if valid else self.rng.choice(example_numbers())

    def untried(self, number: str | None) -> None:
        """Puts an example number back that a call was to go to which is not to be created after all."""
        if number in example_numbers():
            self._examples.append(number)

    def valid(self, name: str) -> str | None:
        """A valid value of any accepted class of a parameter that isn't an address of the call."""
        slug = _VALID.get(name)
        if slug is None:
            return None
        if isinstance(PARAMETER[name].domain, Url) and self.rng.random() < 0.12:
            slug = "long"
        return self.value(name, slug, 0.25)

    # -- companies --------------------------------------------------------------------------------

    def base(self) -> Pairs:
        """The simplest valid call: To, From and Url."""
        return (("To", self.numbers.called[0]), ("From", self.numbers.own[0]), ("Url", "https://example.com/voice"))

    def ends(self, kind: str, familiar: bool = False) -> tuple[Pair, Pair]:
        """To and From of one kind: `phone`, `sip` or `client`; familiar ones are those that every call may have."""
        if kind == "phone" and familiar:
            return ("To", self.numbers.called[0]), ("From", self.numbers.own[0])
        if kind == "phone":
            return ("To", self.value("To", "e164") or ""), ("From", self.value("From", "own-number") or "")
        to = self.value("To", kind, 0.2) or ""
        sender = self.value("From", "client", 0.2) if self.rng.random() < 0.5 else self.value("From", "own-number")
        return ("To", to), ("From", sender or "")

    def packed(
        self, share: float, kind: str | None = None, without: frozenset[str] = frozenset(), familiar: bool = False
    ) -> list[Pair]:
        """A valid call with about `share` of all optional parameters, each with a new value, in a new order.

        Args:
            share: from 0 to 1.
            kind: what To is; drawn if None.
            without: parameters that must not be there.
            familiar: with well-known values instead of new ones, for a call that is about something else.
        """
        rng = self.rng
        kind = kind or rng.choices(("phone", "sip", "client"), (6, 2, 2))[0]
        pairs: list[Pair] = [p for p in self.ends(kind, familiar) if p[0] not in without]
        for name, often, is_sid in _OPTIONAL:
            if name not in without and rng.random() < share * often and (not is_sid or name in self.open_sids):
                pairs.extend(self.pair_of(name, familiar))
        self.instruct(pairs, without)
        rng.shuffle(pairs)
        return pairs

    def instruct(self, pairs: list[Pair], without: frozenset[str]) -> None:
        names = {n for n, _ in pairs}
        if names.intersection(("Url", "Twiml", "ApplicationSid")) or {"Url", "Twiml"} <= without:
            return
        name = "Url" if "Url" not in without and (self.rng.random() < 0.7 or "Twiml" in without) else "Twiml"
        pairs.append((name, self.valid(name) or ""))

    def pair_of(self, name: str, familiar: bool = False) -> list[Pair]:
        """A valid value of one optional parameter as the pairs that carry it (several for repeated ones)."""
        domain = PARAMETER[name].domain
        if isinstance(domain, Events) and domain.repeated:
            chosen = self.rng.sample(domain.values, self.rng.randint(1, len(domain.values)))
            return [(name, v) for v in chosen]
        if familiar and (known := _familiar(name)):
            return [(name, known[int(self.rng.random() * len(known))])]
        value = self.valid(name)
        if value is None:
            return []
        return [(name, value)]

    def company(self, name: str, turn: int, phone: bool = False) -> list[Pair]:
        """A valid company for one value of a parameter, without the parameter itself; `turn` picks the kind of it.

        0 the simplest call, 1 with what the parameter needs, 2 a full call, 3 and 4 to SIP and a client, 5 any, 6 nearly full.
        With `phone` each of them is to a phone.
        """
        loose = turn >= 5 and self.rng.random() < (0.3 if turn == 5 else 0.5)
        avoided = frozenset((_ignoring(name) if loose else _avoided(name)) | {name})
        if turn == 0:
            pairs = self._simple(name, avoided)
        elif turn == 1:
            pairs = self._simple(name, avoided)
            self.complete(name, pairs)
        elif turn == 2:
            pairs = self.packed(1.0, "phone", avoided, familiar=True)
            self.complete(name, pairs)
        elif turn in (3, 4):
            pairs = self.packed(0.15, self._kind(name, ("sip", "client")[turn - 3], phone), avoided, familiar=True)
            self.complete(name, pairs)
        else:
            pairs = self.packed(self.rng.choice((0.1, 0.35, 0.6, 0.9)) if turn == 5 else 0.95, self._kind(name, None, phone), avoided, familiar=True)
            if self.rng.random() < 0.8:
                self.complete(name, pairs)
        return pairs

    def _kind(self, name: str, wanted: str | None, phone: bool) -> str | None:
        return "phone" if phone or PARAMETER[name].phone_only else wanted

    def _simple(self, name: str, avoided: frozenset[str]) -> list[Pair]:
        pairs = [p for p in self.base() if p[0] not in avoided]
        if "Url" in avoided and name != "Twiml":
            pairs.append(("Twiml", "<Response/>"))
        return pairs

    def complete(self, name: str, pairs: list[Pair]) -> None:
        """Adds or mends what the parameter needs to have an effect."""
        for needed, wanted in PARAMETER[name].useless_without:
            if needed == name:
                continue
            if wanted is not None:
                pairs[:] = [p for p in pairs if p[0] != needed]
                pairs.append((needed, wanted))
            elif all(n != needed for n, _ in pairs):
                pairs.extend(self.pair_of(needed, familiar=True))


# Country calling codes of two digits; 1 and 7 are shorter, all others have three.
_TWO = frozenset(map(str, (
    20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67), 81, 82, 84, 86, *range(90, 96), 98,
)))


def _area(number: str) -> str:
    """The country calling code of a number in E.164 form, of North America the area code."""
    return number[:5] if number[1] == "1" else number[:2] if number[1] == "7" else number[:3] if number[1:3] in _TWO else number[:4]


@lru_cache(maxsize=64)
def _familiar(name: str) -> tuple[str, ...]:
    """The simplest valid values of a parameter."""
    if name == "SipAuthPassword":
        return ()  # each its own, so that one that comes back is known
    slug = next((c.slug for c in PARAMETER[name].classes if c.expected is Expected.ACCEPT), None)
    return tuple(v for v in edges(name, slug)[:8] if len(v) < 256) if slug is not None else ()


def _ignoring(name: str) -> set[str]:
    """Parameters beside which the description says that another one is ignored."""
    return set(PARAMETER[name].ignored_with)


def _avoided(name: str) -> set[str]:
    """Parameters that would make another one ignored or useless, or would hide what is asked of it."""
    parameter = PARAMETER[name]
    avoided = {*parameter.ignored_with, *parameter.useless_with}
    for needed, _ in parameter.useless_without:
        avoided.update(PARAMETER[needed].ignored_with)
    return avoided - {needed for needed, _ in parameter.useless_without}
