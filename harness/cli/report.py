"""`ringtrue report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where the reports go (default: the same directory).")
@click.option("--json", "json_file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="As for run.")
def report(directory: Path, output: Path | None, json_file: Path | None) -> None:
    """Makes the reports of a run again from its journal; nothing is sent.

    A run writes what it learns into journal.jsonl at once, so that one that
    was killed has lost nothing but its reports.

    \b
    Examples:
      ringtrue report reports/latest
      ringtrue report reports/latest --output elsewhere

    Exit codes: those of the run; 130 where it was cut off.
    """
    from harness.rebuilding import rebuild_reports

    sys.exit(rebuild_reports(directory, output, json_file))
