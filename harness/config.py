"""What a run is asked to do: one frozen record, made of flags, environment and the config file, in this order of weight."""

from __future__ import annotations

import fnmatch
import os
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from harness.accepted import Baseline, Deviation, Gate, deviations_of, read_baseline
from harness.classify import address_form
from harness.contract import CLAUSE
from harness.errors import UsageError, nearest
from harness.files import read_text
from harness.target import check_url, is_loopback
from strategies.plan import PROFILES

TOKEN_VARIABLE = "RINGTRUE_AUTH_TOKEN"
ACCOUNT_VARIABLE = "RINGTRUE_ACCOUNT_SID"
OFF_LOOPBACK_REQUESTS = 500
OFF_LOOPBACK_RATE = 5.0

_TARGET_KEYS = (
    "url", "account-sid", "auth-token-env", "from", "to", "timeout", "ca-bundle", "allow-http", "max-requests", "max-time", "rate", "baseline",
    "deviations",
)
_TOP_KEYS = ("har", "target", "targets", "profile", "seed", "output", "only", "skip", "strict", "workers", "examples", *_TARGET_KEYS[1:])


# Every key of the config file, in a few words; the first ones belong to a target.
KEYS: dict[str, str] = {
    "url": "of a target: what stands before `/2010-04-01`", "account-sid": "of a target: the account in the path",
    "auth-token-env": "of a target: the variable that holds the token; a token in the file is an error",
    "from": "of a target: numbers that it owns", "to": "of a target: numbers that may be called",
    "timeout": "of a target: seconds for one whole answer (10)",
    "ca-bundle": "of a target: certificates to trust", "allow-http": "of a target: http to a host that is not this machine",
    "max-requests": "of a target: ends after so many requests", "max-time": "of a target: ends after so many seconds",
    "rate": "of a target: at most so many requests a second", "baseline": "of a target: file of accepted findings",
    "deviations": "of a target: tables with `clause`, `instead`, `reason`, and if wanted `owner`, `until`",
    "profile": "`quick`, `standard` or `deep`",
    "seed": "what the requests are drawn from (0)", "output": "where the reports go (`reports/latest`)", "only": "globs of the clauses to judge",
    "skip": "globs of clauses to leave out", "strict": "a broken SHOULD also ends with 1", "workers": "requests at once where the target is slow (6)",
    "examples": "folder of found cases, or `none`", "har": "every exchange into exchanges.har", "target": "the table of a single target",
    "targets": "the tables of named targets",
}


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run does.

    Args:
        name: the target's, from the config file.
        url: the target, or None for the embedded emulator.
        account_sid: None for the emulator's own.
        auth_token: from the environment; never shown.
        token_variable: its variable's name, for messages.
        own, called: `--from` and `--to`.
        only, skip: globs of clause ids.
        faults: of the embedded emulator.
        har: whether every exchange is written into exchanges.har.
        aloud: whether a line for each request goes to the standard error.
        gate: what is accepted of the target.
        examples: folder of cases that found something before; None to keep none.
    """

    name: str = ""
    url: str | None = None
    account_sid: str | None = None
    auth_token: str | None = field(default=None, repr=False)
    token_variable: str = TOKEN_VARIABLE
    own: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    profile: str = "quick"
    seed: int = 0
    max_requests: int | None = None
    max_time: float | None = None
    rate: float | None = None
    workers: int = 6
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    output: Path = Path("reports/latest")
    timeout: float = 10.0
    ca_bundle: str | None = None
    allow_http: bool = False
    faults: tuple[str, ...] = ()
    examples: Path | None = None
    har: bool = False
    aloud: bool = False
    gate: Gate = field(default_factory=Gate)

    def wants(self, clause_id: str) -> bool:
        """Whether a clause is to be judged."""
        if self.only and not any(fnmatch.fnmatchcase(clause_id, g) for g in self.only):
            return False
        return not any(fnmatch.fnmatchcase(clause_id, g) for g in self.skip)

    @property
    def budgets(self) -> tuple[int | None, float | None]:
        """(requests, requests a second), with the defaults for a target off loopback."""
        if self.url is None or is_loopback(_host(self.url)):
            return self.max_requests, self.rate
        return self.max_requests or OFF_LOOPBACK_REQUESTS, self.rate or OFF_LOOPBACK_RATE

    def describe(self) -> dict[str, str]:
        """The settings for a report, without secrets."""
        requests, rate = self.budgets
        out = {
            "profile": self.profile, "seed": str(self.seed), "target": self.url or "embedded emulator",
            "from": ", ".join(self.own) or "found by the preflight", "to": ", ".join(self.called) or "found by the preflight",
            "max requests": str(requests or "no bound"), "max time": f"{self.max_time:g} s" if self.max_time else "no bound",
            "rate": f"{rate:g}/s" if rate else "no bound", "only": ", ".join(self.only) or "all clauses",
            "skip": ", ".join(self.skip) or "none", "strict": "yes" if self.strict else "no",
        }
        if self.faults:
            out["faults"] = ", ".join(self.faults)
        return out


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def checked(config: RunConfig) -> RunConfig:
    """The same configuration once every value in it is known to be usable.

    Raises:
        UsageError: names the option or key and the nearest valid one.
    """
    if config.profile not in PROFILES:
        raise UsageError(f"--profile {config.profile!r} is unknown{nearest(config.profile, list(PROFILES))}; there are {', '.join(PROFILES)}")
    for name, value in (("--max-requests", config.max_requests), ("--max-time", config.max_time), ("--rate", config.rate)):
        if value is not None and not value > 0:
            raise UsageError(f"{name} must be above 0, not {value:g}")
    if not 1 <= config.workers <= 64:
        raise UsageError(f"--workers must be from 1 to 64, not {config.workers}")
    if not 0 < config.timeout <= 600:
        raise UsageError(f"--timeout must be above 0 and at most 600 seconds, not {config.timeout:g}")
    for option, globs in (("--only", config.only), ("--skip", config.skip)):
        for glob in globs:
            _check_glob(option, glob)
    if config.only and not any(config.wants(c) for c in CLAUSE):
        raise UsageError("--only and --skip together leave no clause to judge")
    for option, numbers in (("--from", config.own), ("--to", config.called)):
        for number in numbers:
            if address_form(number) != "e164":
                raise UsageError(f"{option} {number!r} is no phone number in E.164 form; write it like +14155550100")
    if config.ca_bundle is not None and not Path(config.ca_bundle).is_file():
        raise UsageError(f"--ca-bundle {config.ca_bundle!r} is no file")
    return config if config.url is None else _checked_target(config)


def _checked_target(config: RunConfig) -> RunConfig:
    from dataclasses import replace

    assert config.url is not None
    url = check_url(config.url)
    if config.account_sid is None:
        raise UsageError(f"say whose account it is: --account-sid AC… or the variable {ACCOUNT_VARIABLE}")
    import re

    if not re.fullmatch("AC[0-9a-fA-F]{32}", config.account_sid):
        raise UsageError(f"--account-sid {config.account_sid!r} is not AC and 32 hexadecimal digits")
    if url.startswith("http://") and not config.allow_http and not is_loopback(_host(url)) and _resolves(_host(url)):
        raise UsageError(f"{url} is http and not on this machine: the token would cross the network in clear text; use https, or say --allow-http")
    return replace(config, url=url)


def _resolves(host: str) -> bool:
    import socket

    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


def _check_glob(option: str, glob: str) -> None:
    if any(fnmatch.fnmatchcase(c, glob) for c in CLAUSE):
        return
    raise UsageError(f"{option} {glob!r} matches no clause{nearest(glob, list(CLAUSE))}; `ringtrue contract` lists them")


# --- the config file --------------------------------------------------------------------------------


def read_file(path: Path, target: str | None, url: str | None = None) -> dict[str, Any]:
    """The settings of a config file: its top level, then the chosen target's table.

    Args:
        path: a TOML file.
        target: name of a table `[targets.NAME]`, or None for `[target]` or none.
        url: the target that was named on the command line; `[target]` then counts only if it is the same one.

    Raises:
        UsageError: it can't be read, is no TOML, or has a key that is unknown or of a wrong type.
    """
    data = _table_of(path)
    _known_keys(data, _TOP_KEYS, str(path))
    tables = data.pop("targets", {})
    single = data.pop("target", {})
    if not isinstance(tables, dict) or not isinstance(single, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise UsageError(f"{path}: target and targets.NAME must be tables")
    for name, table in {**tables, "": single}.items():
        _known_keys(table, _TARGET_KEYS, f"{path}, target {name}".rstrip())
    if target is not None:
        if target not in tables:
            raise UsageError(f"{path} has no target {target!r}{nearest(target, list(tables))}")
        single = tables[target]
    elif url is not None and single.get("url", "").rstrip("/") != url.rstrip("/"):
        single = {}
    merged = {**data, **single}
    deviations = merged.pop("deviations", [])
    _check_types(merged, path)
    return {**merged, "deviations": deviations_of(deviations, str(path), date.today())}


def _table_of(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path, "a config file (--config)"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"--config {path} is no valid TOML: {' '.join(str(error).split())}") from None


def target_names(path: Path) -> list[str]:
    """The names of all targets of a config file, in its order.

    Raises:
        UsageError: the file can't be read or is no TOML.
    """
    tables = _table_of(path).get("targets", {})
    return list(tables) if isinstance(tables, dict) else []


def gate_of(baseline: Path | None, deviations: tuple[Deviation, ...], url: str | None) -> Gate:
    """What is accepted of a target.

    Raises:
        UsageError: the baseline is none, has expired entries, or was written for another target.
    """
    if baseline is None:
        return Gate(None, deviations)
    read = read_baseline(baseline, date.today())
    if read.target and url is not None and not _same_target(read, url):
        raise UsageError(f"{baseline} was written for {read.target[:200]}, not for {url}; write one for this target with --write-baseline")
    return Gate(read, deviations)


def _same_target(baseline: Baseline, url: str) -> bool:
    """Whether two URLs are the same, or both of this machine, where ports come and go."""
    if baseline.target.rstrip("/") == url.rstrip("/"):
        return True
    try:
        hosts = _host(baseline.target), _host(url)
    except ValueError:
        return False
    return all(map(is_loopback, hosts))


def has_target(path: Path, name: str) -> bool:
    """Whether a config file has a table for this target."""
    try:
        return name in target_names(path)
    except UsageError:
        return False


def _known_keys(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            if "token" in key:
                raise UsageError(f"{where}: no token in a file; name its variable with auth-token-env, and put it into the environment")
            raise UsageError(f"{where}: unknown key {key!r}{nearest(key, list(known))}")


_TYPES: dict[str, tuple[type, ...]] = {
    "url": (str,), "account-sid": (str,), "auth-token-env": (str,), "from": (str, list), "to": (str, list), "timeout": (int, float),
    "ca-bundle": (str,), "allow-http": (bool,), "max-requests": (int,), "max-time": (int, float), "rate": (int, float), "profile": (str,),
    "seed": (int,), "output": (str,), "only": (str, list), "skip": (str, list), "strict": (bool,), "workers": (int,), "examples": (str,),
    "har": (bool,), "baseline": (str,), "deviations": (list,),
}


_TYPE_NAMES: dict[type, str] = {str: "text", list: "a list of texts", int: "a whole number", float: "a number", bool: "true or false"}


def _check_types(table: dict[str, Any], path: Path) -> None:
    for key, value in table.items():
        wanted = _TYPES[key]
        wrong_bool = isinstance(value, bool) and bool not in wanted
        if wrong_bool or not isinstance(value, wanted) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            names = " or ".join(_TYPE_NAMES[t] for t in wanted)
            raise UsageError(f"{path}: {key} must be {names}")


def token_from(variable: str) -> str | None:
    """The token that a variable holds.

    Raises:
        UsageError: it holds what can't be sent.
    """
    token = os.environ.get(variable)
    if token is not None and any(ord(c) < 32 or ord(c) == 127 for c in token):
        raise UsageError(f"the variable {variable} holds a control character, such as a line break: set it without")
    return token or None
