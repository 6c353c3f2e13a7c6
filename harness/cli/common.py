"""What several commands share: the refusal of tokens on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_TOKEN_OPTIONS = ("--auth-token", "--token", "--password", "--api-key")
_F = TypeVar("_F", bound=Callable[..., Any])


def _no_token(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            "a token never goes on the command line, where other users of the machine can read it; put it into the variable "
            "RINGTRUE_AUTH_TOKEN (or the one that --auth-token-env names), and change this one"
        )


def refuses_tokens(command: _F) -> _F:
    """Decorates a command: the options that a token might be given with are known, hidden, and refused with the reason."""
    return click.option(*_TOKEN_OPTIONS, "token", hidden=True, expose_value=False, callback=_no_token)(command)


# What a command that sends to a live service has: the same words everywhere.
proxy_option = click.option(
    "--proxy", metavar="URL", help="HTTP proxy to go through, http://host:port; the environment's proxies are never used.",
)
real_calls_option = click.option(
    "--allow-real-calls", "real_calls", type=int, metavar="N",
    help="Create at most N calls; off this machine needed unless the credentials are test credentials.",
)
hang_up_option = click.option(
    "--hang-up", is_flag=True, default=None, help="End each created call again, where the target offers it.",
)
