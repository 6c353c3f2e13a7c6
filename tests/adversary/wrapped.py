"""A server that keeps the contract but for one thing, which it does to every request, now and then, or from some request on."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from adversary.answers import Answer, Conforming
from adversary.server import Behaviour, Hostile, headers_of, read_body, read_head
from harness.emulator import EmulatorSettings


@dataclass(frozen=True)
class Turn:
    """One request at a wrapped server.

    Args:
        number: its place, from 1.
        request: its bytes.
        answer: what a faultless server answers.
        url: of another server, which nobody has any business at.
    """

    number: int
    request: bytes
    answer: Answer
    url: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, names in lower case."""
        return headers_of(self.request)

    @property
    def is_post(self) -> bool:
        """Whether it may create a call."""
        return self.request.startswith(b"POST ")


When = Callable[[Turn], bool]
How = Callable[[Turn], Behaviour | Answer]


def always(_turn: Turn) -> bool:
    """Each request."""
    return True


def created(turn: Turn) -> bool:
    """Each call that is created."""
    return turn.answer.is_created


def each(period: int) -> When:
    """Every so-manieth request."""
    return lambda turn: turn.number % period == 0


def after(number: int) -> When:
    """Every request after so many."""
    return lambda turn: turn.number > number


def between(first: int, last: int) -> When:
    """Some requests in a row."""
    return lambda turn: first <= turn.number <= last


def first_created_from(number: int) -> When:
    """The first call from a request on that is created."""
    last, chosen = 0, 0

    def when(turn: Turn) -> bool:
        nonlocal last, chosen
        if turn.number < last:
            chosen = 0  # another server
        last = turn.number
        if not chosen and turn.number >= number and created(turn):
            chosen = turn.number
        return turn.number == chosen

    return when


@dataclass(frozen=True)
class Act:
    """The one thing.

    Args:
        how: what a request gets that it is done to; None for the faultless answer.
        when: to which it is done.
        at_accept: what a connection gets before anything is read from it; nothing else then happens on it.
        early: what a request gets when only its head has been read, if anything; its body is then read and dropped.
        pause: seconds before each answer.
        serves: a connection is closed, unsaid, after so many answers; 0 for never.
        idle: a connection is closed, unsaid, when nothing came for so many seconds after an answer; None for never.
        gone: after so many requests the server is gone, with the connections it had; 0 for never.
        back: after so many seconds it is there again; None for never.
        loses: whether the request at which it goes gets no answer.
    """

    how: How | None = None
    when: When = always
    at_accept: Behaviour | None = None
    early: Callable[[bytes], Behaviour | None] | None = None
    pause: Callable[[Turn], float] | None = None
    serves: int = 0
    idle: float | None = None
    gone: int = 0
    back: float | None = None
    loses: bool = False


@dataclass
class Wrapped(Hostile):
    """A faultless server with one act, while the `with` block lasts."""

    behaviours: tuple[Behaviour, ...] = ()
    act_of: Act = Act()
    settings: EmulatorSettings = field(default_factory=EmulatorSettings)
    elsewhere: str = ""
    number: int = 0
    cookies: int = 0
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faultless = Conforming(self.settings)

    def serve(self, connection: socket.socket) -> None:
        """Talks to one client until one of the two ends it."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, suppress(OSError), connection.makefile("rb") as file:
            if self.act_of.at_accept is not None:
                self.act(connection, self.act_of.at_accept)
                return
            served = 0
            while not self.stopping.is_set():
                behaviour = self._next(connection, file, served > 0)
                if behaviour is None:
                    return
                self.act(connection, behaviour)
                served += 1
                if behaviour.end != "keep" or served == self.act_of.serves:
                    return

    def _next(self, connection: socket.socket, file: object, used: bool) -> Behaviour | None:
        """What the next request on a connection gets; None where the connection is at its end."""
        act = self.act_of
        if act.idle is not None and used and not select.select([connection], [], [], act.idle)[0]:
            return None
        head = read_head(file)
        if not head:
            return None
        early = act.early(head) if act.early is not None else None
        if early is not None:
            self.act(connection, early)
            read_body(file, head)
            return Behaviour(end=early.end)
        return self._answered(head + read_body(file, head))

    def _answered(self, request: bytes) -> Behaviour | None:
        act = self.act_of
        with self.lock:
            self.number += 1
            number = self.number
            self.cookies += b"\r\ncookie:" in request[:4096].lower()
            if len(request) < 1 << 16:
                self.bodies.append(request.partition(b"\r\n\r\n")[2])
        if number == act.gone:
            self.start(self._leave)
            if act.loses:
                return None
        turn = Turn(number, request, self._faultless.answer(request), self.elsewhere)
        if act.pause is not None:
            time.sleep(act.pause(turn))
        if act.how is None or not act.when(turn):
            return turn.answer.wire()
        done = act.how(turn)
        return done.wire() if isinstance(done, Answer) else done

    def _leave(self) -> None:
        time.sleep(0.0 if self.act_of.loses else 0.01)
        self.go_away()
        if self.act_of.back is not None and not self.stopping.wait(self.act_of.back):
            self.listen(self.port)
