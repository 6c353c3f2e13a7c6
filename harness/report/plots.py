"""Small plots as inline SVG, each with its numbers in words beside it; they use the page's own colours.

For a handful of numbers. What a plot shows stands beside it or under it as text too: nobody has to read values off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.latency import Latency
from harness.report.escape import for_html
from harness.report.markup import EMPTY, Html, el, join, text
from harness.report.words import number

_WIDTH = 320


def figure(title: str, content: Html, note: str = "") -> Html:
    """A figure under its caption."""
    caption = el("figcaption", el("b", text(title)), el("span", text(f" {note}"), class_="rt-muted") if note else None)
    return el("figure", caption, content)


def bars(title: str, rows: Sequence[tuple[str, int, str]], note: str = "") -> Html:
    """Horizontal bars, one a row.

    Args:
        title: the figure's caption.
        rows: (label, value, style class of the bar).
        note: words under the caption.
    """
    most = max((v for _, v, _ in rows), default=0) or 1
    body = [
        el("tr", el("th", text(label, 60), scope="row"), el("td", text(number(value)), class_="rt-num"),
           el("td", share([(style, value), ("", most - value)]), class_="rt-barcell"))
        for label, value, style in rows
    ]
    return figure(title, el("table", el("tbody", *body), class_="rt-bars"), note)


def share(parts: Sequence[tuple[str, int]]) -> Html:
    """One bar of several parts, as wide as what they are of the whole; a part without a style class is left blank.

    Its numbers have to stand beside it. A part is never too thin to be seen.
    """
    whole = sum(v for _, v in parts) or 1
    at, pieces = 0.0, []
    for style, value in parts:
        width = max(value / whole * 100, 0.8) if value else 0.0
        if style and width:
            pieces.append(f'<rect class="{for_html(style)}" x="{at:.2f}" width="{width:.2f}" height="10"/>')
        at += width
    return Html(f'<svg class="rt-bar" viewBox="0 0 {max(at, 1):.2f} 10" preserveAspectRatio="none" aria-hidden="true">{"".join(pieces)}</svg>')


def profile(title: str, values: Sequence[int], note: str, below: Html = EMPTY) -> Html:
    """Many values as thin columns, greatest first; each height is the logarithm, so that small ones are seen beside great ones."""
    ordered = sorted(values, reverse=True)
    most = math.log1p(ordered[0] if ordered else 0) or 1.0
    step = _WIDTH / max(len(ordered), 1)
    points = ["0,60"]
    for i, value in enumerate(ordered):
        height = 60 - 58 * math.log1p(value) / most
        points += [f"{i * step:.1f},{height:.1f}", f"{(i + 1) * step:.1f},{height:.1f}"]
    points.append(f"{_WIDTH},60")
    svg = Html(
        f'<svg class="rt-plot" viewBox="0 0 {_WIDTH} 60" role="img" aria-label="{for_html(note)}" preserveAspectRatio="none">'
        f'<polygon points="{" ".join(points)}"/></svg>'
    )
    return figure(title, join([svg, below]), note)


def steps(title: str, places: Sequence[int], whole: int, words: str) -> Html:
    """A line that rises by one at each place.

    Args:
        title: the figure's caption.
        places: from 1 to `whole`, in any order.
        whole: where the line ends.
        words: what it shows, for those who don't see it and as a note for all.
    """
    height = 76 / max(len(places), 1)
    points, at = ["0,80"], 80.0
    for place in sorted(places):
        x = _WIDTH * min(place / max(whole, 1), 1)
        points += [f"{x:.1f},{at:.1f}", f"{x:.1f},{at - height:.1f}"]
        at -= height
    points += [f"{_WIDTH},{at:.1f}", f"{_WIDTH},80"]
    svg = Html(
        f'<svg class="rt-plot rt-steps" viewBox="0 0 {_WIDTH} 80" role="img" aria-label="{for_html(words)}" preserveAspectRatio="none">'
        f'<polygon points="{" ".join(points)}"/></svg>'
    )
    axis = el("div", el("span", text("first request")), el("span", text(number(whole))), class_="rt-axis", aria_hidden="true")
    return figure(title, join([svg, axis]), words)


def distribution(title: str, latency: Latency) -> Html:
    """Times as a histogram with logarithmic bins, the median and the 95th percentile marked."""
    if not latency.bins:
        return figure(title, el("p", text("Nothing was measured."), class_="rt-muted"))
    words = f"median {_ms(latency.median)}, 95 % {_ms(latency.p95)}, longest {_ms(latency.longest)}"
    most = max(n for _, n in latency.bins)
    step = _WIDTH / len(latency.bins)
    columns = "".join(
        f'<rect x="{i * step + 0.5:.1f}" y="{80 - 76 * n / most:.1f}" width="{step - 1:.1f}" height="{76 * n / most:.1f}">'
        f"<title>up to {_ms(bound)}: {number(n)}</title></rect>"
        for i, (bound, n) in enumerate(latency.bins)
    )
    lines = "".join(
        f'<line class="{style}" x1="{_place(latency, ms) * step:.1f}" x2="{_place(latency, ms) * step:.1f}" y1="0" y2="80"/>'
        for style, ms in (("rt-median", latency.median), ("rt-p95", latency.p95))
    )
    svg = Html(
        f'<svg class="rt-plot" viewBox="0 0 {_WIDTH} 80" role="img" aria-label="{for_html(words)}" preserveAspectRatio="none">{columns}{lines}</svg>'
    )
    return figure(title, join([svg, _axis(latency), _key(latency), _numbers(latency)]), f"{number(latency.count)} answers")


def _place(latency: Latency, ms: float) -> float:
    """Where a time stands, counted in bins from the left."""
    for i, (bound, _) in enumerate(latency.bins):
        if ms <= bound:
            low = bound / 1.2
            return i + min(max((ms - low) / (bound - low), 0.0), 1.0)
    return float(len(latency.bins))


def _axis(latency: Latency) -> Html:
    bounds = [b for b, _ in latency.bins]
    middle = [bounds[len(bounds) // 2 - 1]] if len(bounds) > 4 else []
    ends = [el("span", text(_ms(b))) for b in (bounds[0], *middle, bounds[-1])]
    return el("div", *ends, class_="rt-axis", aria_hidden="true")


def _key(latency: Latency) -> Html:
    rows = (("rt-median", "median", latency.median), ("rt-p95", "95 %", latency.p95), ("", "longest", latency.longest))
    return el("p", *(el("span", el("i", class_=style) if style else None, text(f"{label} "), el("b", text(_ms(ms)))) for style, label, ms in rows),
              class_="rt-key")


def _numbers(latency: Latency) -> Html:
    head = el("tr", el("th", text("up to"), scope="col"), el("th", text("answers"), scope="col"))
    rows = [el("tr", el("th", text(_ms(b)), scope="row"), el("td", text(number(n)))) for b, n in latency.bins]
    table = el("table", el("thead", head), el("tbody", *rows), class_="rt-table")
    return el("details", el("summary", text("As numbers")), table, class_="rt-as-numbers")


def _ms(value: float) -> str:
    """`0.82 ms`, `12 ms`, `1.2 s`."""
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"
