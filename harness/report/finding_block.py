"""One finding as a block of the page: rule, sent, expected and actual, received, and how to send it again.

In full, or in brief where there are very many. What an answer looks like is `answers`.
"""

from __future__ import annotations

from pathlib import PurePath

from harness.case import Case
from harness.contract import CLAUSE
from harness.curl import curl_line
from harness.findings import Finding
from harness.report.answers import answer, request
from harness.report.markup import EMPTY, Html, code_line, el, hidden, join, sign, terms, text
from harness.report.words import CLAUSE_SIGN, replay_line, rule, seen, subject_of
from harness.results import VERDICT_OF_LEVEL, RunResult

_ROOM, _LEAST_ROOM, _ALL_ROOM = 2400, 500, 240_000
_SMALL = 8  # pairs


def room_for(findings: int) -> int:
    """How many characters each of so many findings may show of a body or a command."""
    return min(_ROOM, max(_LEAST_ROOM, _ALL_ROOM // max(findings, 1)))


def full(f: Finding, result: RunResult, directory: str, room: int) -> Html:
    """The whole block.

    Args:
        f: the finding.
        result: the run it belongs to.
        directory: where the run's files are.
        room: characters for each of the long parts.
    """
    sent = [el("h4", text("Sent")), *_steps(f, result, room)]
    received = [el("h4", text("Received")), answer(f, room)]
    exchange = el("div", el("div", *sent), el("div", *received), class_="rt-exchange")
    return _article(f, _versus(f), exchange, _facts(f), _again(f, result, directory, room))


def brief(f: Finding) -> Html:
    """Rule, expected and actual alone."""
    words = "More in results.json: this report has too many findings to show each in full."
    return _article(f, _versus(f), el("p", text(words), class_="rt-muted"))


def _article(f: Finding, *content: Html) -> Html:
    verdict = VERDICT_OF_LEVEL[f.level] if f.accepted is None else "KNOWN" if f.accepted.kind == "baseline" else "DECLARED"
    heading = el(
        "h3", sign(CLAUSE_SIGN[verdict]), el("span", text(f.level.value), class_="rt-level"),
        el("a", text(f.id), href=f"#finding-{f.id}"),
    )
    why = CLAUSE[f.clause].why
    return el(
        "article", heading, el("p", text(rule(f)), class_="rt-rule"), el("p", text(why), class_="rt-why") if why else EMPTY, *content,
        class_=f"rt-finding rt-v-{verdict.lower()}", id=f"finding-{f.id}", data_verdict=verdict, data_level=f.level.value,
        data_subject=subject_of(CLAUSE[f.clause]) or None,
        data_text=" ".join((f.id, rule(f), f.cause[:200], *dict.fromkeys(n[:60] for n, _ in f.case.pairs[:40]))),
    )


def _versus(f: Finding) -> Html:
    place = el("small", text("at "), el("code", text(f.path, 120))) if f.path not in ("", "$") else EMPTY
    return el(
        "dl", el("div", el("dt", text("Expected")), el("dd", text(f.expected, 400)), class_="rt-expected"),
        el("div", el("dt", text("Actual")), el("dd", text(f.actual, 400), place), class_="rt-actual"), class_="rt-versus",
    )


def _steps(f: Finding, result: RunResult, room: int) -> list[Html]:
    """The case, after those that go before it and before those that go together with it."""
    parameter = CLAUSE[f.clause].parameter
    blamed = frozenset(f.parameters or ((parameter,) if parameter else ()))
    own = request(f.case, result.url, result.account_sid, room, blamed)
    first = [_step("First", c, result, room) for c in f.before]
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


def _facts(f: Finding) -> Html:
    rows = [("Cause", text(f.cause, 400))] if f.cause else []
    rows += [("Seen", text(seen(f))), ("Source", text(f.source))]
    if f.accepted is not None:
        until = f" until {f.accepted.until.isoformat()}" if f.accepted.until is not None else ""
        owner = f" ({f.accepted.owner})" if f.accepted.owner else ""
        rows.append(("Accepted", text(f"{f.accepted.kind}{until}: {f.accepted.reason}{owner}", 500)))
    return terms(rows, "rt-terms rt-facts")


def _again(f: Finding, result: RunResult, directory: str, room: int) -> Html:
    curl = curl_line(f.case, result.url, result.account_sid)
    replay = replay_line(f, PurePath(directory))
    several = bool(f.before or f.together)
    return el(
        "div", hidden("Send it again:"),
        code_line("replay", replay, 4000, "the path can't be shown here; the case is in cases/ beside this report"),
        join([code_line("curl", curl, room, "too long, or not to be typed: use replay"),
              el("p", text("curl sends the last of the requests alone."), class_="rt-muted") if several else EMPTY]),
        class_="rt-again",
    )
