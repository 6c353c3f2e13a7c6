"""A session sends one case after another, however it uses the time in between, and keeps to its budget."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from adversary import read_request

from harness import engine
from harness.case import Case
from harness.errors import BudgetSpent
from harness.exchange import Exchange
from harness.session import Budget, Session
from harness.target import Target, TargetConfig
from strategies.plan import Step

ACCOUNT = "AC" + "5a" * 16
CASES = tuple(Case((("To", f"client:c{i}"), ("From", "client:a"), ("Url", "https://example.com/")), "call.created") for i in range(30))
REFUSAL = json.dumps({"code": 1, "message": "no", "more_info": "https://example.com/1", "status": 400}).encode()


class Watching:
    """A server that notes whether anything comes while it works on a request.

    Args:
        status: of its answers, by the number of the request.
    """

    def __init__(self, status: dict[int, str]) -> None:
        self.status = status
        self.bodies: list[bytes] = []
        self.hurried = 0
        self.answered = 0
        self.pause = 0.003
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        while request := read_request(file):
            self.bodies.append(request.partition(b"\r\n\r\n")[2])
            time.sleep(self.pause)
            self.hurried += bool(select.select([connection], [], [], 0)[0])
            line = self.status.get(len(self.bodies), "400 Bad Request")
            head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nRetry-After: 0\r\nContent-Length: {len(REFUSAL)}\r\n\r\n"
            connection.sendall(head.encode() + REFUSAL)
            self.answered += 1

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def watching(**status: str) -> Iterator[Watching]:
    """A watching server while the block lasts."""
    server = Watching({int(k.removeprefix("n")): v for k, v in status.items()})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def session_at(server: Watching, budget: Budget | None = None) -> Session:
    return Session(Target(TargetConfig(server.url, ACCOUNT, "0" * 32)), budget or Budget())


def names(server: Watching) -> list[str]:
    """Whom the requests call, in the order in which they came."""
    return [body.partition(b"client%3A")[2].partition(b"&")[0].decode() for body in server.bodies]


def steps() -> Iterator[Step]:
    return (Step("one", (case,)) for case in CASES)


def test_requests_come_in_order_and_none_before_the_answer_to_the_one_before() -> None:
    with watching() as server:
        session = session_at(server)
        session.run(steps())
        session.close()
    assert names(server) == [f"c{i}" for i in range(30)]
    assert server.hurried == 0
    assert session.counts.cases == session.counts.requests == 30


def test_next_case_is_drawn_while_the_server_works() -> None:
    drawn: list[int] = []

    def slowly(server: Watching) -> Iterator[Step]:
        for step in steps():
            drawn.append(server.answered)
            yield step

    with watching() as server:
        server.pause = 0.02
        session = session_at(server)
        session.run(slowly(server))
        session.close()
    # When one is drawn, the one before it has been sent and is not answered yet, save where this machine is slower than the server.
    assert sum(had < i for i, had in enumerate(drawn)) > 5


@pytest.mark.parametrize("most", [1, 2, 7])
def test_budget_of_requests_is_kept_and_all_that_was_sent_is_judged(most: int) -> None:
    with watching() as server:
        session = session_at(server, Budget(requests=most))
        session.run(steps())
        session.close()
    assert len(server.bodies) == session.counts.requests == session.counts.cases == most
    assert session.stopped == f"the budget of {most} requests is used up"


def test_rate_limit_in_the_middle_is_waited_for_and_the_case_sent_again() -> None:
    with watching(n5="429 Too Many Requests") as server:
        session = session_at(server)
        session.run(steps())
        session.close()
    assert names(server) == ["c0", "c1", "c2", "c3", "c4", "c4", *(f"c{i}" for i in range(5, 30))]
    assert (session.counts.requests, session.counts.cases) == (31, 30)


def test_steps_of_several_cases_are_sent_after_what_is_under_way() -> None:
    mixed = [Step("one", CASES[:1]), Step("again", (CASES[1], CASES[1])), Step("one", CASES[2:3])]
    with watching() as server:
        session = session_at(server)
        session.run(mixed)
        session.close()
    assert names(server) == ["c0", "c1", "c1", "c2"]
    assert server.hurried == 0


def test_answer_that_is_still_on_its_way_when_a_run_is_interrupted_is_given_up() -> None:
    def interrupted() -> Iterator[Step]:
        yield Step("one", CASES[:1])
        yield Step("one", CASES[1:2])
        raise KeyboardInterrupt

    with watching() as server:
        session = session_at(server)
        with pytest.raises(KeyboardInterrupt):
            session.run(interrupted())
        exchange = session.send(CASES[2])
        session.close()
    assert exchange.status == 400
    assert names(server)[-1] == "c2"


@pytest.mark.parametrize(("body", "is_call"), [(b'{"sid": "CA' + b"0" * 32 + b'", "price": NaN}', True), (b'{"code": 21205, "price": NaN}', False), (b"<p>wrong</p>", False)])
def test_2xx_for_what_need_not_be_created_is_a_call_where_a_sid_is_in_it(body: bytes, is_call: bool) -> None:
    session = Session(Target(TargetConfig("http://127.0.0.1:9", "AC" + "5a" * 16)))
    session.sids["CA" + "1" * 32] = 1
    case = Case((("To", "+14155550100"), ("From", "+15005550006"), ("Url", "https://example.com/"), ("TimeLimit", "59")), "time-limit.unclear")
    found = session.judge(Exchange(case, 2, 201, headers=(("Content-Type", "application/json"),), body=body, path="/Calls.json"))
    assert ("response.json" in {b.clause for b in found}) is is_call


class _SlowTogether(BaseHTTPRequestHandler):
    """Takes long for two calls at once, and never answers one of a name."""

    protocol_version = "HTTP/1.1"
    busy = 0

    def do_POST(self) -> None:
        """Answers."""
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).busy += 1
        time.sleep(0.05)
        if type(self).busy > 1:
            time.sleep(0.8)
        type(self).busy -= 1
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(REFUSAL)))
        self.end_headers()
        self.wfile.write(REFUSAL)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def slow_together() -> Iterator[Session]:
    """A session at such a server while the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _SlowTogether) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        session = Session(Target(TargetConfig(f"http://127.0.0.1:{server.server_port}", ACCOUNT, "0" * 32)), Budget())
        try:
            yield session
        finally:
            session.close()
            server.shutdown()
            thread.join(5)


def test_calls_at_once_are_waited_for_in_full_before_they_count_as_hung() -> None:
    with slow_together() as session:
        session.target.hurry(0.001)
        session.run([Step("together", CASES[:2]), Step("together", CASES[2:4])])
    assert [s.exchange.failure for s in session.seen if s.exchange.failure] == []
    assert session.sent_in_full_time == 2 and session.counts.cases == 4


def test_server_that_is_slow_for_calls_at_once_alone_gets_one_after_another() -> None:
    with slow_together() as session:
        session._lone.extend([0.001] * 50)
        for _ in range(5):
            session.send_together(list(CASES[:4]))
        assert session._width() == 1
        session._lone.extend([0.05] * 50)
        assert session._width() == session.workers


def test_lines_about_requests_are_written_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        entered = 0
        overlaps = 0
        lines = 0

        def write(self, text: str) -> None:
            self.entered += 1
            self.overlaps += self.entered > 1
            time.sleep(0.002)
            self.lines += text.endswith("\n")
            self.entered -= 1

    stream = Stream()
    monkeypatch.setattr("sys.stderr", stream)
    exchange = Exchange(CASES[0], 1, 201, method="POST")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: engine._aloud(exchange), range(80)))
    assert (stream.overlaps, stream.lines) == (0, 80)


def test_what_calls_at_once_have_shown_is_kept_where_one_of_them_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Target(TargetConfig("http://127.0.0.1:9", ACCOUNT, "0" * 32)), Budget())
    session.target.hurry(0.001)
    first = [Exchange(CASES[0], 1, 500), Exchange(CASES[1], 2, None, failure="timeout", elapsed=0.5)]
    slow = [Exchange(c, n, 201, elapsed=0.4) for n, c in enumerate(CASES[:2], 3)]
    monkeypatch.setattr(session, "send_together", lambda _cases: slow)
    assert session._sure_of_all(first) == [first[0], slow[1]]

    def spent(_cases: object) -> list[Exchange]:
        raise BudgetSpent("the budget is used up")

    session.target.hurry(0.001)
    session.target.timeout = 0.5
    monkeypatch.setattr(session, "send_together", spent)
    assert session._sure_of_all(first) == first
    assert session.unsure == {2}


def test_pause_that_a_run_has_no_time_for_is_not_begun() -> None:
    with watching() as server:
        session = session_at(server, Budget(seconds=1.0))
        begun = time.monotonic()
        session.run([Step("sequence", (replace(CASES[0], pause=3.0),))])
        session.close()
    assert time.monotonic() - begun < 1.0
    assert (server.bodies, session.stopped) == ([], "the time of 1 s is used up")
