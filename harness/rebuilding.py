"""`ringtrue report`: a run's journal in, its reports out."""

from __future__ import annotations

from pathlib import Path

from harness.config import RunConfig
from harness.rebuild import Rebuilt
from harness.runner import run_suite
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
        UsageError: there is no journal, or it is none; the reports can't be written.
    """
    rebuilt = Rebuilt(directory)
    where = output or (directory if directory.is_dir() else directory.parent)
    return run_suite(RunConfig(output=where), lambda _config, _progress: rebuilt, telling=Telling(json_file))
