"""The report's page: everything that stands above pytest-html's table of clauses, as one piece of HTML.

For people who decide and people who mend: verdict, findings in full, the map of clauses, what was not judged, numbers.
It works without JavaScript; the script only adds filters and copy buttons. pytest's hooks are `harness.report.html`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from statistics import median

from harness.contract import Level
from harness.findings import Finding
from harness.report import plots
from harness.report.finding_block import brief, full, room_for
from harness.report.markup import EMPTY, Html, el, hidden, join, sign, terms, text
from harness.report.words import (
    CLAUSE_MEANING,
    CLAUSE_SIGN,
    by_group,
    count,
    exercised,
    left_out,
    number,
    seconds,
    subject_of,
    verdict_sign,
    verdict_words,
)
from harness.results import VERDICTS, ClauseResult, RunResult

_ALL_BLOCKS = 1_200_000  # characters of all findings together, so that the page stays under 2 MB


def title(result: RunResult) -> str:
    """The page's heading, plain text: pytest-html escapes it."""
    return f"{verdict_sign(result)} {verdict_words(result)}".strip()


def page(result: RunResult, directory: str) -> Html:
    """The whole summary.

    Args:
        result: of the run.
        directory: where the run's files are, as replay lines name it.
    """
    return el(
        "div", _banner(result), _settings(result), _filters(result), _findings(result, directory), _accepted(result, directory), _map(result),
        _left_out(result), _notes(result), _numbers(result), _table_head(), _without_script(result), _script(),
        class_=f"rt rt-is-{result.verdict}", id="rt",
    )


# -- on top -----------------------------------------------------------------------------------------


def _banner(result: RunResult) -> Html:
    tally = result.tally()
    tiles = [
        el("li", sign(CLAUSE_SIGN[v]), el("b", text(number(tally[v]))), el("span", text(v), class_="rt-word"),
           el("small", text(CLAUSE_MEANING[v])), class_=f"rt-tile {verdict_class(v)}" + ("" if tally[v] else " rt-zero"))
        for v in VERDICTS if tally[v] or v not in ("KNOWN", "DECLARED")
    ]
    links = (("findings", f"Findings ({len(result.new)})"), ("map", "Map"), ("numbers", "Numbers"), ("clauses", "All clauses"))
    nav = el("nav", *(el("a", text(words), href=f"#rt-{where}") for where, words in links), aria_label="Parts of the report")
    return el(
        "section", el("p", text(result.headline), class_="rt-headline"),
        el("p", text(result.url), text(" · account "), text(result.account_sid), class_="rt-target"),
        el("h2", text(f"{len(result.clauses)} clauses of the contract"), class_="rt-sr"),
        el("ul", *tiles, class_="rt-tiles"), nav, class_="rt-banner",
    )


def _settings(result: RunResult) -> Html:
    c = result.counts
    rows = {
        "Started": result.started.strftime("%Y-%m-%d %H:%M:%S %Z"), "Took": seconds(result.duration_s), "Profile": result.profile,
        "Seed": str(result.seed), "Requests": number(c.get("requests", 0)), "Cases judged": number(c.get("cases", 0)),
        "Clauses exercised": f"{exercised(result)} of {len(result.clauses)}", "ringtrue": result.version,
    }
    shown = {k.lower() for k in rows} | {"target", "account", "url"}
    rows |= {k: v for k, v in result.settings.items() if k.lower() not in shown}
    return el("section", el("h2", text("This run")), terms((k, text(v, 300)) for k, v in rows.items()), class_="rt-run", id="rt-run")


def _filters(result: RunResult) -> Html:
    tally = result.tally()
    verdicts = [_toggle("verdict", v, f"{CLAUSE_SIGN[v]} {v}") for v in VERDICTS if tally[v]]
    levels = [_toggle("level", level.value, level.value) for level in Level if any(c.clause.level is level for c in result.clauses)]
    subjects = sorted({s for c in result.clauses if (s := subject_of(c.clause))}, key=str.casefold)
    choice = el("select", el("option", text("all"), value=" "), *(el("option", text(s), value=s) for s in subjects), id="rt-subject")
    about = el("label", text("About "), choice)
    search = el(
        "label", text("Text "), Html('<input type="search" id="rt-search" placeholder="parameter, attribute, rule…" autocomplete="off">'),
    )
    return el(
        "form", el("fieldset", el("legend", text("Verdict")), *verdicts), el("fieldset", el("legend", text("Level")), *levels),
        about, search, el("button", text("Show all"), type="reset"), el("output", id="rt-shown", aria_live="polite"),
        class_="rt-filters", id="rt-filters", hidden="", role="search", aria_label="Filter findings and clauses",
    )


def _toggle(kind: str, value: str, words: str) -> Html:
    box = Html(f'<input type="checkbox" checked data-kind="{kind}" value="{value}">')
    return el("label", box, text(f" {words}"), class_=verdict_class(value) if kind == "verdict" else None)


# -- findings ----------------------------------------------------------------------------------------


def _findings(result: RunResult, directory: str) -> Html:
    n = len(result.new)
    if not n and result.accepted:
        words = "No new finding: what is broken was accepted, see below."
        return el("section", el("h2", text("Findings")), el("p", text(words)), id="rt-findings")
    if not n:
        words = "Nothing was judged." if result.verdict == "inconclusive" else "No finding: nothing that was sent showed a broken clause."
        return el("section", el("h2", text("Findings")), el("p", text(words)), id="rt-findings")
    title = count(n, "new finding" if result.accepted else "finding")
    return el("section", el("h2", text(title)), *_blocks(result, result.new, directory), id="rt-findings")


def _accepted(result: RunResult, directory: str) -> Html:
    """What was accepted, folded up, and what of it no longer occurs."""
    if not result.accepted and not result.stale:
        return EMPTY
    gone = el("ul", *(el("li", text(s, 500)) for s in result.stale), class_="rt-stale") if result.stale else EMPTY
    summary = el("summary", text(f"Show {count(len(result.accepted), 'accepted finding')}"))
    blocks = el("details", summary, *_blocks(result, result.accepted, directory), class_="rt-accepted") if result.accepted else EMPTY
    return el("section", el("h2", text("Accepted")), gone, blocks, id="rt-accepted")


def _blocks(result: RunResult, findings: tuple[Finding, ...], directory: str) -> Iterator[Html]:
    """Findings in full as long as there is room to tell all that follow in brief."""
    room = room_for(len(result.findings))
    briefs = [brief(f) for f in findings]
    left = _ALL_BLOCKS * len(findings) // max(len(result.findings), 1) - sum(map(len, briefs))
    for f, short in zip(findings, briefs, strict=True):
        block = full(f, result, directory, room)
        extra = len(block) - len(short)
        if extra > left:
            yield short
            continue
        left -= extra
        yield block


# -- the map -----------------------------------------------------------------------------------------


def verdict_class(verdict: str) -> str:
    """The style class of a verdict."""
    return f"rt-v-{verdict.lower()}"


def _map(result: RunResult) -> Html:
    groups = [
        el("section", el("h3", text(group), el("small", text(_share(clauses)))), el("div", *_rows(clauses), class_="rt-rows"),
           class_=f"rt-group rt-g-{group.lower().replace(' ', '-')}")
        for group, clauses in by_group(result).items()
    ]
    legend = "Each box is a clause: its verdict as a sign, then its name. Unless it says SHOULD or OBSERVED, its level is MUST."
    return el("section", el("h2", text("Map of the contract")), el("p", text(legend), class_="rt-muted"), *groups, id="rt-map")


def _share(clauses: list[ClauseResult]) -> str:
    passed = sum(c.verdict == "PASS" for c in clauses)
    return f" {passed} of {len(clauses)} pass"


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
        "li", link, class_=f"rt-box {verdict_class(c.verdict)}", data_verdict=c.verdict, data_level=level.value,
        data_text=f"{c.clause.id} {subject} {c.clause.statement}", data_subject=subject or None, data_clause=c.clause.id,
    )


# -- what was not judged, notes, numbers ---------------------------------------------------------------


def _left_out(result: RunResult) -> Html:
    rows = left_out(result)
    if not rows:
        return el("section", el("h2", text("Not judged")), el("p", text("Nothing: every clause was exercised.")), id="rt-left-out")
    items = [
        el("li", el("b", sign(CLAUSE_SIGN[verdict]), text(f" {verdict}, {count(len(clauses), 'clause')}: ")), text(why, 400),
           el("p", join([el("a", text(c.clause.id), href=f"#{c.clause.id}") for c in clauses], ", "), class_="rt-ids"))
        for (verdict, why), clauses in rows.items()
    ]
    return el("section", el("h2", text("Not judged, and why")), el("ul", *items, class_="rt-plain"), id="rt-left-out")


def _notes(result: RunResult) -> Html:
    if not result.notes:
        return EMPTY
    return el("section", el("h2", text("Notes")), el("ul", *(el("li", text(n, 1000)) for n in result.notes)), id="rt-notes")


def _numbers(result: RunResult) -> Html:
    c = result.counts
    cases = [x.cases for x in result.clauses]
    accepted = [
        ("must be taken", c.get("accept_expected", 0), "rt-fill-neutral"), ("… and were", c.get("accepted", 0), "rt-fill-pass"),
        ("must be refused", c.get("reject_expected", 0), "rt-fill-neutral"), ("… and were", c.get("rejected", 0), "rt-fill-pass"),
        ("either is right", c.get("either", 0), "rt-fill-neutral"),
    ]
    statuses = [(k, v, _status_fill(k)) for k, v in sorted(result.statuses.items(), key=lambda kv: -kv[1])[:12]]
    low, high = (min(cases), max(cases)) if cases else (0, 0)
    figures = [
        plots.bars("Cases", accepted), plots.bars("Statuses", statuses),
        plots.profile("Cases per clause", cases, f"from {number(low)} to {number(high)}, median {number(int(median(cases or [0])))}"),
        plots.bars("Time for an answer", [(f"to {ms:g} ms", n, "rt-fill-neutral") for ms, n in result.latency_spread]),
        plots.marks("Time for an answer", list(zip(("median", "95 %", "longest"), result.latency_ms, strict=True)), "ms"),
    ]
    return el("section", el("h2", text("Numbers")), el("div", *figures, class_="rt-figures"), id="rt-numbers")


def _status_fill(status: str) -> str:
    return {"2": "rt-fill-pass", "4": "rt-fill-neutral", "5": "rt-fill-fail"}.get(status[:1], "rt-fill-other")


# -- the table of clauses -------------------------------------------------------------------------------


def _table_head() -> Html:
    return el("h2", text("All clauses"), id="rt-clauses")


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
    rule += [el("small", text("Findings: "), links)] if c.findings else []
    rule += [el("small", text(f"Why: {c.reason}", 300))] if c.reason else []
    return text(c.clause.id), text(c.clause.level.value), verdict_mark(c.verdict), text(number(c.cases)), join(rule)


def verdict_mark(verdict: str) -> Html:
    """A verdict as sign and word."""
    return el("span", sign(CLAUSE_SIGN[verdict]), text(f" {verdict}"), class_=f"rt-mark {verdict_class(verdict)}")


def _script() -> Html:
    code = resources.files("harness.report").joinpath("script.js").read_text("utf-8")
    return Html(f"<script>{code}</script>")
