"""The command `ringtrue`: one module a command, which reads options and calls the part that does the work.

Errors become one sentence and an exit code here, whichever command raised them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from harness import __version__
from harness.cli.check import check
from harness.cli.compare import compare
from harness.cli.contract import contract
from harness.cli.explain import explain
from harness.cli.replay import replay
from harness.cli.run import run
from harness.cli.serve import serve
from harness.errors import HarnessError


class _Command(click.Group):
    """The group of commands, with ringtrue's own errors shown as one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            click.echo(f"ringtrue: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # click would end with 1, which means a broken contract here.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ringtrue")
def cli() -> None:
    """Does a server keep the contract of POST /2010-04-01/Accounts/{AccountSid}/Calls.json, and if not, where?"""


for _command in (run, serve, contract, explain, replay, check, compare):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command; never ends with a traceback."""
    run_safely(lambda: cli.main(arguments, prog_name="ringtrue"))


def run_safely(call: Callable[[], Any]) -> None:
    """Runs a command; what nobody foresaw becomes one sentence and exit code 3."""
    try:
        call()
    except SystemExit:
        raise
    except KeyboardInterrupt:
        click.echo("ringtrue: interrupted", err=True)
        sys.exit(130)
    except HarnessError as error:
        click.echo(f"ringtrue: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("RINGTRUE_DEBUG"):
            raise
        click.echo(f"ringtrue: an error of its own ({type(error).__name__}); run again with RINGTRUE_DEBUG=1 and report it", err=True)
        sys.exit(3)
