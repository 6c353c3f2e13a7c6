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
from harness.cli.completion import completion
from harness.cli.contract import contract
from harness.cli.explain import explain
from harness.cli.init import init
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


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}, invoke_without_command=True)
@click.version_option(__version__, prog_name="ringtrue")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Does a server keep the contract of creating a call, and if not, where?

    The contract is that of POST /2010-04-01/Accounts/{AccountSid}/Calls.json.

    \b
    Examples:
      ringtrue run
      ringtrue run --target http://127.0.0.1:8080 --account-sid AC…
      ringtrue explain send-digits.max-length
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (run, serve, contract, explain, replay, check, compare, init, completion):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command; never ends with a traceback."""
    run_safely(lambda: cli.main(arguments, prog_name="ringtrue", standalone_mode=False))


def run_safely(call: Callable[[], Any]) -> None:
    """Runs a command; what nobody foresaw becomes one sentence and exit code 3."""
    try:
        code = call()
    except SystemExit:
        raise
    except (KeyboardInterrupt, click.Abort):
        click.echo("ringtrue: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        click.echo(f"ringtrue: {_sentence(error)}", err=True)
        sys.exit(2)
    except HarnessError as error:
        click.echo(f"ringtrue: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("RINGTRUE_DEBUG"):
            raise
        click.echo(f"ringtrue: an error of its own ({type(error).__name__}); run again with RINGTRUE_DEBUG=1 and report it", err=True)
        sys.exit(3)
    if isinstance(code, int):
        sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    """What is wrong with a command line, and where to look, in one line."""
    text = " ".join(error.format_message().split()).rstrip(".")
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    where = ctx.command_path if ctx is not None else "ringtrue"
    return f"{text}{'' if text.endswith(('?', '?)')) else ';'} `{where} --help` lists what there is"
