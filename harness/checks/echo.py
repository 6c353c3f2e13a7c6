"""Checks of what a created call says back of its request. Pure functions of a case and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.case import Case
from harness.checks.dates import days_off, parse_date
from harness.checks.model import Breach, breach, show
from harness.classify import address_form
from harness.contract.attributes import STATUSES, UNFINISHED

_CHECK = "check_echo"
_FORMS = ("e164", "sip", "client")
# Not plain, so that nobody has to take them; whoever does says them back like any other.
_AS_IT_IS = re.compile(r"(?:sip:[A-Za-z0-9._=&+$,!*'-]+@[A-Za-z0-9.-]+(?::[0-9]{1,5})?|client:[A-Za-z0-9_.@+=&-]+)\Z")


def check_echo(case: Case, document: dict[str, Any], account_sid: str, now: float) -> Iterator[Breach]:
    """account_sid, to, from, direction, status and the dates of a created call; a `now` of 0 is not known."""
    yield from _account(document, account_sid)
    yield from _ends(case, document)
    direction = document.get("direction")
    if direction in ("inbound", "outbound-dial"):
        yield breach("echo.direction", _CHECK, "outbound-api", show(direction), "$.direction")
    status = document.get("status")
    if isinstance(status, str) and status in STATUSES and status not in UNFINISHED:
        yield breach("echo.status", _CHECK, " | ".join(UNFINISHED), show(status), "$.status")
    for name in ("date_created", "date_updated"):
        yield from _near(name, document.get(name), now)


def _account(document: dict[str, Any], account_sid: str) -> Iterator[Breach]:
    value = document.get("account_sid")
    if isinstance(value, str) and re.fullmatch("AC[0-9a-fA-F]{32}", value) and value != account_sid:
        yield breach("echo.account-sid", _CHECK, show(account_sid), show(value), "$.account_sid")


def _near(name: str, value: Any, now: float) -> Iterator[Breach]:
    moment = parse_date(value) if isinstance(value, str) else None
    if moment is None or isinstance(moment, str) or not now:
        return
    if days_off(moment, now) > 1:
        yield breach(f"echo.{name.replace('_', '-')}", _CHECK, "within a day of now", show(value), f"$.{name}")


def _ends(case: Case, document: dict[str, Any]) -> Iterator[Breach]:
    for name, key in (("To", "to"), ("From", "from")):
        said = document.get(key)
        sent = [v for n, v in case.pairs if n == name]
        if not isinstance(said, str) or len(sent) != 1:
            continue
        allowed = [sent[0], *(v for n, v in case.pairs if n == "CallerId" and name == "From")]
        if not any(is_said_back(a, said) for a in allowed):
            yield breach(f"echo.{key}", _CHECK, show(sent[0]), show(said), f"$.{key}")


def is_said_back(sent: str, said: str) -> bool:
    """Whether an address comes back as it may: as it is, without `sip:`, or, in an unclear shape, by its digits."""
    if said == sent:
        return True
    form = address_form(sent)
    if form in _FORMS or _AS_IT_IS.match(sent):
        return said == sent.removeprefix("sip:")
    digits = re.sub(r"[^0-9]", "", sent)
    if re.search("[A-Za-z]", sent) or not sent.isascii() or not digits:
        return True
    back = re.sub(r"[^0-9]", "", said).lstrip("0")
    digits = digits.lstrip("0")
    return back.endswith(digits) or digits.endswith(back) and bool(back)


