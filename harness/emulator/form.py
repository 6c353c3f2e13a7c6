"""Form decoding: bytes of a body to an ordered list of names and values.

For ``application/x-www-form-urlencoded`` alone. It judges nothing and cannot fail: whatever bytes come, a form comes
out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Pair = tuple[str, str]

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_HEX = "0123456789abcdefABCDEF"
_BYTES = {(one + two).encode(): bytes((int(one + two, 16),)) for one in _HEX for two in _HEX}


@dataclass(frozen=True, slots=True)
class Decoding:
    """How bytes become text; the defaults are the right ones, faults use the others. `reads`: so many bytes of a body are read; None for all."""

    charset: str = "utf-8"
    plus_is_space: bool = True
    unescapes: bool = True
    lower_hex: bool = True
    keeps: str = "all"
    trims: bool = False
    reads: int | None = None


FAITHFUL = Decoding()


@dataclass(frozen=True, slots=True)
class Form:
    """Decoded pairs in the order in which they were sent."""

    pairs: tuple[Pair, ...] = ()
    _index: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, value in self.pairs:
            self._index.setdefault(name, []).append(value)

    @property
    def names(self) -> tuple[str, ...]:
        """Each name once, in the order of its first value."""
        return tuple(self._index)

    def first(self, name: str) -> str | None:
        """The first value of this name, or None."""
        values = self._index.get(name)
        return values[0] if values else None

    def filled_from(self, other: Form) -> Form:
        """The same with the pairs of another form whose names it does not have."""
        return Form((*self.pairs, *(pair for pair in other.pairs if not self.has(pair[0]))))

    def all(self, name: str) -> list[str]:
        """Every value of this name."""
        return self._index.get(name, [])

    def has(self, name: str) -> bool:
        """Whether this name has a value that is not empty, which is what counts as sent."""
        return bool(self.first(name))


def decode(body: bytes, decoding: Decoding = FAITHFUL) -> Form:
    """Reads a body; a piece without ``=`` is a name with an empty value, an empty piece is nothing.

    Source: WHATWG URL, application/x-www-form-urlencoded parsing.
    """
    pairs: list[Pair] = []
    for piece in body[:decoding.reads].split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((_text(name, decoding), _text(value, decoding)))
    return Form(_kept(pairs, decoding))


def _text(raw: bytes, decoding: Decoding) -> str:
    if decoding.plus_is_space and b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if decoding.unescapes and b"%" in raw:
        raw = _ESCAPE.sub(_byte if decoding.lower_hex else _byte_of_upper_hex, raw)
    text = raw.decode(decoding.charset, "replace")
    return text.strip() if decoding.trims else text


def _byte(escape: re.Match[bytes]) -> bytes:
    return _BYTES[escape[1]]


def _byte_of_upper_hex(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    return _byte(escape) if digits == digits.upper() else escape[0]


def _kept(pairs: list[Pair], decoding: Decoding) -> tuple[Pair, ...]:
    if decoding.keeps == "all":
        return tuple(pairs)
    if decoding.keeps == "first":
        pairs = pairs[::-1]
    return tuple(dict(pairs).items())
