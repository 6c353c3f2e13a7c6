"""The call resource: the document that answers a created call.

For building it from a form that has been judged. It keeps nothing; what was created is kept in ``ledger``.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from harness.emulator.endpoints import Kind, parse_endpoint
from harness.emulator.form import Form
from harness.emulator.settings import API_VERSION, EmulatorSettings

Document = dict[str, Any]

SUBRESOURCES = (
    "events",
    "notifications",
    "payments",
    "recordings",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)
ENDED = ("completed", "canceled")
_NANP = re.compile(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})", re.ASCII)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def build_call(form: Form, sid: str, settings: EmulatorSettings, now: float) -> Document:
    """The document of a new call, with every documented attribute.

    Args:
        sid: the new call's identifier.
        now: seconds since the epoch.
    """
    to, caller = _said_back(form.first("To")), _said_back(form.first("From"))
    created = rfc2822(int(now))
    uri = f"/{API_VERSION}/Accounts/{settings.account_sid}/Calls/{sid}"
    return {
        "account_sid": settings.account_sid,
        "annotation": None,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": created,
        "date_updated": created,
        "direction": "outbound-api",
        "duration": None,
        "end_time": None,
        "forwarded_from": None,
        "from": caller,
        "from_formatted": formatted(caller),
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": _number_sid(caller) if caller in settings.owned_numbers else "",
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": sid,
        "start_time": None,
        "status": "queued",
        "subresource_uris": {name: f"{uri}/{_camel(name)}.json" for name in SUBRESOURCES},
        "to": to,
        "to_formatted": formatted(to),
        "trunk_sid": "",
        "uri": f"{uri}.json",
    }


def ended_call(document: Document, status: str, now: float) -> Document:
    """The document of a call that its caller ended; nobody had answered it.

    Args:
        status: one of `ENDED`.
        now: seconds since the epoch.
    """
    moment = rfc2822(int(now))
    return {**document, "status": status, "date_updated": moment, "end_time": moment, "duration": "0"}


def _said_back(text: str | None) -> str | None:
    endpoint = parse_endpoint(text or "")
    return endpoint.address if endpoint and endpoint.kind is Kind.PHONE else text


def formatted(address: str | None) -> str | None:
    """An address for display: NANP numbers in brackets and dashes, all else as it is."""
    found = _NANP.fullmatch(address or "")
    return f"({found[1]}) {found[2]}-{found[3]}" if found else address


@lru_cache(maxsize=64)
def _number_sid(number: str) -> str:
    return "PN" + blake2b(number.encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=len(SUBRESOURCES))
def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@lru_cache(maxsize=4)
def rfc2822(seconds: int) -> str:
    """A date and time in GMT, in English whatever the locale. Source: RFC 2822, section 3.3."""
    t = time.gmtime(seconds)
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year} {clock} +0000"
