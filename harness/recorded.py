"""A run as it was recorded: results.json read back, whatever stands in it, as data that other runs are compared with.

Programs and people keep these files, so a file of another version, a shortened or a foreign one is told in one sentence.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from harness.accepted import for_people
from harness.errors import UsageError
from harness.files import read_json
from harness.identity import Identity, identity
from harness.results import EMBEDDED, SCHEMA_VERSION, VERDICTS

RESULTS = "results.json"
_ID = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_T = TypeVar("_T", str, int, list[Any], dict[str, Any])


@dataclass(frozen=True, slots=True)
class RecordedClause:
    """One clause of a recorded run.

    Args:
        id, level, verdict, cases: as in results.json.
        reason: why it was skipped or not exercised.
    """

    id: str
    level: str
    verdict: str
    cases: int
    reason: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether the run can say anything of it."""
        return self.verdict not in ("SKIPPED", "NOT-EXERCISED")


@dataclass(frozen=True, slots=True)
class RecordedFinding:
    """One finding of a recorded run.

    Args:
        id, level, message, expected, actual, cause, occurrences: as in results.json.
        identity: what makes it the same defect in another run.
        accepted: the reason for which it was accepted, or None.
    """

    id: str
    level: str
    message: str
    expected: str
    actual: str
    cause: str
    occurrences: int
    identity: Identity
    accepted: str | None = None

    @property
    def clause(self) -> str:
        """The broken clause's id."""
        return self.identity.clause


@dataclass(frozen=True)
class Recorded:
    """A recorded run.

    Args:
        name: how people call it: the target's name, or what distinguishes the file.
        target: the target's name; empty where it has none.
        url, account_sid: the target.
        verdict: `conforms`, `violates` or `inconclusive`.
        version, profile, seed, started: of the run.
        clauses: by id, in the contract's order.
        findings: as in the file.
    """

    name: str
    target: str
    url: str
    account_sid: str
    verdict: str
    version: str
    profile: str
    seed: int
    started: str
    requests: int
    clauses: dict[str, RecordedClause]
    findings: tuple[RecordedFinding, ...]


class _Wrong(Exception):
    """What is wrong with a file's content, in a few words."""


def load_results(path: Path) -> Recorded:
    """Reads a results.json.

    Args:
        path: of the file, or of the directory that a run wrote it into.

    Raises:
        UsageError: it can't be read, or is no results.json of this schema version.
    """
    file = path / RESULTS if os.path.isdir(path) else path
    data = read_json(file, "the results.json of a run")
    if not isinstance(data, dict) or "schema_version" not in data:
        raise UsageError(f"{file} is no results.json of ringtrue; name the file, or the directory that a run wrote")
    version = data["schema_version"]
    if version != SCHEMA_VERSION or isinstance(version, bool):
        known = f"this ringtrue reads {SCHEMA_VERSION}"
        raise UsageError(f"{file} is of schema version {str(version)[:20]!r}, and {known}; run the suite again, or take the ringtrue that wrote it")
    try:
        return _recorded(data, file)
    except (_Wrong, UnicodeError) as wrong:
        raise UsageError(f"{file} is no whole results.json ({wrong}); run the suite again") from None


def _recorded(data: dict[str, Any], file: Path) -> Recorded:
    target, tool = _get(data, "target", dict), _get(data, "tool", dict)
    verdict = _get(data, "verdict", str)
    if verdict not in ("conforms", "violates", "inconclusive"):
        raise _Wrong(f"the verdict is {verdict[:40]!r}")
    clauses = [_clause(_dict(row, "clauses")) for row in _get(data, "clauses", list)]
    findings = [_finding(_dict(row, "findings")) for row in _get(data, "findings", list)]
    called = _get(target, "name", str, "")
    return Recorded(
        name=called if called and called != EMBEDDED else _name_of(file), target=called, url=_get(target, "url", str),
        account_sid=_get(target, "account_sid", str),
        verdict=verdict, version=_get(tool, "version", str), profile=_get(data, "profile", str), seed=_get(data, "seed", int),
        started=_get(data, "started", str), requests=_get(_get(data, "counts", dict), "requests", int),
        clauses={c.id: c for c in clauses}, findings=tuple(findings),
    )


def _name_of(file: Path) -> str:
    """The directory's name, which a run was told with `--output`, or the file's own."""
    return file.stem if file.name != RESULTS else file.absolute().parent.name


def _clause(row: dict[str, Any]) -> RecordedClause:
    verdict = _get(row, "verdict", str)
    if verdict not in VERDICTS:
        raise _Wrong(f"a clause's verdict is {verdict[:40]!r}")
    return RecordedClause(_get(row, "id", str), _level(row), verdict, _get(row, "cases", int), _get(row, "reason", str, ""))


def _finding(row: dict[str, Any]) -> RecordedFinding:
    clause = _get(row, "clause", str)
    same = identity(clause, _get(row, "outcome", str, ""), _get(row, "path", str, "$"), _texts(row, "blame"), _texts(row, "also"))
    if _ID.fullmatch(_get(row, "id", str)) is None:
        raise _Wrong("a finding's id is none")
    accepted = for_people(_get(row["accepted"], "reason", str)) if isinstance(row.get("accepted"), dict) else None
    return RecordedFinding(
        _get(row, "id", str), _level(row), _get(row, "message", str), _get(row, "expected", str), _get(row, "actual", str),
        _get(row, "cause", str, ""), _get(row, "occurrences", int), same, accepted,
    )


def _level(row: dict[str, Any]) -> str:
    level = _get(row, "level", str)
    if level not in ("MUST", "SHOULD", "OBSERVED"):
        raise _Wrong(f"a level is {level[:40]!r}")
    return level


def _texts(row: dict[str, Any], key: str) -> frozenset[str]:
    values = _get(row, key, list, [])
    if not all(isinstance(v, str) for v in values):
        raise _Wrong(f"{key} is no list of texts")
    return frozenset(values)


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"a row of {where} is no object")
    return value


def _get(row: dict[str, Any], key: str, kind: type[_T], default: _T | None = None) -> _T:
    if key not in row and default is not None:
        return default
    value = row.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _Wrong(f"{key} is {'missing' if key not in row else 'of a wrong type'}")
    return value
