"""The catalogue of named faults, each of which breaks one rule on purpose.

For finding faults by name; the rows are in a module for each family. A new fault is a new row there.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.emulator.catalogue import catalogue, unknown
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
from harness.emulator.faults.drawn import drawn
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import Hook

_FAMILIES = (accepts, refuses, crashes, attributes, envelope, state, access, refusals, encoding, methods, secrets)


FAULTS: dict[str, Fault] = catalogue("fault", (fault for family in _FAMILIES for fault in family.FAULTS))


def find_fault(name: str) -> Fault:
    """The fault of this name, or of the seed in a name such as `drawn-7`.

    Raises:
        ValueError: there is none; the text names the nearest.
    """
    known = FAULTS.get(name) or drawn(name)
    if known is not None:
        return known
    raise unknown("fault", name, FAULTS)


def fault_hooks(names: Iterable[str]) -> tuple[Hook, ...]:
    """What these faults do, together.

    Raises:
        ValueError: one of the names is unknown.
    """
    return tuple(hook for name in names for hook in find_fault(name).hooks)


__all__ = ["FAULTS", "Fault", "fault_hooks", "find_fault"]
