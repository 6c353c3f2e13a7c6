"""Faults that fail instead of answering: 5xx, a hang or a closed connection, on one value or combination each.

For rows of (slug, on what, hook).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from harness.emulator import errors
from harness.emulator.faults import effects
from harness.emulator.faults.accepts import DETECTION, RSC_EVENT, SC_EVENT, SILENCE, SPEECH, SPEECH_END
from harness.emulator.faults.conditions import (
    between,
    blank,
    body,
    both,
    either,
    framed,
    matches,
    method,
    named,
    no,
    pairs,
    sent,
    size,
    times,
    undocumented,
    unsent,
    untyped,
    value,
)
from harness.emulator.faults.model import Fault, kebab
from harness.emulator.hooks import CREATED, OTHER, REFUSED, Condition, HangUp, Hook, Pause, Refuse, Rework, always

FAMILY = "crashes"
_URLS = ("Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback")
HANG_S = 3600.0

ANY = (CREATED, REFUSED, OTHER)


def _crash(when: Condition, status: int = 500) -> Hook:
    return Refuse(when, status, errors.CRASH)


def _any_host(letter: str) -> Condition:
    return either(*(matches(name, rf"https?://[^/]*{letter}.*") for name in _URLS))


def _crash_whatever(when: Condition) -> Hook:
    return Rework(ANY, effects.crash, when)


_ROWS: tuple[tuple[str, str, Hook], ...] = (
    ("emoji", "an emoji in CallReason", _crash(matches("CallReason", ".*[\U00010000-\U0010ffff].*"))),
    ("non-ascii", "a letter outside Latin-1 in CallReason", _crash(matches("CallReason", ".*[\u0100-\uffff].*"))),
    ("send-digits-hash", "SendDigits that begin with #", _crash(matches("SendDigits", "#.*"))),
    ("send-digits-only-w", "SendDigits of w alone", _crash(matches("SendDigits", "w+"))),
    ("sip-port", "a SIP address with a port", _crash(matches("To", r"sip:[^@]+@[^@]+:[0-9]+"))),
    ("client-to-client", "a client calling a client", _crash(both(matches("From", "client:.*"), matches("To", "client:.*")))),
    ("timeout-255", "Timeout over 255", _crash(between("Timeout", 256, 600))),
    ("silence-multiple", f"{SILENCE} that is a multiple of 512", _crash(between(SILENCE, 2000, 10000, 512))),
    ("time-limit", "TimeLimit beside a client", _crash(both(sent("TimeLimit"), matches("To", "client:.*")))),
    ("dual-outbound", "dual channels of the outbound track", _crash(both(value("RecordingChannels", "dual"), value("RecordingTrack", "outbound")))),
    ("trim-absent-event", "do-not-trim with the event absent", _crash(both(value("Trim", "do-not-trim"), matches(RSC_EVENT, ".*absent.*")))),
    ("async-digits-recorded", "AsyncAmd, SendDigits and Record together", _crash(both(value("AsyncAmd", "true"), sent("SendDigits"), value("Record", "true")))),
    ("get-fallback-post", "Method GET with FallbackMethod POST and StatusCallbackMethod GET", _crash(both(value("Method", "GET"), value("FallbackMethod", "POST"), value("StatusCallbackMethod", "GET")))),
    ("three-events", "three or more of StatusCallbackEvent", _crash(times(SC_EVENT, 3))),
    ("twiml-cdata", "Twiml with a CDATA section", _crash(matches("Twiml", r".*<!\[CDATA\[.*"))),
    ("twiml-entity", "Twiml with a character reference", _crash(matches("Twiml", ".*&#.*"))),
    ("long-url", "a Url of 1024 characters or more", _crash(size("Url", 1024, 4000))),
    ("many-pairs", "forms of 25 pairs or more", _crash(pairs(25))),
    ("byoc-foreign", "Byoc with a number outside the NANP", _crash(both(sent("Byoc"), matches("To", r"\+[2-9].*")))),
    ("gateway", "FallbackUrl beside Twiml, as 502", _crash(sent("FallbackUrl", "Twiml"), 502)),
    ("put-as-method", "Method PUT, which need not be taken", _crash_whatever(value("Method", "PUT"))),
    ("timeout-0", "Timeout of 0, which need not be taken", _crash_whatever(value("Timeout", "0"))),
    ("empty-value", "a Timeout without a value", _crash_whatever(blank("Timeout"))),
    ("repeated", "Url given twice", _crash_whatever(times("Url", 2))),
    ("unknown-parameter", "a parameter that is not documented", _crash_whatever(undocumented)),
    ("bracket-in-name", "a bracket in the name of a parameter", _crash_whatever(named(r".*\[.*"))),
    ("nameless-pair", "a pair without a name", _crash_whatever(named(""))),
    ("chunked", "a body in chunks", _crash_whatever(framed("chunked"))),
    ("expect", "a body that was announced with Expect", _crash_whatever(framed("100-continue"))),
    ("no-content-type", "a body without a content type", _crash_whatever(both(method("POST"), untyped))),
    ("host-name", "a host name with an underscore in any URL", _crash_whatever(_any_host("_"))),
    ("huge-integer", "a Timeout of 20 digits or more", _crash_whatever(matches("Timeout", "[0-9]{20,}"))),
    ("word-as-integer", "a word as TimeLimit", _crash_whatever(matches("TimeLimit", "[a-z]+"))),
    ("no-such-scheme", "a Url of another scheme", _crash_whatever(both(sent("Url"), no(matches("Url", "(?i)https?:.*"))))),
    ("bad-escape", "a percent sign without two hex digits", _crash_whatever(body(rb"%(?![0-9A-Fa-f]{2})"))),
    ("bad-utf-8", "bytes that UTF-8 never has, FE and FF", _crash_whatever(body(rb"%[Ff][EeFf]|[\xfe\xff]"))),
    ("overlong-utf-8", "bytes that UTF-8 never has, C0 and C1", _crash_whatever(body(rb"%[Cc][01]|[\xc0\xc1]"))),
    ("nul-in-to", "a NUL character in To", _crash_whatever(matches("To", ".*\x00.*"))),
    ("nul", "a NUL character", _crash_whatever(body(rb"%00|\x00"))),
    ("no-equals", "a body without an equals sign", _crash_whatever(body(rb"^[^=]+$"))),
    ("empty-body", "a form that is empty", _crash_whatever(both(method("POST"), body(rb"^$")))),
    ("no-instructions", "a call that says nothing of what to do", _crash_whatever(both(sent("To"), unsent("Url", "Twiml", "ApplicationSid"), method("POST")))),
    ("thousands-of-pairs", "a form of a thousand pairs", _crash_whatever(pairs(1000))),
    ("valid-calls", "every valid call", _crash(always)),
    ("put", "PUT at the collection", _crash_whatever(method("PUT"))),
    ("delete", "DELETE at the collection", _crash_whatever(method("DELETE"))),
    ("hangs-on-sip", "a SIP address, without an answer", Pause(HANG_S, matches("To", "sip:.*"))),
    ("hangs-on-digits", "SendDigits of 20 characters or more, without an answer", Pause(HANG_S, size("SendDigits", 20, 32))),
    ("hangs-up-on-detection", "MachineDetection beside AsyncAmd, by closing the connection", HangUp(sent("MachineDetection", "AsyncAmd"))),
    ("hangs-up-on-dual", "dual channels, by closing the connection", HangUp(value("RecordingChannels", "dual"))),
    ("hangs-up-on-large-body", "a body of more than 64 KB, by closing the connection", HangUp(body(rb"(?s)^.{65537,}"))),
)  # fmt: skip

# One value of each parameter that nobody has to take, and nobody may fail on.
_UNCLEAR: tuple[tuple[str, str, Condition], ...] = (
    *((name, "without a value", blank(name)) for name in (
        "ApplicationSid", "AsyncAmd", "Byoc", "MachineDetection", "Record", "RecordingChannels", "RecordingTrack", "Trim", "CallReason",
        "RecordingStatusCallbackEvent", "StatusCallbackEvent", SPEECH_END, SPEECH,
    )),
    *((name, "that is DELETE", value(name, "DELETE")) for name in (
        "FallbackMethod", "StatusCallbackMethod", "RecordingStatusCallbackMethod", "AsyncAmdStatusCallbackMethod",
    )),
    *((name, "of another scheme", matches(name, "ftp:.*")) for name in ("AsyncAmdStatusCallback", "RecordingStatusCallback")),
    *((name, "of more than 50 characters", size(name, 51, 10_000)) for name in ("SipAuthUsername", "SipAuthPassword")),
    ("CallToken", "of any kind", sent("CallToken")),
    ("CallerId", "that is empty", blank("CallerId")),
    ("FallbackUrl", "at localhost", matches("FallbackUrl", "https?://localhost.*")),
    ("From", "without its plus", matches("From", "[0-9]+")),
    (SILENCE, "with spaces around it", matches(SILENCE, " .*|.* ")),
    (DETECTION, "of 0", value(DETECTION, "0")),
    ("SendDigits", "with A, B, C or D", matches("SendDigits", ".*[A-D].*")),
    ("StatusCallback", "with user info", matches("StatusCallback", "https?://[^/]*@.*")),
    ("TimeLimit", "of 0", value("TimeLimit", "0")),
    ("Twiml", "that is not well-formed", matches("Twiml", "<Response>")),
    ("Url", "at an IP address", matches("Url", r"https?://[0-9.]+/.*")),
)  # fmt: skip

FAULTS = tuple(
    Fault(f"crashes-{slug}" if not slug.startswith("hangs") else slug, FAMILY, f"The server fails on {what}", (hook,))
    for slug, what, hook in _ROWS
) + tuple(
    Fault(f"crashes-unclear-{kebab(name)}", FAMILY, f"The server fails on a {name} {what}", (_crash_whatever(when),))
    for name, what, when in _UNCLEAR
)
