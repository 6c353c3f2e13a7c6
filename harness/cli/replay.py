"""`ringtrue replay`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.common import hang_up_option, proxy_option, real_calls_option, refuses_tokens

if TYPE_CHECKING:
    from harness.replay import Replayed
    from harness.saved import SavedCase


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--target", metavar="URL", help="Another server than the one that the case was found on.")
@click.option("--account-sid", metavar="AC…", help="Account on it (or RINGTRUE_ACCOUNT_SID; default: the case's).")
@click.option("--auth-token-env", metavar="NAME", default="RINGTRUE_AUTH_TOKEN", show_default=True, help="Variable that holds the token.")
@click.option("--timeout", type=float, default=10.0, metavar="S", help="Seconds for one whole answer (default 10).")
@click.option("--ca-bundle", metavar="FILE", help="Certificates to trust instead of the usual ones.")
@click.option("--allow-http", is_flag=True, help="Allow http to a host that is not this machine.")
@click.option("--to", "called", multiple=True, metavar="NUMBER", help="A number that may be called off this machine. Repeatable.")
@proxy_option
@real_calls_option
@hang_up_option
@refuses_tokens
def replay(path: Path, target: str | None, account_sid: str | None, auth_token_env: str, **options: Any) -> None:
    """Sends one saved case again: FIXED (exit 0), FAILED or FLAKY (1), ERROR (3).

    It goes to the server that it was found on; where that was the embedded emulator, to another one with the same faults.

    \b
    Examples:
      ringtrue replay reports/latest/cases/send-digits.max-length.json
      ringtrue replay case.json --target http://127.0.0.1:8080
    """
    from urllib.parse import urlsplit

    from harness.config import RunConfig, checked, proxy_auth, token_from
    from harness.errors import UsageError
    from harness.replay import EXIT_CODES
    from harness.replay import replay as send_again
    from harness.report.escape import for_terminal
    from harness.route import is_loopback
    from harness.saved import load_case

    saved = load_case(path)
    folder = path.parent.parent if path.parent.name == "cases" else path.parent
    options |= {"hang_up": bool(options["hang_up"]), "proxy_auth": proxy_auth() if options["proxy"] else None}
    if target is None and saved.faults is not None:
        result = _on_another_emulator(saved, folder, options)
    elif target is None and not is_loopback(urlsplit(saved.url).hostname or ""):
        raise UsageError(f"the case was found on {saved.url[:200]}, not on this machine: name the server, and so who gets the token, with --target")
    else:
        account = account_sid or os.environ.get("RINGTRUE_ACCOUNT_SID") or saved.account_sid
        token = token_from(auth_token_env)
        result = send_again(saved, checked(RunConfig(url=target or saved.url, account_sid=account, auth_token=token, **options)), folder)
    shown = f"shown {result.shown} of {result.tries} times" if result.tries else "nothing was sent"
    click.echo(f"{result.verdict}: {for_terminal(saved.finding[:200])}, {shown}; last answer: {for_terminal(result.detail)}")
    for note in result.notes:
        click.echo(for_terminal(note))
    sys.exit(EXIT_CODES[result.verdict])


def _on_another_emulator(saved: SavedCase, folder: Path, options: dict[str, Any]) -> Replayed:
    """The case sent to an emulator that is broken like the one that it was found on, which ended with its run."""
    from harness.config import RunConfig, checked
    from harness.engine import embedded
    from harness.errors import TargetUnreachable, UsageError
    from harness.replay import Replayed, replay

    try:
        with embedded(saved.faults or (), options["timeout"]) as target:
            return replay(saved, checked(RunConfig(url=target.url, account_sid=target.account_sid, auth_token=target.auth_token, **options)), folder)
    except ValueError as error:
        raise UsageError(f"the emulator that the case was found on can't be started: {error}") from None
    except TargetUnreachable as error:
        return Replayed("ERROR", 0, 0, str(error))
