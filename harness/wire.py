"""ringtrue's own form encoding: order, repeated keys, empty values and raw bytes are part of the contract.

Each pair has a style, a choice that form encoding leaves open; every style decodes to the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from harness.case import ACCOUNTS, CREDENTIALS, HEADS, Case, Pair

_LONGEST_TYPE, _LONGEST_BODY, _MOST_AT_A_TIME = 1000, 64 << 20, 64 << 20
_LONGEST_PAUSE = 10.0  # seconds
_SHORT = 96  # characters of a pair of which the encoding is remembered

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LITERAL = _UNRESERVED | frozenset(b",/:?@")

STYLES: dict[str, str] = {
    "plain": "a space as +, unreserved characters as they are, hexadecimal digits in capitals",
    "percent20": "a space as %20",
    "lower-hex": "hexadecimal digits in small letters",
    "unreserved": "unreserved characters percent-encoded too, in the value",
    "name": "unreserved characters of the parameter's name percent-encoded",
    "literal": "characters such as : / ? @ as they are",
}

CLAUSE_OF_STYLE: dict[str, str] = {
    "percent20": "encoding.space", "lower-hex": "encoding.hex-case", "unreserved": "encoding.unreserved",
    "name": "encoding.unreserved", "literal": "encoding.literal",
}


def _table(safe: frozenset[int], space: str, fmt: str) -> tuple[str, ...]:
    return tuple(
        space if b == 0x20 else chr(b) if b in safe else "%" + format(b, fmt) for b in range(256)
    )


_PLAIN = _table(_UNRESERVED, "+", "02X")
_TABLES: dict[str, tuple[str, ...]] = {
    "plain": _PLAIN,
    "percent20": _table(_UNRESERVED, "%20", "02X"),
    "lower-hex": _table(_UNRESERVED, "+", "02x"),
    "unreserved": _table(frozenset(), "+", "02X"),
    "name": _PLAIN,
    "literal": _table(_LITERAL, "+", "02X"),
}
_SAFE_ASCII = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encode_text(text: str, style: str = "plain") -> str:
    """One name or value, form-encoded.

    Args:
        text: any text; lone surrogates from U+DC80 to U+DCFF stand for raw bytes.
        style: a key of `STYLES`.

    Returns:
        ASCII text.
    """
    table = _TABLES[style]
    if table is _PLAIN and _SAFE_ASCII.issuperset(text):
        return text
    return "".join([table[b] for b in to_bytes(text)])


def to_bytes(text: str) -> bytes:
    """UTF-8 of a text, with `surrogateescape`; other lone surrogates as their three bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def encode_pair(pair: Pair, style: str = "plain") -> str:
    """`name=value`, form-encoded in one style."""
    return _encoded_pair(pair, style) if len(pair[0]) + len(pair[1]) <= _SHORT else _encoded_pair.__wrapped__(pair, style)


@lru_cache(maxsize=4096)
def _encoded_pair(pair: Pair, style: str) -> str:
    name = encode_text(pair[0], "unreserved" if style == "name" else "plain")
    return f"{name}={encode_text(pair[1], style)}"


def encode_pairs(pairs: Iterable[Pair], styles: tuple[str, ...] = ()) -> bytes:
    """A whole form's body; `styles` has one entry a pair or is empty."""
    if not styles:
        return "&".join([encode_pair(p) for p in pairs]).encode("ascii")
    return "&".join([encode_pair(p, s) for p, s in zip(pairs, styles, strict=True)]).encode("ascii")


def body_of(case: Case) -> bytes:
    """The bytes that a case puts on the wire as its body."""
    return case.body if case.body is not None else encode_pairs(case.pairs, case.styles)


def sendable(case: Case) -> Case:
    """The same case, which somebody else may have written, once it is known that it can be sent and is one request.

    Raises:
        ValueError: it can't.
    """
    texts = (case.method, case.content_type or "")
    if not re.fullmatch(r"[A-Z]{1,20}", case.method) or any(re.search(r"[^\x20-\x7e]", t) for t in texts) or len(texts[1]) > _LONGEST_TYPE:
        raise ValueError("its method or content type can't be sent")
    if case.credentials not in CREDENTIALS or case.account not in ACCOUNTS or not 0 <= case.segments <= _MOST_AT_A_TIME:
        raise ValueError("its credentials, account or segments are none that there are")
    if case.head not in HEADS:
        raise ValueError("its head is none that there is")
    if not 0 <= case.pause <= _LONGEST_PAUSE:
        raise ValueError("its pause is too long")
    if case.styles and (len(case.styles) != len(case.pairs) or not set(case.styles) <= set(STYLES)):
        raise ValueError("its styles are none that there are")
    if len(body_of(case)) > _LONGEST_BODY:
        raise ValueError("its body is too long")
    return case
