"""Recorded traffic read back: HAR files and plain 201 bodies, as exchanges that can be judged like those of a run.

A recording is never complete: what was cut, what was no ordinary form, what was refused for credentials or a rate limit
tells nothing of the contract and is only counted. Source: the HAR 1.2 specification.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from harness.case import Case, Pairs
from harness.contract import ATTRIBUTES, FORM_TYPE
from harness.errors import UsageError
from harness.exchange import MAX_BODY, Exchange, NotJson, parse_json
from harness.files import read_text

_LARGEST = 256 << 20
_CALLS = re.compile(r"(?P<base>.*?)/2010-04-01/Accounts/(?P<account>AC[0-9a-fA-F]{32})/Calls(?:\.json)?/?\Z")
_PAIR = re.compile(r"(?:[^=&%+]|%[0-9a-fA-F]{2}|\+)+=(?:[^&%]|%[0-9a-fA-F]{2})*\Z")
_REDACTED = ("redacted", "[redacted]", "REDACTED")
_ANY_ACCOUNT = "AC" + "0" * 32
_CALL_KEYS, _ENOUGH_KEYS = {a.name for a in ATTRIBUTES}, 4
_SAME_MOMENT = 5.0  # seconds that two programs' clocks for one exchange differ at most
_NOWHERE = "http://recorded.invalid"
# Stands for a request that is not known: its answer's content can be judged, what is said back can not.
_SOME_CALL: Pairs = (("To", "+14155550100"), ("From", "+15005550006"), ("Url", "https://example.com/voice"))
# Answers that say nothing of the contract, and why.
_TELL_NOTHING = {
    401: "credentials were refused", 403: "the account may not do it", 404: "the account is not there", 407: "a proxy wants credentials",
    429: "the rate was limited",
}


@dataclass
class Recording:
    """What files hold of the operation.

    Args:
        exchanges: in the order of the files.
        url: base URL of the first exchange.
        account_sid: of the first exchange.
        without_request: whether the requests are unknown, as of plain bodies.
        left_out: why entries were not judged → how many.
        other: entries of other operations.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    url: str = _NOWHERE
    account_sid: str = _ANY_ACCOUNT
    without_request: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    other: int = 0


class _Skip(Exception):
    """Why an entry can't be judged."""


def read_recording(paths: list[Path], request: str | None = None) -> Recording:
    """Reads recorded traffic.

    Args:
        paths: of HAR files, and of JSON files with the body of a 201, several of them as an array or a line each.
        request: the form that was sent for plain bodies, where it is known: `To=…&From=…`.

    Raises:
        UsageError: a file can't be read, is neither, or the form is none.
    """
    recording = Recording()
    seen: set[str] = set()
    pairs = form_pairs(request) if request is not None else None
    if request is not None and pairs is None:
        raise UsageError("--request is no form: write it as it is sent, like 'To=%2B14155550100&From=%2B15005550006'")
    kinds = set()
    for path in paths:
        value = _json_of(path)
        entries = _entries(value)
        kinds.add(entries is not None)
        if entries is not None:
            _add_entries(recording, entries, path, seen, _is_ours(value))
        else:
            _add_bodies(recording, value if isinstance(value, list) else [value], pairs, path)
    if len(kinds) > 1:
        raise UsageError("name either HAR files or plain bodies: for a plain body the request is not known")
    recording.without_request = kinds == {False} and pairs is None
    return recording


def _json_of(path: Path) -> Any:
    if os.path.isfile(path) and zipfile.is_zipfile(path):
        raise UsageError(f"{path} is a zip archive; unpack it, and name the HAR file that is in it")
    text = read_text(path, "a HAR file, or the body of a 201", _LARGEST)
    try:
        return parse_json(text)[0]
    except NotJson as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:100]):
            try:
                return [parse_json(line)[0] for line in lines]
            except NotJson:
                pass
        raise UsageError(f"{path} is no JSON ({str(error)[:100]}); a HAR file, or the body of a 201, was expected") from None


def _entries(value: Any) -> list[Any] | None:
    """The entries of a HAR, or None where the value is none."""
    log = value.get("log") if isinstance(value, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    return entries if isinstance(entries, list) else None


def _is_ours(value: Any) -> bool:
    creator = value["log"].get("creator")
    return isinstance(creator, dict) and creator.get("name") == "ringtrue"


# -- plain bodies --------------------------------------------------------------------------------------


def _add_bodies(recording: Recording, values: list[Any], pairs: Pairs | None, path: Path) -> None:
    for value in values:
        if not isinstance(value, dict) or not value:
            raise UsageError(f"{path} holds no call: the JSON object of a 201, an array of them, or a HAR file was expected")
        if len(_CALL_KEYS & value.keys()) < _ENOUGH_KEYS and "sid" not in value:
            what = "an error" if {"code", "message"} <= value.keys() else "another JSON object"
            raise UsageError(f"{path} holds {what}, not a call: the body of a 201 was expected, which has a sid, a status, to and from")
        account = value.get("account_sid")
        if isinstance(account, str) and re.fullmatch("AC[0-9a-fA-F]{32}", account) and not recording.exchanges:
            recording.account_sid = account
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        recording.exchanges.append(Exchange(
            Case(pairs or _SOME_CALL), len(recording.exchanges) + 1, 201, "Created", (("Content-Type", "application/json"),), body[:MAX_BODY],
            truncated=len(body) > MAX_BODY,
        ))


# -- HAR -----------------------------------------------------------------------------------------------


def _add_entries(recording: Recording, entries: list[Any], path: Path, seen: set[str], ours: bool) -> None:
    before = _by_answer(recording.exchanges)
    for place, entry in enumerate(entries, 1):
        try:
            found = _entry(_object(entry), len(recording.exchanges) + 1, ours)
        except _Skip as why:
            recording.left_out[str(why)] += 1
            continue
        except (TypeError, ValueError, KeyError, AttributeError):
            raise UsageError(f"{path} is no whole HAR: its entry {place} can't be read; export it again") from None
        if found is None:
            recording.other += 1
            continue
        key = json.dumps(entry, sort_keys=True)
        if key in seen:
            recording.left_out["it stands there twice"] += 1
            continue
        seen.add(key)
        exchange, url, account = found
        if _is_elsewhere(exchange, before):
            recording.left_out["another file holds it too"] += 1
            continue
        if not recording.exchanges:
            recording.url, recording.account_sid = url, account
        elif account != recording.account_sid:
            recording.left_out["it is of another account than the first"] += 1
            continue
        recording.exchanges.append(exchange)


def _by_answer(exchanges: list[Exchange]) -> dict[tuple[Pairs, bytes], list[Exchange]]:
    out: dict[tuple[Pairs, bytes], list[Exchange]] = {}
    for e in exchanges:
        out.setdefault((e.case.pairs, e.body), []).append(e)
    return out


def _is_elsewhere(exchange: Exchange, before: dict[tuple[Pairs, bytes], list[Exchange]]) -> bool:
    """Whether an earlier file holds the exchange too, as seen by another program: the same request and answer at the same time."""
    alike = before.get((exchange.case.pairs, exchange.body), ())
    return any(not (e.sent_at and exchange.sent_at) or abs(e.sent_at - exchange.sent_at) < _SAME_MOMENT for e in alike)


def _entry(entry: dict[str, Any], number: int, ours: bool) -> tuple[Exchange, str, str] | None:
    """(exchange, base URL, account) of one entry, or None where it is of another operation.

    `ours` says that ringtrue wrote it, which marks passwords whose stand-in is not as good as they were.
    """
    request = _object(entry["request"])
    parts = urlsplit(str(request["url"]))
    found = _CALLS.match(parts.path)
    if found is None or str(request["method"]).upper() != "POST":
        return None
    response = _object(entry.get("response") or {})
    status = response.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise _Skip("it has no answer")
    if status in _TELL_NOTHING:
        raise _Skip(f"{_TELL_NOTHING[status]} ({status})")
    if 300 <= status < 400:
        raise _Skip(f"it was sent elsewhere ({status})")
    if not 200 <= status < 300 and _may_be_refused(request):
        raise _Skip("its body was framed, or its answer wished for, in a way that may be refused")
    case = _case(request)
    if case.get("SipAuthPassword") in _REDACTED and not 200 <= status < 300 and not ours:
        raise _Skip("its SIP password was taken out, which may be why it failed")
    body = _body(_object(response.get("content") or {}), response)
    exchange = Exchange(
        case, number, status, str(response.get("statusText") or "")[:200], tuple(_headers(response)), body[:MAX_BODY],
        elapsed=_seconds(entry.get("time")), truncated=len(body) > MAX_BODY, sent_at=_moment(entry.get("startedDateTime")), path=parts.path,
    )
    port = f":{parts.port}" if parts.port is not None else ""
    return exchange, f"{parts.scheme}://{parts.hostname or 'recorded.invalid'}{port}{found['base']}", found["account"]


def _case(request: dict[str, Any]) -> Case:
    data = _object(request.get("postData") or {})
    headers = {k.lower(): v for k, v in _headers(request)}
    kind = headers.get("content-type") or str(data.get("mimeType") or "")
    if not kind.lower().startswith(FORM_TYPE):
        raise _Skip("its body is no form")
    if data.get("comment"):
        raise _Skip("its body was recorded only in part")
    text, params = data.get("text"), data.get("params")
    if isinstance(text, str) and text:
        pairs = form_pairs(text)
        if pairs is None:
            raise _Skip("its body is no ordinary form")
    elif isinstance(params, list) and params:
        pairs = tuple((str(_object(p)["name"]), str(_object(p).get("value") or "")) for p in params)
    elif request.get("bodySize") == 0:
        pairs = ()
    else:
        raise _Skip("its body was not recorded")
    return Case(pairs, content_type=kind)


def _may_be_refused(request: dict[str, Any]) -> bool:
    """Whether a request's body comes in chunks or after Expect, or it takes no JSON."""
    headers = {k.lower(): v.lower() for k, v in _headers(request)}
    accept = headers.get("accept", "")
    takes_json = not accept or any(kind in accept for kind in ("json", "*/*", "application/*"))
    return not takes_json or "expect" in headers or "chunked" in headers.get("transfer-encoding", "")


def form_pairs(text: str) -> Pairs | None:
    """The pairs of a form, or None where it is not one that every server reads the same."""
    pairs = []
    for part in text.split("&") if text else ():
        if not _PAIR.match(part):
            return None
        name, _, value = part.partition("=")
        pairs.append((_decoded(name), _decoded(value)))
    return tuple(pairs)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "surrogateescape")


def _body(content: dict[str, Any], response: dict[str, Any]) -> bytes:
    text = content.get("text")
    if content.get("_file"):
        raise _Skip("its answer is in a file of its own; record it again with its content in the HAR")
    if content.get("comment"):
        raise _Skip("its answer was recorded only in part")
    if not isinstance(text, str):
        if content.get("size") in (0, None) and response.get("bodySize") in (0, None, -1) and content.get("size") == 0:
            return b""
        raise _Skip("its answer was not recorded")
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            raise _Skip("its answer can't be decoded") from None
    return text.encode("utf-8", "surrogatepass")


def _headers(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rows = message.get("headers")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("name") and str(row["name"]).lower() not in ("authorization", "cookie", "set-cookie"):
            yield str(row["name"])[:200], str(row.get("value") or "")[:8192]


def _seconds(value: Any) -> float:
    return value / 1000 if isinstance(value, (int, float)) and 0 <= value < 1e9 else 0.0


def _moment(value: Any) -> float:
    """Seconds since the epoch; 0 where the recording does not say when it was."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value
