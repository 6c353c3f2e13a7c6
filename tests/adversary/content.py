"""Content: too much of it, packed, in another encoding, JSON at its edges, and text that acts on whoever reads it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import cache

from adversary import server
from adversary.answers import Answer
from adversary.rows import FEW, SHORT, Row, Verdict, broken, fine, lesser
from adversary.server import Behaviour, bomb
from adversary.wrapped import Act, How, Turn, created

_JSON = ("response.json",)
# Each acts somewhere: a page, a terminal, a CI log, a Markdown file, XML, a sentence that is read from the right.
ACTING = (
    "<img src=x onerror=boom()><script>boom()</script>\x1b[31m\x07\x9b2J\u202eecho\u2066\r\n::error file=a::boom\n"
    "##vso[task.complete result=Failed]\n##[error]boom\n]]>&\"'`[boom](javascript:boom()) | **boom** @everyone \ud800\x00"
)


def _row(name: str, does: str, how: How, verdict: Verdict, few: bool = False) -> Row:
    """Something that each created call gets; where it is much, in a run of few requests."""
    return Row(name, "content", f"{does}, for each call created", Act(how, created), verdict, FEW if few else SHORT)


def _padded(turn: Turn, size: int) -> bytes:
    """The call's JSON with an unknown attribute that makes it so long."""
    document = json.loads(turn.answer.body)
    return json.dumps(document | {"filler": "a" * (size - len(turn.answer.body))}).encode()


def _packed(turn: Turn, body: bytes, kind: str = "gzip") -> Answer:
    return turn.answer.bodied(body).headed(("Content-Encoding", kind))


def _with(text: bytes) -> How:
    """The call's JSON with one more attribute whose value is this text."""
    return lambda turn: turn.answer.bodied(turn.answer.body.rstrip()[:-1] + b', "filler": ' + text + b"}")


def _instead(body: bytes) -> How:
    return lambda turn: turn.answer.bodied(body)


def _recoded(charset: str) -> How:
    return lambda turn: turn.answer.bodied(turn.answer.body.decode().encode(charset))


_DEEP = b"[" * 100_000 + b"]" * 100_000


@cache
def _bomb() -> bytes:
    """100 MB of zeros in gzip, made when it is needed."""
    return bomb(100)


ROWS: tuple[Row, ...] = (
    _row("500 MB", "sends 500 MB", lambda _: server.HUGE_BODY, broken(*_JSON, words=("1048576 bytes",)), few=True),
    _row("900 KB", "adds an attribute of 900 KB, and a sid that is none", lambda t: t.answer.bodied(_padded(t, 900_000).replace(b'"sid": "CA', b'"sid": "XX')),
         broken("response.sid.pattern", "response.uri.pattern", "response.uri.format", most=4), few=True),
    _row("backslashes", "sends 900,000 backslashes", _instead(b"\\" * 900_000), broken(*_JSON), few=True),
    _row("members without end", "adds an attribute of 100,000 numbers", _with(b"[" + b",".join(b"%d" % i for i in range(100_000)) + b"]"), fine(), few=True),
    _row("gzip bomb", "sends 100 MB of zeros in gzip", lambda t: _packed(t, _bomb()), broken(*_JSON), few=True),
    _row("nested bomb", "packs 100 MB of zeros twice", lambda t: _packed(t, gzip.compress(_bomb()), "gzip, gzip"), broken(*_JSON)),
    _row("encodings without end", "names 200 encodings", lambda t: _packed(t, t.answer.body, ", ".join(["gzip"] * 200)), broken("call.created", *_JSON)),
    _row("empty members", "sends gzip members without end that hold nothing", lambda _: server.EMPTY_MEMBERS, broken(*_JSON, words=("1048576 bytes",)), few=True),
    _row("empty blocks", "sends one gzip member of empty blocks without end", lambda _: server.EMPTY_BLOCKS, broken(*_JSON, words=("1048576 bytes",)), few=True),
    _row("gzip that is none", "says gzip and sends plain JSON", lambda t: _packed(t, t.answer.body), broken("call.created", *_JSON)),
    _row("cut gzip", "sends half of what it has packed", lambda t: _packed(t, gzip.compress(t.answer.body)[:-12]), broken("call.created", *_JSON)),
    _row("unknown encoding", "says an encoding that there is not", lambda t: _packed(t, t.answer.body, "quux"), fine()),
    _row("packed rightly", "packs its answer with gzip", lambda t: _packed(t, gzip.compress(t.answer.body)), fine()),
    _row("no JSON", "sends JSON that ends too early", lambda t: t.answer.bodied(t.answer.body[:-5]), broken(*_JSON)),
    _row("empty", "sends an empty body", _instead(b""), broken(*_JSON)),
    _row("very deep", "nests 100,000 lists in an unknown attribute", _with(_DEEP), broken(*_JSON), few=True),
    _row("very long", "has 5,000 unknown attributes", lambda t: t.answer.said(**{f"x{i}": i for i in range(5_000)}), fine()),
    _row("million digits", "has a number of a million digits in an unknown attribute", _with(b"9" * 1_000_000), broken(*_JSON), few=True),
    _row("1e999999", "has a number that is too large for any float in an unknown attribute", _with(b"1e999999"), fine()),
    _row("NaN", "has NaN in an unknown attribute", _with(b"NaN"), broken(*_JSON)),
    _row("key twice", "has an attribute twice", lambda t: t.answer.bodied(t.answer.body[:-1] + b', "sid": "CA0"}'), lesser("response.unique-keys")),
    _row("BOM", "begins its JSON with a byte order mark", lambda t: t.answer.bodied(b"\xef\xbb\xbf" + t.answer.body), broken(*_JSON)),
    _row("UTF-16", "sends JSON in UTF-16", _recoded("utf-16"), broken(*_JSON)),
    _row("no UTF-8", "has a byte that is no UTF-8 in an unknown attribute", _with(b'"\xff"'), broken(*_JSON)),
    _row("lone surrogate", "has half a character in an unknown attribute", _with(b'"\\ud800"'), fine()),
    _row("NUL", "has NUL in an unknown attribute, as JSON writes it", _with(b'"\\u0000"'), fine()),
    _row("open quotes", "sends brackets and 200,000 escaped quotes that never close", _instead(b"[" * 300 + b'"' + b'\\"' * 200_000), broken(*_JSON), few=True),
    _row("line breaks", "sends a million line breaks", _instead(b"\n" * 1_000_000), broken(*_JSON), few=True),
    _row("HTML", "sends a page", lambda t: t.answer.bodied(b"<html><script>boom()</script></html>").typed("text/html"),
         broken(*_JSON, "response.content-type")),
    _row("acting attributes", "writes what acts on a reader into sid, status and to",
         lambda t: t.answer.said(sid=ACTING, status=ACTING, to=ACTING, annotation=ACTING),
         broken("response.sid.pattern", "response.status.values", "echo.to", "echo.status", "echo.sid-unique", "response.uri.format", most=6)),
    _row("acting keys", "has attributes whose names act on a reader, twice each",
         lambda t: t.answer.bodied(t.answer.body[:-1] + b", " + json.dumps(ACTING).encode() + b": 1, " + json.dumps(ACTING).encode() + b": 2}"),
         lesser("response.unique-keys")),
    Row("acting refusals", "content", "writes what acts on a reader into each refusal's message, without a code",
        Act(lambda t: t.answer.bodied(json.dumps({"message": ACTING, "code": ACTING, "status": 400, "more_info": ACTING}).encode()),
            lambda t: t.answer.status == 400), lesser("refusal.body")),
    _row("acting reason", "has what acts on a reader as its reason phrase, and is 200",
         lambda t: replace(t.answer, status=200, reason="<img src=x onerror=boom()> \x1b[31m\u202e ::error::boom"), broken("response.status")),
    _row("acting header", "has what acts on a reader as its content type",
         lambda t: t.answer.typed("text/<img src=x onerror=boom()>\x1b[31m\u202e ::error::boom"), broken("response.content-type")),
    _row("acting crash", "answers 500 with a stack trace and escapes",
         lambda t: Answer(500, (("Content-Type", "text/plain"),), f"Traceback (most recent call last)\n\x1b[31m{ACTING}".encode("utf-8", "backslashreplace"), reason="\x1b[31m::error::boom"),
         broken("call.created", "secrets.stack-trace")),
    _row("acting text", "sends a text without end of escapes", lambda _: Behaviour(
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n", b"\x1b[31m\x07::error::boom\n" * 20_000, times=100, end="close"), broken(*_JSON), few=True),
)
