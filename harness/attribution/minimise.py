"""Delta debugging of a list. Knows nothing of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def minimise(items: list[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """A sublist that still fails and of which no single element can be left out.

    Args:
        items: a list that fails.
        fails: whether a sublist, in the same order, still fails.

    Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002).
    """
    parts = 2
    while len(items) >= 2:
        smaller = _smaller(items, parts, fails)
        if smaller is not None:
            items, parts = smaller
        elif parts >= len(items):
            break
        else:
            parts = min(len(items), parts * 2)
    if len(items) == 1 and fails([]):
        return []
    return items


def _smaller(items: list[T], parts: int, fails: Callable[[list[T]], bool]) -> tuple[list[T], int] | None:
    """A half, or a complement of one part, that still fails, with the number of parts to go on with."""
    size = -(-len(items) // parts)
    chunks = [items[i:i + size] for i in range(0, len(items), size)]
    for i, chunk in enumerate(chunks):
        if parts == 2:
            if fails(chunk):
                return chunk, 2
            continue
        rest = [x for j, c in enumerate(chunks) if j != i for x in c]
        if rest and fails(rest):
            return rest, max(parts - 1, 2)
    return None
