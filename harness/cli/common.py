"""What several commands share: the refusal of tokens on the command line, signals that end a run in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import click

from harness.errors import Interrupted

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


class Signals:
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
