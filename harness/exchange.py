"""An Exchange: what was sent and what came back, bounded, frozen, without secrets that were sent.

Parsing of the body is here too, once, lazily used by the checks: bounded in size and depth, strict about JSON.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from harness.case import Case
from harness.contract import ATTRIBUTES
from harness.visible import visible

MAX_BODY = 1 << 20
MAX_DEPTH = 200

FAILURES: dict[str, str] = {
    "timeout": "no whole answer within the time limit",
    "closed": "the connection was closed without an answer",
    "malformed": "what came back is no HTTP/1.1 answer",
    "oversized": "the answer's head has more than 1,000 headers, a line of more than 64 KB, or more than 1 MB",
    "stalled": "this machine stood still while an answer was waited for",
    "gone": "the server went away while it was asked",
    "refused": "nothing accepts connections",
    "tls": "the TLS handshake failed",
}
# A string, also one that never ends, so that none is looked at twice; and all else that is no bracket.
_NO_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^"\[\]{}]++', re.DOTALL)

_LARGE = 1 << 16  # bytes
_MOST = 100  # members that are kept of what a large body holds
_PARSING = threading.Lock()
_TOLD = {*(a.name for a in ATTRIBUTES), "code", "message", "more_info", "status", "detail"}


class NotJson(ValueError):
    """The body is no JSON text; the message says why in one line."""


def _known_alone(value: Any) -> Any:
    """A large body's value with the members alone that a check asks about, and with few values in each."""
    if not isinstance(value, dict):
        return value[:_MOST] if isinstance(value, list) else value
    kept = {k: v for k, v in value.items() if k in _TOLD}
    return {k: dict(islice(v.items(), _MOST)) if isinstance(v, dict) else v[:_MOST] if isinstance(v, list) else v for k, v in kept.items()}


def parse_json(text: str) -> tuple[Any, list[str]]:
    """Strict JSON (no NaN, bounded depth) with the list of duplicate keys.

    Raises:
        NotJson: it is no JSON text or too deep or too long a number.
    """
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(items)
        if len(out) != len(items):
            seen: set[str] = set()
            duplicates.extend(k for k, _ in items if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        return out

    def constant(name: str) -> Any:
        raise NotJson(f"{name} is no JSON value")

    if _too_deep(text):
        raise NotJson(f"nested deeper than {MAX_DEPTH} levels")
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant), duplicates
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else "a number too long to read"
        raise NotJson(reason) from None


def _too_deep(text: str) -> bool:
    """Whether brackets outside of strings are nested deeper than the bound."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in _NO_BRACKET.sub("", text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest > MAX_DEPTH


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    Args:
        case: what was sent.
        number: its place in the run, from 1.
        status: the final HTTP status, or None where no whole answer came.
        reason: the reason phrase.
        headers: of the answer, in order.
        body: the decoded answer's body, at most `MAX_BODY` bytes.
        failure: a key of `FAILURES`, where no whole answer came.
        detail: more about a failure, one line.
        elapsed: seconds.
        sent_at: seconds since the epoch; 0 where that is not known, as when the clock was set since the run began.
        truncated: whether the body was cut.
        leaks: secrets that the answer held, of `harness.checks.refusals.LEAKS`; they were taken out of it.
        method, path: of the request, which for a call that is read back are not the case's.
        previous: the case sent before it on the same connection order, if any.
    """

    case: Case
    number: int
    status: int | None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failure: str | None = None
    detail: str = ""
    elapsed: float = 0.0
    truncated: bool = False
    leaks: tuple[str, ...] = ()
    previous: Case | None = field(default=None, repr=False, compare=False)
    sent_at: float = 0.0
    method: str = "POST"
    path: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its letter case."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    @property
    def is_created(self) -> bool:
        """Whether the server says that it created something: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether the server refused: any 4xx."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def is_crash(self) -> bool:
        """Whether the server failed: 5xx, or no whole answer."""
        return self.status is None or self.status >= 500

    @property
    def outcome(self) -> str:
        """`created`, `refused`, `crash`, or the class of another status such as `3xx`."""
        if self.is_created:
            return "created"
        if self.is_refused:
            return "refused"
        return "crash" if self.is_crash else f"{(self.status or 0) // 100}xx"

    @cached_property
    def text(self) -> str:
        """The body as text, in UTF-8 with replacement characters."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def parsed(self) -> tuple[Any, list[str], str | None]:
        """(value, duplicate keys, why it is no JSON)."""
        if self.truncated:
            return None, [], f"longer than {min(len(self.body) or MAX_BODY, MAX_BODY)} bytes"
        try:
            if len(self.body) <= _LARGE:
                value, duplicates = parse_json(self.body.decode("utf-8"))
            else:  # a hundred bytes in memory for each of the body: one at a time, and what nobody asks about is not kept
                with _PARSING:
                    value, duplicates = parse_json(self.body.decode("utf-8"))
                    value, duplicates = _known_alone(value), duplicates[:_MOST]
        except UnicodeDecodeError as error:
            return None, [], f"not UTF-8 at byte {error.start}"
        except NotJson as error:
            return None, [], str(error)
        return value, duplicates, None

    @property
    def document(self) -> dict[str, Any] | None:
        """The body's JSON object, or None."""
        value = self.parsed[0]
        return value if isinstance(value, dict) else None

    def forget(self) -> None:
        """Drops what was worked out of the body, which may take many times its room; it is worked out again where it is asked for."""
        for name in ("text", "parsed"):
            self.__dict__.pop(name, None)

    def describe(self) -> str:
        """What came back, in a few words: `201`, `no whole answer within the time limit`."""
        if self.status is None:
            return FAILURES.get(self.failure or "", "no answer")
        return f"{self.status} {visible(self.reason)}".strip() if len(self.reason) < 40 else str(self.status)
