"""Errors that nobody foresaw: told in a few words without a secret, and with RINGTRUE_DEBUG=1 shown in full."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from harness.visible import for_terminal

_HOME = Path(__file__).parents[1]
_OURS = (_HOME / "harness", _HOME / "strategies")
REPORT_IT = "please report it with the version and the command; RINGTRUE_DEBUG=1 shows the traceback"


def sentence(error: BaseException) -> str:
    """What happened: what the system refused, or an error of ringtrue's own and where. What the error itself says may hold a secret."""
    if isinstance(error, MemoryError):
        return "a lack of memory"
    if isinstance(error, OSError) and error.strerror:
        return f"an error of the system ({error.strerror})"
    return f"an error of its own ({type(error).__name__}{_place(error)}), {REPORT_IT}"


def show(error: BaseException) -> None:
    """Shows the traceback to whoever asked for it."""
    if os.environ.get("RINGTRUE_DEBUG"):
        for line in "".join(traceback.format_exception(error)).splitlines():
            sys.stderr.write(f"{for_terminal(line)}\n")


def _place(error: BaseException) -> str:
    """The last place of ours that the error came through."""
    places = [f for f in traceback.extract_tb(error.__traceback__) if any(Path(f.filename).is_relative_to(d) for d in _OURS)]
    if not places:
        return ""
    path = Path(places[-1].filename).relative_to(_HOME)
    return f" at {path.as_posix()}:{places[-1].lineno}"
