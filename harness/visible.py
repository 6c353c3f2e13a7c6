"""Text in which nothing is hidden: each character that is invisible, or moves others, as its code; text for a terminal; text that is cut.

Where text is rendered it is escaped as well (`harness.report.escape`).
"""

from __future__ import annotations

import re
import unicodedata

# Control, format (bidi, zero-width, tags), surrogate, private, unassigned, line and paragraph separators, odd spaces.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_ODD = re.compile(r"[^\x20-\x7e]")
_ODD_LINES = re.compile(r"[^\x20-\x7e\n]")
# What CI systems read as a command in a log: `::error::`, `##[error]`, `##vso[…]`, `##teamcity[…]`. The colons of an IPv6 address,
# in brackets or behind its first digits, are none.
_NAMES = "error|warning|notice|debug|group|endgroup|echo|add-|remove-matcher|set-|save-state|stop-commands"
_HEX = "[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}"
_IPV6 = rf"\[(?:{_HEX})?::(?:{_HEX}(?:\.[0-9]{{1,3}}){{0,3}})?(?:%[\w.~-]{{1,20}})?\]|(?<![\w:.-]){_HEX}::{_HEX}(?![\w:-])"
_CI_COLONS = re.compile(rf"({_IPV6})|::(?=\s*(?:{_NAMES}|[A-Za-z](?:[^:\n]|:(?!:))*+::))", re.IGNORECASE)
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


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them `…` where something is left out."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def for_terminal(text: str) -> str:
    """Text as one line for a terminal or a CI log: no control character, no escape sequence, no CI command."""
    return without_commands(visible(text))


def without_commands(text: str) -> str:
    """Text in which a CI system that shows it in a log reads no command, and a reader what it was."""
    return _CI_HASHES.sub("#⟨#⟩", _CI_COLONS.sub(lambda m: m[1] or ":⟨:⟩", text))
