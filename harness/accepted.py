"""What is accepted of a target: a baseline of known defects, and deviations that its vendor declares.

A baseline is a TOML file that a run writes and people keep: each entry names a defect, with a reason, an owner and
perhaps a last day. A deviation stands in the config file: a clause, what holds instead, and why. Both are read here;
which finding they cover is decided in `harness.gate`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from harness.contract import CLAUSE
from harness.errors import UsageError, nearest
from harness.files import read_toml

SCHEMA_VERSION = 1
UNREASONED = "known when the baseline was written; say here why it is accepted"
OUTCOMES = ("accepted", "refused", "crashed", "content")
_TOP_KEYS = {"schema-version": int, "target": str, "profile": str, "accepted": list}
_ENTRY_KEYS: dict[str, type] = {
    "clause": str, "also": list, "outcome": str, "path": str, "blame": list, "reason": str, "owner": str, "until": date, "flaky": bool,
}
_DEVIATION_KEYS = ("clause", "instead", "reason", "owner", "until")


def for_people(reason: str) -> str:
    """A reason, where somebody has given one."""
    return "no reason given yet" if reason == UNREASONED else reason


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Why a finding doesn't count: somebody accepted it.

    Args:
        kind: `baseline` for a known defect, `declared` for a deliberate deviation.
        reason: in the words of whoever accepted it.
        owner: who is to mend it; empty where nobody is named.
        until: the last day on which it is accepted, or None for no end.
    """

    kind: str
    reason: str
    owner: str = ""
    until: date | None = None

    @property
    def said(self) -> str:
        """The reason for people, who shall see that nobody has given one."""
        return for_people(self.reason)


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted defect.

    Args:
        clause, outcome, path, blame, also: of its `harness.identity.Identity`.
        acceptance: why it doesn't count.
        flaky: whether it showed only now and then, so that a run without it means nothing.
    """

    clause: str
    outcome: str
    path: str
    blame: frozenset[str]
    also: frozenset[str]
    acceptance: Acceptance
    flaky: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted defects of one target.

    Args:
        path: the file's name, for messages.
        target: URL of the target that it was written for, empty for any.
        profile: of the run that wrote it; a smaller one can't tell that an entry no longer occurs.
        entries: in the file's order.
    """

    path: str
    target: str
    profile: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A clause that the vendor declares not to hold, and what holds instead.

    Args:
        clause: its id.
        instead: `accepted` or `refused`, a status such as `200`, or a regular expression of the value that comes instead.
        acceptance: why it doesn't count.
    """

    clause: str
    instead: str
    acceptance: Acceptance


@dataclass(frozen=True)
class Gate:
    """What is accepted of a target.

    Args:
        baseline: known defects, or None.
        deviations: what the vendor declares.
    """

    baseline: Baseline | None = None
    deviations: tuple[Deviation, ...] = ()

    @property
    def declared(self) -> frozenset[str]:
        """The clauses that are declared not to hold."""
        return frozenset(d.clause for d in self.deviations)


def read_baseline(path: Path, today: date) -> Baseline:
    """Reads a baseline.

    Args:
        path: of the file.
        today: entries whose last day is before it have expired.

    Raises:
        UsageError: it is no baseline of this version, names an unknown clause, or holds an entry that has expired.
    """
    if not os.path.exists(path):
        raise UsageError(f"{path} is not there; accept what is broken today with --write-baseline {path}")
    data = read_toml(path, "a baseline")
    version = data.get("schema-version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise UsageError(f"{path} is no baseline of schema version {SCHEMA_VERSION}; move it away, and write a new one with --write-baseline {path}")
    _typed(data, _TOP_KEYS, str(path))
    entries = []
    for number, row in enumerate(data.get("accepted", []), 1):
        where = f"{path}, entry {number}"
        if not isinstance(row, dict):
            raise UsageError(f"{where} is no table [[accepted]]")
        entries.append(_entry(row, where, today))
    return Baseline(str(path), str(data.get("target", "")), str(data.get("profile", "quick")), tuple(entries))


def _entry(row: dict[str, Any], where: str, today: date) -> Entry:
    _typed(row, _ENTRY_KEYS, where)
    clause = _known_clause(row.get("clause"), where)
    for other in row.get("also", ()):
        _known_clause(other, where)
    outcome = row.get("outcome", "content")
    if outcome not in OUTCOMES:
        raise UsageError(f"{where}: outcome must be one of {', '.join(OUTCOMES)}, not {str(outcome)[:40]!r}")
    return Entry(
        clause, outcome, row.get("path", "$"), _texts(row, "blame", where), _texts(row, "also", where),
        _acceptance("baseline", row, where, clause, today), row.get("flaky", False),
    )


def deviations_of(rows: Any, where: str, today: date) -> tuple[Deviation, ...]:
    """The deviations of a config file.

    Args:
        rows: the value of its key `deviations`: tables with clause, instead and reason.
        where: the file's name, for messages.
        today: deviations whose last day is before it have expired.

    Raises:
        UsageError: a row is none, names an unknown clause twice or at all, or has expired.
    """
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise UsageError(f"{where}: deviations must be tables [[deviations]] with clause, instead and reason")
    out: list[Deviation] = []
    for number, row in enumerate(rows, 1):
        place = f"{where}, deviation {number}"
        _typed(row, {k: date if k == "until" else object for k in _DEVIATION_KEYS}, place)
        clause = _known_clause(row.get("clause"), place)
        if any(d.clause == clause for d in out):
            raise UsageError(f"{place}: {clause} is declared twice; keep one")
        out.append(Deviation(clause, _instead(row.get("instead"), place), _acceptance("declared", row, place, clause, today)))
    return tuple(out)


def _instead(value: Any, where: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return str(value)
    if not isinstance(value, str) or not value:
        raise UsageError(f'{where}: instead says what holds: "accepted", "refused", a status such as 200, or a pattern of the value that comes')
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"{where}: instead {value[:40]!r} is no regular expression ({error})") from None
    return value


def _known_clause(value: Any, where: str) -> str:
    if isinstance(value, str) and value in CLAUSE:
        return value
    if not isinstance(value, str):
        raise UsageError(f"{where} names no clause")
    raise UsageError(f"{where}: unknown clause {value[:60]!r}{nearest(value, list(CLAUSE))}; `ringtrue contract` lists them")


def _acceptance(kind: str, row: dict[str, Any], where: str, clause: str, today: date) -> Acceptance:
    reason, until = row.get("reason"), row.get("until")
    if until is not None and until < today:
        raise UsageError(f"{where}: {clause} was accepted until {until.isoformat()}; mend it, or give it a new day")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{where}: {clause} has no reason; say why it is accepted")
    return Acceptance(kind, " ".join(reason.split()), str(row.get("owner", "")), until)


def _typed(table: dict[str, Any], kinds: dict[str, Any], where: str) -> None:
    for key, value in table.items():
        if key not in kinds:
            raise UsageError(f"{where}: unknown key {key[:40]!r}{nearest(key, list(kinds))}")
        wrong = isinstance(value, bool) and kinds[key] in (int, str)
        # A date with a time is a date to Python, and can't be compared with one.
        if wrong or not isinstance(value, kinds[key]) or (kinds[key] is date and type(value) is not date):
            names = {int: "a whole number", str: "text", list: "a list", date: "a date such as 2030-01-31", bool: "true or false"}
            raise UsageError(f"{where}: {key} must be {names[kinds[key]]}")


def _texts(row: dict[str, Any], key: str, where: str) -> frozenset[str]:
    values = row.get(key, [])
    if not all(isinstance(v, str) for v in values):
        raise UsageError(f"{where}: {key} must be a list of texts")
    return frozenset(values)
