"""`ringtrue run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.common import hang_up_option, proxy_option, real_calls_option, refuses_tokens
from harness.cli.completion import clause_names, fault_names, profile_names, target_names


@click.command()
@click.option(
    "--target", "targets", multiple=True, metavar="URL|NAME", shell_complete=target_names,
    help="Base URL of the server, or a name from the config file. Repeatable. Default: an embedded emulator.",
)
@click.option("--all-targets", is_flag=True, help="Every target of the config file, in turn.")
@click.option("--account-sid", metavar="AC…", help="Account on the target (or RINGTRUE_ACCOUNT_SID).")
@click.option("--auth-token-env", metavar="NAME", help="Variable that holds the token (default: RINGTRUE_AUTH_TOKEN).")
@click.option("--from", "own", multiple=True, metavar="NUMBER", help="A number that the target owns. Repeatable.")
@click.option("--to", "called", multiple=True, metavar="NUMBER", help="A number that may be called. Repeatable.")
@click.option("--profile", metavar="NAME", shell_complete=profile_names, help="quick (default), standard or deep.")
@click.option("--seed", type=int, metavar="N", help="Repeats a run: the same seed sends the same. Default 0.")
@click.option("--max-requests", type=int, metavar="N", help="Ends after N requests (off this machine: 500).")
@click.option("--max-time", type=float, metavar="S", help="Ends after S seconds.")
@click.option("--rate", metavar="N[/s]", help="At most N requests a second (off this machine: 5).")
@click.option("--workers", type=int, metavar="N", help="Requests at once where the target is slow (default 6; 1: never).")
@click.option("--only", multiple=True, metavar="GLOB", shell_complete=clause_names, help="Judge only these clauses. Repeatable.")
@click.option("--skip", multiple=True, metavar="GLOB", shell_complete=clause_names, help="Leave these clauses out. Repeatable.")
@click.option("--strict", is_flag=True, default=None, help="A broken SHOULD also ends with exit code 1.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Fail only on findings that this file does not accept.")
@click.option("--write-baseline", type=click.Path(path_type=Path), metavar="FILE", help="Accept what this run finds: write it into FILE.")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where the reports go (default: reports/latest).")
@click.option("--examples", metavar="DIR", help="Keeps found cases here, to send them first next time (default: in the output; none).")
@click.option("--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help="Config file (default: ringtrue.toml).")
@click.option("-q", "--quiet", count=True, help="Say the verdict alone; twice, nothing.")
@click.option("-v", "--verbose", count=True, help="Say everything; twice, a line a request too.")
@click.option("--har", is_flag=True, default=None, help="Write every exchange into exchanges.har, without secrets.")
@click.option("--json", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="results.json there too; - for the standard output.")
@click.option("--annotations/--no-annotations", default=None, help="Annotations for GitHub Actions (default: where it runs).")
@click.option("--timeout", type=float, metavar="S", help="Seconds for one whole answer (default 10).")
@click.option("--ca-bundle", metavar="FILE", help="Certificates to trust instead of the usual ones.")
@click.option("--allow-http", is_flag=True, default=None, help="Allow http to a host that is not this machine.")
@proxy_option
@click.option("--dry-run", "dry", is_flag=True, help="Send nothing; tell what would be sent, to whom, at what worst cost.")
@click.option("--price-per-call", "price", type=float, metavar="P", help="What a created call costs, for --dry-run.")
@real_calls_option
@hang_up_option
@click.option("--fault", "faults", multiple=True, metavar="NAME", shell_complete=fault_names, help="Break the embedded emulator. Repeatable.")
@refuses_tokens
def run(**options: Any) -> None:
    """Runs the conformance suite against a server.

    \b
    Examples:
      ringtrue run
      ringtrue run --target http://127.0.0.1:8080 --account-sid AC…
      ringtrue run --target https://sandbox.example.com --dry-run

    Exit codes: 0 conforms, 1 the contract is broken, 2 wrong usage, 3 could not judge, 130 interrupted.
    """
    from harness.runner import run_several, run_suite
    from harness.settings import several
    from harness.telling import Telling

    write_baseline, dry = options["write_baseline"], options["dry"]
    telling = Telling(options.pop("json"), options.pop("annotations"), options.pop("verbose") - options.pop("quiet"))
    configs = several(options)
    if dry:
        from harness.rehearsing import rehearse_all

        sys.exit(rehearse_all(configs, write_baseline, telling))
    if len(configs) > 1:
        sys.exit(run_several(configs, write_baseline, telling))
    sys.exit(run_suite(configs[0], write_baseline=write_baseline, telling=telling))
