"""The text of a baseline: the findings of a run as entries that people complete with a reason and an owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tomlkit

from harness import __version__
from harness.accepted import SCHEMA_VERSION, Acceptance, Baseline, Entry
from harness.case import printable
from harness.findings import Finding
from harness.gate import find_entry
from harness.identity import identity_of
from harness.report.escape import cut, visible
from harness.report.words import rule
from harness.results import RunResult

UNREASONED = "known when the baseline was written; say here why it is accepted"
_HEAD = f"""Defects of this server that are known and accepted for now, written by ringtrue {__version__}.
A run with --baseline fails on a finding that stands not here, and on an entry that no longer occurs.
Give each entry a reason and an owner, and where it is to be mended by a day, an `until = 2030-01-31`."""


def baseline_text(result: RunResult, old: Baseline | None) -> str:
    """The text of a baseline that accepts every finding of a run.

    Args:
        result: of the run; deviations that are declared are left out.
        old: an earlier baseline, whose reasons, owners and days are kept.
    """
    document = tomlkit.document()
    for line in _HEAD.splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    document.add("schema-version", tomlkit.item(SCHEMA_VERSION))
    document.add("target", tomlkit.item(result.url))
    document.add("profile", tomlkit.item(result.profile))
    rows = tomlkit.aot()
    for f in _undeclared(result.findings):
        rows.append(_row(f, find_entry(old, identity_of(f)) if old is not None else None))
    if len(rows):
        document.add("accepted", rows)
    return tomlkit.dumps(document)


def _undeclared(findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.accepted is None or f.accepted.kind != "declared"]


def _row(f: Finding, old: Entry | None) -> Any:
    identity = identity_of(f)
    table = tomlkit.table()
    table.add(tomlkit.comment(f"{f.level.value}: {_one_line(rule(f))}"))
    table.add(tomlkit.comment(_one_line(f"expected {f.expected}, got {f.actual}{f'; {f.cause}' if f.cause else ''}")))
    table.add("clause", identity.clause)
    if identity.also:
        table.add("also", sorted(identity.also))
    table.add("outcome", identity.outcome)
    if identity.path != "$":
        table.add("path", _one_line(identity.path))
    if identity.blame:
        table.add("blame", sorted(map(_one_line, identity.blame)))
    if f.flaky is not None:
        table.add("flaky", True)
    accepted = old.acceptance if old is not None else Acceptance("baseline", UNREASONED)
    table.add("reason", accepted.reason)
    table.add("owner", accepted.owner)
    if accepted.until is not None:
        table.add("until", accepted.until)
    return table


def _one_line(text: str) -> str:
    """Text that a TOML comment can hold: one line, nothing that controls."""
    return visible(cut(printable(text), 200))
