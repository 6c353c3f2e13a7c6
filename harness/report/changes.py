"""A comparison of two runs for people: as lines of a terminal, as Markdown, as a page. What changed is decided in `harness.compare`."""

from __future__ import annotations

from collections.abc import Iterator

from harness.compare import Change, Comparison, Kind
from harness.recorded import Recorded
from harness.report.escape import for_markdown
from harness.report.markup import EMPTY, Html, el, sign, text
from harness.report.standalone import run_card, scrolling, standalone
from harness.report.terminal import fitted
from harness.report.words import VERDICT_SIGN, VERDICT_WORD, count

SIGN = {Kind.BROKE: "✗", Kind.IDLE: "?", Kind.FIXED: "✓", Kind.AWAKE: "+", Kind.STILL: "=", Kind.ACCEPTED: "≈", Kind.UNKNOWN: "·"}
_STYLE = {
    Kind.BROKE: "fail", Kind.IDLE: "not-exercised", Kind.FIXED: "pass", Kind.AWAKE: "info", Kind.STILL: "non-strict", Kind.ACCEPTED: "known",
    Kind.UNKNOWN: "skipped",
}
_OF_CLAUSES = (Kind.IDLE, Kind.AWAKE, Kind.UNKNOWN)
_SHOWN = 30


def summary_line(comparison: Comparison) -> str:
    """What changed, in a few words: `2 broke, 1 fixed`."""
    tally = [(kind, len(comparison.of(kind))) for kind in Kind]
    words = ", ".join(f"{n} {kind.value}" for kind, n in tally if n)
    return words or "nothing changed"


def as_text(comparison: Comparison, width: int = 80) -> str:
    """Lines for a terminal, each at most `width` columns wide."""
    lines = [fitted(f"old: {_run_words(comparison.old)}", width), fitted(f"new: {_run_words(comparison.new)}", width), ""]
    for kind in Kind:
        changes = comparison.of(kind)
        if changes:
            lines.append(f"{SIGN[kind]} {kind.value}: {count(len(changes), 'clause' if kind in _OF_CLAUSES else 'break')}")
        for c in changes[:_SHOWN]:
            lines.append(fitted(f"    {c.level:<8} {c.clause}", width))
            lines += [fitted(f"             {c.detail}", width)] if c.detail else []
        if len(changes) > _SHOWN:
            lines.append(f"    and {len(changes) - _SHOWN} more")
    lines += [fitted(f"note: {r}", width) for r in comparison.remarks]
    lines.append(fitted(summary_line(comparison), width))
    return "\n".join(lines) + "\n"


def _run_words(run: Recorded) -> str:
    return f"{run.name} · {VERDICT_WORD[run.verdict]} · {run.url} · {run.profile}, seed {run.seed} · {run.started[:16]}"


def as_markdown(comparison: Comparison) -> str:
    """Markdown for a pull request."""
    return "\n".join(_markdown(comparison)) + "\n"


def _markdown(comparison: Comparison) -> Iterator[str]:
    yield f"# ringtrue: {summary_line(comparison)}"
    yield ""
    yield "| | run | verdict | target | profile, seed | started |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for word, run in (("old", comparison.old), ("new", comparison.new)):
        cells = (run.name, f"{VERDICT_SIGN[run.verdict]} {VERDICT_WORD[run.verdict]}", run.url, f"{run.profile}, {run.seed}", run.started)
        yield f"| {word} | " + " | ".join(for_markdown(c) for c in cells) + " |"
    for kind in Kind:
        changes = comparison.of(kind)
        if not changes:
            continue
        yield ""
        yield f"## {SIGN[kind]} {kind.value} ({len(changes)})"
        yield ""
        yield "| level | clause | |"
        yield "| --- | --- | --- |"
        yield from (f"| {c.level} | {for_markdown(c.clause)} | {for_markdown(c.detail, 500)} |" for c in changes[:500])
    if comparison.remarks:
        yield ""
        yield from (f"- {for_markdown(r, 500)}" for r in comparison.remarks)


def as_html(comparison: Comparison) -> str:
    """A page that needs nothing else."""
    heading = f"{'✗' if comparison.of(Kind.BROKE) else '✓'} {summary_line(comparison)}"
    cards = [_card(word, run) for word, run in (("old", comparison.old), ("new", comparison.new))]
    runs = el("ul", *cards, class_="rt-runs")
    remarks = el("ul", *(el("li", text(r)) for r in comparison.remarks), class_="rt-remarks") if comparison.remarks else EMPTY
    none = el("p", text("No clause and no break changed.")) if not comparison.changes else EMPTY
    return standalone(heading, runs, remarks, none, *(_section(k, comparison.of(k)) for k in Kind if comparison.of(k)))


def _card(word: str, run: Recorded) -> Html:
    rows = (("target", run.url), ("account", run.account_sid), ("run", f"{run.profile}, seed {run.seed}"), ("started", run.started),
            ("requests", f"{run.requests:,}"), ("ringtrue", run.version))
    return run_card(f"{word}: {run.name}", run, rows)


def _section(kind: Kind, changes: tuple[Change, ...]) -> Html:
    head = el("tr", *(el("th", text(w), scope="col") for w in ("Level", "Clause", "What")))
    rows = [el("tr", el("td", text(c.level)), el("th", text(c.clause), scope="row"), el("td", text(c.detail, 600))) for c in changes[:2000]]
    table = el("table", el("thead", head), el("tbody", *rows), class_="rt-table")
    title = el("h2", sign(SIGN[kind]), text(f" {kind.value[0].upper()}{kind.value[1:]} "), el("small", text(f"({len(changes)})")))
    return el("section", title, scrolling(kind.value, table), class_=f"rt-v-{_STYLE[kind]}")
