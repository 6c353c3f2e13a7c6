"""Variants of the service around the operation: accounts, other methods, read-back, refusals, rates, numbers, paths.

For rows of (slug, what is different, hooks, settings).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from harness.emulator.faults.effects import status
from harness.emulator.hooks import DENIED, OTHER, REFUSED, Answer, Condition, Hook, Reply, Rework
from harness.emulator.ledger import Turn
from harness.emulator.variants.model import Variant

FAMILY = "service"


def _told(code: int, message: str) -> Hook:
    """Refusals with another code and text."""

    def edit(reply: Reply, turn: Turn) -> Reply:
        try:
            document = json.loads(reply.body)
        except ValueError:
            return reply
        if "code" not in document:
            return reply
        body = {"message": message, "code": code, "status": document["status"], "more_info": f"https://example.com/{code}", "detail": {}}
        return replace(reply, body=json.dumps(body).encode())

    return Rework((REFUSED, DENIED, OTHER), edit)


def _refusal(number: int, code: int, *headers: tuple[str, str]) -> Reply:
    body = {"code": code, "message": "Not now", "more_info": f"https://example.com/{code}", "status": number}
    return Reply(number, json.dumps(body).encode(), headers=headers)


def _foreign(turn: Turn) -> bool:
    return f"/{turn.settings.account_sid}/" not in turn.path


def _method(*names: str) -> Condition:
    return lambda turn: turn.method in names


def _unposted(turn: Turn) -> bool:
    return turn.method != "POST"


def _every(period: int) -> Condition:
    return lambda turn: turn.serial % period == 0


def _restatus(numbers: Mapping[int, int]) -> Hook:
    def edit(reply: Reply, turn: Turn) -> Reply:
        number = numbers.get(reply.status, reply.status)
        document = json.loads(reply.body) if reply.body else {}
        if number == reply.status or "code" not in document:
            return reply
        return replace(reply, status=number, body=json.dumps({**document, "status": number}).encode())

    return Rework((REFUSED, OTHER), edit)


Row = tuple[str, str, tuple[Hook, ...], Mapping[str, object]]

_ROWS: tuple[Row, ...] = (
    ("other-account-403", "forbids another account's path", (Rework((OTHER,), status(403), _foreign),), {}),
    ("other-account-401", "asks for other credentials at another account's path", (Rework((OTHER,), status(401), _foreign),), {}),
    ("methods-404", "does not find other methods", (Answer(_refusal(404, 20404), _method("PUT", "PATCH", "DELETE", "OPTIONS")),), {}),
    ("no-read-back", "takes nothing but POST", (Answer(_refusal(405, 20004), _unposted),), {}),
    ("other-texts", "refuses with other codes and texts", (_told(7, "Nein \u2013 \u4e0d\u884c"),), {}),
    ("refuses-422", "refuses with 422", (_restatus({400: 422}),), {}),
    ("refuses-409", "refuses with 409", (_restatus({400: 409}),), {}),
    ("rate-limited", "limits the rate now and then", (Answer(_refusal(429, 20429, ("Retry-After", "0")), _every(50)),), {}),
    ("rate-limited-silently", "limits the rate without saying how long", (Answer(_refusal(429, 20429), _every(400)),), {}),
    ("base-path", "stands below another path", (), {"base_path": "/voice/api"}),
    ("one-number", "owns one number alone, none of the live service's", (), {"owned_numbers": ("+12025550143",)}),
    ("test-number-only", "owns the live service's test number alone", (), {"owned_numbers": ("+15005550006",)}),
    ("other-account", "has another account", (), {"account_sid": "AC" + "FfeEdDcC" * 4}),
)  # fmt: skip

VARIANTS = tuple(
    Variant(slug, FAMILY, f"{what[0].upper()}{what[1:]}", hooks, settings) for slug, what, hooks, settings in _ROWS
)
