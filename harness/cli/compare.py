"""`ringtrue compare`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN…", type=click.Path(path_type=Path))
@click.option("--matrix", is_flag=True, help="Targets × clauses of two and more runs, as a page.")
@click.option("--markdown", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="Write it as Markdown too; - for the terminal.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write it as a page (with --matrix: reports/matrix.html by default).")
@click.option("--strict", is_flag=True, help="A newly broken SHOULD, or a clause that is no longer exercised, also ends with exit code 1.")
def compare(runs: tuple[Path, ...], matrix: bool, markdown: Path | None, html: Path | None, strict: bool) -> None:
    """Says what changed between two runs, or lays several beside each other.

    A RUN is a results.json, or the directory that a run wrote it into. The first is the older one.

    \b
    Examples:
      ringtrue compare reports/main reports/latest
      ringtrue compare old/results.json new/results.json --markdown -
      ringtrue compare reports/alpha reports/beta reports/gamma --matrix --html matrix.html

    Exit codes: 0 no new break, 1 the contract is newly broken, 2 wrong usage, 3 the later run could not judge.
    """
    from harness.comparing import compare_runs

    sys.exit(compare_runs(runs, matrix, markdown, html, strict, click.echo))
