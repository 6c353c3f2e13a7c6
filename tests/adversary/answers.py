"""What a faultless server answers, as data that can be changed in one place: the emulator's application, without its server."""

from __future__ import annotations

import http
import json
import threading
from collections.abc import Coroutine, MutableMapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from adversary.server import Behaviour
from harness.emulator import EmulatorSettings
from harness.emulator.app import create_app


@dataclass(frozen=True)
class Answer:
    """An answer before it is put on the wire.

    Args:
        headers: in order, without the body's length.
        framing: the header that says where the body ends; None for the true length.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str | None = None
    version: str = "HTTP/1.1"
    framing: str | None = None

    @property
    def is_created(self) -> bool:
        """Whether it is a created call."""
        return self.status == 201

    @property
    def head(self) -> bytes:
        """The status line and all headers, with the empty line."""
        reason = self.reason if self.reason is not None else http.HTTPStatus(self.status).phrase
        framing = f"Content-Length: {len(self.body)}" if self.framing is None else self.framing
        lines = [f"{self.version} {self.status} {reason}", *(f"{k}: {v}" for k, v in self.headers), *filter(None, [framing])]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"

    def wire(self, end: str = "keep") -> Behaviour:
        """The whole of it, sent at once."""
        return Behaviour(self.head + self.body, end=end)

    def headed(self, *headers: tuple[str, str]) -> Answer:
        """With further headers."""
        return replace(self, headers=(*self.headers, *headers))

    def typed(self, kind: str) -> Answer:
        """With another content type."""
        return replace(self, headers=tuple((k, kind if k.lower() == "content-type" else v) for k, v in self.headers))

    def bodied(self, body: bytes) -> Answer:
        """With another body."""
        return replace(self, body=body)

    def said(self, **values: Any) -> Answer:
        """With other values in its JSON object."""
        return self.bodied(json.dumps(json.loads(self.body) | values).encode())

    def chunked(self, *pieces: bytes, last: bytes = b"0\r\n\r\n") -> Answer:
        """Its body in chunks."""
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces or (self.body,)) + last
        return replace(self, body=body, framing="Transfer-Encoding: chunked")


class Conforming:
    """The answers of a server that keeps the contract; the same request is another call each time."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._app = create_app(settings)
        self._lock = threading.Lock()

    def answer(self, request: bytes) -> Answer:
        """The answer to the bytes of one whole request."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, *_ = first.split(" ")
        headers = [(n.lower().encode("latin-1"), v.strip().encode("latin-1")) for n, _, v in (line.partition(":") for line in lines)]
        scope = {"type": "http", "method": method, "path": unquote(path.partition("?")[0]), "headers": headers, "extensions": {}}
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        with self._lock:
            _to_its_end(self._app(scope, receive, send))
        kept = [(k.decode().title(), v.decode()) for k, v in sent[0]["headers"]]
        length = next((f"{k}: {v}" for k, v in kept if k == "Content-Length"), None)
        headers_kept = tuple((k, v) for k, v in kept if k != "Content-Length")
        return Answer(sent[0]["status"], headers_kept, b"".join(m.get("body", b"") for m in sent[1:]), framing=length if method == "HEAD" else None)


def _to_its_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs what never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("a faultless emulator waits for nothing")
