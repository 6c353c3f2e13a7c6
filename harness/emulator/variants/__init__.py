"""The catalogue of variants: lenient, strict and strange servers that keep the contract.

For finding variants by name; the rows are in a module for each family. A new variant is a new row there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.emulator.catalogue import catalogue, unknown
from harness.emulator.hooks import Hook, Rework
from harness.emulator.settings import EmulatorSettings
from harness.emulator.variants import answers, lenient, mixed, service, strict, transport
from harness.emulator.variants.model import Variant

_FAMILIES = (lenient, strict, answers, transport, service, mixed)


VARIANTS: dict[str, Variant] = catalogue("variant", (variant for family in _FAMILIES for variant in family.VARIANTS))
# Families that write what the others say in another way, and so come after them.
_LATER = ("transport", "mixed")


def find_variant(name: str) -> Variant:
    """The variant of this name.

    Raises:
        ValueError: there is none; the text names the nearest.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    raise unknown("variant", name, VARIANTS)


def variant_hooks(names: Iterable[str]) -> tuple[Hook, ...]:
    """What these variants do, together.

    Raises:
        ValueError: one of the names is unknown.
    """
    variants = sorted(map(find_variant, names), key=lambda v: v.family in _LATER)
    return tuple(sorted((hook for variant in variants for hook in variant.hooks), key=lambda hook: isinstance(hook, Rework) and hook.packs))


def settings_of(*names: str, **more: Any) -> EmulatorSettings:
    """Settings of an emulator that is these variants at once.

    Args:
        more: further fields of the settings, which win.

    Raises:
        ValueError: one of the names is unknown.
    """
    wanted: dict[str, Any] = {"variants": names}
    for name in names:
        wanted.update(find_variant(name).settings)
    return EmulatorSettings(**{**wanted, **more})


__all__ = ["VARIANTS", "Variant", "find_variant", "settings_of", "variant_hooks"]
