"""What a generated test sends, how often and in which company, and where its assertions go. Lines of Python, no file.

A finding that every sending of one call shows is one call; one that only a history, a neighbour or chance shows is sent
again in such company, within bounds, and the test says that green may be chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from harness.case import Case
from harness.contract import FORM_TYPE
from harness.findings import Finding
from harness.report.findings_asserts import assertions, must_be_accepted
from harness.report.literals import bytes_literal, comment, text_literal
from harness.results import masked
from harness.wire import body_of

Lines = list[str]
_FLAKY = (10, 200)
_RACE = 40
_SIDS_AT_ONCE = 15
_ECHO = ("echo.to", "echo.from", "echo.own-call")
_ALL_NEW = "assert len(set(sids)) == len(sids), sids[-4:]"
_CHANCE = "green may be chance"


def body(f: Finding, created: int) -> Lines:
    """The body of a finding's test, without its docstring.

    Args:
        f: the finding.
        created: how many calls the run created, to tell how rare the finding is.
    """
    if f.check == "check_unique" or f.clause == "echo.sid-unique":
        return _unique(f, created)
    if f.together:
        return _repeated(_race(f, list(f.together)), _RACE, f"a race: {_CHANCE}")
    if f.flaky is None:
        return _sequence(f)
    why = f"it showed in {f.flaky[0]} of {f.flaky[1]} tries: {_CHANCE}"
    if f.clause in _ECHO:
        return _mixed(f, max(_tries(*f.flaky), _rare(f, created)), why)
    return _repeated(_sequence(f), _tries(*f.flaky), why)


# -- company ---------------------------------------------------------------------------------------


def _sequence(f: Finding) -> Lines:
    """The case after those that go before it."""
    case = masked(f.case)
    if f.before and f.clause != "malformed.huge":
        # What is answered may depend on what came on the same connection before.
        in_turn = [*_first(f.before, "kept"), *_wait(case), f"answer = {_send(case, 'kept')}"]
        return ["with keeping() as kept:", *_indented(in_turn, 4), *_indented(assertions(f, case, "answer"), 0)]
    lines = [*_first(f.before), *_wait(case), f"answer = {_send(case)}", *assertions(f, case, "answer")]
    if f.clause not in ("malformed.huge", "server.http"):
        return _indented(lines, 0)
    way_out = ["except requests.ConnectionError:", "    return  # closed early on a body too large to read: allowed"]
    return ["try:", *_indented(lines[:1], 4), *way_out, *_indented(lines[1:], 0)]


def _race(f: Finding, together: list[Case]) -> Lines:
    """Several cases at once, each answer judged."""
    cases = [masked(c) for c in together]
    names = [f"answer_{i}" for i in range(1, len(cases) + 1)]
    lines = [f"{', '.join(names)}{',' if len(names) == 1 else ''} = {_send_together(cases)}"]
    for case, name in zip(cases, names, strict=True):
        lines += assertions(f, case, name)
    return lines


def _mixed(f: Finding, times: int, why: str) -> Lines:
    """The case and another call in turn, then both at once: what is said back of another call shows only so."""
    case, other = masked(f.case), masked(_another(f))
    previous = f.exchange.previous
    turn: Lines = [_send(masked(previous))] if previous is not None and not must_be_accepted(previous) else []
    for each in (case, other, other):
        turn += [f"answer = {_send(each)}", *assertions(f, each, "answer")]
    at_once = _race(f, [case, other])
    return [*_repeated(turn, times, why), *_repeated(at_once, _RACE // 2, f"a race: {_CHANCE}")]


def _another(f: Finding) -> Case:
    """A valid call to and from somebody else: the one before it in the run, or one to a client."""
    previous = f.exchange.previous
    differs = previous is not None and all(previous.get(n) != f.case.get(n) for n in ("To", "From"))
    if previous is not None and differs and must_be_accepted(previous):
        return previous
    name = "client:somebody" if f.case.get("To") != "client:somebody" else "client:another"
    instead = {"To": name, "From": "client:caller" if f.case.get("From") != "client:caller" else "client:other"}
    return f.case.with_pairs(tuple((n, instead.get(n, v)) for n, v in f.case.pairs), f.case.styles)


def _unique(f: Finding, created: int) -> Lines:
    """Sends as often as lay between the two calls with one sid, or as it is rare, and then two at once."""
    first = re.search(r"request (\d{1,8})", f.actual)
    apart = max(f.exchange.number - int(first[1]) if first else 1, 1)
    together = [masked(c) for c in f.together] or [masked(f.case)] * 2
    at_once = [f"sids += [call_of(answer).get('sid') for answer in {_send_together(together)}]", _ALL_NEW]
    lines = ["sids: list[str] = []"]
    if not f.together:
        before = [masked(c) for c in f.before if not _same(c, f.case)]
        in_turn = [*map(_kept, before), _kept(masked(f.case)), _ALL_NEW]
        times = min(max(2 * apart + 1, _rare(f, created)), _FLAKY[1])
        lines += _repeated(in_turn, times, f"the two calls were {apart} requests apart, {f.occurrences} such in {created} calls")
    return [*lines, *_repeated(at_once, _RACE if f.together else _SIDS_AT_ONCE, f"a race: {_CHANCE}")]


def _kept(case: Case) -> str:
    """Sends a case and keeps the sid, which only a call that may be refused may lack."""
    return f"sids.append(call_of({_send(case)}).get('sid'))" if must_be_accepted(case) else f"sids += sid_in({_send(case)})"


def _same(one: Case, other: Case) -> bool:
    return replace(one, aim="", seed=0) == replace(other, aim="", seed=0)


# -- how often -------------------------------------------------------------------------------------


def _tries(shown: int, tries: int) -> int:
    """So many that a break of this rate is missed once in twenty times, within bounds."""
    low, high = _FLAKY
    rate = shown / tries if tries else 1.0
    wanted = math.log(0.05) / math.log(1 - rate) if 0 < rate < 1 else low
    return min(max(math.ceil(wanted), low), high)


def _rare(f: Finding, created: int) -> int:
    """Twice as many calls as one such finding needs on the average, within bounds."""
    return min(math.ceil(2 * created / max(f.occurrences, 1)), _FLAKY[1])


def _repeated(lines: Lines, times: int, why: str) -> Lines:
    return [f"for _ in range({times}):  {comment(why)}", *_indented(lines, 4)]


def _indented(lines: Lines, by: int) -> Lines:
    return [" " * by + part for line in lines for part in line.split("\n")]


# -- one request -----------------------------------------------------------------------------------


_ACCOUNTS = {
    "other": "OTHER_ACCOUNT", "other-end": "changed_at(ACCOUNT, len(ACCOUNT) - 1)", "other-start": "changed_at(ACCOUNT, 2)",
}


def _send(case: Case, on: str = "") -> str:
    options = {
        "method": (case.method, "POST"), "content_type": (case.content_type, FORM_TYPE), "credentials": (case.credentials, "right"),
        "head": (case.head, "usual"),
    }
    words = [f"{k}={text_literal(v) if v is not None else None}" for k, (v, usual) in options.items() if v != usual]
    if case.account != "own":
        words.append(f"account={_ACCOUNTS[case.account]}")
    if on:
        words.append(f"on={on}")
    payload = _payload(case)
    if not words and payload.startswith("("):
        return f"send{payload}"
    return f"send({', '.join([payload, *words])})"


def _first(before: Sequence[Case], on: str = "") -> Iterator[str]:
    """What goes before a case."""
    for case, alike in groupby(before):
        lines, times = [*_wait(case), _send(masked(case), on)], sum(1 for _ in alike)
        yield from lines if times == 1 else [f"for _ in range({times}):", *_indented(lines, 4)]


def _wait(case: Case) -> list[str]:
    """The silence before a case."""
    return [f"time.sleep({float(case.pause)!r})"] if case.pause else []


def _send_together(cases: list[Case]) -> str:
    rows = ",\n".join(_payload(c) if c.head == "usual" else f"({_payload(c)}, {text_literal(c.head)})" for c in cases)
    return "send_together([\n    " + rows.replace("\n", "\n    ") + ",\n])"


def _payload(case: Case) -> str:
    literal = bytes_literal(body_of(case))
    if case.head == "chunked":
        return f"InChunks({literal})"
    return f"InPieces({literal}, {int(case.segments)})" if case.segments else literal
