"""`ringtrue check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--request", metavar="FORM", help="What was sent for a plain body: 'To=…&From=…'.")
@click.option("--only", multiple=True, metavar="GLOB", help="Judge only these clauses. Repeatable.")
@click.option("--skip", multiple=True, metavar="GLOB", help="Leave these clauses out. Repeatable.")
@click.option("--strict", is_flag=True, help="A broken SHOULD also ends with exit code 1.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("reports/check"), metavar="DIR", help="Default: reports/check.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="As for run.")
def check(
    files: tuple[Path, ...], request: str | None, only: tuple[str, ...], skip: tuple[str, ...], strict: bool, output: Path, json_file: Path | None
) -> None:
    """Judges recorded traffic without a server: HAR files, or the bodies of 201 answers.

    \b
    Examples:
      ringtrue check session.har
      ringtrue check answer.json
      ringtrue check answer.json --request 'To=%2B14155550100&From=%2B15005550006&Url=http%3A%2F%2Fexample.com'

    Exit codes: 0 conforms, 1 the contract is broken, 2 wrong usage, 3 nothing to judge.
    """
    from harness.checking import check_files

    sys.exit(check_files(list(files), request, only, skip, strict, output, json_file))
