"""The text of a baseline: the findings of a run as entries that people complete with a reason and an owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import tomlkit

from harness import __version__
from harness.accepted import SCHEMA_VERSION, UNREASONED, Acceptance, Baseline, Entry
from harness.case import printable
from harness.contract import CLAUSE
from harness.findings import Finding
from harness.gate import find_entry, kept_entries, looks_further
from harness.identity import identity_of
from harness.report.escape import cut, visible
from harness.report.words import count, rule
from harness.results import RunResult

_HEAD = f"""Defects of this server that are known and accepted for now, written by ringtrue {__version__}.
A run with --baseline fails on a finding that is not in this file, and on an entry that no longer occurs.
Give each entry a reason and an owner, and where it is to be mended by a day, an `until = 2030-01-31`."""


def baseline_text(result: RunResult, old: Baseline | None) -> str:
    """The text of a baseline that accepts every finding of a run.

    Args:
        result: of the run; deviations that are declared are left out.
        old: an earlier baseline, whose reasons, owners and days are kept, as is what this run could not judge.
    """
    kept = kept_of(result, old)
    document = tomlkit.document()
    for line in _HEAD.splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    document.add("schema-version", tomlkit.item(SCHEMA_VERSION))
    document.add("target", tomlkit.item(result.url))
    document.add("profile", tomlkit.item(old.profile if kept and old is not None and looks_further(old.profile, result.profile) else result.profile))
    rows = tomlkit.aot()
    for f in _undeclared(result.findings):
        rows.append(_row_of(f, find_entry(old, identity_of(f)) if old is not None else None))
    for entry in kept:
        rows.append(_row(entry, f"{CLAUSE[entry.clause].level.value}: {CLAUSE[entry.clause].statement}", "not judged when this was written"))
    if len(rows):
        document.add("accepted", rows)
    return tomlkit.dumps(document)


def kept_of(result: RunResult, old: Baseline | None) -> tuple[Entry, ...]:
    """What an earlier baseline accepts and a run could not judge, so that it stays in the file."""
    judged = {c.clause.id for c in result.clauses if c.verdict not in ("SKIPPED", "NOT-EXERCISED")}
    if old is None:
        return ()
    narrow = looks_further(old.profile, result.profile)
    return kept_entries(old, result.findings, lambda clause: "not judged" if result.stopped or narrow or clause not in judged else "")


def told_of_baseline(path: str, result: RunResult, old: Baseline | None, today: date) -> list[str]:
    """What a person is told of a baseline that was written: how much it accepts, and whose last day is over.

    Args:
        path: of the file, as it is shown.
        result, old: as for `baseline_text`.
        today: entries whose last day is before it have expired.
    """
    found, kept = _undeclared(result.findings), kept_of(result, old)
    if not found and not kept:
        return [f"baseline: {path} accepts nothing: nothing was found"]
    words = f"baseline: {path} accepts {count(len(found) + len(kept), 'finding')}"
    words += f", {len(kept)} of them kept since this run could not judge them" if kept else ""
    entries = [find_entry(old, identity_of(f)) for f in found] if old is not None else []
    over = [e.clause for e in entries if e is not None and e.acceptance.until is not None and e.acceptance.until < today]
    expired = [f"baseline: the last day of {', '.join(over)} is over; mend it, or give it a new day in {path}"] if over else []
    return [f"{words}; give each a reason and an owner, then run with --baseline", *expired]


def _undeclared(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that a baseline can accept: all but those that are as a vendor declares."""
    return [f for f in findings if f.accepted is None or f.accepted.kind != "declared"]


def _row_of(f: Finding, old: Entry | None) -> Any:
    identity = identity_of(f)
    accepted = old.acceptance if old is not None else Acceptance("baseline", UNREASONED)
    entry = Entry(identity.clause, identity.outcome, identity.path, identity.blame, identity.also, accepted, f.flaky is not None)
    return _row(entry, f"{f.level.value}: {rule(f)}", f"expected {f.expected}, got {f.actual}{f'; {f.cause}' if f.cause else ''}")


def _row(entry: Entry, *comments: str) -> Any:
    table = tomlkit.table()
    for comment in comments:
        table.add(tomlkit.comment(_one_line(comment)))
    table.add("clause", entry.clause)
    if entry.also:
        table.add("also", sorted(entry.also))
    table.add("outcome", entry.outcome)
    if entry.path != "$":
        table.add("path", _one_line(entry.path))
    if entry.blame:
        table.add("blame", sorted(map(_one_line, entry.blame)))
    if entry.flaky:
        table.add("flaky", True)
    table.add("reason", entry.acceptance.reason)
    table.add("owner", entry.acceptance.owner)
    if entry.acceptance.until is not None:
        table.add("until", entry.acceptance.until)
    return table


def _one_line(text: str) -> str:
    """Text that a TOML comment can hold: one line, nothing that controls."""
    return visible(cut(printable(text), 200))
