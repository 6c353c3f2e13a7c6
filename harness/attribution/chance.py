"""Whether a wrong outcome comes now and then, told from what was seen alone, where nothing can be asked any more.

What a rule is to be blamed for shows in calls that have something in common, a feature or two, with which no call went well.
A server that fails now and then shows such calls as well, but few: how many must be alike hangs on how often calls fail at all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import combinations_with_replacement

from harness.attribution.prober import Ledger, Prober, classes_of
from harness.case import Case
from harness.contract import CLAUSE, PARAMETERS
from harness.session import Seen

_FEW = 0.5  # of all calls; what fails more often does not fail now and then
_DOUBT = 0.05  # how likely chance may be to look like a rule
_SHORT = 20  # characters of a value that counts by itself

Feature = tuple[str, str]
_ENDS = ("To", "From")
_NAMES = frozenset(p.name for p in PARAMETERS)


class Chance:
    """Tells calls that fail now and then from those that fail by a rule.

    Args:
        wrong: the calls that failed in one way.
        fine: calls that went well, some of all.
        rate: how often calls failed so, from 0 to 1.
    """

    def __init__(self, wrong: Collection[Case], fine: Collection[Case], rate: float) -> None:
        self._wrong = _where(wrong)
        self._fine = _where(fine)
        pairs = math.comb(len(self._wrong) + 1, 2)
        self._enough = math.log(pairs / _DOUBT) / -math.log(rate) if 0 < rate < _FEW and fine else 0.0

    def explains(self, case: Case) -> bool:
        """Whether nothing that one of the failing calls has is enough of a reason for its failure."""
        if not self._enough:
            return False
        found = combinations_with_replacement(_features(case), 2)
        return not any(self._count(a, b) >= self._enough and not self._fine.get(a, 0) & self._fine.get(b, 0) for a, b in found)

    def _count(self, one: Feature, other: Feature) -> int:
        return (self._wrong.get(one, 0) & self._wrong.get(other, 0)).bit_count()


def but_by_chance(prober: Prober, ledger: Ledger, seen: list[Seen]) -> list[Seen]:
    """Takes out crashes of which a clause's other cases showed none, where nothing can be asked, or valid calls crash now and then, too."""
    session = prober.session
    crashes = Counter(s.breach.clause for s in seen if s.exchange.is_crash)
    rate = sum(n for (_, kind), n in session.occurrences.items() if kind in ("crashed", "unanswered")) / max(session.counts.cases, 1)
    rate = rate if "crashed" in ledger.by_chance else 0.0
    few = {c for c, n in crashes.items() if 2 * n <= session.exercised[c] or _is_likely(n, session.exercised[c], rate)}
    # A body that is no usual form is like no other.
    alike = [s for s in seen if s.exchange.case.is_plain_form or "crashed" in ledger.by_chance]
    chance = [s for s in alike if s.exchange.is_crash and s.breach.clause in few]
    if not chance or ("crashed" not in ledger.by_chance and prober.can_ask()):
        return seen
    ledger.by_chance.add("crashed")
    ledger.transient.extend(replace(s, breach=replace(s.breach, kind="crashed")) for s in chance)
    return [s for s in seen if all(s is not c for c in chance)]


def _is_likely(crashes: int, cases: int, rate: float) -> bool:
    """Whether one of all clauses may well have so many crashes among its cases, where any case crashes at a rate."""
    return len(CLAUSE) * math.comb(max(cases, crashes), crashes) * rate**crashes > _DOUBT


def _where(cases: Iterable[Case]) -> dict[Feature, int]:
    """Feature → the places of the cases that have it, each a bit."""
    places: dict[Feature, int] = {}
    for i, case in enumerate(cases):
        for feature in _features(case):
            places[feature] = places.get(feature, 0) | 1 << i
    return places


def _features(case: Case) -> list[Feature]:
    """What a case has in common with others: classes of values, short values, what is absent, its size, how it is sent."""
    names = {n for n, _ in case.pairs}
    return [
        *classes_of(case), *{(n, f"={v}") for n, v in case.pairs if len(v) <= _SHORT}, *((n, "absent") for n in _NAMES - names),
        *((n, f"{v[:2]}…") for n, v in case.pairs if n in _ENDS),
        ("", f"head {case.head}"), ("", f"{len(case.pairs).bit_length()} bits of size"), *(("", style) for style in {*case.styles}),
        ("", f"in pieces: {case.segments > 0}"), ("", f"after a pause: {case.pause > 0}"), ("", f"sent as {case.content_type}"),
    ]
