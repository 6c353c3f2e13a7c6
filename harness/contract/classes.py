"""The classes of values that each kind of domain has, with what a server must do with them.

One function a domain; the oracle classifies a value into one of these slugs, strategies generate values for each.
"""

from __future__ import annotations

from functools import singledispatch

from harness.contract.model import (
    Address,
    Digits,
    Events,
    Expected,
    Integer,
    Level,
    Methods,
    Parameter,
    Sid,
    Text,
    Twiml,
    Url,
    ValueClass,
    Words,
)

_A, _R, _E = Expected.ACCEPT, Expected.REJECT, Expected.EITHER
_MUST, _SHOULD = Level.MUST, Level.SHOULD

UNCLEAR = "unclear"


def _accept(slug: str, statement: str, level: Level = _MUST) -> ValueClass:
    return ValueClass(slug, _A, level, statement, "A caller that follows the documentation is turned away.")


def _reject(slug: str, statement: str, level: Level = _MUST) -> ValueClass:
    return ValueClass(slug, _R, level, statement, "A mistake that the caller should be told of becomes a call that goes wrong.")


def _unclear(name: str) -> ValueClass:
    return ValueClass(
        UNCLEAR, _E, _SHOULD,
        f"A value of {name} that the description leaves open is taken or refused, never answered by a server error or not at all.",
        "An odd value takes the service down instead of being answered.",
    )


def classes_of(parameter: Parameter) -> tuple[ValueClass, ...]:
    """All classes of values of one parameter, the clear ones first."""
    return (*_classes(parameter.domain, parameter.name), _unclear(parameter.name))


@singledispatch
def _classes(domain: object, name: str) -> tuple[ValueClass, ...]:
    raise TypeError(f"no classes of values for {domain!r}")


@_classes.register
def _(domain: Words, name: str) -> tuple[ValueClass, ...]:
    listed = " and ".join(domain.values) if len(domain.values) == 2 else ", ".join(domain.values)
    return (
        _accept("values", f"{name} takes {listed}."),
        _reject("unknown-value", f"{name} refuses a word other than {listed}."),
        _reject("letter-case", f"{name} refuses a listed word in another letter case.", _SHOULD),
        _reject("control-character", f"{name} refuses a listed word with a newline or control character beside it."),
    )


@_classes.register
def _(domain: Methods, name: str) -> tuple[ValueClass, ...]:
    return (
        _accept("values", f"{name} takes GET and POST."),
        _reject("unknown-value", f"{name} refuses a word that is no HTTP method of its list."),
        _reject("control-character", f"{name} refuses a method with a newline or control character beside it."),
    )


@_classes.register
def _(domain: Integer, name: str) -> tuple[ValueClass, ...]:
    low, high = domain.accepts
    span = f"{low}" if low == high else f"whole numbers from {low} to {high}"
    rows = [_accept("range", f"{name} takes {span}.")]
    if domain.minimum is not None:
        rows.append(_reject("minimum", f"{name} refuses a number below {domain.minimum}."))
    if domain.maximum is not None:
        rows.append(_reject("maximum", f"{name} refuses a number above {domain.maximum}."))
    rows.append(_reject("integer", f"{name} refuses what is no whole number in ASCII decimal digits."))
    rows.append(_reject("decimal", f"{name} refuses a number with a fraction.", _SHOULD))
    return tuple(rows)


@_classes.register
def _(domain: Url, name: str) -> tuple[ValueClass, ...]:
    rows = [
        _accept("absolute", f"{name} takes an absolute http or https URL, with port, query, path and percent-encoding."),
        _accept("long", f"{name} takes an absolute URL of 256 to 2,000 characters.", _SHOULD),
        _reject("well-formed", f"{name} refuses what is no URL.", domain.malformed),
    ]
    if domain.relative is not None:
        rows.append(_reject("relative", f"{name} refuses a relative URL.", domain.relative))
    if domain.strict_host:
        rows.append(_reject("host-name", f"{name} refuses a URL whose host name is not valid, such as one with an underscore."))
    return tuple(rows)


@_classes.register
def _(domain: Sid, name: str) -> tuple[ValueClass, ...]:
    p = domain.prefix
    return (
        _accept("well-formed", f"{name} takes {p} and 32 hexadecimal digits of either letter case."),
        _reject("prefix", f"{name} refuses an identifier that does not begin with {p}."),
        _reject("length", f"{name} refuses an identifier that is not 34 characters long."),
        _reject("hex-digits", f"{name} refuses an identifier with a character that is no hexadecimal digit."),
        _reject("control-character", f"{name} refuses an identifier with a newline or control character beside it."),
    )


@_classes.register
def _(domain: Digits, name: str) -> tuple[ValueClass, ...]:
    return (
        _accept("keys", f"{name} takes 1 to {domain.maximum} of the digits, # * and w."),
        _reject("max-length", f"{name} refuses more than {domain.maximum} characters."),
        _reject("characters", f"{name} refuses other characters than digits, # * and w."),
    )


@_classes.register
def _(domain: Twiml, name: str) -> tuple[ValueClass, ...]:
    return (
        _accept("document", f"{name} takes well-formed XML with the root Response of up to {domain.maximum} characters."),
        _reject("max-length", f"{name} refuses more than {domain.maximum} characters, where Url is absent."),
    )


@_classes.register
def _(domain: Text, name: str) -> tuple[ValueClass, ...]:
    if not domain.maximum:
        return ()
    scripts = ", letters of any script, accents and emoji included" if domain.any_script else ""
    return (_accept("text", f"{name} takes plain text of 1 to {domain.maximum} characters{scripts}."),)


@_classes.register
def _(domain: Events, name: str) -> tuple[ValueClass, ...]:
    how = "several, each in a parameter of its own, in any order" if domain.repeated else "several with one space between"
    return (
        _accept("values", f"{name} takes {', '.join(domain.values)}; {how}."),
        _reject("unknown-value", f"{name} refuses an unknown value among its values."),
    )


@_classes.register
def _(domain: Address, name: str) -> tuple[ValueClass, ...]:
    return {"to": _TO, "from": _FROM, "caller-id": _CALLER_ID}[domain.role]


_TO = (
    _accept("e164", "To takes a phone number in E.164 form that its numbering plan allows."),
    _accept("sip", "To takes a SIP address, sip:user@host."),
    _accept("client", "To takes a client identifier, client:name."),
    _reject("required", "To is required: a request without it, or with it empty, is refused."),
    _reject("known-form", "To refuses text that is no phone number, SIP address or client identifier."),
    _reject("leading-zero", "To refuses a number that begins with +0."),
    _reject("max-digits", "To refuses a number of 16 digits and more."),
    _reject("client-name", "To refuses client: without a name."),
)
_FROM = (
    _accept("own-number", "From takes a phone number that belongs to the account."),
    _accept("client", "From takes a client identifier where To is no phone number."),
    _reject("required", "From is required: a request without it, or with it empty, is refused."),
    _reject("known-form", "From refuses text that is no phone number, SIP address or client identifier."),
    _reject("phone-for-phone", "From refuses what is not a phone number where To is one."),
)
_CALLER_ID = (_accept("own-number", "CallerId takes a phone number that belongs to the account."),)
