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

Ready = Callable[[str], None]


class _Protocol(HttpToolsProtocol):
    """Lets the application close a connection without an answer, which faults do."""

    speech: ClassVar[Speak] = PLAIN_SPEECH
    _served = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.speech != PLAIN_SPEECH:
            self.transport = cast(asyncio.Transport, Voice(transport, self.speech))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"ringtrue.hang_up": {"close": self.transport.close}}

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._served += 1
        if self.speech.close_every and self._served % self.speech.close_every == 0:
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
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


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
