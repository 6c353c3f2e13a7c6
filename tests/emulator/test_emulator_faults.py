"""Each named fault shows, and shows only where its family says."""



from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import pytest

from harness.emulator.faults import FAULTS, find_fault
from harness.emulator.ledger import Ledger

SEED = 7
FROM = "+15005550006"
TO = "+442079460018"
AP = "AP" + "0a" * 16
BY = "BY" + "0b" * 16
TWIML = "<Response><Say>Hello</Say></Response>"
SILENCE = "MachineDetectionSilenceTimeout"
SPEECH_END = "MachineDetectionSpeechEndThreshold"
SPEECH = "MachineDetectionSpeechThreshold"
DETECTION = "MachineDetectionTimeout"
RSC = "RecordingStatusCallback"
METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", RSC + "Method", "AsyncAmdStatusCallbackMethod")

HUNG, CLOSED = 1, 2
Pairs = list[tuple[str, str]]


def form(*pairs: tuple[str, str], **changes: str | None) -> Pairs:
    """The smallest usual call with some parameters changed, dropped (None) or added."""
    base: dict[str, str | None] = {"To": TO, "From": FROM, "Url": "https://a.example/x", **changes}
    return [(name, value) for name, value in base.items() if value is not None] + list(pairs)


def twiml(length: int, letter: str = "a") -> str:
    """A document of so many characters."""
    before, after = "<Response><Say>", "</Say></Response>"
    return before + letter * (length - len(before + after)) + after


# Each value of a parameter alone in a call.
VALUES: dict[str, list[str]] = {
    "To": [
        "+12025550143", "sip:bob.b1@example.com", "sip:bob@example.com:5060", "client:Joe_1", "client:1joe",
        "client:" + "a" * 20, "client:007", "+81312345678", "+4532123456", "+4930123456789", "+6561234567", "", "nobody", "+0123456789",
        "+1234567890123456", "+12345678901234567890", "client:", "+ABCDEFG", "2025550143", "+15005550001",
    ],
    "From": ["+12025550143", "+12025550144", "", "nobody", "client:joe", "sip:bob@example.com", "+15005550001"],
    SILENCE: ["2000", "10000", "4096", "4200", "1999", "10001", "100000", "0", "-3000", "word", "3000.5", str(2**32 + 3000), "1100"],
    SPEECH_END: ["500", "5000", "3000", "499", "5001", "50000", "word", "1200ms", "6000"],
    SPEECH: ["1000", "6000", "2401", "999", "6001", "60000", "word", "\u0662\u0664\u0660\u0660"],
    DETECTION: ["30", "word", "0x1e"],
    "TimeLimit": ["60", "3600", "word", "3_600", "60.5"],
    "Timeout": ["1", "600", "256", "260", "300", "128", "99", "601", "5000", str(2**16 + 30), "1050", "word", "30.5", "30s", "0", "9" * 25],
    "AsyncAmd": ["true", "false", "yes", "TRUE", "1"],
    "MachineDetection": ["Enable", "DetectMessageEnd", "Disable", "enable"],
    "RecordingChannels": ["mono", "dual", "stereo", "Dual"],
    "RecordingTrack": ["inbound", "outbound", "both", "none", "Both"],
    "Trim": ["trim-silence", "do-not-trim", "trim", "do_not_trim", "trim-silence\n"],
    "Record": ["true", "false", "always", "1", "True"],
    "StatusCallbackEvent": ["initiated", "completed", "busy", "absent"],
    RSC + "Event": ["absent", "completed absent", "in-progress completed absent", "busy", "completed busy", "completed, absent"],
    "Url": [
        "http://a.example/", "https://a.example:8443/x", "https://a.example/x?a=1&b=2", "https://a.example",
        "https://a.example/x%20y", "https://a.example/" + "x" * 300, "https://a.example/" + "x" * 1100, "https://A.EXAMPLE/x",
        "/x", "nothing", "https:///x", "https://a.example/x y", "a.example/x", "ftp://a.example/x",
    ],
    "FallbackUrl": ["https://a.example/x?a=1", "nothing", "/x", "https:///x"],
    "StatusCallback": [
        "https://a.example:8443/x", "https://a-b.example/x", "https://a.example.xn--zckzah/", "https://1a.example/", "https://a.example/x_y",
        "https://" + "a" * 63 + ".example/", "/x", "https://a.example/x y", "https://a_b.example/", "https://a..example/",
        "https://" + "a" * 64 + ".example/", "https://-a.example/", "https://a-.example/",
    ],
    "AsyncAmdStatusCallback": ["http://a.example/x", "https://xn--bcher-kva.example/x", "nothing"],
    RSC: ["https://a.example/x?a=1", "nothing"],
    "ApplicationSid": [AP, "AP" + "AB" * 16, "AP" + "01" * 16, "AX" + "0a" * 16, "TK" + "0a" * 16, AP.lower(), AP[:-1], AP + "0", AP[:-1] + "g", AP + "\n"],
    "Byoc": [BY, "BY" + "AB" * 16, "BX" + "0a" * 16, "TK" + "0a" * 16, BY.lower(), BY[:-1], BY + "0", BY[:-1] + "g", BY + "\n"],
    "CallReason": ["caf\u00e9", "\U0001f4de", "\u96fb\u8a71", "\u05e9\u05dc\u05d5\u05dd", "a" * 50, "x", "it's", "two words", "100%25"],
    "CallerId": [FROM],
    "SipAuthUsername": ["bob"],
    "SipAuthPassword": ["s3cret!"],
    "SendDigits": [
        "1" * 32, "1", "1" * 20, "12#", "*1", "ww1", "7", "#1", "ww", "1" * 33, "1" * 40, "12x", "1,2", "1-2", "1 2", "1\n", "\u0661\u0662",
    ],
    "Twiml": [TWIML],
}  # fmt: skip

# Calls that several parameters make what they are.
FORMS: list[Pairs] = [
    [("To", "sip:bob@example.com"), ("From", ""), ("Url", "https://a.example/x")],
    [("To", "client:joe"), ("Url", "https://a.example/x")],
    [("To", "client:joe"), ("From", "nobody"), ("Url", "https://a.example/x")],
    [("To", "+4930123456789"), ("From", "client:joe"), ("Url", "https://a.example/x")],
    [("From", FROM), ("Url", "https://a.example/x")],
    [("From", FROM), ("ApplicationSid", AP)],
    [("To", TO), ("Url", "https://a.example/x")],
    [("From", FROM), ("To", TO), ("Url", "https://a.example/x")],
    [("Url", "https://a.example/x"), ("To", TO), ("From", FROM)],
    form(To="client:a", From="client:Bob"),
    form(To="client:a", From="client:007"),
    form(To="sip:a@example.com", From="client:Bob"),
    form(To="sip:a@example.com", Url=None, Twiml=twiml(4500)),
    form(To="client:a", Timeout="900"),
    form(To="client:a", TimeLimit="60"),
    form(To="client:a", Record="true", Url="https://a.example/x%20y"),
    form(To="client:a", Byoc=BY),
    form(To="sip:a=b@example.com"),
    form(To="sip:a&b@example.com"),
    form(To="+12025550143", SipAuthUsername="bob", SipAuthPassword="s3cret!"),
    form(SipAuthPassword="s3cret!", Timeout="word"),
    form(Url=None, Twiml=TWIML),
    form(Url=None, Twiml=twiml(4000)),
    form(Url=None, Twiml=twiml(2000)),
    form(Url=None, Twiml=twiml(4001)),
    form(Url=None, Twiml=twiml(6000)),
    form(Url=None, Twiml=twiml(3900, "\u00e9")),
    form(Url=None, Twiml="<Response><!-- a --></Response>"),
    form(Url=None, Twiml='<?xml version="1.0"?><Response/>'),
    form(Url=None, Twiml="<Response><Say><![CDATA[a]]></Say></Response>"),
    form(Url=None, Twiml="<Response><Say>&#65;</Say></Response>"),
    form(Url=None, Twiml=TWIML, FallbackUrl="https://a.example/"),
    form(Url=None, Twiml=TWIML, Method="GET"),
    form(Url=None, Twiml=twiml(4001), ApplicationSid=AP),
    form(Url=None, ApplicationSid=AP),
    form(ApplicationSid=AP, StatusCallback="https://a.example/"),
    form(MachineDetection="Enable", SendDigits="1" * 33),
    form(MachineDetection="Enable", SendDigits="12"),
    form(MachineDetection="DetectMessageEnd", AsyncAmd="true"),
    form(MachineDetection="word", AsyncAmd="true"),
    form(("MachineDetection", "Enable"), (SILENCE, "1500")),
    form((SPEECH, "7000"), ("SendDigits", "1")),
    form(AsyncAmd="true", SendDigits="12", Record="true"),
    form(Timeout="900", Record="true"),
    form(Timeout="400", Record="true"),
    form(Timeout="150", TimeLimit="60"),
    form(Record="true", RecordingChannels="dual", Trim="do-not-trim"),
    form(RecordingTrack="inbound", RecordingChannels="mono", RecordingStatusCallbackMethod="POST"),
    form(RecordingTrack="outbound", RecordingChannels="dual"),
    form(Trim="do-not-trim", RecordingStatusCallbackEvent="absent"),
    form(Method="GET", StatusCallbackMethod="GET"),
    form(Method="GET", StatusCallbackMethod="GET", FallbackMethod="POST"),
    form(StatusCallback="https://a_b.example/", StatusCallbackEvent="ringing"),
    form(StatusCallback="https://a.example/", StatusCallbackEvent="ringing"),
    form(("StatusCallbackEvent", "completed"), ("StatusCallbackEvent", "initiated")),
    form(("StatusCallbackEvent", "completed"), ("StatusCallbackEvent", "busy")),
    form(("StatusCallbackEvent", "completed"), ("Timeout", "60"), ("StatusCallbackEvent", "ringing")),
    form(("StatusCallbackEvent", "busy"), ("StatusCallbackEvent", "completed")),
    form(*(("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered", "completed"))),
    form(*((f"Other{number}", "1") for number in range(30))),
    form(*((f"Other{number}", "1") for number in range(12)), ("Timeout", "word")),
    form(("Url", "https://b.example/")),
    form(Unknown="1"),
    form(Unknown="x" * 70_000),
    form(("To[]", "1")),
    form(("", "1")),
    form(StatusCallback="https://a.example/x"),
    [("From", FROM), ("Url", "https://a.example/x"), ("To", TO)],
    form(To="sip:a@example.com", SendDigits="x"),
    form(**{SILENCE: "1999"}, AsyncAmd="true"),
    form(Timeout=""),
    form(Method="PUT"),
    form(RecordingStatusCallbackEvent="absent completed", CallReason="x" * 40),
    form(CallReason="x", Url="https://a.example/x%20y"),
    form(CallReason="x"),
    form(CallReason="x", To="+12025550143"),
    *(form(**{name: ""}) for name in (
        "ApplicationSid", "AsyncAmd", "Byoc", "MachineDetection", "Record", "RecordingChannels", "RecordingTrack", "Trim", "CallReason",
        RSC + "Event", "StatusCallbackEvent", SPEECH_END, SPEECH, "CallerId",
    )),
    *(form(**{name: "DELETE"}) for name in METHODS),
    *(form(**{name: "ftp://a.example/"}) for name in ("AsyncAmdStatusCallback", RSC)),
    *(form(**{name: "x" * 60}) for name in ("SipAuthUsername", "SipAuthPassword")),
    form(CallToken="x"),
    form(Url=None),
    form(*((f"a{number}", "1") for number in range(1000))),
    *(form(**{name: "https://a.example/" + "x" * 300}) for name in ("FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", RSC)),
    *(form(**{name: value + "\n"}) for name, value in (
        ("AsyncAmd", "true"), ("MachineDetection", "Enable"), ("Record", "true"), ("RecordingChannels", "dual"), ("RecordingTrack", "both"),
    )),
    *(form(**{name: "3000.5"}) for name in (SPEECH_END, SPEECH, DETECTION)),
    form(Trim="Do-Not-Trim"),
    form(FallbackUrl="https://localhost/x"),
    form(FallbackUrl="http://a.example/x", Url="https://a.example/x"),
    form(From="12025550143"),
    form(**{SILENCE: " 3000"}),
    form(**{DETECTION: "0"}),
    form(SendDigits="A1"),
    form(StatusCallback="https://a:b@a.example/x"),
    form(TimeLimit="0"),
    form(Url=None, Twiml="<Response>"),
    form(Url="https://192.0.2.1/x"),
    [("Twiml", twiml(3900, "\u00e9")), ("From", FROM), ("To", TO)],
]  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request of the battery."""

    body: bytes
    method: str = "POST"
    more: tuple[tuple[str, Any], ...] = ()


def encoded(pairs: Pairs) -> bytes:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs).encode()


def strangers(caller: Any) -> list[str | None]:
    """Authorization headers that must not open."""
    sid, token = caller.settings.account_sid, caller.settings.auth_token
    own = caller.basic()
    return [
        None, caller.basic(token="x"), caller.basic(token=""), caller.basic(token=token[:8] + "x"), caller.basic(token=token[:-1]),
        caller.basic(token=token + "0"), caller.basic(token=token.upper()), caller.basic(user="AC" + "1" * 32), caller.basic(user=sid.upper()),
        caller.basic(user=token, token=sid), own.replace("Basic", "Digest"), f"Bearer {token}", f"Basic {sid}:{token}", "Basic ???",
        caller.basic(token="x" + token[1:]), caller.basic(token=token + " "), caller.basic(token=token + ":0"), caller.basic(user=sid[:-1] + "x"),
        caller.basic(token=token + "\0x"), caller.basic(token=sid),
    ]  # fmt: skip


FIRST_SID = Ledger(SEED).new_sid()


@lru_cache(maxsize=1)
def forms() -> list[bytes]:
    """Each value alone, and the calls of several parameters."""
    alone = [(name, value) for name, values in VALUES.items() for value in values]
    alone += [(name, word) for name in METHODS for word in ("GET", "POST", "FETCH", "TRACE", "GET\n", "\uff27\uff25\uff34")]
    return [encoded(form(**{name: value})) for name, value in alone] + [encoded(pairs) for pairs in FORMS]


def battery(caller: Any) -> list[Request]:
    """Requests among which every fault must show, in the order in which they are sent."""
    usual = encoded(form())
    requests = [Request(body) for body in forms()]
    # The same again, after a refusal, and a refused one again.
    bad, bad_digits = encoded(form(Timeout="word")), encoded(form(SendDigits="x"))
    recorded, other = encoded(form(Record="true")), encoded(form(To="+12025550143", From="+12025550144"))
    requests += [
        Request(body)
        for body in (usual, usual, bad, usual, other, bad, usual, bad, bad, bad, bad_digits, recorded, usual)
    ]
    detection = encoded(form(MachineDetection="Enable"))
    requests += [Request(body) for body in (detection, usual, other, recorded, usual, other, bad, usual)]
    raw = (
        usual.replace(b"To=%2B4", b"To=%2b%34"), usual.replace(b"Url", b"%55rl"), usual + b"&CallReason=two+words", usual.replace(b"%2F", b"%2f"),
        usual + b"&RecordingStatusCallbackEvent=completed+absent", usual + b"&CallReason=%zz", usual + b"&CallReason=%FF", usual + b"&CallReason=%C0%80", usual.replace(b"To=", b"To=%00"),
        usual + b"&CallReason=%00", usual.replace(b"%3A%2F%2F", b"://"), b"nothing", b"", encoded(form(To="client:Zo\u00eb")), encoded(form(From="client:Zo\u00eb", To="client:\u00e5sa")),
    )  # fmt: skip
    requests += [Request(body) for body in raw]
    requests += [Request(usual, more=(("content_type", "application/x-www-form-urlencoded; charset=utf-8"),))]
    requests += [Request(usual, more=(("content_type", ""),))]
    requests += [Request(usual, more=(("content_type", "application/json"),)), Request(usual, more=(("pieces", 3),))]
    requests += [Request(usual, more=(head,)) for head in (("accept", "*/*"), ("accept", "application/xml"), ("accept", None), ("closes", True))]
    framings = ((b"transfer-encoding", b"chunked"), (b"expect", b"100-continue"))
    requests += [Request(usual, more=(("framing", framing),)) for framing in framings]
    # The sids are those of the seed: this is the first call that a faithful emulator creates.
    requests += [Request(b"", "GET", (("path", caller.path.replace(".json", f"/{FIRST_SID}.json")),))]
    requests += [Request(usual, method) for method in ("PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS")]
    requests += [Request(usual, more=(("authorization", header),)) for header in strangers(caller)]
    elsewhere = caller.path.replace(caller.settings.account_sid, "AC" + "2" * 32)
    requests += [Request(usual, more=(("path", elsewhere),))]
    own = caller.settings.account_sid
    requests += [Request(usual, more=(("path", caller.path.replace(own, own[:-1] + ("0" if own[-1] != "0" else "1"))),))]
    return requests + [Request(body) for body in (*(usual, other) * 10, encoded(form(To="nothing")))]


@pytest.fixture(autouse=True, scope="module")
def _clock() -> Any:
    """Time stands still, so that two runs can be compared byte by byte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.emulator.app.time", type("Clock", (), {"time": staticmethod(lambda: 1.8e9)}))
        yield


def answers(caller: Any) -> list[Any]:
    sent: list[Any] = caller.send_all(
        [(request.method, request.body, dict(request.more)) for request in battery(caller)]
    )
    return sent


@pytest.fixture(scope="module")
def faithful(start: Any) -> list[Any]:
    return answers(start())


LONG_PERIOD = "sid-repeated-every-97th"
CONCURRENT = {name for name in FAULTS if name.startswith("concurrent-")}
FAILED = {HUNG, CLOSED, *range(500, 600)}


def what_differs(faithful: list[Any], faulty: list[Any]) -> list[tuple[int, int]]:
    """Pairs of statuses where two runs differ in their statuses."""
    return [(good.status, bad.status) for good, bad in zip(faithful, faulty, strict=True) if good.status != bad.status]


def of(*families: str, without: Collection[str] = ()) -> list[Any]:
    """The faults of some families as parameters; the quick tests take every fifth."""
    names = [name for name, fault in FAULTS.items() if fault.family in families and name not in without]
    return [name if i % 5 == 0 else pytest.param(name, marks=pytest.mark.slow) for i, name in enumerate(names)]


def test_faithful_answers_never_fail(faithful: list[Any]) -> None:
    assert not [answer for answer in faithful if answer.status in FAILED]


@pytest.mark.parametrize("name", of("accepts-forbidden"))
def test_fault_that_accepts_turns_only_refusals_into_calls(name: str, start: Any, faithful: list[Any]) -> None:
    changes = what_differs(faithful, answers(start(name)))
    assert changes
    assert all(good == 400 and bad == 201 for good, bad in changes)


@pytest.mark.parametrize("name", of("refuses-allowed"))
def test_fault_that_refuses_turns_only_calls_into_refusals(name: str, start: Any, faithful: list[Any]) -> None:
    changes = what_differs(faithful, answers(start(name)))
    assert changes
    assert all(good == 201 and bad == 400 for good, bad in changes)


@pytest.mark.parametrize("name", of("crashes"))
def test_fault_that_crashes_fails_where_the_faithful_answers(name: str, start: Any, faithful: list[Any]) -> None:
    changes = what_differs(faithful, answers(start(name)))
    assert changes
    # A call that was not created cannot be read either.
    assert all(bad in FAILED or (good, bad) == (200, 404) for good, bad in changes)


OF_CALLS = ("wrong-attribute", "wrong-envelope")


@pytest.mark.parametrize("name", of(*OF_CALLS))
def test_fault_of_calls_changes_created_calls_alone(name: str, start: Any, faithful: list[Any]) -> None:
    changed = [(good, bad) for good, bad in zip(faithful, answers(start(name)), strict=True) if good != bad]
    assert [good for good, _ in changed if good.status == 201]
    assert not [good for good, _ in changed if good.status >= 400]


OF_ELSE = ("state", "refusals", "encoding", "methods")


@pytest.mark.parametrize("name", of(*OF_ELSE, without={LONG_PERIOD, *CONCURRENT}))
def test_fault_of_another_family_shows(name: str, start: Any, faithful: list[Any]) -> None:
    assert faithful != answers(start(name))


def test_fault_of_a_long_period_shows_once_in_it(start: Any) -> None:
    caller = start(LONG_PERIOD)
    sids = [json.loads(caller.post(form()).body)["sid"] for _ in range(97)]
    assert len(set(sids)) == 96
    assert sids[96] == sids[95]


@pytest.mark.parametrize("name", of("access"))
def test_fault_of_access_changes_who_is_let_in(name: str, start: Any, faithful: list[Any]) -> None:
    changes = what_differs(faithful, answers(start(name)))
    assert changes
    assert all(401 in change or change == (404, 201) for change in changes)


@pytest.mark.parametrize("name", of("secrets"))
def test_fault_of_secrets_says_one(name: str, start: Any, faithful: list[Any]) -> None:
    caller = start(name)
    secrets = (caller.settings.auth_token.encode(), b"s3cret!")
    assert not any(secret in answer.body for answer in faithful for secret in secrets)
    assert any(secret in answer.body for answer in answers(caller) for secret in secrets)


@pytest.mark.parametrize("name", sorted(CONCURRENT))
def test_fault_of_concurrency_shows_with_two_calls_at_once_alone(name: str, start: Any) -> None:
    one = form(Timeout="word") if "accepts" in name else form()
    other = form(To=TO if "same-to" in name else "+12025550143", From="+12025550144")
    in_turn, faulty = start(), start(name)
    good = [in_turn.post(pairs) for pairs in (one, one, other)]
    assert [faulty.post(pairs) for pairs in (one, one, other)] == good

    def shows() -> bool:
        at_once = start(name)
        first = at_once.post(one)
        return [first, *at_once.post_at_once([one, other])] != good

    # On a busy machine two calls now and then miss each other.
    assert any(shows() for _ in range(20))


def test_fault_rows_are_slugs_with_one_line() -> None:
    for fault in FAULTS.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
        assert fault.summary[0].isalnum()
        assert "\n" not in fault.summary
        assert fault.hooks


def test_catalogue_holds_every_family_and_no_summary_twice() -> None:
    summaries = [fault.summary for fault in FAULTS.values()]
    assert len({fault.family for fault in FAULTS.values()}) == 11
    assert sorted({text for text in summaries if summaries.count(text) > 1}) == []


def test_unknown_fault_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="accepts-timeout-601"):
        find_fault("accept-timeout-601")


def test_two_faults_break_two_rules(start: Any) -> None:
    caller = start("accepts-timeout-601", "envelope-status-200")
    assert caller.post(form(Timeout="601")).status == 200
    assert caller.post(form(Timeout="602")).status == 400
