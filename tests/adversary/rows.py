"""The table of the fleet: one row a behaviour, with the verdict that a careful person would give."""

from __future__ import annotations

from dataclasses import dataclass

from adversary.wrapped import Act

SHORT = ("--max-requests", "300", "--timeout", "2")
FEW = ("--max-requests", "60", "--timeout", "2")
LONGER = ("--max-requests", "900", "--timeout", "2")
WHOLE = ("--timeout", "2")


@dataclass(frozen=True)
class Verdict:
    """What a run has to come to.

    Args:
        sort: `finding`, `weather` (nothing is wrong), or `end` (nothing can be judged any more).
        exits: the exit code.
        clauses: of the findings: at least one is among them, and no other is.
        most: so many findings at most.
        words: what the terminal or results.json says.
    """

    sort: str
    exits: int
    clauses: tuple[str, ...] = ()
    most: int = 2
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One behaviour.

    Args:
        name: short, unique.
        does: what the server does, for people; it keeps the contract otherwise.
        options: of `ringtrue run`.
        seconds: the whole run takes at most.
    """

    name: str
    family: str
    does: str
    act: Act
    verdict: Verdict
    options: tuple[str, ...] = SHORT
    seconds: float = 60.0


def broken(*clauses: str, most: int = 2, words: tuple[str, ...] = ()) -> Verdict:
    """A MUST is broken."""
    return Verdict("finding", 1, clauses, most, words)


def lesser(*clauses: str, most: int = 2, words: tuple[str, ...] = ()) -> Verdict:
    """Something less than a MUST is broken, which does not fail a run."""
    return Verdict("finding", 0, clauses, most, words)


def fine(*words: str) -> Verdict:
    """Nothing is wrong."""
    return Verdict("weather", 0, words=words)


def ends(*words: str) -> Verdict:
    """Nothing can be judged, and the sentence says why."""
    return Verdict("end", 3, words=words)
