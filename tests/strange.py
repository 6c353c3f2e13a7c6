"""Servers that keep the contract in their own strange way: a proxy before the emulator that writes its answers anew.

A variant is data: what is done to an answer's object, to its head and body, and to a request before it is passed on.
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hostile import headers_of, read_request

Document = dict[str, Any]
Form = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """An answer while it is being rewritten."""

    status: int
    document: Any
    raw: bytes


@dataclass(frozen=True)
class Variant:
    """A way to keep the contract.

    Args:
        call: what a created call's object becomes, given the form.
        refuse: a status and code with which a request is refused by the proxy, or None to pass it on.
        dump: how JSON is written.
        version: of HTTP, in the status line.
        headers: further headers.
        close: whether the connection ends after each answer; with `say_close` it is said.
        chunk: bytes in a chunk; 0 for a length.
        packed: whether the body is in gzip.
        interim: what is sent before the answer.
        piece: bytes sent at a time; 0 for all at once.
        delay: seconds before each answer.
        limit: every so many-th request gets a 429.
        emulator: settings of the emulator behind it.
    """

    call: Callable[[Document, Form], Document] = lambda document, _form: document
    refuse: Callable[[str, str, Form], tuple[int, int] | None] = lambda _method, _path, _form: None
    dump: Callable[[Any], str] = json.dumps
    version: str = "HTTP/1.1"
    headers: tuple[str, ...] = ()
    content_type: str = "application/json"
    close: bool = False
    say_close: bool = True
    close_every: int = 0
    chunk: int = 0
    packed: bool = False
    interim: bytes = b""
    piece: int = 0
    delay: float = 0.0
    limit: int = 0
    emulator: dict[str, Any] = field(default_factory=dict)


class Proxy:
    """One variant on a port of its own while the `with` block lasts."""

    def __init__(self, variant: Variant, upstream: str) -> None:
        self.variant = variant
        self._upstream = urlsplit(upstream)
        self._count = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Its base URL, the upstream's path included."""
        return f"http://127.0.0.1:{self._port}{self._upstream.path}"

    def __enter__(self) -> Proxy:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port or 80, timeout=30)
        served = 0
        try:
            with connection, suppress(OSError):
                file = connection.makefile("rb")
                while request := read_request(file):
                    served += 1
                    last = self.variant.close or (self.variant.close_every > 0 and served >= self.variant.close_every)
                    self._send(connection, self._answer(request, upstream), request, last)
                    if last:
                        return
        finally:
            upstream.close()
            with self._lock:
                self._open.discard(connection)

    def _answer(self, request: bytes, upstream: http.client.HTTPConnection) -> Answer:
        with self._lock:
            self._count += 1
            count = self._count
        if self.variant.delay:
            time.sleep(self.variant.delay)
        if self.variant.limit and count % self.variant.limit == 0:
            return _refusal(429, 20429)
        method, path, _ = request.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
        body = request.partition(b"\r\n\r\n")[2]
        form = parse_qsl(body.decode("latin-1"), keep_blank_values=True) if body else []
        refused = self.variant.refuse(method, path, form)
        if refused is not None:
            return _refusal(*refused)
        return self._passed_on(method, path, body, request, upstream, form)

    def _passed_on(
        self, method: str, path: str, body: bytes, request: bytes, upstream: http.client.HTTPConnection, form: Form
    ) -> Answer:
        kept = {k: v for k, v in headers_of(request).items() if k in ("content-type", "authorization", "content-length", "accept")}
        upstream.request(method, path, body or None, kept)
        response = upstream.getresponse()
        raw = response.read()
        try:
            document = json.loads(raw)
        except ValueError:
            return Answer(response.status, None, raw)
        if response.status in (200, 201) and isinstance(document, dict) and "sid" in document:
            document = self.variant.call(document, form)
        return Answer(response.status, document, raw)

    def _send(self, connection: socket.socket, answer: Answer, request: bytes, last: bool) -> None:
        variant = self.variant
        body = answer.raw if answer.document is None else variant.dump(answer.document).encode()
        head = [f"{variant.version} {answer.status} {http.client.responses.get(answer.status, 'Odd')}", *variant.headers]
        head += [f"Content-Type: {variant.content_type}"] if answer.document is not None else []
        head += ['WWW-Authenticate: Basic realm="calls"'] if answer.status == 401 else []
        head += ["Retry-After: 0"] if answer.status == 429 else []
        head += ["Connection: close"] if last and variant.say_close else []
        if variant.packed and body:
            body = gzip.compress(body, 1)
            head.append("Content-Encoding: gzip")
        if variant.chunk and answer.status != 204:
            head.append("Transfer-Encoding: chunked")
            pieces = [body[i:i + variant.chunk] for i in range(0, len(body), variant.chunk)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        elif variant.version == "HTTP/1.1" and answer.status != 204:
            head.append(f"Content-Length: {len(body)}")
        if request.startswith(b"HEAD ") or answer.status == 204:
            body = b""
        data = variant.interim + "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
        for i in range(0, len(data), variant.piece or len(data)):
            connection.sendall(data[i:i + (variant.piece or len(data))])


def _refusal(status: int, code: int) -> Answer:
    document = {"code": code, "message": "refused", "more_info": f"https://example.com/{code}", "status": status}
    return Answer(status, document, b"")


# --- what is done to a call ---------------------------------------------------------------------------------

NEEDED = ("sid", "account_sid", "status", "direction", "uri", "to", "from")
DATES = ("date_created", "date_updated")


def minimal(document: Document, _form: Form) -> Document:
    """The seven attributes that no client can do without."""
    return {k: document[k] for k in NEEDED}


def all_null(document: Document, _form: Form) -> Document:
    """Everything else null."""
    return {k: v if k in NEEDED else None for k, v in document.items()}


def extra(document: Document, _form: Form) -> Document:
    """Keys that the document doesn't know."""
    return {"annotation": None, "zone": {"a": [1, 2.5, True]}, **document, "_links": [{"href": "https://example.com"}], "price_currency": 7}


def plain_dates(document: Document, _form: Form) -> Document:
    """Dates without a weekday, their zone as GMT."""
    return {k: v.partition(", ")[2].replace("+0000", "GMT") if k in DATES and v else v for k, v in document.items()}


def dates_by_the_minute(document: Document, _form: Form) -> Document:
    """Dates without seconds, their zone as UT."""
    return {k: v[:-9] + " UT" if k in DATES and v else v for k, v in document.items()}


def ringing(document: Document, _form: Form) -> Document:
    """A call that is on its way already."""
    return {**document, "status": "in-progress", "start_time": document["date_created"], "queue_time": "0", "duration": "0"}


def sip_without_scheme(document: Document, _form: Form) -> Document:
    """SIP addresses without `sip:`."""
    return {k: v[4:] if k in ("to", "from") and str(v).startswith("sip:") else v for k, v in document.items()}


def from_caller_id(document: Document, form: Form) -> Document:
    """`from` is the CallerId, where one was sent."""
    values = [v for n, v in form if n == "CallerId" and v]
    return {**document, "from": values[-1]} if values else document


def upper_sids(document: Document, _form: Form) -> Document:
    """Hexadecimal digits in capitals."""
    sid = document["sid"]
    upper = sid[:2] + sid[2:].upper()
    return json.loads(json.dumps(document).replace(sid, upper))  # type: ignore[no-any-return]


# --- what is refused besides ----------------------------------------------------------------------------------


def unknown_sids(_method: str, _path: str, form: Form) -> tuple[int, int] | None:
    """SIDs are looked up, and none is known."""
    return (400, 21218) if any(n in ("ApplicationSid", "Byoc") for n, _ in form) else None


def other_accounts(method: str, path: str, _form: Form) -> tuple[int, int] | None:
    """Another account's path is forbidden."""
    from harness.emulator.settings import ACCOUNT_SID

    return (403, 20003) if method == "POST" and ACCOUNT_SID not in path else None


def no_read_back(method: str, _path: str, _form: Form) -> tuple[int, int] | None:
    """Nothing but POST."""
    return (405, 20004) if method != "POST" else None


def strictly(method: str, _path: str, form: Form) -> tuple[int, int] | None:
    """Refuses all that is unclear about numbers of pairs: unknown and repeated parameters, no instructions."""
    from harness.contract import PARAMETER

    if method != "POST" or not form:
        return None
    names = [n for n, _ in form]
    twice = len([n for n in names if n != "StatusCallbackEvent"]) != len({n for n in names if n != "StatusCallbackEvent"})
    without = not {"Url", "Twiml", "ApplicationSid"} & set(names)
    return (400, 20001) if twice or without or any(n not in PARAMETER for n in names) else None


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=4, ensure_ascii=True, sort_keys=True) + "\n"


def _raw(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


VARIANTS: dict[str, Variant] = {
    "http-1.0": Variant(version="HTTP/1.0", close=True),
    "closes-after-each": Variant(close=True, call=sip_without_scheme),
    "closes-unsaid-after-each": Variant(close=True, say_close=False),
    "closes-unsaid-every-100th": Variant(close_every=100, say_close=False),
    "chunked": Variant(chunk=100),
    "gzip-in-small-chunks": Variant(packed=True, chunk=7),
    "early-hints": Variant(interim=b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"),
    "pretty-ascii": Variant(dump=_pretty, content_type="application/json;charset=utf-8"),
    "raw-utf-8-in-pieces": Variant(dump=_raw, content_type="Application/Vnd.Calls+JSON", piece=200),
    "extra-keys": Variant(call=extra, headers=("Set-Cookie: a=b", "X-Powered-By: x", "Access-Control-Allow-Origin: *")),
    "minimal-attributes": Variant(call=minimal),
    "all-null": Variant(call=all_null, emulator={"owned_numbers": ("+12025550143",)}),
    "dates-without-weekday": Variant(call=plain_dates),
    "dates-without-seconds": Variant(call=dates_by_the_minute, refuse=strictly),
    "in-progress-at-once": Variant(call=ringing),
    "from-is-caller-id": Variant(call=from_caller_id, emulator={"base_path": "/voice/api"}),
    "sids-in-capitals": Variant(call=upper_sids, refuse=no_read_back),
    "sids-looked-up": Variant(refuse=unknown_sids),
    "other-account-forbidden": Variant(refuse=other_accounts),
    "rate-limited": Variant(limit=50),
    "slow": Variant(delay=0.02),
}
