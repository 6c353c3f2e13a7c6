"""The catalogue of named faults, each of which breaks one rule on purpose.

For finding faults by name; the rows are in a module for each family. A new fault is a new row there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.emulator.faults import (
    accepts,
    access,
    attributes,
    crashes,
    encoding,
    envelope,
    methods,
    refusals,
    refuses,
    secrets,
    state,
)
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import Hooks

_FAMILIES = (accepts, refuses, crashes, attributes, envelope, state, access, refusals, encoding, methods, secrets)


def _catalogue() -> dict[str, Fault]:
    found: dict[str, Fault] = {}
    for family in _FAMILIES:
        for fault in family.FAULTS:
            if fault.name in found:
                raise ValueError(f"two faults are named {fault.name!r}")
            found[fault.name] = fault
    return found


FAULTS = _catalogue()


def find_fault(name: str) -> Fault:
    """The fault of this name.

    Raises:
        ValueError: there is none; the text names the nearest.
    """
    if name in FAULTS:
        return FAULTS[name]
    near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.4)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    raise ValueError(f"there is no fault named {name!r}{hint}; --list-faults lists all")


def hooks_of(names: Iterable[str]) -> Hooks:
    """What these faults do, together.

    Raises:
        ValueError: one of the names is unknown.
    """
    return Hooks.collect(hook for name in names for hook in find_fault(name).hooks)


__all__ = ["FAULTS", "Fault", "find_fault", "hooks_of"]
