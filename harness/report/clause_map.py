"""The map of the contract: every clause as a box with its verdict, in groups. And what of it was not judged, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.contract import Level
from harness.report import plots
from harness.report.markup import EMPTY, Html, el, hidden, join, sign, text
from harness.report.subjects import subject_of, topics_of
from harness.report.words import CLAUSE_MEANING, CLAUSE_SIGN, by_group, count, left_out, verdict_class
from harness.results import VERDICTS, ClauseResult, RunResult


def group_id(group: str) -> str:
    """The id under which a group stands on the page."""
    return f"rt-g-{group.lower().replace(' ', '-')}"


def clause_map(result: RunResult) -> Html:
    """All groups with all their clauses."""
    groups = [_group(name, clauses) for name, clauses in by_group(result).items()]
    words = "Each box is a clause. Unless it says SHOULD or OBSERVED, its level is MUST."
    return el(
        "section", el("h2", text("Map of the contract")), el("p", text(words), class_="rt-muted"), _legend(result), *groups, id="rt-map",
    )


def _legend(result: RunResult) -> Html:
    tally = result.tally()
    items = [
        el("li", sign(CLAUSE_SIGN[v]), text(" "), el("b", text(v)), text(f" {CLAUSE_MEANING[v]}"), class_=verdict_class(v))
        for v in VERDICTS if tally[v]
    ]
    return el("ul", *items, class_="rt-legend")


def _group(name: str, clauses: list[ClauseResult]) -> Html:
    heading = el("h3", text(name), el("small", text(f" {_tally(clauses)}")))
    share = plots.share([(verdict_class(v), n) for v, n in _counted(clauses)])
    return el("section", el("div", heading, share, class_="rt-group-head"), el("div", *_rows(clauses), class_="rt-rows"),
              class_="rt-group", id=group_id(name))


def _counted(clauses: list[ClauseResult]) -> list[tuple[str, int]]:
    tally = Counter(c.verdict for c in clauses)
    return [(v, tally[v]) for v in VERDICTS if tally[v]]


def _tally(clauses: list[ClauseResult]) -> str:
    counted = _counted(clauses)
    if [v for v, _ in counted] == ["PASS"]:
        return f"all {len(clauses)} pass" if len(clauses) > 1 else "passes"
    return ", ".join(f"{n} {v}" for v, n in counted)


def _rows(clauses: list[ClauseResult]) -> Iterator[Html]:
    subjects: dict[str, list[ClauseResult]] = {}
    for c in clauses:
        subjects.setdefault(subject_of(c.clause), []).append(c)
    for subject, rows in subjects.items():
        name = el("h4", text(subject)) if subject else EMPTY
        yield el("div", name, el("ul", *(_box(c, subject) for c in rows), class_="rt-boxes"), class_="rt-row")


def _box(c: ClauseResult, subject: str) -> Html:
    name = c.clause.id.rpartition(".")[2] if subject else c.clause.id
    level = c.clause.level
    where = f"#finding-{c.findings[0]}" if c.findings else f"#{c.clause.id}"
    about = hidden(f"{c.verdict}: {c.clause.id if subject else ''} ")
    mark = el("small", text(level.value)) if level is not Level.MUST else EMPTY
    link = el("a", sign(CLAUSE_SIGN[c.verdict]), about, text(name), mark, href=where, title=c.clause.statement)
    return el(
        "li", link, class_=f"rt-box {verdict_class(c.verdict)}", data_clause=c.clause.id, data_verdict=c.verdict, data_level=level.value,
        data_about="|".join(topics_of(c.clause)), data_text=f"{c.clause.id} {subject} {c.clause.statement}",
    )


def not_judged(result: RunResult) -> Html:
    """Clauses without a judgement, by the reason why."""
    rows = left_out(result)
    if not rows:
        return el("section", el("h2", text("Not judged")), el("p", text("Nothing: every clause was exercised.")), id="rt-left-out")
    items = [
        el("li", el("p", el("b", sign(CLAUSE_SIGN[verdict]), text(f" {verdict}, {count(len(clauses), 'clause')}: ")), text(why, 400)),
           el("p", join([el("a", text(c.clause.id), href=f"#{c.clause.id}") for c in clauses], ", "), class_="rt-ids"),
           class_=verdict_class(verdict))
        for (verdict, why), clauses in rows.items()
    ]
    return el("section", el("h2", text("Not judged, and why")), el("ul", *items, class_="rt-plain"), id="rt-left-out")
