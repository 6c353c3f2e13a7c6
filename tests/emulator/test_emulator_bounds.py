"""What one client can take up of the emulator is bounded: bytes, time, connections, memory. Real sockets, real processes."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from support import ROOT

from harness.emulator import Emulator, EmulatorSettings, listener, serve

sys.path.insert(0, str(ROOT / "benchmarks"))
from flood import flood

LIMIT_S = 0.6
MOST = 20
HEAD = b"POST /2010-04-01/Accounts/%s/Calls.json HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Host and port of an emulator in this process, with small bounds; it ends with the process."""
    monkeypatch.setattr(listener, "REQUEST_LIMIT_S", LIMIT_S)
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", MOST)
    monkeypatch.setattr(listener, "MAX_REQUEST", 3 << 20)
    ready: list[str] = []
    there = threading.Event()
    threading.Thread(target=serve, args=(EmulatorSettings(),), kwargs={"ready": lambda url: (ready.append(url), there.set())}, daemon=True).start()
    assert there.wait(10)
    parts = urlsplit(ready[0])
    yield str(parts.hostname), int(parts.port or 0)


def said(address: tuple[str, int], data: bytes, drip: bytes = b"", pause: float = 0.0) -> tuple[bytes, float]:
    """(what the server says until it closes, seconds) where data is sent, then drops of more until it does."""
    begun = time.monotonic()
    out = b""
    with socket.create_connection(address, 10) as connection, suppress(OSError):
        connection.sendall(data)
        while drip and time.monotonic() - begun < 20:
            connection.settimeout(pause or 0.001)
            with suppress(TimeoutError):
                piece = connection.recv(4096)
                out += piece
                if not piece:
                    return out, time.monotonic() - begun
            connection.settimeout(10)
            connection.sendall(drip)
        while piece := connection.recv(4096):
            out += piece
    return out, time.monotonic() - begun


SLOW = {
    "nothing": (b"", b""), "a letter": (b"P", b""), "half a head": (HEAD, b""), "half a body": (HEAD + b"Content-Length: 100\r\n\r\nTo=", b""),
    "a dripping head": (HEAD + b"X-Slow: ", b"a"), "a dripping body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b"a"),
    "dripping chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"), "dripping blank lines": (b"", b"\r\n"),
}


@pytest.mark.parametrize("way", SLOW)
def test_slow_sender_is_ended_in_time(way: str, bounded: tuple[str, int]) -> None:
    data, drip = SLOW[way]
    answer, seconds = said(bounded, data, drip, 0.05)
    assert answer.startswith(b"HTTP/1.1 408 ") or drip
    assert seconds < LIMIT_S + 5


HUGE = {
    "a header": (HEAD + b"X-Huge: ", b"a" * 65536, b"431"), "headers": (HEAD, b"X-Huge: a\r\n" * 6000, b"431"),
    "a path": (b"GET /", b"a" * 65536, b"431"), "a body": (HEAD + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536, b"413"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65536 + b"\r\n", b"413"),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Huge: a\r\n" * 6000, b""), "blank lines": (b"\r\n", b"\r\n" * 40000, b""),
}


@pytest.mark.parametrize("what", HUGE)
def test_huge_request_is_ended_before_it_fills_the_memory(what: str, bounded: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REQUEST_LIMIT_S", 8.0)
    before = psutil.Process().memory_info().rss
    data, drip, status = HUGE[what]
    answer, seconds = said(bounded, data, drip)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 " + status, b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert seconds < 15
    assert psutil.Process().memory_info().rss - before < 64 << 20


def test_long_head_that_is_within_the_bound_is_taken(bounded: tuple[str, int]) -> None:
    answer = requests.get(f"http://{bounded[0]}:{bounded[1]}/nowhere", headers={"X-Long": "a" * 50_000}, timeout=10)
    assert answer.status_code == 404


def test_more_connections_than_there_may_be_are_turned_away_and_later_taken(bounded: tuple[str, int]) -> None:
    held = [socket.create_connection(bounded, 10) for _ in range(MOST)]
    time.sleep(0.1)
    assert said(bounded, b"")[0].startswith(b"HTTP/1.1 503 ")
    for connection in held:
        connection.close()
    time.sleep(0.2)
    assert said(bounded, b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0].startswith(b"HTTP/1.1 404 ")


BROKEN = (b"\x00\xff" * 200, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
          b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%ff%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
          b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n",
          b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET \xc3\xa9 HTTP/1.1\r\n\r\n")


def test_broken_requests_leave_the_emulator_as_it_was(bounded: tuple[str, int]) -> None:
    for data in BROKEN * 3:
        answer, seconds = said(bounded, data)
        assert not answer.startswith(b"HTTP/1.1 5") and seconds < LIMIT_S + 5, data
    assert said(bounded, b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0].startswith(b"HTTP/1.1 404 ")


def test_flood_of_a_hundred_connections_is_answered_in_bounded_memory() -> None:
    with Emulator() as emulator:
        out = flood(emulator, 100, 60)
        size = psutil.Process(emulator.pid).memory_info().rss
        assert requests.get(emulator.url, timeout=10).status_code == 404
    assert (out.answered, out.wrong) == (6000, [])
    assert size < 200 << 20


def test_emulator_listens_on_loopback_unless_told_otherwise() -> None:
    with Emulator() as emulator:
        places = {c.laddr.ip for c in psutil.Process(emulator.pid).net_connections() if c.status == psutil.CONN_LISTEN}
    assert places == {"127.0.0.1"}
