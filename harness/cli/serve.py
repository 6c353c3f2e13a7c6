"""`ringtrue serve`."""

from __future__ import annotations

import click

from harness.cli.completion import fault_names, variant_names


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", shell_complete=fault_names, help="Break one rule on purpose. Repeatable.")
@click.option("--list-faults", is_flag=True, help="List the faults and end.")
@click.option("--variant", "variants", multiple=True, metavar="NAME", shell_complete=variant_names, help="Keep the contract otherwise. Repeatable.")
@click.option("--list-variants", is_flag=True, help="List the variants and end.")
@click.option("--account-sid", metavar="AC…", help="Account that the emulator serves.")
def serve(
    host: str, port: int, faults: tuple[str, ...], list_faults: bool, variants: tuple[str, ...], list_variants: bool, account_sid: str | None
) -> None:
    """Serves the emulator alone: faithful, with faults, or as another server that keeps the contract too.

    A fault may also be drawn: drawn-N is the fault of seed N.

    \b
    Examples:
      ringtrue serve --port 8080
      ringtrue serve --fault accepts-send-digits-33
      ringtrue serve --fault drawn-7
      ringtrue serve --variant minimal --variant gzip-chunked
    """
    from harness import serving

    if list_faults or list_variants:
        click.echo(serving.fault_list() if list_faults else serving.variant_list())
        return
    serving.serve_emulator(host, port, faults, variants, account_sid, click.echo)
