"""Making hostile text safe to show, one function a place: HTML, Markdown, a terminal, XML.

For text that came from a target, was drawn at random or was typed by a user. It is escaped where it is rendered, never
earlier. Not for shell words (`harness.curl`) nor Python source (`harness.report.literals`).
"""

from __future__ import annotations

import html as _html
import re
import unicodedata

# Control, format (bidi, zero-width, tags), surrogate, private, unassigned, line and paragraph separators, odd spaces.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_ODD = re.compile(r"[^\x20-\x7e]")
_ODD_LINES = re.compile(r"[^\x20-\x7e\n]")

_MARKDOWN = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "@": "&#64;", "$": "&#36;",
    **{c: "\\" + c for c in "\\[]*_~#!"},
}
_MARKDOWN_ODD = re.compile("[" + re.escape("".join(_MARKDOWN)) + "]")
# What CI systems read as a command in a log: `::error::`, `##[error]`, `##vso[…]`, `##teamcity[…]`.
_CI_COLONS = re.compile(r"::(?=\s*[A-Za-z])")
_CI_HASHES = re.compile(r"##(?=\[|[A-Za-z]{1,20}\[)")


def code_point(character: str) -> str:
    """A character's code as shown in its place: `⟨U+202E⟩`, or `⟨0x80⟩` for a byte that is no UTF-8."""
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return f"⟨0x{number - 0xDC00:02X}⟩"
    return f"⟨U+{number:04X}⟩"


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    hidden = unicodedata.category(character) in _INVISIBLE or character in _FILLERS
    return code_point(character) if hidden else character


def visible(text: str, *, lines: bool = False) -> str:
    """Text in which nothing is invisible or moves other text.

    Args:
        text: any text, lone surrogates included.
        lines: whether newlines stay as they are.

    Returns:
        The text with every control, format, bidi, zero-width, odd space or unassigned character as its code. It can
        always be encoded in UTF-8.
    """
    return (_ODD_LINES if lines else _ODD).sub(_shown, text)


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
    shown = _CI_COLONS.sub(":⟨:⟩", visible(text))
    return _CI_HASHES.sub("#⟨#⟩", shown)


def for_xml(text: str) -> str:
    """Text of characters that XML 1.0 allows; `<` and `&` are left to whoever writes the XML."""
    return visible(text, lines=True)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them `…` where something is left out."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
