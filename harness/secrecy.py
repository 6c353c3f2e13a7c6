"""Secrets in bytes: how a token or a password may be written, whether one is there, and taking it out.

Twelve characters in a row of a token count as the token: in any letter case, form-encoded, escaped or in base64. Pure: no file,
no network.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import struct
import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import chain
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

from harness.contract import ATTRIBUTES, COLLECTION, PARAMETERS

REDACTED = "[redacted]"
GRAM = 12  # characters in a row that count as a leak
SHORTEST = 6  # characters; a shorter secret can't be told from chance
# Every run of GRAM characters holds a whole block of _BLOCK that begins at a multiple of _STRIDE.
_BLOCK, _STRIDE = 5, 8
_DEPTH = 5  # so often escapes are undone that stand in each other
_MASK = b"\0" + b"*" * 255  # a NUL stays, so that text in UTF-16 stays that
# Every byte as a character of base64, so that all of it can be decoded and nothing moves.
_AS_64 = bytes(c if chr(c) in ascii_uppercase + ascii_lowercase + digits + "+/" else {45: 43, 95: 47}.get(c, 47) for c in range(256))
# What JSON, HTML, forms and UTF-16 write otherwise; those of a kind that stand in each other are one. Each is bounded.
_ESCAPE = re.compile(
    rb"\\\\{0,63}+(?:u[dD][89abAB][0-9a-fA-F]{2}\\{1,63}+u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[bfnrt])?"
    rb"|%(?:25){0,30}[0-9a-fA-F]{2}"
    rb"|&(?:amp;){0,30}(?:#(?:[xX]0{0,30}[0-9a-fA-F]{1,6}|0{0,30}[0-9]{1,7});?|[A-Za-z][A-Za-z0-9]{1,31};|lt|gt|quot|amp)"
    rb"|\x00\x00{0,63}+"
)
# And letters that have small ones beyond ASCII, and the space as a form writes it.
_ESCAPE_OR_ODD = re.compile(_ESCAPE.pattern + rb"|\+|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CONTROLS = str.maketrans("bfnrt", "\b\f\n\r\t")
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9_.~-]*")
# Pieces at every sixth byte: any ten bytes in a row, which a telling password has, hold a whole one.
_PIECE, _BEGINNING = 5, 64
_PIECES = struct.Struct(f"{_PIECE}sx" * 64)
_WORDS = bytes.maketrans(ascii_uppercase.encode() + b"+", ascii_lowercase.encode() + b" ")
_Span = tuple[int, int]


class _View(NamedTuple):
    """Data read in one way.

    Args:
        data: as it is read.
        back: from a span of it to that of the data as they are.
    """

    data: bytes
    back: Callable[[_Span], _Span] = lambda span: span

    def undone(self, odd: bool, mapped: bool = True) -> _View | None:
        """With escapes as what they stand for, if there are any.

        Args:
            odd: whether letters other than those of ASCII become small ones, and pluses spaces.
            mapped: whether its spans will be asked for.
        """
        data = self.data
        if not (b"\\" in data or b"%" in data or b"&" in data or b"\0" in data or odd and (b"+" in data or not data.isascii())):
            return None
        edits = _Edits()
        pattern = _ESCAPE_OR_ODD if odd else _ESCAPE
        plain = pattern.sub(edits.note if mapped else lambda found: _meant(found[0]), data)
        return None if plain == data else _View(plain, lambda span: self.back(edits.back(span)))

    def decoded(self) -> Iterator[_View]:
        """With all of it taken as base64, wherever that may begin."""
        plain = self.data.translate(_AS_64)
        for first in range(4):
            last = len(plain) - (len(plain) - first) % 4
            yield _View(binascii.a2b_base64(plain[first:last]), partial(self._encoded, first))

    def _encoded(self, first: int, span: _Span) -> _Span:
        """From a span of what was decoded, beginning at a place, to the characters that it is of."""
        return self.back((first + span[0] * 4 // 3, first - (-span[1] * 4 // 3)))


class _Edits:
    """Where escapes were undone: the beginning and end of each in the text that was made, and in the one before."""

    def __init__(self) -> None:
        self._begin, self._end, self._first, self._last = (array("q") for _ in range(4))

    def note(self, found: re.Match[bytes]) -> bytes:
        """What an escape stands for."""
        new = _meant(found[0])
        begin = found.start() + (self._end[-1] - self._last[-1] if self._end else 0)
        self._begin.append(begin)
        self._end.append(begin + len(new))
        self._first.append(found.start())
        self._last.append(found.end())
        return new

    def back(self, span: _Span) -> _Span:
        """From a span of the text that was made to that of the one before; no escape is cut."""
        start, end = span
        return self._place(start, self._first, 0), self._place(end - 1, self._last, 1)

    def _place(self, at: int, sides: array[int], beyond: int) -> int:
        i = bisect_right(self._begin, at) - 1
        if i < 0:
            return at + beyond
        return sides[i] if at < self._end[i] else self._last[i] + at - self._end[i] + beyond


@lru_cache(maxsize=4096)
def _meant(escape: bytes) -> bytes:
    """What a match of `_ESCAPE_OR_ODD` stands for."""
    if escape.startswith(b"%"):
        return bytes.fromhex(escape[-2:].decode())
    if escape.startswith(b"&"):
        return html.unescape(re.sub(rb"^&(?:amp;)+(?=[#A-Za-z])", b"&", escape).decode()).encode("utf-8", "surrogatepass")
    if escape.startswith(b"\\"):
        written = escape.replace(b"\\", b"").decode()
        if written.startswith("u"):
            return bytes.fromhex(written.replace("u", "")).decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
        return bytes.fromhex(written[1:]) if written.startswith("x") else written.translate(_CONTROLS).encode()
    return b" " if escape == b"+" else escape.strip(b"\0").decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")


def _levels(data: bytes, odd: bool, mapped: bool = True) -> Iterator[_View]:
    """Data as they are, then with escapes undone again and again."""
    view: _View | None = _View(data)
    for _ in range(_DEPTH + 1):
        if view is None:
            return
        yield view
        view = view.undone(odd, mapped)


@dataclass(frozen=True)
class Needles:
    """What of a secret is looked for.

    Args:
        grams: each twelve characters in a row of it, or all of a shorter one, as they are once escapes are undone, in small letters;
            and the block of each that is looked for first.
        odd: whether it has characters that are escaped, so that what was in base64 is read with escapes too.
    """

    grams: frozenset[tuple[bytes, bytes]] = frozenset()
    odd: bool = False

    @cached_property
    def _by_block(self) -> dict[bytes, list[tuple[bytes, int]]]:
        out: dict[bytes, list[tuple[bytes, int]]] = {}
        for gram, block in sorted(self.grams):
            out.setdefault(block, []).append((gram, gram.index(block)))
        return out

    def __bool__(self) -> bool:
        return bool(self.grams)

    def __or__(self, other: Needles) -> Needles:
        return Needles(self.grams | other.grams, self.odd or other.odd)

    def are_in(self, data: bytes) -> bool:
        """Whether a piece of the secret is in the data, however it is written."""
        return bool(self.grams) and any(True for _ in self._spans(data, mapped=False))

    def _spans(self, data: bytes, mapped: bool = True) -> Iterator[_Span]:
        """Where grams are, not in order; if not mapped only that there are some."""
        for level in _levels(data, self.odd, mapped):
            yield from self._spans_as_read(level)
            for decoded in level.decoded():
                yield from self._spans_as_read(decoded)
                plain = decoded.undone(True, mapped=False) if self.odd else None
                if plain is not None and any(True for _ in self._spans_as_read(plain)):
                    yield from self._spans_as_read(decoded.undone(True) or plain)

    def _spans_as_read(self, view: _View) -> Iterator[_Span]:
        data = view.data.lower()
        for block, grams in self._by_block.items():
            at = data.find(block)
            step = 1 if len(block) == _BLOCK else len(block)
            while at >= 0:
                for gram, before in grams:
                    start = at - before
                    if start >= 0 and data.startswith(gram, start):
                        yield view.back((start, start + len(gram)))
                at = data.find(block, at + step)

    def not_in(self, said: bytes) -> Needles:
        """Those that are not in what somebody says in the open anyway, in whatever letter case."""
        read = [level.data.lower() for level in _levels(said, self.odd, mapped=False)]
        return Needles(frozenset(g for g in self.grams if not any(g[0] in text for text in read)), self.odd)

    def taken_out(self, data: bytes, stand_in: bytes | None = REDACTED.encode()) -> tuple[bytes, int]:
        """Data without the secret, and how often it was there; all else stays as it is.

        Args:
            data: any bytes.
            stand_in: what is put in its place; None for asterisks of the same length, so that nothing else moves.
        """
        count = 0
        for _ in range(_DEPTH):
            if not self.are_in(data):
                break
            out: list[bytes] = []
            done = 0
            for start, end in _merged(self._spans(data)):
                out += [data[done:start], stand_in if stand_in is not None else data[start:end].translate(_MASK)]
                done, count = end, count + 1
            data = b"".join([*out, data[done:]])
        return data, count


def needles_of(token: str | None, beside: str = "") -> Needles:
    """What is looked for of a token; nothing of one that is too short.

    Args:
        token: the secret, if there is one.
        beside: what is no secret, such as the account's SID, and so is not looked for.
    """
    if not token or len(token) < SHORTEST:
        return Needles()
    return _needles(token, GRAM).not_in(_openly_said() + beside.encode("utf-8", "surrogateescape"))


@lru_cache(maxsize=1)
def _openly_said() -> bytes:
    """What every server of the contract says, and so can't be a secret, whatever a token may be made of."""
    words = [w for a in ATTRIBUTES for w in (a.name, *a.values)] + [p.name for p in PARAMETERS]
    return "\n".join((COLLECTION, "application/json; charset=utf-8", "application/x-www-form-urlencoded", *words, "")).encode()


def needles_of_passwords(values: Iterable[str]) -> Needles:
    """What is looked for of passwords, each as a whole; nothing of one that is short or of few letters."""
    told = [_needles(value) for value in values if is_telling(value)]
    return Needles(frozenset().union(*(n.grams for n in told)), any(n.odd for n in told))


class Passwords:
    """Passwords that were sent lately, told from all else that may be said; how many there are makes no difference to the time.

    Args:
        beside: what is no secret.
        least: how many of those sent last are remembered; it may be twice as many.
    """

    def __init__(self, beside: str = "", least: int = 256) -> None:
        self._beside = beside.encode("utf-8", "surrogateescape")
        self._least = least
        self._sent: set[str] = set()
        self._by_piece: dict[bytes, tuple[str, ...]] = {}
        self._before: dict[bytes, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def note(self, passwords: Iterable[str]) -> None:
        """Remembers passwords that are sent."""
        for password in passwords:
            if is_telling(password) and _raw(password) not in self._beside:
                with self._lock:
                    self._remember(password)

    def _remember(self, password: str) -> None:
        if password in self._sent:
            return
        if len(self._sent) >= self._least:
            self._before, self._sent, self._by_piece = self._by_piece, set(), {}
        self._sent.add(password)
        pieces = _pieces_of(password)
        shared = [piece for piece in pieces if piece in self._by_piece]
        self._by_piece.update(dict.fromkeys(pieces.difference(shared), (password,)))
        for piece in shared:
            self._by_piece[piece] += (password,)

    def said_in(self, data: bytes, openly: bytes = b"") -> dict[str, Needles]:
        """Those that are in the data and not said openly, and what is looked for of each."""
        if not self._by_piece:
            return {}
        with self._lock:
            near = {password for level in _levels(data, False, mapped=False) for password in self._near(level.data)}
        found = {password: needles_of_passwords([password]) for password in sorted(near) if _raw(password) not in openly}
        return {password: needles for password, needles in found.items() if needles.are_in(data)}

    def _near(self, data: bytes) -> set[str]:
        """Those of which a piece is in the data."""
        pieces = [*chain.from_iterable(_PIECES.iter_unpack(data.translate(_WORDS) + bytes(-len(data) % _PIECES.size)))]
        indices = [index for index in (self._by_piece, self._before) if not index.keys().isdisjoint(pieces)]
        return {password for index in indices for piece in pieces for password in index.get(piece, ())}


def _pieces_of(password: str) -> set[bytes]:
    """Every piece of a password's beginning, as it is and as a part of a longer text in base64."""
    password = password[:_BEGINNING]
    texts = {level.data for way in _ways(password) for level in _levels(way, False)}
    raw = _raw(password)
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw + bytes(2 - (before + len(raw) + 2) % 3))
        # What stands before and after decides the characters at the ends; those between are the password's alone.
        own = whole[-(-before * 4 // 3):(before + len(raw)) * 4 // 3]
        texts |= {own, own.replace(b"+", b"-").replace(b"/", b"_")}
    return {text[i:i + _PIECE] for text in (text.translate(_WORDS) for text in texts) for i in range(len(text) - _PIECE + 1)}


def _raw(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogateescape")


def _ways(secret: str) -> set[bytes]:
    """A secret in UTF-8, in UTF-8 that a server took for Latin-1, and in UTF-16, of which no NUL is left once escapes are undone."""
    raw = _raw(secret)
    return {raw, raw.decode("latin-1").encode(), *(secret.encode(code, "surrogatepass").replace(b"\0", b"") for code in ("utf-16-le", "utf-16-be"))}


def _needles(secret: str, length: int = 0) -> Needles:
    """What is looked for of a secret: so many characters of it in a row, or all of it."""
    odd = _NEVER_ESCAPED.fullmatch(secret) is None
    grams: set[tuple[bytes, bytes]] = set()
    for level in (level for way in _ways(secret) for level in _levels(way, odd)):
        whole = level.data.lower()
        if not length:
            grams.add((whole, whole))
        if not length or len(whole) < SHORTEST:
            continue
        signs = [sign.encode("utf-8", "surrogateescape") for sign in whole.decode("utf-8", "surrogateescape")]
        begin = 0
        for i in range(max(len(signs) - length, 0) + 1):
            gram = b"".join(signs[i:i + length])
            first = -begin % _STRIDE
            grams.add((gram, gram[first:first + _BLOCK]))
            begin += len(signs[i])
    return Needles(frozenset(grams), odd)


def hushed(text: str, environment: Mapping[str, str]) -> str:
    """A message without any token that a variable of the environment holds, such as one that was typed in a wrong place."""
    needles = Needles()
    for name, value in environment.items():
        if "TOKEN" in name.upper():
            needles |= needles_of(value)
    data = text.encode("utf-8", "surrogateescape")
    return needles.taken_out(data)[0].decode("utf-8", "surrogateescape")


def is_telling(secret: str) -> bool:
    """Whether a secret is long and varied enough not to be met by chance."""
    return len(secret) >= 10 and len(set(secret)) >= 5


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
