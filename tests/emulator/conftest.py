"""Emulators for these tests: one in a process of its own, and any number in this one without sockets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.emulator import Emulator, EmulatorSettings, create_app

SETTINGS = EmulatorSettings(auth_token="0123456789abcdef0123456789abcdef", seed=7)
FORM = "application/x-www-form-urlencoded"
PATIENCE_S = 0.02
HUNG, CLOSED = 1, 2

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back; the status is HUNG or CLOSED where nothing did."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Caller:
    """Sends requests to an application in this process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *faults: str) -> None:
        self.settings = EmulatorSettings(auth_token=SETTINGS.auth_token, seed=SETTINGS.seed, faults=faults)
        self._loop = loop
        self._app = create_app(self.settings)
        self.path = self.settings.collection_path

    def post(self, pairs: Pairs, **more: Any) -> Answer:
        """Sends a form."""
        return self.send("POST", urlencode(pairs).encode(), **more)

    def send(self, method: str = "POST", body: bytes = b"", **more: Any) -> Answer:
        """Sends anything and waits for the answer."""
        return self._loop.run_until_complete(self._ask(method, body, **more))

    def send_all(self, requests: list[tuple[str, bytes, dict[str, Any]]]) -> list[Answer]:
        """Sends one request after another."""

        async def ask_all() -> list[Answer]:
            return [await self._ask(method, body, **more) for method, body, more in requests]

        return self._loop.run_until_complete(ask_all())

    def post_at_once(self, forms: list[Pairs]) -> list[Answer]:
        """Sends forms without waiting for answers in between."""

        async def ask_all() -> list[Answer]:
            return await asyncio.gather(
                *(self._ask("POST", urlencode(pairs).encode(), patience=1.0) for pairs in forms)
            )

        return self._loop.run_until_complete(ask_all())

    def basic(self, user: str | None = None, token: str | None = None) -> str:
        """An Authorization header; the account's own where nothing else is said."""
        user = self.settings.account_sid if user is None else user
        token = self.settings.auth_token if token is None else token
        return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()

    async def _ask(
        self,
        method: str,
        body: bytes,
        path: str | None = None,
        authorization: str | None = "own",
        content_type: str = FORM,
        patience: float = PATIENCE_S,
        pieces: int = 1,
        accept: str | None = "application/json",
        closes: bool = False,
        framing: tuple[bytes, bytes] | None = None,
    ) -> Answer:
        size = -(-len(body) // pieces) or 1
        parts = [body[i:i + size] for i in range(0, len(body), size)] or [b""]
        headers = [(b"content-type", content_type.encode())] if content_type else []
        headers += [(b"accept", accept.encode())] if accept is not None else []
        headers += [framing] if framing is not None else []
        headers += [(b"connection", b"close")] if closes else []
        if authorization is not None:
            own = self.basic() if authorization == "own" else authorization
            headers.append((b"authorization", own.encode()))
        closed = asyncio.Event()
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path or self.path,
            "headers": headers,
            "extensions": {"ringtrue.hang_up": {"close": closed.set}},
        }
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if closed.is_set():
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        try:
            async with asyncio.timeout(patience):
                await self._app(scope, receive, send)
        except TimeoutError:
            return Answer(HUNG)
        if not sent:
            return Answer(CLOSED)
        return Answer(sent[0]["status"], sent[1]["body"], tuple(sent[0]["headers"]))


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="session")
def start(loop: asyncio.AbstractEventLoop) -> Any:
    """Makes a caller of an application with these faults."""
    return lambda *faults: Caller(loop, *faults)


@pytest.fixture(scope="session")
def caller(start: Any) -> Caller:
    """A caller of a faithful application."""
    made: Caller = start()
    return made


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """A faithful emulator on a real socket."""
    with Emulator() as running:
        yield running
