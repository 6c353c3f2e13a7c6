"""Faults that accept what must be refused: one constraint of one parameter each.

For rows of (parameter, slug, what is accepted, where).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from harness.emulator.faults.conditions import (
    absent,
    between,
    blank,
    both,
    matches,
    no,
    sent,
    size,
    times,
    unsent,
    value,
    wraps,
)
from harness.emulator.faults.model import Fault, kebab
from harness.emulator.hooks import Condition, Waive

FAMILY = "accepts-forbidden"

SILENCE = "MachineDetectionSilenceTimeout"
SPEECH_END = "MachineDetectionSpeechEndThreshold"
SPEECH = "MachineDetectionSpeechThreshold"
DETECTION = "MachineDetectionTimeout"
SC_EVENT = "StatusCallbackEvent"
RSC_EVENT = "RecordingStatusCallbackEvent"

_FAR = 10**30
_WORD = r"[A-Za-z]{2,}"
_RELATIVE = r"/[^\s]*"
_TEXT = r"[A-Za-z ]+"
_HEX = "[0-9a-fA-F]"

Row = tuple[str, str, str, Condition]

_PARTIES: tuple[Row, ...] = (
    ("To", "absent", "that is absent", absent("To")),
    ("To", "empty", "with an empty value", blank("To")),
    ("To", "text", "of letters alone", matches("To", r"[A-Za-z ]+")),
    ("To", "plus-zero", "that begins with +0", matches("To", r"\+0[0-9]+")),
    ("To", "16-digits", "of 16 digits", matches("To", r"\+[1-9][0-9]{15}")),
    ("To", "many-digits", "of 17 digits or more", matches("To", r"\+[1-9][0-9]{16,}")),
    ("To", "nameless-client", "that is client: without a name", value("To", "client:")),
    ("To", "letters-after-plus", "with letters after the plus", matches("To", r"\+[A-Za-z]+")),
    ("To", "absent-with-application", "that is absent beside ApplicationSid", both(absent("To"), sent("ApplicationSid"))),
    ("From", "absent", "that is absent", absent("From")),
    ("From", "empty", "with an empty value", blank("From")),
    ("From", "text", "of letters alone", matches("From", r"[A-Za-z ]+")),
    ("From", "client-to-phone", "that is a client while To is a number", both(matches("From", "client:.+"), matches("To", r"\+.*"))),
    ("From", "empty-to-sip", "that is empty while To is a SIP address", both(blank("From"), matches("To", "sip:.*"))),
    ("From", "absent-to-client", "that is absent while To is a client", both(absent("From"), matches("To", "client:.*"))),
    ("From", "text-to-client", "of letters alone while To is a client", both(matches("From", r"[A-Za-z ]+"), matches("To", "client:.*"))),
    ("From", "client-to-foreign", "that is a client while To is a number outside the NANP", both(matches("From", "client:.+"), matches("To", r"\+[2-9].*"))),
    ("From", "sip-to-phone", "that is a SIP address while To is a number", both(matches("From", "sip:.+"), matches("To", r"\+.*"))),
)  # fmt: skip

_INTEGERS: tuple[Row, ...] = (
    (SILENCE, "1999", "one below its least", value(SILENCE, "1999")),
    (SILENCE, "10001", "one above its greatest", value(SILENCE, "10001")),
    (SILENCE, "far-above", "of 100000 and more", between(SILENCE, 100_000, _FAR)),
    (SILENCE, "zero", "of 0", value(SILENCE, "0")),
    (SILENCE, "negative", "that is in range without its sign", between(SILENCE, -10_000, -2_000)),
    (SILENCE, "word", "that is a word", matches(SILENCE, _WORD)),
    (SILENCE, "fraction", "with a fraction", matches(SILENCE, r"[0-9]+\.[0-9]*[1-9]")),
    (SILENCE, "wraps-32-bits", "that is in range modulo 2**32", wraps(SILENCE, 32, 2_000, 10_000)),
    (SILENCE, "below-without-detection", "below its least where MachineDetection is absent", both(between(SILENCE, 0, 1_999), unsent("MachineDetection"))),
    (SILENCE, "part-of-below", "from 1024 to 1535", between(SILENCE, 1_024, 1_535)),
    (SPEECH_END, "499", "one below its least", value(SPEECH_END, "499")),
    (SPEECH_END, "5001", "one above its greatest", value(SPEECH_END, "5001")),
    (SPEECH_END, "far-above", "of 50000 and more", between(SPEECH_END, 50_000, _FAR)),
    (SPEECH_END, "word", "that is a word", matches(SPEECH_END, _WORD)),
    (SPEECH_END, "trailing-letters", "with letters after its digits", matches(SPEECH_END, r"[0-9]+[A-Za-z]+")),
    (SPEECH_END, "other-range", "that fits MachineDetectionSpeechThreshold instead", between(SPEECH_END, 5_001, 6_000)),
    (SPEECH, "999", "one below its least", value(SPEECH, "999")),
    (SPEECH, "6001", "one above its greatest", value(SPEECH, "6001")),
    (SPEECH, "far-above", "of 60000 and more", between(SPEECH, 60_000, _FAR)),
    (SPEECH, "word", "that is a word", matches(SPEECH, _WORD)),
    (SPEECH_END, "fraction", "with a fraction", matches(SPEECH_END, r"[0-9]+\.[0-9]*[1-9]")),
    (SPEECH, "fraction", "with a fraction", matches(SPEECH, r"[0-9]+\.[0-9]*[1-9]")),
    (DETECTION, "fraction", "with a fraction", matches(DETECTION, r"[0-9]+\.[0-9]*[1-9]")),
    (SPEECH, "other-digits", "in digits of another script", matches(SPEECH, r"(?![0-9])\d+")),
    (SPEECH, "above-with-digits", "above its greatest beside SendDigits", both(between(SPEECH, 6_001, _FAR), sent("SendDigits"))),
    (DETECTION, "word", "that is a word", matches(DETECTION, _WORD)),
    (DETECTION, "hex", "in hexadecimal", matches(DETECTION, r"0x[0-9a-fA-F]+")),
    ("TimeLimit", "word", "that is a word", matches("TimeLimit", _WORD)),
    ("TimeLimit", "underscore", "with an underscore among its digits", matches("TimeLimit", r"[0-9]+_[0-9]+")),
    ("TimeLimit", "fraction", "with a fraction", matches("TimeLimit", r"[0-9]+\.[0-9]*[1-9]")),
    ("Timeout", "601", "one above its greatest", value("Timeout", "601")),
    ("Timeout", "far-above", "of 3600 and more", between("Timeout", 3_600, _FAR)),
    ("Timeout", "wraps-16-bits", "that is in range modulo 2**16", both(between("Timeout", 601, _FAR), wraps("Timeout", 16, 1, 600))),
    ("Timeout", "part-of-above", "from 1001 to 1100", between("Timeout", 1_001, 1_100)),
    ("Timeout", "word", "that is a word", matches("Timeout", _WORD)),
    ("Timeout", "fraction", "with a fraction", matches("Timeout", r"[0-9]+\.[0-9]*[1-9]")),
    ("Timeout", "unit", "with a unit after its digits", matches("Timeout", r"[0-9]+s")),
    ("Timeout", "above-when-recorded", "above its greatest beside Record", both(between("Timeout", 601, _FAR), value("Record", "true"))),
    (SILENCE, "any-number-with-async-amd", "out of its range beside AsyncAmd true", both(matches(SILENCE, "-?[0-9]{1,9}"), value("AsyncAmd", "true"))),
    ("Timeout", "above-to-client", "above its greatest where To is a client", both(between("Timeout", 601, _FAR), matches("To", "client:.*"))),
)  # fmt: skip

_WORDS: tuple[Row, ...] = (
    ("AsyncAmd", "word", "that is another word", no(matches("AsyncAmd", "(?i)true|false"))),
    ("AsyncAmd", "letter-case", "in another letter case", matches("AsyncAmd", "(?i)true|false")),
    ("AsyncAmd", "number", "that is 0 or 1", value("AsyncAmd", "0", "1")),
    ("MachineDetection", "word", "that is another word", no(matches("MachineDetection", "(?i)enable|detectmessageend"))),
    ("MachineDetection", "letter-case", "in another letter case", matches("MachineDetection", "(?i)enable|detectmessageend")),
    ("MachineDetection", "word-when-async", "that is another word beside AsyncAmd", sent("AsyncAmd")),
    ("RecordingChannels", "word", "that is another word", no(matches("RecordingChannels", "(?i)mono|dual"))),
    ("RecordingChannels", "stereo", "that is stereo", value("RecordingChannels", "stereo")),
    ("RecordingChannels", "letter-case", "in another letter case", matches("RecordingChannels", "(?i)mono|dual")),
    ("RecordingChannels", "word-without-record", "that is another word where Record is absent", both(no(matches("RecordingChannels", "(?i)mono|dual")), unsent("Record"))),
    ("RecordingTrack", "word", "that is another word", no(matches("RecordingTrack", "(?i)inbound|outbound|both"))),
    ("RecordingTrack", "letter-case", "in another letter case", matches("RecordingTrack", "(?i)inbound|outbound|both")),
    ("Trim", "word", "that is another word", no(matches("Trim", "(?i)trim-silence|do-not-trim"))),
    ("Trim", "letter-case", "in another letter case", matches("Trim", "(?i)trim-silence|do-not-trim")),
    ("Trim", "underscores", "with underscores for hyphens", matches("Trim", "trim_silence|do_not_trim")),
    ("Trim", "newline", "with a newline after it", matches("Trim", "(trim-silence|do-not-trim)\n")),
    ("Record", "word", "that is another word", matches("Record", "(?!(?i:true|false)$)[A-Za-z-]+")),
    ("Record", "number", "that is 0 or 1", value("Record", "0", "1")),
    ("Record", "letter-case", "in another letter case", matches("Record", "(?i)true|false")),
)  # fmt: skip

_NEWLINES: tuple[Row, ...] = tuple(
    (name, "trailing-newline", "with a newline after it", matches(name, "[A-Za-z-]+\n"))
    for name in (
        "AsyncAmd", "MachineDetection", "Record", "RecordingChannels", "RecordingTrack", "Method", "FallbackMethod",
        "RecordingStatusCallbackMethod", "AsyncAmdStatusCallbackMethod",
    )
)  # fmt: skip

_METHODS: tuple[Row, ...] = (
    ("Method", "word", "that is no method", matches("Method", "[A-Z]+")),
    ("Method", "other-method", "that is TRACE, OPTIONS or CONNECT", value("Method", "TRACE", "OPTIONS", "CONNECT")),
    ("FallbackMethod", "word", "that is no method", matches("FallbackMethod", "[A-Z]+")),
    ("FallbackMethod", "word-without-url", "that is no method where FallbackUrl is absent", unsent("FallbackUrl")),
    ("FallbackMethod", "wide", "in fullwidth letters", matches("FallbackMethod", "[\uff21-\uff3a]+")),
    ("StatusCallbackMethod", "word", "that is no method", matches("StatusCallbackMethod", "[A-Z]+")),
    ("StatusCallbackMethod", "newline", "with a newline after it", matches("StatusCallbackMethod", "(GET|POST)\n")),
    ("RecordingStatusCallbackMethod", "word", "that is no method", matches("RecordingStatusCallbackMethod", "[A-Z]+")),
    ("AsyncAmdStatusCallbackMethod", "word", "that is no method", matches("AsyncAmdStatusCallbackMethod", "[A-Z]+")),
)  # fmt: skip

_EVENTS: tuple[Row, ...] = (
    (SC_EVENT, "word", "that is unknown and alone", no(times(SC_EVENT, 2))),
    (SC_EVENT, "word-among", "that is unknown after a known one", both(value(SC_EVENT, "initiated", "ringing", "answered", "completed"), times(SC_EVENT, 2))),
    (SC_EVENT, "recording-event", "that RecordingStatusCallbackEvent knows", matches(SC_EVENT, "in-progress|absent")),
    (RSC_EVENT, "word", "that is unknown and alone", matches(RSC_EVENT, r"\S+")),
    (RSC_EVENT, "word-among", "that is unknown after a known one", matches(RSC_EVENT, "(in-progress|completed|absent) .*")),
)  # fmt: skip

_URLS: tuple[Row, ...] = (
    ("Url", "relative", "that is relative", matches("Url", _RELATIVE)),
    ("Url", "text", "that is plain text", matches("Url", _TEXT)),
    ("Url", "no-host", "without a host", matches("Url", r"https?://(/.*)?")),
    ("Url", "raw-space", "with a raw space", matches("Url", r"https?://\S+ .*")),
    ("Url", "no-scheme", "without a scheme", matches("Url", r"(?![a-z]+:)[a-z0-9-]+(\.[a-z0-9-]+)+(/\S*)?")),
    ("FallbackUrl", "text", "that is plain text", matches("FallbackUrl", _TEXT)),
    ("FallbackUrl", "relative", "that is relative", matches("FallbackUrl", _RELATIVE)),
    ("FallbackUrl", "no-host", "without a host", matches("FallbackUrl", r"https?://(/.*)?")),
    ("StatusCallback", "relative", "that is relative", matches("StatusCallback", _RELATIVE)),
    ("StatusCallback", "raw-space", "with a raw space", matches("StatusCallback", r"https?://\S+ .*")),
    ("StatusCallback", "underscore", "with an underscore in its host", matches("StatusCallback", r"https?://[^/]*_[^/]*(/\S*)?")),
    ("StatusCallback", "empty-label", "with an empty label in its host", matches("StatusCallback", r"https?://[^/]*\.\.[^/]*(/\S*)?")),
    ("StatusCallback", "long-label", "with a label of 64 characters", matches("StatusCallback", r"https?://([^/.]+\.)*[^/.]{64}(\.[^/]*)?(/\S*)?")),
    ("StatusCallback", "leading-hyphen", "with a label that begins with a hyphen", matches("StatusCallback", r"https?://([^/]*\.)?-[^/]*(/\S*)?")),
    ("StatusCallback", "trailing-hyphen", "with a label that ends with a hyphen", matches("StatusCallback", r"https?://[^/]*-(\.[^/]*)?(/\S*)?")),
    ("StatusCallback", "underscore-with-events", "with an underscore in its host beside StatusCallbackEvent", both(matches("StatusCallback", r"https?://[^/]*_[^/]*(/\S*)?"), sent(SC_EVENT))),
    ("AsyncAmdStatusCallback", "text", "that is plain text", matches("AsyncAmdStatusCallback", _TEXT)),
    ("RecordingStatusCallback", "text", "that is plain text", matches("RecordingStatusCallback", _TEXT)),
)  # fmt: skip


def _sid_rows(parameter: str, prefix: str) -> tuple[Row, ...]:
    return (
        (parameter, "trunk-prefix", "with the prefix TK", matches(parameter, f"TK{_HEX}{{32}}")),
        (parameter, "prefix", "with another prefix", matches(parameter, f"(?!{prefix})[A-Z]{{2}}{_HEX}{{32}}")),
        (
            parameter,
            "prefix-case",
            "with its prefix in lower case",
            matches(parameter, f"{prefix.lower()}{_HEX}{{32}}"),
        ),
        (parameter, "31-digits", "one digit short", matches(parameter, f"{prefix}{_HEX}{{31}}")),
        (parameter, "33-digits", "one digit long", matches(parameter, f"{prefix}{_HEX}{{33}}")),
        (
            parameter,
            "letter",
            "with a letter that is no hex digit",
            matches(parameter, f"{prefix}(?!{_HEX}{{32}}$)[0-9a-zA-Z]{{32}}"),
        ),
        (parameter, "newline", "with a newline after it", matches(parameter, f"{prefix}{_HEX}{{32}}\n")),
    )


_TEXTS: tuple[Row, ...] = (
    ("SendDigits", "33", "of 33 characters", size("SendDigits", 33)),
    ("SendDigits", "64", "of 34 to 64 characters", size("SendDigits", 34, 64)),
    ("SendDigits", "letter-x", "with the letter x", matches("SendDigits", "[0-9#*wx]{1,32}")),
    ("SendDigits", "comma", "with a comma", matches("SendDigits", "[0-9#*w,]{1,32}")),
    ("SendDigits", "hyphen", "with a hyphen", matches("SendDigits", "[0-9#*w-]{1,32}")),
    ("SendDigits", "space", "with a space", matches("SendDigits", "[0-9#*w ]{1,32}")),
    ("SendDigits", "newline", "with a newline after it", matches("SendDigits", "[0-9#*w]{1,32}\n")),
    ("SendDigits", "other-digits", "in digits of another script", matches("SendDigits", r"(?!.*[A-Za-z])\d{1,32}")),
    ("SendDigits", "any-to-sip", "of any kind where To is a SIP address", matches("To", "sip:.*")),
    ("SendDigits", "33-with-detection", "of 33 characters beside MachineDetection", both(size("SendDigits", 33), sent("MachineDetection"))),
    ("Twiml", "4001", "of 4001 characters", size("Twiml", 4001)),
    ("Twiml", "far-above", "of 5000 characters and more", size("Twiml", 5000, 10**7)),
    ("Twiml", "4001-with-application", "over-long beside ApplicationSid", sent("ApplicationSid")),
    ("Twiml", "over-long-to-sip", "over-long where To is no phone number", no(matches("To", r"\+.*"))),
)  # fmt: skip

_ROWS = (
    *_PARTIES,
    *_INTEGERS,
    *_WORDS,
    *_NEWLINES,
    *_METHODS,
    *_EVENTS,
    *_URLS,
    *_sid_rows("ApplicationSid", "AP"),
    *_sid_rows("Byoc", "BY"),
    *_TEXTS,
)

FAULTS = tuple(
    Fault(f"accepts-{kebab(parameter)}-{slug}", FAMILY, f"{parameter} {what} is accepted", (Waive(parameter, when),))
    for parameter, slug, what, when in _ROWS
)
