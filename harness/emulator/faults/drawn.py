"""Faults that nobody thought of: a seed draws a family, a condition of it and an effect.

A fixed catalogue wears out, since a judge is tuned to it; seeds do not end. Each drawn fault breaks one rule, in one
place that a client can meet: a value, a range, a length, a letter, a combination, an encoding, a count or a state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from harness.emulator import errors
from harness.emulator.faults import effects
from harness.emulator.faults.conditions import (
    after,
    after_refusal,
    between,
    body,
    both,
    content_type,
    every,
    from_form,
    matches,
    overtaken,
    same_again,
    sent,
    size,
    unsent,
    value,
    wraps,
)
from harness.emulator.faults.model import Fault
from harness.emulator.faults.state import GAP_S
from harness.emulator.hooks import CREATED, Condition, Edit, Hook, Pause, Refuse, Rework, Waive

PREFIX = "drawn-"

_METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", "RecordingStatusCallbackMethod", "AsyncAmdStatusCallbackMethod")
_CLOSED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_METHODS, ("GET", "POST")),
    "AsyncAmd": ("true", "false"),
    "MachineDetection": ("Enable", "DetectMessageEnd"),
    "Record": ("true", "false"),
    "RecordingChannels": ("mono", "dual"),
    "RecordingTrack": ("inbound", "outbound", "both"),
    "Trim": ("trim-silence", "do-not-trim"),
}
_RANGES = {
    "MachineDetectionSilenceTimeout": (2000, 10000),
    "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSpeechThreshold": (1000, 6000),
    "Timeout": (1, 600),
}
_LENGTHS = {
    "SendDigits": (1, 32), "CallReason": (1, 50), "SipAuthUsername": (1, 50), "SipAuthPassword": (1, 50), "Twiml": (30, 4000),
    "Url": (30, 250), "StatusCallback": (30, 250), "FallbackUrl": (30, 250),
}
_LETTERS = {
    "SendDigits": "0123456789#*w",
    "CallReason": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-'",
    "Url": "abcdefghijklmnopqrstuvwxyz0123456789-_.~?&=%:",
    "StatusCallback": "abcdefghijklmnopqrstuvwxyz0123456789-.~?&=%:",
    "ApplicationSid": "abcdefABCDEF0123456789",
    "Byoc": "abcdefABCDEF0123456789",
}
_SCRIPTS = (
    ("Latin letters with accents", "\u00c0-\u024f"), ("Greek", "\u0370-\u03ff"), ("Cyrillic", "\u0400-\u04ff"), ("Hebrew", "\u0590-\u05ff"),
    ("Arabic", "\u0600-\u06ff"), ("Chinese characters", "\u4e00-\u9fff"), ("emoji", "\U0001f000-\U0001faff"),
)
_FORBIDDEN = {
    "SendDigits": "x,-. +/pP&", "ApplicationSid": "gGzZ-_ ", "Byoc": "gGzZ-_ ",
}
_PRESENT = (
    *_CLOSED, "CallerId", "CallReason", "FallbackUrl", "MachineDetectionTimeout", "RecordingStatusCallback", "SendDigits",
    "SipAuthUsername", "StatusCallback", "StatusCallbackEvent", "TimeLimit", "Timeout", "Twiml", "Url", "ApplicationSid",
)
_SPACED = ("CallReason", "Twiml", "RecordingStatusCallbackEvent", "SipAuthUsername")
_TEXTS = ("CallReason", "Url", "StatusCallback", "To", "Twiml", "FallbackUrl")

Drawn = tuple[str, Condition]
Family = Callable[[Random], tuple[str, tuple[Hook, ...]]]


@dataclass(frozen=True, slots=True)
class _Effect:
    """What happens where a condition holds: words that follow it, and how."""

    words: str
    hook: Callable[[Condition], Hook]


_EFFECTS = (
    _Effect("is refused", Refuse),
    _Effect("fails with 500", lambda when: Refuse(when, 500, errors.CRASH)),
    _Effect("fails with 503", lambda when: Refuse(when, 503, errors.CRASH)),
    _Effect("is answered with 200", lambda when: Rework((CREATED,), effects.status(200), when)),
    _Effect("says back From as to", lambda when: Edit(effects.said("to", "From"), when)),
    _Effect("says back another from", lambda when: Edit(effects.put("from", "+13125550199"), when)),
    _Effect("has an unknown status", lambda when: Edit(effects.put("status", "pending"), when)),
    _Effect("has a number as duration", lambda when: Edit(effects.put("duration", 0), when)),
    _Effect("has a direction of its own", lambda when: Edit(effects.put("direction", "outbound"), when)),
    _Effect("has another account", lambda when: Edit(effects.put("account_sid", "AC" + "0" * 32), when)),
    _Effect("has a price unit that is a sign", lambda when: Edit(effects.put("price_unit", "$"), when)),
    _Effect("has an end already", lambda when: Edit(effects.copy_of("end_time", "date_created"), when)),
    _Effect("has a date in ISO 8601", lambda when: Edit(effects.put("date_created", "2026-01-31T12:00:00Z"), when)),
    _Effect("gets the sid of the call before", lambda when: Edit(effects.from_last_call("sid", "uri"), when)),
    _Effect("lacks its uri", lambda when: Edit(effects.drop("uri"), when)),
)


def _with_effect(rng: Random, found: Drawn) -> tuple[str, tuple[Hook, ...]]:
    effect = rng.choice(_EFFECTS)
    return f"{found[0]} {effect.words}", (effect.hook(found[1]),)


def _to_kind(rng: Random) -> Drawn:
    words, pattern = rng.choice((("To a client", "client:.*"), ("To a SIP address", "sip:.*"), ("To a number", r"\+.*")))
    return words, matches("To", pattern)


def _combination(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """Two to four parameters, each with one value, there at all, or not there."""
    parts: list[Drawn] = [_to_kind(rng)] if rng.random() < 0.3 else []
    count = rng.choice((2, 2, 3, 3, 4))
    names = rng.sample(sorted(set(_PRESENT)), count - len(parts))
    for name in names:
        roll = rng.random()
        if name in _CLOSED and roll < 0.75:
            chosen = rng.choice(_CLOSED[name])
            parts.append((f"{name}={chosen}", value(name, chosen)))
        elif roll < 0.9:
            parts.append((f"{name}", sent(name)))
        else:
            parts.append((f"no {name}", unsent(name)))
    return _with_effect(rng, ("A call with " + ", ".join(text for text, _ in parts), both(*(test for _, test in parts))))


def _sub_range(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """A part of an integer's valid range."""
    name = rng.choice(sorted(_RANGES))
    low, high = _RANGES[name]
    kind = rng.randrange(4)
    if kind == 0:
        step = rng.choice((7, 16, 100, 128, 250, 256, 512))
        return _with_effect(rng, (f"{name} that is a multiple of {step}", between(name, low, high, step)))
    if kind == 1:
        power = rng.choice([2**n for n in range(16) if low <= 2**n <= high])
        return _with_effect(rng, (f"{name} of {power}", between(name, power, power)))
    width = int((high - low) * rng.choice((0.03, 0.06, 0.12, 0.25, 0.5)))
    start = rng.randint(low, high - width)
    return _with_effect(rng, (f"{name} from {start} to {start + width}", between(name, start, start + width)))


def _outside(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """A part of the integers outside a valid range is accepted."""
    name = rng.choice(sorted(_RANGES))
    low, high = _RANGES[name]
    kind = rng.randrange(4)
    if kind == 0:
        bits = rng.choice((16, 32, 64))
        return f"{name} that is in range modulo 2**{bits} is accepted", (Waive(name, wraps(name, bits, low, high)),)
    if kind == 1:
        start = high + rng.choice((1, 100, 1000))
        end = start + rng.choice((99, 999, 9999))
    elif kind == 2 and name != "Timeout":
        start, end = -high, -low
    elif name != "Timeout":
        width = int(low * rng.choice((0.1, 0.25, 0.5)))
        start = rng.randint(0, low - width - 1)
        end = start + width
    else:
        start, end = high + 1, high + 400
    return f"{name} from {start} to {end} is accepted", (Waive(name, between(name, start, end)),)


def _length(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """A text of certain lengths."""
    name = rng.choice(sorted(_LENGTHS))
    low, high = _LENGTHS[name]
    start = rng.randint(low, high)
    end = start if high <= 64 and rng.random() < 0.5 else min(high, start + max(2, (high - low) // rng.choice((4, 8, 16))))
    extent = f"{start}" if start == end else f"{start} to {end}"
    return _with_effect(rng, (f"{name} of {extent} characters", size(name, start, end)))


def _letter(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """A letter or script within a value; or one that is forbidden and accepted."""
    roll = rng.random()
    if roll < 0.25:
        words, span = rng.choice(_SCRIPTS)
        return _with_effect(rng, (f"CallReason with {words}", matches("CallReason", f".*[{span}].*")))
    if roll < 0.45:
        name = rng.choice(sorted(_FORBIDDEN))
        letter = rng.choice(_FORBIDDEN[name])
        allowed = "0-9#*w" if name == "SendDigits" else "A-Za-z0-9"
        pattern = rf"[{allowed}{re.escape(letter)}]{{1,34}}"
        return f"{name} with {letter!r} is accepted", (Waive(name, both(matches(name, f".*{re.escape(letter)}.*"), matches(name, pattern))),)
    name = rng.choice(sorted(_LETTERS))
    letter = rng.choice(_LETTERS[name])
    where, pattern = rng.choice((("with", ".*{}.*"), ("with", ".*{}.*"), ("ending in", ".*{}")))
    if name in ("ApplicationSid", "Byoc") or letter in "?&=%:":
        where, pattern = "with", ".*{}.*"
    return _with_effect(rng, (f"{name} {where} {letter!r}", matches(name, pattern.format(re.escape(letter)))))


def _encoding(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """One spelling of one parameter in the body."""
    kind = rng.randrange(6)
    if kind == 0:
        name = rng.choice(_SPACED)
        return _with_effect(rng, (f"A space in {name} as %20", body(rf"(?:^|&){name}=[^&]*%20".encode())))
    if kind == 1:
        name = rng.choice(_SPACED)
        return _with_effect(rng, (f"A space in {name} as a plus", body(rf"(?:^|&){name}=[^&]*\+".encode())))
    if kind == 2:
        name = rng.choice(_TEXTS)
        return _with_effect(rng, (f"Lower-case hex in {name}", body(rf"(?:^|&){name}=[^&]*%(?:[0-9][a-f]|[a-f][0-9a-f])".encode())))
    if kind == 3:
        name = rng.choice(_TEXTS)
        unreserved = body(rf"(?:^|&){name}=[^&]*%(?:6[1-9A-Fa-f]|7[0-9Aa]|3[0-9])".encode())
        return _with_effect(rng, (f"A letter of {name} that is encoded without need", unreserved))
    if kind == 4:
        return _with_effect(rng, ("A charset in the content type", content_type("charset")))
    name = rng.choice(("To", "From", "Url"))
    return _with_effect(rng, (f"{name} as the last parameter", body(rf"(?:^|&){name}=[^&]*$".encode())))


def _period(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """One form in so many, or all from one on."""
    if rng.random() < 0.7:
        period = rng.randint(3, 60)
        return _with_effect(rng, (f"One form in {period}", every(period)))
    start = rng.randint(20, 400)
    return _with_effect(rng, (f"Each form from number {start} on", from_form(start)))


def _state(rng: Random) -> tuple[str, tuple[Hook, ...]]:
    """What depends on the form before, or on one at the same time."""
    kind = rng.randrange(4)
    if kind == 0:
        return _with_effect(rng, ("A call after a refusal", after_refusal))
    if kind == 1:
        return _with_effect(rng, ("The same call again", same_again))
    if kind == 2:
        name = rng.choice(("Record", "MachineDetection", "SendDigits", "Twiml", "CallReason", "ApplicationSid", "StatusCallback"))
        return _with_effect(rng, (f"A call without {name} after one with it", after(name)))
    words, hooks = _with_effect(rng, ("The first of two calls at once", overtaken))
    return words, (Pause(GAP_S), *hooks)


FAMILIES: dict[str, Family] = {
    "combination": _combination, "sub-range": _sub_range, "outside": _outside, "length": _length, "letter": _letter,
    "encoding": _encoding, "period": _period, "state": _state,
}


def draw(seed: int) -> Fault:
    """The fault of a seed; families take turns, so that any run of seeds holds all of them.

    Args:
        seed: 0 and more.
    """
    name = list(FAMILIES)[seed % len(FAMILIES)]
    words, hooks = FAMILIES[name](Random(f"drawn fault {seed}"))
    return Fault(f"{PREFIX}{seed}", name, words, hooks)


def drawn(name: str) -> Fault | None:
    """The fault that a name such as `drawn-7` stands for, or None where it is no such name."""
    number = name.removeprefix(PREFIX)
    return draw(int(number)) if name.startswith(PREFIX) and number.isdecimal() and number.isascii() and len(number) < 10 else None
