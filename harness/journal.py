"""journal.jsonl: everything a run learns, a line at a time, appended the moment it is known; never a secret.

A run that is killed leaves the journal behind, and `harness.rebuild` makes the reports of it. Each line is one JSON
object in ASCII, written by one system call, so that only the last line can ever be cut off. That an exchange was judged
goes out with whatever is written next, which halves the system calls; what was judged last may so be lost, its answer is
not. The first line is the heading, the last one of a run that came to its end is its result.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import cattrs
from cattrs.preconf.json import JsonConverter, make_converter

from harness.accepted import Gate
from harness.case import Case
from harness.checks import Breach
from harness.contract import CLAUSE, Clause
from harness.errors import UsageError
from harness.exchange import MAX_BODY, Exchange
from harness.files import open_to_append
from harness.oracle import Knowledge
from harness.results import PASSWORD, RunResult, mask, masked
from strategies.drawing import Numbers

NAME = "journal.jsonl"
VERSION = 1
_LARGEST_FILE = 2 << 30  # bytes
_LARGEST_LINE = 8 << 20  # bytes
_LONGEST, _LATEST = 1e6, 8e9  # seconds of an answer; since the epoch
_MOST_WAITING = 4096  # bytes
_LONG_BODY = 16384  # bytes; longer ones are packed


@dataclass(frozen=True)
class Heading:
    """What a run is, before it has learnt anything.

    Args:
        version: of ringtrue.
        started: when.
        seed, profile, only, skip, strict: as configured.
        target: the target's name.
        url, account_sid: the target.
        settings: for the reports, secret-free.
        gate: what is accepted of the target.
        timeout: seconds that a whole answer may take.
    """

    version: str
    started: datetime
    seed: int
    profile: str
    target: str
    url: str
    account_sid: str
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    timeout: float = 10.0


@dataclass(frozen=True)
class Opening:
    """What the preflight found: with whom the target is judged, and what the oracle may rest on."""

    numbers: Numbers
    known: Knowledge


@dataclass(frozen=True)
class Judged:
    """That an exchange was judged, how its case was sent, with whom, and whether only a shortened wait says that it got no answer."""

    number: int
    step: str = "one"
    partners: tuple[Case, ...] = ()
    place: int = 0
    unsure: bool = False


@dataclass(frozen=True)
class Saw:
    """A breach that no check of a single exchange sees, of one clause, and the exchange that showed it; or that none did."""

    number: int
    clause: str
    breach: Breach | None = None


@dataclass(frozen=True)
class Skipped:
    """Clauses that can't be judged on this target: id → why."""

    reasons: dict[str, str]


@dataclass(frozen=True)
class Noted:
    """A remark for the reports."""

    text: str


@dataclass(frozen=True)
class Attributing:
    """From here on causes are looked for: what is sent now repeats cases that were judged before."""


Line = Heading | Opening | Judged | Saw | Skipped | Noted | Attributing | Exchange | RunResult
_KINDS: dict[str, type[Any]] = {
    "heading": Heading, "opening": Opening, "judged": Judged, "saw": Saw, "skipped": Skipped, "note": Noted, "attributing": Attributing,
    "exchange": Exchange, "result": RunResult,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


# Puts a text into quotes, in ASCII: control characters, whatever turns a line around, and lone surrogates become escapes.
_quoted = json.encoder.encode_basestring_ascii
_PLAIN = Case(())
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _text(line: Line) -> bytes:
    """One line. The two sorts that every request brings are put together by hand, since a run waits for them."""
    if isinstance(line, Judged):
        if not line.partners and line.step == "one" and not line.unsure:
            return b'{"kind":"judged","number":%d}\n' % line.number
        partners = ",".join(map(_case_text, line.partners))
        place = f'"step":{_quoted(line.step)},"place":{line.place}' + ',"unsure":true' * line.unsure
        return f'{{"kind":"judged","number":{line.number},{place},"partners":[{partners}]}}\n'.encode("ascii")
    if isinstance(line, Exchange):
        return f'{{"kind":"exchange",{_exchange_text(line)}}}\n'.encode("ascii")
    return _encode({"kind": _NAMES[type(line)], **_converter().unstructure(line)}).encode("ascii") + b"\n"


class Journal:
    """Appends lines to a run's journal. A file that can't be written any more ends the journal, not the run.

    Args:
        directory: where it goes; an older journal there is replaced.
        heading: the first line.

    Raises:
        OSError: the file can't be made.
    """

    def __init__(self, directory: Path, heading: Heading) -> None:
        self.error: str | None = None
        self._lock = threading.Lock()
        self._size = 0
        self._waiting = b""
        directory.mkdir(parents=True, exist_ok=True)
        self._file = open_to_append(directory / NAME, os.O_TRUNC, 0o644)
        self.add(heading)

    def add(self, line: Line) -> None:
        """Appends one line: at once, but that something was judged. An exchange goes without its case's SIP password: a stand-in is there."""
        with self._lock:
            text = self._waiting + _text(line)
            if isinstance(line, Judged) and len(text) < _MOST_WAITING:
                self._waiting = text
            else:
                self._waiting = b""
                self._append(text)

    def close(self) -> None:
        """Ends the journal."""
        with self._lock:
            if self._file >= 0:
                self._append(self._waiting)
                with suppress(OSError):
                    os.close(self._file)
                self._file = -1

    def _append(self, text: bytes) -> None:
        if self._file < 0 or self.error is not None:
            return
        if self._size + len(text) > _LARGEST_FILE:
            self.error = f"it ends at {_LARGEST_FILE >> 20} MB"
            return
        try:
            written = os.write(self._file, text)
        except OSError as error:
            self.error = error.strerror or "it can't be written"
            return
        if written < len(text):
            self.error = "there was no room for more"
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            return
        self._size += written


def read_journal(path: Path) -> Iterator[Line]:
    """The lines of a journal in their order, up to one that was cut off.

    Args:
        path: of the file, or of the directory that a run wrote it into.

    Raises:
        UsageError: it can't be read, or is no journal of this version.
    """
    file = path / NAME if path.is_dir() else path
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is no file; name the directory that `ringtrue run` wrote into")
    try:
        with file.open("rb") as stream:
            yield from _lines(file, stream)
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}); name the directory that `ringtrue run` wrote into") from None


def _lines(file: Path, stream: Any) -> Iterator[Line]:
    number = 0
    while raw := stream.readline(_LARGEST_LINE + 1):
        number += 1
        if not raw.endswith(b"\n"):
            if number == 1 or len(raw) > _LARGEST_LINE:
                raise UsageError(f"{file} is no journal of ringtrue: line {number} is cut off or too long")
            return
        line = _line(file, raw, number)
        if (number == 1) is not isinstance(line, Heading):
            raise UsageError(f"{file} is no journal of ringtrue: line {number} is not what belongs there")
        yield line
    if not number:
        raise UsageError(f"{file} is empty: the run that made it had not begun; run it again")


def _line(file: Path, raw: bytes, number: int) -> Line:
    try:
        data = json.loads(raw)
        kind = data.pop("kind")
        if kind == "heading" and data.pop("journal") != VERSION:
            raise UsageError(f"{file} is a journal of another version than {VERSION}; take the ringtrue that wrote it")
        line: Line = exchange_from(data) if kind == "exchange" else _converter().structure(data, _KINDS[kind])
    except UsageError:
        raise
    except Exception as error:
        # cattrs reports what is wrong in groups of errors of many kinds; none of them says more to a reader than this.
        raise UsageError(f"{file} is no journal of ringtrue: line {number} is unusable ({type(error).__name__})") from None
    return line


# -- exchanges ---------------------------------------------------------------------------------------


def _exchange_text(e: Exchange) -> str:
    """The members of an exchange's object."""
    parts = [
        f'"number":{e.number},"case":{_case_text(e.case)},"method":{_quoted(e.method)},"path":{_quoted(e.path)}',
        f'"sent_at":{e.sent_at!r},"elapsed":{e.elapsed:.6f}',
    ]
    if e.previous is not None:
        parts.append('"follows":true')
    if e.status is None:
        return ",".join([*parts, f'"status":null,"failure":{_encode(e.failure)},"detail":{_quoted(e.detail)}'])
    headers = ",".join([f"[{_quoted(k)},{_quoted(v)}]" for k, v in e.headers])
    parts.append(f'"status":{e.status},"reason":{_quoted(e.reason)},"headers":[{headers}]')
    if e.truncated:
        parts.append('"truncated":true')
    if e.leaks:
        parts.append(f'"leaks":{_encode(e.leaks)}')
    return ",".join([*parts, _body_text(e.body)])


def _case_text(case: Case) -> str:
    """A case in the form of `Case.to_json`, without its SIP password; bytes that are no UTF-8 stay lone surrogates, as they are in it."""
    if case.body is not None or case.styles:
        return _encode(masked(case).to_json())
    pairs = ",".join([f"[{_quoted(n)},{_quoted(v if n != PASSWORD else mask(v))}]" for n, v in case.pairs])
    more = "".join([
        f',"{key}":{_encode(value)}' for key in ("content_type", "method", "account", "credentials", "segments", "pause", "head")
        if (value := getattr(case, key)) != getattr(_PLAIN, key)
    ])
    return f'{{"pairs":[{pairs}],"aim":{_quoted(case.aim)},"seed":{case.seed}{more}}}'


def _body_text(body: bytes) -> str:
    if len(body) > _LONG_BODY:
        return f'"packed":"{base64.b64encode(zlib.compress(body, 1)).decode()}"'
    try:
        return f'"body":{_quoted(body.decode("utf-8"))}'
    except UnicodeDecodeError:
        return f'"base64":"{base64.b64encode(body).decode()}"'


def packed(exchange: Exchange) -> bytes:
    """An exchange in as little room as its line takes; `unpacked` gives it back."""
    return f"{{{_exchange_text(exchange)}}}".encode("ascii")


def unpacked(text: bytes) -> Exchange:
    """An exchange that was packed."""
    return exchange_from(json.loads(text))


def exchange_from(data: dict[str, Any]) -> Exchange:
    """An exchange from its line.

    Raises:
        ValueError, KeyError, TypeError, zlib.error: the data is none.
    """
    status, elapsed, sent_at = data["status"], float(data["elapsed"]), float(data["sent_at"])
    if status is not None and not (isinstance(status, int) and 100 <= status <= 999):
        raise ValueError("no status")
    if not (0 <= elapsed <= _LONGEST and 0 <= sent_at <= _LATEST):
        raise ValueError("no time")
    return Exchange(
        case=Case.from_json(data["case"]), number=int(data["number"]), status=status, reason=str(data.get("reason", "")),
        headers=tuple((str(k), str(v)) for k, v in data.get("headers", ())), body=_body(data), failure=data.get("failure"),
        detail=str(data.get("detail", "")), elapsed=elapsed, truncated=bool(data.get("truncated", False)),
        leaks=tuple(map(str, data.get("leaks", ()))), previous=Case(()) if data.get("follows") else None,
        sent_at=sent_at, method=str(data["method"]), path=str(data["path"]),
    )


def _body(data: dict[str, Any]) -> bytes:
    if "packed" in data:
        return zlib.decompressobj().decompress(base64.b64decode(data["packed"]), MAX_BODY)
    if "base64" in data:
        return base64.b64decode(data["base64"])
    return str(data.get("body", "")).encode("utf-8")


# -- everything else ---------------------------------------------------------------------------------


def _with_zone(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without a zone")
    return when


@lru_cache(maxsize=1)
def _converter() -> JsonConverter:
    """Turns the other lines into what JSON can say, and back."""
    converter = make_converter(detailed_validation=False)
    converter.register_unstructure_hook(Case, lambda c: masked(c).to_json())
    converter.register_structure_hook(Case, lambda data, _: Case.from_json(data))
    converter.register_unstructure_hook(Exchange, lambda e: json.loads(f"{{{_exchange_text(e)}}}"))
    converter.register_structure_hook(Exchange, lambda data, _: exchange_from(data))
    converter.register_unstructure_hook(Clause, lambda c: c.id)
    converter.register_structure_hook(Clause, lambda data, _: CLAUSE[data])
    converter.register_structure_hook(datetime, lambda data, _: _with_zone(data))
    heading = cattrs.gen.make_dict_unstructure_fn(Heading, converter)
    converter.register_unstructure_hook(Heading, lambda h: {"journal": VERSION, **heading(h)})
    return converter
