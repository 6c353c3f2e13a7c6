"""What a variant is.

For the record alone: the rows are in the family modules, what they do in ``hooks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.emulator.hooks import Hook


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way to keep the contract: nothing may be found in it.

    Args:
        name: a lasting slug.
        family: what sort of freedom it uses.
        summary: one line on what is different.
        hooks: how it differs.
        settings: fields of ``EmulatorSettings`` that it needs, such as ``owned_numbers``.
    """

    name: str
    family: str
    summary: str
    hooks: tuple[Hook, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
