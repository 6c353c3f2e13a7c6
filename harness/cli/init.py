"""`ringtrue init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.common import proxy_option, real_calls_option, refuses_tokens


@click.command()
@click.option("--target", metavar="URL", help="Base URL of the server.")
@click.option("--account-sid", metavar="AC…", help="Account on the target (or RINGTRUE_ACCOUNT_SID).")
@click.option("--auth-token-env", metavar="NAME", default="RINGTRUE_AUTH_TOKEN", help="Variable that holds the token.")
@click.option("--from", "own", multiple=True, metavar="NUMBER", help="A number that the target owns. Repeatable.")
@click.option("--to", "called", multiple=True, metavar="NUMBER", help="A number that may be called. Repeatable.")
@click.option("--name", default="main", metavar="NAME", help="What the target is called in the file (default: main).")
@click.option("--output", type=click.Path(path_type=Path), default=Path("ringtrue.toml"), metavar="FILE", help="Default: ringtrue.toml.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.option("--allow-http", is_flag=True, help="Allow http to a host that is not this machine.")
@click.option("--ca-bundle", metavar="FILE", help="Certificates to trust instead of the usual ones.")
@proxy_option
@real_calls_option
@refuses_tokens
def init(
    target: str | None, account_sid: str | None, auth_token_env: str, own: tuple[str, ...], called: tuple[str, ...], name: str, output: Path,
    force: bool, **options: Any,
) -> None:
    """Writes a commented ringtrue.toml, after asking the target what it can do.

    A few requests find out which numbers it takes, whether it looks at credentials, looks up SIDs, reads calls back, and how
    fast it answers. They create a few calls: off this machine only to numbers that you give or that are fictional.

    \b
    Examples:
      ringtrue init --target http://127.0.0.1:8080 --account-sid AC…
      ringtrue init --target https://sandbox.example.com --account-sid AC… --from +15005550006 --to +14155550100
    """
    import os

    from harness.config import ACCOUNT_VARIABLE
    from harness.errors import UsageError
    from harness.initialising import Asked, initialise

    if target is None:
        raise UsageError("say which server: --target http://127.0.0.1:8080")
    asked = Asked(target, account_sid or os.environ.get(ACCOUNT_VARIABLE), auth_token_env, own, called, name, **options)
    initialise(asked, output, force, click.echo)
