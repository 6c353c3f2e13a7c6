"""Standard streams that never end the work: closed, full, or read by nobody, what is written is lost and everything else goes on.

A descriptor that was closed when the process began is opened onto nothing, so that no socket or report gets its number.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TextIO


class _Lasting(io.RawIOBase):
    """A stream of bytes onto another one, whose errors are kept instead of raised."""

    def __init__(self, raw: Any) -> None:
        super().__init__()
        self._raw = raw
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any) -> int:
        """Writes all or some of it; after an error, nothing, as if it were all."""
        while self.error is None:
            try:
                written = self._raw.write(data)
                if written is not None:
                    return int(written)
                select.select([], [self.fileno()], [])  # somebody else made it one that does not wait
            except OSError as error:
                self.error = error
        return len(data)


@dataclass
class Streams:
    """What became of the standard streams.

    Args:
        out: the standard output; None where somebody else's stream stands in its place.
    """

    out: _Lasting | None = None

    @property
    def failure(self) -> str:
        """Why the standard output could not be written; empty where it could, or where nobody reads it any more."""
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        error = self.out.error if self.out is not None else None
        return "" if error is None or error.errno == errno.EPIPE else error.strerror or "no reason given"


@contextmanager
def lasting() -> Iterator[Streams]:
    """Puts lasting streams in the place of the process's own ones, where they still are the process's own."""
    _open_all()
    old = sys.stdout, sys.stderr
    streams = Streams()
    if old[0] is sys.__stdout__:
        sys.stdout, streams.out = _onto(old[0], 1, "replace")
    if old[1] is sys.__stderr__:
        sys.stderr, _ = _onto(old[1], 2, "backslashreplace")
    try:
        yield streams
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = old


def _open_all() -> None:
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != descriptor:
                    os.dup2(opened, descriptor)
                    os.close(opened)


def _onto(stream: TextIO | None, descriptor: int, errors: str) -> tuple[TextIO, _Lasting]:
    """A lasting stream in the place of one, which may be missing."""
    if stream is None:
        raw: Any = io.FileIO(descriptor, "wb", closefd=False)
        encoding, by_line = "utf-8", False
    else:
        with suppress(OSError, ValueError):
            stream.flush()
        raw, encoding, by_line = getattr(stream.buffer, "raw", stream.buffer), stream.encoding, getattr(stream, "line_buffering", False)
    last = _Lasting(raw)
    return io.TextIOWrapper(io.BufferedWriter(last), encoding, errors, line_buffering=by_line), last
