"""The target against servers that misbehave on real sockets: bounds hold, secrets go, nothing goes where it shouldn't."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import socket
import threading
import time
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import adversary
import pytest
from adversary import Behaviour, Hostile, as_json, headers_of, reply
from support import ACCOUNT, TOKEN, closed_port

from harness.case import CREDENTIALS, Case
from harness.checks import judge
from harness.config import RunConfig, checked
from harness.errors import UsageError
from harness.exchange import MAX_BODY, Exchange
from harness.oracle import Knowledge, expect
from harness.route import is_loopback
from harness.secrecy import REDACTED
from harness.target import Target, TargetConfig, check_url

CALL = Case((("To", "+442079460958"), ("From", "+15005550006"), ("Url", "https://example.com/voice")))
KNOWN = Knowledge(frozenset(("+15005550006",)), frozenset(("+442079460958",)))
PASSWORD = "s3cret pass-w0rd.long"
WITH_PASSWORD = CALL.with_pairs((*CALL.pairs, ("SipAuthPassword", PASSWORD)))
LIMIT_S = 0.5
SLACK_S = 1.0


def target_at(url: str, timeout: float = 10.0, token: str | None = TOKEN) -> Target:
    """A target of a server of this machine."""
    return Target(TargetConfig(url, ACCOUNT, token, timeout))


def sent_to(behaviour: Behaviour, case: Case = CALL, timeout: float = 10.0, **options: Any) -> Exchange:
    """The exchange with a server that does one thing."""
    with Hostile((behaviour,), **options) as server:
        target = target_at(server.url, timeout)
        try:
            return target.send(case)
        finally:
            target.close()


def broken_by(exchange: Exchange) -> list[str]:
    """The clauses that the exchange breaks."""
    return [b.clause for b in judge(exchange, expect(exchange.case, KNOWN), ACCOUNT)[0]]


def everything_kept(exchange: Exchange) -> bytes:
    """All text of an exchange, as a report could show it."""
    return repr(replace(exchange, previous=None)).encode() + exchange.body


# --- no answer ---------------------------------------------------------------------------------------------


def test_target_says_that_nothing_listens() -> None:
    exchange = target_at(f"http://127.0.0.1:{closed_port()}").send(CALL)
    assert (exchange.status, exchange.failure) == (None, "refused")
    assert exchange.is_crash


SLOW = {
    "silent": adversary.SILENT, "drips its body": adversary.DRIPS_BODY, "drips chunks": adversary.DRIPS_CHUNKS, "drips its head": adversary.DRIPS_HEAD,
    "drips its status line": adversary.DRIPS_STATUS, "drips trailers": Behaviour(adversary.ENDLESS_TRAILERS.answer, b"X-T: a\r\n", 0.05),
    "stops in its head": Behaviour(b"HTTP/1.1 201 Created\r\nX-A", end="hold"),
    "stops in its body": Behaviour(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{", end="hold"),
}


@pytest.mark.parametrize("behaviour", SLOW.values(), ids=list(SLOW))
def test_whole_answer_is_bounded_in_time(behaviour: Behaviour) -> None:
    begun = time.monotonic()
    exchange = sent_to(behaviour, timeout=LIMIT_S)
    assert (exchange.status, exchange.failure) == (None, "timeout")
    assert time.monotonic() - begun < LIMIT_S + SLACK_S


def test_whole_tls_handshake_is_bounded_in_time() -> None:
    with Hostile((adversary.SILENT,)) as server:
        begun = time.monotonic()
        exchange = target_at(server.url.replace("http://", "https://"), LIMIT_S).send(CALL)
        assert (exchange.status, exchange.failure) == (None, "timeout")
        assert time.monotonic() - begun < LIMIT_S + SLACK_S


def test_tls_handshake_that_drips_is_bounded_in_time() -> None:
    with Hostile((Behaviour(b"\x16\x03\x03\x40\x00", b"\x02", 0.05),), at_accept=True) as server:
        begun = time.monotonic()
        exchange = target_at(server.url.replace("http://", "https://"), LIMIT_S).send(CALL)
        assert (exchange.status, exchange.failure) == (None, "timeout")
        assert time.monotonic() - begun < LIMIT_S + SLACK_S


def test_target_says_that_tls_fails() -> None:
    for behaviour in (adversary.NOISE, reply(status="400 Bad Request", end="close")):
        with Hostile((behaviour,), at_accept=True) as server:
            exchange = target_at(server.url.replace("http://", "https://")).send(CALL)
            assert (exchange.status, exchange.failure) == (None, "tls")


NO_HTTP = {
    "HTTP/0.9": adversary.HTTP_0_9, "noise": adversary.NOISE, "another protocol": adversary.SSH, "bytes": adversary.BINARY, "a bad chunk": adversary.BAD_CHUNK,
    "never-ending interim answers": adversary.ENDLESS_INTERIM, "gzip that is none": adversary.BAD_GZIP, "status 99": reply(status="99 Odd"),
    "a status of text": reply(status="OK"), "a header without a colon": reply(b"{}", "201 Created", "X-A: b\r\nno colon"), "a negative length": Behaviour(
        b"HTTP/1.1 201 Created\r\nContent-Length: -5\r\n\r\n{}"), "a length of letters": adversary.BAD_LENGTH,
}
OVERSIZED = {"headers": adversary.ENDLESS_HEADERS, "a header": adversary.ENDLESS_HEADER, "a status line": adversary.ENDLESS_STATUS}


@pytest.mark.parametrize("behaviour", NO_HTTP.values(), ids=list(NO_HTTP))
def test_what_is_no_http_is_said_so(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour, timeout=5.0)
    assert (exchange.status, exchange.failure) == (None, "malformed")
    assert broken_by(exchange) == ["call.created"]


@pytest.mark.parametrize("behaviour", OVERSIZED.values(), ids=list(OVERSIZED))
def test_head_without_end_is_said_so(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour, timeout=5.0)
    assert (exchange.status, exchange.failure) == (None, "oversized")
    assert broken_by(exchange) == ["call.created"]


@pytest.mark.parametrize(("number", "length", "is_read"), [(1000, 1, True), (1001, 1, False), (20, 50_000, True), (22, 50_000, False)])
def test_head_has_as_many_headers_and_bytes_as_are_told(number: int, length: int, is_read: bool) -> None:
    lines = "".join(f"X-{n}: {'a' * length}\r\n" for n in range(number - 1))
    exchange = sent_to(Behaviour(f"HTTP/1.1 201 Created\r\n{lines}Content-Length: 2\r\n\r\n{{}}".encode(), end="keep"), timeout=5.0)
    assert (exchange.status, exchange.failure) == ((201, None) if is_read else (None, "oversized"))


def test_of_many_headers_as_many_are_kept_as_there_is_room_for_and_those_that_count() -> None:
    lines = "".join(f"{'X' * 150}-{n}: {'a' * 300}\r\n" for n in range(900))
    answer = f"HTTP/1.1 201 Created\r\n{lines}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    exchange = sent_to(Behaviour(answer, end="keep"), timeout=5.0)
    assert exchange.header("content-type") == "application/json"
    assert 10_000 < sum(len(k) + len(v) for k, v in exchange.headers) <= 16_384


CLOSED = {"at once": adversary.CLOSES, "in the body": adversary.CUT_OFF, "in a chunk": adversary.CUT_CHUNK, "in the head": Behaviour(b"HTTP/1.1 201", end="close")}


@pytest.mark.parametrize("behaviour", CLOSED.values(), ids=list(CLOSED))
def test_connection_that_is_closed_early_is_no_answer(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour, timeout=5.0)
    assert exchange.status is None
    assert exchange.failure in ("closed", "malformed")


# --- too much of an answer ---------------------------------------------------------------------------------

LARGE = {
    "500 MB": adversary.HUGE_BODY, "500 MB in chunks": adversary.HUGE_CHUNKED, "no end": adversary.ENDLESS_BODY, "a gzip bomb": adversary.GZIP_BOMB,
    "never-ending headers": adversary.ENDLESS_HEADERS, "a never-ending header": adversary.ENDLESS_HEADER, "a chunk of size -1": adversary.NEGATIVE_CHUNK,
    "empty members": adversary.EMPTY_MEMBERS, "empty blocks": adversary.EMPTY_BLOCKS, "chunks of a byte": adversary.TINY_CHUNKS,
}


@pytest.mark.parametrize("behaviour", LARGE.values(), ids=list(LARGE))
def test_memory_for_an_answer_is_bounded(behaviour: Behaviour) -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        exchange = sent_to(behaviour, timeout=20.0)
        grown = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert grown < 60 << 20
    assert len(exchange.body) <= MAX_BODY
    assert exchange.truncated == (exchange.status == 201)


@pytest.mark.parametrize("behaviour", [
    adversary.HUGE_BODY, adversary.GZIP_BOMB, adversary.ENDLESS_BODY, adversary.EMPTY_MEMBERS, adversary.EMPTY_BLOCKS,
], ids=["500 MB", "gzip bomb", "no end", "empty members", "empty blocks"])
def test_too_long_a_body_is_a_finding(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour, timeout=20.0)
    assert broken_by(exchange) == ["response.json"]
    assert exchange.parsed[2] == f"longer than {MAX_BODY} bytes"
    assert judge(exchange, expect(exchange.case, KNOWN), ACCOUNT)[0][0].actual == f"no JSON: longer than {MAX_BODY} bytes"


@pytest.mark.parametrize("line", ["X-A: one two", "X-A:one two  ", "x-a:\t one\r\n  two", "X-A: one \r\n\ttwo"])
def test_value_of_a_header_is_without_what_is_around_it_and_in_one_line(line: str) -> None:
    exchange = sent_to(reply(b"{}", "201 Created", line, "X-B: last"))
    assert (exchange.header("x-a"), exchange.header("x-b"), exchange.body) == ("one two", "last", b"{}")


def test_header_that_comes_twice_is_kept_twice() -> None:
    exchange = sent_to(reply(b"{}", "201 Created", "X-A: one", "X-B: between", "X-A: two"))
    assert [v for k, v in exchange.headers if k == "X-A"] == ["one", "two"]


@pytest.mark.parametrize(("url", "authority"), [
    ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("http://a.example", "a.example"), ("http://A.example:80/base", "a.example"), ("https://a.example:443", "a.example"),
    ("https://a.example:80", "a.example:80"), ("http://[::1]:8080", "[::1]:8080"), ("http://[::1]", "[::1]"), ("http://bücher.example", "xn--bcher-kva.example"),
])
def test_request_names_the_host_and_any_unusual_port(url: str, authority: str) -> None:
    assert TargetConfig(url, ACCOUNT).authority == authority


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX-A: b", "/ä", "/a\0", "/\udc80"])
def test_nothing_is_sent_to_a_path_that_no_request_can_have(path: str) -> None:
    with Hostile((reply(),)) as server:
        target = Target(TargetConfig(server.url, ACCOUNT, TOKEN))
        assert target.read(path, Case((), "readback.agrees")).failure == "malformed"
        assert not server.requests


def test_what_frames_the_chunks_of_a_body_counts_too() -> None:
    exchange = sent_to(adversary.TINY_CHUNKS, timeout=20.0)
    assert exchange.truncated
    assert len(exchange.body) < MAX_BODY // 4


def test_body_in_many_chunks_is_read_whole() -> None:
    body = json.dumps({"text": "a" * 100_000}).encode()
    chunked = Behaviour(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % b for b in body) + b"0\r\n\r\n")
    exchange = sent_to(chunked, timeout=20.0)
    assert exchange.body == body
    assert not exchange.truncated


def test_answer_that_names_encodings_without_end_is_none() -> None:
    exchange = sent_to(reply(b"{}", "201 Created", f"Content-Encoding: {', '.join(['gzip'] * 200)}"))
    assert (exchange.status, exchange.failure) == (None, "malformed")


def test_bomb_in_a_bomb_is_not_unpacked_at_all() -> None:
    packed = gzip.compress(adversary.bomb(200))
    exchange = sent_to(reply(packed, "201 Created", "Content-Encoding: gzip, gzip"))
    assert exchange.body == packed


@pytest.mark.parametrize(("kind", "bits"), [("gzip", 31), ("x-gzip", 31), ("GZIP", 31), ("deflate", 15), ("deflate", -15)])
def test_packed_body_is_unpacked(kind: str, bits: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    packed = packer.compress(b'{"sid": "CA1"}') + packer.flush()
    assert sent_to(reply(packed, "201 Created", f"Content-Encoding: {kind}")).document == {"sid": "CA1"}


def test_packed_body_may_have_two_members() -> None:
    packed = gzip.compress(b'{"sid": ') + gzip.compress(b'"CA1"}')
    assert sent_to(reply(packed, "201 Created", "Content-Encoding: gzip")).document == {"sid": "CA1"}


@pytest.mark.parametrize("body", [b"[" * 300 + b'"' + b'\\"' * 400_000, b"\n" * 1_000_000, b"\\n" + b" " * 1_000_000, b'File "' * 150_000])
def test_text_that_makes_a_pattern_go_back_is_judged_at_once(body: bytes) -> None:
    exchange = sent_to(reply(body))
    begun = time.monotonic()
    assert "response.json" in broken_by(exchange)
    assert time.monotonic() - begun < 2


def test_connection_with_an_unread_body_is_not_used_again() -> None:
    with Hostile((adversary.HUGE_BODY, as_json({"sid": "CA1"}))) as server:
        target = target_at(server.url)
        assert target.send(CALL).truncated
        assert target.send(CALL).document == {"sid": "CA1"}
        assert server.connections == 2


# --- odd content -------------------------------------------------------------------------------------------

ODD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{not json", "response.json"), "NaN": (b'{"sid": NaN}', "response.json"), "deep": (b"[" * 10_000 + b"]" * 10_000, "response.json"),
    "deep objects": (b'{"a":' * 10_000, "response.json"), "Latin-1": ('{"sid": "é"}'.encode("latin-1"), "response.json"),
    "UTF-16": ('{"sid": "é"}'.encode("utf-16"), "response.json"), "a lone surrogate": (b'{"to": "\\ud800"}', "response.sid.present"),
    "twice": (b'{"sid": "a", "sid": "b"}', "response.unique-keys"), "a huge number": (b'{"sid": ' + b"9" * 5000 + b"}", "response.json"),
    "1e999": (b'{"sid": 1e999}', "response.sid.type"), "NUL": (b'{"sid": "\\u0000"}', "response.sid.pattern"),
}


@pytest.mark.parametrize(("body", "clause"), ODD.values(), ids=list(ODD))
def test_odd_json_is_a_finding(body: bytes, clause: str) -> None:
    assert clause in broken_by(sent_to(reply(body)))


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "nonsense", '"', ""])
def test_charset_of_the_content_type_does_not_matter_to_json(charset: str) -> None:
    exchange = sent_to(reply('{"to": "é"}'.encode(), kind=f"application/json; charset={charset}"))
    assert exchange.document == {"to": "é"}
    assert "response.json" not in broken_by(exchange)


def test_gzip_and_chunks_are_read() -> None:
    packed = gzip.compress(b'{"sid": "CA1"}')
    chunked = b"".join(b"%x\r\n%s\r\n" % (1, packed[i:i + 1]) for i in range(len(packed))) + b"0\r\n\r\n"
    head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Hostile((Behaviour(head + chunked),)) as server:
        target = target_at(server.url)
        assert [target.send(CALL).document for _ in range(3)] == [{"sid": "CA1"}] * 3
        assert server.connections == 1


_CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
NO_CHUNK = (b"-1", b"+2", b"0x2", b"0_2", b" 2", b"2 2", b"", b";a=b", b"2\r", b"\xb2")


@pytest.mark.parametrize("size", NO_CHUNK, ids=str)
def test_size_of_a_chunk_is_digits_alone(size: bytes) -> None:
    exchange = sent_to(Behaviour(_CHUNKED + size + b"\r\n{}\r\n0\r\n\r\n", end="close"), timeout=5.0)
    assert (exchange.status, exchange.failure) == (None, "malformed")
    assert broken_by(exchange) == ["call.created"]


def test_chunk_ends_where_its_size_says() -> None:
    assert sent_to(Behaviour(_CHUNKED + b"2\r\n{} \r\n0\r\n\r\n", end="close"), timeout=5.0).failure == "malformed"


@pytest.mark.parametrize("size", [b"0002", b"2;a=b", b"2 ; a=\"b c\"", b"2;" + b"a" * 60_000, b"2  "], ids=["zeros", "extension", "blanks", "long extension", "filled up"])
def test_size_of_a_chunk_may_have_zeros_and_extensions(size: bytes) -> None:
    with Hostile((Behaviour(_CHUNKED + size + b"\r\n{}\r\n000;z\r\nX-Trailer: 1\r\n\r\n"),)) as server:
        target = target_at(server.url)
        assert [target.send(CALL).body for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answer_without_a_body_has_no_chunks(status: str) -> None:
    answer = Behaviour(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(), end="hold")
    assert sent_to(answer, timeout=5.0).status == int(status[:3])


def test_trailers_without_end_are_said_so_at_once() -> None:
    begun = time.monotonic()
    assert sent_to(adversary.ENDLESS_TRAILERS).failure == "oversized"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints", "102 Processing"])
def test_interim_answers_are_read_over(interim: str) -> None:
    final = as_json({"sid": "CA1"}).answer
    hint = f"HTTP/1.1 {interim}\r\nLink: </x>; rel=preload\r\n\r\n".encode()
    with Hostile((Behaviour(hint * 3 + final),)) as server:
        target = target_at(server.url)
        for _ in range(2):
            exchange = target.send(CALL)
            assert (exchange.status, exchange.document) == (201, {"sid": "CA1"})


def test_length_that_is_said_twice_in_one_header_counts_once() -> None:
    behaviour = Behaviour(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2, 2\r\n\r\n{}")
    with Hostile((behaviour,)) as server:
        target = target_at(server.url, timeout=5.0)
        assert [target.send(CALL).body for _ in range(2)] == [b"{}", b"{}"]
        assert server.connections == 1


@pytest.mark.parametrize(("encoding", "body"), [
    ("gzip,", gzip.compress(b"{}")), (" , identity, GZIP", gzip.compress(b"{}")), ("gzip", gzip.compress(b"{}") + b"\0" * 600), ("identity", b"{}"),
    ("deflate, ", zlib.compress(b"{}")),
], ids=["empty element", "identity too", "zeros after it", "identity", "deflate"])
def test_packed_body_is_unpacked_however_that_is_said(encoding: str, body: bytes) -> None:
    head = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    assert sent_to(Behaviour(head.encode() + body)).body == b"{}"


def test_answer_without_length_ends_with_the_connection() -> None:
    exchange = sent_to(Behaviour(b'HTTP/1.0 201 Created\r\nContent-Type: application/json\r\n\r\n{"sid": "CA1"}', end="close"))
    assert (exchange.status, exchange.document) == (201, {"sid": "CA1"})


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answer_that_has_no_body_is_not_waited_for(status: str) -> None:
    exchange = sent_to(Behaviour(f"HTTP/1.1 {status}\r\n\r\n".encode(), end="hold"), timeout=5.0)
    assert (exchange.status, exchange.body) == (int(status[:3]), b"")


def test_head_has_no_body_whatever_length_it_tells() -> None:
    answer = Behaviour(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 100\r\n\r\n", end="hold")
    assert sent_to(answer, replace(CALL, method="HEAD", body=b""), timeout=5.0).status == 405


def test_body_of_an_answer_to_head_that_comes_later_answers_no_other_request() -> None:
    late = Behaviour(b"HTTP/1.1 405 No\r\nContent-Length: 40\r\n\r\n", b"x" * 40, 0.0, 1, before=0.1)
    with Hostile((late, reply())) as server:
        target = target_at(server.url)
        assert target.send(replace(CALL, method="HEAD")).status == 405
        assert target.send(CALL).status == 201
        assert server.connections == 2


def test_answer_before_a_large_body_was_read_is_still_read() -> None:
    answer = reply(b"{}", "413 Content Too Large", "Connection: close")
    huge = replace(CALL, pairs=(), aim="malformed.huge", body=b"a=" + b"x" * (4 << 20))
    with Hostile((Behaviour(answer.answer, end="drain"),), at_accept=True) as server:
        assert target_at(server.url, 30.0).send(huge).status == 413


@pytest.mark.parametrize(("at_accept", "size", "detail"), [(False, 1 << 20, "RemoteDisconnected"), (True, 8 << 20, "ConnectionResetError")])
def test_it_is_told_apart_whether_a_large_body_was_read_to_its_end(at_accept: bool, size: int, detail: str) -> None:
    large = replace(CALL, pairs=(), aim="malformed.huge", body=b"a=" + b"x" * size)
    with Hostile((adversary.CLOSES,), at_accept=at_accept) as server:
        exchange = target_at(server.url, 30.0).send(large)
    assert (exchange.failure, exchange.detail) == ("closed", detail)


def test_large_pieces_come_as_over_a_slow_line() -> None:
    pairs = (*CALL.pairs, ("CallReason", "x" * 400))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arrived: list[tuple[float, int]] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                data = b""
                while not data.endswith(b"x" * 400):
                    data += connection.recv(65536)
                    arrived.append((time.monotonic(), len(data)))
                connection.sendall(as_json({}).answer)

        server = threading.Thread(target=serve)
        server.start()
        assert target_at(f"http://127.0.0.1:{listener.getsockname()[1]}").send(replace(CALL, pairs=pairs, segments=300)).status == 201
        server.join()
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(arrived)]
    assert sum(gap > 0.02 for gap in gaps) >= 2, arrived


# --- connections -------------------------------------------------------------------------------------------


def test_one_connection_serves_many_requests() -> None:
    with Hostile((reply(),)) as server:
        target = target_at(server.url)
        assert {target.send(CALL).status for _ in range(20)} == {201}
        assert (server.connections, len(server.requests), target.retries) == (1, 20, 0)


def test_server_that_ends_of_a_request_on_a_kept_connection_has_met_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = target_at(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(as_json({}).answer)
                connection.recv(65536)
                listener.close()

        server = threading.Thread(target=serve)
        server.start()
        try:
            assert target.send(CALL).status == 201
            assert target.send(CALL).failure == "closed"
            assert target.send(CALL).failure == "refused"
        finally:
            target.close()
            server.join()


def test_idle_connection_that_the_server_closed_is_replaced_without_a_break() -> None:
    with Hostile((reply(end="close"),)) as server:
        target = target_at(server.url)
        for _ in range(5):
            assert target.send(CALL).status == 201
            time.sleep(0.02)
        assert len(server.requests) == 5


def test_kept_connection_that_closes_on_the_next_request_is_retried_once_and_counted() -> None:
    with Hostile((reply(), adversary.CLOSES, reply())) as server:
        target = target_at(server.url)
        assert [target.send(CALL).status for _ in range(3)] == [201, 201, 201]
        assert (target.retries, len(server.requests)) == (1, 4)


def test_fresh_connection_that_closes_is_a_break_and_not_retried() -> None:
    with Hostile((adversary.CLOSES,)) as server:
        target = target_at(server.url)
        assert target.send(CALL).failure == "closed"
        assert (target.retries, len(server.requests)) == (0, 1)


@pytest.mark.parametrize("headers", [("Connection: close",), ("connection: Close",), ("Connection: keep-alive, close",)], ids=str)
def test_connection_that_the_server_gives_up_is_not_used_again(headers: tuple[str, ...]) -> None:
    answer = reply(b"{}", "201 Created", *headers)
    with Hostile((Behaviour(answer.answer, end="close"),)) as server:
        target = target_at(server.url)
        assert {target.send(CALL).status for _ in range(3)} == {201}
        assert (server.connections, target.retries) == (3, 0)


@pytest.mark.parametrize("pause", [0.0, 0.02], ids=["at once", "later"])
def test_bytes_after_an_answer_are_counted_and_answer_no_other_request(pause: float) -> None:
    one, two = as_json({"sid": "CA1"}).answer, as_json({"sid": "CA2"}).answer
    with Hostile((Behaviour(one + one if not pause else one, one if pause else b"", pause, 1), Behaviour(two))) as server:
        target = target_at(server.url)
        assert target.send(CALL).document == {"sid": "CA1"}
        time.sleep(2 * pause)
        assert target.send(CALL).document == {"sid": "CA2"}
        assert (target.strays, server.connections) == (1, 2)


def test_line_breaks_after_an_answer_are_forgiven() -> None:
    with Hostile((Behaviour(as_json({"sid": "CA1"}).answer + b"\r\n"),)) as server:
        target = target_at(server.url)
        assert [target.send(CALL).status for _ in range(3)] == [201] * 3
        assert target.strays == 0


def test_much_of_a_head_is_kept_in_part_and_what_is_cut_ends_in_dots() -> None:
    exchange = sent_to(reply(b"{}", "201 Created", *(f"X-{i}: {'a' * 8000}" for i in range(90)), "X-Last: 1"))
    assert sum(len(k) + len(v) for k, v in exchange.headers) < 16384
    assert (exchange.header("x-last"), (exchange.header("x-5") or "")[-1]) == ("1", "…")


def test_odd_head_is_not_quoted_by_a_library(capfd: pytest.CaptureFixture[str]) -> None:
    sent_to(reply(b"{}", "201 Created", "X-A: b\r\n\x1b[31mno colon"))
    assert capfd.readouterr() == ("", "")


def test_each_thread_has_a_connection_of_its_own() -> None:
    with Hostile((reply(),)) as server:
        target = target_at(server.url)
        barrier = threading.Barrier(4)

        def work() -> None:
            barrier.wait(5)
            for _ in range(5):
                target.send(CALL)
            target.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (server.connections, len(server.requests)) == (4, 20)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirect_is_not_followed(status: str) -> None:
    with Hostile((as_json({}),)) as elsewhere, Hostile((reply(b"", status, f"Location: {elsewhere.url}/x"),)) as server:
        exchange = target_at(server.url).send(CALL)
        assert exchange.status == int(status[:3])
        assert exchange.header("location") == f"{elsewhere.url}/x"
        assert (elsewhere.requests, elsewhere.connections) == ([], 0)


def test_cookies_are_not_sent_back() -> None:
    with Hostile((reply(b"{}", "201 Created", "Set-Cookie: session=abc; Path=/"),)) as server:
        target = target_at(server.url)
        for _ in range(3):
            target.send(CALL)
        assert len(server.requests) == 3
        assert all("cookie" not in headers_of(r) for r in server.requests)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_of_the_environment_is_not_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hostile((reply(),)) as server, Hostile((reply(status="502 Bad Gateway"),)) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(variable, proxy.url)
        assert target_at(server.url).send(CALL).status == 201
        assert (proxy.connections, len(server.requests)) == (0, 1)


def test_netrc_is_not_read(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n", "utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Hostile((reply(),)) as server:
        target_at(server.url, token=None).send(CALL)
        assert "authorization" not in headers_of(server.requests[0])


# --- what is sent ------------------------------------------------------------------------------------------


def test_request_is_the_case_and_nothing_else() -> None:
    with Hostile((reply(),)) as server:
        target_at(server.url + "/base/").send(CALL)
        request = server.requests[0]
    head = request.partition(b"\r\n")[0].decode()
    assert head == f"POST /base/2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1"
    assert request.partition(b"\r\n\r\n")[2] == b"To=%2B442079460958&From=%2B15005550006&Url=https%3A%2F%2Fexample.com%2Fvoice"
    headers = headers_of(request)
    assert set(headers) == {"host", "content-length", "content-type", "user-agent", "accept", "accept-encoding", "authorization"}
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"{ACCOUNT}:{TOKEN}"


@pytest.mark.parametrize("case", [
    replace(CALL, segments=1), replace(CALL, segments=7), replace(CALL, body=b"\x00\xff" * 50, segments=3), replace(CALL, styles=("lower-hex",) * 3),
    replace(CALL, body=b""), replace(CALL, body=b"", method="PUT"), replace(CALL, content_type=None, body=b"x"), replace(CALL, method="DELETE"),
    replace(CALL, content_type="text/plain", body=b"x" * 70_000), replace(CALL, method="GET", body=b"", pairs=()),
], ids=lambda c: f"{c.method} {c.segments} {len(c.body or b'')}")
def test_body_and_content_type_arrive_as_the_case_says(case: Case) -> None:
    from harness.wire import body_of

    with Hostile((reply(),)) as server:
        assert target_at(server.url).send(case).status == 201
        request = server.requests[0]
    assert request.partition(b"\r\n\r\n")[2] == body_of(case)
    assert headers_of(request).get("content-type") == case.content_type
    assert "transfer-encoding" not in headers_of(request)
    assert request.startswith(case.method.encode() + b" ")


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_are_wrong_in_their_own_way(kind: str) -> None:
    with Hostile((reply(),)) as server:
        target_at(server.url).send(replace(CALL, credentials=kind))
        sent = headers_of(server.requests[0]).get("authorization")
    right = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert (sent == right) == (kind == "right")
    assert (sent is None) == (kind == "none")


def test_other_account_s_path_is_another_account_s() -> None:
    with Hostile((reply(),)) as server:
        target_at(server.url).send(replace(CALL, account="other"))
        path = server.requests[0].split(b" ")[1].decode()
    assert ACCOUNT not in path
    assert path.startswith("/2010-04-01/Accounts/AC") and path.endswith("/Calls.json")


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_token_in_any_script_can_be_sent_wrongly_too(kind: str) -> None:
    with Hostile((reply(),)) as server:
        assert target_at(server.url, token="t\u00f6k\u2026\u044f" * 4).send(replace(CALL, credentials=kind)).status == 201
        sent = headers_of(server.requests[0]).get("authorization")
    assert (sent is None) == (kind == "none")


def test_target_without_a_token_sends_none_of_any_kind() -> None:
    with Hostile((reply(),)) as server:
        target = target_at(server.url, token=None)
        for kind in CREDENTIALS:
            target.send(replace(CALL, credentials=kind))
            assert target.can_judge_credentials(kind) is False
        assert all("authorization" not in headers_of(r) for r in server.requests)


def test_swapped_letter_case_of_a_token_without_letters_is_not_judged() -> None:
    assert target_at("http://127.0.0.1:9", token="1234567890").can_judge_credentials("letter-case") is False
    assert target_at("http://127.0.0.1:9", token="abc1234567890").can_judge_credentials("letter-case") is True


# --- secrets -----------------------------------------------------------------------------------------------

BASIC = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
LEAKS: dict[str, Behaviour] = {
    "in the body": as_json({"token": TOKEN}), "twice in the body": as_json({"a": TOKEN, "b": "x" + TOKEN + "y"}),
    "in a header": reply(b"{}", "201 Created", f"X-Debug: token={TOKEN}"), "in the reason": reply(b"{}", f"201 {TOKEN}"),
    "in a header's name": reply(b"{}", "201 Created", f"X-{TOKEN}: 1"), "in base64": as_json({"auth": BASIC}), "cut": as_json({"t": TOKEN[:20]}),
    "its end": as_json({"t": TOKEN[12:]}), "in a refusal": as_json({"message": f"wrong {TOKEN}"}, "401 Unauthorized"),
    "in HTML": reply(f"<pre>{TOKEN}</pre>".encode(), "500 Oops", kind="text/html"), "in a cookie": reply(b"{}", "201 Created", f"Set-Cookie: t={TOKEN}"),
    "at the bound of the body": reply(b" " * (MAX_BODY - 16) + TOKEN.encode() + b" " * 100),
    "in gzip": reply(gzip.compress(json.dumps({"t": TOKEN}).encode()), "201 Created", "Content-Encoding: gzip"),
    "in capitals": as_json({"t": TOKEN.upper()}), "alone in base64": as_json({"t": base64.b64encode(TOKEN.encode()).decode()}),
    "in base64 after its user": as_json({"t": base64.b64encode(f"{ACCOUNT}{TOKEN}".encode()).decode()}),
    "in base64 after a colon": as_json({"t": base64.urlsafe_b64encode(f":{TOKEN}".encode()).decode()}),
    "as code points": reply(b'{"to": "%s"}' % "".join(f"\\u{ord(c):04x}" for c in TOKEN).encode()),
    "percent-encoded": as_json({"t": "".join(f"%{ord(c):02x}" for c in TOKEN)}),
    "percent-encoded twice": as_json({"t": "".join(f"%25{ord(c):02X}" for c in TOKEN)}),
    "as HTML entities": reply("".join(f"&#{ord(c)};" for c in TOKEN).encode(), kind="text/html"),
    "in part with escapes": reply(b'{"t": "%s\\u00%02x%s"}' % (TOKEN[:6].encode(), ord(TOKEN[6]), TOKEN[7:].encode())),
    "plainly and with escapes": reply(b'{"t": "%s", "u": "%s"}' % (TOKEN.encode(), "".join(f"\\u{ord(c):04x}" for c in TOKEN).encode())),
    "in UTF-16": reply(json.dumps({"t": TOKEN}).encode("utf-16")),
}
LEAKS["in two chunks"] = Behaviour(
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b'{"t": "' + TOKEN[:11].encode(), TOKEN[11:].encode() + b'"}')) + b"0\r\n\r\n"
)


@pytest.mark.parametrize("behaviour", LEAKS.values(), ids=list(LEAKS))
def test_token_that_comes_back_is_flagged_and_taken_out(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour)
    kept = everything_kept(exchange)
    assert exchange.leaks == ("auth-token",)
    assert "secrets.auth-token" in broken_by(exchange)
    for secret in (TOKEN, BASIC[50:]):
        assert not [i for i in range(len(secret) - 11) if secret[i:i + 12].encode() in kept]
    assert REDACTED.encode() in kept


def echo_of(said: str, place: str) -> Behaviour:
    """An answer that says a text back."""
    if place == "header":
        return reply(b"{}", "401 Unauthorized", f"X-Seen: {said}")
    return reply(b"{}", f"401 {said}") if place == "reason" else reply(said.encode(), "401 Unauthorized", kind="text/plain")


def credentials_said(token: str, kind: str) -> list[str]:
    """The credentials of one kind, and what is in their base64, as a target may say them back."""
    header = Target(TargetConfig("http://127.0.0.1:9", ACCOUNT, token)).credential(kind) or ""
    encoded = header.rpartition(" ")[2]
    with suppress(ValueError, UnicodeDecodeError):
        return [header, base64.b64decode(encoded, validate=True).decode()]
    return [header]


@pytest.mark.parametrize("place", ["body", "header", "reason"])
@pytest.mark.parametrize("kind", [k for k in CREDENTIALS if k not in ("none", "wrong", "empty", "no-base64", "user-twice", "beyond-ascii")])
def test_credentials_of_any_kind_that_are_said_back_are_taken_out(kind: str, place: str) -> None:
    for said in credentials_said(TOKEN, kind):
        exchange = sent_to(echo_of(said, place), replace(CALL, credentials=kind))
        kept = everything_kept(exchange).lower()
        assert exchange.leaks == ("auth-token",), said
        assert not [i for i in range(len(TOKEN) - 11) if TOKEN[i:i + 12].encode() in kept]
        assert not set(re.findall(rb"[a-z0-9+/]{60,}", kept)), kept


PASSWORD_LEAKS = {
    "as it is": as_json({"annotation": PASSWORD}), "in a header": reply(b"{}", "201 Created", f"X-Pass: {PASSWORD}"),
    "form-encoded": as_json({"form": "SipAuthPassword=" + PASSWORD.replace(" ", "+")}), "percent-encoded": as_json({"form": PASSWORD.replace(" ", "%20")}),
    "in base64": as_json({"form": base64.b64encode(PASSWORD.encode()).decode()}), "in the reason": reply(b"{}", f"201 {PASSWORD}"),
    "in a refusal": as_json({"message": PASSWORD}, "400 Bad Request"),
    "in JSON's escapes": reply(('{"note": "' + "".join(f"\\u{ord(c):04X}" for c in PASSWORD) + '"}').encode()),
    "in HTML": reply(html.escape(PASSWORD).encode(), "400 Bad Request", kind="text/html"),
}


@pytest.mark.parametrize("behaviour", PASSWORD_LEAKS.values(), ids=list(PASSWORD_LEAKS))
def test_sip_password_that_comes_back_is_flagged_and_taken_out(behaviour: Behaviour) -> None:
    exchange = sent_to(behaviour, WITH_PASSWORD)
    assert exchange.leaks == ("sip-password",)
    assert "secrets.sip-password" in broken_by(exchange)
    kept = exchange.body + repr(exchange.headers).encode() + exchange.reason.encode()
    for form in (PASSWORD, PASSWORD.replace(" ", "+"), PASSWORD.replace(" ", "%20"), base64.b64encode(PASSWORD.encode()).decode()):
        assert form.encode() not in kept


@pytest.mark.parametrize("behaviour", PASSWORD_LEAKS.values(), ids=list(PASSWORD_LEAKS))
def test_sip_password_of_an_earlier_call_that_comes_back_is_flagged_and_taken_out(behaviour: Behaviour) -> None:
    with Hostile([as_json({}), behaviour, as_json({}), behaviour]) as server:
        target = Target(TargetConfig(server.url, ACCOUNT, TOKEN))
        target.send(WITH_PASSWORD)
        previous = target.send(CALL, WITH_PASSWORD)
        target.send(CALL, CALL)
        earlier = target.send(CALL, CALL)
    assert (previous.leaks, earlier.leaks) == (("previous-sip-password", ), ("earlier-sip-password", ))
    for exchange in (previous, earlier):
        assert "secrets.sip-password" in broken_by(exchange)
        kept = exchange.body + repr(exchange.headers).encode() + exchange.reason.encode()
        assert PASSWORD.encode() not in kept and REDACTED.encode() in kept


def test_sip_password_of_an_earlier_call_that_is_said_openly_now_may_come_back() -> None:
    openly = CALL.with_pairs((*CALL.pairs, ("CallReason", f"call {PASSWORD}")))
    with Hostile([as_json({}), as_json({"reason": f"call {PASSWORD}"})]) as server:
        target = Target(TargetConfig(server.url, ACCOUNT, TOKEN))
        assert [target.send(case).leaks for case in (WITH_PASSWORD, openly)] == [(), ()]


def test_answer_without_a_secret_is_left_as_it_is() -> None:
    body = json.dumps({"sid": "CA" + "0123456789abcdef" * 2, "account_sid": ACCOUNT, "text": TOKEN[::-1]}).encode()
    exchange = sent_to(reply(body, "201 Created", f"X-Account: {ACCOUNT}"), WITH_PASSWORD)
    assert exchange.leaks == ()
    assert (exchange.body, exchange.header("x-account")) == (body, ACCOUNT)


def test_account_sid_in_the_user_s_base64_is_no_leak() -> None:
    exchange = sent_to(as_json({"user": base64.b64encode(ACCOUNT.encode()).decode()}))
    assert exchange.leaks == ()


def test_short_password_is_not_looked_for() -> None:
    assert sent_to(as_json({"sid": "a"}), CALL.with_pairs((*CALL.pairs, ("SipAuthPassword", "a")))).leaks == ()


@pytest.mark.parametrize("password", ["a" * 50, "abababababab"])
def test_password_of_few_letters_is_not_looked_for(password: str) -> None:
    case = CALL.with_pairs((*CALL.pairs, ("SipAuthPassword", password)))
    assert sent_to(reply(b"{}", "201 Created", "X-Note: " + "a" * 60, "X-More: " + "ab" * 60), case).leaks == ()


def test_password_that_is_sent_elsewhere_too_may_come_back_from_there() -> None:
    case = CALL.with_pairs((*WITH_PASSWORD.pairs, ("CallReason", f"call {PASSWORD} now")))
    assert sent_to(as_json({"reason": f"call {PASSWORD} now"}), case).leaks == ()


def test_token_that_is_in_the_account_s_sid_is_no_secret_and_nothing_is_taken_out() -> None:
    account = "AC0123456789abcdef0123456789abcdef"
    body = json.dumps({"sid": "CA" + "5c" * 16, "account_sid": account}).encode()
    with Hostile([reply(body, "201 Created")]) as server:
        exchange = Target(TargetConfig(server.url, account, account[2:])).send(CALL)
    assert (exchange.leaks, exchange.body) == ((), body)


def test_token_that_is_like_an_example_is_looked_for_only_where_the_example_was_not_sent() -> None:
    token = "test-token-0123456789abcdef0123456789"
    body = json.dumps({"message": "no application AP0123456789abcdef0123456789abcdef"}).encode()
    case = CALL.with_pairs((*CALL.pairs, ("ApplicationSid", "AP0123456789abcdef0123456789abcdef")))
    with Hostile([reply(body, "400 Bad Request")]) as server:
        target = Target(TargetConfig(server.url, ACCOUNT, token))
        assert target.send(case).leaks == ()
        assert target.send(CALL).leaks == ("auth-token",)


def test_configuration_never_shows_the_token() -> None:
    assert TOKEN not in repr(TargetConfig("http://127.0.0.1:9", ACCOUNT, TOKEN))


# --- URLs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://example.com/", "http://[::1]:80/base/path/", "http://localhost"])
def test_url_of_a_server_is_taken_without_its_slash(url: str) -> None:
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize("url", ["HTTP://example.com/Base", "hTTp://example.com/Base"])
def test_scheme_of_a_url_counts_in_any_letter_case(url: str) -> None:
    assert check_url(url) == "http://example.com/Base"
    with pytest.raises(UsageError, match="allow-http"):
        checked(RunConfig(url=url, account_sid=ACCOUNT, auth_token=TOKEN, proxy="http://127.0.0.1:9"))


@pytest.mark.parametrize("url", [
    "", "example", "localhost:8080", "ftp://example.com", "http://", "http:///x", "http://a:b@example.com", "http://u@example.com", "http://example.com/?a=1",
    "http://example.com/#x", "http://example.com:99999", "http://example.com:x", "http://example.com:0", "http://exa mple.com", "http://example.com/\n", "http://[::1",
    "http://127.0.0.1/\u00e9", "http://127.0.0.1/\udcff\ud800", "http://a..localhost", f"http://{'x' * 70}.example",
])
def test_url_of_no_server_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--target"):
        check_url(url)


@pytest.mark.parametrize(("host", "expected"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("192.0.2.1", False), ("10.0.0.1", False), ("0.0.0.0", False), ("2001:db8::1", False),
    ("a..b", False), ("x" * 70 + ".example", False),
])
def test_loopback_is_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
