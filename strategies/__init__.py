"""Hypothesis strategies for the operation: values of each parameter, and whole calls. They know domains, not verdicts.

They are in `strategies.calls`, and loaded when first asked for: a run that searches for nothing starts without Hypothesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strategies.calls import (
        Numbers,
        calls_about,
        calls_with,
        client_names,
        phone_numbers,
        send_digits,
        sids,
        sip_addresses,
        twiml_documents,
        urls,
        valid_calls,
        values,
    )

__all__ = [
    "Numbers", "calls_about", "calls_with", "client_names", "phone_numbers", "send_digits", "sids", "sip_addresses",
    "twiml_documents", "urls", "valid_calls", "values",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("strategies.calls"), name)
