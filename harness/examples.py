"""Cases that found something before, in Hypothesis's example database: the next run sends them first.

A folder that a user can name and CI can keep. What no longer shows anything is forgotten; what somebody else wrote into
the folder is passed over.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.case import Case
from harness.findings import Finding
from harness.results import without_password
from harness.wire import sendable

if TYPE_CHECKING:
    from hypothesis.database import DirectoryBasedExampleDatabase

_MOST = 100
_LARGEST = 1 << 20
_MOST_CASES = 8


@dataclass(frozen=True, slots=True)
class Example:
    """Cases to send, one after another or at once, and the bytes under which they are kept."""

    cases: tuple[Case, ...]
    at_once: bool
    raw: bytes


class Examples:
    """The examples of one folder.

    Args:
        directory: made when something is first kept.
        target: what the examples belong to, such as a base URL; other targets' are left alone.
    """

    def __init__(self, directory: Path, target: str) -> None:
        self._directory = directory
        self._key = b"ringtrue 1 " + target.encode("utf-8", "replace")

    @cached_property
    def _database(self) -> DirectoryBasedExampleDatabase:
        from hypothesis.database import DirectoryBasedExampleDatabase  # the whole of Hypothesis comes with it

        return DirectoryBasedExampleDatabase(self._directory)

    def __iter__(self) -> Iterator[Example]:
        """What was found before, in a lasting order."""
        with suppress(OSError):
            if not self._directory.exists():
                return
            kept = sorted(raw for raw in self._database.fetch(self._key) if len(raw) <= _LARGEST)[:_MOST]
            yield from filter(None, map(_read, kept))

    def keep(self, findings: Iterable[Finding]) -> None:
        """Keeps the smallest case of each finding."""
        kept = [raw for raw in map(_written, findings) if len(raw) <= _LARGEST]
        if kept:
            with suppress(OSError), _temporary_files_in(self._directory):
                for raw in kept:
                    self._database.save(self._key, raw)

    def forget(self, example: Example) -> None:
        """Drops what shows nothing any more."""
        with suppress(OSError):
            self._database.delete(self._key, example.raw)


@contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Has Hypothesis write to one side on the same disk, so that it can move a file into its place; from another it would copy."""
    directory.mkdir(parents=True, exist_ok=True)
    old, tempfile.tempdir = tempfile.tempdir, str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = old


def _written(finding: Finding) -> bytes:
    cases = finding.together or (*finding.before, finding.case)
    data = {"at_once": bool(finding.together), "cases": [without_password(case).to_json() for case in cases]}
    return json.dumps(data, sort_keys=True).encode()


def _read(raw: bytes) -> Example | None:
    """An example, or None where the bytes are none."""
    try:
        data: Any = json.loads(raw)
        cases = tuple(sendable(Case.from_json(case)) for case in data["cases"])
        if not 0 < len(cases) <= _MOST_CASES:
            return None
        return Example(cases, bool(data["at_once"]) and len(cases) > 1, raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
