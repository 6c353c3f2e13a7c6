"""The oracle against a table of calls, each with what the contract expects of it.

The rows are chosen by what the operation's description says, not by what the oracle does: each pair of values and
verdict can be checked by reading the description. Levels stand only where it says more than must or must not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.case import Case, Pairs
from harness.contract import PARAMETER
from harness.oracle import Expectation, Knowledge, expect

OWN, CALLED = "+15005550006", "+14155550100"
URL = "https://example.com/voice"
KNOWN = Knowledge(frozenset((OWN,)), frozenset((CALLED,)), frozenset(("ApplicationSid", "Byoc")))
HEX = "0123456789abcdef0123456789ABCDEF"
AP, BY = "AP" + HEX, "BY" + HEX

Values = str | tuple[str, ...] | None
Call = dict[str, Values]
Row = tuple[Call, str]

ACCEPT, ACCEPT_SHOULD, REJECT, SHOULD, EITHER = "ACCEPT", "ACCEPT SHOULD", "REJECT", "REJECT SHOULD", "EITHER"


def pairs(call: Call) -> Pairs:
    """A plain call with some parameters set, repeated (a tuple) or left out (None)."""
    whole: Call = {"To": CALLED, "From": OWN, "Url": URL, **call}
    out: list[tuple[str, str]] = []
    for name, value in whole.items():
        values = () if value is None else (value,) if isinstance(value, str) else value
        out.extend((name, v) for v in values)
    return tuple(out)


def url_of(length: int) -> str:
    return URL + "/" + "a" * (length - len(URL) - 1)


def twiml_of(length: int, letter: str = "a") -> str:
    return "<Response><Say>" + letter * (length - 32) + "</Say></Response>"


def each(name: str, verdict: str, *values: Values, **company: Values) -> Iterator[Row]:
    """Rows that differ in one parameter's value."""
    for value in values:
        yield {**company, name: value}, verdict


RECORDED: Call = {"Record": "true"}
RECORD_NEWS: Call = {"Record": "true", "RecordingStatusCallback": URL}
DETECTED: Call = {"MachineDetection": "Enable"}
BACKGROUND: Call = {"MachineDetection": "Enable", "AsyncAmd": "true"}
BACKGROUND_NEWS: Call = {**BACKGROUND, "AsyncAmdStatusCallback": URL}
WATCHED: Call = {"StatusCallback": URL}
SPARE: Call = {"FallbackUrl": URL}

METHODS: dict[str, Call] = {
    "Method": {}, "FallbackMethod": SPARE, "StatusCallbackMethod": WATCHED, "RecordingStatusCallbackMethod": RECORD_NEWS,
    "AsyncAmdStatusCallbackMethod": BACKGROUND_NEWS,
}
WORDS: dict[str, tuple[Call, tuple[str, ...]]] = {
    "AsyncAmd": (DETECTED, ("true", "false")),
    "MachineDetection": ({}, ("Enable", "DetectMessageEnd")),
    "Record": ({}, ("true", "false")),
    "RecordingChannels": (RECORDED, ("mono", "dual")),
    "RecordingTrack": (RECORDED, ("inbound", "outbound", "both")),
    "Trim": (RECORDED, ("trim-silence", "do-not-trim")),
}
RANGES = {
    "MachineDetectionSilenceTimeout": (2000, 10000), "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSpeechThreshold": (1000, 6000),
}

TO: list[Row] = [
    *each("To", ACCEPT, CALLED, "+12015550123", "+447400123456", "+33612345678", "+61412345678", "+81312345678"),
    *each("To", ACCEPT, "sip:alice@example.com", "sip:bob.smith@sip.example.org", "client:alice", "client:Bob_42", "client:7"),
    *each("To", REJECT, None, "", "!!!", "no telephone number at all", "http://example.com/voice", "+0123456789", "+04155550100"),
    *each("To", REJECT, "+1234567890123456", "+" + "1" * 20, "1" * 16, "client:"),
    *each("To", EITHER, "+999123456789", "+1234567", "+6834002", "14155550100", "+1 415 555 0100", "(415) 555-0100", "+1-415-555-0100"),
    *each("To", EITHER, "+1415FLOWERS", "sips:alice@example.com", "sip:alice@example.com;transport=tcp", "sip:example.com"),
    *each("To", EITHER, "SIP:alice@example.com", "Client:alice", "911", CALLED + "\n", " " + CALLED, (CALLED, CALLED)),
]
FROM: list[Row] = [
    *each("From", ACCEPT, OWN),
    *each("From", ACCEPT, OWN, "client:alice", "client:Bob_42", To="client:bob"),
    *each("From", ACCEPT, OWN, "client:alice", To="sip:bob@example.com"),
    *each("From", REJECT, None, "", "!!!", "no telephone number at all", "client:alice", "sip:alice@example.com"),
    *each("From", REJECT, None, "", "!!!", To="client:bob"),
    *each("From", EITHER, "+12025550143", "15005550006", "+1 500 555 0006", "(500) 555-0006", OWN + "\n", (OWN, OWN)),
    *each("From", EITHER, "sip:alice@example.com", "+12025550143", To="client:bob"),
    *each("From", EITHER, "sip:alice@example.com", To="sip:bob@example.com"),
    *each("From", EITHER, "client:alice", To="+1 415 555 0100"),
    *each("From", EITHER, "client:alice", To="14155550100"),
    *each("From", REJECT, "+12025550143", To=""),
    *each("From", REJECT, "+12025550143", To="+0123456789"),
]
METHOD_ROWS: list[Row] = [
    row for name, company in METHODS.items() for row in (
        *each(name, ACCEPT, "GET", "POST", **company),
        *each(name, REJECT, "FETCH", "GETS", "GET,POST", "GET\n", "\x00POST", **company),
        *each(name, EITHER, "HEAD", "PATCH", "PUT", "DELETE", "get", "Post", "", ("GET", "GET"), **company),
    )
]
WORD_ROWS: list[Row] = [
    row for name, (company, listed) in WORDS.items() for row in (
        *each(name, ACCEPT, *listed, **company),
        *each(name, REJECT, "perhaps", listed[0] + "s", listed[0] + "\n", listed[-1] + "\x00", ",".join(listed), **company),
        *each(name, SHOULD, listed[0].upper(), listed[-1].upper(), **company),
        *each(name, EITHER, "", (listed[0], listed[0]), **company),
    )
]
INTEGER_ROWS: list[Row] = [
    *(
        row for name, (low, high) in RANGES.items() for row in (
            *each(name, ACCEPT, str(low), str(high), str(low + 1), str(high - 1), "4096", str((low + high) // 2), **DETECTED),
            *each(name, REJECT, str(low - 1), str(high + 1), "0", "-1", f"-{low}", "99999999999", str((1 << 32) + low), **DETECTED),
            *each(name, REJECT, "abc", f"{low}abc", f"{low}ms", "0x1000", "3_000", "３０００", "٣٠٠٠", "३०००", **DETECTED),
            *each(name, SHOULD, "3000.5", **DETECTED),
            *each(name, EITHER, "03000", "+3000", " 3000", "3000 ", "3000.0", "3000\n", "", ("3000", "3000"), **DETECTED),
            *each(name, ACCEPT, str(low), str(high)),
            *each(name, SHOULD, str(low - 1), str(high + 1), "abc"),
            *each(name, SHOULD, str(low - 1), "abc", SendDigits="1", **DETECTED),
        )
    ),
    *each("MachineDetectionTimeout", ACCEPT, "30", **DETECTED),
    *each("MachineDetectionTimeout", REJECT, "abc", "30s", "0x1e", "３０", "1_0", **DETECTED),
    *each("MachineDetectionTimeout", EITHER, "3", "59", "0", "-1", "600", "", "\n30", **DETECTED),
    *each("MachineDetectionTimeout", SHOULD, "abc"),
    *each("Timeout", ACCEPT, "1", "2", "15", "60", "127", "128", "255", "256", "599", "600"),
    *each("Timeout", REJECT, "601", "602", "1000", "65596", str((1 << 32) + 60), "9" * 30, "abc", "12abc", "60s", "0x10", "1_0", "٦٠",
        "six"),
    *each("Timeout", EITHER, "0", "-1", "-60", "", "060", "+60", " 60", "60\n", ("60", "60"), ("601", "60"), ("601", "602")),
    *each("TimeLimit", ACCEPT, "60", "3600"),
    *each("TimeLimit", REJECT, "abc", "60s", "0x3c", "６０", "1_000"),
    *each("TimeLimit", EITHER, "0", "-1", "86400", "999999999", "", "060", "+60"),
]
STRICT_HOSTS = (
    "https://my_host.example.com/", "https://a..example.com/", "https://" + "a" * 64 + ".example.com/", "https://-a.example.com/x",
    "https://a-.example.com/x", "https://_a.example.com:8080/",
)
GOOD_URLS = (
    "https://example.com/voice", "http://example.com", "https://example.com:8443/a/b?c=d&e=f", "https://example.com/%C3%A9%20x",
    "https://EXAMPLE.com/x",
    "https://a-b.example.co.uk/", url_of(255),
)
OPEN_URLS = (
    "", "ftp://example.com/x", "HTTPS://example.com/", "https://example.com:99999/", "https://example.com/%zz", "https://exämple.com/",
    "https://user:pass@example.com/", "https://localhost/x", "https://192.0.2.1/x", "https://intranet/x", "https://example.com/#top",
    url_of(2001),
    "https://example.com/\n", (URL, URL),
)
URL_COMPANY: dict[str, Call] = {
    "Url": {}, "FallbackUrl": {}, "StatusCallback": {}, "AsyncAmdStatusCallback": BACKGROUND, "RecordingStatusCallback": RECORDED,
}
URL_ROWS: list[Row] = [
    *(
        row for name, company in URL_COMPANY.items() for row in (
            *each(name, ACCEPT, *GOOD_URLS, **company),
            *each(name, ACCEPT_SHOULD, url_of(256), url_of(1024), url_of(2000), **company),
            *each(name, EITHER, *OPEN_URLS, **company),
        )
    ),
    *(row for name in ("Url", "FallbackUrl", "StatusCallback") for row in each(
        name, REJECT, "not a url", "http://", "https:///x", "http://exa mple.com/x", "https://example.com/a b")),
    *(row for name in ("Url", "StatusCallback") for row in each(name, REJECT, "/voice.xml", "voice.xml", "../voice")),
    *each("FallbackUrl", SHOULD, "/voice.xml", "voice.xml", "../voice"),
    *each("StatusCallback", REJECT, *STRICT_HOSTS),
    *(row for name in ("Url", "FallbackUrl") for row in each(name, EITHER, *STRICT_HOSTS)),
    *(row for name in ("AsyncAmdStatusCallback", "RecordingStatusCallback") for row in (
        *each(name, SHOULD, "not a url", "no url at all", **URL_COMPANY[name]),
        *each(name, EITHER, "/voice.xml", "voice.xml", *STRICT_HOSTS, **URL_COMPANY[name]),
    )),
]
SID_ROWS: list[Row] = [
    row for name, p in (("ApplicationSid", "AP"), ("Byoc", "BY")) for row in (
        *each(name, ACCEPT, p + HEX, p + HEX.lower(), p + HEX.upper(), p + "0" * 32),
        *each(name, REJECT, "CA" + HEX, p.lower() + HEX, p + HEX[:31], p + HEX + "0", p + HEX[:31] + "g", p + HEX + "\n",
            p + HEX[:31] + "\n", p, "x"),
        *each(name, EITHER, "", (p + HEX, p + HEX)),
    )
]
KEY_ROWS: list[Row] = [
    *each("SendDigits", ACCEPT, "1", "ww1234#", "0123456789#*w", "1" * 32, "w" * 32, "#", "*"),
    *each("SendDigits", REJECT, "1" * 33, "1" * 100, "A" * 33, "12x34", "1 2", "1,2", "+1", "12\n", "1\x002", "１２", "a", "é"),
    *each("SendDigits", EITHER, "", "A", "ABCD", "W", "1A2", ("1", "1")),
]
TWIML_ROWS: list[Row] = [
    *each("Twiml", ACCEPT, "<Response/>", "<Response><Say>Hello</Say></Response>", twiml_of(4000), twiml_of(4000, "é"), Url=None),
    *each("Twiml", ACCEPT, '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>', Url=None),
    *each("Twiml", REJECT, twiml_of(4001), twiml_of(4001, "é"), twiml_of(4001, "😀"), "a" * 4001, twiml_of(9000), Url=None),
    *each("Twiml", REJECT, twiml_of(4001), Url=None, ApplicationSid=AP),
    *each("Twiml", EITHER, "", "hello", "<Response>", "<response/>", "<Reponse/>", twiml_of(4000, "😀"), "<Response/>\x00", Url=None),
    *each("Twiml", EITHER, ("<Response/>", "<Response/>"), Url=None),
    *each("Twiml", ACCEPT, "<Response/>", twiml_of(4000), twiml_of(4000, "é")),
    *each("Twiml", EITHER, twiml_of(4001), "hello", "a" * 9000),
]
TEXT_ROWS: list[Row] = [
    *each("CallReason", ACCEPT, "a", "Your order is ready", "Déjà vu", "日本語の電話", "Привет", "مرحبا", "😀" * 25, "é" * 50),
    *each("CallReason", EITHER, "", "x" * 51, "a\nb", "x" * 3000, ("a", "b")),
    *each("SipAuthUsername", ACCEPT, "alice", "a", "x" * 50, SipAuthPassword="secret"),
    *each("SipAuthPassword", ACCEPT, "secret", "x" * 50, SipAuthUsername="alice"),
    *each("SipAuthUsername", EITHER, "", "x" * 51, "a\x00b"),
    *each("SipAuthPassword", EITHER, "", "x" * 51, "a\nb"),
    *each("CallToken", EITHER, "", "abc", "%7B%22a%22%3A1%7D"),
    *each("CallerId", ACCEPT, OWN),
    *each("CallerId", EITHER, "", "+12025550143", "client:alice", "sip:alice@example.com", "15005550006", "!!!"),
]
EVENT_ROWS: list[Row] = [
    *each("StatusCallbackEvent", ACCEPT, "initiated", "ringing", "answered", "completed", **WATCHED),
    *each("StatusCallbackEvent", ACCEPT, ("initiated", "completed"), ("completed", "initiated"), **WATCHED),
    *each("StatusCallbackEvent", ACCEPT, ("initiated", "ringing", "answered", "completed"), ("completed", "ringing", "answered"),
        **WATCHED),
    *each("StatusCallbackEvent", ACCEPT, "initiated", ("ringing", "answered")),
    *each("StatusCallbackEvent", REJECT, "bogus", "busy", ("initiated", "bogus"), ("bogus", "initiated"), "initiated\0", **WATCHED),
    *each("StatusCallbackEvent", EITHER, "", "initiated completed", "initiated ringing", ("initiated", "initiated"), "initiated\n", ("ringing", "\tanswered"), **WATCHED),
    *each("StatusCallbackEvent", SHOULD, "bogus", ("initiated", "bogus")),
    *each("RecordingStatusCallbackEvent", ACCEPT, "in-progress", "completed", "absent", "in-progress completed", **RECORD_NEWS),
    *each("RecordingStatusCallbackEvent", ACCEPT, "completed absent in-progress", "absent completed", **RECORD_NEWS),
    *each("RecordingStatusCallbackEvent", REJECT, "bogus", "completed bogus", "bogus completed", "answered", "completed\x01", **RECORD_NEWS),
    *each("RecordingStatusCallbackEvent", EITHER, "", "in-progress  completed", "completed\n", "in-progress\tcompleted", ("in-progress", "completed"), **RECORD_NEWS),
    *each("RecordingStatusCallbackEvent", ACCEPT, "in-progress completed"),
    *each("RecordingStatusCallbackEvent", SHOULD, "bogus"),
    *each("RecordingStatusCallbackEvent", SHOULD, "bogus", Record="true"),
]
# A wrong value of what the description says is ignored is open, a right one changes nothing.
IGNORED_ROWS: list[Row] = [
    *(row for name, wrong, right in (
        ("Method", "FETCH", "GET"), ("FallbackMethod", "FETCH", "GET"), ("StatusCallbackMethod", "FETCH", "GET"),
        ("FallbackUrl", "not a url", URL), ("FallbackUrl", "/relative", URL), ("StatusCallback", "not a url", URL),
        ("StatusCallback", "/relative", URL),
        ("StatusCallback", "https://my_host.example.com/", URL), ("StatusCallbackEvent", "bogus", ("initiated", "ringing")),
    ) for row in (
        *each(name, EITHER, wrong, ApplicationSid=AP), *each(name, ACCEPT, right, ApplicationSid=AP),
        *each(name, EITHER, wrong, ApplicationSid=AP, Url=None), *each(name, ACCEPT, right, ApplicationSid=AP, Url=None),
    )),
    *each("MachineDetection", EITHER, "perhaps", "enable", "Enable\n", SendDigits="1"),
    *each("MachineDetection", ACCEPT, "Enable", "DetectMessageEnd", SendDigits="1"),
    *each("MachineDetection", REJECT, "Enable", "perhaps", SendDigits="1" * 33),
    *(row for to in ("sip:bob@example.com", "client:bob") for row in (
        *each("Byoc", EITHER, "x", "BY" + HEX[:31], "CA" + HEX, BY + "\n", To=to), *each("Byoc", ACCEPT, BY, To=to))),
    *each("Byoc", REJECT, "x", "BY" + HEX[:31], To="+447400123456"),
    *each("Byoc", EITHER, "x", To="14155550100"),
    ({"ApplicationSid": AP, "Timeout": "601"}, REJECT), ({"ApplicationSid": AP, "SendDigits": "x"}, REJECT),
    ({"ApplicationSid": AP, "Url": "/relative"}, REJECT), ({"ApplicationSid": "AP1", "Method": "FETCH"}, REJECT),
    ({"ApplicationSid": AP, "RecordingChannels": "stereo", "Record": "true"}, REJECT),
    ({"Twiml": twiml_of(4001), "Url": "not a url"}, REJECT),
]
# A wrong value of what can have no effect here is still wrong, less plainly.
USELESS_ROWS: list[Row] = [
    *each("RecordingChannels", SHOULD, "stereo", "mono\n"), *each("RecordingChannels", SHOULD, "stereo", Record="false"),
    *each("RecordingTrack", SHOULD, "left"), *each("Trim", SHOULD, "yes"), *each("RecordingTrack", SHOULD, "left", Record="false"),
    *each("RecordingStatusCallbackMethod", SHOULD, "FETCH"), *each("RecordingStatusCallbackMethod", SHOULD, "FETCH", Record="true"),
    *each("RecordingStatusCallbackMethod", SHOULD, "FETCH", RecordingStatusCallback=URL),
    *each("FallbackMethod", SHOULD, "FETCH"), *each("FallbackMethod", SHOULD, "FETCH", Url=None, Twiml="<Response/>", FallbackUrl=URL),
    *each("FallbackUrl", SHOULD, "not a url", Url=None, Twiml="<Response/>"),
    *each("StatusCallbackMethod", SHOULD, "FETCH"), *each("Method", SHOULD, "FETCH", Url=None, Twiml="<Response/>"),
    *each("AsyncAmd", SHOULD, "perhaps"), *each("AsyncAmdStatusCallbackMethod", SHOULD, "FETCH"),
    *each("AsyncAmdStatusCallbackMethod", SHOULD, "FETCH", **BACKGROUND),
    *each("AsyncAmdStatusCallbackMethod", SHOULD, "FETCH", MachineDetection="Enable", AsyncAmd="false", AsyncAmdStatusCallback=URL),
    *each("RecordingChannels", ACCEPT, "mono", "dual"), *each("Trim", ACCEPT, "do-not-trim"), *each("FallbackMethod", ACCEPT, "GET"),
    *each("StatusCallbackMethod", ACCEPT, "GET"), *each("AsyncAmd", ACCEPT, "true", "false"), *each("AsyncAmdStatusCallback", ACCEPT, URL),
    *each("FallbackUrl", ACCEPT, URL, Url=None, Twiml="<Response/>"), *each("Method", ACCEPT, "GET", Url=None, Twiml="<Response/>"),
    ({"RecordingChannels": "stereo", "Timeout": "601"}, REJECT), ({"RecordingChannels": "stereo", "Unknown": "x"}, SHOULD),
    ({"FallbackMethod": "FETCH", "Record": "TRUE"}, SHOULD),
]
WHOLE_ROWS: list[Row] = [
    ({}, ACCEPT), ({"Url": None}, EITHER), ({"Url": ""}, EITHER), ({"Url": None, "Twiml": "<Response/>"}, ACCEPT),
    ({"Url": None, "ApplicationSid": AP}, ACCEPT), ({"Url": None, "Timeout": "601"}, REJECT), ({"Unknown": "x"}, EITHER),
    ({"Unknown": ""}, EITHER),
    ({"to": CALLED}, EITHER), ({"Unknown": "x", "Timeout": "601"}, REJECT), ({"Timeout": "600", "SendDigits": "1" * 33}, REJECT),
    ({"CallToken": "abc", "Timeout": "601"}, REJECT), ({"CallReason": "caf\udce9"}, EITHER),
    ({"CallReason": "\udcff", "Timeout": "601"}, REJECT),
    ({"Url": "https://example.com/\udcff"}, EITHER), ({"To": None, "From": None}, REJECT),
    ({"To": None, "From": None, "Url": None}, REJECT),
    ({"Url": URL, "Twiml": "<Response/>", "ApplicationSid": AP}, ACCEPT),
    ({**BACKGROUND_NEWS, **RECORD_NEWS, **WATCHED, **SPARE, "SendDigits": "1", "Timeout": "600", "TimeLimit": "60", "Byoc": BY}, ACCEPT),
    ({**WATCHED, "StatusCallbackEvent": ("initiated", "completed"), "Timeout": "1", "Trim": "trim-silence", "Record": "true"}, ACCEPT),
    ({"To": "client:bob", "From": "client:alice", "Byoc": BY, "Url": None, "Twiml": "<Response/>"}, ACCEPT),
]

TABLES: dict[str, list[Row]] = {
    "to": TO, "from": FROM, "methods": METHOD_ROWS, "words": WORD_ROWS, "integers": INTEGER_ROWS, "urls": URL_ROWS, "sids": SID_ROWS,
    "keys": KEY_ROWS,
    "twiml": TWIML_ROWS, "text": TEXT_ROWS, "events": EVENT_ROWS, "ignored": IGNORED_ROWS, "useless": USELESS_ROWS, "whole": WHOLE_ROWS,
}
ROWS = [(table, call, verdict) for table, rows in TABLES.items() for call, verdict in rows]


def said(expectation: Expectation) -> str:
    """An expectation as the table writes it: EITHER has no level, MUST is left unsaid."""
    verdict, level = expectation.expected.value, expectation.level.value
    return verdict if verdict == EITHER or level == "MUST" else f"{verdict} {level}"


def _name(row: tuple[str, Call, str]) -> str:
    table, call, verdict = row
    shown = "&".join(f"{n}={v if isinstance(v, str) else '+'.join(v) if v else '(none)'}" for n, v in call.items())
    return ascii(f"{table} {verdict} {shown}"[:110])[1:-1]


@pytest.mark.parametrize(("table", "call", "verdict"), ROWS, ids=map(_name, ROWS))
def test_oracle_expects_what_the_description_says(table: str, call: Call, verdict: str) -> None:
    assert said(expect(Case(pairs(call)), KNOWN)) == verdict, table


@pytest.mark.parametrize("table", TABLES)
def test_order_of_parameters_is_no_matter(table: str) -> None:
    for call, _ in TABLES[table]:
        case = Case(pairs(call))
        assert said(expect(case, KNOWN)) == said(expect(case.with_pairs(case.pairs[::-1]), KNOWN)), call


@pytest.mark.parametrize(("name", "value"), [("ApplicationSid", AP), ("Byoc", BY)])
def test_sid_that_the_target_may_not_know_is_open_until_one_was_taken(name: str, value: str) -> None:
    closed = Knowledge(KNOWN.own_numbers, KNOWN.called_numbers)
    case = Case(pairs({name: value}))
    assert said(expect(case, closed)) == EITHER
    assert said(expect(case, closed.with_open_sid(name))) == ACCEPT
    assert said(expect(Case(pairs({name: value + "0"})), closed)) == REJECT


def test_number_is_the_account_s_only_where_the_target_is_known_to_own_it() -> None:
    nothing = Knowledge()
    assert said(expect(Case(pairs({})), nothing)) == EITHER
    assert said(expect(Case(pairs({"Timeout": "601"})), nothing)) == REJECT
    assert said(expect(Case(pairs({})), Knowledge(frozenset((OWN,)), frozenset()))) == ACCEPT


def test_number_that_was_taken_once_must_be_taken_whatever_its_plan_says() -> None:
    odd = "+999123456789"
    known = Knowledge(KNOWN.own_numbers, frozenset((odd,)), KNOWN.open_sids)
    assert said(expect(Case(pairs({"To": odd})), KNOWN)) == EITHER
    assert said(expect(Case(pairs({"To": odd})), known)) == ACCEPT


def test_table_speaks_of_every_parameter() -> None:
    assert len(ROWS) >= 200
    assert {name for _, call, _ in ROWS for name in call} >= set(PARAMETER)
