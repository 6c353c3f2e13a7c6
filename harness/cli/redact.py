"""`ringtrue redact`."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import refuses_tokens


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="A new directory for the clean files.")
@click.option("--in-place", is_flag=True, help="Clean the files where they are.")
@click.option("--auth-token-env", "variables", multiple=True, metavar="NAME", help="Variable of a token (default: RINGTRUE_AUTH_TOKEN). Repeatable.")
@click.option("--account", is_flag=True, help="Replace account SIDs too.")
@click.option("--numbers", is_flag=True, help="Replace phone numbers too, save those that are reserved for fiction and tests.")
@refuses_tokens
def redact(directory: Path, output: Path | None, in_place: bool, variables: tuple[str, ...], account: bool, numbers: bool) -> None:
    """Takes secrets out of a directory of reports before you share it.

    The token and its encodings, credentials, cookies and SIP passwords go, in files of any name and format, also of older runs
    and other tools. It says what it replaced and how often.

    \b
    Examples:
      ringtrue redact reports/latest --output clean
      ringtrue redact reports/latest --in-place --account --numbers
    """
    from harness.config import TOKEN_VARIABLE, token_from
    from harness.errors import UsageError
    from harness.redacting import Asked
    from harness.redacting import redact as clean

    if (output is None) is not in_place:
        raise UsageError("say where the clean files go: --output DIR, or --in-place")
    tokens = tuple(filter(None, map(token_from, variables or (TOKEN_VARIABLE,))))
    clean(directory, output, Asked(tokens, account, numbers), click.echo)
