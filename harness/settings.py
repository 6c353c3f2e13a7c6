"""The settings of a run: flags beat the environment, the environment beats the config file. Nothing is run here."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.config import (
    ACCOUNT_VARIABLE,
    TOKEN_VARIABLE,
    RunConfig,
    checked,
    gate_of,
    has_target,
    proxy_auth,
    read_file,
    target_names,
    token_from,
)
from harness.errors import UsageError, nearest
from harness.target import without_user

_DEFAULT_FILE = Path("ringtrue.toml")


def settings_of(options: dict[str, Any]) -> RunConfig:
    """The run's configuration: flags beat the environment, the environment beats the file.

    Raises:
        UsageError: a value is unusable; the text names the option, variable or key.
    """
    target, named = options["target"], None
    path = _config_path(options)
    if target is not None and "://" not in target:
        if path is None or not has_target(path, target):
            raise UsageError(_no_such_target(target, path))
        target, named = None, target
    table = read_file(path, named, target) if path is not None else {}

    def pick(flag: str, key: str, default: Any) -> Any:
        value = options.get(flag)
        return value if value not in (None, ()) else table.get(key, default)

    url = target if target is not None else table.get("url")
    variable = pick("auth_token_env", "auth-token-env", TOKEN_VARIABLE)
    account = options["account_sid"] or os.environ.get(ACCOUNT_VARIABLE) or table.get("account-sid")
    output = Path(pick("output", "output", "reports/latest"))
    baseline, proxy = pick("baseline", "baseline", None), pick("proxy", "proxy", None)
    if options["faults"] and url is not None:
        raise UsageError("--fault breaks the embedded emulator; it goes without --target")
    return checked(RunConfig(
        name=named or "", url=url, account_sid=account if url else None, auth_token=token_from(variable) if url else None, token_variable=variable,
        own=_texts(pick("own", "from", ())), called=_texts(pick("called", "to", ())), profile=pick("profile", "profile", "quick"),
        seed=pick("seed", "seed", 0), max_requests=pick("max_requests", "max-requests", None),
        max_time=pick("max_time", "max-time", None), rate=_rate(pick("rate", "rate", None)), workers=pick("workers", "workers", 6),
        only=_texts(pick("only", "only", ())), skip=_texts(pick("skip", "skip", ())), strict=bool(pick("strict", "strict", False)),
        output=output, timeout=float(pick("timeout", "timeout", 10.0)),
        ca_bundle=pick("ca_bundle", "ca-bundle", None), allow_http=bool(pick("allow_http", "allow-http", False)),
        har=bool(pick("har", "har", False)), real_calls=pick("real_calls", "allow-real-calls", None), hang_up=bool(pick("hang_up", "hang-up", False)),
        proxy=proxy, proxy_auth=proxy_auth() if proxy else None, price=pick("price", "price-per-call", None), dry=bool(options.get("dry")),
        gate=gate_of(
            Path(baseline) if baseline else None, table.get("deviations", ()), url, options.get("write_baseline"), bool(options.get("dry")),
        ),
        faults=_known_faults(options["faults"]), examples=_examples(pick("examples", "examples", None), output, url),
    ))


def several(options: dict[str, Any]) -> list[RunConfig]:
    """The configurations of all targets that were named; each writes its reports into a folder of its name.

    Raises:
        UsageError: as for `settings_of`, or several targets that are not all names of the config file.
    """
    names, everything = options.pop("targets"), options.pop("all_targets")
    if not everything and len(names) < 2:
        return [settings_of({**options, "target": names[0] if names else None})]
    path = _config_path(options)
    known = target_names(path) if path is not None else []
    if everything and names:
        raise UsageError("--all-targets goes without --target")
    if everything and not known:
        raise UsageError("--all-targets: no config file names targets; write tables [targets.NAME] into ringtrue.toml")
    for name in names:
        if name not in known:
            where = f"{path} has no target" if path is not None else "no config file names the target"
            raise UsageError(f"{where} {name[:80]!r}{nearest(name, known)}; several targets are named by their tables [targets.NAME]")
    chosen = list(dict.fromkeys(known if everything else names))
    configs = [settings_of({**options, "target": name}) for name in chosen]
    return [replace(c, output=c.output / _folder(name), examples=_below(c, name)) for c, name in zip(configs, chosen, strict=True)]


def _config_path(options: dict[str, Any]) -> Path | None:
    path: Path | None = options["config_path"] or (_DEFAULT_FILE if _DEFAULT_FILE.is_file() else None)
    return path


def _no_such_target(target: str, path: Path | None) -> str:
    name = without_user(target)[:200]
    if path is None:
        return f"--target {name[:80]!r} is no URL, and there is no ringtrue.toml that names it; write it like http://127.0.0.1:8080"
    return f"--target {name[:80]!r} is no URL, and {path} has no such target{nearest(name, target_names(path))}"


def _folder(name: str) -> str:
    """A target's name as the name of a folder.

    Raises:
        UsageError: it can be none.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(f"target {name[:80]!r}: with several targets, each name becomes a folder; use letters, digits, - and _")
    return name


def _below(config: RunConfig, name: str) -> Path | None:
    beside = config.output / "examples"
    return config.output / name / "examples" if config.examples == beside else config.examples


def _examples(chosen: Path | str | None, output: Path, url: str | None) -> Path | None:
    """Where found cases are kept: beside the reports by default; what the embedded emulator is broken by is no find."""
    if chosen is None:
        return output / "examples" if url is not None else None
    return None if str(chosen) == "none" else Path(chosen)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _rate(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(str(value).removesuffix("/s"))
    except ValueError:
        raise UsageError(f"--rate {str(value)[:80]!r} is no number of requests a second; write it like 5 or 5/s") from None


def _known_faults(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from harness.emulator.faults import find_fault

        for name in names:
            try:
                find_fault(name)
            except ValueError as error:
                raise UsageError(f"--fault: {error}") from None
    return names
