"""The form that filters findings, map and table: by verdict, level, what a clause is about, words. The script makes it work."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contract import ATTRIBUTES, GROUPS, PARAMETERS, Level
from harness.report.markup import Html, el, sign, text
from harness.report.subjects import topics_of
from harness.report.words import CLAUSE_SIGN, verdict_class
from harness.results import VERDICTS, RunResult


def filter_form(result: RunResult) -> Html:
    """The form; it is shown only where scripts run."""
    tally = result.tally()
    levels = {level: sum(c.clause.level is level for c in result.clauses) for level in Level}
    verdict = el("fieldset", el("legend", text("Verdict")), *(_box("verdict", v, tally[v], CLAUSE_SIGN[v]) for v in VERDICTS if tally[v]))
    level = el("fieldset", el("legend", text("Level")), *(_box("level", k.value, n) for k, n in levels.items() if n))
    search = el(
        "label", el("span", text("Text")),
        Html('<input type="search" id="rt-search" name="text" placeholder="words of a rule, a name…" autocomplete="off" spellcheck="false"'
             ' aria-keyshortcuts="/">'),
        el("kbd", text("/"), aria_hidden="true"), class_="rt-search",
    )
    end = el("div", el("output", id="rt-shown"), el("button", text("Show all"), type="button", id="rt-all"), class_="rt-filter-end")
    return el(
        "form", el("div", search, _about(result), end, class_="rt-filter-words"), verdict, level,
        class_="rt-filters rt-scripted", id="rt-filters", autocomplete="off", role="search", aria_label="Filter findings and clauses",
    )


def _box(kind: str, value: str, number: int, mark: str = "") -> Html:
    box = Html(f'<input type="checkbox" checked name="{kind}" value="{value}">')
    shown = [sign(mark), text(" ")] if mark else []
    return el("label", box, *shown, text(value), el("small", text(str(number))), class_=verdict_class(value) if kind == "verdict" else None)


def _about(result: RunResult) -> Html:
    """Everything that some clause of the run is about, as a list to choose from."""
    there = {t for c in result.clauses for t in topics_of(c.clause)}
    kinds = (("Parameters", (p.name for p in PARAMETERS)), ("Attributes", (a.name for a in ATTRIBUTES)), ("Groups", GROUPS))
    groups = [_choices(label, [n for n in names if n in there]) for label, names in kinds]
    everything = el("option", text("everything"), value="all")
    return el("label", el("span", text("About")), el("select", everything, *groups, id="rt-about", name="about"), class_="rt-about")


def _choices(label: str, names: Iterable[str]) -> Html:
    return el("optgroup", *(el("option", text(n), value=n) for n in names), label=label)
