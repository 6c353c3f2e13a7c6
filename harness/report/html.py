"""placeholder"""

from __future__ import annotations

from collections.abc import Callable

from harness.results import RunResult


class HtmlReport:
    """Placeholder."""

    def __init__(self, result: Callable[[], RunResult | None]) -> None:
        self._result = result
