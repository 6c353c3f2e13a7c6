"""How long answers took, as a small distribution: what a report draws instead of thousands of numbers. No clock here."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_SERIES = (10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82)  # E12: each about a fifth more than the one before
BOUNDS = tuple(round(step * 10.0**power, 2) for power in range(-2, 5) for step in _SERIES)  # 0.1 ms to 820 s


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of times; all zero where nothing was measured.

    Args:
        median, p95, longest: milliseconds.
        bins: (upper bound in milliseconds, how many), from the first bin that holds one to the last, none left out between.
    """

    median: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    bins: tuple[tuple[float, int], ...] = ()

    @property
    def count(self) -> int:
        """How many times were measured."""
        return sum(n for _, n in self.bins)


def latency_of(seconds: Iterable[float]) -> Latency:
    """The distribution of measured times.

    Args:
        seconds: each time; what is above 820 s counts in the last bin.
    """
    ordered = sorted(s * 1000 for s in seconds)
    if not ordered:
        return Latency()
    tally = Counter(min(bisect_left(BOUNDS, ms), len(BOUNDS) - 1) for ms in ordered)
    bins = tuple((BOUNDS[i], tally[i]) for i in range(min(tally), max(tally) + 1))
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Latency(round(statistics.median(ordered), 2), round(p95, 2), round(ordered[-1], 2), bins)
