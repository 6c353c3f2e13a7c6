"""Faults in one attribute of the 201: its type, shape, value, presence or what it says back.

For rows of (attribute, slug, what is wrong, edit, where).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from typing import Any

from harness.emulator.faults.conditions import (
    between,
    both,
    every,
    from_form,
    matches,
    pairs,
    sent,
    size,
    unsent,
    value,
)
from harness.emulator.faults.effects import DocumentEdit, change, copy_of, drop, put, resid, said
from harness.emulator.faults.model import Fault, kebab
from harness.emulator.hooks import Condition, Edit, always
from harness.emulator.ledger import Turn
from harness.emulator.resource import Document, rfc2822

FAMILY = "wrong-attribute"

Row = tuple[str, str, str, DocumentEdit, Condition]


def _text_of(how: str) -> DocumentEdit:
    return lambda document, turn: document.update(uri=how.format(sid=document["sid"], account=document["account_sid"]))


def _foreign_sid(document: Document, turn: Turn) -> None:
    document["uri"] = document["uri"].replace(document["sid"], "CA" + "0" * 32)


def _absolute_subresources(document: Document, turn: Turn) -> None:
    related: dict[str, str] = document["subresource_uris"]
    document["subresource_uris"] = {name: "https://api.example.com" + uri for name, uri in related.items()}


def _wrong_weekday(date: str) -> str:
    return ("Mon" if not date.startswith("Mon") else "Tue") + date[3:]


def _offset(date: str) -> str:
    return date.replace("+0000", "+0200")


def _as_integer(text: str) -> str:
    scheme, _, name = text.partition(":")
    return f"{scheme}:{int(name)}"


def _last_digit(text: str) -> str:
    return text[:-1] + ("1" if text[-1] != "1" else "2")


def _uuid(sid: str) -> str:
    digits = sid[2:]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _iso(value_: Any) -> str:
    return "2026-01-31T12:00:00Z"


_TYPES: tuple[Row, ...] = (
    ("account_sid", "number", "is a number", put("account_sid", 12), always),
    ("answered_by", "boolean", "is false", put("answered_by", False), sent("MachineDetection")),
    ("api_version", "number", "is a number", put("api_version", 2010), always),
    ("caller_name", "list", "is a list", put("caller_name", []), always),
    ("date_created", "number", "is a number", put("date_created", 1767225600), always),
    ("date_updated", "number", "is a number", put("date_updated", 1767225600), always),
    ("direction", "number", "is a number", put("direction", 1), always),
    ("end_time", "number", "is a number", put("end_time", 0), always),
    ("from", "number", "is a number", put("from", 15005550006), always),
    ("parent_call_sid", "number", "is a number", put("parent_call_sid", 0), always),
    ("phone_number_sid", "boolean", "is false", put("phone_number_sid", False), always),
    ("sid", "number", "is a number", put("sid", 1), always),
    ("start_time", "number", "is a number", put("start_time", 1767225600), always),
    ("status", "number", "is a number", put("status", 1), always),
    ("trunk_sid", "list", "is a list", put("trunk_sid", []), always),
    ("duration", "number", "is a number", put("duration", 0), always),
    ("forwarded_from", "boolean", "is false", put("forwarded_from", False), always),
    ("from_formatted", "list", "is a list", put("from_formatted", ["+15005550006"]), always),
    ("group_sid", "number", "is a number", put("group_sid", 0), always),
    ("parent_call_sid", "empty", "is empty text, where null is due", put("parent_call_sid", ""), always),
    ("price", "number", "is a number", put("price", 0.013), always),
    ("price_unit", "object", "is an object", put("price_unit", {"code": "USD"}), always),
    ("queue_time", "number", "is a number", put("queue_time", 0), always),
    ("subresource_uris", "list", "is a list", put("subresource_uris", []), always),
    ("subresource_uris", "text", "is text", put("subresource_uris", ""), always),
    ("to_formatted", "number", "is a number", put("to_formatted", 15005550006), always),
    ("to", "object", "is an object", put("to", {"number": "+15005550006"}), always),
    ("uri", "object", "is an object", put("uri", {}), always),
)  # fmt: skip

_SHAPES: tuple[Row, ...] = (
    ("sid", "prefix", "has another prefix", resid(lambda text: "SM" + text[2:]), always),
    ("sid", "uuid", "is a UUID", resid(_uuid), always),
    ("sid", "33-digits", "is one digit long", resid(lambda text: text + "0"), always),
    ("sid", "31-digits", "is one digit short", resid(lambda text: text[:-1]), always),
    ("sid", "letter", "has a letter that is no hex digit", resid(lambda text: text[:-1] + "g"), always),
    ("account_sid", "prefix", "has another prefix", change("account_sid", lambda text: "AP" + text[2:]), always),
    ("group_sid", "prefix", "has another prefix", put("group_sid", "GR" + "0" * 32), always),
    ("parent_call_sid", "short", "is too short", put("parent_call_sid", "CA12"), always),
    ("phone_number_sid", "prefix", "has another prefix", put("phone_number_sid", "PX" + "0" * 32), always),
    ("trunk_sid", "short", "is one digit short", put("trunk_sid", "TK" + "0" * 31), always),
    ("date_created", "iso", "is an ISO 8601 date", change("date_created", _iso), always),
    ("date_updated", "iso", "is an ISO 8601 date", change("date_updated", _iso), always),
    ("date_created", "offset", "has another offset than GMT", change("date_created", _offset), always),
    ("date_updated", "zoneless", "has no zone", change("date_updated", lambda date: date[:-6]), always),
    ("date_created", "weekday", "has a wrong weekday", change("date_created", _wrong_weekday), always),
    ("date_created", "month", "has a month that does not exist", put("date_created", "Fri, 31 Foo 2026 12:00:00 +0000"), always),
    ("date_updated", "day", "has a day that does not exist", put("date_updated", "31 Feb 2026 12:00:00 +0000"), always),
    ("date_created", "old", "is ten years old", lambda document, turn: document.update(date_created=rfc2822(1451649600)), always),
    ("date_updated", "old", "is ten years old", lambda document, turn: document.update(date_updated=rfc2822(1451649600)), always),
    ("end_time", "iso", "is an ISO 8601 date", put("end_time", "2026-01-31T12:00:00Z"), always),
    ("start_time", "iso", "is an ISO 8601 date", put("start_time", "2026-01-31T12:00:00Z"), always),
    ("price", "word", "is a word", put("price", "free"), always),
    ("price", "early", "is there while the call is queued", put("price", "-0.0130"), always),
    ("price_unit", "sign", "is a sign instead of a code", put("price_unit", "$"), always),
    ("price_unit", "unknown", "is a currency that does not exist", put("price_unit", "ZZZ"), always),
    ("queue_time", "negative", "is negative", put("queue_time", "-1"), always),
    ("queue_time", "fraction", "has a fraction", put("queue_time", "0.5"), always),
    ("duration", "negative", "is negative", put("duration", "-1"), always),
    ("duration", "word", "is a word", put("duration", "none"), always),
    ("uri", "absolute", "is absolute", change("uri", lambda uri: "https://api.example.com" + uri), always),
    ("uri", "other-sid", "names another call", _foreign_sid, always),
    ("uri", "sidless", "names no call", _text_of("/2010-04-01/Accounts/{account}/Calls.json"), always),
    ("subresource_uris", "absolute", "holds absolute URIs", _absolute_subresources, always),
    ("subresource_uris", "number", "holds a number", put("subresource_uris", {"recordings": 1}), always),
)  # fmt: skip

_VALUES: tuple[Row, ...] = (
    ("status", "unknown", "is an unknown word", put("status", "scheduled"), always),
    ("status", "capital", "begins with a capital", put("status", "Queued"), always),
    ("status", "completed", "is completed at once", put("status", "completed"), always),
    ("status", "missing", "is absent", drop("status"), always),
    ("status", "null", "is null", put("status", None), always),
    ("direction", "inbound", "is inbound", put("direction", "inbound"), always),
    ("direction", "dial", "is outbound-dial", put("direction", "outbound-dial"), always),
    ("direction", "unknown", "is an unknown word", put("direction", "outbound"), always),
    ("direction", "null", "is null", put("direction", None), always),
    ("sid", "missing", "is absent", drop("sid"), always),
    ("sid", "null", "is null", put("sid", None), always),
    ("account_sid", "missing", "is absent", drop("account_sid"), always),
    ("account_sid", "other", "is another account's", put("account_sid", "AC" + "0" * 32), always),
    ("account_sid", "changed-digit", "has another last digit", change("account_sid", _last_digit), always),
    ("uri", "missing", "is absent", drop("uri"), always),
    ("to", "missing", "is absent", drop("to"), always),
    ("to", "null", "is null", put("to", None), always),
    ("from", "null", "is null", put("from", None), always),
    ("from", "missing", "is absent", drop("from"), always),
    ("answered_by", "unknown", "is an unknown word", put("answered_by", "robot"), sent("MachineDetection")),
    ("answered_by", "human", "is human where MachineDetection is absent", put("answered_by", "human"), unsent("MachineDetection")),
    ("caller_name", "set", "is set", put("caller_name", "Jane Doe"), always),
    ("forwarded_from", "set", "is set", put("forwarded_from", "+12025550143"), always),
    ("end_time", "set", "is set while the call is queued", copy_of("end_time", "date_created"), always),
    ("start_time", "set", "is set while the call is queued", copy_of("start_time", "date_created"), always),
    ("api_version", "other", "is another version", put("api_version", "2008-08-01"), always),
)  # fmt: skip

_SAID_BACK: tuple[Row, ...] = (
    ("to", "from", "is what From was", said("to", "From"), always),
    ("to", "plusless", "has lost its plus", change("to", lambda text: text.removeprefix("+")), always),
    ("to", "last-digit", "has another last digit", change("to", _last_digit), matches("To", r"\+.*")),
    ("to", "formatted", "is formatted for display", copy_of("to", "to_formatted"), always),
    ("to", "lower", "is in lower case", change("to", str.lower), matches("To", "client:.*[A-Z].*")),
    ("to", "client-prefix", "has lost its client:", change("to", lambda text: text.removeprefix("client:")), matches("To", "client:.*")),
    ("to", "sip-host", "has lost its host", change("to", lambda text: text.partition("@")[0]), matches("To", "sip:.*")),
    ("to", "client-as-integer", "has lost the zeros before a client of digits alone", change("to", _as_integer), matches("To", "client:0[0-9]+")),
    ("to", "long-client", "is cut after 20 characters", change("to", lambda text: text[:20]), matches("To", "client:.{14,}")),
    ("from", "plusless", "has lost its plus", change("from", lambda text: text.removeprefix("+")), always),
    ("from", "to", "is what To was", said("from", "To"), always),
    ("from", "other-number", "is another number of the account", put("from", "+13125550187"), sent("StatusCallback")),
    ("from", "client-as-integer", "has lost the zeros before a client of digits alone", change("from", _as_integer), matches("From", "client:0[0-9]+")),
    ("from", "client-upper", "is in capitals", change("from", str.upper), matches("From", "client:.*")),
)  # fmt: skip

_SOMETIMES: tuple[Row, ...] = (
    ("sid", "prefix-when-recorded", "has another prefix beside Record", resid(lambda text: "RE" + text[2:]), value("Record", "true")),
    ("status", "unknown-with-application", "is an unknown word beside ApplicationSid", put("status", "pending"), sent("ApplicationSid")),
    ("status", "unknown-every-13th", "is an unknown word in every 13th", put("status", "pending"), every(13)),
    ("direction", "dial-with-digits", "is outbound-dial beside SendDigits", put("direction", "outbound-dial"), sent("SendDigits")),
    ("direction", "inbound-from-client", "is inbound where From is a client", put("direction", "inbound"), matches("From", "client:.*")),
    ("date_created", "iso-with-time-limit", "is an ISO 8601 date beside TimeLimit", change("date_created", _iso), sent("TimeLimit")),
    ("price", "number-when-recorded", "is a number where dual channels are recorded", put("price", 0), both(value("Record", "true"), value("RecordingChannels", "dual"))),
    ("duration", "number-with-timeout", "is a number where Timeout is 100 to 200", put("duration", 0), between("Timeout", 100, 200)),
    ("queue_time", "number-every-7th", "is a number in every 7th", put("queue_time", 0), every(7)),
    ("to", "from-with-caller-id", "is the CallerId", said("to", "CallerId"), sent("CallerId")),
    ("uri", "absolute-with-twiml", "is absolute where Twiml is alone", change("uri", lambda uri: "https://api.example.com" + uri), both(sent("Twiml"), unsent("Url"))),
    ("account_sid", "other-with-byoc", "is another account's beside Byoc", put("account_sid", "AC" + "0" * 32), sent("Byoc")),
    ("answered_by", "unknown-with-digits", "is an unknown word beside SendDigits and MachineDetection", put("answered_by", "nobody"), sent("SendDigits", "MachineDetection")),
    ("to_formatted", "number-when-foreign", "is a number where To is British", put("to_formatted", 44), matches("To", r"\+44.*")),
    ("trunk_sid", "short-to-sip", "is too short where To is a SIP address", put("trunk_sid", "TK1"), matches("To", "sip:.*")),
    ("end_time", "set-after-100", "is set from the 100th form on", copy_of("end_time", "date_created"), from_form(100)),
    ("parent_call_sid", "word-with-reason", "is a word beside a long CallReason", put("parent_call_sid", "none"), size("CallReason", 30, 50)),
    ("group_sid", "word-when-full", "is a word in forms of 15 pairs or more", put("group_sid", "none"), pairs(15)),
)  # fmt: skip

_ROWS = (*_TYPES, *_SHAPES, *_VALUES, *_SAID_BACK, *_SOMETIMES)

FAULTS = tuple(
    Fault(f"{kebab(attribute)}-{slug}", FAMILY, f"{attribute} {what}", (Edit(edit, when),))
    for attribute, slug, what, edit, when in _ROWS
)
