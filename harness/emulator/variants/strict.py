"""Variants that refuse what the description leaves open.

For rows of (slug, what is refused, where).
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

import re
from collections.abc import Callable

from harness.emulator import errors
from harness.emulator.endpoints import NANP_DIGITS
from harness.emulator.faults.accepts import DETECTION, RSC_EVENT, SC_EVENT, SILENCE, SPEECH, SPEECH_END
from harness.emulator.faults.conditions import both, either, matches, no, sent
from harness.emulator.hooks import Condition, Refuse
from harness.emulator.ledger import Turn
from harness.emulator.rules import RULES
from harness.emulator.variants.model import Variant

FAMILY = "refuses-unclear"

METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", "RecordingStatusCallbackMethod", "AsyncAmdStatusCallbackMethod")
URLS = ("Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback")
INTEGERS = (SILENCE, SPEECH_END, SPEECH, DETECTION, "Timeout", "TimeLimit")
TEXTS = ("SipAuthUsername", "SipAuthPassword", "CallReason")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOCUMENTED = frozenset(RULES) | {"To", "From"}


def _each(names: tuple[str, ...], pattern: str) -> Condition:
    return either(*(matches(name, pattern) for name in names))


def _some_value(test: Callable[[str, str], bool]) -> Condition:
    return lambda turn: any(test(name, text) for name, text in turn.form.pairs)


def _twice(turn: Turn) -> bool:
    return any(len(turn.form.all(n)) > 1 for n in turn.form.names if n != SC_EVENT)


def _same_event_twice(turn: Turn) -> bool:
    events = turn.form.all(SC_EVENT)
    return len(set(events)) != len(events)


def _without_instructions(turn: Turn) -> bool:
    return not any(turn.form.has(name) for name in ("Url", "Twiml", "ApplicationSid"))


def _ignored_but_wrong(turn: Turn) -> bool:
    """A parameter that is ignored has a value that would be refused elsewhere."""
    for name in turn.form.names:
        rule = RULES.get(name)
        if rule and rule.moot and rule.moot(turn.form) and not all(rule.holds(v) for v in turn.form.all(name) if v):
            return True
    return False


def _not_plain_number(name: str) -> Condition:
    return both(sent(name), no(matches(name, r"\+[0-9]{8,15}|client:.*|sips?:.*")))


def _not_utf8(turn: Turn) -> bool:
    return any("\ufffd" in text for _, text in turn.form.pairs)


def _long_twiml(turn: Turn) -> bool:
    return len((turn.form.first("Twiml") or "").encode("utf-16-le")) > 8000


_ROWS: tuple[tuple[str, str, Condition], ...] = (
    ("plain-numbers-only", "numbers in another shape than E.164", either(_not_plain_number("To"), _not_plain_number("From"))),
    ("long-numbers-only", "numbers of fewer than 8 digits", matches("To", r"\+[0-9]{1,7}")),
    ("plain-sip-only", "sips, and SIP addresses with parameters, ports or headers", matches("To", r"sips:.*|sip:[^@]*@[^;?:]*[;?:].*|sip:[^@]*")),
    ("no-sip-from", "a SIP address as From", matches("From", "sips?:.*")),
    ("prose-methods-only", "callback methods other than GET and POST", _each(METHODS, "(?!(GET|POST)$).+")),
    ("no-empty-values", "parameters with an empty value", _some_value(lambda name, text: text == "")),
    ("no-unknown-parameters", "parameters that are not documented", _some_value(lambda name, text: name not in _DOCUMENTED)),
    ("nothing-twice", "a parameter given twice, save StatusCallbackEvent", _twice),
    ("no-event-twice", "the same StatusCallbackEvent twice", _same_event_twice),
    ("instructions-needed", "calls without Url, Twiml and ApplicationSid", _without_instructions),
    ("plain-integers-only", "integers with a sign, zeros before them or spaces around", _each(INTEGERS, r"[+-].*|0[0-9].*|\s.*|.*\s")),
    ("detection-timeout-30-only", f"{DETECTION} other than 30", both(sent(DETECTION), no(matches(DETECTION, "30")))),
    ("timeout-from-1", "a Timeout of 0 and less", matches("Timeout", r"0+|-.*")),
    ("time-limit-to-14400", "a TimeLimit of 0 and less, and over 14400", both(sent("TimeLimit"), no(matches("TimeLimit", r"[1-9][0-9]{0,3}|1[0-3][0-9]{3}|14[0-3][0-9]{2}|14400")))),
    ("plain-hosts-only", "URLs with user info, an IP address, a name without a dot or a fragment", _each(URLS, r"https?://([^/?#]*@.*|[0-9.]+([:/?#].*)?|\[.*|[^./?#]+([/?#].*)?|[^.#]*#.*|.*#.*)")),
    ("no-odd-escapes", "URLs with a percent sign without two hex digits, or what is not ASCII", _each(URLS, r"(.*%(?![0-9A-Fa-f]{2}).*|.*[^\x00-\x7f].*)")),
    ("lower-case-schemes", "URLs with an upper-case scheme", _each(URLS, r"(?!https?:)(?i:https?):.*")),
    ("url-to-2000", "URLs over 2000 characters", _each(URLS, r".{2001,}")),
    ("documented-keys-only", "SendDigits with A to D and W", matches("SendDigits", ".*[A-DW].*")),
    ("well-formed-twiml-only", "Twiml that is no well-formed document", both(sent("Twiml"), no(matches("Twiml", r"(<\?xml[^>]*\?>\s*)?<Response(\s[^>]*)?(/>|>.*</Response>)\s*")))),
    ("twiml-in-utf-16-units", "Twiml of more than 4000 UTF-16 units", _long_twiml),
    ("call-token-unknown", "a CallToken that it did not give out", sent("CallToken")),
    ("caller-id-owned", "a CallerId that is not the account's", lambda turn: turn.form.has("CallerId") and turn.form.first("CallerId") not in turn.settings.owned_numbers),
    ("texts-to-50", "texts of more than 50 characters", _each(TEXTS, r".{51,}")),
    ("no-control-characters", "control characters anywhere but in Twiml", _some_value(lambda name, text: name != "Twiml" and bool(_CONTROL.search(text)))),
    ("utf-8-only", "bytes that are no UTF-8", _not_utf8),
    ("ignored-but-wrong", "wrong values of parameters that are ignored", _ignored_but_wrong),
    ("sids-looked-up", "SIDs that it does not know, which are all", either(sent("ApplicationSid"), sent("Byoc"))),
    ("sids-looked-up-404", "SIDs that it does not know, as not found", either(sent("ApplicationSid"), sent("Byoc"))),
    ("short-recording-events", f"{RSC_EVENT} with two spaces between, or the same one twice", matches(RSC_EVENT, r".*  .*|.*\b(\S+)\b.* \1\b.*| .*|.* ")),
    ("nanp-plans-only", "American numbers that have not ten digits", matches("To", rf"\+1(?![0-9]{{{NANP_DIGITS - 1}}}$).*")),
)  # fmt: skip

_STATUS = {"sids-looked-up-404": 404, "no-unknown-parameters": 422, "texts-to-50": 413, "utf-8-only": 415}

VARIANTS = tuple(
    Variant(slug, FAMILY, f"Refuses {what}", (Refuse(when, _STATUS.get(slug, 400), errors.BAD_PARAMETER),))
    for slug, what, when in _ROWS
)
