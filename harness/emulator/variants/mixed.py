"""Variants that are many others at once, as real servers are.

For rows of (slug, what sort of server it is, names of others).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from harness.emulator.hooks import Hook
from harness.emulator.variants import answers, lenient, service, strict, transport
from harness.emulator.variants.model import Variant

FAMILY = "mixed"

_PARTS = {v.name: v for family in (lenient, strict, answers, transport, service) for v in family.VARIANTS}

_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("old-and-terse", "An old server that says little", ("http-1.0", "minimal", "dates-without-weekday", "no-read-back", "other-texts", "no-unknown-parameters")),
    ("behind-a-gateway", "A server behind a gateway that packs, limits and renames", ("gzip-chunked", "many-headers", "title-case-headers", "base-path", "other-account-403", "rate-limited", "methods-404")),
    ("takes-everything", "A server that takes all that is unclear", tuple(v.name for v in lenient.VARIANTS)),
    ("refuses-everything", "A server that refuses all that is unclear", tuple(v.name for v in strict.VARIANTS if not v.name.startswith("sids"))),
    ("softswitch", "A switch that knows its own numbers, dials at once and writes dates its own way", ("one-number", "in-progress", "dates-without-seconds", "bare-sip", "extra-keys", "keys-reversed", "plain-integers-only")),
    ("gateway-in-euro", "A gateway with prices in euro, from the CallerId, pretty-printed", ("euro", "from-is-caller-id", "pretty", "refuses-422", "other-account-401", "closes-after-each")),
)  # fmt: skip


def _hooks(names: tuple[str, ...]) -> tuple[Hook, ...]:
    return tuple(hook for name in names for hook in _PARTS[name].hooks)


def _settings(names: tuple[str, ...]) -> dict[str, object]:
    return {key: value for name in names for key, value in _PARTS[name].settings.items()}


VARIANTS = tuple(Variant(slug, FAMILY, what, _hooks(names), _settings(names)) for slug, what, names in _ROWS)
