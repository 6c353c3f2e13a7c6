"""Sends attribution's probes, within its bounds, and puts pairs of a case into the simplest valid call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace

from harness.case import Case, Pair, printable
from harness.checks import Breach
from harness.classify import classify
from harness.contract import CLAUSE, PARAMETER, Expected, Level
from harness.errors import BudgetSpent
from harness.exchange import Exchange
from harness.findings import Finding
from harness.oracle import INSTRUCTIONS, Expectation
from harness.session import Seen, Session
from harness.weather import is_weather
from strategies.drawing import Numbers

MANY = 8
ROUNDS = 3
A_BODY = "a body of "
AND_MORE = "parameters and more"
PLUS_KEPT = "a space sent as + is not read as a space"

_URL = "https://example.com/voice"
_BETWEEN = "https://example.com/between"

Styled = tuple[Pair, str]
Outcome = Callable[[Exchange], bool]


@dataclass(frozen=True)
class Limits:
    """How much attribution may spend: probes and seconds for all causes, and how many causes are told apart."""

    probes: int = 1500
    seconds: float = 20.0
    causes: int = 12


def limits_of(profile: str) -> Limits:
    """What a profile may spend on cutting breaks down."""
    return {"quick": Limits(), "standard": Limits(4000, 60.0, 25)}.get(profile, Limits(10000, 180.0, 40))


class Spent(Exception):
    """Attribution's own bound, or the run's budget, is reached."""


@dataclass(frozen=True)
class Trait:
    """Something of a call as a whole that is to blame.

    Args:
        clause: the broken clause.
        text: what it is, for people.
        names: parameters to blame, if it lies in some.
        has: whether a case has it.
        without: the same case without it.
    """

    clause: str
    text: str
    names: frozenset[str]
    has: Callable[[Case], bool]
    without: Callable[[Case], Case]

    @property
    def whole(self) -> str:
        """What tells it from other traits in every run; nothing where the number of parameters already does."""
        return "" if self.text.endswith(AND_MORE) and int(self.text.split()[0]) > MANY else self.text


@dataclass
class Cause:
    """Why valid calls aren't created: the parameters to blame, with their values where only those do it.

    Args:
        kind: `refused` or `crashed`.
        names: parameters to blame.
        finding: its finding.
        size: how many pairs are needed.
        values: pairs that must be the same for it to be the same cause; empty where any value may do.
        classes: (parameter, class of values) of the parameters to blame.
        transport: what of the way of sending is to blame: a style, `segments`, `pause`, what of the head, `content-type`, or nothing.
        trait: what of the call as a whole is to blame, instead of parameters.
    """

    kind: str
    names: frozenset[str]
    finding: Finding
    size: int
    values: frozenset[Pair] = frozenset()
    classes: frozenset[Pair] = frozenset()
    transport: str = ""
    trait: Trait | None = None
    confirmed: int = 0
    count: int = 1

    @property
    def said(self) -> str:
        """The trait to blame, for people; nothing where there is none."""
        return self.trait.text if self.trait is not None else ""

    @property
    def is_slow(self) -> bool:
        """Whether it makes the target hang, so that each further probe of it costs seconds."""
        return self.finding.exchange.failure == "timeout"

    def is_in(self, case: Case) -> bool:
        """Whether a case has the same parameters with values of the same classes, and the values that matter; or the trait."""
        if self.trait is not None:
            return self.trait.has(case)
        return self.values <= set(case.pairs) and self.classes <= classes_of(case)


def classes_of(case: Case) -> set[Pair]:
    """(parameter, class of its value) of a case's documented parameters."""
    return {(n, classify(n, v)) for n, v in case.pairs if n in PARAMETER}


@dataclass
class Ledger:
    """What attribution has come to: causes of valid calls, breaches that did not repeat, findings, answers that refusals get.

    Args:
        looked_at: how much of what the session has seen is in here.
        settled: how many of the breaches that did not repeat have become findings.
        apart: clauses whose findings are never joined with those of others.
        kept: that what a call leaves out is as it was in the call before it, which makes others be refused or created too.
        by_chance: kinds of breaches that valid calls show now and then, by all that could be told without asking again.
    """

    causes: list[Cause] = field(default_factory=list)
    transient: list[Seen] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    systemic: set[str] = field(default_factory=set)
    looked_at: int = 0
    settled: int = 0
    apart: frozenset[str] = frozenset()
    kept: Finding | None = None
    by_chance: set[str] = field(default_factory=set)

    def is_too_large(self, case: Case) -> bool:
        """Whether a case is as large as those that are refused for their size, whatever else is in it."""
        return any(c.trait is not None and c.said.startswith(A_BODY) and c.trait.has(case) for c in self.causes)


class Prober:
    """Sends probes of which the contract expects what it expects of the case in question.

    Args:
        session: the way to the target.
        numbers: the target's numbers.
        limits: how much may be spent.

    Attributes:
        probes: how many were sent.
        no_repeats: whether the target refuses what it was sent a moment ago.
    """

    def __init__(self, session: Session, numbers: Numbers, limits: Limits) -> None:
        self.session = session
        self.numbers = numbers
        self.limits = limits
        self.probes = 0
        self._begun = time.monotonic()
        self._spendable = 1.0
        self.no_repeats = False
        self._is_over = False
        self._answered: dict[Case, Exchange] = {}

    def learn_repeats(self, seen: Sequence[Seen]) -> None:
        """Finds out whether the target refuses what it was sent a moment ago, too; probes are then never quite the same."""
        again = [s for s in seen if s.step == "again" and s.place > 0 and s.breach.kind in ("refused", "crashed")]
        if self.no_repeats or not again:
            return
        base = self.plain_on_base([])
        with suppress(Spent):
            answers = [self.send_next(self.plain_on_base([("Url", url)])) for url in (_BETWEEN, _URL, _BETWEEN + "/2", _URL)]
            self.no_repeats = answers[0].is_created and not answers[3].is_created and base == answers[3].case

    def can_ask(self) -> bool:
        """Whether a probe still gets an answer; the simplest call tells."""
        try:
            if not self._is_over:
                self.send_next(self.plain_on_base([]))
        except Spent:
            return False
        return not self._is_over

    @contextmanager
    def within(self, share: float) -> Iterator[None]:
        """A share of the limits (0 to 1) is all that may be spent in here, so that what comes later has its part of them."""
        self._spendable = share
        try:
            yield
        finally:
            self._spendable = 1.0

    def send(self, case: Case) -> Exchange:
        """Sends one probe; where the request before it was the same, another valid call in between.

        A server that refuses what is sent twice has one fault, and must not hide others.

        Raises:
            Spent: no further probe may be sent.
        """
        if self.no_repeats:
            return self._sent_once(case)
        return self.send_apart(case)

    def in_full_time(self, seen: Iterable[Seen]) -> AbstractContextManager[None]:
        """Waits as long as configured where an answer never came, but that long none was waited for: a target that has hung is given less."""
        target = self.session.target
        hung = [s.exchange for s in seen if s.exchange.failure == "timeout"]
        return target.unhurried() if hung and not any(map(target.waited_in_full, hung)) else nullcontext()

    def send_apart(self, case: Case) -> Exchange:
        """Sends one probe just as it is, after another valid call where the request before it was the same.

        Raises:
            Spent: no further probe may be sent.
        """
        if self.session.previous == case:
            self.send_next(self.plain_on_base([("Url", _BETWEEN)]))
        return self.send_next(case)

    def _sent_once(self, case: Case) -> Exchange:
        """A probe's answer where nothing may be sent twice: that of the first time, or with a Url of its own where it has the simplest call's."""
        if case.is_plain_form and (case.get("Url") or "").partition("?")[0] == _URL:
            pairs = tuple((n, f"{_URL}?n={self.probes}" if n == "Url" else v) for n, v in case.pairs)
            return self.send_next(case.with_pairs(pairs, case.styles))
        if case not in self._answered:
            self._answered[case] = self.send_next(case)
        return self._answered[case]

    def send_next(self, case: Case) -> Exchange:
        """Sends one probe right after the request before it.

        Raises:
            Spent: no further probe may be sent.
        """
        if not self.session.may_send(case):
            raise Spent
        spent = time.monotonic() - self._begun
        if self.probes >= self.limits.probes * self._spendable or spent > self.limits.seconds * self._spendable:
            raise Spent
        self.probes += 1
        self._begun += case.pause  # it is no time that is spent on finding out
        try:
            return self.session.send(case)
        except BudgetSpent:
            self._is_over = True
            raise Spent from None

    def every_time(self, firsts: Sequence[Case], case: Case, shows: Callable[[Exchange], bool]) -> Exchange | None:
        """The case's answer right after other requests, if it shows what is looked for in each of a few rounds.

        Raises:
            Spent: no further probe may be sent.
        """
        found: Exchange | None = None
        for _ in range(ROUNDS):
            self.send_apart(firsts[0])
            for other in firsts[1:]:
                self.send_next(other)
            found = self.send_next(case)
            if not shows(found):
                self._make_sure(found)
                return None
        return found

    def expect(self, case: Case) -> Expectation:
        """What the contract expects of a case."""
        return self.session.expect(case)

    def shows(self, case: Case, wanted: Expected, outcome: Outcome) -> Exchange | None:
        """The exchange, if the contract expects `wanted` of the case and its outcome is the one looked for."""
        if self.expect(case).expected is not wanted or not self.session.may_send(case):
            return None
        exchange = self.send(case)
        if not is_weather(exchange) and outcome(exchange):
            return exchange
        self._make_sure(exchange)
        return None

    def _make_sure(self, exchange: Exchange) -> None:
        """Ends the run where it is not the probe that has the answer to it, but whatever is asked now.

        Raises:
            Spent: no further request may be sent.
        """
        try:
            self.session.make_sure(exchange)
        except BudgetSpent:
            raise Spent from None

    def on_base(self, items: list[Styled], like: Case) -> Case:
        """The simplest valid call, To then From, with some pairs put into it in their order, sent as `like` is."""
        names = {p[0] for p, _ in items}
        whole = list(items)
        if "To" not in names:
            whole.insert(0, (("To", self.numbers.called[0]), "plain"))
        if "From" not in names:
            place = next(i for i, (p, _) in enumerate(whole) if p[0] == "To") + 1
            whole.insert(place, (("From", self.numbers.own[0]), "plain"))
        if not names.intersection(INSTRUCTIONS):
            whole.append((("Url", _URL), "plain"))
        styles = tuple(s for _, s in whole)
        return replace(like, pairs=tuple(p for p, _ in whole), styles=styles if set(styles) != {"plain"} else ())

    def plain_on_base(self, pairs: list[Pair]) -> Case:
        """The simplest valid call with some pairs put into it, plainly sent."""
        return self.on_base([(p, "plain") for p in pairs], Case(()))


def styled(case: Case) -> list[Styled]:
    """A case's pairs with their styles."""
    return list(zip(case.pairs, case.styles or ("plain",) * len(case.pairs), strict=True))


def is_refused(exchange: Exchange) -> bool:
    """Neither created nor crashed."""
    return not exchange.is_created and not exchange.is_crash


def is_crash(exchange: Exchange) -> bool:
    """A server error or no whole answer."""
    return exchange.is_crash


def outcome_of(kind: str) -> Outcome:
    """The wrong outcome that a kind of breach stands for."""
    if kind == "accepted":
        return lambda e: e.is_created
    return is_refused if kind == "refused" else is_crash


def finding_of(clause: str, b: Breach, exchange: Exchange, cause: str = "", level: Level | None = None) -> Finding:
    """A finding of a clause from a breach of the outcome.

    Args:
        level: of the break; the breach's own, if None.
    """
    row = CLAUSE[clause]
    return Finding(
        id=clause, clause=clause, level=level or max(b.level, row.level, key=lambda x: x.rank), check=b.check, message=row.statement,
        expected=b.expected, actual=exchange.describe(), path=b.path, case=exchange.case, exchange=exchange, cause=cause,
    )


def finding_as_seen(b: Breach, exchange: Exchange) -> Finding:
    """A finding of just what a check saw, where and as it said it."""
    return Finding(
        id=b.clause, clause=b.clause, level=b.level, check=b.check, message=b.message, expected=b.expected, actual=b.actual, path=b.path,
        case=exchange.case, exchange=exchange,
    )


def short(value: str | None) -> str:
    """A value for people: cut, with its length."""
    text = printable(value or "")
    return text if len(text) <= 40 else f"{text[:37]}… ({len(text)} characters)"
