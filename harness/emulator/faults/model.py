"""What a fault is, and how its rows are named.

For the record alone: the rows are in the family modules, what they do in ``hooks``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.emulator.hooks import Hook

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule broken on purpose.

    Args:
        name: a lasting slug.
        family: what sort of rule it is.
        summary: one line on which rule is broken, and where.
        hooks: how it is broken.
        clauses: slugs of the contract's clauses that must notice.
    """

    name: str
    family: str
    summary: str
    hooks: tuple[Hook, ...]
    clauses: tuple[str, ...] = ()


def kebab(parameter: str) -> str:
    """A parameter's or attribute's name in lower case with hyphens."""
    return _WORD.sub("-", parameter).replace("_", "-").lower()
