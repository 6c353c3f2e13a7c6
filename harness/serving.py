"""`ringtrue serve`: the emulator in this process, with the lines that a user needs to point a client at it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from harness.config import nearest
from harness.emulator import FAULTS, EmulatorError, EmulatorSettings
from harness.emulator import serve as serve_app
from harness.emulator.server import TOKEN_VARIABLE
from harness.errors import UsageError

Echo = Callable[[str], object]


def fault_list() -> str:
    """All faults by family, each with its one-line summary."""
    lines: list[str] = []
    family = ""
    for fault in FAULTS.values():
        if fault.family != family:
            family = fault.family
            lines.append(f"\n{family}" if lines else family)
        lines.append(f"  {fault.name}\n      {fault.summary}")
    return "\n".join(lines)


def serve_emulator(host: str, port: int, faults: tuple[str, ...], account_sid: str | None, echo: Echo) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Raises:
        UsageError: an unknown fault, a bad account, or a port that can't be had.
    """
    for name in faults:
        if name not in FAULTS:
            raise UsageError(f"--fault {name!r} is unknown{nearest(name, list(FAULTS))}; --list-faults lists them")
    token = os.environ.get("RINGTRUE_AUTH_TOKEN") or os.environ.get(TOKEN_VARIABLE)
    try:
        settings = EmulatorSettings(faults=faults)
        if account_sid is not None:
            settings = replace(settings, account_sid=account_sid)
        if token:
            settings = replace(settings, auth_token=token)
        serve_app(settings, host, port, lambda url: _tell(url, settings, token, echo))
    except (EmulatorError, ValueError) as error:
        raise UsageError(str(error)) from None


def _tell(url: str, settings: EmulatorSettings, token: str | None, echo: Echo) -> None:
    echo(f"ringtrue emulator at {url}, account {settings.account_sid}")
    if settings.faults:
        echo(f"broken on purpose: {', '.join(settings.faults)}")
    if token is None:
        echo(f"token (made up for this start): {settings.auth_token}")
    echo("")
    echo("Judge it from another terminal:")
    export = "" if token else f"RINGTRUE_AUTH_TOKEN={settings.auth_token} "
    echo(f"  {export}ringtrue run --target {url} --account-sid {settings.account_sid}")
