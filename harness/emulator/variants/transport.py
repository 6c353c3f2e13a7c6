"""Variants of HTTP and JSON: the same answer, written and sent in another way.

For rows of (slug, what is different, hooks).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.emulator.faults.effects import bytes_changed, headed, typed
from harness.emulator.hooks import CREATED, DENIED, OTHER, REFUSED, Hook, Pause, Reply, Rework, Speak
from harness.emulator.ledger import Turn
from harness.emulator.variants.model import Variant

FAMILY = "transport"
ANY = (CREATED, REFUSED, DENIED, OTHER)
SLOW_S = 0.02


def _dumped(dump: Callable[[Any], str]) -> Hook:
    return Rework(ANY, bytes_changed(lambda body: dump(json.loads(body)).encode()))


def _packed(coding: str, pack: Callable[[bytes], bytes]) -> Hook:
    def edit(reply: Reply, turn: Turn) -> Reply:
        if coding not in turn.accept_encoding or not reply.body:
            return reply
        return replace(headed("Content-Encoding", coding)(reply, turn), body=pack(reply.body))

    return Rework(ANY, edit, packs=True)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=4, ensure_ascii=True, sort_keys=True) + "\n"


def _raw(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _escaped(value: Any) -> str:
    text = json.dumps(value)
    return text.replace("/", "\\/").replace("+", "\\u002b").replace("@", "\\u0040")


def _chunks(size: int) -> Hook:
    return Rework(ANY, lambda reply, turn: replace(reply, chunk=size))


_CLOSE = Rework(ANY, headed("Connection", "close"))
_MANY_HEADERS = (
    *(Rework(ANY, headed(f"X-Note-{n}", "a" * 60)) for n in range(20)), Rework(ANY, headed("Set-Cookie", "a=b; Path=/; HttpOnly")),
)
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
_PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n" * 3

_ROWS: tuple[tuple[str, str, tuple[Hook, ...]], ...] = (
    ("http-1.0", "speaks HTTP/1.0", (_CLOSE, Speak(version=b"HTTP/1.0"))),
    ("closes-after-each", "closes the connection after each answer, and says so", (_CLOSE,)),
    ("closes-unsaid-after-each", "closes the connection after each answer without saying so", (Speak(close_every=1),)),
    ("closes-unsaid-every-100th", "closes the connection after a hundred answers without saying so", (Speak(close_every=100),)),
    ("chunked", "sends the body in chunks of 100 bytes", (_chunks(100),)),
    ("gzip-chunked", "packs the body with gzip and sends it in small chunks", (_packed("gzip", lambda b: gzip.compress(b, 1)), _chunks(7))),
    ("deflate", "packs the body with deflate", (_packed("deflate", zlib.compress),)),
    ("early-hints", "sends early hints before each answer", (Speak(before=_HINTS),)),
    ("processing", "says three times that it is at work before each answer", (Speak(before=_PROCESSING),)),
    ("title-case-headers", "writes header names with capitals", (Speak(title_case=True),)),
    ("in-pieces", "sends its answers in pieces of 90 bytes", (Speak(piece=90),)),
    ("pretty", "writes JSON over many lines, sorted, in ASCII", (_dumped(_pretty), Rework(ANY, typed("application/json;charset=utf-8")))),
    ("raw-utf-8", "writes JSON without spaces, in UTF-8", (_dumped(_raw), Rework(ANY, typed("Application/JSON; Charset=\"UTF-8\"")))),
    ("escaped", "escapes slashes, plus and at signs in JSON", (_dumped(_escaped),)),
    ("json-type-with-suffix", "names its type as a kind of JSON", (Rework(ANY, typed("application/vnd.calls+json")),)),
    ("many-headers", "sends cookies and many other headers", _MANY_HEADERS),
    ("slow", "answers after 20 ms", (Pause(SLOW_S),)),
)  # fmt: skip

VARIANTS = tuple(Variant(slug, FAMILY, f"{what[0].upper()}{what[1:]}", hooks) for slug, what, hooks in _ROWS)
