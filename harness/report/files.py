"""Writing a run's files. The only module of the reports that touches the disk; what stands in the files is made elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from harness.files import write
from harness.report.findings_file import findings_file
from harness.report.junit import junit
from harness.report.sarif import sarif
from harness.report.summary import summary
from harness.results import RunResult

RESULTS, SUMMARY, FINDINGS, JUNIT, SARIF = "results.json", "summary.md", "test_findings.py", "junit.xml", "results.sarif"


def write_all(result: RunResult, directory: Path) -> list[Path]:
    """Writes every file but the HTML report: for programs, for CI, and with findings test_findings.py.

    Args:
        result: of the run.
        directory: where to; made if it isn't there.

    Returns:
        The files written. Without findings, a test_findings.py of an earlier run is removed.

    Raises:
        OSError: the directory or a file can't be written; files already there stay whole.
    """
    directory.mkdir(parents=True, exist_ok=True)
    texts = {RESULTS: results_json(result), SUMMARY: summary(result), JUNIT: junit(result, directory), SARIF: sarif(result, directory)}
    if result.findings:
        texts[FINDINGS] = findings_file(result)
    else:
        (directory / FINDINGS).unlink(missing_ok=True)
    return [write(directory / name, text) for name, text in texts.items()]


def results_json(result: RunResult) -> str:
    """The text of results.json: ASCII, so that no reader's encoding matters."""
    return json.dumps(result.to_json(), indent=2, allow_nan=False) + "\n"
