"""Small pieces of HTML: elements with escaped attributes, around content that is already safe.

`Html` marks what may go into a page; only `escape.for_html` and the functions here make it. No layout of the report here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NewType

from harness.report.escape import cut, for_html, visible

Html = NewType("Html", str)
EMPTY = Html("")
_SCROLLS = 400  # characters of a line from which it is scrolled, and so has to be reached by key


def text(value: object, limit: int = 2000) -> Html:
    """Any value as text of an element; what would be longer than the limit as it is shown is cut."""
    return Html(for_html(cut(visible(cut(str(value), limit)), limit)))


def el(name: str, /, *content: Html | None, **attributes: str | None) -> Html:
    """An element. An attribute's trailing `_` is dropped and `_` becomes `-`; None leaves the attribute out, "" sets it bare."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            key = key.rstrip("_").replace("_", "-")
            parts.append(f'{key}="{for_html(value)}"' if value else key)
    return Html(f"<{' '.join(parts)}>{''.join(c for c in content if c)}</{name}>")


def join(parts: Iterable[Html], between: str = "") -> Html:
    """Pieces one after the other."""
    return Html(between.join(parts))


def hidden(words: str) -> Html:
    """Words for screen readers alone."""
    return el("span", text(words), class_="rt-sr")


def sign(character: str) -> Html:
    """A sign that a word beside it explains."""
    return el("span", text(character), class_="rt-sign", aria_hidden="true")


def terms(rows: Iterable[tuple[str, Html]], class_: str = "rt-terms") -> Html:
    """A list of terms and what they are."""
    return el("dl", *(el("div", el("dt", text(k)), el("dd", v)) for k, v in rows), class_=class_)


def moment(when: datetime | date) -> Html:
    """A moment or a day, in UTC, that programs can read too."""
    if isinstance(when, datetime):
        return el("time", text(when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")), datetime=when.astimezone(UTC).isoformat(timespec="seconds"))
    return el("time", text(when.isoformat()), datetime=when.isoformat())


def copy_button(what: str) -> Html:
    """A button that copies the `code` beside it; it is shown only where scripts run."""
    return el("button", text("Copy"), type="button", class_="rt-copy rt-scripted", aria_label=f"Copy {what}")


def code_line(label: str, line: str, limit: int, instead: str) -> Html:
    """A line to copy, with a button; where it is too long or can't be shown as it is, what to do instead."""
    name = el("span", text(label), class_="rt-label")
    if len(line) > limit or visible(line) != line:
        return el("div", name, el("span", text(instead), class_="rt-muted"), class_="rt-copyable")
    long = {"class_": "rt-long", "tabindex": "0"} if len(line) > _SCROLLS else {}
    return el("div", name, el("code", text(line, limit), **long), copy_button(f"the {label} line"), class_="rt-copyable")
