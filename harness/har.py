"""exchanges.har: every exchange of a run as it happens, in HAR 1.2, without secrets. Written by harfile.

What is sent is told from the case, so that no header with a secret is ever at hand here: Authorization is a placeholder,
a SIP password too. Source: the HAR 1.2 specification.
"""

from __future__ import annotations

import base64
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
from harness.files import aside_of, drop, put_in_place
from harness.results import PASSWORD_IN_BODY, without_password
from harness.target import fixed_headers
from harness.wire import body_of

NAME = "exchanges.har"
_LARGEST_BODY = 65536  # bytes of a body that are kept
_LARGEST_FILE = 512 << 20  # bytes; what viewers still open
# A value of the same class as an ordinary password, so that what was refused can still be judged.
_STAND_IN = "redacted"
_CREATOR = harfile.Creator(name="ringtrue", version=__version__)


class _Counted:
    """A text stream onto a file of bytes, which knows how many it was given."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "wb")  # noqa: SIM115 - closed by whoever made it
        self.size = 0

    def write(self, text: str) -> None:
        """Writes text in UTF-8."""
        data = text.encode("utf-8")
        self.file.write(data)
        self.size += len(data)


class HarWriter:
    """Writes exchanges to one side as they come; `close` moves the whole file into its place.

    What is there is a whole file however the run ends: an entry that Ctrl-C or a full disk cut off is taken away again.

    Args:
        directory: where the file goes.
        url: the target's base URL.
        with_token: whether requests carry credentials, so that their place is shown.
        largest: bytes; exchanges that come after so many are left out.

    Raises:
        OSError: the file can't be written. Errors while the run goes end the recording, not the run.
    """

    def __init__(self, directory: Path, url: str, with_token: bool, largest: int = _LARGEST_FILE) -> None:
        self.path = directory / NAME
        self.error: str | None = None
        self._aside = aside_of(self.path)
        self._url = url
        self._with_token = with_token
        self._largest = largest
        self._lock = threading.Lock()
        self._stream = _Counted(self._aside)
        self._har = harfile.HarFile(self._stream, creator=_CREATOR)  # type: ignore[arg-type]
        self._whole = 0  # bytes up to the end of the last whole entry
        self._ended = self._closed = False

    def add(self, exchange: Exchange) -> None:
        """Adds one exchange, unless the file has ended."""
        if self._ended:
            return
        entry = self._entry(exchange)
        with self._lock:
            if self._ended:
                return
            if self._stream.size >= self._largest:
                self._end(f"it ends before request {exchange.number}, at {self._largest >> 20} MB")
                return
            try:
                self._har.add_entry(**entry)
                self._whole = self._stream.size
            except OSError as error:
                self._end(_why(error))
            except BaseException:
                self._ended = True
                raise

    def close(self) -> None:
        """Ends the file and moves it into its place; one that can't be written whole is taken away."""
        with self._lock:
            if self._closed:
                return
            self._ended = self._closed = True
            try:
                self._finish()
                put_in_place(self._aside, self.path)
            except OSError as error:
                self.error = f"it can't be written: {_why(error)}"
                with suppress(OSError):
                    self._stream.file.close()
                drop(self._aside)

    def _end(self, why: str) -> None:
        self._ended = True
        self.error = why

    def _finish(self) -> None:
        self._stream.file.truncate(self._whole)
        self._stream.file.seek(self._whole)
        if self._whole == 0:
            self._har = harfile.HarFile(self._stream, creator=_CREATOR)  # type: ignore[arg-type]
        self._har.close()
        self._stream.file.close()

    def _entry(self, exchange: Exchange) -> dict[str, Any]:
        took = round(exchange.elapsed * 1000, 3)
        return {
            "startedDateTime": datetime.fromtimestamp(exchange.sent_at, UTC), "time": took, "request": self._request(exchange),
            "response": _response(exchange), "timings": harfile.Timings(send=0, wait=took, receive=0), "comment": _comment(exchange),
        }

    def _request(self, exchange: Exchange) -> Any:
        case = without_password(exchange.case, _STAND_IN)
        parts = urlsplit(self._url)
        # A call that is read back is another request than its case's.
        own = exchange.method == exchange.case.method
        body = b"" if not own else PASSWORD_IN_BODY.sub(rb"\1" + _STAND_IN.encode(), body_of(case))
        headers = [_header(name, value) for name, value in fixed_headers(case if own else Case(())).items()]
        if case.content_type is not None and own:
            headers.append(_header("Content-Type", _plain(case.content_type)))
        if self._with_token and (case.credentials != "none" or not own):
            headers.append(_header("Authorization", "[redacted]"))
        return harfile.Request(
            method=exchange.method, url=f"{parts.scheme}://{parts.netloc}{_plain(exchange.path)}", httpVersion="HTTP/1.1",
            headers=headers, bodySize=len(body), postData=_post_data(exchange.case, body) if body else None,
        )


def _why(error: OSError) -> str:
    return error.strerror or "no reason given"


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
