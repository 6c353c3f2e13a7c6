"""A Case: one request to send, as data. What the contract expects of it is the oracle's business, not the case's.

Pairs are text; bytes that are no UTF-8 stand in it as lone surrogates (`surrogateescape`), so that a case is always
JSON-ready text and the wire can still send the raw bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote_to_bytes

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]

CREDENTIALS = (
    "right", "none", "wrong", "prefix", "longer", "changed-end", "empty", "letter-case", "other-user", "no-user", "exchanged",
    "changed-start", "spaced", "user-end", "user-longer", "other-scheme", "scheme-only", "no-scheme", "no-base64", "unencoded", "no-colon",
    "second-colon", "nul-end", "user-twice", "beyond-ascii",
)


ACCOUNTS = ("own", "other", "other-end", "other-start")
# Heads of a request: what it may say, or leave out (None), beside what it is about.
HEADS: dict[str, dict[str, str | None]] = {
    "usual": {}, "close": {"Connection": "close"}, "any-type": {"Accept": "*/*"}, "bare": {"Accept": None, "Accept-Encoding": None},
    "chunked": {"Transfer-Encoding": "chunked"}, "expecting": {"Expect": "100-continue"}, "for-xml": {"Accept": "application/xml"},
}
# Those with which a call need not be created, but answered.
UNCLEAR_HEADS = ("chunked", "expecting", "for-xml")
HEAD_IN_WORDS = {
    "close": "a request that asks to close the connection", "any-type": "a request that accepts any type",
    "bare": "a request that does not say what it accepts", "chunked": "a body in chunks", "expecting": "Expect: 100-continue",
    "for-xml": "a request for XML",
}
_OTHER_ACCOUNT = "AC" + "0123456789abcdef" * 2


def account_of(kind: str, own: str) -> str:
    """The account SID that one of `ACCOUNTS` stands for.

    Args:
        kind: which.
        own: the configured account's SID.
    """
    if kind == "own":
        return own
    if kind == "other":
        return _OTHER_ACCOUNT if own != _OTHER_ACCOUNT else "AC" + "f" * 32
    return changed_at(own, len(own) - 1 if kind == "other-end" else 2)


def changed_at(text: str, place: int) -> str:
    """A text with the character at a place changed: to 0, or from 0 to 1."""
    return text[:place] + ("0" if text[place:place + 1] != "0" else "1") + text[place + 1:]


@dataclass(frozen=True, slots=True)
class Case:
    """One request.

    Args:
        pairs: (name, value) of the form, in the order sent, names may repeat.
        aim: id of the clause that the case was made for.
        seed: seed of the run that drew it.
        styles: how each pair is form-encoded, see `harness.wire.STYLES`; empty: all plain.
        content_type: None for none; the form's own by default.
        body: raw bytes instead of the encoded pairs.
        method: HTTP method.
        account: whose path, one of `ACCOUNTS`: the configured account's, another one's, or one that differs in its last or first digit alone.
        credentials: one of `CREDENTIALS`.
        segments: bytes of the body sent at a time, 0 for all at once.
        pause: seconds in which nothing is sent before it.
        head: one of `HEADS`.
    """

    pairs: Pairs
    aim: str = "call.created"
    seed: int = 0
    styles: tuple[str, ...] = ()
    content_type: str | None = "application/x-www-form-urlencoded"
    body: bytes | None = None
    method: str = "POST"
    account: str = "own"
    credentials: str = "right"
    segments: int = 0
    pause: float = 0.0
    head: str = "usual"

    def get(self, name: str) -> str | None:
        """The first value of a parameter, or None."""
        for n, v in self.pairs:
            if n == name:
                return v
        return None

    def with_pairs(self, pairs: Pairs, styles: tuple[str, ...] = ()) -> Case:
        """The same case with other pairs."""
        return replace(self, pairs=pairs, styles=styles)

    @property
    def plainly_sent(self) -> Case:
        """The same pairs as any client sends them: all at once, with the usual head, content type and encoding."""
        return replace(self, styles=(), segments=0, content_type=Case(()).content_type, pause=0.0, head="usual")

    @property
    def is_plain_form(self) -> bool:
        """Whether it is an ordinary form sent to the own collection with the right credentials."""
        return self.is_form and self.head not in UNCLEAR_HEADS

    @property
    def is_form(self) -> bool:
        """Whether it is a form, however it is framed and whatever is wished for, sent to the own collection with the right credentials."""
        return (
            self.method == "POST" and self.account == "own" and self.credentials == "right" and self.body is None
            and self.content_type is not None and self.content_type.startswith("application/x-www-form-urlencoded")
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form, the inverse of `from_json`; defaults are left out."""
        out: dict[str, Any] = {"pairs": [list(p) for p in self.pairs], "aim": self.aim, "seed": self.seed}
        if any(_SURROGATE.search(t) for p in self.pairs for t in p if not t.isascii()):
            out["pairs"] = [[printable(n), printable(v)] for n, v in self.pairs]
            out["raw_pairs"] = [[_raw(n), _raw(v)] for n, v in self.pairs]
        default = Case(())
        for key in ("content_type", "method", "account", "credentials", "segments", "pause", "head"):
            if getattr(self, key) != getattr(default, key):
                out[key] = getattr(self, key)
        if any(s != "plain" for s in self.styles):
            out["styles"] = list(self.styles)
        if self.body is not None:
            out["body"] = self.body[:4096].decode("latin-1")
            out["body_length"] = len(self.body)
        return out

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Case:
        """Builds a case from `to_json`'s form.

        Raises:
            ValueError: the data is no case.
        """
        try:
            body = data.get("body")
            raw = body.encode("latin-1") if body is not None else None
            if raw is not None:
                length = min(int(data.get("body_length", len(raw))), 4 << 20)
                raw = (raw * (length // max(len(raw), 1) + 1))[:length] if raw else b""
            return cls(
                pairs=_pairs_from(data), aim=str(data.get("aim", "call.created")),
                seed=int(data.get("seed", 0)), styles=tuple(map(str, data.get("styles", ()))),
                content_type=data.get("content_type", cls(()).content_type), body=raw,
                method=str(data.get("method", "POST")), account=str(data.get("account", "own")),
                credentials=str(data.get("credentials", "right")), segments=int(data.get("segments", 0)),
                pause=float(data.get("pause", 0.0)), head=str(data.get("head", "usual")),
            )
        except (KeyError, TypeError, AttributeError, UnicodeError, OverflowError) as error:
            raise ValueError(f"not a saved case: {error}") from error


_SURROGATE = re.compile("[\ud800-\udfff]")
_OTHER_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def printable(text: str) -> str:
    """Text in which each byte that is no UTF-8 (a lone surrogate) is shown as `\\xNN`, so that any program can read it."""
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return _SURROGATE.sub(lambda m: f"\\x{ord(m[0]) & 0xFF:02x}", text)


def _raw(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape" if not _OTHER_SURROGATE.search(text) else "surrogatepass"))


def _pairs_from(data: dict[str, Any]) -> Pairs:
    if "raw_pairs" in data:
        return tuple((_text(n), _text(v)) for n, v in data["raw_pairs"])
    return tuple((str(n), str(v)) for n, v in data["pairs"])


def _text(raw: str) -> str:
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")
