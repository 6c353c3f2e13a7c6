"""Making hostile text safe to show, one function a place: HTML, Markdown, a terminal, XML.

For text that came from a target, was drawn at random or was typed by a user. It is escaped where it is rendered, never
earlier. Not for shell words (`harness.curl`) nor Python source (`harness.report.literals`).
"""

from __future__ import annotations

import html as _html
import re

from harness.visible import code_point, cut, visible

_MARKDOWN = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "@": "&#64;", "$": "&#36;",
    **{c: "\\" + c for c in "\\[]*_~#!"},
}
_MARKDOWN_ODD = re.compile("[" + re.escape("".join(_MARKDOWN)) + "]")
# What CI systems read as a command in a log: `::error::`, `##[error]`, `##vso[…]`, `##teamcity[…]`. The colons of an IPv6 address,
# in brackets or behind its first digits, are none.
_NAMES = "error|warning|notice|debug|group|endgroup|echo|add-|remove-matcher|set-|save-state|stop-commands"
_HEX = "[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}"
_IPV6 = rf"\[(?:{_HEX})?::(?:{_HEX}(?:\.[0-9]{{1,3}}){{0,3}})?(?:%[\w.~-]{{1,20}})?\]|(?<![\w:.-]){_HEX}::{_HEX}(?![\w:-])"
_CI_COLONS = re.compile(rf"({_IPV6})|::(?=\s*(?:{_NAMES}|[A-Za-z](?:[^:\n]|:(?!:))*+::))", re.IGNORECASE)
_CI_HASHES = re.compile(r"##(?=\[|[A-Za-z]{1,20}\[)")


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


def for_terminal(text: str) -> str:
    """Text as one line for a terminal or a CI log: no control character, no escape sequence, no CI command."""
    return without_commands(visible(text))


def without_commands(text: str) -> str:
    """Text in which a CI system that shows it in a log reads no command, and a reader what it was."""
    return _CI_HASHES.sub("#⟨#⟩", _CI_COLONS.sub(lambda m: m[1] or ":⟨:⟩", text))


def for_xml(text: str) -> str:
    """Text of characters that XML 1.0 allows; `<` and `&` are left to whoever writes the XML."""
    return visible(text, lines=True)


__all__ = ["code_point", "cut", "for_html", "for_markdown", "for_terminal", "for_xml", "visible", "without_commands"]
