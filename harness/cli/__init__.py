"""The command `ringtrue`: one module a command, which reads options and calls the part that does the work.

Errors become one sentence and an exit code here, whichever command raised them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import click

from harness import __version__
from harness.cli.check import check
from harness.cli.compare import compare
from harness.cli.completion import completion
from harness.cli.contract import contract
from harness.cli.explain import explain
from harness.cli.init import init
from harness.cli.redact import redact
from harness.cli.replay import replay
from harness.cli.report import report
from harness.cli.run import run
from harness.cli.serve import serve
from harness.cli.streams import lasting
from harness.errors import INTERRUPTED, HarnessError
from harness.own_errors import sentence, show
from harness.report.escape import cut, for_terminal
from harness.secrecy import hushed
from harness.stops import heeded

_LONGEST = 2000  # characters of an error's sentence
_NO_MEMORY = b"ringtrue: a lack of memory\n"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}, invoke_without_command=True)
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


for _command in (run, serve, contract, explain, replay, check, compare, report, init, redact, completion):
    _command.short_help = (_command.help or "").strip().partition("\n")[0]  # whole: click cuts what it makes itself
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command; never ends with a traceback."""
    run_safely(lambda: cli.main(arguments, prog_name="ringtrue", standalone_mode=False))


def run_safely(call: Callable[[], Any]) -> NoReturn:
    """Runs a command and ends the process; what nobody foresaw becomes one sentence and exit code 3."""
    try:
        _run(call)
    except MemoryError:
        _say_at_once()
        os._exit(3)


def _run(call: Callable[[], Any]) -> NoReturn:
    with lasting() as streams, heeded() as stops:
        code = _code_of(call)
        if failure := streams.failure:
            click.echo(f"ringtrue: the standard output could not be written ({failure})", err=True)
            code = 3 if code in (0, 1) else code
        interrupted = stops.came != "" and code in (0, 1, 3, INTERRUPTED)
        if interrupted and code != INTERRUPTED:
            click.echo("ringtrue: interrupted, once everything was learnt; it is written", err=True)
    if interrupted:
        os._exit(INTERRUPTED)  # a thread that still waits for an answer does not hold up the end
    sys.exit(code)


def _code_of(call: Callable[[], Any]) -> int:
    """Runs a command: its exit code, whatever happens; an error is one sentence."""
    try:
        code = call()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 3
    except (KeyboardInterrupt, click.Abort):
        text, code = "interrupted", INTERRUPTED
    except click.ClickException as error:
        text, code = _sentence(error), 2
    except HarnessError as error:
        text, code = str(error), error.exit_code
    except Exception as error:
        show(error)
        text, code = (sentence(error), 3) if _is_somewhere() else ("the current directory is no longer there; go to another one", 2)
    else:
        return code if isinstance(code, int) else 0
    _say(text)
    return int(code)


def _is_somewhere() -> bool:
    """Whether there still is a current directory."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _say(text: str) -> None:
    """Says what went wrong, without the token wherever a user put it; where even that takes too much memory, says so."""
    try:
        click.echo(f"ringtrue: {for_terminal(cut(hushed(text, os.environ), _LONGEST))}", err=True)
    except MemoryError:
        _say_at_once()


def _say_at_once() -> None:
    """Says that there is no memory, with next to none."""
    with suppress(OSError):
        os.write(2, _NO_MEMORY)


def _sentence(error: click.ClickException) -> str:
    """What is wrong with a command line, and where to look, in one line."""
    text = " ".join(error.format_message().split()).rstrip(".")
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    where = ctx.command_path if ctx is not None else "ringtrue"
    return f"{text}{'' if text.endswith(('?', '?)')) else ';'} `{where} --help` lists what there is"
