"""The report's page: everything that stands above pytest-html's table of clauses, as one piece of HTML.

For people who decide and people who mend: verdict, findings in full, the map of clauses, what was not judged, numbers.
It works without JavaScript; the script only adds filters and copy buttons. pytest's hooks are `harness.report.html`, the
page's frame is `harness.report.frame`.
"""

from __future__ import annotations

from collections import Counter

from harness.report import plots
from harness.report.clause_map import clause_map, group_id, not_judged
from harness.report.filter_form import filter_form
from harness.report.findings_section import findings
from harness.report.markup import EMPTY, Html, code_line, el, join, moment, sign, terms, text
from harness.report.numbers import numbers
from harness.report.words import (
    CLAUSE_MEANING,
    CLAUSE_SIGN,
    by_group,
    count,
    exercised,
    left_out,
    number,
    seconds,
    standing,
    verdict_class,
    verdict_sign,
    verdict_words,
    work,
)
from harness.results import RECORDED, VERDICTS, ClauseResult, RunResult


def title(result: RunResult) -> str:
    """The page's heading, plain text: pytest-html escapes it."""
    return f"{verdict_sign(result)} {verdict_words(result)}"


def page(result: RunResult, directory: str) -> Html:
    """The whole summary.

    Args:
        result: of the run.
        directory: where the run's files are, as replay lines name it; empty where that can't be said.
    """
    return el(
        "div", _banner(result), _contents(result), _notes(result), filter_form(result), *findings(result, directory), clause_map(result),
        not_judged(result), numbers(result), _settings(result), el("h2", text("All clauses"), id="rt-clauses"), _without_script(result),
        class_=f"rt rt-is-{standing(result)}", id="rt",
    )


# -- on top -----------------------------------------------------------------------------------------


def _banner(result: RunResult) -> Html:
    tally = result.tally()
    tiles = [
        el("li", sign(CLAUSE_SIGN[v]), el("b", text(number(tally[v]))), el("span", text(v), class_="rt-word"),
           el("small", text(CLAUSE_MEANING[v])), class_=f"rt-tile {verdict_class(v)}" + ("" if tally[v] else " rt-zero"))
        for v in VERDICTS
    ]
    where = [text(result.target + " at ") if result.target else EMPTY, el("code", text(result.url)), text(", account "),
             el("code", text(result.account_sid))]
    return el(
        "section", el("p", text(result.headline), class_="rt-headline"), el("p", *where, class_="rt-target"),
        el("p", text(work(result)), text(" · "), moment(result.started), class_="rt-target"),
        el("h2", text(f"{len(result.clauses)} clauses of the contract"), class_="rt-sr"),
        plots.share([(verdict_class(v), tally[v]) for v in VERDICTS]), el("ul", *tiles, class_="rt-tiles"), class_="rt-banner", id="rt-top",
    )


def _contents(result: RunResult) -> Html:
    """The table of contents, with what each part holds."""
    idle = sum(map(len, left_out(result).values()))
    rows = [("rt-findings", "Findings", len(result.new)), ("rt-stale", "No longer found", len(result.stale)),
            ("rt-accepted", "Accepted", len(result.accepted)), ("rt-map", "Map", None), ("rt-left-out", "Not judged", idle),
            ("rt-numbers", "Numbers", None), ("rt-run", "This run", None), ("rt-clauses", "All clauses", len(result.clauses))]
    always = ("rt-findings", "rt-left-out")
    items = [
        el("li", _link(where, words, n), _groups(result) if where == "rt-map" else EMPTY)
        for where, words, n in rows if n or n is None or where in always
    ]
    return el("nav", el("h2", text("Contents")), el("ul", *items), aria_label="Contents", class_="rt-contents")


def _link(where: str, words: str, number_: int | None) -> Html:
    shown = el("span", text(number(number_)), class_="rt-count") if number_ is not None else EMPTY
    return el("a", text(words), text(" "), shown, href=f"#{where}")


def _groups(result: RunResult) -> Html:
    """The groups of clauses, each with how many of them have another verdict than PASS."""
    items = []
    for name, clauses in by_group(result).items():
        tally = Counter(c.verdict for c in clauses)
        odd = [el("span", text(f" {CLAUSE_SIGN[v]} {tally[v]}"), class_=f"rt-count {verdict_class(v)}") for v in VERDICTS if tally[v] and v != "PASS"]
        items.append(el("li", el("a", text(name), *odd, href=f"#{group_id(name)}")))
    return el("ul", *items)


def _notes(result: RunResult) -> Html:
    if not result.notes:
        return EMPTY
    items = [el("li", text(n, 1000)) for n in result.notes]
    return el("section", el("h2", text("Notes")), el("ul", *items), id="rt-notes", class_="rt-callout rt-v-info")


# -- the run ------------------------------------------------------------------------------------------


def _settings(result: RunResult) -> Html:
    """Everything that decided what was sent; what one may want to copy has a button."""
    c = result.counts
    again = result.settings.get("again", "")
    copied = {"target": result.url, "account": result.account_sid, "seed": str(result.seed), "run again": "" if result.profile == RECORDED else again}
    lines = [code_line(k, v, 4000, "it has a value that can't be shown here") for k, v in copied.items() if v]
    rows = {"Started": moment(result.started)} | {k: text(v, 300) for k, v in {
        "Took": seconds(result.duration_s), "Profile": result.profile, "Requests": number(c.get("requests", 0)),
        "Cases judged": number(c.get("cases", 0)), "Clauses exercised": f"{exercised(result)} of {len(result.clauses)}", "ringtrue": result.version,
    }.items()}
    shown = {k.lower() for k in rows} | {"url", "again", *copied}
    rows |= {k: text(v, 300) for k, v in result.settings.items() if k.lower() not in shown}
    return el("section", el("h2", text("This run")), terms(rows.items()), *lines, class_="rt-run", id="rt-run")


# -- the table of clauses -------------------------------------------------------------------------------


def _without_script(result: RunResult) -> Html:
    """pytest-html's table is made by its script; without one, the same rows as they are."""
    rows = [el("tr", *(el("td", cell) for cell in clause_cells(c)), id=c.clause.id) for c in result.clauses]
    head = el("tr", *(el("th", text(name), scope="col") for name in COLUMNS))
    return el("noscript", el("table", el("thead", head), el("tbody", *rows), class_="rt-table"))


COLUMNS = ("Clause", "Level", "Verdict", "Cases", "Rule")


def clause_cells(c: ClauseResult) -> tuple[Html, ...]:
    """The content of a clause's cells, in the order of `COLUMNS`."""
    links = join([el("a", text(f), href=f"#finding-{f}") for f in c.findings], " ")
    rule = [text(c.clause.statement), el("small", text(c.clause.source))]
    rule += [el("small", text(f"{count(len(c.findings), 'finding')}: "), links)] if c.findings else []
    rule += [el("small", text(f"Why not: {c.reason}", 300))] if c.reason else []
    return text(c.clause.id), text(c.clause.level.value), verdict_mark(c.verdict), text(number(c.cases)), join(rule)


def verdict_mark(verdict: str) -> Html:
    """A verdict as sign and word."""
    return el("span", sign(CLAUSE_SIGN[verdict]), text(f" {verdict}"), class_=f"rt-mark {verdict_class(verdict)}")
