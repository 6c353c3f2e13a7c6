"""How a session meets weather: it waits out limits of the rate and outages, and says when waiting has no sense any more.

What is weather stands in `harness.weather`. A request is sent again only where that cannot create a second call: it was
answered 429 or never taken, or the target is on this machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from harness.errors import BudgetSpent, TargetUnreachable
from harness.exchange import Exchange
from harness.target import Target
from harness.weather import FIRST_PATIENCE_S, GONE_S, PATIENCE_S

_LONG_WAITS = 2  # that are passed over: one answer of many must not end a run
_FIRST_LOOK_S = 0.02
_SHORTEST_S = 0.01
_STALLS = 3  # in a row; then it is not judged
_SECOND_LOOKS = 20


@dataclass
class Trial:
    """What one case has met so far.

    Args:
        limited: how often it was answered 429.
        waited: seconds for that.
        fell: whether the target went away while it was asked.
        stalled: how often this machine stood still while an answer was waited for.
    """

    limited: int = 0
    waited: float = 0.0
    fell: bool = False
    stalled: int = 0


@dataclass
class Patience:
    """One session's patience with its target.

    Args:
        target: that it is patient with.
        left: seconds that the run may still take; None for no bound.
        sent: requests sent so far, for what is said.
        note: keeps a remark for the reports.
        gone_s: seconds to wait for a target that takes no connection.
        limited, waited: how often 429 was answered, and the seconds that it was waited for.
        resent: requests sent again, since the target had gone away while it was asked.
        stalled: how often this machine stood still while an answer was waited for.
        answered: whether anything but 429 was ever answered.
    """

    target: Target
    left: Callable[[], float | None]
    sent: Callable[[], int]
    note: Callable[[str], None]
    gone_s: float = GONE_S
    limited: int = 0
    waited: float = 0.0
    resent: int = 0
    stalled: int = 0
    answered: bool = False
    _long: int = 0
    _looks: int = 0
    _lost: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, exchange: Exchange, trial: Trial) -> Exchange | None:
        """Waits where that helps.

        Returns:
            The exchange to go on with, or None where the case is to be sent again.

        Raises:
            BudgetSpent: the run's time would end before the wait does.
            TargetUnreachable: waiting has no sense any more.
        """
        if exchange.status == 429:
            return self._limited(exchange, trial)
        if exchange.failure == "stalled":
            return self._stalled(exchange, trial)
        if exchange.failure in ("refused", "closed") and self.answered:
            return self._gone(exchange, trial)
        self.answered = self.answered or exchange.status is not None
        return exchange

    # -- limits of the rate -------------------------------------------------------------------------

    def _limited(self, exchange: Exchange, trial: Trial) -> Exchange | None:
        asked = retry_after(exchange.header("retry-after"))
        # Whoever says "at once" and then says 429 again is waited for a little longer each time.
        seconds = 0.25 * 2**trial.limited if asked is None else max(asked, _SHORTEST_S * 2**trial.limited - _SHORTEST_S)
        trial.limited += 1
        self.limited += 1
        most = PATIENCE_S if self.answered else FIRST_PATIENCE_S
        left = self.left()
        if seconds > most or (left is not None and seconds > left):
            self.note(f"the target asked to wait {seconds:g} s (429), longer than this run waits")
            self._long += 1
            if seconds <= most:
                if self._long > _LONG_WAITS:
                    raise BudgetSpent(f"the target limits the rate (429), and to wait {seconds:g} s for it is longer than the time that is left")
                return exchange
            if self._long > _LONG_WAITS and self.answered:
                url = self.target.config.url
                raise TargetUnreachable(f"{url} limits the rate (429) and asks to wait {seconds:g} s, which is too long; try again with --rate")
            return exchange
        if trial.waited + seconds > most:
            if not self.answered:
                return exchange
            raise TargetUnreachable(
                f"{self.target.config.url} limits the rate (429) and took no request for {trial.waited:.0f} s; try again with --rate"
            )
        trial.waited += seconds
        self.waited += seconds
        time.sleep(seconds)
        return None

    # -- this machine -------------------------------------------------------------------------------

    def _stalled(self, exchange: Exchange, trial: Trial) -> Exchange | None:
        self.stalled += 1
        trial.stalled += 1
        return None if self.target.loopback and trial.stalled <= _STALLS else exchange

    # -- outages ------------------------------------------------------------------------------------

    def _gone(self, exchange: Exchange, trial: Trial) -> Exchange | None:
        """A connection that was refused, or ended without an answer: is the target away, and does it come back?"""
        with self._lock:
            if exchange.failure == "closed" and self._is_there():
                return exchange
            begun = time.monotonic()
            if not self._comes_back():
                self._lost = True
                if exchange.failure == "closed":
                    return exchange  # whoever asks next is told
                raise TargetUnreachable(f"{self.target.config.url} stopped taking connections after {self.sent()} requests")
            self._lost = False
            away = time.monotonic() - begun
            if away > 2 * _FIRST_LOOK_S:
                self.note(f"The target took no connections for {away:.1f} s after request {exchange.number}, and came back; the run waited for it.")
        if exchange.failure == "refused":
            return None
        if trial.fell:
            return exchange  # it has ended the target twice
        trial.fell = True
        if not self.target.loopback:
            return replace(exchange, failure="gone")
        self.resent += 1
        return None

    def _is_there(self) -> bool:
        """Whether connections are taken, now and a little later."""
        self._looks += 1
        if not self.target.listens():
            return False
        if self._looks > _SECOND_LOOKS:
            return True
        time.sleep(_FIRST_LOOK_S)
        return self.target.listens()

    def _comes_back(self) -> bool:
        left = self.left()
        most = 0.0 if self._lost else self.gone_s
        end = time.monotonic() + (most if left is None else min(most, max(left, 0.0)))
        while not self.target.listens():
            if time.monotonic() >= end:
                return False
            time.sleep(0.1)
        return True


def retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, or None where it says nothing usable."""
    if value is None:
        return None
    value = value.strip()
    if value.isdigit() and value.isascii() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
