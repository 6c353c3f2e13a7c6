"""A page of its own, without pytest-html: the frame and the styles that such pages share. What stands on it is made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from harness.recorded import Recorded
from harness.report.escape import for_html
from harness.report.markup import Html, el, sign, terms, text
from harness.report.words import VERDICT_SIGN, VERDICT_WORD


def standalone(title: str, *content: Html, script: str = "") -> str:
    """A whole page that needs nothing else: no network, no other file.

    Args:
        title: plain text.
        content: what stands under the heading.
        script: code of ours, run at the end of the page.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{for_html(title)}</title><style>{_styles()}</style>'
    )
    main = el("main", el("h1", text(title), id="title"), el("div", *content, class_="rt"))
    code = f"<script>{script}</script>" if script else ""
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{main}{code}</body></html>\n'


def run_card(name: str, run: Recorded, rows: Iterable[tuple[str, str]]) -> Html:
    """A recorded run in a box: its name, its verdict, and what else is to be said of it."""
    verdict = el("b", sign(VERDICT_SIGN[run.verdict]), text(f" {VERDICT_WORD[run.verdict]}"), class_=f"rt-verdict-{run.verdict}")
    return el("li", el("h2", text(name, 100)), verdict, terms((k, text(v, 300)) for k, v in rows), class_="rt-card")


def scrolling(label: str, table: Html) -> Html:
    """A table that is scrolled by itself where it is wider than the page."""
    return el("div", table, class_="rt-scroll", tabindex="0", role="region", aria_label=label)


@lru_cache(maxsize=1)
def _styles() -> str:
    folder = resources.files("harness.report")
    return "".join(folder.joinpath(name).read_text("utf-8") for name in ("style.css", "pages.css"))
