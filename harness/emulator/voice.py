"""What leaves a connection, written in another way of speaking HTTP.

For bytes alone: an answer's meaning stays as it is.
"""

from __future__ import annotations

import asyncio
from typing import Any

from harness.emulator.hooks import Speak

_VERSION = b"HTTP/1.1 "


class Voice:
    """A transport that writes heads and pieces as a variant wants them; all else is the transport's own.

    uvicorn writes an answer's head as one piece, which begins with the status line; no body of the emulator does.
    """

    def __init__(self, transport: asyncio.Transport, speech: Speak) -> None:
        self._transport = transport
        self._speech = speech

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Writes an answer's head or a part of its body."""
        if data.startswith(_VERSION):
            data = self._head(bytes(data))
        size = self._speech.piece or len(data) or 1
        for start in range(0, len(data), size):
            self._transport.write(data[start:start + size])

    def _head(self, data: bytes) -> bytes:
        if data.startswith(_VERSION + b"100"):
            return data
        head, blank, body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        lines[0] = self._speech.version + lines[0][len(_VERSION) - 1:]
        if self._speech.title_case:
            lines[1:] = [b"".join((name.title(), *rest)) for name, *rest in (line.partition(b":") for line in lines[1:])]
        return self._speech.before + b"\r\n".join(lines) + blank + body
