"""What a check says: a Breach, one broken clause seen in one exchange. Findings are made of breaches later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.contract import CLAUSE, Level
from harness.visible import visible

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Breach:
    """One clause broken in one exchange.

    Args:
        clause: id of the clause.
        check: name of the function that saw it.
        message: one line.
        expected: what the contract wants, short.
        actual: what came, short.
        path: JSONPath of the place in the body, `$` for the answer as a whole.
        level: of this break in this company; the clause's own if None was given.
        kind: what sort of break: `outcome` ones are attributed to a cause, `content` ones stand for themselves.
        parameter: the request parameter concerned, if one is.
    """

    clause: str
    check: str
    message: str
    expected: str
    actual: str
    path: str = "$"
    level: Level = Level.MUST
    kind: str = "content"
    parameter: str | None = None


def breach(clause: str, check: str, expected: str, actual: str, path: str = "$", level: Level | None = None) -> Breach:
    """A content breach with the clause's statement as its message; what came is made visible, so that it is one line."""
    row = CLAUSE[clause]
    return Breach(clause, check, row.statement, visible(expected), visible(actual), path, level or row.level)


def show(value: Any, limit: int = _SHOWN) -> str:
    """A JSON value in short: strings quoted, long ones cut."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value))
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= limit else text[:limit] + "…"
