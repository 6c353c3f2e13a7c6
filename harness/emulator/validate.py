"""Whether a form may create a call.

For the order of judging and for the rules that tie parameters to each other or to the account; the rules of single
parameters are rows in ``rules``. Nothing here knows HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.emulator import errors
from harness.emulator.endpoints import Endpoint, Kind, is_dialable, parse_endpoint
from harness.emulator.errors import Refusal
from harness.emulator.form import Form
from harness.emulator.rules import RULES
from harness.emulator.settings import EmulatorSettings

Waived = Callable[[Refusal], bool]

# What the live service's test credentials answer for these numbers.
TEST_TO = {
    "+15005550001": Refusal(errors.TO_NOT_VALID, "The 'To' number is not a valid phone number", "To"),
    "+15005550002": Refusal(errors.TO_UNREACHABLE, "The 'To' number cannot be reached", "To"),
    "+15005550003": Refusal(errors.TO_NOT_PERMITTED, "The account may not call that country", "To"),
    "+15005550004": Refusal(errors.TO_BLOCKED, "The 'To' number is blocked", "To"),
}
TEST_FROM_INVALID = "+15005550001"
INSTRUCTIONS = ("Url", "Twiml", "ApplicationSid")


def validate(form: Form, settings: EmulatorSettings, waived: Waived | None = None) -> Refusal | None:
    """The first refusal that a form earns, or None where it may create a call.

    Args:
        waived: says which refusals to pass over, for faults; None passes over none.
    """
    for refusal in _refusals(form, settings):
        if waived is None or not waived(refusal):
            return refusal
    return None


def _refusals(form: Form, settings: EmulatorSettings) -> Iterator[Refusal]:
    to = parse_endpoint(form.first("To") or "")
    for found in (_judge_to(form, to, settings), _judge_from(form, to, settings)):
        if found:
            yield found
    yield from _judge_parameters(form)
    if not any(form.has(name) for name in INSTRUCTIONS):
        yield Refusal(errors.BAD_URL, "One of Url, Twiml and ApplicationSid is required", "Url")


def _judge_to(form: Form, to: Endpoint | None, settings: EmulatorSettings) -> Refusal | None:
    if not form.has("To"):
        return Refusal(errors.NO_TO, "No 'To' number is specified", "To")
    if to is None:
        return Refusal(errors.BAD_TO, "The 'To' is no phone number, SIP address or client", "To")
    if to.kind is not Kind.PHONE or to.address in settings.owned_numbers:
        return None
    if to.address in TEST_TO:
        return TEST_TO[to.address]
    if not is_dialable(to.address):
        return Refusal(errors.TO_NOT_VALID, "The 'To' number is not a valid phone number", "To")
    return None


def _judge_from(form: Form, to: Endpoint | None, settings: EmulatorSettings) -> Refusal | None:
    if not form.has("From"):
        return Refusal(errors.NO_FROM, "No 'From' number is specified", "From")
    party = parse_endpoint(form.first("From") or "")
    if party is None:
        return Refusal(errors.BAD_FROM, "The 'From' is no phone number or client", "From")
    if party.kind is Kind.PHONE:
        return _judge_number(party.address, settings)
    if to is not None and to.kind is Kind.PHONE:
        return Refusal(errors.BAD_FROM, "The 'From' must be a phone number where the 'To' is one", "From")
    return None


def _judge_number(number: str, settings: EmulatorSettings) -> Refusal | None:
    if number in settings.owned_numbers:
        return None
    if number == TEST_FROM_INVALID:
        return Refusal(errors.BAD_FROM, "The 'From' number is not a valid phone number", "From")
    return Refusal(errors.FROM_NOT_OWNED, "The 'From' number is not verified for this account", "From")


def _judge_parameters(form: Form) -> Iterator[Refusal]:
    for name in form.names:
        rule = RULES.get(name)
        if rule is None or (rule.moot and rule.moot(form)):
            continue
        values = form.all(name) if rule.each else form.all(name)[:1]
        if not all(rule.holds(value) for value in values if value):
            yield Refusal(rule.code, f"{name} must be {rule.wants}", name)
