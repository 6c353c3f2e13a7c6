"""What is accepted of a target: a baseline of known defects, and deviations that its vendor declares.

A baseline is a TOML file that a run writes and people keep: each entry names a defect, with a reason, an owner and
perhaps a last day. A deviation stands in the config file: a clause, what holds instead, and why. Both are read here;
which finding they cover is decided in `harness.gate`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.contract import CLAUSE
from harness.errors import UsageError
from harness.files import read_text

SCHEMA_VERSION = 1
OUTCOMES = ("accepted", "refused", "crashed", "content")
_TOP_KEYS = {"schema-version": int, "target": str, "profile": str, "accepted": list}
_ENTRY_KEYS: dict[str, type] = {
    "clause": str, "also": list, "outcome": str, "path": str, "blame": list, "reason": str, "owner": str, "until": date, "flaky": bool,
}
_DEVIATION_KEYS = ("clause", "instead", "reason", "owner", "until")


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted defect.

    Args:
        clause, outcome, path, blame, also: of its `harness.identity.Identity`.
        reason, owner, until: as in `harness.findings.Acceptance`.
        flaky: whether it showed only now and then, so that a run without it means nothing.
    """

    clause: str
    outcome: str
    path: str
    blame: frozenset[str]
    also: frozenset[str]
    reason: str
    owner: str = ""
    until: date | None = None
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
        reason: why.
        owner, until: as in `harness.findings.Acceptance`.
    """

    clause: str
    instead: str
    reason: str
    owner: str = ""
    until: date | None = None


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
    try:
        data = tomllib.loads(read_text(path, "a baseline"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no valid TOML ({' '.join(str(error).split())[:120]}); a baseline was expected") from None
    version = data.get("schema-version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise UsageError(f"{path} is no baseline of schema version {SCHEMA_VERSION}; write it anew with --write-baseline {path}")
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
    reason, until = _reason(row, where, clause), row.get("until")
    _unexpired(until, where, clause, today)
    return Entry(
        clause, outcome, row.get("path", "$"), _texts(row, "blame", where), _texts(row, "also", where), reason, row.get("owner", ""), until,
        row.get("flaky", False),
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
        until = row.get("until")
        _unexpired(until, place, clause, today)
        out.append(Deviation(clause, _instead(row.get("instead"), place), _reason(row, place, clause), str(row.get("owner", "")), until))
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
    near = get_close_matches(value, list(CLAUSE), n=1, cutoff=0.5)
    raise UsageError(f"{where}: unknown clause {value[:60]!r}{f', did you mean {near[0]!r}?' if near else ''}; `ringtrue contract` lists them")


def _reason(row: dict[str, Any], where: str, clause: str) -> str:
    reason = row.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{where}: {clause} has no reason; say why it is accepted")
    return " ".join(reason.split())


def _unexpired(until: date | None, where: str, clause: str, today: date) -> None:
    if until is not None and until < today:
        raise UsageError(f"{where}: {clause} was accepted until {until.isoformat()}; mend it, or give it a new day")


def _typed(table: dict[str, Any], kinds: dict[str, Any], where: str) -> None:
    for key, value in table.items():
        if key not in kinds:
            near = get_close_matches(key, list(kinds), n=1, cutoff=0.5)
            raise UsageError(f"{where}: unknown key {key[:40]!r}{f', did you mean {near[0]!r}?' if near else ''}")
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
