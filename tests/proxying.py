"""A small HTTP proxy on loopback: CONNECT, and requests in absolute form. It keeps the heads that it was sent."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

from adversary import headers_of, read_request


@dataclass
class Proxying:
    """A proxy while the `with` block lasts.

    Args:
        auth: the `user:password` that it asks for, or None.
        answer: what it answers whatever it is asked, instead of doing it.
        routes: host names that it knows, with the address that each leads to.
    """

    auth: str | None = None
    answer: bytes = b""
    routes: dict[str, str] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What `--proxy` is given."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxying:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sock in (self._listener, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                self._open.append(near)
                self._start(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        with suppress(OSError, ValueError), near:
            request = read_request(near.makefile("rb", buffering=0))
            if not request:
                return
            head = request.partition(b"\r\n\r\n")[0]
            self.heads.append(head)
            if self.answer:
                near.sendall(self.answer)
            elif self.auth is not None and headers_of(request).get("proxy-authorization") != "Basic " + base64.b64encode(self.auth.encode()).decode():
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                self._pass_on(near, request)

    def _pass_on(self, near: socket.socket, request: bytes) -> None:
        method, where, _ = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        parts = urlsplit(f"//{where}" if method == "CONNECT" else where)
        host = parts.hostname or ""
        with socket.create_connection((self.routes.get(host, host), parts.port or 80), 5) as far:
            self._open.append(far)
            if method == "CONNECT":
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._start(_copy, far, near)
                _copy(near, far)
                return
            lines = [line for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:] if not line.lower().startswith(b"proxy-")]
            far.sendall(b"\r\n".join([f"{method} {parts.path} HTTP/1.1".encode(), *lines, b"Connection: close", b"", request.partition(b"\r\n\r\n")[2]]))
            _copy(far, near)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
