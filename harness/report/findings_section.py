"""The report's findings: all at a glance, the new ones in full, then what was accepted, closed, and what no longer occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.findings import Finding
from harness.report.finding_block import brief, filtered_by, full, room_for
from harness.report.markup import EMPTY, Html, el, hidden, sign, text
from harness.report.words import CLAUSE_SIGN, by_level, count, number, verdict_class, verdict_of
from harness.results import RunResult

_ALL_BLOCKS = 1_100_000  # characters of all findings together, so that the page stays under 2 MB
_GLANCE = 100  # characters of what was expected, and of what came


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
    summary = el("summary", text(f"{words}: open to see each with its reason, its owner and its last day"))
    return el(
        "section", el("h2", text(count(len(accepted), "accepted finding"))), el("p", text("They don't count."), class_="rt-muted"),
        el("details", summary, _glance(accepted) if len(accepted) > 1 else EMPTY, *blocks, class_="rt-closed"), id="rt-accepted",
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
    head = el("tr", *(el("th", text(w), scope="col") for w in ("Level", "Clause", "Expected", "Actual", "Cases")))
    return el("table", el("caption", text("At a glance"), class_="rt-sr"), el("thead", head), el("tbody", *map(_line, findings)), class_="rt-glance")


def _line(f: Finding) -> Html:
    verdict = verdict_of(f)
    level = el("td", el("span", sign(CLAUSE_SIGN[verdict]), hidden(f"{verdict}: "), text(f" {f.level.value}"), class_="rt-mark"))
    name = el("th", el("a", text(f.id), href=f"#finding-{f.id}"), scope="row")
    cells = (el("td", text(f.expected, _GLANCE), class_="rt-expected"), el("td", text(f.actual, _GLANCE), class_="rt-actual"))
    cases = el("td", text(number(f.occurrences)), class_="rt-num")
    return el("tr", level, name, *cells, cases, class_=f"rt-line {verdict_class(verdict)}", **filtered_by(f))


def _blocks(result: RunResult, directory: str) -> Iterator[Html]:
    """Findings in full as long as there is room to tell all that follow in brief; in the run's order."""
    room = room_for(len(result.findings))
    briefs = [brief(f) for f in result.findings]
    left = _ALL_BLOCKS - sum(map(len, briefs)) - sum(len(_line(f)) for f in result.findings)
    for f, short in zip(result.findings, briefs, strict=True):
        block = full(f, result, directory, room)
        extra = len(block) - len(short)
        if extra > left:
            yield short
            continue
        left -= extra
        yield block
