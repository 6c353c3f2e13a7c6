"""The report's findings: all at a glance, the new ones in full, then what was accepted, closed, and what no longer occurs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.findings import Finding
from harness.report.finding_block import brief, filtered_by, full, room_for
from harness.report.markup import EMPTY, Html, el, hidden, sign, text
from harness.report.words import CLAUSE_SIGN, by_level, count, number, verdict_class, verdict_of
from harness.results import RunResult

_ALL_BLOCKS = 1_100_000  # characters of all findings together, so that the page stays under 2 MB
_GLANCE = 100  # characters of what is to blame, of what was expected, and of what came


def findings(result: RunResult, directory: str) -> list[Html]:
    """The sections: of new findings, of accepted ones, of accepted ones that are gone.

    Args:
        result: of the run.
        directory: where the run's files are; empty where that can't be said.
    """
    blocks = dict(zip((f.id for f in result.findings), _blocks(result, directory), strict=True))
    return [
        _new(result, [blocks[f.id] for f in result.new]), _gone(result), _accepted(result, [blocks[f.id] for f in result.accepted]),
    ]


def _new(result: RunResult, blocks: list[Html]) -> Html:
    new = result.new
    if not new:
        words = "Nothing was judged." if result.verdict == "inconclusive" and not result.findings else (
            "No new finding." if result.findings else "No finding: nothing that was sent showed a broken clause."
        )
        return el("section", el("h2", text("Findings")), el("p", text(words)), id="rt-findings")
    noun = "new finding" if result.accepted else "finding"
    heading = el("h2", text(count(len(new), noun)), el("small", text(f" {by_level(new)}")))
    return el("section", heading, _glance(new) if len(new) > 1 else EMPTY, *blocks, id="rt-findings")


def _accepted(result: RunResult, blocks: list[Html]) -> Html:
    accepted = result.accepted
    if not accepted:
        return EMPTY
    declared = sum(verdict_of(f) == "DECLARED" for f in accepted)
    kinds = [(len(accepted) - declared, "known defect"), (declared, "declared deviation")]
    words = ", ".join(count(n, noun) for n, noun in kinds if n)
    summary = el("summary", text(f"{words}: open to see each in full"))
    return el(
        "section", el("h2", text(count(len(accepted), "accepted finding"))), el("p", text("They don't count."), class_="rt-muted"),
        _table(("Level", "Clause", "Actual", "Reason", "Owner", "Until"), map(_accepted_line, accepted)),
        el("details", summary, *blocks, class_="rt-closed"), id="rt-accepted",
    )


def _gone(result: RunResult) -> Html:
    if not result.stale:
        return EMPTY
    heading = el("h2", text(f"{count(len(result.stale), 'accepted finding')} no longer found"))
    return el(
        "section", heading, el("p", text("What is accepted is out of date, and this fails the run.")),
        el("ul", *(el("li", text(words, 600)) for words in result.stale)), class_="rt-v-fail rt-callout", id="rt-stale",
    )


def _glance(findings: Sequence[Finding]) -> Html:
    """A line a finding, each leading to its block."""
    return _table(("Level", "Clause", "Cause", "Expected", "Actual", "Cases"), map(_line, findings))


def _table(columns: Sequence[str], rows: Iterable[Html]) -> Html:
    head = el("tr", *(el("th", text(w), scope="col", class_=f"rt-col-{w.lower()}") for w in columns))
    return el("table", el("caption", text("At a glance"), class_="rt-sr"), el("thead", head), el("tbody", *rows), class_="rt-glance")


def _line(f: Finding) -> Html:
    cells = [_cell("cause", f.cause), _cell("expected", f.expected), _cell("actual", f.actual), _cell("cases", number(f.occurrences))]
    return _row(f, cells)


def _accepted_line(f: Finding) -> Html:
    a = f.accepted
    assert a is not None
    until = a.until.isoformat() if a.until is not None else ""
    return _row(f, [_cell("actual", f.actual), _cell("reason", a.said), _cell("owner", a.owner), _cell("until", until)])


def _row(f: Finding, cells: Sequence[Html]) -> Html:
    verdict = verdict_of(f)
    level = el("td", el("span", sign(CLAUSE_SIGN[verdict]), hidden(f"{verdict}: "), text(f" {f.level.value}"), class_="rt-mark"))
    others = len({*f.also} - {f.clause})
    more = el("small", text(f"and {count(others, 'more clause')}")) if others else EMPTY
    name = el("th", el("a", text(f.id), href=f"#finding-{f.id}"), more, scope="row")
    return el("tr", level, name, *cells, class_=f"rt-line {verdict_class(verdict)}", **filtered_by(f))


def _cell(name: str, words: str) -> Html:
    return el("td", text(words, _GLANCE), class_=f"rt-col-{name}" if words else f"rt-col-{name} rt-empty")


def _blocks(result: RunResult, directory: str) -> Iterator[Html]:
    """Findings in full as long as there is room to tell all that follow in brief; in the run's order."""
    room = room_for(len(result.findings))
    briefs = [brief(f) for f in result.findings]
    left = _ALL_BLOCKS - sum(map(len, briefs)) - sum(len(_line(f) if f.accepted is None else _accepted_line(f)) for f in result.findings)
    for f, short in zip(result.findings, briefs, strict=True):
        block = full(f, result, directory, room)
        extra = len(block) - len(short)
        if extra > left:
            yield short
            continue
        left -= extra
        yield block
