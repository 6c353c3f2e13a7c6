"""Secrets in bytes: how a token or a password may be written, whether one is there, and taking it out.

Twelve characters in a row of a token count as the token: in any letter case, form-encoded, escaped or in base64. Pure: no file,
no network.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
GRAM = 12  # characters in a row that count as a leak
SHORTEST = 6  # characters; a shorter secret can't be told from chance
# Every run of GRAM characters holds a whole block of _BLOCK that begins at a multiple of _STRIDE.
_BLOCK, _STRIDE = 5, 8
_ESCAPE = re.compile(
    rb"(?<!\\)\\++(?:u00([2-7][0-9a-fA-F])|x([2-7][0-9a-fA-F])|(/))|%(?:25)*([2-7][0-9a-fA-F])|&#(?:[xX]0*([2-7][0-9a-fA-F])|0*([0-9]{2,3}));?"
)
# Characters that mean themselves in JSON, HTML, forms and Python, so that text with them unescaped still says the same.
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=!*@$^|:,;")


def forms_of(text: str) -> set[bytes]:
    """How a text may be written where it is sent or said back: as it is, form-encoded, in JSON, HTML and base64."""
    raw = text.encode("utf-8", "surrogateescape")
    plain = raw.decode("utf-8", "replace")
    written = {plain, quote(raw, safe=""), quote_plus(raw), quote(raw), json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1],
               html.escape(plain), html.escape(plain, quote=False)}
    written |= {re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), w) for w in written}
    return {raw, raw.replace(b" ", b"+"), base64.b64encode(raw), *(w.encode("utf-8", "surrogateescape") for w in written)}


def _token_forms(token: str) -> set[bytes]:
    """How a token may be written: `forms_of` it in any letter case, and its part of a longer text in base64."""
    out: set[bytes] = set()
    texts = {token, token.encode("utf-8", "surrogateescape").decode("latin-1")}  # the second: UTF-8 that a server reads as Latin-1
    for text in {made for t in texts for made in (t, t.lower(), t.upper(), t.swapcase())}:
        raw = text.encode("utf-8", "surrogateescape")
        out |= forms_of(text)
        for before, first in ((0, 0), (1, 2), (2, 3)):
            # What stands before and after decides the characters at the ends; those between are the token's alone.
            whole = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
            own = whole[first:len(whole) - (1 if (before + len(raw)) % 3 else 0)]
            out |= {own, own.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in out if len(form) >= SHORTEST}


@dataclass(frozen=True)
class Needles:
    """What of a secret is looked for.

    Args:
        grams: each twelve characters in a row of each of its forms; a shorter form whole.
        blocks: shorter pieces, of which each gram holds one; only a quick first look.
    """

    grams: frozenset[bytes] = frozenset()
    blocks: frozenset[bytes] = frozenset()

    @cached_property
    def _ordered(self) -> tuple[bytes, ...]:
        return tuple(sorted(self.blocks))

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(g) for g in self.grams}))

    def __bool__(self) -> bool:
        return bool(self.grams)

    def __or__(self, other: Needles) -> Needles:
        return Needles(self.grams | other.grams, self.blocks | other.blocks)

    def are_in(self, data: bytes) -> bool:
        """Whether a piece of the secret is in the data, written plainly or with escapes."""
        if not self.grams:
            return False
        return self._plainly_in(data) or (_may_be_escaped(data) and self._plainly_in(unescaped(data)))

    def _plainly_in(self, data: bytes) -> bool:
        return any(block in data for block in self._ordered) and next(self._spans(data), None) is not None

    def _spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where grams are, not in order."""
        for block in self._ordered:
            at = data.find(block)
            while at >= 0:
                for length in self._lengths:
                    for start in range(max(at - length + len(block), 0), at + 1):
                        if data[start:start + length] in self.grams:
                            yield start, start + length
                at = data.find(block, at + 1)

    def not_in(self, said: bytes) -> Needles:
        """Those that are not in what somebody says in the open anyway, in whatever letter case."""
        lower = said.lower()
        return Needles(frozenset(g for g in self.grams if g.lower() not in lower), self.blocks)

    def taken_out(self, data: bytes, stand_in: bytes | None = REDACTED.encode()) -> tuple[bytes, int]:
        """Data without the secret, and how often it was there.

        Args:
            data: any bytes.
            stand_in: what is put in its place; None for asterisks of the same length, so that nothing else moves.
        """
        if not self.are_in(data):
            return data, 0
        if not self._plainly_in(data) or _may_be_escaped(data) and self._plainly_in(unescaped(self._cut(data, stand_in)[0])):
            data = unescaped(data)
        return self._cut(data, stand_in)

    def _cut(self, data: bytes, stand_in: bytes | None) -> tuple[bytes, int]:
        out: list[bytes] = []
        done = count = 0
        for start, end in _merged(self._spans(data)):
            out += [data[done:start], stand_in if stand_in is not None else b"*" * (end - start)]
            done, count = end, count + 1
        return b"".join([*out, data[done:]]), count


def needles_of(token: str | None, beside: str = "") -> Needles:
    """What is looked for of a token; nothing of one that is too short.

    Args:
        token: the secret, if there is one.
        beside: what is no secret, such as the account's SID, and so is not looked for.
    """
    if not token or len(token) < SHORTEST:
        return Needles()
    grams: set[bytes] = set()
    blocks: set[bytes] = set()
    for form in _token_forms(token):
        last = max(len(form) - GRAM, 0)
        grams |= {form[i:i + GRAM] for i in range(last + 1)}
        blocks |= {form[i:i + _BLOCK] for i in range(0, len(form) - _BLOCK + 1, _STRIDE)}
    return Needles(frozenset(grams), frozenset(blocks)).not_in(beside.encode("utf-8", "surrogateescape"))


def hushed(text: str, environment: Mapping[str, str]) -> str:
    """A message without any token that a variable of the environment holds, such as one that was typed in a wrong place."""
    needles = Needles()
    for name, value in environment.items():
        if "TOKEN" in name.upper():
            needles |= needles_of(value)
    data = text.encode("utf-8", "surrogateescape")
    return needles.taken_out(data)[0].decode("utf-8", "surrogateescape")


def passwords_of(values: Iterable[str]) -> list[bytes]:
    """How passwords may come back; one that is short or of few letters can't be told from chance."""
    told = [v for v in values if is_telling(v)]
    return sorted({form for v in told for form in forms_of(v) | _all_escaped(v)}, key=lambda form: (-len(form), form))


def _all_escaped(text: str) -> set[bytes]:
    """A text with each character in an escape of JSON, in digits of either letter case."""
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return {"".join(f"\\u{d[i:i + 4]}" for i in range(0, len(d), 4)).encode() for d in (units, units.upper())}


def is_telling(secret: str) -> bool:
    """Whether a secret is long and varied enough not to be met by chance."""
    return len(secret) >= 10 and len(set(secret)) >= 5


def unescaped(data: bytes) -> bytes:
    """Data with letters, digits and plain signs as themselves where they were escaped (`\\u0041`, `%41`, `&#65;`), and without NULs."""
    return _ESCAPE.sub(_meant, data.replace(b"\0", b""))


def _may_be_escaped(data: bytes) -> bool:
    return b"\\" in data or b"%" in data or b"&#" in data or b"\0" in data


def _meant(found: re.Match[bytes]) -> bytes:
    unicode, python, slash, percent, hexadecimal, decimal = found.groups()
    if slash:
        return b"/"
    number = int(decimal) if decimal else int(unicode or python or percent or hexadecimal, 16)
    return bytes((number,)) if number in _SAFE else found[0]


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that touch as one."""
    start = end = -1
    for first, last in sorted(spans):
        if first > end:
            if end > 0:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if end > 0:
        yield start, end
