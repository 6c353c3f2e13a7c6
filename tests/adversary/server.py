"""Servers that misbehave, on real sockets of this machine: what one does is data, a list of things to put on the wire.

A behaviour's answer is sent at once after a whole request has been read; its drip then again and again until the client
goes, or as often as said. What was received is kept, so that a test can say what was not sent.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

MIB = 1 << 20


@dataclass(frozen=True)
class Behaviour:
    """What one connection or request gets.

    Args:
        answer: bytes sent at once.
        drip: bytes sent after them, again and again.
        pause: seconds between two drips.
        times: how many drips; None: until the client goes.
        before: seconds between the answer and the first of them.
        end: `keep` the connection for another request, `close` it, `reset` it, `hold` it open and say nothing more, or `drain`
            it: end one's own half and read on, as servers do that don't want what is still coming.
    """

    answer: bytes = b""
    drip: bytes = b""
    pause: float = 0.0
    times: int | None = None
    end: str = "keep"
    before: float = 0.0


def reply(body: bytes = b"{}", status: str = "201 Created", *headers: str, kind: str = "application/json", end: str = "keep") -> Behaviour:
    """A whole and proper answer with any body and further headers."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return Behaviour("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body, end=end)


def as_json(value: object, status: str = "201 Created", *headers: str) -> Behaviour:
    """A whole and proper answer of JSON."""
    return reply(json.dumps(value).encode(), status, *headers)


_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"


def bomb(size: int) -> bytes:
    """So many MiB of one character in gzip, without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(b"0" * MIB) for _ in range(size)), packer.flush()])


_BOMB = bomb(200)

SILENT = Behaviour(end="hold")
CLOSES = Behaviour(end="close")
DRIPS_BODY = Behaviour(_HEAD + b"Content-Length: 1000000\r\n\r\n", b" ", 0.05)
DRIPS_CHUNKS = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05)
DRIPS_HEAD = Behaviour(b"HTTP/1.1 201 Created\r\nX-Slow: ", b"a", 0.05)
DRIPS_STATUS = Behaviour(b"HTTP/1.1 2", b"0", 0.05)
DRIPS_INTERIM = Behaviour(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.05)
HUGE_BODY = Behaviour(_HEAD + b"Content-Length: %d\r\n\r\n" % (500 * MIB), b" " * MIB, times=500, end="close")
HUGE_CHUNKED = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b" " * MIB + b"\r\n", times=500, end="close")
ENDLESS_BODY = Behaviour(_HEAD + b"\r\n", b"[" * MIB)
ENDLESS_HEADERS = Behaviour(b"HTTP/1.1 201 Created\r\n", b"X-Filler: " + b"a" * 1000 + b"\r\n")
ENDLESS_HEADER = Behaviour(b"HTTP/1.1 201 Created\r\nX-Filler: ", b"a" * 65536)
ENDLESS_STATUS = Behaviour(b"HTTP/1.1 201 ", b"a" * 65536)
ENDLESS_INTERIM = Behaviour(b"", b"HTTP/1.1 100 Continue\r\n\r\n")
ENDLESS_TRAILERS = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: " + b"a" * 1000 + b"\r\n")
GZIP_BOMB = Behaviour(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB)
NEGATIVE_CHUNK = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * MIB, end="close")
TINY_CHUNKS = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000, end="close")
EMPTY_MEMBERS = Behaviour(_HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 20_000, end="close")
EMPTY_BLOCKS = Behaviour(_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], b"\0\0\0\xff\xff" * 20_000, end="close")
NOISE = Behaviour(b"hello, this is no HTTP\r\n" * 20, end="close")
HTTP_0_9 = Behaviour(b"<html><body>It works!</body></html>", end="close")
SSH = Behaviour(b"SSH-2.0-OpenSSH_9.6\r\n", end="hold")
BINARY = Behaviour(bytes(range(256)) * 8, end="close")
CUT_OFF = Behaviour(_HEAD + b"Content-Length: 100\r\n\r\n{", end="close")
CUT_CHUNK = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{", end="close")
BAD_CHUNK = Behaviour(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", end="close")
BAD_GZIP = Behaviour(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")
BAD_LENGTH = Behaviour(_HEAD + b"Content-Length: many\r\n\r\n{}", end="close")


@dataclass
class Hostile:
    """A server on a port of its own while the `with` block lasts.

    Args:
        behaviours: what the first, second, … request gets; the last one is for all further ones.
        at_accept: whether the first is shown before anything was read, as by a server of another protocol.
        host: the address to listen at.
        tls: speaks TLS by this context.
    """

    behaviours: tuple[Behaviour, ...]
    at_accept: bool = False
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    opened: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http{'s' * (self.tls is not None)}://{self.host}:{self.port}"

    def __enter__(self) -> Hostile:
        self.listen()
        return self

    def listen(self, port: int = 0) -> None:
        """Takes connections from now on."""
        self._listener = socket.create_server((self.host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.start(self._accept, self._listener)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopping.set()
        self.go_away()
        for thread in self._threads:
            thread.join(5)

    def go_away(self) -> None:
        """Takes no connection any more, and ends all there are."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.lock:
            for connection in self.opened:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.opened.clear()

    def start(self, work: object, *arguments: object) -> None:
        """Begins a thread of this server's."""
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.opened.append(connection)
            self.start(self.serve, connection)

    def serve(self, connection: socket.socket) -> None:
        """Talks to one client until one of the two ends it."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), self._secured(connection) as connection:
            file = connection.makefile("rb")
            while not self.stopping.is_set():
                request = b"" if self.at_accept else read_request(file)
                if not request and not self.at_accept:
                    return
                with self.lock:
                    self.requests.append(request)
                    behaviour = self.behaviours[min(len(self.requests), len(self.behaviours)) - 1]
                self.act(connection, behaviour)
                if behaviour.end != "keep":
                    return

    def _secured(self, connection: socket.socket) -> socket.socket:
        return connection if self.tls is None else self.tls.wrap_socket(connection, server_side=True)

    def act(self, connection: socket.socket, behaviour: Behaviour) -> None:
        """Does one thing on a connection."""
        connection.sendall(behaviour.answer)
        sent = 0
        if behaviour.before:
            time.sleep(behaviour.before)
        while behaviour.drip and (behaviour.times is None or sent < behaviour.times) and not self.stopping.is_set():
            connection.sendall(behaviour.drip)
            sent += 1
            if behaviour.pause:
                time.sleep(behaviour.pause)
        if behaviour.end == "hold":
            self.stopping.wait(60)
        elif behaviour.end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif behaviour.end == "drain":
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def read_request(file: object) -> bytes:
    """A whole request from a socket's file, as the bytes that came; empty where the client has gone."""
    head = read_head(file)
    return head + read_body(file, head)


def read_head(file: object) -> bytes:
    """A request's head with the empty line after it; empty where the client has gone."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline(65536)  # type: ignore[attr-defined]
        if not line:
            return b""
        head += line
    return head


def read_body(file: object, head: bytes) -> bytes:
    """The body that a request's head announces, as it was before it was cut into chunks."""
    if headers_of(head).get("transfer-encoding", "").lower() == "chunked":
        return b"".join(iter(lambda: _chunk(file), b""))
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return file.read(int(value))  # type: ignore[attr-defined, no-any-return]
    return b""


def _chunk(file: Any) -> bytes:
    """A chunk's bytes; none of the last, whose empty line is read too."""
    piece: bytes = file.read(int(file.readline() or b"0", 16))
    file.readline()
    return piece


def headers_of(request: bytes) -> dict[str, str]:
    """The headers of a request, names in lower case."""
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
