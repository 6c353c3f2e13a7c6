"""A Finding: one broken clause with one cause, its smallest case, counted and never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.accepted import Acceptance
from harness.case import Case
from harness.contract import CLAUSE, Level
from harness.exchange import Exchange


@dataclass(frozen=True)
class Finding:
    """One broken clause with one cause.

    Args:
        id: lasting within a run and between runs of the same fault: the clause, and a number where it has several causes.
        clause: the broken clause's id.
        level: of the break.
        check: the function that saw it.
        message: one line.
        expected: what the contract wants.
        actual: what came.
        path: JSONPath of the place in the answer.
        case: the smallest case that shows it.
        exchange: that case's exchange.
        occurrences: how many cases showed it.
        cause: parameters, styles or states to blame, for people.
        before: cases to send first, where only a sequence shows it.
        together: cases to send at once, where only that shows it.
        also: clauses of other parameters whose same rule is broken in the same way.
        flaky: (shown, tries) where it doesn't show every time.
        whole: what of the call as a whole is to blame, such as the number of its parameters, instead of the case's own.
        accepted: why it doesn't count, where somebody accepted it.
    """

    id: str
    clause: str
    level: Level
    check: str
    message: str
    expected: str
    actual: str
    path: str
    case: Case
    exchange: Exchange
    occurrences: int = 1
    cause: str = ""
    before: tuple[Case, ...] = ()
    together: tuple[Case, ...] = ()
    flaky: tuple[int, int] | None = None
    parameters: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    whole: str = ""
    accepted: Acceptance | None = None

    @property
    def source(self) -> str:
        """The place in the public description."""
        return CLAUSE[self.clause].source


def joined(first: Finding, rest: Iterable[Finding]) -> Finding:
    """One finding of several: what the first says, and every clause that any of them names. Nothing that was found is lost."""
    rest = list(rest)
    named = dict.fromkeys(c for f in (first, *rest) for c in (f.clause, *f.also))
    return replace(first, also=tuple(c for c in named if c != first.clause), occurrences=first.occurrences + sum(f.occurrences for f in rest))


def is_id(text: str, clause: str) -> bool:
    """Whether a text can be the id of a finding of a clause, which becomes the name of a file."""
    return clause in CLAUSE and re.fullmatch(rf"{re.escape(clause)}(?:-[1-9][0-9]{{0,8}})?", text) is not None


def numbered(findings: list[Finding]) -> list[Finding]:
    """Findings in the order of level and clause, with ids that are unique."""
    order = list(CLAUSE)
    out: list[Finding] = []
    taken: dict[str, int] = {}
    for f in sorted(findings, key=lambda f: (f.level.rank, order.index(f.clause), f.cause)):
        taken[f.clause] = taken.get(f.clause, 0) + 1
        count = taken[f.clause]
        out.append(replace(f, id=f.clause if count == 1 else f"{f.clause}-{count}"))
    return out
