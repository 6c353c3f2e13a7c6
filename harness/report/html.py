"""pytest-html's hooks: our page above its table, our columns in it, our frame around both.

The page itself is `harness.report.page`, what pytest-html can't be told is `harness.report.frame`.

pytest-html puts test ids, cells and links into its page as they are, so only slugs and escaped text go there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness.files import write
from harness.report.escape import for_html
from harness.report.frame import framed
from harness.report.markup import Html, el, text
from harness.report.page import COLUMNS, clause_cells, page, title
from harness.results import VERDICTS, ClauseResult, RunResult

_KEYS = ("testId", "level", "verdict", "cases", "rule")
_UNSORTED = "rule"


class HtmlReport:
    """Plugin object for pytest; a test's report that carries `ringtrue_clause` is shown as that clause.

    Args:
        result: gives the run's result once there is one.
    """

    def __init__(self, result: Callable[[], RunResult | None]) -> None:
        self._result = result
        self._report: Any = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Takes pytest's environment out of the page and sets the order: the contract's, all rows closed."""
        self._report = report
        report.title = "ringtrue"
        report.set_data("environment", {})
        report.set_data("initialSort", "original")
        report.set_data("renderCollapsed", ["all"])

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """Puts the whole page above the table."""
        result = self._result()
        if result is None:
            prefix.append(el("p", text("The run gave no result.")))
            return
        if self._report is not None:
            self._report.title = title(result)
        prefix.append(page(result, _directory(session.config)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Frames the page, once pytest-html has written it, where the folder may have gone meanwhile."""
        path = _path(session.config)
        if path is not None:
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
        done = yield
        if path is not None and path.is_file():
            sealed = bool(session.config.getoption("self_contained_html", False))
            write(path, framed(path.read_text("utf-8"), sealed=sealed))
        return done

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Our columns; pytest-html's own first one stays, hidden, since its script filters by it."""
        own = [
            el("th", text(name), class_=None if key == _UNSORTED else "sortable", data_column_type=key, scope="col")
            for key, name in zip(_KEYS, COLUMNS, strict=True)
        ]
        cells[:] = [cells[0], *own]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """A clause's row, or somebody else's test in the same columns."""
        if not cells:
            return
        clause: ClauseResult | None = getattr(report, "ringtrue_clause", None)
        if clause is None:
            own = [_cell("testId", Html(for_html(report.nodeid))), *(_cell(key, text(" ")) for key in _KEYS[1:])]
        else:
            own = list(_clause_row(clause))
        cells[:] = [cells[0], *own]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """A clause's row says everything; pytest's log of it goes."""
        if getattr(report, "ringtrue_clause", None) is not None:
            del data[:]


def _path(config: pytest.Config) -> Path | None:
    """Where pytest-html writes, worked out as it does; None where it doesn't, as in a worker of pytest-xdist."""
    path = None if hasattr(config, "workerinput") else config.getoption("htmlpath", None)
    return Path.cwd() / Path(os.path.expandvars(path)).expanduser() if path else None


def _directory(config: pytest.Config) -> str:
    """The folder of the run's files from the working directory; a page never tells where on a machine that is."""
    path = _path(config)
    if path is None or not path.is_relative_to(Path.cwd()):
        return ""
    folder = path.parent.relative_to(Path.cwd()).as_posix()
    return "" if folder == "." else folder


def _clause_row(c: ClauseResult) -> list[Html]:
    """Cells that pytest-html's script sorts as text: a hidden key goes before what doesn't sort so by itself."""
    name, level, verdict, cases, rule = clause_cells(c)
    return [
        _cell("testId", name),
        _cell("level", level, str(c.clause.level.rank)),
        _cell("verdict", verdict, str(VERDICTS.index(c.verdict))),
        _cell("cases", cases, f"{c.cases:012}"),
        _cell("rule", rule),
    ]


def _cell(key: str, content: Html, order: str | None = None) -> Html:
    first = el("i", text(order), hidden="") if order is not None else None
    return el("td", first, content, class_=f"col-{key}")
