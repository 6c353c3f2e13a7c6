"""One finding as a block of the page: rule, expected and actual, sent and received, and how to send it again.

In full, or in brief where there are very many. What an answer looks like is `answers`; which findings there are, `findings_section`.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import PurePath

from harness.case import Case
from harness.contract import CLAUSE
from harness.curl import curl_of
from harness.findings import Finding
from harness.report.answers import answer, request
from harness.report.markup import EMPTY, Html, code_line, el, hidden, join, moment, sign, terms, text
from harness.report.subjects import topics_of_finding
from harness.report.words import CLAUSE_SIGN, number, replay_line, rule, seen, verdict_class, verdict_of
from harness.results import RunResult

_ROOM, _LEAST_ROOM, _ALL_ROOM = 2400, 500, 240_000
_SMALL = 8  # pairs
_MUCH = 80  # characters


def room_for(findings: int) -> int:
    """How many characters each of so many findings may show of a body or a command."""
    return min(_ROOM, max(_LEAST_ROOM, _ALL_ROOM // max(findings, 1)))


def full(f: Finding, result: RunResult, directory: str, room: int) -> Html:
    """The whole block.

    Args:
        f: the finding.
        result: the run it belongs to.
        directory: where the run's files are; empty where that can't be said.
        room: characters for each of the long parts.
    """
    sent = [el("h4", text("Sent")), *_steps(f, result, room), _facts(f, result)]
    received = [el("h4", text("Received")), answer(f, room)]
    exchange = el("div", el("div", *sent), el("div", *received), class_="rt-exchange")
    return _article(f, _versus(f), exchange, _again(f, result, directory, room))


def brief(f: Finding) -> Html:
    """Rule, expected and actual alone."""
    words = "More in results.json: this report has too many findings to show each in full."
    return _article(f, _versus(f), el("p", text(words), class_="rt-muted"))


def filtered_by(f: Finding) -> dict[str, str]:
    """The attributes by which the script filters whatever stands for a finding."""
    names = dict.fromkeys(n[:60] for n, _ in f.case.pairs[:40])
    return {
        "data_verdict": verdict_of(f), "data_level": f.level.value, "data_about": "|".join(topics_of_finding(f)),
        "data_text": " ".join((f.id, rule(f), f.cause[:200], *names)),
    }


def _article(f: Finding, *content: Html) -> Html:
    verdict = verdict_of(f)
    heading = el(
        "h3", sign(CLAUSE_SIGN[verdict]), hidden(f"{verdict}: "), el("span", text(f.level.value), class_="rt-level"),
        el("a", text(f.id), href=f"#finding-{f.id}"),
    )
    why = CLAUSE[f.clause].why
    return el(
        "article", heading, el("p", text(rule(f)), class_="rt-rule"), el("p", text(why), class_="rt-why") if why else EMPTY,
        _acceptance(f), *content, class_=f"rt-finding {verdict_class(verdict)}", id=f"finding-{f.id}", **filtered_by(f),
    )


def _acceptance(f: Finding) -> Html:
    """Why it doesn't count, and for how long."""
    a = f.accepted
    if a is None:
        return EMPTY
    kind = "A deviation that the vendor declares" if a.kind == "declared" else "A known defect"
    rows = [("Accepted", text(kind)), ("Reason", text(a.said, 400))]
    rows += [("Owner", text(a.owner, 120))] if a.owner else []
    rows += [("Until", moment(a.until) if a.until is not None else text("no end"))]
    return terms(rows, "rt-terms rt-acceptance")


def _versus(f: Finding) -> Html:
    place = el("small", text("at "), el("code", text(f.path, 120))) if f.path not in ("", "$") else EMPTY
    return el(
        "dl", el("div", el("dt", text("Expected")), el("dd", _stated(f.expected)), class_="rt-expected"),
        el("div", el("dt", text("Actual")), el("dd", _stated(f.actual), place), class_="rt-actual"), class_="rt-versus",
    )


def _stated(words: str) -> Html:
    """What was expected or came; in smaller letters where it is long."""
    return el("span", text(words, 400), class_="rt-much" if len(words) > _MUCH else None)


def _steps(f: Finding, result: RunResult, room: int) -> list[Html]:
    """The case, after those that go before it and before those that go together with it."""
    parameter = CLAUSE[f.clause].parameter
    blamed = frozenset(f.parameters or ((parameter,) if parameter else ()))
    own = request(f.case, result.url, result.account_sid, room, blamed)
    in_turn = [(case, sum(1 for _ in alike)) for case, alike in groupby(f.before)]
    first = [_step("First" if times == 1 else f"First, {times} times", c, result, room) for c, times in in_turn]
    others = list(f.together)
    if f.case in others:
        others.remove(f.case)
    label = [el("h5", text("Then" if first else "This call"))] if first or others else []
    return [*first, *label, own, *(_step("At the same time", c, result, room) for c in others)]


def _step(label: str, case: Case, result: RunResult, room: int) -> Html:
    """Another call of the sequence; a large one is there to be opened."""
    content = request(case, result.url, result.account_sid, room // 2)
    if len(case.pairs) <= _SMALL:
        return el("div", el("h5", text(label)), content, class_="rt-step")
    summary = el("summary", text(f"{label}: a call with {len(case.pairs)} parameters"))
    return el("details", summary, content, class_="rt-step")


def _facts(f: Finding, result: RunResult) -> Html:
    rows = [("Cause", text(f.cause, 400))] if f.cause else []
    first = result.first_shown.get(f.id)
    rows += [("Seen", text(seen(f) + (f", first at request {number(first)}" if first else "")))]
    others = [c for c in f.also if c in CLAUSE and c != f.clause]
    rows += [("Also", join([el("a", text(c), href=f"#{c}") for c in others], ", "))] if others else []
    rows += [("Source", text(f.source))]
    return terms(rows, "rt-terms rt-facts")


def _again(f: Finding, result: RunResult, directory: str, room: int) -> Html:
    curl, whole = curl_of(f.before, f.case, result.url, result.account_sid)
    replay = replay_line(f, PurePath(directory))
    several = bool(f.together) or not whole
    return el(
        "div", hidden("Send it again:"),
        code_line("replay", replay, 4000, "the path can't be shown here; the case is in cases/ beside this report"),
        el("p", text("from the folder that this report is in"), class_="rt-muted") if not directory else EMPTY,
        code_line("curl", curl, room, "too long, or not to be typed: use replay"),
        el("p", text("curl sends the last of the requests alone."), class_="rt-muted") if several else EMPTY,
        code_line("explain", f"ringtrue explain {f.clause}", 400, ""),
        class_="rt-again",
    )
