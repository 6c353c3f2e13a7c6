"""The target: the configuration of the server under test, and the only code that opens connections to it.

It speaks HTTP/1.1 with urllib3's connections (the engine under requests), one kept alive at a time and thread, so that
every bound is in one place: the time for a whole answer, header and body size. It follows no redirect, keeps no cookie,
reads no proxy or .netrc from the environment, and takes every secret out of an answer before anyone else sees it.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from harness import __version__
from harness.case import Case
from harness.contract import COLLECTION
from harness.errors import HarnessError, UsageError
from harness.exchange import MAX_BODY, Exchange
from harness.wire import body_of

REDACTED = "[redacted]"
# What every request says beside its content type and its credentials.
FIXED_HEADERS = {"User-Agent": f"ringtrue/{__version__}", "Accept": "application/json", "Accept-Encoding": "gzip"}
_OTHER_ACCOUNT = "AC" + "0123456789abcdef" * 2
_MAX_INTERIM = 32


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """The server under test.

    Args:
        url: base URL, what stands before `/2010-04-01`.
        account_sid: `AC` and 32 hexadecimal digits.
        auth_token: None where the target needs no credentials; never shown.
        timeout: seconds for one whole answer.
        ca_bundle: path of certificates to trust instead of the usual ones.
    """

    url: str
    account_sid: str
    auth_token: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    ca_bundle: str | None = None

    @property
    def host(self) -> str:
        """The URL's host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def collection(self) -> str:
        """The path of the account's calls, with what stands before it in the base URL."""
        return self.path(self.account_sid)

    def path(self, account_sid: str) -> str:
        """The path of an account's calls."""
        return urlsplit(self.url).path.rstrip("/") + COLLECTION.replace("{AccountSid}", account_sid)


def check_url(url: str) -> str:
    """The base URL without a trailing slash.

    Raises:
        UsageError: it is no http(s) URL with a host, or carries user info, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--target {url!r} is no URL ({error}); write it like http://127.0.0.1:8080") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"--target {url!r} is no http or https URL; write it like http://127.0.0.1:8080")
    if parts.username or parts.password:
        raise UsageError("--target must not hold a user name or password; the token goes into RINGTRUE_AUTH_TOKEN")
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
        raise UsageError(f"--target {url!r} must be a base URL without query, fragment or spaces")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether every address that a host name resolves to is on this machine's loopback."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(a.split("%")[0]).is_loopback for a in found)


class _LastLine:
    """A file that remembers the last line that was read from it."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.line = b""

    def readline(self, limit: int = -1) -> bytes:
        """Reads one line."""
        self.line = self.file.readline(limit)
        return self.line

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class _FinalResponse(http.client.HTTPResponse):
    """An answer whose interim answers (1xx) are read over: the final one counts. A head that is cut off is no answer."""

    def begin(self) -> None:
        """Reads the head."""
        lines: Any = _LastLine(self.fp)
        self.fp = lines
        super().begin()
        if lines.line not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(lines.line)
        if self.fp is lines:
            self.fp = lines.file  # type: ignore[attr-defined]

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MAX_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("more interim answers than anyone needs")


class _OneWrite:
    """Sends a request's head and body in one write, so that the server wakes once."""

    held: list[bytes] | None = None

    def send(self, data: Any) -> None:
        """Keeps what is to be sent while something is held back, else sends it."""
        if self.held is not None and isinstance(data, bytes):
            self.held.append(data)
        else:
            super().send(data)  # type: ignore[misc]

    def flush(self, segments: int = 0) -> None:
        """Sends what was held back, at once or in pieces.

        Args:
            segments: bytes of the body in a piece; the head then comes in two. 0 for all at once.
        """
        held, self.held = self.held, None
        if not held:
            return
        for piece in _pieces(b"".join(held), segments):
            super().send(piece)  # type: ignore[misc]


class _Plain(_OneWrite, HTTPConnection):
    response_class = _FinalResponse


class _Tls(_OneWrite, HTTPSConnection):
    response_class = _FinalResponse


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


class _Watchdog:
    """Closes a connection whose whole answer isn't there in time, however slowly it drips."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watch] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

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
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            with self._lock:
                late = [w for w in self._watched.values() if now > w.deadline and not w.fired]
            for entry in late:
                entry.fired = True
                with suppress(OSError, AttributeError):
                    entry.sock.shutdown(socket.SHUT_RDWR)


class Target:
    """Sends cases to the server under test.

    Args:
        config: where and as whom.

    The object is used by several threads; each has a connection of its own.
    """

    def __init__(self, config: TargetConfig) -> None:
        self.config = config
        self.loopback = is_loopback(config.host)
        self.retries = 0
        self.always_fresh = not self.loopback
        self.timeout = config.timeout
        self._number = 0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._watchdog = _Watchdog()
        self._secrets = _secret_grams(config)
        self._credentials: dict[str, str | None] = {}

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
        if case.account == "own":
            return self.config.collection
        other = _OTHER_ACCOUNT if self.config.account_sid != _OTHER_ACCOUNT else "AC" + "f" * 32
        return self.config.path(other)

    def headers_of(self, case: Case) -> dict[str, str]:
        """The headers that a case is sent with, the secret one included."""
        headers = dict(FIXED_HEADERS)
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

    def read(self, path: str, case: Case) -> Exchange:
        """GETs a path of the target with the right credentials; `case` is kept with the exchange."""
        headers = dict(FIXED_HEADERS)
        authorization = self.credential("right")
        if authorization is not None:
            headers["Authorization"] = authorization
        return self.finish(self._start(case, "GET", path, b"", headers, None))

    def hurry(self, usual: float) -> None:
        """Waits less for each further answer, since this target hangs now and then; `usual` is the usual time in seconds."""
        self.timeout = min(self.timeout, max(0.5, 30 * usual))

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
        self._put_off(flight)
        return flight

    def finish(self, flight: Flight) -> Exchange:
        """Reads the whole answer to a request that was begun, within the bounds."""
        answer = self._answer(flight)
        if answer.get("stale"):
            self.always_fresh = True
            self.retries += 1
            self._put_off(flight)
            answer = self._answer(flight)
        answer.pop("stale", None)
        return Exchange(
            case=flight.case, number=flight.number, elapsed=time.perf_counter() - flight.start, previous=flight.previous,
            sent_at=flight.sent_at, method=flight.method, path=flight.path, **self._without_secrets(answer, flight.case),
        )

    def _put_off(self, flight: Flight) -> None:
        """Sends a request on a connection; what goes wrong is kept for `finish`."""
        deadline = time.monotonic() + self.timeout
        flight.error, flight.watch = None, None
        connection, flight.reused = self._connection()
        flight.connection = connection
        try:
            if connection.sock is None:
                connection.connect()
            flight.watch = self._watchdog.watch(connection.sock, deadline)
            self._put(connection, flight.case, flight.method, flight.path, flight.body, flight.headers)
        except BaseException as error:
            self._let_go(flight)
            if isinstance(error, HarnessError) or not isinstance(error, Exception):
                self._drop()
                raise
            flight.error = error

    def _answer(self, flight: Flight) -> dict[str, Any]:
        """The answer to one try; `stale` marks a kept connection that the server had closed meanwhile."""
        watch = flight.watch
        try:
            if flight.error is not None:
                raise flight.error
            answer = self._take(flight.connection, flight.method)
            if watch is not None and watch.fired:
                raise TimeoutError
            return answer
        except HarnessError:
            self._drop()
            raise
        except Exception as error:
            self._drop()
            failure = _failure_of(error)
            if watch is not None and watch.fired:
                failure = "timeout"
            stale = flight.reused and failure == "closed"
            return {"status": None, "failure": failure, "detail": type(error).__name__, "stale": stale}
        finally:
            self._let_go(flight)

    def _let_go(self, flight: Flight) -> None:
        if flight.watch is not None:
            self._watchdog.release(flight.watch)

    def _connection(self) -> tuple[_Plain | _Tls, bool]:
        connection: _Plain | _Tls | None = getattr(self._local, "connection", None)
        if connection is not None and not self.always_fresh and connection.sock is not None and connection.is_connected:
            return connection, True
        self._drop()
        parts = urlsplit(self.config.url)
        host = parts.hostname or ""
        timeout = urllib3.Timeout(connect=min(self.config.timeout, 10.0), read=self.config.timeout)
        options: dict[str, Any] = {"timeout": timeout.connect_timeout}
        if parts.scheme == "https":
            connection = _Tls(
                host, parts.port or 443, cert_reqs="CERT_REQUIRED", ca_certs=self.config.ca_bundle or certifi.where(), **options
            )
        else:
            connection = _Plain(host, parts.port or 80, **options)
        self._local.connection = connection
        return connection, False

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            with suppress(Exception):
                connection.close()

    def _put(self, connection: _Plain | _Tls, case: Case, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        connection.sock.settimeout(self.timeout)
        payload: Any = body if body or method in ("POST", "PUT", "PATCH") else None
        # A server may answer and close before it has read a large body: its answer is still there to be read.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.held = []
            connection.request(method, path, body=payload, headers=headers, preload_content=False)
            connection.flush(case.segments)

    def _take(self, connection: _Plain | _Tls, method: str) -> dict[str, Any]:
        response = connection.getresponse()
        chunks: list[bytes] = []
        size = 0
        for chunk in response.stream(65536, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                break
        if size > MAX_BODY or response.headers.get("connection", "").lower() == "close" or response.version < 11:
            self._drop()
        return {
            "status": response.status, "reason": (response.reason or "")[:200],
            "headers": tuple((str(k), str(v)[:8192]) for k, v in response.headers.items()),
            "body": b"".join(chunks)[:MAX_BODY], "truncated": size > MAX_BODY,
        }

    # -- secrets -----------------------------------------------------------------------------------

    def _without_secrets(self, answer: dict[str, Any], case: Case) -> dict[str, Any]:
        if answer["status"] is None:
            return answer
        leaks: list[str] = []
        body: bytes = answer["body"]
        head = "\n".join([answer["reason"], *(f"{k}\n{v}" for k, v in answer["headers"])])
        secrets = self._secrets
        if secrets and _holds(secrets, body + head.encode("utf-8", "replace")):
            secrets = _not_sent(secrets, case)
            if _holds(secrets, body + head.encode("utf-8", "replace")):
                leaks.append("auth-token")
        grams = _password_forms(case)
        if any(g in body or g.decode("utf-8", "replace") in head for g in grams):
            leaks.append("sip-password")
        if not leaks:
            return answer

        def scrub(text: str) -> str:
            return _scrubbed(text.encode("utf-8", "replace"), grams, secrets).decode("utf-8", "replace")

        answer["body"] = _scrubbed(body, grams, secrets)
        answer["headers"] = tuple((scrub(k), scrub(v)) for k, v in answer["headers"])
        answer["reason"] = scrub(answer["reason"])
        answer["leaks"] = tuple(leaks)
        return answer


def _scrubbed(data: bytes, grams: list[bytes], secrets: tuple[bytes, ...]) -> bytes:
    """Data without the texts, and without any run of pieces of the token."""
    for gram in grams:
        data = data.replace(gram, REDACTED.encode())
    while secrets and _holds(secrets, data):
        start = min(i for g in secrets if (i := data.find(g)) >= 0)
        end = start + max(len(g) for g in secrets if data.startswith(g, start))
        while end < len(data) and _holds(secrets, data[end - 11:end + 1]):
            end += 1
        data = data[:start] + REDACTED.encode() + data[end:]
    return data


def _not_sent(secrets: tuple[bytes, ...], case: Case) -> tuple[bytes, ...]:
    """The pieces of the token that are not in what the case itself says in the open, such as an example's SID."""
    said = "\n".join(v for p in case.pairs for v in p).encode("utf-8", "surrogateescape") + (case.body or b"")
    return tuple(s for s in secrets if s not in said)


def _holds(secrets: tuple[bytes, ...], data: bytes) -> bool:
    return any(s in data for s in secrets)


def _secret_grams(config: TargetConfig) -> tuple[bytes, ...]:
    """Any twelve characters in a row of the token or of the credentials in base64, save those that the account's SID has too."""
    token = config.auth_token
    if not token:
        return ()
    texts = [token.encode("utf-8", "surrogateescape"), _basic(config.account_sid, token)[6:].encode()[50:]]
    grams: set[bytes] = set()
    for text in texts:
        if len(text) >= 6:
            grams.update(text[i:i + 12] for i in range(max(1, len(text) - 11)))
    return tuple(sorted(g for g in grams if g not in config.account_sid.encode()))


def _password_forms(case: Case) -> list[bytes]:
    """How a SIP password may come back; one that is short, of few letters, or sent elsewhere too, can't be told from chance."""
    password = case.get("SipAuthPassword") or ""
    if len(password) < 10 or len(set(password)) < 5 or any(password in v for n, v in case.pairs if n != "SipAuthPassword"):
        return []
    raw = password.encode("utf-8", "surrogateescape")
    forms = {raw, raw.replace(b" ", b"+"), raw.replace(b" ", b"%20"), base64.b64encode(raw)}
    return sorted(forms)


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
        "prefix": _basic(user, token[:-1]),
        "longer": _basic(user, token + "0"),
        "empty": _basic(user, ""),
        "letter-case": _basic(user, token.swapcase()),
        "other-user": _basic(_OTHER_ACCOUNT if user != _OTHER_ACCOUNT else "AC" + "f" * 32, token),
        "changed-end": _basic(user, token[:-1] + ("0" if token[-1] != "0" else "1")),
        "no-user": _basic("", token),
        "exchanged": _basic(token, user),
        "other-scheme": "Bearer " + token,
        "scheme-only": "Bearer " + _basic(user, token)[6:],
        "no-scheme": _basic(user, token)[6:],
        "no-base64": "Basic !!no*base64!!",
        "unencoded": f"Basic {user}:{token}",
        "no-colon": "Basic " + base64.b64encode((user + token).encode("utf-8", "surrogateescape")).decode(),
    }[kind]


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    """A request in pieces: its head in two, its body in pieces of a size; the first few with a pause between."""
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
            time.sleep(0.001)
        last = i == pieces - 1
        yield body[i * size:] if last else body[i * size:(i + 1) * size]


def _failure_of(error: BaseException) -> str:
    """Which key of `FAILURES` an exception of the connection stands for."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    if isinstance(error, (urllib3.exceptions.NewConnectionError, ConnectionRefusedError, socket.gaierror)):
        return "refused"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timeout"
    if isinstance(error, urllib3.exceptions.InvalidChunkLength):
        return "malformed"
    if isinstance(error, urllib3.exceptions.IncompleteRead):
        return "closed"
    if isinstance(error, urllib3.exceptions.ProtocolError) and len(error.args) > 1:
        inner = error.args[1]
        return _failure_of(inner) if isinstance(inner, BaseException) else "malformed"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError, http.client.IncompleteRead, BrokenPipeError)):
        return "closed"
    if isinstance(error, http.client.BadStatusLine) and not str(error).strip("'\" "):
        return "closed"
    return "malformed"
