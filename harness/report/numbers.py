"""The report's numbers: what was sent and how it was answered, how often each clause was exercised, how long answers took."""

from __future__ import annotations

from statistics import median

from harness.report import plots
from harness.report.markup import EMPTY, Html, el, join, text
from harness.report.words import count, number
from harness.results import ClauseResult, RunResult

_FEWEST = 8


def numbers(result: RunResult) -> Html:
    """The section with all figures."""
    statuses = [(k, v, _status_style(k)) for k, v in sorted(result.statuses.items(), key=lambda kv: -kv[1])[:12]]
    figures = [
        _outcomes(result.counts), plots.bars("Statuses", statuses), _course(result),
        plots.distribution("Time for an answer", result.latency), _cases(result.clauses),
    ]
    return el("section", el("h2", text("Numbers")), el("div", *figures, class_="rt-figures"), id="rt-numbers")


def _outcomes(counts: dict[str, int]) -> Html:
    """What had to be taken and was, what had to be refused and was: one bar each, the rest of it in the colour of a break."""
    rows = []
    for label, wanted, done in (("must be taken", "accept_expected", "accepted"), ("must be refused", "reject_expected", "rejected")):
        whole, kept = counts.get(wanted, 0), counts.get(done, 0)
        rest = max(whole - kept, 0)
        words = f"{number(kept)} were, {number(rest)} not" if rest else "all were"
        rows.append(_outcome(label, whole, words if whole else "", [("rt-fill-pass", kept), ("rt-fill-fail", rest)]))
    either = counts.get("either", 0)
    rows.append(_outcome("either is right", either, "", [("rt-fill-neutral", either)]))
    return plots.figure("Cases", el("table", el("tbody", *rows), class_="rt-bars"), "by what the contract wants of them")


def _outcome(label: str, whole: int, words: str, parts: list[tuple[str, int]]) -> Html:
    note = el("small", text(words)) if words else EMPTY
    return el("tr", el("th", text(label), note, scope="row"), el("td", text(number(whole)), class_="rt-num"),
              el("td", plots.share(parts) if whole else EMPTY, class_="rt-barcell"))


def _cases(clauses: tuple[ClauseResult, ...]) -> Html:
    """How many cases each clause was judged by: all as a profile, the least tried by name."""
    cases = [c.cases for c in clauses]
    low, high = (min(cases), max(cases)) if cases else (0, 0)
    fewest = sorted((c for c in clauses if c.cases), key=lambda c: c.cases)[:_FEWEST]
    links = [join([el("a", text(c.clause.id), href=f"#{c.clause.id}"), text(f" ({number(c.cases)})")]) for c in fewest]
    below = el("p", text("Fewest: "), join(links, ", "), class_="rt-ids") if links else EMPTY
    note = f"from {number(low)} to {number(high)}, median {number(int(median(cases or [0])))}; heights are logarithms"
    return plots.profile("Cases per clause", cases, note, below)


def _course(result: RunResult) -> Html:
    """When each finding first showed, and for how long nothing new has: whether more requests are likely to show more."""
    places, sent = [n for n in result.first_shown.values() if n], result.counts.get("requests", 0)
    if not places or not sent:
        return EMPTY
    quiet = max(sent - max(places), 0)
    words = f"{count(len(places), 'finding')}, the first at request {number(min(places))}; the last {count(quiet, 'request')} showed nothing new"
    return plots.steps("Found", places, sent, words)


def _status_style(status: str) -> str:
    return {"2": "rt-fill-pass", "4": "rt-fill-neutral", "5": "rt-fill-fail"}.get(status[:1], "rt-fill-other")
