"""Whom a request could reach: off this machine only configured numbers, those reserved for fiction and tests, and nobody at all.

A case may have been written by somebody else, as in a saved case or a folder of examples. So each value counts in every way
that a careless server might read it, and what is no name of an example, no harmless verb and no known oddity is not sent.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from string import ascii_letters
from urllib.parse import unquote, unquote_to_bytes

from harness.case import Case
from harness.contract import PARAMETER
from harness.contract.model import Url
from strategies.domains import edges

_DIGITS = re.compile(rb"[0-9]{7,}")
_PHONE_LIKE = re.compile(rb"[0-9][0-9 ().-]{5,}[0-9]")
_MOST_READINGS = 32
_LARGEST_BODY = 8 << 20  # bytes
_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "nonsense")

# Domains that are reserved for examples and tests (RFC 2606, RFC 6761, IANA's names for tests in other scripts), with whatever stands before them.
_TESTS = "kgbechtv|hgbk6aj7f53bba|0zwm56d|g6w251d|80akhbyknj4f|11b5bs3a9aj6g|jxalpdlp|9t4b11yi5a|deba0ad|zckzah|hlcj6aya9esc7a"
_EXAMPLE = rf"(?:[\w.-]*\.)?(?:example\.(?:com|net|org)|example|test|invalid|localhost|xn--(?:{_TESTS}))\.?(?::[0-9]*)?"
_AT_AN_EXAMPLE = re.compile(rf"(?:[a-z]+:)?(?:[\w.=&+-]*@)?{_EXAMPLE}(?:;transport=[a-z]+)?", re.IGNORECASE)
_OF_AN_EXAMPLE = re.compile(_EXAMPLE, re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:([a-z][a-z0-9+.-]*):[\\/]*|[\\/]{2,})([^/?#]*)", re.IGNORECASE)
_NO_LABEL = re.compile(r"-[a-z0-9-]*|[a-z0-9-]*-|[a-z0-9_-]*_[a-z0-9_-]*|[a-z0-9-]{64,}", re.IGNORECASE)
_A_NAME = re.compile(r".*\.(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)\.?|[0-9]+(?:\.[0-9]+){3}", re.IGNORECASE)
_HARMLESS = re.compile(
    r"</?(?:Response|Say|Pause|Hangup|Reject|Gather)[ ]?/?>|<Say (?:voice=\"\w+\"|language=\"[\w-]+\")>|<Pause length=\"[0-9]+\"/>"
    r"|<Gather numDigits=\"[0-9]+\">|<\?xml version=\"1\.0\" encoding=\"UTF-8\"\?>|<!-- [\w ]* -->|<!\[CDATA\[[\w <]*\]\]>"
    r"|<Play>https://example\.com/[^<]*</Play>|<Redirect method='GET'>https://example\.com/[^<]*</Redirect>"
)
_VANITY = re.compile(r"[+A-Za-z0-9 ().-]+")

# What may stand in a raw body in place of a pair: a number however it is written, whatever follows a To, an address, a host.
_SPREAD = re.compile(r"[0-9](?:[^A-Za-z0-9&=<>{}\"]*[0-9]){6,}")
_VANITY_AFTER_TO = re.compile(r"(?<![a-z])to(?![a-z])[^A-Za-z0-9+&%]*(\+?[A-Za-z0-9][A-Za-z0-9 ().-]*)", re.IGNORECASE)
_AFTER_TO = re.compile(r"(?<![a-z])to(?![a-z])[^A-Za-z0-9+&]*(\+?[0-9][0-9 ()./,-]*)", re.IGNORECASE)
_SIP = re.compile(r"sips?:[^\s&\"'<>]*", re.IGNORECASE)
_HOST = re.compile(r"(?:https?:[\\/]*|[\\/]{2,})([^\s/\\?#&\"'<>]*)|(?<![\w.-])([\w-]+(?:\.[\w-]+)+)")


def is_fictional(number: str) -> bool:
    """Whether a number can never ring a person: NANP 555-0100 to 555-0199, and the live service's test numbers."""
    digits = number.removeprefix("+1")
    return number.startswith("+1") and len(digits) == 10 and (digits[3:8] == "55501" or digits.startswith("5005550"))


def may_be_called(to: str | None, allowed: Collection[str] = ()) -> bool:
    """Whether an address may be sent to a target off this machine: configured or fictional numbers, and what is no number.

    Args:
        to: a To, or None.
        allowed: the configured numbers.
    """
    return to is None or to in allowed or is_fictional(to) or _however_read(to, _is_nobody)


def may_be_sent(case: Case, allowed: Collection[str] = ()) -> bool:
    """Whether a whole case may be sent to a target off this machine.

    Args:
        case: any case, also one from a file: every To in it counts, however it is written, whatever would fetch instructions from
            somebody, and what its Twiml would dial.
        allowed: the configured numbers.
    """
    if not _is_plain(case.content_type or "") or not (case.body is None or _is_harmless_body(case.body, allowed)):
        return False
    return all(_is_harmless(name, value, allowed) for name, value in case.pairs)


def numbers_in(body: bytes) -> Iterator[str]:
    """What looks like a phone number in a raw body, with spaces and the like between its digits or without."""
    text = unquote_to_bytes(body[:1 << 16].replace(b"+", b" "))
    for found in (*_DIGITS.findall(text), *_PHONE_LIKE.findall(text)):
        digits = re.sub(rb"[^0-9]", b"", found).decode()
        if 7 <= len(digits) <= 15:
            yield "+" + digits


# -- a value ---------------------------------------------------------------------------------------


def _is_harmless(name: str, value: str, allowed: Collection[str]) -> bool:
    """A pair of a form; under a name that is none of the contract's, a value that is harmless as anything."""
    return _is_harmless_as_it_is(name, value, allowed) and _however_read(value, lambda t: _hides_nothing(t, allowed))


def _is_harmless_as_it_is(name: str, value: str, allowed: Collection[str]) -> bool:
    known = PARAMETER.get(name)
    return (
        (not (known is None or name == "To") or may_be_called(value, allowed))
        and (not (known is None or isinstance(known.domain, Url)) or value in _oddities("Url") or _however_read(value, _is_nobodys_url))
        and (not (known is None or name == "Twiml") or value in _oddities("Twiml") or _however_read(value, _dials_nobody))
    )


def _hides_nothing(value: str, allowed: Collection[str]) -> bool:
    """Whether a value that is decoded once more, and so taken apart, holds no other pair that could reach somebody; pairs in pairs are read alike."""
    pairs = (part.partition("=") for part in value.split("&")[1:])
    return all(_is_harmless_as_it_is(name, rest, allowed) for name, _, rest in pairs if name in PARAMETER)


def _is_nobody(to: str) -> bool:
    """Whether an address is a client's, one at an example, or no address."""
    if to.startswith("client:") or to in ("sip:", "sip:@"):
        return True
    if "@" in to or _SIP.search(to):
        return _AT_AN_EXAMPLE.fullmatch(to) is not None
    if _is_vanity(to):
        return False
    return sum(map(str.isnumeric, to)) < 3


def _is_vanity(to: str) -> bool:
    """Whether a text may be a number with letters for some of its digits."""
    return _VANITY.fullmatch(to) is not None and 7 <= sum(map(str.isalnum, to)) <= 15 and to not in _oddities("To")


def _is_nobodys_url(value: str) -> bool:
    """Whether a URL is at an example, or at no host. One that is cut off at a space, or is given a scheme, counts too."""
    found = _ABSOLUTE.match(value.strip())
    if found is None:
        start = re.split(r"[/?#\s]", value.strip(), maxsplit=1)[0]
        return "\\" not in start and ":" not in start and (_A_NAME.fullmatch(start) is None or start.endswith(".xml") or _is_of_an_example(start))
    scheme, host = (found[1] or "http").lower(), found[2]
    cut = host.split(maxsplit=1)[0] if host.strip() else ""
    if scheme not in ("http", "https") or not (_A_NAME.fullmatch(cut) is None or _is_of_an_example(cut)):
        return False
    return not cut or re.fullmatch(r":[0-9]+", cut) is not None or _is_of_an_example(re.sub(r"\s", "", host))


def _is_of_an_example(host: str) -> bool:
    """Whether a host is an example, or has a name that nobody can register."""
    single = re.sub(r"\.{2,}", ".", host)
    return _OF_AN_EXAMPLE.fullmatch(single) is not None or any(_NO_LABEL.fullmatch(label) for label in single.partition(":")[0].split(".")[-2:])


def _dials_nobody(twiml: str) -> bool:
    """Whether nothing but harmless verbs are in a document, or in what is none."""
    return "<" not in _HARMLESS.sub("", twiml)


@lru_cache(maxsize=8)
def _oddities(name: str) -> frozenset[str]:
    """The values at the edges of a parameter's classes: what is odd about them is meant, and none of them leads to anybody."""
    return frozenset(v for c in PARAMETER[name].classes for v in edges(name, c.slug))


# -- a raw body -----------------------------------------------------------------------------------


def _is_plain(content_type: str) -> bool:
    """Whether a content type has its body read as it is written."""
    found = re.findall(r"charset=\"?([\w-]+)", content_type.lower())
    return len(found) == content_type.lower().count("charset") and set(found) <= set(_CHARSETS)


def _is_harmless_body(body: bytes, allowed: Collection[str]) -> bool:
    text = body.decode("utf-8", "surrogateescape")
    return len(body) <= _LARGEST_BODY and _however_read(text, lambda t: _reaches_nobody(t, allowed), raw=True)


def _reaches_nobody(text: str, allowed: Collection[str]) -> bool:
    """Whether a body, read as anything, names no number but those allowed, no host but examples, and dials nobody."""
    numbers = [*_SPREAD.findall(text), *(n for n in _AFTER_TO.findall(text) if len(_digits(n)) > 2)]
    if not all(may_be_called("+" + _digits(n), allowed) for n in numbers) or not all(map(_is_nobody, _SIP.findall(text))):
        return False
    if any(_is_vanity(v) for v in _VANITY_AFTER_TO.findall(text) if not set(v).isdisjoint(ascii_letters)):
        return False
    hosts = (a or b for a, b in _HOST.findall(re.sub(r"%[0-9A-Fa-f]{2}", " ", text)))
    return all(map(_is_of_an_example, filter(None, hosts))) and _dials_nobody(text)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


# -- how a text may be read -------------------------------------------------------------------------


def _escapes(text: str) -> str:
    """Without the escapes of JSON and the like."""
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(/))", lambda m: m[3] or chr(int(m[1] or m[2], 16)), text)


def _overlong(text: str) -> str:
    """With the characters that overlong UTF-8 stands for."""
    return re.sub("([\udcc0\udcc1])([\udc80-\udcbf])", lambda m: chr((ord(m[1]) & 1) << 6 | ord(m[2]) & 0x3F), text)


_READINGS: tuple[Callable[[str], str], ...] = (
    lambda t: unquote(t, errors="surrogateescape"), html.unescape, _escapes, _overlong, lambda t: t.replace("\0", ""),
    lambda t: unicodedata.normalize("NFKC", t), lambda t: re.sub(r"[^\D0-9]", lambda m: str(int(m[0])), t),
)


def _quoted_printable(text: str) -> str:
    return re.sub(r"=([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text)


def _however_read(text: str, rule: Callable[[str], bool], raw: bool = False) -> bool:
    """Whether a rule holds for a text however it is decoded, as often as there is something to decode; where that has no end, it doesn't.

    Args:
        text: any text.
        rule: what is asked of each reading.
        raw: whether it is a raw body.
    """
    seen, waiting = {text}, [text]
    while waiting:
        current = waiting.pop()
        if not rule(current) or len(seen) > _MOST_READINGS:
            return False
        new = {read(current) for read in (*_READINGS, *((_quoted_printable,) if raw else ()))} - seen
        seen |= new
        waiting += new
    return True
