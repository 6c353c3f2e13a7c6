"""Faults in routing: other methods and other content types that create calls.

For rows of (slug, what is wrong, hooks).
"""

from __future__ import annotations

from harness.emulator.faults.effects import crash, member, status
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import OTHER, Rework, Treat
from harness.emulator.ledger import Turn

FAMILY = "methods"


def _is_not_post(turn: Turn) -> bool:
    return turn.method not in ("GET", "HEAD", "POST")


def _is_get(turn: Turn) -> bool:
    return turn.method == "GET"


def _is_of_call(turn: Turn) -> bool:
    return turn.method == "GET" and "/Calls/CA" in turn.path


FAULTS = (
    Fault("methods-put-creates", FAMILY, "PUT at the collection creates a call", (Treat("PUT", "POST"),)),
    Fault("methods-patch-creates", FAMILY, "PATCH at the collection creates a call", (Treat("PATCH", "POST"),)),
    Fault("methods-delete-creates", FAMILY, "DELETE at the collection creates a call", (Treat("DELETE", "POST"),)),
    Fault(
        "methods-others-crash", FAMILY, "Methods that are not allowed fail", (Rework((OTHER,), crash, _is_not_post),)
    ),
    Fault(
        "methods-others-created",
        FAMILY,
        "Methods that are not allowed have status 201",
        (Rework((OTHER,), status(201), _is_not_post),),
    ),
    Fault(
        "methods-get-reads-another",
        FAMILY,
        "GET of a call says another To than its creation did",
        (Rework((OTHER,), member("to", "+12025550100"), _is_of_call),),
    ),
    Fault("methods-get-crashes", FAMILY, "GET fails", (Rework((OTHER,), crash, _is_get),)),
)
