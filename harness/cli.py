"""The command `ringtrue`: reads options, calls the part that does the work, turns errors into one sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from harness import __version__
from harness.errors import HarnessError, Interrupted

_TOKEN_OPTIONS = ("--auth-token", "--token", "--password", "--api-key")


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


def _no_token(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            "a token never goes on the command line, where other users of the machine can read it; put it into the variable "
            "RINGTRUE_AUTH_TOKEN (or the one that --auth-token-env names), and change this one"
        )


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ringtrue")
def cli() -> None:
    """Does a server keep the contract of POST /2010-04-01/Accounts/{AccountSid}/Calls.json, and if not, where?"""


@cli.command()
@click.option("--target", metavar="URL|NAME", help="Base URL of the server, or a name from the config file. Default: an embedded emulator.")
@click.option("--account-sid", metavar="AC…", help="Account on the target (or RINGTRUE_ACCOUNT_SID).")
@click.option("--auth-token-env", metavar="NAME", help="Variable that holds the token (default: RINGTRUE_AUTH_TOKEN).")
@click.option("--from", "own", multiple=True, metavar="NUMBER", help="A number that the target owns. Repeatable.")
@click.option("--to", "called", multiple=True, metavar="NUMBER", help="A number that may be called. Repeatable.")
@click.option("--profile", metavar="NAME", help="quick (default), standard or deep.")
@click.option("--seed", type=int, metavar="N", help="Repeats a run: the same seed sends the same. Default 0.")
@click.option("--max-requests", type=int, metavar="N", help="Ends after N requests (off this machine: 500).")
@click.option("--max-time", type=float, metavar="S", help="Ends after S seconds.")
@click.option("--rate", metavar="N[/s]", help="At most N requests a second (off this machine: 5).")
@click.option("--workers", type=int, metavar="N", help="Requests at once where the target is slow (default 6; 1: never).")
@click.option("--only", multiple=True, metavar="GLOB", help="Judge only these clauses. Repeatable.")
@click.option("--skip", multiple=True, metavar="GLOB", help="Leave these clauses out. Repeatable.")
@click.option("--strict", is_flag=True, default=None, help="A broken SHOULD also ends with exit code 1.")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where the reports go (default: reports/latest).")
@click.option("--examples", metavar="DIR", help="Keeps found cases here, to send them first next time (default: in the output; none).")
@click.option("--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help="Config file (default: ringtrue.toml).")
@click.option("--timeout", type=float, metavar="S", help="Seconds for one whole answer (default 10).")
@click.option("--ca-bundle", metavar="FILE", help="Certificates to trust instead of the usual ones.")
@click.option("--allow-http", is_flag=True, default=None, help="Allow http to a host that is not this machine.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Break the embedded emulator on purpose. Repeatable.")
@click.option(*_TOKEN_OPTIONS, "token", hidden=True, expose_value=False, callback=_no_token)
def run(**options: Any) -> None:
    """Runs the conformance suite against a server.

    \b
    Examples:
      ringtrue run
      ringtrue run --target http://127.0.0.1:8080 --account-sid AC…
      ringtrue run --target https://sandbox.example.com --from +15005550006 --profile standard

    Exit codes: 0 conforms, 1 the contract is broken, 2 wrong usage, 3 could not judge, 130 interrupted.
    """
    from harness.runner import run_suite, settings_of

    with _Signals():
        sys.exit(run_suite(settings_of(options)))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Break one rule on purpose. Repeatable.")
@click.option("--list-faults", is_flag=True, help="List the faults and end.")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Keep the contract in another way. Repeatable.")
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


@cli.command()
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


@cli.command()
@click.argument("clause")
def explain(clause: str) -> None:
    """Explains one clause: the rule, why it matters, an example, where the description says so.

    \b
    Example:
      ringtrue explain send-digits.max-length
    """
    from harness.contract import explain as texts

    click.echo(texts.explain(clause).rstrip())


@cli.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--target", metavar="URL", help="Another server than the one that the case was found on.")
@click.option("--account-sid", metavar="AC…", help="Account on it (or RINGTRUE_ACCOUNT_SID; default: the case's).")
@click.option("--auth-token-env", metavar="NAME", default="RINGTRUE_AUTH_TOKEN", show_default=True, help="Variable that holds the token.")
@click.option("--timeout", type=float, default=10.0, metavar="S", help="Seconds for one whole answer (default 10).")
@click.option("--ca-bundle", metavar="FILE", help="Certificates to trust instead of the usual ones.")
@click.option("--allow-http", is_flag=True, help="Allow http to a host that is not this machine.")
@click.option(*_TOKEN_OPTIONS, "token", hidden=True, expose_value=False, callback=_no_token)
def replay(path: Path, target: str | None, account_sid: str | None, auth_token_env: str, **options: Any) -> None:
    """Sends one saved case again: FIXED (exit 0), FAILED or FLAKY (1), ERROR (3).

    \b
    Examples:
      ringtrue replay reports/latest/cases/send-digits.max-length.json
      ringtrue replay case.json --target http://127.0.0.1:8080
    """
    from harness.config import RunConfig, checked, token_from
    from harness.replay import EXIT_CODES
    from harness.replay import replay as send_again
    from harness.report.escape import for_terminal
    from harness.saved import load_case
    from harness.target import TargetConfig

    saved = load_case(path)
    account = account_sid or os.environ.get("RINGTRUE_ACCOUNT_SID") or saved.account_sid
    token = token_from(auth_token_env)
    config = checked(RunConfig(url=target or saved.url, account_sid=account, auth_token=token, **options))
    with _Signals():
        result = send_again(saved, TargetConfig(config.url or "", account, token, config.timeout, config.ca_bundle))
    shown = f"shown {result.shown} of {result.tries} times" if result.tries else "nothing was sent"
    click.echo(f"{result.verdict}: {saved.finding}, {shown}; last answer: {for_terminal(result.detail)}")
    sys.exit(EXIT_CODES[result.verdict])


class _Signals:
    """While a run lasts, SIGTERM and SIGHUP end it as Ctrl-C does: with everything learnt written."""

    def __enter__(self) -> None:
        self._old: dict[int, Any] = {}

        def stop(number: int, _frame: FrameType | None) -> None:
            raise Interrupted(f"Stopped by {signal.Signals(number).name}: what was learnt until then is below.")

        for number in (signal.SIGTERM, signal.SIGHUP):
            self._old[number] = signal.signal(number, stop)

    def __exit__(self, *_exc: object) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)


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


