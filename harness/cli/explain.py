"""`ringtrue explain`."""

from __future__ import annotations

import click

from harness.cli.completion import clause_names


@click.command()
@click.argument("clause", shell_complete=clause_names)
def explain(clause: str) -> None:
    """Explains one clause: the rule, why it matters, an example, where the description says so.

    \b
    Example:
      ringtrue explain send-digits.max-length
    """
    from harness.contract import explain as texts

    click.echo(texts.explain(clause).rstrip())
