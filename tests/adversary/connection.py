"""Connections and what goes over them: silence, resets, drips, heads, lengths, chunks, interim answers, other protocols."""

from __future__ import annotations

import json
from dataclasses import replace

from adversary import server
from adversary.rows import FEW, LONGER, Row, broken, ends, fine
from adversary.server import Behaviour, reply
from adversary.wrapped import Act, How, Turn, created, each

# What fails now and then, however often it is asked again: a call that is created usually, and a refusal that is one usually.
NOW_AND_THEN = ("call.history", "refusal.repeatable", "server.answers")


def _now(name: str, does: str, how: How, period: int = 50) -> Row:
    """A behaviour that one request in so many gets."""
    return Row(f"{name}, 1 in {period}", "connection", f"{does}, at one request in {period}", Act(how, each(period)), broken(*NOW_AND_THEN, most=2), LONGER)


def _all(name: str, does: str, how: How, *words: str) -> Row:
    """A behaviour that every request gets, so that nothing can be judged."""
    return Row(f"{name}, always", "connection", f"{does}, at every request", Act(how), ends(*words))


def _cut(turn: Turn, end: str) -> Behaviour:
    """Half of the answer."""
    whole = turn.answer.head + turn.answer.body
    return Behaviour(whole[:len(whole) // 2], end=end)


def _slow(turn: Turn) -> Behaviour:
    """The answer, its last byte some time later."""
    whole = turn.answer.head + turn.answer.body
    return Behaviour(whole[:-1], whole[-1:], 0.0, 1, before=0.02)


def _framed(framing: str, end: str = "close") -> How:
    return lambda turn: replace(turn.answer, framing=framing).wire(end)


def _longer(turn: Turn, end: str) -> Behaviour:
    return replace(turn.answer, framing=f"Content-Length: {len(turn.answer.body) + 10}").wire(end)


def _shorter(turn: Turn) -> Behaviour:
    return replace(turn.answer, framing=f"Content-Length: {len(turn.answer.body) - 10}").wire()


def _oddly_sized(turn: Turn) -> Behaviour:
    body = b"+0x%x\r\n%s\r\n-0\r\n\r\n" % (len(turn.answer.body), turn.answer.body)
    return replace(turn.answer, body=body, framing="Transfer-Encoding: chunked").wire()


def _interim(*lines: str, times: int = 1) -> How:
    before = b"".join(f"HTTP/1.1 {line}\r\nLink: </style.css>; rel=preload\r\n\r\n".encode() for line in lines) * times
    return lambda turn: Behaviour(before + turn.answer.wire().answer)


def _too_large(head: bytes) -> Behaviour | None:
    """413 as soon as a head announces a body of more than 64 KB."""
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    refusal = json.dumps({"code": 20001, "message": "too large", "more_info": "", "status": 413}).encode()
    return reply(refusal, "413 Content Too Large", "Connection: close", end="drain") if length > 65536 else None


def _twice(turn: Turn) -> Behaviour:
    whole = turn.answer.wire().answer
    return Behaviour(whole + whole)


def _twice_late(turn: Turn) -> Behaviour:
    whole = turn.answer.wire().answer
    return Behaviour(whole, whole, 0.0, 1, before=0.004)


ROWS: tuple[Row, ...] = (
    Row("faultless", "connection", "nothing odd at all", Act(), fine()),
    # Silence and resets.
    _all("silent", "says nothing", lambda _: server.SILENT, "no whole answer within 2 s"),
    _now("silent", "says nothing", lambda _: server.SILENT, 200),
    Row("silent at accept", "connection", "takes connections and says nothing, before anything is read", Act(at_accept=server.SILENT),
        ends("no whole answer within 2 s")),
    Row("reset at accept", "connection", "resets each connection before anything is read", Act(at_accept=Behaviour(end="reset")),
        ends("closes the connection without an answer")),
    _now("reset before", "resets the connection before its answer", lambda _: Behaviour(end="reset")),
    _now("reset within", "resets the connection within its answer", lambda t: _cut(t, "reset")),
    Row("reset after", "connection", "resets the connection after each answer", Act(lambda t: t.answer.wire("reset")), fine()),
    _all("closed", "closes the connection without an answer", lambda _: server.CLOSES, "closes the connection without an answer"),
    _now("closed", "closes the connection without an answer", lambda _: server.CLOSES),
    _now("closed within", "closes the connection within its answer", lambda t: _cut(t, "close")),
    Row("closes after each", "connection", "closes the connection after each answer, without a word", Act(serves=1), fine()),
    Row("closes after 7", "connection", "closes the connection after every seventh answer, without a word", Act(serves=7), fine()),
    Row("closes idle", "connection", "closes a connection that was idle for 3 ms, without a word", Act(idle=0.003), fine()),
    Row("says close", "connection", "says Connection: close and closes after each answer",
        Act(lambda t: t.answer.headed(("Connection", "close")).wire("close")), fine()),
    Row("HTTP/1.0", "connection", "answers as HTTP/1.0, without a length, and closes",
        Act(lambda t: replace(t.answer, version="HTTP/1.0", framing="").wire("close")), fine()),
    # Drips.
    _all("drips", "sends its answer a byte at a time, without end", lambda _: server.DRIPS_BODY, "no whole answer within 2 s"),
    _now("drips", "sends its answer a byte at a time, without end", lambda _: server.DRIPS_BODY, 200),
    _now("drips a head", "sends a head a byte at a time, without end", lambda _: server.DRIPS_HEAD, 200),
    Row("slow but whole", "connection", "holds back the end of each answer for 20 ms", Act(_slow), fine()),
    # Heads.
    _all("endless headers", "sends headers without end", lambda _: server.ENDLESS_HEADERS, "a head without end"),
    _now("endless headers", "sends headers without end", lambda _: server.ENDLESS_HEADERS),
    _now("endless header", "sends one header without end", lambda _: server.ENDLESS_HEADER),
    _now("thousands of headers", "sends 5,000 headers", lambda t: t.answer.headed(*((f"X-{i}", "a") for i in range(5000)))),
    Row("large head", "connection", "sends 90 headers of 500 characters with each answer", Act(lambda t: t.answer.headed(*((f"X-{i}", "a" * 500) for i in range(90)))),
        fine()),
    Row("header without colon", "connection", "sends a header line without a colon, in escapes, before the length of the body",
        Act(lambda t: t.answer.headed(("X-A", "b\r\n\x1b[31mred\u202e no colon here"))), ends("no HTTP/1.1")),
    _now("bytes in the status line", "sends a status line that is none", lambda _: Behaviour(b"HTTP/1.1 \x00\xff\r\n\r\n", end="close")),
    # Lengths and chunks.
    _now("length too long, closed", "announces 10 bytes more than it sends, and closes", lambda t: _longer(t, "close")),
    _now("length too long, held", "announces 10 bytes more than it sends, and waits", lambda t: _longer(t, "hold"), 200),
    Row("length too short", "connection", "announces 10 bytes less than it sends", Act(_shorter, created), broken("response.json")),
    _now("length twice", "announces two lengths", _framed("Content-Length: 5\r\nContent-Length: 6")),
    _now("length negative", "announces a length of -5", _framed("Content-Length: -5")),
    _now("length of letters", "announces a length of 12abc", _framed("Content-Length: 12abc")),
    _now("broken chunk", "sends a chunk whose size is no number", lambda t: replace(t.answer, body=b"zz\r\n{}\r\n0\r\n\r\n", framing="Transfer-Encoding: chunked").wire("close")),
    Row("chunk of size -1", "connection", "announces a chunk of -1 bytes with each call created, and sends without end", Act(lambda _: server.NEGATIVE_CHUNK, created),
        broken("call.created"), FEW),
    Row("odd chunk sizes", "connection", "writes the size of each chunk as +0x1f and -0", Act(_oddly_sized, created), broken("call.created"), FEW),
    Row("chunks of a byte without end", "connection", "sends chunks of a byte without end with each call created", Act(lambda _: server.TINY_CHUNKS, created),
        broken("response.json"), FEW),
    _now("cut chunk", "closes within a chunk", lambda t: t.answer.chunked(t.answer.body, last=b"10\r\n{").wire("close")),
    Row("chunks of a byte", "connection", "sends each byte in a chunk of its own", Act(lambda t: t.answer.chunked(*(bytes([b]) for b in t.answer.body))), fine()),
    Row("endless chunks", "connection", "sends chunks without end with each call created", Act(lambda _: server.HUGE_CHUNKED, created), broken("response.json"), FEW),
    _now("endless trailers", "sends trailers without end", lambda _: server.ENDLESS_TRAILERS),
    # Order.
    Row("answer before the end", "connection", "refuses a large body as soon as it is announced, and reads on", Act(early=_too_large), fine(), ("--only", "malformed.*", "--timeout", "2")),
    Row("two answers", "connection", "sends each answer twice", Act(_twice), fine("belong to no answer")),
    Row("a second answer later", "connection", "sends each answer again 4 ms later", Act(_twice_late), broken(
        "call.history", "refusal.repeatable", "echo.own-call", "echo.to", "echo.from", "echo.sid-unique", "auth.other-account", most=6, words=("belong to no answer",))),
    Row("every interim answer", "connection", "sends 100, 102, 103 and 199 before each answer",
        Act(_interim("100 Continue", "102 Processing", "103 Early Hints", "199 Odd")), fine()),
    _all("interim answers alone", "sends 102 without end", lambda _: server.ENDLESS_INTERIM, "no HTTP/1.1"),
    _now("interim answer alone", "sends 100 and closes", lambda _: Behaviour(b"HTTP/1.1 100 Continue\r\n\r\n", end="close")),
    _all("101", "switches protocols", lambda _: Behaviour(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", end="close"), "101"),
    _now("101", "switches protocols", lambda _: Behaviour(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", end="close")),
    # Other protocols.
    _all("HTTP/0.9", "answers with a page and no head", lambda _: server.HTTP_0_9, "no HTTP/1.1"),
    _now("HTTP/0.9", "answers with a page and no head", lambda _: server.HTTP_0_9),
    _all("noise", "answers with text that is no HTTP", lambda _: server.NOISE, "no HTTP/1.1"),
    _now("noise", "answers with random bytes", lambda _: server.BINARY),
    _all("another protocol", "greets as an SSH server", lambda _: server.SSH, "no HTTP/1.1"),
    _all("HTTP/3.7", "answers with a version of HTTP that there is not", lambda t: replace(t.answer, version="HTTP/3.7").wire(), "no HTTP/1.1"),
)
