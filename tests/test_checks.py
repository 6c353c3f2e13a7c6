"""The checks, each by a table: what an answer may be, and which clause it breaks where it may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.case import Case
from harness.checks import judge
from harness.checks.dates import days_off, parse_date
from harness.checks.echo import check_echo, is_said_back
from harness.checks.outcome import check_outcome
from harness.checks.refusals import check_credentials, check_malformed, check_method, check_refusal_body, check_secrets
from harness.checks.response import check_attributes, check_envelope, currencies
from harness.contract import ATTRIBUTES, CLAUSE, Level
from harness.exchange import MAX_BODY, MAX_DEPTH, Exchange
from harness.oracle import Knowledge, expect

ACCOUNT = "AC" + "0123456789abcdef" * 2
SID = "CA" + "0123456789ABCDEFabcdef0123456789"
NOW = datetime(2027, 8, 18, 20, 1, 40, tzinfo=UTC)
TODAY = "Wed, 18 Aug 2027 20:01:40 +0000"
TO, OWN = "+442079460958", "+15005550006"
BASE = (("To", TO), ("From", OWN), ("Url", "https://example.com/voice"))
KNOWN = Knowledge(frozenset((OWN,)), frozenset((TO,)), frozenset(("ApplicationSid", "Byoc")))
JSON = (("Content-Type", "application/json"),)

CALL: dict[str, Any] = {
    "account_sid": ACCOUNT, "answered_by": None, "api_version": "2010-04-01", "caller_name": None, "date_created": TODAY,
    "date_updated": TODAY, "direction": "outbound-api", "duration": None, "end_time": None, "forwarded_from": None, "from": OWN,
    "from_formatted": "(500) 555-0006", "group_sid": None, "parent_call_sid": None, "phone_number_sid": None, "price": None,
    "price_unit": "USD", "queue_time": "1000", "sid": SID, "start_time": None, "status": "queued",
    "subresource_uris": {"recordings": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}/Recordings.json"}, "to": TO, "to_formatted": TO,
    "trunk_sid": None, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}.json",
}
GONE = object()


def call(**changes: Any) -> dict[str, Any]:
    """A created call's object with some attributes changed, or left out where GONE; `from_` is `from`."""
    named = {k.rstrip("_"): v for k, v in changes.items()}
    return {k: v for k, v in {**CALL, **named}.items() if v is not GONE}


def answer(status: int | None = 201, body: bytes = b"{}", headers: Any = JSON, case: Case | None = None, **more: Any) -> Exchange:
    """An exchange as the target gives it."""
    return Exchange(case or Case(BASE), 1, status, "", headers, body, sent_at=NOW.timestamp(), **more)


def created(changes: dict[str, Any] | None = None, case: Case | None = None) -> Exchange:
    """The answer to a created call."""
    return answer(body=json.dumps(call(**(changes or {}))).encode(), case=case)


def clauses(found: Any) -> list[str]:
    """The clauses that breaches break."""
    return [b.clause for b in found]


# --- envelope --------------------------------------------------------------------------------------------

GOOD_BODY = json.dumps(CALL).encode()
ENVELOPES: list[tuple[str, Exchange, list[str]]] = [
    ("right", answer(body=GOOD_BODY), []),
    ("pretty ASCII", answer(body=json.dumps(CALL, indent=2).encode()), []),
    ("extra keys", answer(body=json.dumps({**CALL, "annotation": None, "x": [1]}).encode()), []),
    ("charset", answer(body=GOOD_BODY, headers=(("content-type", "application/json; charset=utf-8"),)), []),
    ("capitals in the type", answer(body=GOOD_BODY, headers=(("CONTENT-TYPE", "Application/JSON"),)), []),
    ("vendor type", answer(body=GOOD_BODY, headers=(("Content-Type", "application/vnd.calls.v1+json"),)), []),
    ("status 200", answer(200, GOOD_BODY), ["response.status"]),
    ("status 202", answer(202, GOOD_BODY), ["response.status"]),
    ("no type", answer(body=GOOD_BODY, headers=()), ["response.content-type"]),
    ("html type", answer(body=GOOD_BODY, headers=(("Content-Type", "text/html"),)), ["response.content-type"]),
    ("jsonp type", answer(body=GOOD_BODY, headers=(("Content-Type", "application/jsonp"),)), ["response.content-type"]),
    ("empty", answer(body=b""), ["response.json"]),
    ("204", answer(204, b"", ()), ["response.status"]),
    ("null", answer(body=b"null"), ["response.json"]),
    ("list", answer(body=b"[" + GOOD_BODY + b"]"), ["response.json"]),
    ("text", answer(body=b'"' + SID.encode() + b'"'), ["response.json"]),
    ("true", answer(body=b"true"), ["response.json"]),
    ("html", answer(body=b"<html></html>"), ["response.json"]),
    ("cut", answer(body=GOOD_BODY[:-1]), ["response.json"]),
    ("text after", answer(body=GOOD_BODY + b"x"), ["response.json"]),
    ("NaN", answer(body=GOOD_BODY.replace(b'"1000"', b"NaN")), ["response.json"]),
    ("Infinity", answer(body=GOOD_BODY.replace(b'"1000"', b"-Infinity")), ["response.json"]),
    ("trailing comma", answer(body=GOOD_BODY[:-1] + b",}"), ["response.json"]),
    ("Latin-1", answer(body=GOOD_BODY.replace(b"USD", b"\xe9")), ["response.json"]),
    ("UTF-16", answer(body=json.dumps(CALL).encode("utf-16")), ["response.json"]),
    ("byte order mark", answer(body=b"\xef\xbb\xbf" + GOOD_BODY), ["response.json"]),
    ("very deep", answer(body=b'{"a":' * 10_000 + b"1" + b"}" * 10_000), ["response.json"]),
    ("deep list", answer(body=b"[" * 100_000), ["response.json"]),
    ("a number of 10,000 digits", answer(body=GOOD_BODY.replace(b'"1000"', b"1" * 10_000)), ["response.json"]),
    ("too long", answer(body=b" " * MAX_BODY, truncated=True), ["response.json"]),
    ("key twice", answer(body=GOOD_BODY[:-1] + b',"sid":"' + SID.encode() + b'"}'), ["response.unique-keys"]),
    ("key twice inside", answer(body=GOOD_BODY[:-1] + b',"x":{"a":1,"a":1}}'), ["response.unique-keys"]),
    ("wrapped", answer(body=b'{"call":' + GOOD_BODY + b"}"), ["response.attributes"]),
    ("nothing in it", answer(body=b"{}"), ["response.attributes"]),
    ("status and type", answer(200, GOOD_BODY, ()), ["response.status", "response.content-type"]),
]


@pytest.mark.parametrize(("exchange", "expected"), [(e, x) for _, e, x in ENVELOPES], ids=[n for n, _, _ in ENVELOPES])
def test_envelope_breaks_what_it_breaks_and_no_more(exchange: Exchange, expected: list[str]) -> None:
    assert clauses(check_envelope(exchange)) == expected


def test_json_may_be_as_deep_as_the_bound_and_brackets_in_text_do_not_count() -> None:
    deep = b'{"sid":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert answer(body=deep).parsed[2] is None
    assert answer(body=deep.replace(b"[]", b"[[]]")).parsed[2] is not None
    assert answer(body=json.dumps({"sid": "[{" * 1000 + '\\"'}).encode()).parsed[2] is None


# --- attributes ------------------------------------------------------------------------------------------

UPPER = SID[:2] + SID[2:].upper()
ATTRIBUTE_ROWS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"status": "ringing"}, []), ({"status": "in-progress", "start_time": TODAY}, []),
    ({"sid": UPPER, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{UPPER}.json"}, []),
    ({"sid": 1}, ["response.sid.type"]), ({"sid": "CA1"}, ["response.sid.pattern"]), ({"sid": SID + "0"}, ["response.sid.pattern"]),
    ({"sid": SID[:-1] + "g"}, ["response.sid.pattern"]), ({"sid": "CB" + SID[2:]}, ["response.sid.pattern", "response.uri.format"]),
    ({"sid": SID + "\n"}, ["response.sid.pattern"]), ({"sid": ""}, ["response.sid.pattern"]),
    ({"sid": None}, ["response.sid.present"]), ({"sid": GONE}, ["response.sid.present"]),
    ({"account_sid": None}, ["response.account-sid.present"]), ({"account_sid": "ac" + ACCOUNT[2:]}, ["response.account-sid.pattern"]),
    ({"account_sid": True}, ["response.account-sid.type"]),
    ({"status": GONE}, ["response.status.present"]), ({"status": "Queued"}, ["response.status.values"]),
    ({"status": "unknown"}, ["response.status.values"]), ({"status": ""}, ["response.status.values"]), ({"status": 0}, ["response.status.type"]),
    ({"status": "completed"}, []), ({"status": "canceled", "end_time": TODAY, "start_time": TODAY, "price": "-0.01"}, []),
    ({"direction": "outbound"}, ["response.direction.values"]), ({"direction": None}, ["response.direction.present"]),
    ({"direction": "inbound"}, []),
    ({"to": None}, ["response.to.present"]), ({"to": {}}, ["response.to.type"]), ({"from_": GONE}, ["response.from.present"]),
    ({"from_": 15005550006}, ["response.from.type"]), ({"to_formatted": 1}, ["response.to-formatted.type"]), ({"to_formatted": ""}, []),
    ({"answered_by": ""}, []), ({"answered_by": "robot"}, ["response.answered-by.values"]), ({"answered_by": False}, ["response.answered-by.type"]),
    ({"answered_by": "human"}, ["response.answered-by.without-detection"]),
    ({"api_version": None}, []), ({"api_version": GONE}, []), ({"api_version": 2010}, ["response.api-version.type"]),
    ({"api_version": "2008-08-01"}, ["response.api-version.path"]),
    ({"caller_name": ""}, []), ({"caller_name": "Bob"}, ["response.caller-name.empty"]), ({"caller_name": []}, ["response.caller-name.type"]),
    ({"forwarded_from": ""}, []), ({"forwarded_from": TO}, ["response.forwarded-from.empty"]),
    ({"date_created": None}, []), ({"date_created": GONE}, []), ({"date_created": 1}, ["response.date-created.type"]),
    ({"date_created": "2027-08-18T20:01:40Z"}, ["response.date-created.format"]), ({"date_created": ""}, ["response.date-created.format"]),
    ({"date_updated": TODAY.replace("Wed", "Thu")}, ["response.date-updated.format"]),
    ({"end_time": TODAY}, ["response.end-time.unfinished"]), ({"end_time": "x"}, ["response.end-time.format"]),
    ({"start_time": TODAY}, ["response.start-time.queued"]), ({"start_time": TODAY, "status": "ringing"}, []),
    ({"duration": "0"}, []), ({"duration": "12"}, []), ({"duration": 0}, ["response.duration.type"]), ({"duration": "-1"}, ["response.duration.format"]),
    ({"duration": "1.5"}, ["response.duration.format"]), ({"duration": ""}, ["response.duration.format"]), ({"duration": "１"}, ["response.duration.format"]),
    ({"duration": "1\n"}, ["response.duration.format"]),
    ({"queue_time": "0"}, []), ({"queue_time": "-1"}, ["response.queue-time.format"]), ({"queue_time": 5}, ["response.queue-time.type"]),
    ({"queue_time": "0.5"}, ["response.queue-time.format"]),
    ({"price": "-0.03", "status": "completed"}, []), ({"price": "0.03", "status": "completed"}, []), ({"price": "1", "status": "failed"}, []),
    ({"price": "-0.03"}, ["response.price.unfinished"]), ({"price": -0.03}, ["response.price.type"]), ({"price": "free"}, ["response.price.format"]),
    ({"price": "1,50"}, ["response.price.format"]), ({"price": "."}, ["response.price.format"]), ({"price": "1e3"}, ["response.price.format"]),
    ({"price_unit": "EUR"}, []), ({"price_unit": "usd"}, []), ({"price_unit": "$"}, ["response.price-unit.format"]), ({"price_unit": None}, []),
    ({"price_unit": "XQZ"}, ["response.price-unit.iso-4217"]), ({"price_unit": "US"}, ["response.price-unit.format"]),
    ({"price_unit": {}}, ["response.price-unit.type"]), ({"price_unit": "ÜSD"}, ["response.price-unit.format"]),
    ({"group_sid": ""}, []), ({"group_sid": "GP" + SID[2:]}, []), ({"group_sid": "GR" + SID[2:]}, ["response.group-sid.pattern"]),
    ({"parent_call_sid": ""}, ["response.parent-call-sid.pattern"]), ({"parent_call_sid": SID}, []),
    ({"phone_number_sid": ""}, []), ({"phone_number_sid": "PN" + SID[2:]}, []), ({"phone_number_sid": "NP" + SID[2:]}, ["response.phone-number-sid.pattern"]),
    ({"trunk_sid": ""}, []), ({"trunk_sid": "TK" + SID[2:-1]}, ["response.trunk-sid.pattern"]),
    ({"subresource_uris": None}, []), ({"subresource_uris": {}}, []), ({"subresource_uris": {"other": "/x", "none": None}}, []),
    ({"subresource_uris": []}, ["response.subresource-uris.type"]), ({"subresource_uris": "/x"}, ["response.subresource-uris.type"]),
    ({"subresource_uris": {"a": "https://example.com/x"}}, ["response.subresource-uris.format"]),
    ({"subresource_uris": {"a": 1}}, ["response.subresource-uris.format"]), ({"subresource_uris": {"a": "//example.com/x"}}, ["response.subresource-uris.format"]),
    ({"uri": GONE}, ["response.uri.present"]), ({"uri": ["x"]}, ["response.uri.type"]), ({"uri": ""}, ["response.uri.format"]),
    ({"uri": f"https://api.example.com/{SID}"}, ["response.uri.format"]), ({"uri": f"//example.com/{SID}"}, ["response.uri.format"]),
    ({"uri": "/2010-04-01/Calls.json"}, ["response.uri.format"]), ({"uri": f"Calls/{SID}"}, []), ({"uri": f"/a b/{SID}"}, ["response.uri.format"]),
    ({"uri": "/x/CA" + "f" * 32}, ["response.uri.format"]), ({"uri": f"http:/{SID}"}, ["response.uri.format"]),
]


def _shown(row: Any) -> str | None:
    return ascii({k: "GONE" if v is GONE else v for k, v in row.items()})[1:60] if isinstance(row, dict) else None


@pytest.mark.parametrize(("changes", "expected"), ATTRIBUTE_ROWS, ids=_shown)
def test_attributes_break_what_they_break_and_no_more(changes: dict[str, Any], expected: list[str]) -> None:
    found = list(check_attributes(call(**changes), detection=False))
    assert sorted(clauses(found)) == sorted(expected)


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda a: a.name)
def test_attribute_of_a_wrong_type_breaks_its_type_alone(attribute: Any) -> None:
    for wrong in (0, 1.5, True, ["x"], {"a": "/b"} if attribute.kind != "uri-map" else "/b"):
        found = clauses(check_attributes(call(**{attribute.name: wrong}), detection=False))
        assert [c for c in found if c.startswith(f"response.{attribute.slug}.")] == [f"response.{attribute.slug}.type"], wrong


@pytest.mark.parametrize("attribute", [a for a in ATTRIBUTES if not a.needed], ids=lambda a: a.name)
def test_attribute_may_be_null_or_absent(attribute: Any) -> None:
    for value in (None, GONE):
        assert clauses(check_attributes(call(**{attribute.name: value}), detection=False)) == []


@pytest.mark.parametrize(("detection", "value", "expected"), [
    (False, "human", ["response.answered-by.without-detection"]), (True, "human", []), (None, "machine_start", []), (True, "fax", []),
    (True, "unknown", []), (True, "dog", ["response.answered-by.values"]), (False, None, []),
])
def test_answered_by_needs_detection(detection: bool | None, value: str | None, expected: list[str]) -> None:
    assert clauses(check_attributes(call(answered_by=value), detection)) == expected


def test_price_units_are_those_of_iso_4217() -> None:
    assert {"USD", "EUR", "JPY", "GBP"} <= currencies()
    assert "XQZ" not in currencies()


# --- dates -----------------------------------------------------------------------------------------------

GOOD_DATES = (
    TODAY, "18 Aug 2027 20:01:40 +0000", "Wed, 18 Aug 2027 20:01 +0000", "Wed, 18 Aug 2027 20:01:40 GMT", "Wed, 18 Aug 2027 20:01:40 UT",
    "Wed, 18 Aug 2027 20:01:40 -0000", "Sun, 1 Aug 2027 00:00:00 +0000", "Sun, 01 Aug 2027 00:00:00 +0000", "Thu, 29 Feb 2024 23:59:59 +0000",
    "wed, 18 aug 2027 20:01:40 +0000", "Wed, 18 Aug 2027 20:01:40 +0000 (UTC)", "Sat, 31 Dec 2016 23:59:60 +0000", "Wed,  18 Aug 2027  20:01:40 +0000",
)
BAD_DATES = (
    "", "now", "2027-08-18T20:01:40Z", "2027-08-18 20:01:40", "Thu, 18 Aug 2027 20:01:40 +0000", "Wed, 18 Aug 2027 20:01:40 +0200",
    "Wed, 18 Aug 2027 20:01:40", "Wed, 18 Aug 2027 20:01:40 EST", "Wed, 18 Aug 2027 20:01:40 Z", "Wed, 32 Aug 2027 20:01:40 +0000",
    "Wed, 00 Aug 2027 20:01:40 +0000", "31 Jun 2027 20:01:40 +0000", "29 Feb 2027 20:01:40 +0000", "Wed, 18 Foo 2027 20:01:40 +0000",
    "Wed, 18 Aug 2027 24:01:40 +0000", "Wed, 18 Aug 2027 20:60:40 +0000", "Wed, 18 Aug 2027 20:01:61 +0000", "Wed, 18 Aug 27 20:01:40 +0000",
    "Wednesday, 18 Aug 2027 20:01:40 +0000", "Wed, 18 August 2027 20:01:40 +0000", "Wed 18 Aug 2027 20:01:40 +0000", f"{TODAY}\n", f" {TODAY}",
    "Wed, 18 Aug 2027 8:01:40 +0000", "Wed, 18 Aug 2027 20:01:40.5 +0000", "1818706900", "Wed, １８ Aug 2027 20:01:40 +0000", "Wed, 18 Aug 0000 20:01:40 +0000",
    "Xyz, 18 Aug 2027 20:01:40 +0000",
)


@pytest.mark.parametrize("text", GOOD_DATES)
def test_date_of_rfc_2822_in_gmt_is_taken(text: str) -> None:
    assert isinstance(parse_date(text), datetime)


@pytest.mark.parametrize("text", BAD_DATES, ids=ascii)
def test_what_is_no_date_of_rfc_2822_in_gmt_is_not(text: str) -> None:
    assert isinstance(parse_date(text), str)


MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(lambda d: d.replace(microsecond=0, tzinfo=UTC))


@given(MOMENTS, st.sampled_from(("+0000", "-0000", "GMT", "UT")), st.booleans(), st.booleans())
def test_date_names_the_moment_that_another_library_wrote(moment: datetime, zone: str, weekday: bool, seconds: bool) -> None:
    text = format_datetime(moment).removesuffix("+0000") + zone
    text = text if weekday else text.partition(", ")[2]
    if not seconds:
        text = text.replace(moment.strftime(":%S "), " ", 1) if moment.second != moment.minute else text
    found = parse_date(text)
    assert isinstance(found, datetime)
    assert abs(found - moment) < timedelta(minutes=1)
    assert found == moment or not seconds


@given(MOMENTS, st.integers(1, 6))
def test_date_with_another_weekday_is_wrong(moment: datetime, days: int) -> None:
    wrong = (moment + timedelta(days=days % 7)) if moment.year < 9999 else moment - timedelta(days=days)
    text = f"{wrong:%a}, {format_datetime(moment).partition(', ')[2]}"
    assert isinstance(parse_date(text), str)


@given(MOMENTS, st.integers(-14 * 60, 14 * 60).filter(bool))
def test_date_of_another_zone_is_not_in_gmt(moment: datetime, minutes: int) -> None:
    assert isinstance(parse_date(format_datetime(moment.replace(tzinfo=timezone(timedelta(minutes=minutes))))), str)


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert isinstance(parse_date(text), (datetime, str))


def test_days_off_has_no_sign_and_takes_any_clock() -> None:
    assert days_off(NOW + timedelta(days=2), NOW.timestamp()) == days_off(NOW - timedelta(days=2), NOW.timestamp()) == 2.0
    assert days_off(datetime(1, 1, 1, tzinfo=UTC), 1e300) > 1e6


# --- said back -------------------------------------------------------------------------------------------

SAID_BACK = (
    (TO, TO), ("sip:alice@example.com", "sip:alice@example.com"), ("sip:alice@example.com", "alice@example.com"), ("client:Bob_42", "client:Bob_42"),
    ("+1 (415) 555-0100", "+14155550100"), ("14155550100", "+14155550100"), ("4155550100", "+14155550100"), ("+1-415-555-0100", "14155550100"),
    ("02079460958", "+442079460958"), ("911", "911"), ("+1415FLOWERS", "+14153569377"), ("sip:alice@192.0.2.1", "sip:alice@192.0.2.1"),
    ("sips:alice@example.com", "anything"), ("client:é", "client:é"),
)
NOT_SAID_BACK = (
    (TO, TO[:-1] + "0"), (TO, TO[1:]), (TO, "+44 20 7946 0958"), (TO, ""), ("sip:alice@example.com", "sip:ALICE@example.com"),
    ("sip:alice@example.com", "sip:alice"), ("sip:alice@example.com", "sip:bob@example.com"), ("client:Bob_42", "Bob_42"), ("client:Bob_42", "client:bob_42"),
    ("client:Bob_42", "client:Bob_4"), ("14155550100", "+14155550199"), ("+1 (415) 555-0100", OWN), ("911", "+14155550100"), ("14155550100", ""),
)


@pytest.mark.parametrize(("sent", "said"), SAID_BACK)
def test_address_may_come_back_so(sent: str, said: str) -> None:
    assert is_said_back(sent, said)


@pytest.mark.parametrize(("sent", "said"), NOT_SAID_BACK)
def test_address_may_not_come_back_so(sent: str, said: str) -> None:
    assert not is_said_back(sent, said)


@given(st.text(max_size=30))
def test_address_that_comes_back_as_it_is_is_always_said_back(text: str) -> None:
    assert is_said_back(text, text)


FUTURE = "Fri, 20 Aug 2027 20:01:41 +0000"
ECHO_ROWS: list[tuple[tuple[tuple[str, str], ...], dict[str, Any], list[str]]] = [
    ((), {}, []), ((), {"account_sid": ACCOUNT[:-1] + "0"}, ["echo.account-sid"]), ((), {"account_sid": "nonsense"}, []), ((), {"account_sid": None}, []),
    ((), {"to": OWN}, ["echo.to"]), ((), {"from_": TO}, ["echo.from"]), ((), {"to": OWN, "from_": TO}, ["echo.to", "echo.from"]),
    ((), {"to": None}, []), ((), {"to": 5}, []), ((), {"direction": "inbound"}, ["echo.direction"]), ((), {"direction": "outbound-dial"}, ["echo.direction"]),
    ((), {"direction": "sideways"}, []), ((), {"status": "completed"}, ["echo.status"]), ((), {"status": "failed"}, ["echo.status"]),
    ((), {"status": "ringing"}, []), ((), {"status": "in-progress"}, []), ((), {"status": "nonsense"}, []),
    ((), {"date_created": FUTURE}, ["echo.date-created"]), ((), {"date_updated": FUTURE}, ["echo.date-updated"]), ((), {"date_created": "x"}, []),
    ((), {"date_created": "Wed, 18 Aug 2027 19:31:40 +0000"}, []), ((), {"date_created": "Thu, 19 Aug 2027 20:01:00 +0000"}, []),
    ((("CallerId", "+12025550143"),), {"from_": "+12025550143"}, []), ((("CallerId", "+12025550143"),), {"from_": OWN}, []),
    ((("CallerId", "+12025550143"),), {"from_": "+12025550144"}, ["echo.from"]), ((("CallerId", "+12025550143"),), {"to": "+12025550143"}, ["echo.to"]),
    ((("To", TO),), {"to": "nonsense"}, []),
]


@pytest.mark.parametrize(("more", "changes", "expected"), ECHO_ROWS, ids=lambda x: ascii(x)[:50])
def test_echo_breaks_what_it_breaks_and_no_more(more: Any, changes: dict[str, Any], expected: list[str]) -> None:
    assert clauses(check_echo(Case((*BASE, *more)), call(**changes), ACCOUNT, NOW.timestamp())) == expected


# --- refusals, credentials, methods, malformed bodies ------------------------------------------------------

REFUSAL = {"code": 21201, "message": "No 'To' number", "more_info": "https://example.com/errors/21201", "status": 400}


def refusal(status: int = 400, case: Case | None = None, body: bytes | None = None, **changes: Any) -> Exchange:
    """A refusal's exchange."""
    data = {k: v for k, v in {**REFUSAL, **changes}.items() if v is not GONE}
    return answer(status, json.dumps(data).encode() if body is None else body, case=case)


REFUSALS: list[tuple[str, Exchange, bool]] = [
    ("right", refusal(), True), ("another code", refusal(code=1), True), ("extra", refusal(details={"a": 1}), True), ("more_info null", refusal(more_info=None), True),
    ("422", refusal(422), True), ("no code", refusal(code=GONE), False), ("code in text", refusal(code="21201"), False),
    ("code true", refusal(code=True), False), ("code 1.5", refusal(code=1.5), False), ("code null", refusal(code=None), False),
    ("no message", refusal(message=GONE), False), ("message a number", refusal(message=5), False), ("no more_info", refusal(more_info=GONE), False),
    ("status in text", answer(400, json.dumps({**REFUSAL, "status": "400"}).encode()), False),
    ("status absent", answer(400, b'{"code":1,"message":"","more_info":""}'), False), ("html", refusal(body=b"<h1>no</h1>"), False),
    ("empty", refusal(body=b""), False), ("list", refusal(body=b"[]"), False), ("404 in any form", refusal(404, body=b"<h1>"), True),
    ("403 in any form", refusal(403, body=b""), True), ("415 in any form", refusal(415, body=b"x"), True), ("429 in any form", refusal(429, body=b"slow"), True),
    ("another method", refusal(body=b"no", case=Case((), method="PUT")), True),
    ("another content type", refusal(body=b"no", case=Case((), content_type="application/json", body=b"{}")), True),
    ("no content type", refusal(body=b"no", case=Case((), content_type=None, body=b"{}")), True),
    ("no credentials, html", refusal(401, body=b"<h1>", case=Case(BASE, "auth.missing", credentials="none")), False),
]


@pytest.mark.parametrize(("exchange", "kept"), [(e, k) for _, e, k in REFUSALS], ids=[n for n, _, _ in REFUSALS])
def test_refusal_s_body_is_judged_where_its_form_is_known(exchange: Exchange, kept: bool) -> None:
    found = list(check_refusal_body(exchange))
    assert clauses(found) == ([] if kept else ["refusal.body"])
    assert all(b.level is Level.OBSERVED for b in found)


@pytest.mark.parametrize(("aim", "status", "level"), [
    ("auth.missing", 401, None), ("auth.missing", 403, Level.OBSERVED), ("auth.missing", 201, Level.MUST), ("auth.missing", 500, Level.MUST),
    ("auth.missing", None, Level.MUST), ("auth.missing", 302, Level.MUST), ("auth.almost-right", 200, Level.MUST), ("auth.other-account", 401, None),
    ("auth.other-account", 403, None), ("auth.other-account", 404, None), ("auth.other-account", 400, Level.OBSERVED), ("auth.other-account", 201, Level.MUST),
])
def test_wrong_credentials_get_401(aim: str, status: int | None, level: Level | None) -> None:
    found = list(check_credentials(answer(status, case=Case(BASE, aim, credentials="wrong"))))
    assert [(b.clause, b.level) for b in found] == ([] if level is None else [(aim, level)])


@pytest.mark.parametrize(("method", "status", "expected"), [
    ("PUT", 405, []), ("PUT", 201, ["method.not-created"]), ("DELETE", 201, ["method.not-created"]), ("PATCH", 500, ["method.answers"]),
    ("GET", 200, []), ("GET", 503, ["method.answers"]), ("HEAD", None, ["method.answers"]), ("OPTIONS", 204, []), ("POST", 500, []), ("POST", 201, []),
])
def test_method_creates_nothing_and_gets_an_answer(method: str, status: int | None, expected: list[str]) -> None:
    assert clauses(check_method(answer(status, case=Case(BASE, "method.answers", method=method)))) == expected


@pytest.mark.parametrize(("aim", "status", "failure", "expected"), [
    ("malformed.form", 400, None, []), ("malformed.form", 201, None, []), ("malformed.form", 500, None, ["malformed.form"]),
    ("malformed.empty", None, "closed", ["malformed.empty"]), ("malformed.huge", None, "closed", []), ("malformed.huge", 413, None, []),
    ("malformed.huge", None, "timeout", ["malformed.huge"]), ("malformed.content-type", 502, None, ["malformed.content-type"]),
])
def test_malformed_body_gets_an_answer(aim: str, status: int | None, failure: str | None, expected: list[str]) -> None:
    assert clauses(check_malformed(answer(status, case=Case((), aim, body=b"%"), failure=failure))) == expected


@pytest.mark.parametrize(("detail", "expected"), [("RemoteDisconnected", ["malformed.huge"]), ("ConnectionResetError", [])])
def test_who_reads_a_huge_body_to_its_end_owes_an_answer(detail: str, expected: list[str]) -> None:
    huge = Case((), "malformed.huge", body=b"a" * 70_000)
    assert clauses(check_malformed(answer(None, case=huge, failure="closed", detail=detail))) == expected


@pytest.mark.parametrize(("more", "status", "expected"), [
    ((), 201, []), ((), 200, []), ((), 204, []), ((), 400, [("call.created", "refused")]), ((), 302, [("call.created", "refused")]),
    ((), 500, [("call.created", "crashed")]), ((), None, [("call.created", "crashed")]), ((), 429, []),
    ((("Timeout", "601"),), 400, []), ((("Timeout", "601"),), 404, []), ((("Timeout", "601"),), 201, [("timeout.maximum", "accepted")]),
    ((("Timeout", "601"),), 200, [("timeout.maximum", "accepted")]), ((("Timeout", "601"),), 500, [("timeout.maximum", "crashed")]),
    ((("Timeout", "601"),), None, [("timeout.maximum", "crashed")]), ((("Timeout", "601"),), 302, [("timeout.maximum", "crashed")]),
    ((("Timeout", "601"),), 429, []),
    ((("Timeout", "0"),), 201, []), ((("Timeout", "0"),), 400, []), ((("Timeout", "0"),), 500, [("timeout.unclear", "unanswered")]),
    ((("Timeout", "0"),), None, [("timeout.unclear", "unanswered")]), ((("Timeout", "0"),), 302, []),
])
def test_outcome_is_what_the_oracle_expects(more: Any, status: int | None, expected: list[tuple[str, str]]) -> None:
    case = Case((*BASE, *more))
    assert [(b.clause, b.kind) for b in check_outcome(answer(status, case=case), expect(case, KNOWN))] == expected


# --- secrets ---------------------------------------------------------------------------------------------

TRACES = (
    b'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f', b'{"message": "File \\"/srv/app.py\\", line 12"}',
    b"java.lang.NullPointerException\n\tat com.example.Calls.create(Calls.java:42)", b"Error: x\n    at Object.create (/srv/calls.js:1:2)\n    at f(calls.js:10:4)",
    b"goroutine 17 [running]:\nmain.f()", b"/srv/app.rb:12:in `create'", b"#0 /var/www/calls.php(12): f()", b"System.NullReferenceException: x",
    b"thread 'main' panicked at src/main.rs:1:1", b'Exception in thread "main" x',
)
NO_TRACES = (
    b'{"message": "The source file is missing a line"}', b"Look at https://example.com/file.js:1", b"a Traceback", b"at 10:30 the line 12 was busy",
    json.dumps(CALL).encode(), b"",
)


@pytest.mark.parametrize("body", TRACES, ids=lambda b: ascii(b)[:40])
def test_stack_trace_is_seen(body: bytes) -> None:
    assert clauses(check_secrets(answer(500, body))) == ["secrets.stack-trace"]


@pytest.mark.parametrize("body", NO_TRACES, ids=lambda b: ascii(b)[:40])
def test_plain_words_are_no_stack_trace(body: bytes) -> None:
    assert clauses(check_secrets(answer(400, body))) == []


def test_leak_is_a_break_of_its_own_secret() -> None:
    found = list(check_secrets(answer(leaks=("auth-token", "sip-password"))))
    assert clauses(found) == ["secrets.auth-token", "secrets.sip-password"]
    assert {b.level for b in found} == {Level.SHOULD}


# --- judge -----------------------------------------------------------------------------------------------


def judged(exchange: Exchange) -> tuple[list[str], frozenset[str]]:
    """The clauses broken and exercised."""
    found, exercised = judge(exchange, expect(exchange.case, KNOWN), ACCOUNT)
    return clauses(found), exercised


def test_judge_finds_nothing_in_a_right_answer() -> None:
    broken, exercised = judged(created())
    assert broken == []
    assert {"call.created", "to.e164", "from.own-number", "url.absolute", "response.json", "response.duration.format", "echo.to"} <= exercised


def test_judge_of_a_429_says_nothing() -> None:
    assert judged(answer(429, b"")) == ([], frozenset())


def test_judge_of_a_call_wrongly_accepted_names_the_rule_and_leaves_the_answer_alone() -> None:
    case = Case((*BASE, ("Timeout", "601")))
    assert judged(created({"duration": 5}, case))[0] == ["timeout.maximum"]


def test_judge_of_an_unclear_case_judges_a_201_and_no_other_2xx() -> None:
    case = Case((*BASE, ("Timeout", "0")))
    assert judged(created({"duration": 5}, case))[0] == ["response.duration.type"]
    assert judged(answer(200, b"", (), case))[0] == []


def test_every_breach_is_of_a_clause_and_in_one_line() -> None:
    rows = [e for _, e, _ in ENVELOPES] + [created(c) for c, _ in ATTRIBUTE_ROWS] + [e for _, e, _ in REFUSALS]
    seen = set()
    for exchange in rows:
        for b in judge(exchange, expect(exchange.case, KNOWN), ACCOUNT)[0]:
            seen.add(b.clause)
            assert b.clause in CLAUSE
            assert "\n" not in b.actual + b.expected + b.message
            assert len(b.actual) < 400
    assert len(seen) > 40


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=2), max_leaves=4),
       st.sampled_from([a.name for a in ATTRIBUTES]))
def test_any_value_of_any_attribute_is_judged_without_an_error(value: Any, name: str) -> None:
    found = judge(created({name: value}), expect(Case(BASE), KNOWN), ACCOUNT)[0]
    assert all(b.clause in CLAUSE for b in found)
