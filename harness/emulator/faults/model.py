"""What a fault is, and how its rows are named.

For the record alone: the rows are in the family modules, what they do in ``hooks``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

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
    """

    name: str
    family: str
    summary: str
    hooks: tuple[Hook, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """Slugs of the contract's clauses that a judge may blame: the first must be what the fault breaks.

        Several where it shows in several ways, or where which of them shows first is up to chance; none for a drawn fault.
        """
        return _clauses().get(self.name, ())


@lru_cache(maxsize=1)
def _clauses() -> dict[str, tuple[str, ...]]:
    text = resources.files("harness.emulator.faults").joinpath("clauses.json").read_text("utf-8")
    return {name: tuple(clauses) for name, clauses in json.loads(text).items()}


def kebab(parameter: str) -> str:
    """A parameter's or attribute's name in lower case with hyphens."""
    return _WORD.sub("-", parameter).replace("_", "-").lower()
