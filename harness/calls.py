"""The calls that a run creates: never more than were allowed, and each written down at the moment it is known of.

A call counts as created where the answer is any 2xx, whatever was asked for, or where it names a call that was not
known yet; as possibly created where no answer came, or one that is neither 2xx nor 4xx, since the server may have gone on.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.case import Case
from harness.errors import BudgetSpent
from harness.exchange import Exchange
from harness.files import open_to_append

NAME = "created-calls.txt"
UNKNOWN = "unknown"
READING = ("GET", "HEAD", "OPTIONS")
_UNSENT = ("refused", "tls")  # a handshake that fails; what comes later is `closed`
_SID = re.compile("CA[0-9a-fA-F]{32}")
_LONGEST = 100
_GIVE_UP = 3


@dataclass
class Calls:
    """What a run may create, what it has created, and what of that is to be ended again.

    Args:
        allowed: how many calls at most; None for no bound.
        path: the file that they are written into, a line each, behind those of earlier runs; None for none.
        hang_up: whether they are ended again.
        created: how many were created for certain.
        unsure: how many more may have been.
        ended: how many were ended again.
    """

    allowed: int | None = None
    path: Path | None = None
    hang_up: bool = False
    created: int = 0
    unsure: int = 0
    ended: int = 0
    _opened: list[str] = field(default_factory=list)
    _endless: list[str] = field(default_factory=list)
    _why: str = ""
    _failures: int = 0
    _asked: int = 0
    _sids: set[str] = field(default_factory=set)
    _under_way: dict[int, Case] = field(default_factory=dict)
    _error: str = ""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    # -- before a request ---------------------------------------------------------------------------

    def begin(self, case: Case) -> None:
        """Takes one of the allowed calls for a request, since any may create one; waits for those under way that decide it.

        Raises:
            BudgetSpent: none is left, or what was created could not be written down.
        """
        if self._is_idle or case.method in READING:
            return
        with self._changed:
            while self._is_full(1) and self._asked + len(self._under_way):
                if not self._changed.wait(60.0):
                    break
            self._check(1)
            self._asked += 1

    def check(self, count: int) -> None:
        """Raises BudgetSpent where fewer than `count` calls may still be created."""
        with self._changed:
            self._check(count)

    def _check(self, count: int) -> None:
        if self._error:
            raise BudgetSpent(f"{NAME} can't be written ({self._error}), and no call is created that is not written down")
        if self._is_full(count):
            raise BudgetSpent(f"{self.allowed} calls were allowed (--allow-real-calls), and {self._made()}")

    def _made(self) -> str:
        return f"{self.created} were created" + (f" and {self.unsure} more may have been" if self.unsure else "")

    def _is_full(self, count: int) -> bool:
        taken = self.created + self.unsure + self._asked + len(self._under_way)
        return self.allowed is not None and taken + count > self.allowed

    @property
    def _is_idle(self) -> bool:
        return self.allowed is None and self.path is None and not self.hang_up

    @property
    def owed(self) -> int:
        """How many requests may still be needed to end what was, or may be, created."""
        return self._asked + len(self._under_way) + len(self._opened) if self.hang_up else 0

    # -- while it is under way ------------------------------------------------------------------------

    def sent(self, number: int, case: Case) -> None:
        """A request was sent: what `begin` took belongs to this number now."""
        if self._is_idle or case.method in READING:
            return
        with self._changed:
            self._asked -= 1
            self._under_way[number] = case

    def unsent(self, case: Case, certain: bool) -> None:
        """What `begin` took is given back, or, where the request may have been sent after all, is kept."""
        if self._is_idle or case.method in READING:
            return
        with self._changed:
            self._asked -= 1
            self._unsure_of([] if certain else [case])

    def abandon(self) -> None:
        """The run ends: answers that have not come yet will not be read, so each call may have been created."""
        with self._changed:
            lost = list(self._under_way.values())
            self._under_way.clear()
            self._unsure_of(lost)

    def _unsure_of(self, cases: list[Case]) -> None:
        self.unsure += len(cases)
        for case in cases:
            self._write("-", UNKNOWN, case)
        self._changed.notify_all()

    # -- after it -------------------------------------------------------------------------------------

    def finish(self, exchange: Exchange) -> None:
        """Counts and writes down what an answer says."""
        if self._is_idle:
            return
        case = exchange.case
        with self._changed:
            self._under_way.pop(exchange.number, None)
            if case.method in READING:
                is_made, is_unsure = exchange.status == 201, False
            else:
                is_made = exchange.is_created or self._is_new((exchange.document or {}).get("sid"))
                is_unsure = not exchange.is_refused and exchange.failure not in _UNSENT
            if is_made:
                self._note_created(exchange)
            elif is_unsure:
                self._unsure_of([case])
            self._changed.notify_all()

    def _is_new(self, sid: object) -> bool:
        """Whether an answer that is no 2xx names a call that is not known yet; one that is known may be what it speaks of."""
        return is_sid(sid) and sid not in self._sids

    def _note_created(self, exchange: Exchange) -> None:
        self.created += 1
        document = exchange.document or {}
        sid, status = document.get("sid"), document.get("status")
        if is_sid(sid):
            self._sids.add(str(sid))
        self._write(sid if isinstance(sid, str) and sid else "-", status if isinstance(status, str) and status else UNKNOWN, exchange.case)
        if self.hang_up:
            # What a refusal names may be anybody's call.
            (self._opened if is_sid(sid) and exchange.is_created else self._endless).append(str(sid) if isinstance(sid, str) else "-")

    def _write(self, sid: str, status: str, case: Case) -> None:
        if self.path is None:
            return
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = (sid, status, case.get("To") or "-", case.get("From") or "-", when)
        try:
            descriptor = open_to_append(self.path)
            try:
                os.write(descriptor, ("\t".join(map(plain, fields)) + "\n").encode("ascii"))
            finally:
                os.close(descriptor)
        except OSError as error:
            self._error = error.strerror or "no reason given"

    # -- ending them again ----------------------------------------------------------------------------

    def end_all(self, end: Callable[[str], Exchange]) -> None:
        """Ends every call that is known and not ended yet; gives up where the target does not offer it.

        Args:
            end: asks the target to end the call of a sid.
        """
        while self.hang_up and (sid := self._next()):
            if self._failures >= _GIVE_UP:
                self._endless.append(sid)
                continue
            try:
                answer = end(sid)
            except BaseException:
                self._endless.append(sid)
                raise
            with self._changed:
                if answer.is_created:
                    self.ended += 1
                    self._failures = 0
                else:
                    self._endless.append(sid)
                    self._why = answer.describe()
                    self._failures += 1

    def _next(self) -> str | None:
        with self._changed:
            return self._opened.pop(0) if self._opened else None

    def notes(self) -> list[str]:
        """What a report says of them."""
        if self._is_idle:
            return []
        where = f"; {NAME} lists them" if self.path is not None and self.created + self.unsure else ""
        out = [f"Calls: {self._made()}{where}."]
        if self.hang_up:
            out.append(f"{self.ended} of them were ended again." if self.ended else "None of them was ended again.")
            left = [*self._endless, *self._opened]
            if left:
                shown = ", ".join(plain(s) for s in left[:5]) + (", …" if len(left) > 5 else "")
                why = f"; the target's last answer to that: {self._why}" if self._why else ""
                out.append(f"{len(left)} could not be ended: {shown}{why}.")
        if self._error:
            out.append(f"{NAME} does not hold everything: {self._error}.")
        return out


def is_sid(value: object) -> bool:
    """Whether a value of an answer is a call's sid, so that the call can be ended by it."""
    return isinstance(value, str) and _SID.fullmatch(value) is not None


def plain(text: str) -> str:
    """Text as one field of one line: letters of ASCII as they are, everything else as a code, cut where it is long."""
    out = "".join(c if "!" <= c <= "~" and c != "\\" else f"\\u{{{ord(c):x}}}" for c in text[:_LONGEST])
    return out + ("..." if len(text) > _LONGEST else "")


__all__ = ["NAME", "Calls", "plain"]
