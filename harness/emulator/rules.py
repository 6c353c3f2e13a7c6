"""The rules of single parameters, as a table.

For what one parameter's value must be like. To and From, which depend on each other and on the account, are in
``validate``. A new parameter is a new row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.emulator import errors
from harness.emulator.endpoints import is_phone, parse_endpoint
from harness.emulator.form import Form
from harness.emulator.urls import is_url, is_url_with_hostname

Test = Callable[[str], bool]
Moot = Callable[[Form], bool]

TWIML_LENGTH = 4000

_METHODS = frozenset({"HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"})
_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_SEND_DIGITS = re.compile(r"[0-9#*wWA-D]{1,32}", re.ASCII)
_RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value that is not empty must be like.

    Args:
        holds: whether a value keeps the rule.
        wants: what would keep it, for the refusal's message.
        code: the refusal's code.
        moot: where the parameter is ignored, and its value with it.
        each: whether every value of a repeated parameter is looked at, rather than the first.
    """

    holds: Test
    wants: str
    code: int = errors.BAD_PARAMETER
    moot: Moot | None = None
    each: bool = False


def beside(name: str) -> Moot:
    """Ignored where another parameter is sent."""
    return lambda form: form.has(name)


def _word(*words: str) -> Rule:
    return Rule(frozenset(words).__contains__, "one of " + ", ".join(words))


def _method(moot: Moot | None = None) -> Rule:
    return Rule(lambda value: value.upper() in _METHODS and value.isascii(), "GET or POST", errors.BAD_METHOD, moot)


def _url(code: int = errors.BAD_PARAMETER, moot: Moot | None = None) -> Rule:
    return Rule(is_url, "an absolute http or https URL", code, moot)


def _sid(prefix: str, code: int = errors.BAD_PARAMETER, moot: Moot | None = None) -> Rule:
    shape = re.compile(prefix + "[0-9a-fA-F]{32}", re.ASCII)
    return Rule(lambda value: bool(shape.fullmatch(value)), f"{prefix} and 32 hex digits", code, moot)


def _integer(low: int | None = None, high: int | None = None, code: int = errors.BAD_PARAMETER) -> Rule:
    bounds = "" if low is None else f" from {low} to {high}"
    return Rule(lambda value: _is_integer(value, low, high), f"an integer{bounds}", code)


def _is_integer(value: str, low: int | None, high: int | None) -> bool:
    if not _INTEGER.fullmatch(value):
        return False
    if low is None or high is None:
        return True
    # A number this long is out of every range; int() would refuse to read the longest of them.
    return len(value.lstrip("-0")) <= len(str(high)) and low <= int(value.lstrip("-0") or 0) * _sign(value) <= high


def _sign(value: str) -> int:
    return -1 if value.startswith("-") else 1


def _is_recording_events(value: str) -> bool:
    return all(event in _RECORDING_EVENTS for event in value.split(" ") if event)


def _text() -> Rule:
    return Rule(lambda value: True, "any text")


_application = beside("ApplicationSid")

RULES: dict[str, Rule] = {
    "ApplicationSid": _sid("AP", errors.BAD_APPLICATION_SID),
    "AsyncAmd": _word("true", "false"),
    "AsyncAmdStatusCallback": _url(),
    "AsyncAmdStatusCallbackMethod": _method(),
    "Byoc": _sid("BY", moot=lambda form: not is_phone(form.first("To"))),
    "CallReason": _text(),
    "CallToken": _text(),
    "CallerId": Rule(
        lambda value: parse_endpoint(value) is not None, "a number, SIP address or client", errors.BAD_FROM
    ),
    "FallbackMethod": _method(_application),
    "FallbackUrl": _url(moot=_application),
    "MachineDetection": Rule(
        frozenset({"Enable", "DetectMessageEnd"}).__contains__,
        "one of Enable, DetectMessageEnd",
        moot=beside("SendDigits"),
    ),
    "MachineDetectionSilenceTimeout": _integer(2000, 10000),
    "MachineDetectionSpeechEndThreshold": _integer(500, 5000),
    "MachineDetectionSpeechThreshold": _integer(1000, 6000),
    "MachineDetectionTimeout": _integer(3, 59),
    "Method": _method(_application),
    "Record": _word("true", "false"),
    "RecordingChannels": _word("mono", "dual"),
    "RecordingStatusCallback": _url(),
    "RecordingStatusCallbackEvent": Rule(_is_recording_events, "in-progress, completed or absent, a space between"),
    "RecordingStatusCallbackMethod": _method(),
    "RecordingTrack": _word("inbound", "outbound", "both"),
    "SendDigits": Rule(
        lambda value: bool(_SEND_DIGITS.fullmatch(value)), "at most 32 of 0-9, #, * and w", errors.BAD_SEND_DIGITS
    ),
    "SipAuthPassword": _text(),
    "SipAuthUsername": _text(),
    "StatusCallback": Rule(
        is_url_with_hostname, "an absolute URL with a valid host name", errors.BAD_STATUS_CALLBACK, _application
    ),
    "StatusCallbackEvent": Rule(
        frozenset({"initiated", "ringing", "answered", "completed"}).__contains__,
        "one of initiated, ringing, answered, completed",
        errors.BAD_STATUS_CALLBACK_EVENT,
        _application,
        each=True,
    ),
    "StatusCallbackMethod": _method(_application),
    "TimeLimit": _integer(),
    "Timeout": _integer(0, 600, errors.BAD_TIMEOUT),
    "Trim": _word("trim-silence", "do-not-trim"),
    "Twiml": Rule(lambda value: len(value) <= TWIML_LENGTH, f"at most {TWIML_LENGTH} characters", moot=beside("Url")),
    "Url": _url(errors.BAD_URL),
}
