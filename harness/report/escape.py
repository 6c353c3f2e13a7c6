"""Making hostile text safe to show, one function a place: HTML, Markdown, a terminal, XML.

For text that came from a target, was drawn at random or was typed by a user. It is escaped where it is rendered, never
earlier. Not for shell words (`harness.curl`) nor Python source (`harness.report.literals`).
"""

from __future__ import annotations

import html as _html
import re

from harness.visible import code_point, cut, for_terminal, visible, without_commands

_MARKDOWN = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "@": "&#64;", "$": "&#36;",
    **{c: "\\" + c for c in "\\[]*_~#!"},
}
_MARKDOWN_ODD = re.compile("[" + re.escape("".join(_MARKDOWN)) + "]")


def for_html(text: str, *, lines: bool = False) -> str:
    """Text for an HTML element or a quoted attribute."""
    return _html.escape(visible(text, lines=lines), quote=True)


def for_markdown(text: str, limit: int = 300) -> str:
    """Text as one line for a Markdown paragraph or table cell, outside of code spans; over-long text is cut.

    No character of it begins a link, code, HTML, a heading, a new cell or a CI command.
    """
    shown = visible(cut(text, limit))
    shown = _MARKDOWN_ODD.sub(lambda m: _MARKDOWN[m[0]], shown)
    return shown.replace("://", ":&#47;&#47;").replace("::", ":&#58;")


def for_xml(text: str) -> str:
    """Text of characters that XML 1.0 allows; `<` and `&` are left to whoever writes the XML."""
    return visible(text, lines=True)


__all__ = ["code_point", "cut", "for_html", "for_markdown", "for_terminal", "for_xml", "visible", "without_commands"]
