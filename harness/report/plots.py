"""Small plots as inline SVG, each with its numbers in words beside it; they use the page's own colours.

For a handful of numbers. No axes to read values off: the values stand there.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.escape import for_html
from harness.report.markup import Html, el, text
from harness.report.words import number

_WIDTH = 320


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
           el("td", _bar(value / most, style), class_="rt-barcell"))
        for label, value, style in rows
    ]
    return _figure(title, el("table", el("tbody", *body), class_="rt-bars"), note)


def _bar(share: float, style: str) -> Html:
    width = max(share * 100, 0.5)
    return Html(
        f'<svg class="rt-bar {for_html(style)}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width:.1f}" height="10" rx="1"/></svg>'
    )


def profile(title: str, values: Sequence[int], note: str) -> Html:
    """Many values as thin columns, greatest first."""
    ordered = sorted(values, reverse=True)
    most = (ordered[0] if ordered else 0) or 1
    step = _WIDTH / max(len(ordered), 1)
    points = ["0,60"]
    for i, value in enumerate(ordered):
        height = 60 - 58 * value / most
        points += [f"{i * step:.1f},{height:.1f}", f"{(i + 1) * step:.1f},{height:.1f}"]
    points.append(f"{_WIDTH},60")
    svg = Html(
        f'<svg class="rt-plot" viewBox="0 0 {_WIDTH} 62" role="img" aria-label="{for_html(note)}" preserveAspectRatio="none">'
        f'<polygon points="{" ".join(points)}"/></svg>'
    )
    return _figure(title, svg, note)


def marks(title: str, rows: Sequence[tuple[str, float]], unit: str) -> Html:
    """A few values on one line from 0 to the greatest."""
    most = max((v for _, v in rows), default=0.0) or 1.0
    ticks = "".join(
        f'<line x1="{8 + v / most * (_WIDTH - 16):.1f}" x2="{8 + v / most * (_WIDTH - 16):.1f}" y1="6" y2="30"/>' for _, v in rows
    )
    words = ", ".join(f"{label} {value:.1f} {unit}" for label, value in rows)
    svg = Html(
        f'<svg class="rt-marks" viewBox="0 0 {_WIDTH} 36" role="img" aria-label="{for_html(words)}">'
        f'<line class="rt-axis" x1="8" x2="{_WIDTH - 8}" y1="30" y2="30"/>{ticks}</svg>'
    )
    return _figure(title, svg, words)


def _figure(title: str, content: Html, note: str) -> Html:
    caption = el("figcaption", el("b", text(title)), el("span", text(f" {note}"), class_="rt-muted") if note else None)
    return el("figure", caption, content)
