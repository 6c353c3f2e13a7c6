"""Catalogues of named rows: no name twice, and an unknown one is told with the nearest.

For faults and variants, which are found by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has a lasting slug."""

    @property
    def name(self) -> str:
        """The slug."""


Row = TypeVar("Row", bound=Named)


def catalogue(kind: str, rows: Iterable[Row]) -> dict[str, Row]:
    """The rows by name, in their order.

    Raises:
        ValueError: two have one name.
    """
    found: dict[str, Row] = {}
    for row in rows:
        if row.name in found:
            raise ValueError(f"two {kind}s are named {row.name!r}")
        found[row.name] = row
    return found


def unknown(kind: str, name: str, known: Mapping[str, object]) -> ValueError:
    """The error for a name that is not there; its text names the nearest."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    return ValueError(f"there is no {kind} named {name!r}{hint}; `ringtrue serve --list-{kind}s` lists all")
