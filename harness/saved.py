"""Saved cases: one JSON file a finding, with all that is needed to send it again. No secret is in one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.case import Case
from harness.contract import CLAUSE
from harness.errors import UsageError
from harness.files import read_json, write
from harness.findings import Finding, is_id
from harness.oracle import Knowledge
from harness.results import EMBEDDED, RunResult, without_password
from harness.wire import sendable

SCHEMA_VERSION = 1
CASES = "cases"
_LARGEST = 32 << 20


@dataclass(frozen=True)
class SavedCase:
    """One finding's case.

    Args:
        finding: the finding's id.
        clause: the broken clause.
        case: what to send.
        before: cases to send first.
        together: cases to send at once, `case` among them.
        flaky: whether it showed only now and then.
        known: what was known of the target.
        url, account_sid: the target that it was found on.
        faults: of the embedded emulator, where it was found on that; None for any other server.
    """

    finding: str
    clause: str
    case: Case
    before: tuple[Case, ...]
    together: tuple[Case, ...]
    flaky: bool
    known: Knowledge
    url: str
    account_sid: str
    faults: tuple[str, ...] | None = None


def save_cases(result: RunResult, directory: Path, known: Knowledge) -> None:
    """Writes `cases/FINDING.json` for each finding, and takes away those of an earlier run; nothing else, and nothing that a link leads to.

    Raises:
        OSError: the directory can't be written.
    """
    folder = directory / CASES
    names = {f"{f.id}.json" for f in result.findings}
    if folder.is_dir() and not folder.is_symlink():
        for old in folder.glob("*.json"):
            if old.name not in names and _is_saved(old):
                old.unlink()
    for f in result.findings:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / f"{f.id}.json", json.dumps(_as_json(f, result, known), indent=2, ensure_ascii=True) + "\n")


def _is_saved(path: Path) -> bool:
    """Whether a file is a saved case: what it holds says so, and the name that it has."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        data = read_json(path, "a saved case", _LARGEST)
    except UsageError:
        return False
    return isinstance(data, dict) and data.get("finding") == path.stem and {"schema_version", "clause", "case", "known", "target"} <= data.keys()


def _as_json(f: Finding, result: RunResult, known: Knowledge) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION, "finding": f.id, "clause": f.clause, "level": f.level.value, "message": f.message,
        "expected": f.expected, "actual": f.actual, "case": without_password(f.case).to_json(),
        "before": [without_password(c).to_json() for c in f.before], "together": [without_password(c).to_json() for c in f.together],
        "flaky": f.flaky is not None, "target": _target(result),
        "known": {
            "own_numbers": sorted(known.own_numbers), "called_numbers": sorted(known.called_numbers), "open_sids": sorted(known.open_sids),
        },
    }


def _target(result: RunResult) -> dict[str, Any]:
    """The target as JSON; of the embedded emulator, which is gone by then, with what makes another one like it."""
    target: dict[str, Any] = {"url": result.url, "account_sid": result.account_sid}
    if result.target == EMBEDDED:
        target["faults"] = [name for name in result.settings.get("faults", "").split(", ") if name]
    return target


def load_case(path: Path) -> SavedCase:
    """Reads a saved case.

    Raises:
        UsageError: it can't be read or is no saved case of this version.
    """
    data = read_json(path, "a saved case (cases/*.json in a run's output)", _LARGEST)
    if not isinstance(data, dict) or data.get("schema_version") != SCHEMA_VERSION:
        raise UsageError(f"{path} is no saved case of schema version {SCHEMA_VERSION}; run the suite again to save it anew")
    try:
        return _from_json(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no saved case ({' '.join(str(error).split())[:80]}); run the suite again to save it anew") from None


def _case(data: dict[str, Any]) -> Case:
    return sendable(Case.from_json(data))


def _from_json(data: dict[str, Any]) -> SavedCase:
    clause = data["clause"]
    if clause not in CLAUSE:
        raise ValueError(f"unknown clause {clause!r}")
    if not is_id(str(data["finding"]), clause):
        raise ValueError("no id of a finding")
    known = data["known"]
    faults = data["target"].get("faults")
    return SavedCase(
        str(data["finding"]), clause, _case(data["case"]), tuple(map(_case, data["before"])), tuple(map(_case, data["together"])),
        bool(data["flaky"]),
        Knowledge(frozenset(known["own_numbers"]), frozenset(known["called_numbers"]), frozenset(known["open_sids"])),
        str(data["target"]["url"]), str(data["target"]["account_sid"]), None if faults is None else tuple(map(str, faults)),
    )
