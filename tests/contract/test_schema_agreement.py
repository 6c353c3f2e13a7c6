"""The 201 judged thrice: by ringtrue's checks, by JSON Schema, and by Schemathesis on the exported document.

The schema and the checks are written apart from each other, so where they differ one of them is wrong. What a schema can't
say is listed here, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from schemathesis.core.transport import Response

from harness.case import Case
from harness.checks.model import Breach
from harness.checks.response import check_attributes, check_envelope
from harness.contract import ATTRIBUTES, COLLECTION, Attribute, Level
from harness.contract.openapi import build, example_of_created, schema_of_created
from harness.exchange import Exchange

CASE = Case((("To", "+14155550100"), ("From", "+15005550006")))
HEX = "0123456789abcdefABCDEF0123456789"
SID = "CA" + "0123456789abcdef" * 2

# --- the three judges ----------------------------------------------------------------------------------


def breaches(document: Any) -> list[Breach]:
    """What the checks say at level MUST; whether the request asked for detection is left open."""
    body = json.dumps(document).encode()
    exchange = Exchange(CASE, 1, 201, "Created", (("Content-Type", "application/json"),), body)
    found = list(check_envelope(exchange))
    if isinstance(document, dict):
        found += check_attributes(document, None)
    return [b for b in found if b.level is Level.MUST]


@lru_cache(maxsize=1)
def validator() -> Draft202012Validator:
    schema = schema_of_created()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@lru_cache(maxsize=1)
def operation() -> Any:
    return schemathesis.openapi.from_dict(build())[COLLECTION]["POST"]


@lru_cache(maxsize=1)
def sent() -> requests.PreparedRequest:
    return requests.Request("POST", "http://127.0.0.1/").prepare()


def schemathesis_takes(document: Any) -> bool:
    headers = {"content-type": ["application/json"]}
    response = Response(
        status_code=201, headers=headers, content=json.dumps(document).encode(), request=sent(), elapsed=0.1, verify=False
    )
    return bool(operation().is_valid_response(response))


def assert_agreed(document: Any) -> None:
    """The checks, JSON Schema and Schemathesis say the same of a document, but for what a schema can't say."""
    told = [b for b in breaches(document) if not beyond_schema(b, document)]
    errors = [f"{e.json_path}: {e.message}" for e in validator().iter_errors(document)]
    assert bool(told) == bool(errors), f"checks: {told}; schema: {errors}; document: {document}"
    assert schemathesis_takes(document) == (not errors), f"Schemathesis differs from JSON Schema on {document}"


# --- what a schema can't say ---------------------------------------------------------------------------

BEYOND = (
    ("weekday", {"date_created": "Mon, 18 Aug 2027 20:01:40 +0000"}, "a pattern can't tell the weekday of a date"),
    ("other-sid", {"uri": "/2010-04-01/Accounts/AC1/Calls/CA1.json"}, "a schema can't compare two keys of an object"),
    ("escaped-sid", {"sid": SID, "uri": "/Calls/" + SID.replace("C", "%44")}, "nor undo percent-encoding to compare them"),
)


WRONG_WEEKDAYS = tuple(f"that day is no {day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def beyond_schema(breach: Breach, document: Any) -> bool:
    """Whether JSON Schema can't express the rule that was broken."""
    if breach.actual.lower().endswith(WRONG_WEEKDAYS):
        return True
    if breach.clause != "response.uri.format":
        return False
    alone = {"uri": document["uri"]}
    return not any(b.clause == breach.clause for b in breaches(alone))


@pytest.mark.parametrize(("change", "reason"), [row[1:] for row in BEYOND], ids=[row[0] for row in BEYOND])
def test_schema_cannot_say_what_the_checks_can(change: dict[str, Any], reason: str) -> None:
    document = {**example_of_created(), **change}
    assert [b for b in breaches(document) if beyond_schema(b, document)], reason
    assert validator().is_valid(document), reason
    assert schemathesis_takes(document), reason


def test_checks_know_the_request_and_the_schema_does_not() -> None:
    document = {**example_of_created(), "answered_by": "human"}
    assert validator().is_valid(document)
    assert [b.clause for b in check_attributes(document, False)] == ["response.answered-by.without-detection"]
    assert not list(check_attributes(document, True))


def test_duplicate_keys_are_gone_before_a_schema_sees_them() -> None:
    body = json.dumps(example_of_created()).replace('"status": "queued"', '"status": "ringing", "status": "queued"').encode()
    found = check_envelope(Exchange(CASE, 1, 201, "Created", (("Content-Type", "application/json"),), body))
    assert [b.clause for b in found] == ["response.unique-keys"]
    assert validator().is_valid(json.loads(body))


@pytest.mark.parametrize("name", [a.name for a in ATTRIBUTES if a.needed])
def test_absence_is_less_than_must_so_no_schema_error(name: str) -> None:
    document = example_of_created()
    document[name] = None
    assert validator().is_valid(document)
    assert f"response.{name.replace('_', '-')}.present" in {b.clause for b in check_attributes(document, None)}


# The checks read \s as Python does and leave control characters in URIs alone; the schema spells out what RFC 2822 and
# RFC 3986 allow. Engines of regular expressions differ there, so documents with such characters are not compared.
ODD_IN_DATE = re.compile(r"[^\S \t\r\n]|[\x1c-\x1f]")
ODD_IN_URI = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def has_odd_space(document: dict[str, Any]) -> bool:
    """Whether a date or a URI of a document has a character on which engines differ."""
    related = document.get("subresource_uris")
    uris = [document.get("uri"), *(related.values() if isinstance(related, dict) else ())]
    dates = [document.get(a.name) for a in ATTRIBUTES if a.kind == "date"]
    odd = [v for v in uris if isinstance(v, str) and ODD_IN_URI.search(v)]
    return bool(odd or [v for v in dates if isinstance(v, str) and ODD_IN_DATE.search(v)])


# --- a table of values ---------------------------------------------------------------------------------

NO_TEXT: tuple[Any, ...] = (0, 1, -1, 42, 1.5, True, False, [], ["a"], {}, {"a": "b"}, 10**30)

DATES_GOOD = (
    "Wed, 18 Aug 2027 20:01:40 +0000", "18 Aug 2027 20:01:40 +0000", "18 Aug 2027 20:01 +0000", "Wed, 18 Aug 2027 20:01 GMT",
    "wed, 18 AUG 2027 20:01:40 UT", "Wed,18 Aug 2027 20:01:40 -0000", "1 Jan 2028 00:00:00 GMT", "01 Jan 2028 00:00:00 GMT",
    "29 Feb 2028 23:59:59 +0000", "29 Feb 2000 00:00:00 +0000", "31 Dec 2027 23:59:60 +0000", "31 Jan 0001 00:00 GMT",
    "30 Apr 9999 00:00 GMT",
    "18 Aug 2027 20:01:40 +0000 (GMT)", "18  Aug  2027  20:01:40  +0000",
)
DATES_BAD = (
    "", "2027-08-18T20:01:40Z", "2027-08-18", "Wed, 18 Aug 2027 20:01:40", "Wed, 18 Aug 2027 20:01:40 +0200",
    "Wed, 18 Aug 2027 20:01:40 EST",
    "Wed, 18 Aug 2027 20:01:40 Z", "Wed, 18 Aug 2027 20:01:40 gmt", "Wed, 18 Aug 2027 20:01:40 +0000 ", " Wed, 18 Aug 2027 20:01:40 +0000",
    "Wed, 18 Aug 2027 20:01:40 +0000\n", "Wed 18 Aug 2027 20:01:40 +0000", "Wednesday, 18 Aug 2027 20:01:40 +0000",
    "Wed, 18 August 2027 20:01:40 +0000",
    "Wed, 18 Aug 27 20:01:40 +0000", "30 Feb 2028 00:00 GMT", "29 Feb 2027 00:00 GMT", "29 Feb 1900 00:00 GMT", "31 Apr 2027 00:00 GMT",
    "31 Jun 2027 00:00 GMT", "31 Nov 2027 00:00 GMT", "32 Jan 2027 00:00 GMT", "0 Jan 2027 00:00 GMT", "00 Jan 2027 00:00 GMT",
    "1 Jan 0000 00:00 GMT",
    "29 Feb 0000 00:00 GMT", "1 Jan 2027 24:00 GMT", "1 Jan 2027 23:60 GMT", "1 Jan 2027 23:59:61 GMT", "1 Jan 2027 1:00 GMT",
    "1 Foo 2027 00:00 GMT",
    "Foo, 18 Aug 2027 20:01:40 +0000", "18 Aug 2027 20:01:40 +00:00", "١٨ Aug 2027 20:01:40 +0000", "1787083300", "null", "GMT",
)
WHOLE_GOOD = ("0", "1", "42", "007", "123456789012345678901234567890")
WHOLE_BAD = ("", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1\n", "0x10", "1_000", "ten", "١٢", "１２", "null", "1,000", "5s")
DECIMAL_GOOD = ("0", "-0.0075", "+1.5", "1.", ".5", "-.5", "12", "00.10", "-3")
DECIMAL_BAD = ("", "-", "+", ".", "-.", "$0.01", "1,5", "1e-2", "0.01 USD", " 1", "1 ", "1.0\n", "--1", "1.2.3", "free", "١.٢", "NaN",
    "Infinity")
CURRENCY_GOOD = ("USD", "EUR", "usd", "Jpy")
CURRENCY_BAD = ("", "US", "USDD", "$", "US1", "USD\n", " USD", "US dollars", "ÜSD", "€€€", "123")
RELATIVE_GOOD = (f"/Calls/{SID}.json", f"{SID}", f"Calls/{SID}?a=1&b=http://x", f"../{SID}", f"/é/{SID}", f"?{SID}", f"#{SID}",
    f"/a:b/{SID}", f"/%43A/{SID}")
RELATIVE_BAD = (
    f"https://api.example.com/Calls/{SID}", f"//api.example.com/{SID}", f"urn:{SID}", f"mailto:{SID}", f"/a b/{SID}", f"/{SID}\n",
    f" /{SID}",
    f"\\\\host\\{SID}", f"/a\\{SID}", f"x:{SID}", f"a+b.c-1:{SID}", f"///{SID}", f"/\t{SID}", f"HTTP://x/{SID}",
)
MAP_GOOD: tuple[Any, ...] = (
    {}, {"a": "/b"}, {"a": None}, {"recordings": "/x.json", "é": "y"}, {"a": ""}, {"": "b"}, {"a": "b:/c".replace(":", "%3A")},
)
MAP_BAD: tuple[Any, ...] = (
    "", "x", 0, True, [], ["/a"], {"a": 1}, {"a": {}}, {"a": ["/b"]}, {"a": "https://x/y"}, {"a": "//x/y"}, {"a": "b c"},
    {"a": "/b", "c": "urn:d"},
    {"a": False}, {"a": "b\\c"}, {"a": "/b\n"},
)
BY_KIND: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "date": (DATES_GOOD, DATES_BAD), "integer-text": (WHOLE_GOOD, WHOLE_BAD), "decimal-text": (DECIMAL_GOOD, DECIMAL_BAD),
    "currency": (CURRENCY_GOOD, CURRENCY_BAD), "uri": (RELATIVE_GOOD, ("", *RELATIVE_BAD)), "uri-map": (MAP_GOOD, MAP_BAD),
    "string": (("", "a", "+14155550100", "client:alice", "é😀\n"), ()),
}


def good_and_bad(attribute: Attribute) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Values that an attribute may and may not have, by its row in the table and what the description says of it."""
    taken, refused = (("",), ()) if attribute.empty_is_null else ((), ("",))
    if attribute.name in ("caller_name", "forwarded_from"):
        return taken, ("ALICE", "+14155550100", " ", "\n", "null")
    if attribute.kind == "sid":
        p = attribute.prefix
        bad = (p + HEX[:31], p + HEX + "0", "XX" + HEX, p.lower() + HEX, p + HEX[:31] + "g", p + HEX[:31] + "é", p + HEX + "\n")
        return (p + HEX, p + HEX.lower(), p + HEX.upper(), *taken), (*bad, " " + p + HEX, HEX, p, " ", "\n", *refused)
    if attribute.kind == "enum":
        word = attribute.values[0]
        near = (word.upper(), word + " ", " " + word, word + "\n", word + "s", word[:-1], "perhaps", "null")
        return (*attribute.values, *taken), (*near, *refused)
    return BY_KIND[attribute.kind]


def rows() -> Iterator[tuple[str, Any, bool]]:
    for attribute in ATTRIBUTES:
        good, bad = good_and_bad(attribute)
        wrong_types = NO_TEXT if attribute.kind != "uri-map" else ()
        yield from ((attribute.name, v, True) for v in (None, *good))
        yield from ((attribute.name, v, False) for v in (*bad, *wrong_types))


ROWS = list(rows())


def with_value(name: str, value: Any) -> dict[str, Any]:
    """A valid document but for one value; where that value needs a finished call, the call is finished."""
    document = {**example_of_created(), "sid": SID, name: value}
    if name in ("end_time", "price"):
        document["status"] = "completed"
    if name == "sid":
        del document["uri"]
    return document


@pytest.mark.parametrize("name", [a.name for a in ATTRIBUTES])
def test_attribute_is_judged_alike_by_checks_and_schema(name: str) -> None:
    for row_name, value, is_good in ROWS:
        if row_name != name:
            continue
        document = with_value(name, value)
        assert_agreed(document)
        assert validator().is_valid(document) == is_good, f"{name}: {value!r} should be {'taken' if is_good else 'refused'}"


def test_table_has_some_hundreds_of_documents() -> None:
    assert len(ROWS) > 600
    assert {name for name, _, _ in ROWS} == {a.name for a in ATTRIBUTES}


# --- the object as a whole -----------------------------------------------------------------------------

OBJECTS: tuple[Any, ...] = (
    {}, [], None, "text", 1, True, [{"sid": SID}], {"call": {"sid": SID}}, {"sid": SID}, {"sid": None}, {"code": 20003, "message": "x"},
    {"date_created": None}, {"direction": None}, {**example_of_created(), "more": 1}, {**example_of_created(), "annotation": {"a": []}},
    {"status": "queued", "end_time": "18 Aug 2027 20:01 GMT"}, {"status": "ringing", "end_time": "18 Aug 2027 20:01 GMT"},
    {"status": "in-progress", "end_time": "18 Aug 2027 20:01 GMT"}, {"status": "completed", "end_time": "18 Aug 2027 20:01 GMT"},
    {"status": None, "end_time": "18 Aug 2027 20:01 GMT"}, {"sid": SID, "end_time": "18 Aug 2027 20:01 GMT"},
    {"status": "queued", "end_time": None},
    {"status": "queued", "price": "-0.01"}, {"status": "queued", "start_time": "18 Aug 2027 20:01 GMT"},
    {"status": 1, "end_time": "18 Aug 2027 20:01 GMT"},
)


@pytest.mark.parametrize("document", OBJECTS, ids=lambda d: json.dumps(d)[:40])
def test_object_is_judged_alike_by_checks_and_schema(document: Any) -> None:
    assert_agreed(document)


def test_example_satisfies_every_check() -> None:
    assert not list(check_attributes(example_of_created(), False))
    assert_agreed(example_of_created())


# --- values that nobody thought of -----------------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=40) | st.text("0123456789.+-eE, ", max_size=12) | st.text("/:.?#%\\ aZ9+-", max_size=20) | st.text("ABCDEFUSD€",
    max_size=4)
values = scalars | texts | st.lists(texts, max_size=2) | st.dictionaries(st.text(max_size=4), scalars | texts, max_size=3)


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """A good value of any kind with one character more, fewer or changed."""
    known = [v for _, v, good in ROWS if good and isinstance(v, str) and v]
    text = draw(st.sampled_from(known))
    i = draw(st.integers(0, len(text)))
    new = draw(st.characters(codec="utf-8") | st.sampled_from(list(" \n\t:/0aA+-")))
    return text[:i] + draw(st.sampled_from(["", new])) + text[i + draw(st.integers(0, 1)):]


documents = st.dictionaries(
    st.sampled_from([a.name for a in ATTRIBUTES]), values | near_misses() | st.sampled_from([v for _, v, _ in ROWS]), max_size=6
)


@settings(max_examples=400, deadline=None)
@given(documents, st.booleans())
@example({"date_created": "Wed, 18 Aug 2027 20:01:40 +0000"}, False)
def test_any_document_is_judged_alike_by_checks_and_schema(document: dict[str, Any], whole: bool) -> None:
    assume(not has_odd_space(document))
    assert_agreed({**example_of_created(), **document} if whole else document)
