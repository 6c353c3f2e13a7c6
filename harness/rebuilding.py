"""`ringtrue report`: a run's journal in, its reports out."""

from __future__ import annotations

from pathlib import Path

from harness.config import RunConfig
from harness.errors import UsageError
from harness.rebuild import Rebuilt
from harness.report.files import REPORTS
from harness.runner import PAGE, run_suite
from harness.saved import CASES
from harness.telling import Telling


def rebuild_reports(directory: Path, output: Path | None, json_file: Path | None) -> int:
    """Writes every report of a run again.

    Args:
        directory: that the run wrote into, with its journal.
        output: where the reports go; None for the same directory.
        json_file: as for `harness.telling.Telling`.

    Returns:
        The run's exit code; 130 where it was cut off.

    Raises:
        UsageError: there is no journal, or it is none; the reports can't be written, or would be written to where a link leads.
    """
    where = output or (directory if directory.is_dir() else directory.parent)
    if output is None:
        _check_own(where)
    rebuilt = Rebuilt(directory)
    return run_suite(RunConfig(output=where), lambda _config, _progress: rebuilt, telling=Telling(json_file))


def _check_own(directory: Path) -> None:
    """Says that a directory, which somebody else may have made, has links where reports go.

    Raises:
        UsageError: it has.
    """
    for path in (directory / name for name in (*REPORTS, PAGE, CASES)):
        if path.is_symlink():
            raise UsageError(f"{path} is a link: nothing is written to where it leads; take it away or name another directory with --output")
