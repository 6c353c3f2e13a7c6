"""exchanges.har: every exchange of a run as it happens, in HAR 1.2, without secrets. Written by harfile.

What is sent is told from the case, so that no header with a secret is ever at hand here: Authorization is a placeholder,
a SIP password too. Source: the HAR 1.2 specification.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import harfile

from harness import __version__
from harness.case import Case
from harness.classify import classify
from harness.exchange import Exchange
from harness.results import without_password
from harness.wire import body_of

NAME = "exchanges.har"
_LARGEST_BODY = 65536  # bytes of a body that are kept
# A value of the same class as an ordinary password, so that what was refused can still be judged.
_STAND_IN = "redacted"
_PASSWORD = re.compile(rb"(SipAuthPassword=)[^&]*", re.IGNORECASE)


class HarWriter:
    """Writes exchanges to one side as they come; `close` moves the whole file into its place.

    Args:
        directory: where the file goes.
        url: the target's base URL.

    Raises:
        OSError: the file can't be written. Errors while the run goes end the recording, not the run.
    """

    def __init__(self, directory: Path, url: str) -> None:
        self.path = directory / NAME
        self.error: str | None = None
        self._aside = directory / f".{NAME}.{os.getpid()}.tmp"
        self._url = url
        self._lock = threading.Lock()
        self._stream = open(self._aside, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed by `close`
        self._har = harfile.HarFile(self._stream, creator=harfile.Creator(name="ringtrue", version=__version__))

    def add(self, exchange: Exchange) -> None:
        """Adds one exchange."""
        if self.error is not None:
            return
        try:
            with self._lock:
                self._har.add_entry(
                    startedDateTime=datetime.fromtimestamp(exchange.sent_at, UTC), time=round(exchange.elapsed * 1000, 3),
                    request=self._request(exchange), response=_response(exchange),
                    timings=harfile.Timings(send=0, wait=round(exchange.elapsed * 1000, 3), receive=0), comment=_comment(exchange),
                )
        except OSError as error:
            self.error = error.strerror or "it can't be written"

    def close(self) -> None:
        """Ends the file and moves it into its place; an unwritable one is taken away."""
        with self._lock:
            try:
                self._har.close()
                self._stream.close()
                os.replace(self._aside, self.path)
            except OSError as error:
                self.error = error.strerror or "it can't be written"
                with suppress(OSError):
                    self._stream.close()
                with suppress(OSError):
                    self._aside.unlink()

    def _request(self, exchange: Exchange) -> Any:
        case = without_password(exchange.case, _STAND_IN)
        parts = urlsplit(self._url)
        body = b"" if exchange.method == "GET" else _PASSWORD.sub(rb"\1" + _STAND_IN.encode(), body_of(case))
        headers = [_header("User-Agent", f"ringtrue/{__version__}"), _header("Accept", "application/json"), _header("Accept-Encoding", "gzip")]
        if case.content_type is not None and exchange.method != "GET":
            headers.append(_header("Content-Type", _plain(case.content_type)))
        if case.credentials != "none":
            headers.append(_header("Authorization", "[redacted]"))
        return harfile.Request(
            method=exchange.method, url=f"{parts.scheme}://{parts.netloc}{_plain(exchange.path)}", httpVersion="HTTP/1.1",
            headers=headers, bodySize=len(body), postData=_post_data(exchange.case, body) if body else None,
        )


def _post_data(case: Case, body: bytes) -> Any:
    kept = body[:_LARGEST_BODY]
    comment = f"{len(body)} bytes, of which {len(kept)} are here" if len(kept) < len(body) else None
    if not _is_utf8(kept):
        comment = comment or "not UTF-8, shown with escapes"
    password = case.get("SipAuthPassword")
    if password and classify("SipAuthPassword", password) != classify("SipAuthPassword", _STAND_IN):
        comment = comment or "the SIP password was another kind of value than what stands for it"
    return harfile.PostData(mimeType=_plain(case.content_type or ""), text=kept.decode("utf-8", "backslashreplace"), comment=comment)


def _response(exchange: Exchange) -> Any:
    body = exchange.body[:_LARGEST_BODY]
    text, encoding = _as_text(body)
    cut = f"{len(exchange.body)} bytes or more, of which {len(body)} are here" if len(body) < len(exchange.body) or exchange.truncated else None
    kind = _plain(exchange.header("content-type") or "")
    content = harfile.Content(size=len(exchange.body), mimeType=kind, text=text, encoding=encoding, comment=cut)
    return harfile.Response(
        status=exchange.status or 0, statusText=_plain(exchange.reason), httpVersion="HTTP/1.1", headers=[_header(k, v) for k, v in exchange.headers],
        content=content, redirectURL=_plain(exchange.header("location") or ""), bodySize=-1,
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _as_text(body: bytes) -> tuple[str, str | None]:
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _comment(exchange: Exchange) -> str:
    parts = [f"request {exchange.number}, for {exchange.case.aim}"]
    if exchange.case.credentials != "right":
        parts.append(f"credentials: {exchange.case.credentials}")
    if exchange.failure is not None:
        parts.append(f"no whole answer: {exchange.failure}")
    return ", ".join(parts)


def _header(name: str, value: str) -> Any:
    return harfile.Record(name=_plain(name), value=_plain(value))


def _plain(text: str) -> str:
    """Text that JSON in UTF-8 can say."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
