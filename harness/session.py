"""A run's working memory: sends cases within the budgets, has every exchange judged, remembers what was seen.

It decides nothing about causes (`harness.attribution`) or verdicts (`harness.verdicts`).
"""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace

from harness.calls import Calls
from harness.case import Case
from harness.checks import Breach, judge
from harness.checks.model import breach, show
from harness.contract import Expected
from harness.doubts import Alone, Room, Silence, is_usual
from harness.errors import BudgetSpent, HarnessError, NotAllowed, TargetUnreachable
from harness.exchange import Exchange
from harness.journal import Judged, Line, Noted, Saw
from harness.oracle import Expectation, Knowledge, expect
from harness.patience import Patience, Trial
from harness.target import Flight, Target
from harness.weather import TRIES_S, is_ending, is_weather
from strategies.plan import Step

AT_ONCE = ("together", "batch")
_MAX_SEEN = 400
_MAX_SEEN_CONTENT = 24
_MAX_KEPT = 48 << 20
_SHORT_BODY = 4096
_OUTCOMES = ("refused", "crashed", "unanswered")
_SLOW = 0.012
_SID_OF_A_CALL = re.compile(rb'(?:"sid"\s*:\s*"|<sid>\s*)CA[0-9a-fA-F]{32}', re.IGNORECASE)  # in what is no JSON
_SURE_AFTER = 2  # calls that hung in the full time as well
_MANY = 4000  # cases


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend: requests, seconds, requests a second. None: no bound."""

    requests: int | None = None
    seconds: float | None = None
    rate: float | None = None


class Some:
    """Some of the cases that are added, spread evenly over all of them."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._every = self._left = 1

    def add(self, case: Case) -> None:
        """Keeps every so-many-th case; every other one of them once they have become many."""
        self._left -= 1
        if not self._left:
            self.cases.append(case)
            if len(self.cases) >= _MANY:
                del self.cases[1::2]
                self._every *= 2
            self._left = self._every


@dataclass(frozen=True)
class Seen:
    """One breach where it was seen: the exchange, how the case was sent, and with whom."""

    breach: Breach
    exchange: Exchange
    step: str = "one"
    partners: tuple[Case, ...] = ()
    place: int = 0


@dataclass
class Counts:
    """Numbers of a run, as results.json names them."""

    requests: int = 0
    cases: int = 0
    accept_expected: int = 0
    accepted: int = 0
    reject_expected: int = 0
    rejected: int = 0
    either: int = 0


@dataclass
class Session:
    """Everything one run has learnt so far.

    Args:
        target: where to send.
        budget: what may be spent.
        seed: the run's seed.
        workers: how many requests at once where the target is slow (1: never more than one, save where two are the point).
        on_hang: called after the first answers that did not come in time, to learn what to leave alone from then on.
        avoided: tells of a case that it would hang again, for a cause that is known.
        may_send: whether a case may be sent to this target at all; a guard for numbers that belong to strangers.
        progress: called with the number of requests after each one.
        observe: called with each exchange, as soon as it is there.
        calls: what may be created, and what was.
        record: called with everything else that is learnt.
        good: a call that the target has created, to tell by whether it still creates any.
        alone: until when requests go out one at a time, and how many were sent again for that.
        sent_in_full_time: requests that were sent again, since they had got no answer in a time that was shortened.
        unsure: numbers of exchanges of which only that is known.
        fine: some of the valid cases that were created.
        reserve: (requests, seconds) of the budget that are kept for finding causes, once there is something to find them for.
    """

    target: Target
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    workers: int = 6
    progress: Callable[[int], None] = lambda _n: None
    observe: Callable[[Exchange], None] | None = None
    record: Callable[[Line], None] = lambda _line: None
    may_send: Callable[[Case], bool] = lambda _case: True
    on_hang: Callable[[Seen], None] | None = None
    avoided: Callable[[Case], bool] = lambda _case: False
    good: Case | None = None
    reserve: tuple[int, float] = (0, 0.0)
    calls: Calls = field(default_factory=Calls)
    left_out: int = 0
    known: Knowledge = field(default_factory=Knowledge)
    counts: Counts = field(default_factory=Counts)
    exercised: Counter[str] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)
    occurrences: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    sids: dict[str, int] = field(default_factory=dict)
    recent: deque[Case] = field(default_factory=lambda: deque(maxlen=300))
    fine: Some = field(default_factory=Some)
    statuses: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None
    _said: set[str] = field(default_factory=set)
    _previous: Case | None = None
    _started: float = field(default_factory=time.monotonic)
    _timeouts: int = 0
    _asked: int = 0
    _next_slot: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    alone: Alone = field(default_factory=Alone)
    sent_in_full_time: int = 0
    unsure: set[int] = field(default_factory=set)
    _hung_again: int = 0
    _slowest: float = 0.0
    _lone: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    _is_at_once: bool = False
    _doubtful: list[tuple[int, bool, frozenset[str]]] = field(default_factory=list)
    _kept: int = 0

    def __post_init__(self) -> None:
        self.patience = Patience(self.target, self.left, lambda: self.counts.requests, self.note)
        self._room = Room(self.workers)
        self._silence = Silence(lambda case: self.expect(case).expected is Expected.ACCEPT, self.target.config.timeout / 2)

    @property
    def previous(self) -> Case | None:
        """What was sent last."""
        return self._previous

    # -- sending --------------------------------------------------------------------------------

    def elapsed(self) -> float:
        """Seconds since the session began."""
        return time.monotonic() - self._started

    def left(self) -> float | None:
        """Seconds of the budget that are left; None for no bound."""
        return None if self.budget.seconds is None else self.budget.seconds - self.elapsed()

    def check_budget(self, count: int = 1) -> None:
        """Raises BudgetSpent where fewer than `count` further requests may be sent."""
        budget = self.budget
        kept, kept_s = self.reserve if self.seen else (0, 0.0)
        if budget.requests is not None and self.counts.requests + count > budget.requests - kept:
            raise BudgetSpent(f"the budget of {budget.requests} requests is used up")
        if budget.seconds is not None and self.elapsed() >= budget.seconds - kept_s:
            raise BudgetSpent(f"the time of {budget.seconds:g} s is used up")

    def send(self, case: Case) -> Exchange:
        """Sends one case within the budgets, waiting where the target asks for it (429); judges nothing.

        Raises:
            NotAllowed: the case may not be sent to this target.
        """
        return self._settled(self._begin(case))

    def require_allowed(self, case: Case) -> None:
        """Raises NotAllowed where the case may not be sent to this target."""
        if not self.may_send(case):
            raise NotAllowed(
                "this call would go to a number or address that is neither configured nor fictional: name it with --to, if it may ring; "
                "or its instructions may call somebody: a URL is at an example's host, Twiml dials nobody"
            )

    def _begin(self, case: Case) -> Flight:
        """Sends one case within the budgets; its answer is still to be read."""
        self.require_allowed(case)
        self._pause_before(case)
        self.calls.begin(case)
        sent = False
        try:
            self._take_turn(self.calls.owed)
            sent = True
            flight = self.target.begin(case, self._previous)
        except BaseException as error:
            self.calls.unsent(case, not sent or isinstance(error, HarnessError))
            raise
        self.calls.sent(flight.number, case)
        self._previous = case
        return flight

    def _pause_before(self, case: Case) -> None:
        """The silence that belongs to a case, if there is time for it."""
        left = self.left()
        if case.pause and left is not None and case.pause > left:
            raise BudgetSpent(f"the time of {self.budget.seconds:g} s is used up")
        if case.pause:
            self.target.pause(case.pause)

    def read(self, path: str, case: Case) -> Exchange:
        """GETs a path of the target within the budgets; `case` is kept with the exchange."""
        self._take_turn()
        exchange = self.target.read(path, case)
        self._after(exchange)
        return exchange

    def end_calls(self) -> None:
        """Ends the calls that were created and are to be ended, where the target offers it."""
        self.calls.end_all(self._end_call)

    def settle_calls(self) -> None:
        """Nothing is sent any more: what is still under way may have created calls, and what is to be ended is ended."""
        self.calls.abandon()
        self.end_calls()

    def _end_call(self, sid: str) -> Exchange:
        trial = Trial()
        for _ in range(3):
            with self._lock:
                self.counts.requests += 1
                pause = self._pause()
            time.sleep(pause)
            exchange = self.target.end_call(sid)
            self.statuses[f"{exchange.status or exchange.failure} to hang-up"] += 1
            if self.observe is not None:
                self.observe(exchange)
            spent = self.budget.requests is not None and self.counts.requests >= self.budget.requests
            if exchange.status != 429 or spent or not self._waited(exchange, trial):
                break
        return exchange

    def _waited(self, exchange: Exchange, trial: Trial) -> bool:
        """Whether the target's wish to be asked later was heeded."""
        try:
            return self.patience.meet(exchange, trial) is None
        except HarnessError:
            return False

    def _take_turn(self, owed: int = 0) -> None:
        """Counts a request against the budgets, and waits where the rate asks for it; `owed` more must be left after it."""
        with self._lock:
            self.check_budget(1 + owed)
            self.counts.requests += 1
            pause = self._pause()
        left = self.left()
        if left is not None and pause > left:
            time.sleep(max(left, 0.0))
            self.counts.requests -= 1
            raise BudgetSpent(f"the time of {self.budget.seconds:g} s is used up")
        if pause > 0:
            time.sleep(pause)

    def _settled(self, flight: Flight) -> Exchange:
        """The answer to a case that was begun, after waiting and sending it again as far as `harness.patience` says."""
        exchange, trial = self._finished(flight), Trial()
        while (met := self.patience.meet(exchange, trial)) is None:
            exchange = self._finished(self._begin(flight.case))
        self._look_for_the_end(met)
        return met

    def _look_for_the_end(self, exchange: Exchange) -> None:
        """Ends the run where no valid call is created any more, for a cause that says nothing about the contract."""
        self.watch(exchange)
        if self.good is not None and self._silence.is_long and self._silence.ends_with(exchange):
            self._try_good(self.good)

    def watch(self, exchange: Exchange) -> None:
        """Counts the valid calls in a row whose answers say nothing about the contract."""
        self._silence.watch(exchange)

    def _try_good(self, good: Case) -> None:
        """Ends the run unless a call that was created before is answered otherwise than all the last ones."""
        for pause in TRIES_S:
            time.sleep(pause)
            with self.target.unhurried() if pause == TRIES_S[-1] else nullcontext():
                exchange = self._finished(self._begin(good))
            if not self._silence.goes_on_with(exchange):
                self.target.unhurry(4 * exchange.elapsed)
                return
        told = self._silence.told(exchange)
        if exchange.status in (401, 403) and any(clause.startswith("auth.") for clause in self.exercised):
            told += "; if it locks out whoever gave wrong credentials, leave them away with --skip 'auth.*'"
        self._take_back()
        raise TargetUnreachable(f"{self.target.config.url} {told}")

    def make_sure(self, exchange: Exchange) -> None:
        """Ends the run where a probe's answer says nothing about the contract, and a call that was created before gets no other any more."""
        if self.good is not None and is_ending(exchange) and is_usual(exchange.case):
            self._try_good(self.good)

    def take_back_doubtful(self) -> None:
        """Forgets the last answers where the run ends while it is being made sure whether they say anything."""
        if self._silence.is_long:
            self._take_back()

    def _take_back(self) -> None:
        """Forgets what the answers of a silence seemed to show; of requests at once, each may come to the same end."""
        with self._lock:
            seen, self.seen[:] = list(self.seen), []
            for s in seen:
                if self._silence.holds(s.exchange.number, s.exchange.failure == "timeout"):
                    self.occurrences[s.breach.clause, s.breach.kind] -= 1
                else:
                    self.seen.append(s)
            for number, is_timeout, exercised in self._doubtful:
                if self._silence.holds(number, is_timeout):
                    self.exercised.subtract(exercised)
            self._doubtful.clear()

    def _finished(self, flight: Flight) -> Exchange:
        exchange = self.target.finish(flight)
        self.calls.finish(exchange)
        self._after(exchange)
        self.end_calls()
        return exchange

    def _pause(self) -> float:
        if self.budget.rate is None:
            return 0.0
        now = time.monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self.budget.rate
        return slot - now

    def tally(self, exchange: Exchange) -> None:
        """Counts what came and how long it took."""
        self.statuses[str(exchange.status or exchange.failure)] += 1
        if exchange.status is not None:
            self._slowest = max(self._slowest, exchange.elapsed)
        if not self._is_at_once:
            self._lone.append(exchange.elapsed)
        if len(self.latencies) < 100_000:
            self.latencies.append(exchange.elapsed)

    def _after(self, exchange: Exchange) -> None:
        self.tally(exchange)
        if exchange.failure == "timeout":
            self._timeouts += 1
            self.target.hurry(statistics.median(self.latencies), self._slowest)
        if self.observe is not None:
            self.observe(exchange)
        self.progress(self.counts.requests)

    def note(self, text: str) -> None:
        """Keeps a remark for the reports, once."""
        if text not in self.notes:
            self.notes.append(text)
            self.record(Noted(text))

    # -- judging ----------------------------------------------------------------------------------

    def expect(self, case: Case) -> Expectation:
        """What the oracle expects of a case of this target."""
        return expect(case, self.known)

    def judge(self, exchange: Exchange, step: str = "one", partners: tuple[Case, ...] = (), place: int = 0) -> list[Breach]:
        """Judges one exchange with every check and remembers what it showed."""
        self.record(Judged(exchange.number, step, partners, place, exchange.number in self.unsure))
        if exchange.status is None and step not in AT_ONCE and not is_weather(exchange):
            self.alone.settle()
        expectation = self.expect(exchange.case)
        found, exercised = judge(exchange, expectation, self.target.config.account_sid)
        self._count(exchange, expectation)
        if self._is_refusal_in_disguise(exchange, expectation):
            found = [b for b in found if not b.clause.startswith(("response.", "echo."))]
        found += self._unique(exchange)
        found = self._own_call(exchange, found)
        if step == "again" and place:
            exercised |= {"call.repeatable" if expectation.expected is Expected.ACCEPT else "refusal.repeatable"}
        if step == "together":
            exercised |= {"call.concurrency"}
        if exchange.previous is not None and expectation.expected is Expected.ACCEPT:
            exercised |= {"call.history"}
        self.exercised.update(exercised)
        is_timeout = exchange.failure == "timeout"
        if self._silence.holds(exchange.number, is_timeout):
            self._doubtful.append((exchange.number, is_timeout, frozenset(exercised)))
        elif not self._silence.since and not self._silence.slow_from:
            self._doubtful.clear()
        self.recent.append(exchange.case)
        kept: Exchange | None = None
        for item in found:
            key = (item.clause, item.kind)
            self.occurrences[key] += 1
            limit = _MAX_SEEN if item.kind != "content" else _MAX_SEEN_CONTENT
            if self.occurrences[key] <= limit:
                kept = kept or self._bounded(exchange)
                self.seen.append(Seen(item, kept, step, partners, place))
        if kept is not None and len(exchange.body) > _SHORT_BODY:
            exchange.forget()
        return found

    def saw(self, exchange: Exchange, clause: str, found: list[Breach]) -> None:
        """Remembers what was learnt of a clause that no check of a single exchange judges."""
        self.exercised[clause] += 1
        for b in found or (None,):
            self.record(Saw(exchange.number, clause, b))
            if b is not None:
                self.occurrences[b.clause, b.kind] += 1
                self.seen.append(Seen(b, self._bounded(exchange)))

    def _bounded(self, exchange: Exchange) -> Exchange:
        """An exchange as it is kept: where those that are kept have become large, without most of its body."""
        if len(exchange.body) <= _SHORT_BODY:
            return exchange
        self._kept += len(exchange.body)
        if self._kept <= _MAX_KEPT:
            return exchange
        self.note(f"The answers became too much to keep: of some that are shown, only the first {_SHORT_BODY} bytes are.")
        return replace(exchange, body=exchange.body[:_SHORT_BODY], truncated=True)

    def _count(self, exchange: Exchange, expectation: Expectation) -> None:
        self.counts.cases += 1
        if expectation.expected is Expected.ACCEPT:
            self.counts.accept_expected += 1
            self.counts.accepted += exchange.is_created
            if exchange.is_created:
                self.fine.add(exchange.case)
        elif expectation.expected is Expected.REJECT:
            self.counts.reject_expected += 1
            self.counts.rejected += exchange.is_refused
        else:
            self.counts.either += 1

    def _is_refusal_in_disguise(self, exchange: Exchange, expectation: Expectation) -> bool:
        """Whether a 2xx tells of no call, though created calls of this target have a sid, and nothing had to be created.

        A 201 without a body says nothing of a refusal: it is a call's, and broken.
        """
        if expectation.expected is Expected.ACCEPT or not exchange.is_created or not self.sids:
            return False
        if expectation.expected is Expected.EITHER and exchange.status == 201 and not exchange.body.strip():
            return False
        return not has_sid(exchange) and (exchange.document is not None or _SID_OF_A_CALL.search(exchange.body) is None)

    def _unique(self, exchange: Exchange) -> list[Breach]:
        """Whether a created call's sid is new in this run."""
        if not exchange.is_created or exchange.case.method != "POST" or exchange.document is None or exchange.parsed[1]:
            return []
        sid = exchange.document.get("sid")
        if not isinstance(sid, str) or not sid:
            return []
        first = self.sids.setdefault(sid[:64], exchange.number)
        if first == exchange.number:
            return []
        return [breach("echo.sid-unique", "check_unique", "a sid that is new", f"{show(sid)}, as in request {first}", "$.sid")]

    def _own_call(self, exchange: Exchange, found: list[Breach]) -> list[Breach]:
        """Said-back values of another call of this run are one break, not several."""
        wrong = [b for b in found if b.clause in ("echo.to", "echo.from")]
        document = exchange.document
        if document is not None and exchange.is_created and len(self._said) < 2:
            self._said.add(show([document.get("to"), document.get("from")]))
        # A server that says the same of every call mixes nothing up.
        if len(self._said) < 2:
            return found
        if document is None or all(b.clause != "echo.to" for b in wrong):
            return found
        to, sender = document.get("to"), document.get("from")
        own = (exchange.case.get("To"), exchange.case.get("From"))
        if not isinstance(to, str) or to.casefold() in (own[0] or "").casefold() or to == own[1]:
            return found  # a part of its own
        if not any(c.get("To") == to and c.get("From") == sender for c in reversed(self.recent)):
            return found
        other = breach("echo.own-call", "check_own_call", f"to {show(own[0])}, from {show(own[1])}", f"to {show(to)}, from {show(sender)}")
        return [b for b in found if b not in wrong] + [other]

    # -- steps --------------------------------------------------------------------------------------

    def run(self, steps: Iterable[Step]) -> None:
        """Sends and judges all steps; ends quietly where the budget does.

        While the server works on one case, the one before it is judged and the next is drawn: the requests come in the
        same order, one after another, in less time.
        """
        flight: Flight | None = None
        try:
            for batch in self._batches(steps):
                under_way, flight = flight, None
                if under_way is not None and (flight := self._overlapped(under_way, batch)) is not None:
                    continue
                kept = [s for s in batch if not any(self.avoided(c) for c in s.cases)]
                self.left_out += len(batch) - len(kept)
                if len(kept) == 1 and kept[0].kind == "one" and not self._timeouts:
                    flight = self._begin(kept[0].cases[0])
                    continue
                if kept:
                    self._run_batch(kept)
                self._ask_about_hang()
        except BudgetSpent as spent:
            self.stopped = str(spent)
        except BaseException:
            self.target.close()  # an answer may still be on its way
            raise
        if flight is not None:
            self._settle(flight)

    def _overlapped(self, flight: Flight, batch: list[Step]) -> Flight | None:
        """Reads one answer, sends the next case if it is a plain one, then judges; None where nothing is under way after."""
        exchange = self._settled(flight)
        following: Flight | None = None
        try:
            plain = len(batch) == 1 and batch[0].kind == "one" and exchange.failure is None
            if plain and not self._timeouts and not self.avoided(batch[0].cases[0]):
                following = self._begin(batch[0].cases[0])
        finally:
            self.judge(exchange)
            self._ask_about_hang()
        return following

    def _settle(self, flight: Flight) -> None:
        """Reads and judges the last answer."""
        try:
            self.judge(self._settled(flight))
            self._ask_about_hang()
        except BudgetSpent as spent:
            self.stopped = self.stopped or str(spent)

    def _ask_about_hang(self) -> None:
        """Hands a new hang to whoever can find its cause."""
        if self.on_hang is None or not self.seen or self._timeouts == self._asked:
            return
        self._asked = self._timeouts
        last = self.seen[-1]
        if last.exchange.failure == "timeout":
            self.on_hang(last)
            self._asked = self._timeouts

    def _batches(self, steps: Iterable[Step]) -> Iterator[list[Step]]:
        """Steps one by one, or several single ones at once where the target is slow."""
        batch: list[Step] = []
        later: list[Step] = []
        for step in steps:
            size = self._width()
            (batch if step.kind == "one" else later).append(step)
            if size == 1 or len(batch) >= size:
                if batch:
                    yield batch
                for waiting in later:
                    yield [waiting]
                batch, later = [], []
        if batch:
            yield batch
        for waiting in later:
            yield [waiting]

    def _width(self) -> int:
        if self._room.width < 2 or self.budget.rate is not None or len(self._lone) < 20 or self.alone.holds(self.counts.requests):
            return 1
        # Of those that were sent alone: a server may be slow for no other reason than that several came at once.
        return self._room.width if statistics.median(self._lone) > _SLOW else 1

    def _run_batch(self, batch: list[Step]) -> None:
        if len(batch) > 1:
            cases = [s.cases[0] for s in batch]
            answers = self.send_together(cases)
            wrong: list[Case] = []
            for exchange in answers:
                # Many at once was our choice, to save time: a connection that failed so is tried alone before it counts.
                if exchange.status is None and self.alone.is_wanted:
                    self.alone.sent += 1
                    self.judge(self.sure_of(self.send(exchange.case)))
                elif any(b.kind in _OUTCOMES for b in self.judge(exchange, "batch", tuple(cases))):
                    wrong.append(exchange.case)
            if wrong:
                self._make_room(wrong[0])
            if self.alone.is_wanted and any(e.status is None for e in answers):
                self.alone.begin(self.counts.requests)
            return
        step = batch[0]
        if step.kind == "together":
            self.budget_for(len(step.cases))
            self.recent.extend(step.cases)
            for exchange in self._sure_of_all(self.send_together(list(step.cases))):
                self.judge(exchange, "together", step.cases)
            return
        for place, case in enumerate(step.cases):
            self.judge(self.sure_of(self.send(case)), step.kind, step.cases, place)

    def _make_room(self, case: Case) -> None:
        """Sends fewer at once from now on, where a case that went wrong among others goes well alone, several times."""
        if self._room.is_wanted and self.target.loopback:  # elsewhere a call that may have been created is never sent again
            found, _ = judge(self.send(case), self.expect(case), self.target.config.account_sid)
            self._room.learn(all(b.kind not in _OUTCOMES for b in found))

    def sure_of(self, exchange: Exchange) -> Exchange:
        """An exchange that counts: where an answer did not come in the shorter time that a target gets once it has hung, it is asked once more.

        Returns:
            The exchange itself if the call is answered soon now, and so hangs now and then; else the one of the second time.
        """
        return self._sure_of_all([exchange])[0]

    def _sure_of_all(self, answers: list[Exchange]) -> list[Exchange]:
        """Exchanges that count, of calls that were sent at once: all of them are sent again, at once, where one was not waited for in full."""
        hurried = [e for e in answers if e.failure == "timeout" and not self.target.waited_in_full(e)]
        if not hurried or self.target.timeout >= self.target.config.timeout:
            return answers
        if not self.target.loopback or self._hung_again >= _SURE_AFTER:
            self.unsure.update(e.number for e in hurried)
            return answers
        try:
            with self.target.unhurried():
                again = self.send_together([e.case for e in answers]) if len(answers) > 1 else [self.send(answers[0].case)]
        except BudgetSpent:
            self.unsure.update(e.number for e in hurried)
            return answers  # whoever asks next is told
        self.sent_in_full_time += len(again)
        slowest = max(e.elapsed for e in again)
        if any(e.failure == "timeout" for e in again):
            self._hung_again += 1
        elif slowest > self.target.timeout / 2:
            self.target.unhurry(4 * slowest)
        else:
            return answers
        numbers = {e.number for e in hurried}
        return [second if first.number in numbers else first for first, second in zip(answers, again, strict=True)]

    def budget_for(self, count: int) -> None:
        """Raises BudgetSpent where fewer than `count` requests, or calls that may be created, are left."""
        self.calls.check(count)
        self.check_budget(count)

    def send_together(self, cases: list[Case]) -> list[Exchange]:
        """Sends cases at the same time, each on a connection of its own; answers in the order of the cases.

        No connection is left open: a server that serves one at a time would wait for it while another request waits.
        """
        pool = self._pool()
        self.target.close()
        barrier = threading.Barrier(len(cases)) if len(cases) <= 8 else None

        def one(case: Case) -> Exchange:
            if barrier is not None:
                with suppress(threading.BrokenBarrierError):
                    barrier.wait(1.0)
            try:
                return self.send(case)
            finally:
                self.target.close()

        self._is_at_once = True
        try:
            return list(pool.map(one, cases))
        finally:
            self._is_at_once = False

    def _pool(self) -> ThreadPoolExecutor:
        pool: ThreadPoolExecutor | None = getattr(self, "_executor", None)
        if pool is None:
            pool = ThreadPoolExecutor(max(self.workers, 4), thread_name_prefix="ringtrue")
            self._executor = pool
        return pool

    def close(self) -> None:
        """Ends the threads, the calls that are to be ended, and this thread's connection."""
        pool: ThreadPoolExecutor | None = getattr(self, "_executor", None)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        try:
            self.settle_calls()
        finally:
            self.target.close()

    def learn(self, known: Knowledge) -> None:
        """Replaces what is known of the target."""
        self.known = known


def has_sid(exchange: Exchange) -> bool:
    """Whether an answer names a call."""
    sid = (exchange.document or {}).get("sid")
    return isinstance(sid, str) and sid != ""
