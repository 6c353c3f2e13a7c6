"""The uvicorn server that one emulator runs in.

For the event loop, signals and the closing of connections. Which socket it listens at is ``server``'s business.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import ClassVar, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from harness.emulator.app import create_app
from harness.emulator.hooks import PLAIN_SPEECH, Speak
from harness.emulator.settings import EmulatorSettings
from harness.emulator.voice import Voice

KEEP_ALIVE_S = 120
GRACE_S = 1
EXIT_LIMIT_S = 3.0
REQUEST_LIMIT_S = 30.0  # for a whole request, from its first byte; for the first one, from the connection
MAX_HEAD = 64 << 10  # bytes of a request's line and headers
MAX_REQUEST = 80 << 20  # bytes of a whole request
MAX_CONNECTIONS = 500

Ready = Callable[[str], None]


class _Protocol(HttpToolsProtocol):
    """Lets the application close a connection without an answer, which faults do, and bounds what one client can take up."""

    speech: ClassVar[Speak] = PLAIN_SPEECH
    _served = 0
    _in_head = True
    _heads = 0  # that were whole
    _head = 0  # bytes of a head that is not whole yet
    _size = 0  # bytes of a request that is not whole yet
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.speech != PLAIN_SPEECH:
            self.transport = cast(asyncio.Transport, Voice(transport, self.speech))
        if len(self.connections) > MAX_CONNECTIONS:
            self._turn_away(b"503 Service Unavailable")
            return
        self._limit = self.loop.call_later(REQUEST_LIMIT_S, self._turn_away, b"408 Request Timeout")

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_limit()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        within, heads = self._in_head, self._heads
        self._size += len(data)
        super().data_received(data)
        self._head += len(data) if within and heads == self._heads else 0
        if self._head > MAX_HEAD:
            self._turn_away(b"431 Request Header Fields Too Large")
        elif self._size > MAX_REQUEST:
            self._turn_away(b"413 Content Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"ringtrue.hang_up": {"close": self.transport.close}}
        self._in_head, self._head, self._size = True, 0, 0
        if self._limit is None:
            self._limit = self.loop.call_later(REQUEST_LIMIT_S, self._turn_away, b"408 Request Timeout")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._heads += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._unset_limit()
        self._in_head, self._head, self._size = True, 0, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._served += 1
        if self.speech.close_every and self._served % self.speech.close_every == 0:
            self.transport.close()

    def _unset_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _turn_away(self, status: bytes) -> None:
        """Ends a connection that takes up too much; with an answer, unless one is under way."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()


class _Server(uvicorn.Server):
    """A server that says when it listens, and stops quietly."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in _stopping()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _stopping() -> Iterator[signal.Signals]:
    """The signals that stop a server, but for those that were ignored when the process began, as nohup has it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number: signal.Signals | None = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            yield number


def run(settings: EmulatorSettings, listener: socket.socket, ready: Ready | None, *, stops_with_stdin: bool) -> None:
    """Serves at a socket that already listens; the arguments are those of ``server.serve``."""
    app = create_app(settings)
    url = _url(listener, settings.base_path)
    config = uvicorn.Config(
        app=app,
        http=type("Protocol", (_Protocol,), {"speech": app.speech}),
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, lambda: ready(url) if ready else None)
    if stops_with_stdin:
        threading.Thread(target=_stop_at_eof, args=(server,), daemon=True).start()
    with listener:
        server.run(sockets=[listener])


def _url(listener: socket.socket, base_path: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}{base_path}" if ":" in host else f"http://{host}:{port}{base_path}"


def _stop_at_eof(server: uvicorn.Server) -> None:
    while os.read(0, 1 << 10):  # not sys.stdin, whose lock would hold up the end of the process
        pass
    server.should_exit = True
    threading.Timer(EXIT_LIMIT_S, os._exit, (0,)).start()
