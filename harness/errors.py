"""Every error that ringtrue raises on purpose, in one tree; each text says what to do next.

The command line turns them into one sentence and an exit code. Nothing here formats a traceback.
"""

from __future__ import annotations

from difflib import get_close_matches

INTERRUPTED = 130


class HarnessError(Exception):
    """Base of all errors that a user may meet; `exit_code` is what the process ends with."""

    exit_code = 3


class UsageError(HarnessError):
    """The command line, the environment or a file that the user gave is wrong (exit 2)."""

    exit_code = 2


class TargetUnreachable(HarnessError):
    """No HTTP answer came from the target at all (exit 3)."""


class Inconclusive(HarnessError):
    """The target answers, but nothing could be judged (exit 3)."""


class BudgetSpent(HarnessError):
    """The request, time or rate budget of the run is used up; what was learnt stays."""


class NotAllowed(HarnessError):
    """A request that must not be sent: it could ring a stranger."""


class Interrupted(KeyboardInterrupt):
    """The user or the system asked the work to end (exit 130); no `except Exception` on the way stops it."""


def nearest(word: str, known: list[str]) -> str:
    """`, did you mean …?` or nothing."""
    found = get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean {found[0]!r}?" if found else ""
