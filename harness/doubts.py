"""What a session is not sure of yet: whether its target still says anything, and whether it takes several requests at once.

It sends nothing and judges nothing: it counts what came, and `harness.session` asks again where it says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.case import Case
from harness.exchange import Exchange
from harness.weather import ALIKE, ALIKE_UNANSWERED, is_ending, said_of_ending

_ALONE_FIRST = 500  # requests
_ROOM_ASKED = 12  # requests that are sent again to learn of a target's room
_CROWDED = 3  # of them that went well alone


def is_usual(case: Case) -> bool:
    """Whether nothing but its parameters can be a reason to refuse it."""
    return case.is_plain_form and case.credentials == "right" and case.account == "own"


@dataclass
class Silence:
    """The valid calls in a row whose answers say nothing about the contract. How invalid ones are refused tells nothing of that.

    Args:
        must_be_created: whether the contract has a case be created.
        slow_s: seconds; whatever answers later than that may soon answer in no time at all.
        since: number of the first of those requests; 0 for none.
        slow_from: number of the first request from which on all answers were slow or did not come in time; 0 for none.
    """

    must_be_created: Callable[[Case], bool]
    slow_s: float
    since: int = 0
    slow_from: int = 0
    _numbers: list[int] = field(default_factory=list)
    _statuses: set[int | None] = field(default_factory=set)

    def watch(self, exchange: Exchange) -> None:
        """Takes one exchange into account."""
        if exchange.failure != "timeout" and exchange.elapsed < self.slow_s:
            self.slow_from = 0
        elif not self.slow_from:
            self.slow_from = exchange.number
        case, unanswered = exchange.case, exchange.status is None
        if not unanswered and not is_usual(case):
            if self._is_of_unanswered:
                self.forget()
            return
        if not is_ending(exchange):
            if self.since and (exchange.is_created or self._is_of_unanswered or self._is_valid(case)):
                self.forget()
            return
        if not self.since or unanswered is not self._is_of_unanswered:
            self.forget()
            self.since = exchange.number
        if unanswered or self._is_valid(case):
            self._statuses.add(exchange.status)
            if is_usual(case):
                self._numbers.append(exchange.number)

    def holds(self, number: int, is_timeout: bool) -> bool:
        """Whether a request is one of them, or waited in vain for a target that was slow already and then fell silent."""
        return 0 < self.since <= number or (is_timeout and 0 < self.slow_from <= number)

    def forget(self) -> None:
        """Begins anew: something was said."""
        self._numbers.clear()
        self._statuses.clear()
        self.since = 0

    @property
    def is_long(self) -> bool:
        """Whether there are so many that it has to be made sure of."""
        return len(self._numbers) >= (ALIKE_UNANSWERED if self._is_of_unanswered else ALIKE)

    def ends_with(self, exchange: Exchange) -> bool:
        """Whether this exchange is the last of them."""
        return bool(self._numbers) and exchange.number == self._numbers[-1]

    def goes_on_with(self, exchange: Exchange) -> bool:
        """Whether an answer to a call that was created before is like all of them; it is one of them then, else they are forgotten."""
        if not is_ending(exchange) or (exchange.status is None) is not self._is_of_unanswered:
            self.forget()
            return False
        self._statuses.add(exchange.status)
        return True

    def told(self, exchange: Exchange) -> str:
        """What the target does, in words, given the last of them."""
        return f"{said_of_ending(exchange, self._statuses)} since request {self.since}"

    @property
    def _is_of_unanswered(self) -> bool:
        return None in self._statuses

    def _is_valid(self, case: Case) -> bool:
        return is_usual(case) and self.must_be_created(case)


@dataclass
class Room:
    """How many requests a target has room for at once, where several are our choice to save time.

    Args:
        width: how many are sent at once.
    """

    width: int
    _asked: int = 0
    _crowded: int = 0

    @property
    def is_wanted(self) -> bool:
        """Whether what went wrong among others is to be sent again, alone."""
        return self._asked < _ROOM_ASKED

    def learn(self, fine: bool) -> None:
        """What went wrong among others was sent alone: whether it went well. Several that did halve the width."""
        self._asked += 1
        self._crowded += fine
        if self._crowded >= _CROWDED:
            self.width, self._asked, self._crowded = self.width // 2, 0, 0


@dataclass
class Alone:
    """Until when requests go out one at a time, since one of several at once got no answer.

    Several at once are our choice, to save time. If it was not that which did it, it comes again to those that are alone.

    Args:
        sent: how many were sent again, alone.
    """

    sent: int = 0
    _until: int = 0
    _next: int = _ALONE_FIRST

    def holds(self, requests: int) -> bool:
        """Whether requests still go out alone after so many."""
        return requests < self._until

    @property
    def is_wanted(self) -> bool:
        """Whether a request that got no answer among others is to be sent again before it counts."""
        return self._next > 0

    def begin(self, requests: int) -> None:
        """One of several got no answer after so many requests; each time they stay alone for twice as long."""
        self._until = requests + self._next
        self._next *= 2

    def settle(self) -> None:
        """A request that was alone got none either: it is known now, whoever else asks at once."""
        self._until = self._next = 0
