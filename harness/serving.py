"""`ringtrue serve`: the emulator in this process, with the lines that a user needs to point a client at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from harness.emulator import FAULTS, VARIANTS, EmulatorError, EmulatorSettings
from harness.emulator import serve as serve_app
from harness.emulator.faults import Fault, find_fault
from harness.emulator.server import TOKEN_VARIABLE
from harness.emulator.variants import Variant, settings_of
from harness.errors import UsageError
from harness.route import is_loopback

Echo = Callable[[str], object]


def fault_list() -> str:
    """All faults by family, each with its one-line summary."""
    return _list(FAULTS.values())


def variant_list() -> str:
    """All variants by family, each with its one-line summary."""
    return _list(VARIANTS.values())


def _list(rows: Iterable[Fault | Variant]) -> str:
    lines: list[str] = []
    family = ""
    for row in rows:
        if row.family != family:
            family = row.family
            lines.append(f"\n{family}" if lines else family)
        lines.append(f"  {row.name}\n      {row.summary}")
    return "\n".join(lines)


def serve_emulator(
    host: str, port: int, faults: tuple[str, ...], variants: tuple[str, ...], account_sid: str | None, echo: Echo
) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Raises:
        UsageError: an unknown fault or variant, a bad account, or a port that can't be had.
    """
    token = os.environ.get("RINGTRUE_AUTH_TOKEN") or os.environ.get(TOKEN_VARIABLE)
    try:
        for name in faults:
            find_fault(name)
        settings = settings_of(*variants, faults=faults)
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
    if settings.variants:
        echo(f"other ways to keep the contract: {', '.join(settings.variants)}")
    if not is_loopback(urlsplit(url).hostname or ""):
        echo("Other machines can reach it: it is for tests, so keep it from networks that you don't trust.")
    if token is None:
        echo(f"token (made up for this start): {settings.auth_token}")
    echo("")
    echo("Judge it from another terminal:")
    export = "" if token else f"RINGTRUE_AUTH_TOKEN={settings.auth_token} "
    echo(f"  {export}ringtrue run --target {url} --account-sid {settings.account_sid}")
