"""Variants of the call resource: other values, formats and sets of attributes that the description allows.

For rows of (slug, what is different, edit).
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from harness.emulator.faults.effects import DocumentEdit, put
from harness.emulator.hooks import Edit
from harness.emulator.ledger import Turn
from harness.emulator.resource import Document
from harness.emulator.variants.model import Variant

FAMILY = "answers"

NEEDED = ("sid", "account_sid", "status", "direction", "uri", "to", "from")
DATES = ("date_created", "date_updated")


def _minimal(document: Document, turn: Turn) -> None:
    for name in [n for n in document if n not in NEEDED]:
        del document[name]


def _all_null(document: Document, turn: Turn) -> None:
    document.update({name: None for name in document if name not in NEEDED})


def _extra(document: Document, turn: Turn) -> None:
    document.update(_links=[{"href": "https://example.com"}], zone={"a": [1, 2.5, True]}, price_currency=7, **{"": None})


def _empty_texts(document: Document, turn: Turn) -> None:
    names = ("answered_by", "caller_name", "forwarded_from", "group_sid", "phone_number_sid", "trunk_sid")
    document.update(dict.fromkeys(names, ""))


def _dates(how: str) -> DocumentEdit:
    def edit(document: Document, turn: Turn) -> None:
        for name in DATES:
            if not document.get(name):
                continue
            text = str(document[name])
            if how == "plain":
                document[name] = text.partition(", ")[2].replace("+0000", "GMT")
            elif how == "minutes":
                document[name] = re.sub(r":\d\d \S+$", " UT", text)
            elif how == "short-day":
                document[name] = text.replace(", 0", ", ").replace("+0000", "-0000")
            else:
                document[name] = format_datetime(parsedate_to_datetime(text) + timedelta(minutes=int(how)))

    return edit


def _in_progress(document: Document, turn: Turn) -> None:
    document.update(status="in-progress", start_time=document.get("date_created"), queue_time="0", duration="0")


def _detected(document: Document, turn: Turn) -> None:
    if turn.form.has("MachineDetection"):
        document.update(answered_by="unknown")


def _bare_sip(document: Document, turn: Turn) -> None:
    for name in ("to", "from"):
        document[name] = str(document[name]).removeprefix("sip:")


def _caller_id(document: Document, turn: Turn) -> None:
    if turn.form.has("CallerId"):
        document["from"] = turn.form.all("CallerId")[-1]


def _capitals(document: Document, turn: Turn) -> None:
    sid = str(document["sid"])
    upper = sid[:2] + sid[2:].upper()
    document.update(sid=upper, uri=str(document["uri"]).replace(sid, upper), subresource_uris={})


def _reversed(document: Document, turn: Turn) -> None:
    pairs = list(document.items())[::-1]
    document.clear()
    document.update(pairs)


def _linked(document: Document, turn: Turn) -> None:
    uri = str(document["uri"])
    document.update(uri=uri.removesuffix(".json"), subresource_uris={"a_b": "/x", "Recordings": uri + "?page=0"})


def _group(document: Document, turn: Turn) -> None:
    document.update(group_sid="GP" + "0a" * 16, phone_number_sid="PN" + "0B" * 16, trunk_sid="TK" + "0c" * 16, parent_call_sid=None)


_ROWS: tuple[tuple[str, str, DocumentEdit], ...] = (
    ("minimal", "only the seven attributes that a client cannot do without", _minimal),
    ("all-null", "null for all but those seven", _all_null),
    ("extra-keys", "keys that are not documented", _extra),
    ("empty-for-null", "empty text where the description says empty", _empty_texts),
    ("keys-reversed", "its keys in another order", _reversed),
    ("no-dates", "null dates", lambda document, turn: document.update(date_created=None, date_updated=None)),
    ("dates-without-weekday", "dates without a weekday, in GMT", _dates("plain")),
    ("dates-without-seconds", "dates without seconds, in UT", _dates("minutes")),
    ("dates-short-day", "dates with a day of one digit and the zone -0000", _dates("short-day")),
    ("clock-ahead", "a clock seven minutes ahead", _dates("7")),
    ("clock-behind", "a clock eleven minutes behind", _dates("-11")),
    ("ringing", "the status ringing", put("status", "ringing")),
    ("in-progress", "a call in progress at once", _in_progress),
    ("answered-unknown", "answered_by unknown with MachineDetection", _detected),
    ("bare-sip", "SIP addresses without their scheme", _bare_sip),
    ("from-is-caller-id", "the CallerId as from", _caller_id),
    ("capital-sids", "sids in capitals, and no sub-resources", _capitals),
    ("other-uris", "a uri without .json and other sub-resources", _linked),
    ("all-sids", "a sid in every attribute that may have one", _group),
    ("euro", "prices in euro", put("price_unit", "EUR")),
    ("lower-currency", "a currency in lower case", put("price_unit", "usd")),
)  # fmt: skip

VARIANTS = tuple(Variant(slug, FAMILY, f"Answers with {what}", (Edit(edit),)) for slug, what, edit in _ROWS)
