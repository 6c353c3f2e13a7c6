"""The target: the configuration of the server under test, and the only code that opens connections to it.

It speaks HTTP/1.1 over urllib3's connections (the engine under requests), one kept alive at a time and thread, so that
every byte and every bound is in one place: the time for a whole answer, header and body size. It follows no redirect, keeps no cookie,
reads no proxy or .netrc from the environment, and takes every secret out of an answer before anyone else sees it.
"""

from __future__ import annotations

import base64
import errno
import http.client
import logging
import os
import re
import socket
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import Parser
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from harness import __version__
from harness.case import HEADS, UNCLEAR_HEADS, Case, account_of, changed_at
from harness.contract import COLLECTION
from harness.errors import HarnessError, Inconclusive, TargetUnreachable, UsageError
from harness.exchange import MAX_BODY, Exchange
from harness.route import PROXY_VARIABLE, Proxy, is_here, is_loopback
from harness.secrecy import REDACTED, Passwords, needles_of
from harness.visible import cut
from harness.wire import body_of

# What every request says beside its content type and its credentials.
FIXED_HEADERS = {"User-Agent": f"ringtrue/{__version__}", "Accept": "application/json", "Accept-Encoding": "gzip"}
_LAST_HEADS = ("close", *UNCLEAR_HEADS)  # after which nothing more is sent on a connection
END_CALL = Case((("Status", "completed"),), "hang-up")
_STALL_S, _STALLS_KEPT = 0.5, 100  # of a thread that sleeps for 0.1 s
_MAX_INTERIM, _MAX_CODINGS = 32, 5  # answers before the final one; codings of a body, one in the other
_MAX_HEADERS, _MAX_READ = 1000, 1 << 20  # of a head: headers, bytes; the standard library's 99 headers no standard asks for
_MAX_HEAD, _SHORT = 16384, 120  # characters of all headers together; of each where that is too much
_ASKED_FOR = ("content-type", "retry-after", "location", "content-length", "content-encoding", "www-authenticate")
_LARGE_PIECE = 300  # bytes of a request's body sent at a time from which on the pieces come as over a slow line
_LONG_GAP_S = 0.025  # between such pieces: whoever waits a little for more of a body waits less
_PIECE = 65536  # bytes of a body that are read at once; and of a line of a head, or before a chunk
_MAX_SENT = MAX_BODY + (MAX_BODY >> 4)  # bytes of a body as it is sent: packing makes none longer by so much
_HEADER = re.compile(rb"[!-9;-~]+:[^\r\n]*\r?\n")  # of one line, as all are that any server sends
_PORTS = {"http": 80, "https": 443}
_SHORT_ANSWER = 2048  # bytes of which it is remembered that they hold no secret
_FOLD = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_NO_TARGET, _NO_LINE = re.compile(r"[^!-~]"), re.compile(r"[\r\n\0]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\n]*|\r?)\n")
_HELD_S = 1.0  # a connection on which nothing came for so long was not idle when the request did
_LEAP = 3600.0  # seconds; by so much the clock must have been set since the run began
_LACKS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
# What urllib3 has to say of an odd certificate is said here, and to the point.
logging.getLogger("urllib3").addHandler(logging.NullHandler())
logging.getLogger("urllib3").propagate = False


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """The server under test.

    Args:
        url: base URL, what stands before `/2010-04-01`.
        account_sid: `AC` and 32 hexadecimal digits.
        auth_token: None where the target needs no credentials; never shown.
        timeout: seconds for one whole answer.
        ca_bundle: path of certificates to trust instead of the usual ones.
        allow_http: whether http may leave this machine.
        proxy: the way that every request takes; what the environment says of proxies is never read.
    """

    url: str
    account_sid: str
    auth_token: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    ca_bundle: str | None = None
    allow_http: bool = False
    proxy: Proxy | None = None

    @property
    def host(self) -> str:
        """The URL's host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def authority(self) -> str:
        """The host, with its port unless it is the scheme's usual one, as a request names it."""
        parts = urlsplit(self.url)
        host = self.host if self.host.isascii() else self.host.encode("idna").decode()
        return (f"[{host}]" if ":" in host else host) + (f":{parts.port}" if parts.port not in (None, _PORTS[parts.scheme]) else "")

    @property
    def collection(self) -> str:
        """The path of the account's calls, with what stands before it in the base URL."""
        return self.path(self.account_sid)

    def path(self, account_sid: str) -> str:
        """The path of an account's calls."""
        return urlsplit(self.url).path.rstrip("/") + COLLECTION.replace("{AccountSid}", account_sid)


def check_url(url: str) -> str:
    """The base URL without a trailing slash, its scheme in small letters.

    Raises:
        UsageError: it is no http(s) URL with a host, or carries user info, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--target {without_user(url)[:200]!r} is no URL ({error}); write it like http://127.0.0.1:8080") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"--target {url[:200]!r} is no http or https URL; write it like http://127.0.0.1:8080")
    if parts.username or parts.password:
        raise UsageError("--target must not hold a user name or password; the token goes into RINGTRUE_AUTH_TOKEN")
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
        raise UsageError(f"--target {url[:200]!r} must be a base URL without query, fragment or spaces")
    if not parts.path.isascii():
        like = quote(parts.path[:100], safe="/%", errors="replace")
        raise UsageError(f"--target {url[:200]!r} has letters in its path that no request can have; write them like {like}")
    if not _is_host(parts.hostname):
        raise UsageError(f"--target {url[:200]!r} has a host name that is none; write it like http://127.0.0.1:8080")
    return (parts.scheme + url[len(parts.scheme):]).rstrip("/")


def _is_host(host: str) -> bool:
    """Whether a host name can be asked for at all."""
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def without_user(url: str) -> str:
    """What was given as a URL, for a message: without a user name and password."""
    return re.sub(r"^(\w+://)?[^/]*@", r"\1…@", url)


class _LastLine:
    """A file that remembers the last line that was read from it, and ends what has more of them than a head may hold."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.line = b""
        self.read = 0

    def readline(self, limit: int = -1) -> bytes:
        """Reads one line.

        Raises:
            http.client.LineTooLong: more than a head was read.
        """
        self.line = self.file.readline(limit)
        self.read += len(self.line)
        if self.read > _MAX_READ:
            raise http.client.LineTooLong("head")
        return self.line

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class _FinalResponse(http.client.HTTPResponse):
    """An answer whose interim answers (1xx) are read over: the final one counts. A head that is cut off or wrong is no answer."""

    has_more = False

    def begin(self) -> None:
        """Reads the head.

        Raises:
            http.client.HTTPException: it is none of HTTP/1's, or is cut off.
        """
        file = self.fp
        lines: Any = _LastLine(file)
        self.fp = lines
        version, self.status, reason = self._read_status()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise http.client.UnknownProtocol(version)
        self.reason, self.version = reason.strip(), 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.headers = self.msg = _head_of(lines)
        if lines.line not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(lines.line)
        has_body = self.status >= 200 and self.status not in (204, 304) and self._method != "HEAD"  # type: ignore[attr-defined]
        self.chunked = has_body and "chunked" in map(str.strip, self.said("transfer-encoding").lower().split(","))
        self.length = self._length(has_body)
        # Where nothing tells the body's end, the connection's does.
        self.will_close = self._check_close() or (self.length is None and not self.chunked)  # type: ignore[attr-defined]
        self.fp = file

    def _length(self, has_body: bool) -> int | None:
        """Bytes of the body, or None where its chunks or the connection's end tell it."""
        rest = self.msg.get_payload()  # what follows a line that is no header
        lengths = ",".join(self.msg.get_all("content-length", ["0"])).split(",")
        if (isinstance(rest, str) and rest.strip()) or not all(v.strip().isdecimal() for v in lengths):
            raise http.client.HTTPException("a line that is no header, or a length that is none")
        if not has_body:
            return 0
        if self.chunked or "content-length" not in self.msg:
            return None
        if len({int(v) for v in lengths}) > 1:
            raise http.client.HTTPException("two lengths")
        return int(lengths[0])  # it may be said twice

    def _close_conn(self) -> None:
        """Looks, at the end of an answer, for bytes that came with it and belong to none; line breaks are forgiven."""
        if self.fp is not None and not self.will_close:
            self.has_more = _at_hand(self.fp).strip() != b""
        super()._close_conn()  # type: ignore[misc]

    def said(self, name: str) -> str:
        """The value of a header; of one that comes several times all of them."""
        return ", ".join(self.msg.get_all(name, ()))

    def pieces(self) -> Iterator[tuple[bytes, int]]:
        """A body in pieces of bounded size, each with the bytes that it took on the wire.

        Raises:
            http.client.HTTPException: it is cut off, its chunks are none of HTTP/1.1's, or more trailers follow than a head may have.
        """
        if self.chunked:
            yield from self._chunks()
            return
        while piece := self.read(_PIECE):
            yield piece, len(piece)
        if self.length:
            raise http.client.IncompleteRead(b"", self.length)

    def _chunks(self) -> Iterator[tuple[bytes, int]]:
        size, framing = self._chunk_size()
        while size:
            left = size
            while left:
                piece = self._safe_read(min(left, _PIECE))  # type: ignore[attr-defined]
                left -= len(piece)
                yield piece, len(piece) + framing
                framing = 0
            if self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
                raise http.client.HTTPException("a chunk that is longer than its size")
            size, framing = self._chunk_size()
        self.close()

    def _chunk_size(self) -> tuple[int, int]:
        """(the size of the next chunk, bytes that frame it); 0 behind the last one, with the trailers read over."""
        line = self.fp.readline(_PIECE + 1)
        if not line.endswith(b"\n") and len(line) <= _PIECE:
            raise http.client.IncompleteRead(line)
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise http.client.HTTPException("a chunk whose size is none")
        if not (length := int(size[1], 16)):
            _head_of(_LastLine(self.fp))
        return length, len(line) + 2

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MAX_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            _head_of(self.fp)
        raise http.client.HTTPException("more interim answers than anyone needs")


def _head_of(file: Any) -> http.client.HTTPMessage:
    """The headers of a head, or of what follows the last chunk, up to the empty line or the end.

    Raises:
        http.client.HTTPException: there are more, or longer ones, than anyone needs.
    """
    lines: list[bytes] = []
    while (line := file.readline(_PIECE + 1)) not in (b"\r\n", b"\n", b""):
        lines.append(line)
        if len(line) > _PIECE or len(lines) > _MAX_HEADERS:
            raise http.client.LineTooLong("head")
    message = http.client.HTTPMessage()
    if all(map(_HEADER.fullmatch, lines)):
        pairs = [line.decode("latin-1").split(":", 1) for line in lines]
    else:
        parsed = Parser(http.client.HTTPMessage).parsestr(b"".join(lines).decode("latin-1"))
        message.set_payload(parsed.get_payload())  # what follows a line that is no header
        pairs = [[name, _FOLD.sub(" ", value)] for name, value in parsed.items()]
    for name, value in pairs:
        message[name] = value.strip(" \t\r\n")
    return message


def _at_hand(file: Any) -> bytes:
    """What can be read from a socket's file without waiting."""
    sock = file.raw._sock
    before = sock.gettimeout()
    try:
        sock.settimeout(0.0)
        return file.peek(1) or b""
    except (OSError, ValueError):
        return b""
    finally:
        with suppress(OSError):
            sock.settimeout(before)


class _Guarded:
    """Connects only to where it may, and says what stands in the way."""

    only_here = False
    through: Proxy | None = None

    def _new_conn(self) -> socket.socket:
        """Connects. Whoever was taken for this machine must be there: an answer of the resolver may have changed since."""
        try:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        except urllib3.exceptions.HTTPError:
            if self.through is None:
                raise
            raise TargetUnreachable(f"the proxy {self.through.url} takes no connections: check --proxy") from None
        peer = str(sock.getpeername()[0])
        if self.only_here and not is_here(peer):
            sock.close()
            host: str = self.host  # type: ignore[attr-defined]
            raise TargetUnreachable(
                f"{host} was taken for this machine and leads to {peer} now, so nothing was sent there; name an address in --target"
            )
        return sock

    def _tunnel(self) -> None:
        """Has the proxy open the way to the target."""
        try:
            super()._tunnel()  # type: ignore[misc]
        except (OSError, http.client.HTTPException) as error:
            status = re.search(r"Tunnel connection failed: (\d{3})", str(error))
            why = f"it answers {status[1]}" if status else "it gives no whole answer"
            hint = f"; its user:password goes into {PROXY_VARIABLE}" if status and status[1] == "407" else ""
            proxy = self.through.url if self.through is not None else ""
            raise TargetUnreachable(f"the proxy {proxy} did not open the way to the target: {why}{hint}") from None


class _Plain(_Guarded, HTTPConnection):
    pass


class _Tls(_Guarded, HTTPSConnection):
    response_class = _FinalResponse  # of a proxy that is asked for the way
    raw: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.raw = sock.dup()  # by which the handshake can be ended from outside
        return sock


@dataclass(slots=True)
class _Watch:
    deadline: float
    sock: Any
    fired: bool = False


@dataclass(slots=True)
class Flight:
    """A request that was sent and whose answer has not been read yet.

    Args:
        start: of the performance counter, in seconds.
        sent_at: seconds since the epoch.
        error: what went wrong in sending it.
        cut: whether the server took no more of it before it was sent whole.
    """

    case: Case
    number: int
    previous: Case | None
    method: str
    path: str
    body: bytes
    headers: dict[str, str]
    sent_at: float
    start: float
    connection: Any = None
    reused: bool = False
    watch: _Watch | None = None
    error: Exception | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Handshake:
    """A TLS connection that is being made, as something to shut down."""

    connection: _Tls

    def shutdown(self, how: int) -> None:
        """Ends it."""
        if self.connection.raw is not None:
            self.connection.raw.shutdown(how)


class _Watchdog:
    """Closes a connection whose whole answer isn't there in time, however slowly it drips."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watch] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ticked = 0.0
        self._stood: deque[tuple[float, float]] = deque(maxlen=_STALLS_KEPT)

    def stood_still(self, since: float) -> float:
        """Seconds since a moment of `time.perf_counter` in which not even this thread ran: the machine, or this process, stood still."""
        now = time.perf_counter()
        stood = [*self._stood, *([(self._ticked, now)] if self._ticked and now - self._ticked > _STALL_S else [])]
        return sum(max(0.0, end - max(begin, since)) for begin, end in stood)

    def watch(self, sock: Any, deadline: float) -> _Watch:
        entry = _Watch(deadline, sock)
        with self._lock:
            self._watched[id(entry)] = entry
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, daemon=True, name="ringtrue-watchdog")
            self._thread.start()
        return entry

    def release(self, entry: _Watch) -> None:
        with self._lock:
            self._watched.pop(id(entry), None)

    def _loop(self) -> None:
        self._ticked = time.perf_counter()
        while True:
            time.sleep(0.1)
            ticked, stood = time.perf_counter(), 0.0
            if ticked - self._ticked > _STALL_S:
                self._stood.append((self._ticked, ticked))
                stood = ticked - self._ticked
            self._ticked = ticked
            now = time.monotonic()
            with self._lock:
                for entry in self._watched.values():
                    entry.deadline += stood
                late = [w for w in self._watched.values() if now > w.deadline and not w.fired]
            for entry in late:
                entry.fired = True
                with suppress(OSError, AttributeError):
                    entry.sock.shutdown(socket.SHUT_RDWR)


class Target:
    """Sends cases to the server under test.

    Args:
        config: where and as whom.
        loopback: whether it is on this machine; None to have its name resolved.

    The object is used by several threads; each has a connection of its own.
    """

    def __init__(self, config: TargetConfig, loopback: bool | None = None) -> None:
        self.config = config
        self.loopback = loopback if loopback is not None else config.proxy is None and is_loopback(config.host)
        self.retries = 0
        self._epoch = time.time() - time.perf_counter()
        self.strays = 0
        self.always_fresh = not self.loopback
        self.timeout = config.timeout
        self._number = 0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._watchdog = _Watchdog()
        self._needles = needles_of(config.auth_token, config.account_sid)
        self._token_in = lru_cache(maxsize=1024)(self._needles.are_in)  # most refusals, and most heads, come again and again
        self._passwords = Passwords(f"{config.account_sid}\n{config.url}")
        self._credentials: dict[str, str | None] = {}
        self._context: ssl.SSLContext | None = None

    # -- what is sent ----------------------------------------------------------------------------

    def credential(self, kind: str) -> str | None:
        """The Authorization header of one of `harness.case.CREDENTIALS`, or None for none."""
        if kind not in self._credentials:
            self._credentials[kind] = _credential(kind, self.config)
        return self._credentials[kind]

    def can_judge_credentials(self, kind: str) -> bool:
        """Whether this kind of wrong credentials differs from the right ones here."""
        return self.config.auth_token is not None and (kind == "right" or self.credential(kind) != self.credential("right"))

    def path_of(self, case: Case) -> str:
        """The path that a case goes to."""
        return self.config.path(account_of(case.account, self.config.account_sid))

    def headers_of(self, case: Case) -> dict[str, str]:
        """The headers that a case is sent with, the secret one included."""
        headers = fixed_headers(case)
        if case.content_type is not None:
            headers["Content-Type"] = case.content_type
        authorization = self.credential(case.credentials)
        if authorization is not None:
            headers["Authorization"] = authorization
        return headers

    # -- sending -----------------------------------------------------------------------------------

    def send(self, case: Case, previous: Case | None = None) -> Exchange:
        """Sends a case and reads its whole answer, within the bounds.

        Args:
            case: what to send.
            previous: the case sent before it, kept with the exchange.

        Returns:
            The exchange; a connection that fails is part of it, not an exception.
        """
        return self.finish(self.begin(case, previous))

    def begin(self, case: Case, previous: Case | None = None) -> Flight:
        """Sends a case and leaves its answer to `finish`, so that a caller can work while the server does.

        A thread has one request under way at most: the next one is begun once the one before is finished.
        """
        return self._start(case, case.method, self.path_of(case), body_of(case), self.headers_of(case), previous)

    def pause(self, seconds: float) -> None:
        """Says nothing for a while."""
        time.sleep(seconds)

    def read(self, path: str, case: Case) -> Exchange:
        """GETs a path of the target with the right credentials; `case` is kept with the exchange."""
        headers = dict(FIXED_HEADERS)
        authorization = self.credential("right")
        if authorization is not None:
            headers["Authorization"] = authorization
        return self.finish(self._start(case, "GET", path, b"", headers, None))

    def end_call(self, sid: str) -> Exchange:
        """Asks the target to end a call that it created.

        Args:
            sid: of the call; the path is built from it, never from what an answer says.
        """
        path = self.config.collection.removesuffix(".json") + f"/{quote(sid, safe='')}.json"
        return self.finish(self._start(END_CALL, "POST", path, body_of(END_CALL), self.headers_of(END_CALL), None))

    def hurry(self, usual: float, slowest: float = 0.0) -> None:
        """Waits less for each further answer, since this target hangs now and then.

        Args:
            usual: the usual time of an answer, in seconds.
            slowest: the most that any took.
        """
        self.timeout = min(self.timeout, max(0.5, 30 * usual, 4 * slowest))

    def unhurry(self, least: float) -> None:
        """Waits at least so many seconds for each answer, or as long as configured."""
        self.timeout = min(self.config.timeout, max(self.timeout, least))

    def waited_in_full(self, exchange: Exchange) -> bool:
        """Whether an answer that never came was waited for as long as configured."""
        return exchange.elapsed > 0.9 * self.config.timeout

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Waits as long as configured in here."""
        hurried, self.timeout = self.timeout, self.config.timeout
        try:
            yield
        finally:
            self.timeout = hurried

    def close(self) -> None:
        """Closes this thread's connection."""
        self._drop()

    def _start(
        self, case: Case, method: str, path: str, body: bytes, headers: dict[str, str], previous: Case | None
    ) -> Flight:
        with self._lock:
            self._number += 1
            number = self._number
        flight = Flight(case, number, previous, method, path, body, headers, time.time(), time.perf_counter())
        self._passwords.note(_passwords_of(case))
        self._put_off(flight)
        return flight

    def finish(self, flight: Flight) -> Exchange:
        """Reads the whole answer to a request that was begun, within the bounds."""
        answer = self._answer(flight)
        if answer.get("stale"):
            self.always_fresh = True
            self._put_off(flight)
            again = self._answer(flight)
            # Where nothing listens any more, the first try is the one that met the server: it may have ended of it.
            if again.get("failure") != "refused":
                self.retries += 1
                answer = again
        answer.pop("stale", None)
        elapsed = time.perf_counter() - flight.start
        kept = self._without_secrets(answer, flight.case, flight.previous)
        kept["headers"] = _bounded(kept.get("headers", ()))
        return Exchange(
            case=flight.case, number=flight.number, elapsed=elapsed, previous=flight.previous,
            sent_at=flight.sent_at if self._is_right(flight.sent_at, flight.start) and self._is_right(time.time(), time.perf_counter()) else 0.0,
            method=flight.method, path=flight.path, **kept,
        )

    def _is_right(self, moment: float, counted: float) -> bool:
        """Whether the clock said a moment as it would have if nobody had set it since the run began."""
        return abs(moment - counted - self._epoch) < _LEAP

    def _put_off(self, flight: Flight) -> None:
        """Sends a request on a connection; what goes wrong is kept for `finish`."""
        deadline = time.monotonic() + self.timeout
        flight.error, flight.watch, flight.cut = None, None, False
        connection, flight.reused = self._connection()
        flight.connection = connection
        try:
            if connection.sock is None:
                self._connect(connection, deadline)
            flight.watch = self._watchdog.watch(connection.sock, deadline)
            self._put(flight)
        except BaseException as error:
            self._let_go(flight)
            if isinstance(error, HarnessError) or not isinstance(error, Exception):
                self._drop()
                raise
            flight.error = error
            self._blame_this_machine(error)

    def _connect(self, connection: _Plain | _Tls, deadline: float) -> None:
        """Opens a connection; a handshake that drips ends with the time for the whole answer."""
        if isinstance(connection, _Plain):
            connection.connect()
            return
        watch = self._watchdog.watch(_Handshake(connection), deadline)
        try:
            connection.connect()
        except Exception:
            if watch.fired:
                raise TimeoutError from None
            raise
        finally:
            self._watchdog.release(watch)
            if connection.raw is not None:
                connection.raw.close()

    def listens(self) -> bool:
        """Whether a connection is taken, by the proxy where there is one; nothing is sent on it."""
        try:
            with socket.create_connection(self._near(), min(self.config.timeout, 10.0)):
                return True
        except OSError:
            return False

    def _answer(self, flight: Flight) -> dict[str, Any]:
        """The answer to one try; `stale` marks a kept connection that the server had closed meanwhile."""
        watch = flight.watch
        begun = time.perf_counter()
        try:
            if flight.error is not None:
                raise flight.error
            answer = self._take(flight.connection, flight.method, flight.case.head in _LAST_HEADS)
            if watch is not None and watch.fired and not self._stood_still(flight):
                raise TimeoutError
            return answer
        except HarnessError:
            self._drop()
            raise
        except Exception as error:
            self._drop()
            self._blame_this_machine(error)
            failure = _failure_of(error)
            if failure == "tls" and watch is not None:
                failure = "closed"  # after the handshake: the request may have been read
            if watch is not None and watch.fired:
                failure = "timeout"
            if failure == "timeout" and self._stood_still(flight):
                failure = "stalled"
            # Whoever closed an idle connection did so before; whoever holds the request first has got it.
            stale = flight.reused and failure == "closed" and time.perf_counter() - begun < _HELD_S
            detail = "ConnectionResetError" if flight.cut and failure == "closed" else type(error).__name__
            return {"status": None, "failure": failure, "detail": detail, "stale": stale}
        finally:
            self._let_go(flight)

    def _stood_still(self, flight: Flight) -> bool:
        """Whether this machine stood still for so much of the time limit that a late answer says nothing of the server."""
        return self._watchdog.stood_still(flight.start) >= self.timeout / 2

    def _blame_this_machine(self, error: Exception) -> None:
        """Ends the run where this machine lacks what a connection needs: no server is held to account for that."""
        lack = _lack_of(error)
        if lack:
            self._drop()
            raise Inconclusive(f"this machine has no connection to give ({lack}), which is not the server's fault: end what takes them, run again")

    def _let_go(self, flight: Flight) -> None:
        if flight.watch is not None:
            self._watchdog.release(flight.watch)

    def _connection(self) -> tuple[_Plain | _Tls, bool]:
        connection: _Plain | _Tls | None = getattr(self._local, "connection", None)
        if connection is not None and not self.always_fresh and connection.sock is not None:
            if connection.is_connected:
                return connection, True
            self._stray(_is_said(connection.sock))
        self._drop()
        connection = self._local.connection = self._new_connection()
        return connection, False

    def _stray(self, said: bool) -> None:
        """Counts bytes that belong to no answer; from then on a connection serves one request, so that none is answered by them."""
        if said:
            self.strays += 1
            self.always_fresh = True

    def _near(self) -> tuple[str, int]:
        """(host, port) that connections are opened to: the target's, or the proxy's."""
        if self.config.proxy is not None:
            return self.config.proxy.host, self.config.proxy.port
        parts = urlsplit(self.config.url)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme]

    def _new_connection(self) -> _Plain | _Tls:
        """A connection that is not open yet, straight to the target or through the proxy."""
        parts = urlsplit(self.config.url)
        secure, proxy = parts.scheme == "https", self.config.proxy
        near = self._near()
        timeout = min(self.config.timeout, 10.0)
        connection: _Plain | _Tls
        if not secure:
            connection = _Plain(*near, timeout=timeout)
        else:
            if self._context is None:
                self._context = tls_context(self.config.ca_bundle)
            connection = _Tls(*near, timeout=timeout, ssl_context=self._context)
            if proxy is not None:
                connection.set_tunnel(parts.hostname or "", parts.port or 443, headers=_proxy_headers(proxy))
        connection.through = proxy
        connection.only_here = self.loopback or (not secure and proxy is None and not self.config.allow_http)
        return connection

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            with suppress(Exception):
                connection.close()

    def _put(self, flight: Flight) -> None:
        """Sends a request in one write, so that the server wakes once, or in the pieces that its case wants."""
        sock, target, headers = flight.connection.sock, flight.path, flight.headers
        sock.settimeout(self.timeout)
        proxy = self.config.proxy
        if proxy is not None and isinstance(flight.connection, _Plain):
            parts = urlsplit(self.config.url)
            target, headers = f"{parts.scheme}://{parts.netloc}{target}", {**headers, **_proxy_headers(proxy)}
        body = flight.body
        if headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:1], body[1:]) if piece) + b"0\r\n\r\n"
        elif body or flight.method in ("POST", "PUT", "PATCH"):
            headers = {"Content-Length": str(len(flight.body)), **headers}
        head = _request_head(flight.method, target, {"Host": self.config.authority, **headers})
        # A server may answer and close before it has read a large body: its answer is still there to be read.
        try:
            for piece in _pieces(head + body, flight.case.segments):
                sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            flight.cut = True

    def _take(self, connection: _Plain | _Tls, method: str, is_last: bool) -> dict[str, Any]:
        """Reads an answer, the last of its connection where the request said so. urllib3 would undo chunks and packing without bounds."""
        with closing(_FinalResponse(connection.sock, method=method)) as answer:
            answer.begin()
            body, truncated = _unpacked(answer.pieces(), answer.said("content-encoding"))
        more = not truncated and answer.has_more
        if not is_last:
            self._stray(more)
        # Whoever sends a body with the answer to HEAD may send it a little later: it must answer no other request.
        if truncated or more or is_last or method == "HEAD" or answer.will_close or answer.version < 11:
            self._drop()
        return {
            "status": answer.status, "reason": answer.reason[:200],
            "headers": tuple((k, v[:8192]) for k, v in answer.msg.items()),
            "body": body, "truncated": truncated,
        }

    # -- secrets -----------------------------------------------------------------------------------

    def _holds_token(self, data: bytes) -> bool:
        return (self._token_in if len(data) < _SHORT_ANSWER else self._needles.are_in)(data)

    def _without_secrets(self, answer: dict[str, Any], case: Case, previous: Case | None) -> dict[str, Any]:
        if answer["status"] is None:
            return answer
        leaks: list[str] = []
        head = "\n".join([answer["reason"], *(f"{k}\n{v}" for k, v in answer["headers"])]).encode("utf-8", "replace")
        whole = answer["body"] + b"\n" + head
        needles = self._needles
        if self._holds_token(answer["body"]) or self._holds_token(head):
            needles = needles.not_in(_said(case))
            if needles.are_in(whole):
                leaks.append("auth-token")
        said = self._passwords.said_in(whole, _said(case, "SipAuthPassword"))
        for leak, sent in (("sip-password", _passwords_of(case)), ("previous-sip-password", _passwords_of(previous)), ("earlier-sip-password", said)):
            if not said.keys().isdisjoint(sent):
                leaks.append(leak)
                break
        for password in said.values():
            needles |= password
        of_proxy = _proxy_forms(self.config.proxy)
        if not leaks and not any(form in whole for form in of_proxy):
            return answer

        def scrub(data: bytes) -> bytes:
            for form in of_proxy:
                data = data.replace(form, REDACTED.encode())
            return needles.taken_out(data)[0]

        def scrub_text(text: str) -> str:
            return scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace")

        answer["body"] = scrub(answer["body"])
        answer["headers"] = tuple((scrub_text(k), scrub_text(v)) for k, v in answer["headers"])
        answer["reason"] = scrub_text(answer["reason"])
        answer["leaks"] = tuple(leaks)
        return answer


def fixed_headers(case: Case) -> dict[str, str]:
    """What a case's request says beside its content type and its credentials."""
    if case.head == "usual":
        return dict(FIXED_HEADERS)
    return {name: value for name, value in {**FIXED_HEADERS, **HEADS[case.head]}.items() if value is not None}


def _request_head(method: str, target: str, headers: dict[str, str]) -> bytes:
    """The head of a request.

    Raises:
        ValueError: the target or a header has characters that no head can hold.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if _NO_TARGET.search(target) or any(_NO_LINE.search(line) for line in lines):
        raise ValueError("characters that no head can hold")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _said(case: Case, but: str = "") -> bytes:
    """What the case itself says in the open, such as an example's SID, but for one parameter."""
    return "\n".join(v for p in case.pairs if p[0] != but for v in p).encode("utf-8", "surrogateescape") + (case.body or b"")


def _passwords_of(case: Case | None) -> list[str]:
    """The SIP passwords that are sent with a case."""
    return [v for n, v in case.pairs if n == "SipAuthPassword"] if case is not None else []


def _unpacked(pieces: Iterable[tuple[bytes, int]], encoding: str) -> tuple[bytes, bool]:
    """A body as it was before it was packed with gzip or deflate; packed in another way it stays as it is.

    Args:
        pieces: (bytes of the body, bytes that they took on the wire).
        encoding: the value of Content-Encoding.

    Returns:
        (at most `MAX_BODY` bytes, whether the body is longer), however small the bomb, and however much is sent of nothing.

    Raises:
        zlib.error: it is not packed so.
        http.client.HTTPException: it is packed more often than anyone needs.
    """
    kinds = [k for k in map(str.strip, encoding.lower().split(",")) if k not in ("", "identity")]
    if len(kinds) > _MAX_CODINGS:
        raise http.client.HTTPException("more encodings than anyone needs")
    kind = kinds[0] if len(kinds) == 1 else ""
    packed = kind in ("gzip", "x-gzip", "deflate")
    unpacker: Any = None
    body = bytearray()
    sent = 0
    for data, took in pieces:
        sent += took
        while data and len(body) <= MAX_BODY:
            if not packed:
                part, data = data, b""
            else:
                if unpacker is not None and unpacker.eof and not (data := data.lstrip(b"\0")):
                    break  # filled up with zeros
                # A deflate body has the two bytes of zlib before it, or, with some servers, has not.
                if unpacker is None or unpacker.eof:
                    unpacker = zlib.decompressobj(31 if kind != "deflate" else 15 if data[0] & 15 == 8 else -15)
                part = unpacker.decompress(data, MAX_BODY + 1 - len(body))
                data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            body += part
        if len(body) > MAX_BODY or sent > _MAX_SENT:
            return bytes(body[:MAX_BODY]), True
    return bytes(body), False


def _bounded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Headers as they are kept: where they are much, the beginning of each, as many as there is room for; what is asked for later stays."""
    if sum(len(k) + len(v) for k, v in headers) <= _MAX_HEAD:
        return headers
    short = [(cut(k, _SHORT), cut(v, _SHORT)) for k, v in headers]
    kept: set[int] = set()
    room = _MAX_HEAD
    for i in sorted(range(len(short)), key=lambda i: short[i][0].lower() not in _ASKED_FOR):
        room -= len(short[i][0]) + len(short[i][1])
        if room < 0:
            break
        kept.add(i)
    return tuple(header for i, header in enumerate(short) if i in kept)


def _is_said(sock: socket.socket) -> bool:
    """Whether an idle connection can be read since something was sent on it, and not since it was closed."""
    try:
        return sock.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT).strip() != b""
    except (OSError, ValueError):
        return False


def _proxy_forms(proxy: Proxy | None) -> list[bytes]:
    """How the proxy's credentials may come back: that they do is no finding, but they are taken out all the same."""
    if proxy is None or proxy.auth is None:
        return []
    raw = proxy.auth.encode("utf-8", "surrogateescape")
    password = raw.partition(b":")[2]
    return [base64.b64encode(raw), raw, *([password] if len(password) >= 6 else [])]


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """How TLS is spoken: certificates are verified, and nothing comes from the environment, such as SSLKEYLOGFILE.

    Args:
        ca_bundle: path of certificates to trust instead of the usual ones.

    Raises:
        UsageError: no certificate can be read from there.
    """
    os.environ.pop("SSLKEYLOGFILE", None)  # urllib3 would open it, and write a heading
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        context.load_verify_locations(ca_bundle or certifi.where())
    except OSError:
        raise UsageError(f"--ca-bundle {ca_bundle!r} holds no certificates; name a file in PEM form") from None
    return context


def _proxy_headers(proxy: Proxy) -> dict[str, str]:
    if proxy.auth is None:
        return {}
    user, _, password = proxy.auth.partition(":")
    return {"Proxy-Authorization": _basic(user, password)}


def _basic(user: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode("utf-8", "surrogateescape")).decode()


def _credential(kind: str, config: TargetConfig) -> str | None:
    token, user = config.auth_token, config.account_sid
    if token is None or kind == "none":
        return None
    wrong = "0" * 32 if token != "0" * 32 else "1" * 32
    return {
        "right": _basic(user, token),
        "wrong": _basic(user, wrong),
        "beyond-ascii": _basic(user, "wröng"),
        "prefix": _basic(user, token[:-1]),
        "longer": _basic(user, token + "0"),
        "second-colon": _basic(user, token + ":0"),
        "nul-end": _basic(user, token + "\0x"),
        "user-twice": _basic(user, user),
        "empty": _basic(user, ""),
        "letter-case": _basic(user, token.swapcase()),
        "changed-start": _basic(user, changed_at(token, 0)),
        "spaced": _basic(user, token + " "),
        "other-user": _basic(account_of("other", user), token),
        "user-end": _basic(account_of("other-end", user), token),
        "user-longer": _basic(user + "0", token),
        "changed-end": _basic(user, changed_at(token, len(token) - 1)),
        "no-user": _basic("", token),
        "exchanged": _basic(token, user),
        "other-scheme": _in_header("Bearer " + token),
        "scheme-only": "Bearer " + _basic(user, token)[6:],
        "no-scheme": _basic(user, token)[6:],
        "no-base64": "Basic !!no*base64!!",
        "unencoded": _in_header(f"Basic {user}:{token}"),
        "no-colon": "Basic " + base64.b64encode((user + token).encode("utf-8", "surrogateescape")).decode(),
    }[kind]


def _in_header(text: str) -> str:
    """Text as a header can say it: what is beyond ASCII goes out as UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    """A request in pieces: its head in two, its body in pieces of a size; the first few with a pause between, a long one before large pieces."""
    if not size:
        yield data
        return
    head, blank, body = data.partition(b"\r\n\r\n")
    half = len(head) // 2
    yield head[:half]
    time.sleep(0.001)
    yield head[half:] + blank
    pieces = min(24, -(-len(body) // size))
    for i in range(pieces):
        if i < 3:
            time.sleep(_LONG_GAP_S if size >= _LARGE_PIECE and i < 2 else 0.001)
        last = i == pieces - 1
        yield body[i * size:] if last else body[i * size:(i + 1) * size]


def _lack_of(error: BaseException | None) -> str:
    """What this machine, not the server, lacks, if an exception of the connection tells of that; else nothing."""
    while error is not None:
        if isinstance(error, MemoryError):
            return "not enough memory"
        if isinstance(error, OSError) and error.errno in _LACKS:
            return os.strerror(error.errno)
        error = error.__cause__ or error.__context__
    return ""


def _failure_of(error: BaseException) -> str:
    """Which key of `FAILURES` an exception of the connection stands for."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    if isinstance(error, urllib3.exceptions.NewConnectionError) and isinstance(error.__cause__, ConnectionResetError):
        return "closed"
    if isinstance(error, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, ConnectionRefusedError, socket.gaierror)):
        return "refused"
    if isinstance(error, http.client.LineTooLong):
        return "oversized"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timeout"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError, http.client.IncompleteRead, BrokenPipeError)):
        return "closed"
    if isinstance(error, http.client.BadStatusLine) and not str(error).strip("'\" "):
        return "closed"
    return "malformed"
