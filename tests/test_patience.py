"""What a session waits out, what it sends again and what never, and when it gives up: servers with weather, on real sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from adversary.answers import Answer
from adversary.server import CLOSES, NOISE, SILENT, Behaviour, Hostile, as_json, reply
from adversary.wrapped import Act, Wrapped, after
from support import ACCOUNT, TOKEN

from harness.case import Case
from harness.emulator import EmulatorSettings
from harness.errors import BudgetSpent, Inconclusive, TargetUnreachable
from harness.exchange import FAILURES, Exchange
from harness.patience import retry_after
from harness.preflight import Wanted, preflight
from harness.session import Budget, Session
from harness.target import Target, TargetConfig
from harness.weather import ENDINGS, TABLE, Fate, fate_of, is_weather
from strategies.plan import Step

CALL = Case((("To", "client:alice"), ("From", "client:bob"), ("Url", "https://example.com/voice")), "call.created")


@contextmanager
def session_at(server: Hostile, budget: Budget | None = None, loopback: bool = True, timeout: float = 5.0) -> Iterator[Session]:
    """A session that has got one answer, and knows a call that is created."""
    target = Target(TargetConfig(server.url, ACCOUNT, TOKEN, timeout))
    target.loopback = loopback
    session = Session(target, budget or Budget())
    try:
        yield session
    finally:
        session.close()


def wrapped(**act: Any) -> Wrapped:
    return Wrapped(act_of=Act(**act), settings=EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN))


# --- the table ---------------------------------------------------------------------------------------------


def test_every_failure_and_every_status_has_a_fate_or_is_for_the_contract_to_tell() -> None:
    fates = {f: fate_of(Exchange(CALL, 1, None, failure=f)) for f in FAILURES}
    assert {f for f, fate in fates.items() if fate is Fate.WEATHER} == {"refused", "gone", "stalled"}
    assert {f for f, fate in fates.items() if fate is Fate.BREAK} == set(FAILURES) - {"refused", "gone", "stalled"}
    told = {s: fate_of(Exchange(CALL, 1, s)) for s in range(200, 600)}
    assert {s for s, fate in told.items() if fate is Fate.WEATHER} == {429}
    assert {s for s, fate in told.items() if fate is Fate.BREAK} == set(range(500, 600))


def test_what_is_weather_is_judged_by_no_check() -> None:
    session = Session(Target(TargetConfig("http://127.0.0.1:9", ACCOUNT)))
    for exchange in (Exchange(CALL, 1, 429), Exchange(CALL, 1, None, failure="refused"), Exchange(CALL, 1, None, failure="gone"), Exchange(CALL, 1, None, failure="stalled")):
        assert is_weather(exchange)
        assert session.judge(exchange) == []
    assert not session.exercised


def test_every_row_of_the_table_says_what_comes_and_what_is_done() -> None:
    assert all(r.comes and r.then for r in TABLE)
    assert all(ENDINGS.values())


# --- outages -----------------------------------------------------------------------------------------------


def test_request_during_which_the_server_fell_is_sent_again_once_on_this_machine() -> None:
    with wrapped(gone=2, back=0.3, loses=True) as server, session_at(server) as session:
        assert [session.send(CALL).status for _ in range(3)] == [201] * 3
        again = session.patience.resent + session.target.retries  # a second time where a connection was taken by a server that was just going
        assert again in (1, 2) and 4 <= server.number <= 3 + again
        assert any("came back" in n for n in session.notes)


def test_request_during_which_the_server_fell_is_never_sent_again_off_this_machine() -> None:
    with wrapped(gone=2, back=0.3, loses=True) as server, session_at(server, loopback=False) as session:
        session.target.always_fresh = True
        found = [session.send(CALL) for _ in range(3)]
        assert [e.failure or e.status for e in found] == [201, "gone", 201]
        assert (session.patience.resent, session.target.retries, server.number) == (0, 0, 3)
        assert session.judge(found[1]) == []


def test_request_that_ends_the_server_each_time_is_a_break() -> None:
    def falls(_turn: object) -> Behaviour:
        server.go_away()
        server.start(come_back)
        return Behaviour(end="close")

    def come_back() -> None:
        time.sleep(0.2)
        server.listen(server.port)

    deadly = replace(CALL, pairs=(*CALL.pairs, ("SendDigits", "1")))
    with wrapped(how=falls, when=lambda t: b"SendDigits" in t.request) as server, session_at(server) as session:
        session.target.always_fresh = True
        session.send(CALL)
        exchange = session.send(deadly)
        assert exchange.failure == "closed"
        assert [b.kind for b in session.judge(exchange)] == ["crashed"]
        assert session.send(CALL).status == 201


def test_server_that_stays_away_ends_the_run() -> None:
    with wrapped(gone=1) as server, session_at(server) as session:
        session.patience.gone_s = 0.5
        session.send(CALL)
        time.sleep(0.1)
        begun = time.monotonic()
        with pytest.raises(TargetUnreachable, match="stopped taking connections"):
            session.send(CALL)
        assert 0.4 < time.monotonic() - begun < 2


# --- limits of the rate ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [
    reply(b"", "403 Forbidden"), reply(b"", "404 Not Found"), reply(b"", "302 Found", "Location: /"), reply(b"", "500 Oops"), NOISE, CLOSES, SILENT,
], ids=["403", "404", "302", "500", "noise", "closes", "silent"])
def test_one_bad_answer_at_the_start_is_no_end(bad: Behaviour) -> None:
    with wrapped(how=lambda _: bad, when=lambda t: t.number == 1) as server, session_at(server, timeout=1.0) as session:  # type: ignore[arg-type]
        found = preflight(session, Wanted())
    assert found.exchange.is_created and not found.crashes
    assert [e.number for e in found.before] == [1]


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found"])
def test_number_that_the_account_does_not_own_may_be_refused_as_the_path_is(status: str) -> None:
    unowned = Act(how=lambda _: as_json({"code": 20404}, status), when=lambda t: b"From=%2B15005550006" in t.request)
    with Wrapped(act_of=unowned, settings=EmulatorSettings(ACCOUNT, TOKEN, ("+12025550143",))) as server, session_at(server) as session:
        assert preflight(session, Wanted()).numbers.own == ("+12025550143",)


def test_refusal_by_404_that_speaks_of_from_is_not_told_of_the_path() -> None:
    unowned = as_json({"code": 21210, "message": "From is not yours"}, "404 Not Found")
    with Hostile((unowned,)) as server, session_at(server) as session, pytest.raises(Inconclusive, match="--from"):
        preflight(session, Wanted())


def test_refusal_by_404_beside_others_by_400_is_not_told_of_the_path() -> None:
    bad, unowned = as_json({"code": 1}, "400 Bad Request"), as_json({"code": 2}, "404 Not Found")
    with wrapped(how=lambda t: bad if t.number < 4 else unowned) as server, session_at(server) as session, pytest.raises(Inconclusive, match="--from"):
        preflight(session, Wanted())


def test_target_that_says_at_once_again_and_again_is_asked_less_and_less_often() -> None:
    limited = as_json({"code": 20429}, "429 Too Many Requests", "Retry-After: 0")
    with Hostile((*[limited] * 6, reply())) as server, session_at(server) as session:
        begun = time.monotonic()
        assert session.send(CALL).status == 201
    assert 0.5 < time.monotonic() - begun < 5
    assert session.patience.limited == 6



def limited(seconds: int) -> Behaviour:
    return as_json({"code": 20429}, "429 Too Many Requests", f"Retry-After: {seconds}")


def test_limit_that_lasts_longer_than_the_run_ends_it_once_it_was_said_three_times() -> None:
    with wrapped(how=lambda _: limited(20), when=after(1)) as server, session_at(server, Budget(seconds=15.0)) as session:
        session.send(CALL)
        assert [session.send(CALL).status for _ in range(2)] == [429, 429]
        with pytest.raises(BudgetSpent, match="429"):
            session.send(CALL)
        assert session.elapsed() < 15


@pytest.mark.parametrize("seconds", [86_400, 20])
def test_one_wish_to_be_asked_much_later_at_the_first_request_is_no_end(seconds: int) -> None:
    with wrapped(how=lambda _: limited(seconds), when=lambda t: t.number == 1) as server, session_at(server, Budget(seconds=15.0)) as session:
        assert preflight(session, Wanted()).exchange.is_created


def test_wish_to_be_asked_much_later_each_time_ends_the_preflight_at_once() -> None:
    with wrapped(how=lambda _: limited(86_400)) as server, session_at(server) as session:
        with pytest.raises(Inconclusive, match="429 to every valid call"):
            preflight(session, Wanted())
        assert session.counts.requests == 3


@pytest.mark.parametrize("seconds", [120, 20])
def test_one_wish_to_be_asked_much_later_does_not_end_a_run(seconds: int) -> None:
    with wrapped(how=lambda _: limited(seconds), when=lambda t: t.number == 2) as server, session_at(server, Budget(seconds=15.0)) as session:
        assert [session.send(CALL).status for _ in range(4)] == [201, 429, 201, 201]
        assert any("longer than this run waits" in n for n in session.notes)


def test_rate_never_makes_a_run_wait_beyond_its_time() -> None:
    with wrapped() as server, session_at(server, Budget(seconds=0.6, rate=0.1)) as session:
        begun = time.monotonic()
        session.run(Step("one", (CALL,)) for _ in range(5))
        assert time.monotonic() - begun < 1.5
        assert (session.counts.requests, server.number, session.stopped) == (1, 1, "the time of 0.6 s is used up")


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("120", 120.0), (" 7 ", 7.0), ("-1", None), ("soon", None), ("", None), ("9" * 20, None), (None, None),
                                                 ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("٣", None)])
def test_retry_after_is_a_number_of_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds


# --- nothing to judge any more -----------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [*(Answer(s, (("Content-Type", "text/plain"),), b"no") for s in ENDINGS if s != 429), Answer(302)], ids=lambda a: str(a.status))
def test_valid_calls_that_all_get_the_same_end_the_run_and_count_for_nothing(answer: Answer) -> None:
    with wrapped(how=lambda _: answer, when=after(3)) as server, session_at(server) as session:
        session.good = CALL
        with pytest.raises(TargetUnreachable, match=f"{answer.status}.*since request 4"):
            for _ in range(30):
                session.judge(session.send(CALL))
        assert (session.seen, session.exercised["call.created"], session.occurrences.total()) == ([], 3, 0)


REFUSED = replace(CALL, pairs=(*CALL.pairs, ("Timeout", "word")))


@pytest.mark.parametrize("answers", [(403,), (302,), (401, 403)])
def test_how_invalid_calls_are_refused_does_not_hide_that_no_valid_one_is_created_any_more(answers: tuple[int, ...]) -> None:
    def how(turn: Any) -> Answer:
        return Answer(answers[turn.number % len(answers)])

    with wrapped(how=how, when=lambda t: t.number > 3 and b"word" not in t.request) as server, session_at(server) as session:
        session.good = CALL
        with pytest.raises(TargetUnreachable, match=f"answers {' or '.join(map(str, answers))}.*since request 5"):
            for _ in range(30):
                session.judge(session.send(CALL))
                session.judge(session.send(REFUSED))
        assert (session.seen, session.occurrences.total()) == ([], 0)


def test_answers_that_are_being_made_sure_of_count_for_nothing_where_the_run_ends() -> None:
    with wrapped(how=lambda _: Answer(401), when=after(3)) as server, session_at(server) as session:
        for _ in range(11):
            session.judge(session.send(CALL))
        assert {s.exchange.number for s in session.seen} == set(range(4, 12))
        session.take_back_doubtful()
        assert session.seen == []


def test_call_that_waited_in_vain_for_a_target_that_was_slow_already_counts_for_nothing_where_the_run_ends() -> None:
    slow = {4: 0.45, 5: 0.9, 6: 0.45}  # seconds; silent from the 7th request on
    with wrapped(how=lambda _: SILENT, when=after(6), pause=lambda t: slow.get(t.number, 0.0)) as server, session_at(server, timeout=0.6) as session:
        session.good = CALL
        with pytest.raises(TargetUnreachable, match="since request 7"):
            for _ in range(12):
                session.judge(session.send(CALL))
        assert (session.seen, session.exercised["call.created"], session.occurrences.total()) == ([], 5, 0)


def test_call_that_waited_in_vain_for_a_target_that_was_quick_counts_where_the_run_ends() -> None:
    with wrapped(how=lambda _: SILENT, when=lambda t: t.number == 5 or t.number > 7) as server, session_at(server, timeout=0.6) as session:
        session.good = CALL
        with pytest.raises(TargetUnreachable, match="since request 8"):
            for _ in range(13):
                session.judge(session.send(CALL))
        assert [s.exchange.number for s in session.seen] == [5]


def test_few_answers_that_say_nothing_are_not_taken_back() -> None:
    with wrapped(how=lambda _: Answer(401), when=after(3)) as server, session_at(server) as session:
        for _ in range(9):
            session.judge(session.send(CALL))
        session.take_back_doubtful()
        assert {s.exchange.number for s in session.seen} == set(range(4, 10))


def test_valid_calls_of_one_sort_that_are_all_refused_do_not_end_the_run() -> None:
    other = replace(CALL, pairs=(*CALL.pairs, ("SendDigits", "1")))
    with wrapped(how=lambda _: reply(b"{}", "404 Not Found"), when=lambda t: b"SendDigits" in t.request) as server, session_at(server) as session:
        session.good = CALL
        for _ in range(20):
            session.judge(session.send(other))
        assert len(session.seen) == 20
