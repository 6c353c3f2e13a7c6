"""`ringtrue contract`."""

from __future__ import annotations

import click


@click.command()
@click.argument("pattern", required=False)
@click.option("--level", metavar="LEVEL", help="MUST, SHOULD or OBSERVED.")
@click.option("--group", metavar="NAME", help="A group, such as Parameters or Credentials.")
@click.option("--parameter", metavar="NAME", help="A request parameter.")
@click.option("--json", "as_data", is_flag=True, help="The clauses as JSON.")
@click.option("--openapi", is_flag=True, help="The contract as an OpenAPI 3.1 document.")
def contract(pattern: str | None, level: str | None, group: str | None, parameter: str | None, as_data: bool, openapi: bool) -> None:
    """Lists the contract's clauses.

    \b
    Examples:
      ringtrue contract 'timeout.*'
      ringtrue contract --level SHOULD
      ringtrue contract --openapi > openapi.json
    """
    import json

    from harness.contract import explain as texts
    from harness.contract.openapi import build

    if openapi:
        click.echo(json.dumps(build(), indent=2, ensure_ascii=False))
    elif as_data:
        click.echo(texts.as_json(pattern, level, group, parameter).rstrip())
    else:
        click.echo(texts.listing(pattern, level, group, parameter).rstrip())
