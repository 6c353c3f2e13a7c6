"""Faults that say a secret back.

For rows of (slug, what is said where, hook).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from harness.emulator.faults.conditions import sent
from harness.emulator.faults.effects import member_of, said, token_into
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import CREATED, DENIED, REFUSED, Edit, Hook, Rework
from harness.emulator.ledger import Turn

FAMILY = "secrets"


def _token(turn: Turn) -> str:
    return turn.settings.auth_token


def _password(turn: Turn) -> str | None:
    return turn.form.first("SipAuthPassword")


_HAS_PASSWORD = sent("SipAuthPassword")

_ROWS: tuple[tuple[str, str, Hook], ...] = (
    ("password-in-call", "SipAuthPassword is in the 201", Edit(said("sip_auth_password", "SipAuthPassword"), _HAS_PASSWORD)),
    ("password-in-annotation", "SipAuthPassword is in an attribute of another name", Edit(said("annotation", "SipAuthPassword"), _HAS_PASSWORD)),
    ("password-in-refusal", "SipAuthPassword is in a refusal", Rework((REFUSED,), member_of("sent", _password), _HAS_PASSWORD)),
    ("token-in-call", "the auth token is in the 201", Edit(token_into("annotation"))),
    ("token-in-refusal", "the auth token is in a refusal", Rework((REFUSED,), member_of("auth", _token))),
    ("token-in-denial", "the auth token is in a 401", Rework((DENIED,), member_of("expected", _token))),
    ("token-in-message", "the auth token is in a created call's message", Rework((CREATED,), member_of("message", lambda turn: f"by {_token(turn)}"))),
)  # fmt: skip

FAULTS = tuple(Fault(f"secrets-{slug}", FAMILY, f"{what[0].upper()}{what[1:]}", (hook,)) for slug, what, hook in _ROWS)
