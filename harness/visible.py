"""Text in which nothing is hidden: each character that is invisible, or moves others, as its code; and text that is cut.

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
