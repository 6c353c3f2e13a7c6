"""The emulator from a command line: ``python -m harness.emulator``.

For starting one and for listing the faults. The token comes from the environment, never from an argument.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from harness.emulator.faults import FAULTS
from harness.emulator.server import LOOPBACK, TOKEN_VARIABLE, AddressUnavailable, serve
from harness.emulator.settings import ACCOUNT_SID, OWNED_NUMBERS, EmulatorSettings, new_token

WRONG_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.name}  [{fault.family}]  {fault.summary}")
        return 0
    try:
        serve(_settings(options), options.host, options.port, _announce, stops_with_stdin=options.stops_with_stdin)
    except (AddressUnavailable, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m harness.emulator",
        description="A server that keeps the contract of creating a call, or breaks it on purpose.",
        epilog=f"The token is read from {TOKEN_VARIABLE}; without it a new one is drawn.",
    )
    parser.add_argument("--host", default=LOOPBACK, help="address to listen at (default %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen at; 0, the default, takes a free one")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="break this rule; repeatable")
    parser.add_argument("--variant", action="append", default=[], metavar="NAME", help="keep the contract in this other way; repeatable")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    parser.add_argument("--account-sid", default=ACCOUNT_SID, metavar="AC…", help="the account (default %(default)s)")
    parser.add_argument("--owned-number", action="append", metavar="NUMBER", help="E.164 number to own; repeatable")
    parser.add_argument("--base-path", default="", metavar="PATH", help="what stands before the API's version in paths")
    parser.add_argument("--seed", type=int, help="make the sids repeatable")
    parser.add_argument("--token-from-stdin", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--stops-with-stdin", action="store_true", help=argparse.SUPPRESS)
    return parser


def _settings(options: argparse.Namespace) -> EmulatorSettings:
    return EmulatorSettings(
        account_sid=options.account_sid,
        auth_token=(_handed_over() if options.token_from_stdin else os.environ.get(TOKEN_VARIABLE)) or new_token(),
        owned_numbers=tuple(options.owned_number or OWNED_NUMBERS),
        base_path=options.base_path,
        faults=tuple(options.fault),
        variants=tuple(options.variant),
        seed=options.seed,
    )


def _handed_over() -> str:
    """The token that the parent process writes: the first line of the standard input, as JSON. Nothing after it is read."""
    line = bytearray()
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return str(json.loads(line or b'""'))


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
