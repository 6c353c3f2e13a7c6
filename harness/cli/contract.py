"""`ringtrue contract`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.errors import UsageError


@click.command()
@click.argument("pattern", required=False)
@click.option("--level", metavar="LEVEL", help="MUST, SHOULD or OBSERVED.")
@click.option("--group", metavar="NAME", help="A group, such as Parameters or Credentials.")
@click.option("--parameter", metavar="NAME", help="A request parameter.")
@click.option("--json", "as_data", is_flag=True, help="The clauses as JSON.")
@click.option("--diff", type=click.Path(path_type=Path), metavar="SPEC", help="Compare with an OpenAPI document of the operation.")
@click.option("--operation", metavar="'POST /path'", help="With --diff: the operation, where its path is another one.")
@click.option("--markdown", is_flag=True, help="With --diff: the differences as Markdown.")
@click.option("--openapi", is_flag=True, help="The contract as an OpenAPI 3.1 document.")
def contract(
    pattern: str | None, level: str | None, group: str | None, parameter: str | None, as_data: bool, diff: Path | None, operation: str | None,
    markdown: bool, openapi: bool,
) -> None:
    """Lists the contract's clauses, exports the contract, or compares it with another description.

    \b
    Examples:
      ringtrue contract 'timeout.*'
      ringtrue contract --level SHOULD
      ringtrue contract --openapi > openapi.json
      ringtrue contract --diff vendor-openapi.yaml

    Exit codes of --diff: 0 no difference, 1 differences, 2 wrong usage.
    """
    import json

    from harness.contract import explain as texts
    from harness.contract.openapi import build

    if diff is None and (markdown or operation is not None):
        raise UsageError(f"{'--markdown' if markdown else '--operation'} goes with --diff SPEC")
    if diff is not None:
        from harness.drift.differences import differences
        from harness.drift.reading import operation_of, read_document
        from harness.report import drift

        document = read_document(diff, operation)
        found = differences(operation_of(build()), document)
        render = drift.as_json if as_data else drift.as_markdown if markdown else drift.as_text
        click.echo(render(found, document).rstrip())
        sys.exit(1 if found else 0)
    if openapi:
        click.echo(json.dumps(build(), indent=2, ensure_ascii=False))
    elif as_data:
        click.echo(texts.as_json(pattern, level, group, parameter).rstrip())
    else:
        click.echo(texts.listing(pattern, level, group, parameter).rstrip())
