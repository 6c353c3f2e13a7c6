"""Faults that refuse what must be accepted: one valid value, form or combination each.

For rows of (slug, what is refused, where).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

from harness.emulator.faults.accepts import DETECTION, RSC_EVENT, SC_EVENT, SILENCE, SPEECH, SPEECH_END
from harness.emulator.faults.conditions import (
    alike,
    apart,
    before,
    between,
    body,
    both,
    closing,
    content_type,
    differ,
    first,
    last,
    matches,
    no,
    pairs,
    sent,
    size,
    takes,
    times,
    unsent,
    value,
)
from harness.emulator.faults.model import Fault, kebab
from harness.emulator.hooks import Condition, Refuse
from harness.emulator.ledger import Turn

FAMILY = "refuses-allowed"
MANY_BYTES = 4000

Row = tuple[str, str, Condition]


def _many_bytes(turn: Turn) -> bool:
    return len((turn.form.first("Twiml") or "").encode()) > MANY_BYTES


_PARTIES: tuple[Row, ...] = (
    ("to-sip", "a SIP address as To", matches("To", "sip:.*")),
    ("to-sip-with-digits", "a SIP address with digits in its user", matches("To", r"sip:[^@]*[0-9][^@]*@.*")),
    ("to-sip-with-dot", "a SIP address with a dot in its user", matches("To", r"sip:[^@]*\.[^@]*@.*")),
    ("to-client", "a client as To", matches("To", "client:.*")),
    ("to-client-underscore", "a client with an underscore in its name", matches("To", "client:.*_.*")),
    ("to-client-digit", "a client whose name begins with a digit", matches("To", "client:[0-9].*")),
    ("to-client-capital", "a client with a capital in its name", matches("To", "client:.*[A-Z].*")),
    ("to-foreign", "a number outside the NANP as To", matches("To", r"\+[2-9].*")),
    ("to-britain", "a British number as To", matches("To", r"\+44.*")),
    ("to-denmark", "a Danish number as To", matches("To", r"\+45.*")),
    ("to-japan", "a Japanese number as To", matches("To", r"\+81.*")),
    ("to-long-number", "a To of 13 digits or more", matches("To", r"\+[0-9]{13,}")),
    ("to-short-number", "a To of 8 to 10 digits", matches("To", r"\+[0-9]{8,10}")),
    ("from-client", "a client as From of a client", both(matches("From", "client:.*"), matches("To", "client:.*"))),
    ("from-client-to-sip", "a client as From of a SIP address", both(matches("From", "client:.*"), matches("To", "sip:.*"))),
)  # fmt: skip

_INTEGERS: tuple[Row, ...] = (
    ("silence-timeout-2000", f"{SILENCE} at its least", value(SILENCE, "2000")),
    ("silence-timeout-10000", f"{SILENCE} at its greatest", value(SILENCE, "10000")),
    ("silence-timeout-part", f"{SILENCE} from 4096 to 4999", between(SILENCE, 4096, 4999)),
    ("silence-timeout-without-detection", f"{SILENCE} where MachineDetection is absent", both(sent(SILENCE), unsent("MachineDetection"))),
    ("speech-end-threshold-500", f"{SPEECH_END} at its least", value(SPEECH_END, "500")),
    ("speech-end-threshold-5000", f"{SPEECH_END} at its greatest", value(SPEECH_END, "5000")),
    ("speech-end-threshold-multiple", f"{SPEECH_END} that is a multiple of 1000", between(SPEECH_END, 500, 5000, 1000)),
    ("speech-threshold-1000", f"{SPEECH} at its least", value(SPEECH, "1000")),
    ("speech-threshold-6000", f"{SPEECH} at its greatest", value(SPEECH, "6000")),
    ("speech-threshold-odd", f"{SPEECH} that is odd", both(sent(SPEECH), no(between(SPEECH, 0, 10**6, 2)))),
    ("detection-timeout-30", f"{DETECTION} of 30", value(DETECTION, "30")),
    ("timeout-1", "Timeout of 1", value("Timeout", "1")),
    ("timeout-600", "Timeout at its greatest", value("Timeout", "600")),
    ("timeout-part", "Timeout from 257 to 300", between("Timeout", 257, 300)),
    ("timeout-power-of-two", "Timeout that is a power of two", value("Timeout", "64", "128", "256", "512")),
    ("timeout-one-digit", "Timeout of one digit", size("Timeout", 1)),
    ("timeout-99", "Timeout of 99", value("Timeout", "99")),
    ("time-limit-60", "TimeLimit of 60", value("TimeLimit", "60")),
    ("time-limit-3600", "TimeLimit of 3600", value("TimeLimit", "3600")),
    ("time-limit-beside-timeout", "TimeLimit beside Timeout", sent("TimeLimit", "Timeout")),
)  # fmt: skip

_WORDS: tuple[Row, ...] = (
    ("async-amd-false", "AsyncAmd false", value("AsyncAmd", "false")),
    ("detect-message-end", "MachineDetection DetectMessageEnd", value("MachineDetection", "DetectMessageEnd")),
    ("record-false", "Record false", value("Record", "false")),
    ("channels-dual", "RecordingChannels dual", value("RecordingChannels", "dual")),
    ("channels-without-record", "RecordingChannels where Record is absent", both(sent("RecordingChannels"), unsent("Record"))),
    ("track-inbound", "RecordingTrack inbound", value("RecordingTrack", "inbound")),
    ("track-both", "RecordingTrack both", value("RecordingTrack", "both")),
    ("trim-do-not-trim", "Trim do-not-trim", value("Trim", "do-not-trim")),
    ("method-get", "Method GET", value("Method", "GET")),
    ("fallback-method-get", "FallbackMethod GET", value("FallbackMethod", "GET")),
    ("fallback-method-alone", "FallbackMethod where FallbackUrl is absent", both(sent("FallbackMethod"), unsent("FallbackUrl"))),
    ("status-callback-method-get", "StatusCallbackMethod GET", value("StatusCallbackMethod", "GET")),
    ("recording-method-post", "RecordingStatusCallbackMethod POST", value("RecordingStatusCallbackMethod", "POST")),
    ("async-amd-method-get", "AsyncAmdStatusCallbackMethod GET", value("AsyncAmdStatusCallbackMethod", "GET")),
    ("event-initiated", "StatusCallbackEvent initiated", matches(SC_EVENT, "initiated")),
    ("event-completed", "StatusCallbackEvent completed", matches(SC_EVENT, "completed")),
    ("event-repeated", "StatusCallbackEvent more than once", times(SC_EVENT, 2)),
    ("event-four-times", "StatusCallbackEvent four times", times(SC_EVENT, 4)),
    ("event-out-of-order", "StatusCallbackEvent completed before another", both(value(SC_EVENT, "completed"), times(SC_EVENT, 2))),
    ("recording-event-absent", "RecordingStatusCallbackEvent absent", matches(RSC_EVENT, ".*absent.*")),
    ("recording-events-two", "two recording events in one parameter", matches(RSC_EVENT, r"\S+ \S+.*")),
    ("recording-events-three", "three recording events in one parameter", matches(RSC_EVENT, r"\S+ \S+ \S+")),
)  # fmt: skip

_URLS: tuple[Row, ...] = (
    ("url-http", "an http Url", matches("Url", "http:.*")),
    ("url-port", "a Url with a port", matches("Url", r"https?://[^/]*:[0-9]+.*")),
    ("url-query", "a Url with a query", matches("Url", r".*\?.*")),
    ("url-without-path", "a Url without a path", matches("Url", r"https?://[^/]*")),
    ("url-percent", "a Url with percent-encoding", matches("Url", r".*%[0-9A-Fa-f]{2}.*")),
    ("url-long", "a Url of 256 characters or more", size("Url", 256, 4000)),
    *((f"{kebab(name)}-long", f"{name} of 256 characters and more", size(name, 256, 4000)) for name in (
        "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback",
    )),
    ("url-capital-host", "a Url with capitals in its host", matches("Url", r"https?://[^/]*[A-Z].*")),
    ("url-long-ending", "a Url whose host ends in a label of 4 letters or more", matches("Url", r"https?://[^/:]*\.[a-z]{4,}([:/].*)?")),
    ("fallback-url-query", "a FallbackUrl with a query", matches("FallbackUrl", r".*\?.*")),
    ("fallback-url-without-url", "a FallbackUrl where Url is absent", both(sent("FallbackUrl"), unsent("Url"))),
    ("method-get-without-url", "Method GET where Url is absent", both(value("Method", "GET"), unsent("Url"))),
    ("fallback-url-alone", "a FallbackUrl where FallbackMethod is absent", both(sent("FallbackUrl"), unsent("FallbackMethod"))),
    ("status-callback-port", "a StatusCallback with a port", matches("StatusCallback", r"https?://[^/]*:[0-9]+.*")),
    ("status-callback-hyphen", "a StatusCallback with a hyphen in its host", matches("StatusCallback", r"https?://[^/]*-.*")),
    ("async-amd-status-callback-xn", "an AsyncAmdStatusCallback with two hyphens in a row in its host", matches("AsyncAmdStatusCallback", r"https?://[^/]*--.*")),
    ("status-callback-hyphen-ending", "a StatusCallback whose host ends in a label with a hyphen", matches("StatusCallback", r"https?://[^/:]*\.[a-z]+-[^/:.]*([:/].*)?")),
    ("status-callback-digit", "a StatusCallback whose host begins with a digit", matches("StatusCallback", r"https?://[0-9].*")),
    ("status-callback-underscore-path", "a StatusCallback with an underscore in its path", matches("StatusCallback", r"https?://[^/]+/.*_.*")),
    ("status-callback-63-label", "a StatusCallback with a label of 63 characters", matches("StatusCallback", r"https?://([^/.]+\.)*[^/.]{63}(\..*)?")),
    ("async-amd-callback-http", "an http AsyncAmdStatusCallback", matches("AsyncAmdStatusCallback", "http:.*")),
    ("recording-callback-query", "a RecordingStatusCallback with a query", matches("RecordingStatusCallback", r".*\?.*")),
    ("recording-callback-without-record", "a RecordingStatusCallback where Record is absent", both(sent("RecordingStatusCallback"), unsent("Record"))),
)  # fmt: skip

_TEXTS: tuple[Row, ...] = (
    ("application-sid-capitals", "an ApplicationSid with hex capitals", matches("ApplicationSid", "AP.*[A-F].*")),
    ("application-sid-digits", "an ApplicationSid of decimal digits", matches("ApplicationSid", "AP[0-9]{32}")),
    ("application-sid-beside-url", "an ApplicationSid beside a Url", sent("ApplicationSid", "Url")),
    ("application-sid-alone", "an ApplicationSid without Url and Twiml", both(sent("ApplicationSid"), unsent("Url", "Twiml"))),
    ("byoc-capitals", "a Byoc with hex capitals", matches("Byoc", "BY.*[A-F].*")),
    ("byoc-to-client", "a Byoc where To is no phone number", both(sent("Byoc"), no(matches("To", r"\+.*")))),
    ("call-reason-accents", "a CallReason with accents", matches("CallReason", ".*[\u00c0-\u024f].*")),
    ("call-reason-emoji", "a CallReason with an emoji", matches("CallReason", ".*[\U0001f300-\U0001faff].*")),
    ("call-reason-cjk", "a CallReason in Chinese characters or kana", matches("CallReason", ".*[\u3040-\u9fff].*")),
    ("call-reason-right-to-left", "a CallReason in Hebrew or Arabic letters", matches("CallReason", ".*[\u0590-\u06ff].*")),
    ("call-reason-50", "a CallReason of 50 characters", size("CallReason", 50)),
    ("call-reason-one-letter", "a CallReason of one character", size("CallReason", 1)),
    ("call-reason-quote", "a CallReason with an apostrophe", matches("CallReason", ".*'.*")),
    ("caller-id", "a CallerId", sent("CallerId")),
    ("sip-auth-to-phone", "SIP credentials where To is a phone number", both(sent("SipAuthUsername"), matches("To", r"\+.*"))),
    ("sip-auth-sign", "a SipAuthPassword with a sign that is neither letter nor digit", matches("SipAuthPassword", r".*[^A-Za-z0-9].*")),
    ("send-digits-32", "SendDigits of 32 characters", size("SendDigits", 32)),
    ("send-digits-one", "SendDigits of one character", size("SendDigits", 1)),
    ("send-digits-17", "SendDigits of 17 characters and more", size("SendDigits", 17, 32)),
    ("send-digits-hash", "SendDigits with a #", matches("SendDigits", ".*#.*")),
    ("send-digits-star-first", "SendDigits that begin with *", matches("SendDigits", r"\*.*")),
    ("send-digits-w", "SendDigits with a w", matches("SendDigits", ".*w.*")),
    ("send-digits-seven", "SendDigits with a 7", matches("SendDigits", ".*7.*")),
    ("twiml-4000", "Twiml of 4000 characters", size("Twiml", 4000)),
    ("twiml-2000", "Twiml of 2000 characters and more", size("Twiml", 2000, 4000)),
    ("twiml-many-bytes", "Twiml of 4000 characters at most but more bytes", _many_bytes),
    ("twiml-comment", "Twiml with a comment", matches("Twiml", ".*<!--.*")),
    ("twiml-declaration", "Twiml with an XML declaration", matches("Twiml", r"<\?xml.*")),
    ("twiml-non-ascii", "Twiml with a letter that is not ASCII", matches("Twiml", ".*[^\x00-\x7f].*")),
    ("twiml-alone", "Twiml without Url", both(sent("Twiml"), unsent("Url"))),
    ("twiml-beside-url", "Twiml beside Url", sent("Twiml", "Url")),
)  # fmt: skip

_COMPANY: tuple[Row, ...] = (
    ("detection-beside-digits", "MachineDetection beside SendDigits", sent("MachineDetection", "SendDigits")),
    ("recorded-dual-untrimmed", "Record, dual channels and do-not-trim together", both(value("Record", "true"), value("RecordingChannels", "dual"), value("Trim", "do-not-trim"))),
    ("async-message-end", "AsyncAmd true with DetectMessageEnd", both(value("AsyncAmd", "true"), value("MachineDetection", "DetectMessageEnd"))),
    ("async-amd-without-detection", "AsyncAmd where MachineDetection is absent", both(sent("AsyncAmd"), unsent("MachineDetection"))),
    ("get-and-get", "Method and StatusCallbackMethod both GET", both(value("Method", "GET"), value("StatusCallbackMethod", "GET"))),
    ("client-recorded", "Record true where To is a client", both(value("Record", "true"), matches("To", "client:.*"))),
    ("inbound-mono-post", "an inbound track, mono, with a POST callback", both(value("RecordingTrack", "inbound"), value("RecordingChannels", "mono"), value("RecordingStatusCallbackMethod", "POST"))),
    ("timeout-when-recorded", "Timeout over 300 beside Record", both(between("Timeout", 301, 600), value("Record", "true"))),
    ("ignored-with-application", "StatusCallback beside ApplicationSid", sent("ApplicationSid", "StatusCallback")),
    ("many-parameters", "forms of 20 pairs or more", pairs(20)),
    ("large-bodies", "bodies of more than 3000 bytes", body(rb"(?s).{3001}")),
    ("exactly-seven-parameters", "forms of exactly 7 pairs", both(pairs(7), no(pairs(8)))),
    ("url-as-status-callback", "a Url that is the StatusCallback too", alike("Url", "StatusCallback")),
    ("callback-at-other-host", "a StatusCallback at another host than Url's", differ("Url", "StatusCallback", "//[^/?]+")),
    ("fallback-by-other-scheme", "a FallbackUrl of another scheme than Url's", differ("Url", "FallbackUrl", "^https?")),
    ("from-before-to", "From before To", before("From", "To")),
    ("url-before-to", "Url before To", before("Url", "To")),
    ("to-last", "To after all others", last("To")),
    ("events-apart", "values of StatusCallbackEvent with anything else between them", apart(SC_EVENT)),
    ("from-first", "From before all others", first("From")),
)  # fmt: skip

_ENCODING: tuple[Row, ...] = (
    ("encoded-letters", "letters that are percent-encoded without need", body(rb"%[46][1-9A-Fa-f]|%[57][0-9Aa]")),
    ("lower-hex", "percent-encoding in lower-case hex", body(rb"%(?:[0-9][a-f]|[a-f][0-9a-f])")),
    ("space-as-percent", "a space as %20", body(rb"%20")),
    ("space-as-plus", "a space as a plus", body(rb"\+")),
    ("charset", "a charset in the content type", content_type("charset")),
    ("literal-signs", "slashes and colons that are not percent-encoded", body(rb"=[^&]*[:/]")),
    ("segments", "a body that comes in pieces", lambda turn: turn.pieces > 1),
    ("many-segments", "a body that comes in more than two pieces", lambda turn: turn.pieces > 2),
    ("closing", "a request that asks to close its connection", closing),
    ("any-type", "a request that accepts any type", takes("*/*")),
    ("bare", "a request that does not say what it accepts", takes(None)),
    ("non-ascii", "what is not ASCII", body(rb"%[89A-Fa-f][0-9A-Fa-f]|[\x80-\xff]")),
)  # fmt: skip

_ROWS = (*_PARTIES, *_INTEGERS, *_WORDS, *_URLS, *_TEXTS, *_COMPANY, *_ENCODING)

FAULTS = tuple(
    Fault(f"refuses-{slug}", FAMILY, f"{what[0].upper()}{what[1:]} is refused", (Refuse(when),))
    for slug, what, when in _ROWS
)
