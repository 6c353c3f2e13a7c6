"""What the emulator accepts and refuses, parameter by parameter."""



from __future__ import annotations

import json
from typing import Any

import phonenumbers
import pytest

from harness.emulator.endpoints import is_dialable

FROM = "+15005550006"
AP, BY = "AP" + "0a" * 16, "BY" + "0B" * 16
METHODS = (
    "Method",
    "FallbackMethod",
    "StatusCallbackMethod",
    "RecordingStatusCallbackMethod",
    "AsyncAmdStatusCallbackMethod",
)
URLS = ("Url", "FallbackUrl", "StatusCallback", "RecordingStatusCallback", "AsyncAmdStatusCallback")
LABEL = "a" * 63

ACCEPTED: dict[str, list[str]] = {
    "To": ["+442079460018", "+12025550199", FROM, "sip:bob@example.com", "client:joe", "client:Joe_7", "sips:bob@example.com;transport=tcp"],
    "From": ["+15005550006", "+12025550143", "+12025550144"],
    "AsyncAmd": ["true", "false", ""],
    "MachineDetection": ["Enable", "DetectMessageEnd"],
    "MachineDetectionSilenceTimeout": ["2000", "10000", "4096"],
    "MachineDetectionSpeechEndThreshold": ["500", "5000", "512"],
    "MachineDetectionSpeechThreshold": ["1000", "6000", "2048"],
    "MachineDetectionTimeout": ["30"],
    "Timeout": ["1", "600", "60", "0060"],
    "TimeLimit": ["60", "3600", "9" * 5000],
    "Record": ["true", "false"],
    "RecordingChannels": ["mono", "dual"],
    "RecordingTrack": ["inbound", "outbound", "both"],
    "RecordingStatusCallbackEvent": ["in-progress", "completed", "absent", "in-progress completed absent"],
    "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    "Trim": ["trim-silence", "do-not-trim"],
    "ApplicationSid": [AP, "AP" + "F" * 32, "AP" + "0" * 32],
    "Byoc": [BY],
    "SendDigits": ["0", "0123456789#*w", "w" * 32],
    "CallReason": ["caf\u00e9", "\U0001f4de", "a" * 50],
    "CallToken": ["abc"],
    "CallerId": [FROM, "client:joe", "sip:bob@example.com"],
    "SipAuthUsername": ["bob"],
    "SipAuthPassword": ["s3cret"],
    "StatusCallback": [f"https://{LABEL}.example/", "https://a-b.1a.example", "http://A.EXAMPLE:8080/a_b?c=%20#d", "http://127.0.0.1:9/"],
    **{name: ["GET", "POST"] for name in METHODS},
}  # fmt: skip
GOOD_URLS = ["http://a.example", "https://a.example:8443/x/y?a=1&b=%20", "https://a.example/" + "x" * 1900]

REFUSED: dict[str, list[str]] = {
    "To": ["", "nobody", "+0123456789", "+1234567890123456", "client:", "+ABC", "+9991234567", "sip:", "+44207946001\u0668"],
    "From": ["", "nobody", "client:joe", "sip:bob@example.com", "+12125551234", "+15005550001"],
    "AsyncAmd": ["yes", "TRUE", "true\n"],
    "MachineDetection": ["enable", "On"],
    "MachineDetectionSilenceTimeout": ["1999", "10001", "-2000", "3000.5", "word", "9" * 5000, str(2**32 + 3000), "3_000", "\u0663\u0660\u0660\u0660"],
    "MachineDetectionSpeechEndThreshold": ["499", "5001", "0x300", "1200ms"],
    "MachineDetectionSpeechThreshold": ["999", "6001", "1e3"],
    "MachineDetectionTimeout": ["word", "30.5"],
    "Timeout": ["601", "9" * 30, "word", "30.5", "12abc", "-30"],
    "TimeLimit": ["word", "60.5"],
    "Record": ["True", "1", "always"],
    "RecordingChannels": ["stereo", "Dual", "mono\n"],
    "RecordingTrack": ["none", "Both"],
    "RecordingStatusCallbackEvent": ["busy", "completed busy", "completed,absent", "completed\n"],
    "StatusCallbackEvent": ["busy", "Initiated", "ringing\n"],
    "Trim": ["trim", "Trim-Silence", "trim_silence"],
    "ApplicationSid": [AP[:-1], AP + "0", AP + "\n", "AX" + "0" * 32, "ap" + "0" * 32, AP[:-1] + "g", AP[:-1] + "\u0661"],
    "Byoc": [BY[:-1], BY + "0", BY + "\n", "AP" + "0" * 32],
    "SendDigits": ["1" * 33, "12x", "1 2", "1\n", "\u0661", "1,2", "+1"],
    "Twiml": [],
    "StatusCallback": [
        "https://a_b.example/", "https://a..example/", "https://.example/", "https://-a.example/", "https://a-.example/", f"https://{LABEL}a.example/",
    ],
    **{name: ["FETCH", "GET\n", "TRACE"] for name in METHODS},
}  # fmt: skip
BAD_URLS = [
    "/x",
    "nothing",
    "https://",
    "https:///x",
    "https://a.example/x y",
    "a.example/x",
    "https:a.example",
    "https://:80/",
    "https://a.example\n",
]

Pairs = list[tuple[str, str]]


def usual(**changes: str | None) -> Pairs:
    base = {"To": "+442079460018", "From": FROM, "Url": "https://a.example/x", **changes}
    return [(name, value) for name, value in base.items() if value is not None]


def rows(table: dict[str, list[str]], urls: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in table.items() for value in values] + [
        (name, url) for name in URLS for url in urls
    ]


@pytest.mark.parametrize(("name", "value"), rows(ACCEPTED, GOOD_URLS))
def test_value_of_the_domain_creates_a_call(name: str, value: str, caller: Any) -> None:
    assert caller.post(usual(**{name: value})).status == 201


@pytest.mark.parametrize(("name", "value"), rows(REFUSED, BAD_URLS))
def test_value_outside_the_domain_is_refused(name: str, value: str, caller: Any) -> None:
    answer = caller.post(usual(**{name: value}))
    assert answer.status == 400
    document = json.loads(answer.body)
    assert set(document) == {"code", "message", "more_info", "status"}
    assert document["status"] == 400


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("From", FROM), ("Url", "https://a.example/")], 21201),
        (usual(To=""), 21201),
        (usual(To="nobody"), 21211),
        (usual(To="+15005550001"), 21217),
        (usual(To="+15005550002"), 21214),
        (usual(To="+15005550003"), 21215),
        (usual(To="+15005550004"), 21216),
        (usual(From="+12125551234"), 21210),
        (usual(From="+15005550001"), 21212),
        (usual(Url="nothing"), 21205),
        (usual(Url=None), 21205),
    ],
)
def test_refusal_has_the_live_services_code(pairs: Pairs, code: int, caller: Any) -> None:
    assert json.loads(caller.post(pairs).body)["code"] == code


@pytest.mark.parametrize(
    ("name", "value", "beside"),
    [
        ("Method", "FETCH", "ApplicationSid"),
        ("FallbackUrl", "nothing", "ApplicationSid"),
        ("FallbackMethod", "FETCH", "ApplicationSid"),
        ("StatusCallback", "nothing", "ApplicationSid"),
        ("StatusCallbackEvent", "busy", "ApplicationSid"),
        ("StatusCallbackMethod", "FETCH", "ApplicationSid"),
        ("MachineDetection", "On", "SendDigits"),
        ("Twiml", "x" * 4001, "Url"),
    ],
)
def test_parameter_that_is_ignored_is_not_judged(name: str, value: str, beside: str, caller: Any) -> None:
    company = {"ApplicationSid": AP, "SendDigits": "1", "Url": "https://a.example/"}
    assert caller.post(usual(**{name: value, beside: company[beside]})).status == 201
    alone = usual(**({"Url": None, "ApplicationSid": AP} if beside == "Url" else {}), **{name: value})
    assert caller.post(alone).status == 400


def test_byoc_is_judged_only_where_to_is_a_number(caller: Any) -> None:
    assert caller.post(usual(Byoc="x")).status == 400
    assert caller.post(usual(Byoc="x", To="client:joe")).status == 201


def test_twiml_is_counted_in_characters_not_in_bytes(caller: Any) -> None:
    assert caller.post(usual(Url=None, Twiml="\u00e9" * 4000)).status == 201
    assert caller.post(usual(Url=None, Twiml="a" * 4001)).status == 400


def test_every_status_callback_event_is_judged(caller: Any) -> None:
    event = "StatusCallbackEvent"
    assert caller.post([*usual(), (event, "completed"), (event, "initiated")]).status == 201
    assert caller.post([*usual(), (event, "completed"), (event, "busy")]).status == 400


def test_client_may_call_a_client_and_a_sip_address(caller: Any) -> None:
    assert caller.post(usual(To="client:a", From="client:b")).status == 201
    assert caller.post(usual(To="sip:a@example.com", From="client:b")).status == 201


@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
def test_number_that_a_plan_allows_can_be_called(kind: int, caller: Any) -> None:
    refused = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None or not phonenumbers.is_valid_number(example):
            continue
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        if 9 <= len(number) <= 16 and caller.post(usual(To=number)).status != 201:
            refused.append((region, number))
    assert refused == []


def test_every_assigned_calling_code_can_be_called() -> None:
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    assert [code for code in codes if not is_dialable(f"+{code}" + "2" * (11 - len(str(code))))] == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"&&&", b"=", b"%", b"%zz=%", b"To", b"To=%FF%FE", b"\xff\xfe\x00", b"To=\xed\xa0\x80", b"=&=&To=+&",
        b"&".join(b"a=1" for _ in range(20_000)), b"To=" + b"9" * 900_000, b"Timeout=" + b"9" * 100_000, b"To=client:\x00",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "application/json", "", "multipart/form-data"]
)
def test_malformed_form_is_refused_and_never_fails(body: bytes, content_type: str, caller: Any) -> None:
    assert caller.send("POST", body, content_type=content_type, patience=2.0).status == 400


def test_any_bytes_after_a_valid_call_never_fail(caller: Any) -> None:
    for byte in range(256):
        tail = b"&CallReason=" + bytes((byte,)) + b"&%" + bytes((byte,))
        body = b"To=%2B442079460018&From=%2B15005550006&Url=https://a.example/" + tail
        assert caller.send("POST", body).status in {201, 400}
