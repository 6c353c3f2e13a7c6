"""Writing a run's files. The only module of the reports that touches the disk; what stands in the files is made elsewhere."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness.files import write
from harness.own_errors import show
from harness.report.findings_file import OPENING, findings_file
from harness.report.junit import junit
from harness.report.sarif import sarif
from harness.report.summary import summary
from harness.results import RunResult

RESULTS, SUMMARY, FINDINGS, JUNIT, SARIF = "results.json", "summary.md", "test_findings.py", "junit.xml", "results.sarif"
REPORTS = (RESULTS, SUMMARY, FINDINGS, JUNIT, SARIF)


def write_all(result: RunResult, directory: Path) -> list[Path]:
    """Writes every file but the HTML report: for programs, for CI, and with findings test_findings.py.

    Args:
        result: of the run.
        directory: where to; made if it isn't there.

    Returns:
        The files written. Without findings, a test_findings.py of an earlier run is removed.

    Raises:
        OSError: the directory or a file can't be written; files already there stay whole, and the others are written all the same.
    """
    failed = write_each(result, directory)
    for error in failed.values():
        raise error
    return [directory / name for name in _texts(result, directory)]


def write_each(result: RunResult, directory: Path) -> dict[str, Exception]:
    """Writes the same files, each whatever became of the others; those that could not be written, and why."""
    failed: dict[str, Exception] = {}
    for name, text in _texts(result, directory).items():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            write(directory / name, text())
        except Exception as error:
            show(error)
            failed[name] = error
    if not result.findings:
        with suppress(OSError):
            _drop_findings_file(directory / FINDINGS)
    return failed


def _drop_findings_file(path: Path) -> None:
    """Removes a test_findings.py that a run wrote; what else has that name stays."""
    if stat.S_ISREG(path.lstat().st_mode):
        with path.open("rb") as stream:
            is_own = stream.read(len(OPENING)) == OPENING.encode()
        if is_own:
            path.unlink()


def _texts(result: RunResult, directory: Path) -> dict[str, Callable[[], str]]:
    """The files by name, the weightiest first, each with what makes its text."""
    texts: dict[str, Callable[[], str]] = {
        RESULTS: lambda: results_json(result), SUMMARY: lambda: summary(result), JUNIT: lambda: junit(result, directory),
        SARIF: lambda: sarif(result, directory),
    }
    return texts | ({FINDINGS: lambda: findings_file(result)} if result.findings else {})


def results_json(result: RunResult) -> str:
    """The text of results.json: ASCII, so that no reader's encoding matters."""
    return json.dumps(result.to_json(), indent=2, allow_nan=False) + "\n"
