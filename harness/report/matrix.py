"""The matrix of targets and clauses: what a vendor publishes, and what several runs at a glance are. A page, Markdown, lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import resources

from harness.contract import CLAUSES, Clause, Level
from harness.recorded import Recorded
from harness.report.escape import for_markdown
from harness.report.markup import EMPTY, Html, el, hidden, sign, text
from harness.report.standalone import run_card, scrolling, standalone
from harness.report.terminal import fitted
from harness.report.words import CLAUSE_MEANING, CLAUSE_SIGN, VERDICT_SIGN, VERDICT_WORD, count
from harness.results import VERDICTS

_ABSENT = "NOT-EXERCISED"


def names_of(runs: Sequence[Recorded]) -> list[str]:
    """A name for each run, unlike the others."""
    out: list[str] = []
    for run in runs:
        name = number = run.name[:60] or "run"
        n = 1
        while number in out:
            n += 1
            number = f"{name} ({n})"
        out.append(number)
    return out


def verdict_of(run: Recorded, clause: Clause) -> str:
    """A clause's verdict in a run; of a run whose version did not know it, that it was not exercised."""
    found = run.clauses.get(clause.id)
    return found.verdict if found is not None else _ABSENT


def differs(runs: Sequence[Recorded], clause: Clause) -> bool:
    """Whether the runs do not all say the same of a clause."""
    return len({verdict_of(r, clause) for r in runs}) > 1


def _groups(clauses: Sequence[Clause]) -> dict[str, list[Clause]]:
    out: dict[str, list[Clause]] = {}
    for c in clauses:
        out.setdefault(c.group, []).append(c)
    return out


# -- a terminal ---------------------------------------------------------------------------------------


def as_text(runs: Sequence[Recorded], width: int = 80) -> str:
    """A line a run with its tally, then the clauses of which the runs say different things; at most `width` columns wide."""
    names = names_of(runs)
    room = min(max(map(len, names)), 24)
    lines = []
    for letter, name, run in zip(_letters(), names, runs, strict=False):
        tally = ", ".join(f"{n} {v}" for v in VERDICTS if (n := _tally(run, v)))
        lines.append(fitted(f"{letter}  {name:<{room}} {VERDICT_SIGN[run.verdict]} {VERDICT_WORD[run.verdict]:<12} {tally}", width))
    rows = [c for c in CLAUSES if differs(runs, c)]
    if not rows:
        return "\n".join([*lines, "", "They say the same of every clause."]) + "\n"
    columns = "".join(letter for letter, _ in zip(_letters(), runs, strict=False))
    lines += ["", f"{columns}  clauses of which they say different things"]
    lines += [fitted("".join(CLAUSE_SIGN[verdict_of(r, c)] for r in runs) + f"  {c.id}", width) for c in rows]
    used = [v for v in VERDICTS if any(verdict_of(r, c) == v for r in runs for c in rows)]
    lines += ["", fitted(", ".join(f"{CLAUSE_SIGN[v]} {v}" for v in used), width)]
    return "\n".join(lines) + "\n"


def _letters() -> Iterator[str]:
    yield from "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    while True:
        yield "·"


# -- Markdown -------------------------------------------------------------------------------------------


def as_markdown(runs: Sequence[Recorded]) -> str:
    """A table of all clauses."""
    names = names_of(runs)
    lines = [f"# ringtrue: {count(len(runs), 'target')}, {count(len(CLAUSES), 'clause')}", ""]
    head = ["clause", "level", *(for_markdown(n) for n in names)]
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines.append("| **verdict** | | " + " | ".join(f"{VERDICT_SIGN[r.verdict]} {VERDICT_WORD[r.verdict]}" for r in runs) + " |")
    for group, clauses in _groups(CLAUSES).items():
        lines.append(f"| **{for_markdown(group)}** |" + " |" * (len(runs) + 1))
        for c in clauses:
            cells = [f"{CLAUSE_SIGN[v]} {v}" for v in (verdict_of(r, c) for r in runs)]
            lines.append("| " + " | ".join([for_markdown(c.id), c.level.value, *cells]) + " |")
    return "\n".join(lines) + "\n"


# -- a page ---------------------------------------------------------------------------------------------


def as_html(runs: Sequence[Recorded]) -> str:
    """A page that needs nothing else: a column a run, a row a clause."""
    names = names_of(runs)
    code = resources.files("harness.report").joinpath("matrix.js").read_text("utf-8")
    unlike = sum(differs(runs, c) for c in CLAUSES)
    intro = el("p", text(f"{count(len(CLAUSES), 'clause')} of the contract of creating a call; {unlike} judged differently."), class_="rt-headline")
    return standalone("Targets and clauses", intro, _cards(runs, names), _legend(runs), _filter(), _table(runs, names), script=code)


def _cards(runs: Sequence[Recorded], names: Sequence[str]) -> Html:
    cards = []
    for name, run in zip(names, runs, strict=True):
        broken = [(level.value, sum(f.level == level.value for f in run.findings)) for level in Level]
        findings = ", ".join(f"{n} {level}" for level, n in broken if n) or "none"
        started = run.started[:16].replace("T", " ")
        cards.append(run_card(name, run, (
            ("target", run.url), ("findings", findings), ("run", f"{run.profile}, seed {run.seed}"), ("started", started),
        )))
    return el("ul", *cards, class_="rt-runs")


def _legend(runs: Sequence[Recorded]) -> Html:
    used = [v for v in VERDICTS if any(verdict_of(r, c) == v for r in runs for c in CLAUSES)]
    items = [el("li", sign(CLAUSE_SIGN[v]), el("b", text(f" {v}")), text(f" {CLAUSE_MEANING[v]}"), class_=f"rt-v-{v.lower()}") for v in used]
    return el("ul", *items, class_="rt-legend")


def _filter() -> Html:
    box = Html('<input type="checkbox" id="rt-differ">')
    search = el("label", text("Text "), Html('<input type="search" id="rt-search" autocomplete="off">'))
    return el(
        "form", el("label", box, text(" only rows that differ")), search, el("output", id="rt-shown", aria_live="polite"), class_="rt-filters",
        id="rt-filters", hidden="", role="search", aria_label="Filter the rows",
    )


def _table(runs: Sequence[Recorded], names: Sequence[str]) -> Html:
    head = el("tr", el("th", text("Clause"), scope="col"), *(el("th", text(n, 100), scope="col") for n in names))
    across = str(len(runs) + 1)

    def body(title: str, rows: Iterable[Html]) -> Html:
        return el("tbody", el("tr", el("th", text(title), scope="rowgroup", colspan=across, class_="rt-group-head")), *rows)

    totals = (
        el("tr", el("th", sign(CLAUSE_SIGN[v]), text(f" {v}"), scope="row"), *(el("td", text(str(_tally(r, v)))) for r in runs))
        for v in VERDICTS if any(_tally(r, v) for r in runs)
    )
    bodies = [body(group, (_row(runs, c) for c in clauses)) for group, clauses in _groups(CLAUSES).items()]
    table = el("table", el("thead", head), body("Totals", totals), *bodies, class_="rt-table rt-matrix")
    return scrolling("Targets and clauses", table)


def _tally(run: Recorded, verdict: str) -> int:
    return sum(verdict_of(run, c) == verdict for c in CLAUSES)


def _row(runs: Sequence[Recorded], c: Clause) -> Html:
    level = el("small", text(f" {c.level.value}")) if c.level is not Level.MUST else EMPTY
    cells = []
    for run in runs:
        verdict = verdict_of(run, c)
        found = run.clauses.get(c.id)
        why = found.reason if found is not None else "the version that ran does not know it"
        cells.append(el("td", sign(CLAUSE_SIGN[verdict]), text(f" {verdict}"), class_=f"rt-v-{verdict.lower()}", title=why[:200] or None))
    name = el("th", el("a", text(c.id), href=f"#{c.id}"), level, hidden(c.statement), scope="row", title=c.statement)
    differ = "yes" if differs(runs, c) else None
    return el("tr", name, *cells, id=c.id, data_differs=differ, data_text=f"{c.id} {c.statement}".lower())
