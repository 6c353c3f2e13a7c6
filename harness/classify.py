"""Which class of values a value belongs to: pure functions of the domain tables and of text.

One function a domain. Where the description leaves a place open, the answer is `unclear`; when in doubt, too.
Not here: what the company of a value changes (`harness.oracle`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache, singledispatch
from importlib import resources
from xml.parsers import expat

from harness.contract import PARAMETER, UNCLEAR
from harness.contract.model import (
    Address,
    Digits,
    Events,
    Expected,
    Integer,
    Methods,
    Sid,
    Text,
    Twiml,
    Url,
    Words,
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@lru_cache(maxsize=16384)
def classify(name: str, value: str) -> str:
    """The slug of the class that a value of a parameter belongs to.

    Args:
        name: a documented parameter.
        value: its decoded text; lone surrogates stand for bytes that are no UTF-8.

    Returns:
        A slug of `harness.contract.classes`; for SIDs and numbers before what the target knows is considered.
    """
    domain = PARAMETER[name].domain
    if isinstance(domain, Address) and not value.strip() and domain.role != "caller-id":
        return "required" if not value else UNCLEAR
    if not value or _SURROGATE.search(value):
        return UNCLEAR
    return _class(domain, value)


def expected_alone(name: str, value: str) -> Expected:
    """What a value of a parameter is for by itself, whatever its company changes; EITHER for one that is unclear.

    Args:
        name: a documented parameter.
        value: its decoded text.
    """
    slug = classify(name, value)
    return next((c.expected for c in PARAMETER[name].classes if c.slug == slug), Expected.EITHER)


def not_utf8(text: str) -> bool:
    """Whether a text stands for bytes that are no UTF-8."""
    return not text.isascii() and _SURROGATE.search(text) is not None


@singledispatch
def _class(domain: object, value: str) -> str:
    raise TypeError(f"no classes of values for {domain!r}")


@_class.register
def _(domain: Words, value: str) -> str:
    if value in domain.values:
        return "values"
    if _CONTROL.search(value):
        return "control-character"
    if value != value.strip():
        return UNCLEAR
    if value.lower() in [v.lower() for v in domain.values]:
        return "letter-case" if domain.letter_case is Expected.REJECT else UNCLEAR
    return "unknown-value"


@_class.register
def _(domain: Methods, value: str) -> str:
    if value in domain.values:
        return "values"
    if _CONTROL.search(value):
        return "control-character"
    if value != value.strip() or value.upper() in domain.values + domain.unclear:
        return UNCLEAR
    return "unknown-value"


_WHOLE = re.compile(r"(?:0|-?[1-9][0-9]*|-0)\Z")
_OPEN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.0*)?|[0-9]*\.[0-9]*|[0-9.]+[eE][+-]?[0-9]+)\Z")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]*[1-9][0-9]*\Z")


@_class.register
def _(domain: Integer, value: str) -> str:
    if _WHOLE.match(value):
        return _range(domain, value)
    if _CONTROL.search(value) or " " in value or value != value.strip():
        return UNCLEAR
    if _DECIMAL.match(value):
        return "decimal"
    return UNCLEAR if _OPEN_NUMBER.match(value) else "integer"


def _range(domain: Integer, value: str) -> str:
    number = int(value) if len(value) < 40 else (-(10**39) if value[0] == "-" else 10**39)
    if domain.minimum is not None and number < domain.minimum:
        return "minimum"
    if domain.maximum is not None and number > domain.maximum:
        return "maximum"
    return "range" if domain.accepts[0] <= number <= domain.accepts[1] else UNCLEAR


@_class.register
def _(domain: Sid, value: str) -> str:
    if re.fullmatch(domain.prefix + "[0-9a-fA-F]{32}", value):
        return "well-formed"
    if _CONTROL.search(value):
        return "control-character"
    if value != value.strip():
        return UNCLEAR
    if not value.startswith(domain.prefix):
        return "prefix"
    return "length" if len(value) != len(domain.prefix) + 32 else "hex-digits"


@_class.register
def _(domain: Digits, value: str) -> str:
    if value != value.strip(" "):
        return UNCLEAR
    if len(value) > domain.maximum:
        return "max-length"
    if set(value) <= set(domain.alphabet):
        return "keys"
    return UNCLEAR if set(value) <= set(domain.alphabet + domain.unclear) else "characters"


@_class.register
def _(domain: Twiml, value: str) -> str:
    if len(value) > domain.maximum:
        return "max-length"
    if utf16_units(value) > domain.maximum or _CONTROL.search(value.translate(_LAYOUT)) or not _is_twiml(value):
        return UNCLEAR
    return "document"


def utf16_units(text: str) -> int:
    """How many UTF-16 code units a text has."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_twiml(text: str) -> bool:
    """Whether a text is plain well-formed XML with the root `Response`, without a document type."""
    if "<!DOCTYPE" in text or text != text.strip():
        return False
    declaration = re.match(r"<\?xml[^>]*\?>", text)
    if declaration and not re.fullmatch(r"<\?xml version=[\"']1\.0[\"']( encoding=[\"']UTF-8[\"'])?\?>", declaration[0]):
        return False
    names: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if not names:
            names.append(name)

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    try:
        parser.Parse(text.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return names == ["Response"]


_PLAIN_TEXT = re.compile(r"[A-Za-z0-9 ._-]+\Z")
_SCRIPT_CATEGORIES = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Po", "Pd", "So"))
_LAYOUT = {ord("\n"): None, ord("\t"): None}
_JOINERS = frozenset("\u200d\ufe0f")
_MARKUP = frozenset("<>\\")
_ASCII_PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - _MARKUP


@_class.register
def _(domain: Text, value: str) -> str:
    if not domain.maximum or value != value.strip() or utf16_units(value) > domain.maximum:
        return UNCLEAR
    if _PLAIN_TEXT.match(value):
        return "text"
    if not domain.any_script or value[0] in _JOINERS or unicodedata.combining(value[0]):
        return UNCLEAR  # what begins with half a character is no plain text
    return "text" if all(map(_is_letter_like, value)) else UNCLEAR


@lru_cache(maxsize=8192)
def _is_letter_like(char: str) -> bool:
    if char.isascii():
        return char in _ASCII_PLAIN
    return char in _JOINERS or "\U0001f3fb" <= char <= "\U0001f3ff" or (
        unicodedata.category(char) in _SCRIPT_CATEGORIES
    )


@_class.register
def _(domain: Events, value: str) -> str:
    if not domain.repeated and set(parts := value.split(" ")) <= set(domain.values):
        return "values" if len(set(parts)) == len(parts) else UNCLEAR
    if value in domain.values:
        return "values"
    known = {v.lower() for v in domain.values}
    parts = [p for p in re.split(r"[\s,;|+]", value) if p]  # whoever takes several in one value may part them at any white space
    return UNCLEAR if all(p.lower() in known for p in parts) else "unknown-value"


# --- URLs ----------------------------------------------------------------------------------------

_URI_TEXT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*\Z")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@_class.register
def _(domain: Url, value: str) -> str:
    if value != value.strip() or _CONTROL.search(value) or not value.isascii() or len(value) > 2000:
        return UNCLEAR
    scheme = _SCHEME.match(value)
    if scheme is None:
        return _schemeless(domain, value)
    if scheme[1] not in ("http", "https") or not value.startswith("//", scheme.end()):
        return UNCLEAR
    return _absolute(domain, value, value[scheme.end() + 2:])


def _schemeless(domain: Url, value: str) -> str:
    if ":" in value.split("/", 1)[0]:
        return UNCLEAR
    if " " in value:
        return "well-formed"
    if domain.relative is None or not _URI_TEXT.match(value):
        return UNCLEAR
    return "relative"


def _absolute(domain: Url, value: str, rest: str) -> str:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority):]
    malformed = UNCLEAR if domain.spaces_only else "well-formed"
    if "@" in authority or "[" in authority or "#" in value:
        return UNCLEAR
    host, colon, port = authority.partition(":")
    if not host or " " in value:
        return malformed
    if colon and not (port.isdigit() and port[0] != "0" and len(port) < 6 and int(port) <= 65535):
        return UNCLEAR
    if not _URI_TEXT.match(tail):
        return UNCLEAR
    found = host_class(host)
    if found == "valid":
        return "absolute" if len(value) < 256 else "long"
    return "host-name" if found == "invalid" and domain.strict_host else UNCLEAR


def _is_reserved(label: str) -> bool:
    """Whether a label has hyphens in its third and fourth place without being an internationalised name that can be read (RFC 5891)."""
    if label[2:4] != "--":
        return False
    try:
        return not label.lower().startswith("xn--") or label.encode("ascii").decode("idna").isascii()
    except UnicodeError:
        return True


def host_class(host: str) -> str:
    """`valid`, `invalid` or `unclear` as a host name of an absolute URL."""
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or labels[-1] == "" or len(host) > 253 or any(map(_is_reserved, labels)):
        return UNCLEAR
    if not re.fullmatch(r"[A-Za-z0-9._-]+", host):
        return UNCLEAR
    return "valid" if all(len(x) <= 63 and _LABEL.match(x) for x in labels) else "invalid"


# --- addresses -----------------------------------------------------------------------------------

_E164 = re.compile(r"\+[1-9][0-9]{7,14}\Z")
_SIP = re.compile(r"sip:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?@([A-Za-z0-9.-]+)\Z")
_CLIENT = re.compile(r"client:[A-Za-z0-9_]{1,50}\Z")
_TEST_NUMBER = "+1500555"


@_class.register
def _(domain: Address, value: str) -> str:
    form = address_form(value)
    if domain.role == "caller-id":
        return UNCLEAR
    if form in ("client", "known-form"):
        return form
    if domain.role == "from":
        return "sip" if form == "sip" else UNCLEAR
    if form == "e164":
        return "e164" if plan_allows(value) else UNCLEAR
    return form


def address_form(value: str) -> str:
    """The form of an address: `e164`, `sip`, `client`, `leading-zero`, `max-digits`, `client-name`, `known-form`, `unclear`.

    `known-form` means that it has none of the known forms.
    """
    if value != value.strip() or _CONTROL.search(value) or not value.isascii():
        return UNCLEAR
    if _E164.match(value):
        return "e164"
    if re.fullmatch(r"\+?[0-9]{16,}", value):
        return "max-digits"
    if re.fullmatch(r"\+0[0-9]*", value):
        return "leading-zero"
    if value == "client:":
        return "client-name"
    if _CLIENT.match(value):
        return "client"
    sip = _SIP.match(value)
    if sip:
        return "sip" if host_class(sip[1]) == "valid" else UNCLEAR
    return _formless(value)


def _formless(value: str) -> str:
    if re.match(r"(?:https?|ftp)://|mailto:", value):
        return "known-form"
    if ":" in value or "@" in value:
        return UNCLEAR
    letters = len(re.findall("[A-Za-z0-9]", value))
    if letters == 0:
        return UNCLEAR if set(value) & set("+*#") else "known-form"
    return "known-form" if letters >= 16 and re.search("[A-Za-z]", value) else UNCLEAR


@lru_cache(maxsize=1)
def example_numbers() -> tuple[str, ...]:
    """libphonenumber's example numbers, mobile and fixed, of every region, in E.164 form: those that its versions of
    recent years agree on, so that a server with an older copy takes them too."""
    text = resources.files("harness.contract").joinpath("numbers.json").read_text("utf-8")
    return tuple(json.loads(text))


@lru_cache(maxsize=1)
def _examples() -> frozenset[str]:
    return frozenset(example_numbers())


@lru_cache(maxsize=4096)
def plan_allows(number: str) -> bool:
    """Whether a number in E.164 form is valid in its numbering plan; the service's test numbers never count."""
    if number.startswith(_TEST_NUMBER):
        return False
    if number in _examples():
        return True
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
