"""Variants that take what the description leaves open.

For rows of (slug, what is taken, parameter whose refusal is passed over, where).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

import re

from harness.emulator.faults.accepts import DETECTION, RSC_EVENT, SILENCE, SPEECH, SPEECH_END
from harness.emulator.faults.conditions import absent, both, either, matches, sent, unsent, value
from harness.emulator.hooks import Condition, Waive
from harness.emulator.ledger import Turn
from harness.emulator.variants.model import Variant

FAMILY = "takes-unclear"

_SHORT = r"\+?[1-9][0-9]{1,14}"
_SHAPED = r"(?!\+?[0-9]{16})\+?[(]?[1-9](?:[(). -]*[0-9]){2,14}[(). -]*"
_VANITY = r"\+?1?[ -]?[0-9]{3}[ -]?[A-Z]{4,8}"
_SIP = r"(?i)sips?:[^\s]+"
_OPEN_INTEGER = r" *[+-]?0*[0-9]{1,6}(\.0+)? *\n?"
_INSIDE = {SILENCE: (2000, 10000), SPEECH_END: (500, 5000), SPEECH: (1000, 6000), "Timeout": (-600, 600)}
_OTHER_URL = r"(?i)(ftp|ws|wss|rtmp|mailto|tel)://?[^\s/]\S*|https?://[^\s/?#:]+\S*\s+"
_EVENTS = re.compile("((initiated|ringing|answered|completed)[ ,]*)*")


def _inside(name: str) -> Condition:
    """The value is an integer in an unusual spelling, and in range once it is read."""
    low, high = _INSIDE[name]

    def holds(turn: Turn) -> bool:
        text = (turn.form.first(name) or "").strip()
        try:
            return low <= float(text) <= high and float(text) == int(float(text))
        except (ValueError, OverflowError):
            return False

    return both(matches(name, _OPEN_INTEGER), holds)


def _only_events(turn: Turn) -> bool:
    return all(_EVENTS.fullmatch(text) for text in turn.form.all("StatusCallbackEvent"))


_ROWS: tuple[tuple[str, str, tuple[Waive, ...]], ...] = (
    ("any-e164-to", "any number in E.164 form as To, whatever its plan says", (Waive("To", matches("To", _SHORT)),)),
    ("shaped-to", "a To with spaces, dots, brackets or without its plus", (Waive("To", matches("To", _SHAPED)),)),
    ("vanity-to", "a To with letters for digits", (Waive("To", matches("To", _VANITY)),)),
    ("any-sip-to", "SIP addresses with parameters, without a user, of other schemes", (Waive("To", matches("To", _SIP)),)),
    ("scheme-case", "To and From with their scheme in another letter case", (Waive("To", matches("To", "(?i)(client|sips?):.+")), Waive("From", both(matches("From", "(?i)client:.+"), matches("To", "(?i)(client|sips?):.*"))))),
    ("any-from", "a From number that the account does not own", (Waive("From", matches("From", _SHORT)),)),
    ("shaped-from", "a From with spaces, dots, brackets or without its plus", (Waive("From", matches("From", _SHAPED)),)),
    ("no-instructions", "a call without Url, Twiml and ApplicationSid", (Waive("Url", both(absent("Url"), unsent("Url", "Twiml", "ApplicationSid"))),)),
    ("spelled-integers", "integers with zeros before, a plus, spaces around or .0 after", tuple(Waive(name, _inside(name)) for name in _INSIDE)),
    ("any-detection-timeout", f"any integer as {DETECTION}", (Waive(DETECTION, matches(DETECTION, r"-?[0-9]+")),)),
    ("negative-timeout", "a negative Timeout", (Waive("Timeout", matches("Timeout", r"-[0-9]+")),)),
    ("events-with-spaces", "several of StatusCallbackEvent in one parameter", (Waive("StatusCallbackEvent", _only_events),)),
    ("recording-events-repeated", f"{RSC_EVENT} repeated, with commas or other gaps", (Waive(RSC_EVENT, matches(RSC_EVENT, "((in-progress|completed|absent)[ ,]*)+")),)),
    ("other-url-schemes", "URLs of other schemes", tuple(Waive(n, matches(n, _OTHER_URL)) for n in ("Url", "FallbackUrl", "AsyncAmdStatusCallback", "RecordingStatusCallback"))),
    ("url-text-beyond-ascii", "URLs with letters that are not ASCII", tuple(Waive(n, matches(n, r"https?://[^\s/?#:]+([/?#:]\S*)?")) for n in ("Url", "FallbackUrl", "AsyncAmdStatusCallback", "RecordingStatusCallback"))),
    ("relative-callbacks", "relative URLs for recordings and detection", (Waive("AsyncAmdStatusCallback", matches("AsyncAmdStatusCallback", r"/\S*")), Waive("RecordingStatusCallback", matches("RecordingStatusCallback", r"/\S*")))),
    ("any-caller-id", "any text as CallerId", (Waive("CallerId", sent("CallerId")),)),
    ("long-twiml-beside-url", "an over-long Twiml beside Url", (Waive("Twiml", sent("Url")),)),
    ("padded-words", "listed words and methods with spaces around", tuple(Waive(n, both(matches(n, r" *(GET|POST|true|false|mono|dual|inbound|outbound|both|trim-silence|do-not-trim|Enable|DetectMessageEnd) *"), either(matches(n, " .*"), matches(n, ".* ")))) for n in ("Method", "FallbackMethod", "Record", "Trim", "RecordingTrack"))),
    ("digits-w-capital", "SendDigits with A to D and W, and empty ones", (Waive("SendDigits", either(value("SendDigits", ""), matches("SendDigits", "[0-9#*wWA-D]{1,32}"))),)),
)  # fmt: skip

VARIANTS = tuple(Variant(slug, FAMILY, f"Takes {what}", waives) for slug, what, waives in _ROWS)
