"""What a run is asked to do: one frozen record, made of flags, environment and the config file, in this order of weight."""

from __future__ import annotations

import fnmatch
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.accepted import Baseline, Deviation, Gate, deviations_of, read_baseline
from harness.classify import address_form
from harness.contract import CLAUSE
from harness.errors import UsageError, nearest
from harness.files import read_toml
from harness.route import PROXY_VARIABLE, Proxy, is_loopback, is_loopback_by_name, proxy_of, resolves
from harness.target import TargetConfig, check_url, tls_context
from strategies.plan import PROFILES

TOKEN_VARIABLE = "RINGTRUE_AUTH_TOKEN"
ACCOUNT_VARIABLE = "RINGTRUE_ACCOUNT_SID"
OFF_LOOPBACK_REQUESTS = 500
OFF_LOOPBACK_RATE = 5.0
_MOST = 1_000_000_000  # requests, seconds, requests a second

_TARGET_KEYS = (
    "url", "account-sid", "auth-token-env", "from", "to", "timeout", "ca-bundle", "allow-http", "max-requests", "max-time", "rate", "baseline",
    "deviations", "allow-real-calls", "hang-up", "price-per-call", "proxy",
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
    "allow-real-calls": "of a target: how many calls may be created, at most, off this machine with credentials that are no test ones",
    "hang-up": "of a target: ends each call that was created, where the target offers it",
    "price-per-call": "of a target: what `--dry-run` multiplies calls with",
    "proxy": "of a target: the HTTP proxy, `http://host:port`; its credentials only from `RINGTRUE_PROXY_AUTH`",
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
        journal: whether everything that is learnt goes into journal.jsonl at once.
        real_calls: how many calls may be created; None: no bound, and off this machine then with test credentials alone.
        hang_up: whether each created call is ended again.
        proxy: `http://host:port`; its credentials are never shown.
        proxy_auth: `user:password`, from the environment.
        price: of one call, for the dry run.
        dry: whether nothing is sent at all: not even the resolver is asked, so only its name tells where a host is.
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
    journal: bool = False
    real_calls: int | None = None
    hang_up: bool = False
    proxy: str | None = None
    proxy_auth: str | None = field(default=None, repr=False)
    price: float | None = None
    dry: bool = False
    gate: Gate = field(default_factory=Gate)

    def wants(self, clause_id: str) -> bool:
        """Whether a clause is to be judged."""
        return is_wanted(clause_id, self.only, self.skip)

    @property
    def live(self) -> bool:
        """Whether the target is, or may be, off this machine."""
        if self.url is None:
            return False
        here = is_loopback_by_name if self.dry else is_loopback
        return self.proxy is not None or not here(_host(self.url))

    @property
    def budgets(self) -> tuple[int | None, float | None]:
        """(requests, requests a second), with the defaults for a target off loopback."""
        if not self.live:
            return self.max_requests, self.rate
        return self.max_requests or OFF_LOOPBACK_REQUESTS, self.rate or OFF_LOOPBACK_RATE

    @property
    def way(self) -> Proxy | None:
        """The proxy to go through."""
        return proxy_of(self.proxy, self.proxy_auth) if self.proxy is not None else None

    def as_target(self) -> TargetConfig:
        """The server that `url` names, and how to reach it."""
        return TargetConfig(
            self.url or "", self.account_sid or "", self.auth_token, self.timeout, self.ca_bundle, self.allow_http, self.way
        )

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
        if self.live:
            out["real calls"] = f"at most {self.real_calls}" if self.real_calls is not None else "none: test credentials alone"
        if self.hang_up:
            out["hang up"] = "yes"
        if self.way is not None:
            out["proxy"] = self.way.url
        if self.faults:
            out["faults"] = ", ".join(self.faults)
        return out


def is_wanted(clause_id: str, only: tuple[str, ...], skip: tuple[str, ...]) -> bool:
    """Whether a clause is to be judged, by globs of what is asked for (none: all) and of what is left out."""
    if only and not any(fnmatch.fnmatchcase(clause_id, g) for g in only):
        return False
    return not any(fnmatch.fnmatchcase(clause_id, g) for g in skip)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def checked(config: RunConfig) -> RunConfig:
    """The same configuration once every value in it is known to be usable.

    Raises:
        UsageError: names the option or key and the nearest valid one.
    """
    if config.profile not in PROFILES:
        raise UsageError(f"--profile {config.profile[:80]!r} is unknown{nearest(config.profile, list(PROFILES))}; there are {', '.join(PROFILES)}")
    for name, value in (("--max-requests", config.max_requests), ("--max-time", config.max_time), ("--rate", config.rate),
                        ("--allow-real-calls", config.real_calls)):
        if value is not None and not 0 < value <= _MOST:
            raise UsageError(f"{name} must be above 0 and at most {_MOST:,}, not {str(value)[:40]}")
    if abs(config.seed) >= 1 << 63:
        raise UsageError("--seed must be a number of at most 63 bits")
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
                raise UsageError(f"{option} {number[:80]!r} is no phone number in E.164 form; write it like +14155550100")
    if config.ca_bundle is not None and not os.path.isfile(config.ca_bundle):
        raise UsageError(f"--ca-bundle {config.ca_bundle[:80]!r} is no file")
    if config.ca_bundle is not None:
        tls_context(config.ca_bundle)
    if config.price is not None and not 0 <= config.price < math.inf:
        raise UsageError(f"--price-per-call must be 0 or more, not {str(config.price)[:40]}")
    if config.proxy is not None:
        proxy_of(config.proxy)
        if config.url is None:
            raise UsageError("--proxy leads to a target; it goes with --target")
    return config if config.url is None else _checked_target(config)


def _checked_target(config: RunConfig) -> RunConfig:
    assert config.url is not None
    url = check_url(config.url)
    if config.account_sid is None:
        raise UsageError(f"say whose account it is: --account-sid AC… or the variable {ACCOUNT_VARIABLE}")
    if not re.fullmatch("AC[0-9a-fA-F]{32}", config.account_sid):
        raise UsageError(f"--account-sid {config.account_sid[:80]!r} is not AC and 32 hexadecimal digits")
    if urlsplit(url).scheme == "http" and not config.allow_http and not config.dry and config.live and (config.proxy or resolves(_host(url))):
        raise UsageError(f"{url} is http and not on this machine: the token would cross the network in clear text; use https, or say --allow-http")
    return replace(config, url=url)


def _check_glob(option: str, glob: str) -> None:
    if any(fnmatch.fnmatchcase(c, glob) for c in CLAUSE):
        return
    raise UsageError(f"{option} {glob[:80]!r} matches no clause{nearest(glob, list(CLAUSE))}; `ringtrue contract` lists them")


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
    data = read_toml(path, "a config file (--config)")
    _known_keys(data, _TOP_KEYS, str(path))
    tables = data.pop("targets", {})
    single = data.pop("target", {})
    if not isinstance(tables, dict) or not isinstance(single, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise UsageError(f"{path}: target and targets.NAME must be tables")
    for name, table in {**tables, "": single}.items():
        _known_keys(table, _TARGET_KEYS, f"{path}, target {name}".rstrip())
    if target is not None:
        if target not in tables:
            raise UsageError(f"{path} has no target {target[:80]!r}{nearest(target, list(tables))}")
        single = tables[target]
    _check_types({k: v for k, v in single.items() if k != "deviations"}, path)
    if target is None and url is not None and single.get("url", "").rstrip("/") != url.rstrip("/"):
        single = {}
    merged = {**data, **single}
    deviations = merged.pop("deviations", [])
    _check_types(merged, path)
    return {**merged, "deviations": deviations_of(deviations, str(path), date.today())}


def target_names(path: Path) -> list[str]:
    """The names of all targets of a config file, in its order.

    Raises:
        UsageError: the file can't be read or is no TOML.
    """
    tables = read_toml(path, "a config file (--config)").get("targets", {})
    return list(tables) if isinstance(tables, dict) else []


def gate_of(
    baseline: Path | None, deviations: tuple[Deviation, ...], url: str | None, written: Path | None = None, dry: bool = False
) -> Gate:
    """What is accepted of a target.

    Args:
        baseline: the file of known defects.
        deviations: what the vendor declares.
        url: of the target.
        written: the file that this run writes anew; where it is the same, it need not be there, and may hold what has expired.
        dry: whether no resolver is asked if the baseline is of the same target.

    Raises:
        UsageError: the baseline is none, has expired entries, or was written for another target.
    """
    anew = baseline is not None and written is not None and baseline.absolute() == written.absolute()
    if baseline is None or (anew and not baseline.exists()):
        return Gate(None, deviations)
    read = read_baseline(baseline, date.min if anew else date.today())
    if read.target and url is not None and not _same_target(read, url, is_loopback_by_name if dry else is_loopback):
        raise UsageError(f"{baseline} was written for {read.target[:200]}, not for {url}; write one for this target with --write-baseline")
    return Gate(read, deviations)


def _same_target(baseline: Baseline, url: str, here: Callable[[str], bool]) -> bool:
    """Whether two URLs are the same, or both of this machine, where ports come and go."""
    if baseline.target.rstrip("/") == url.rstrip("/"):
        return True
    try:
        hosts = _host(baseline.target), _host(url)
    except ValueError:
        return False
    return all(map(here, hosts))


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
            raise UsageError(f"{where}: unknown key {key[:80]!r}{nearest(key, list(known))}")


_TYPES: dict[str, tuple[type, ...]] = {
    "url": (str,), "account-sid": (str,), "auth-token-env": (str,), "from": (str, list), "to": (str, list), "timeout": (int, float),
    "ca-bundle": (str,), "allow-http": (bool,), "max-requests": (int,), "max-time": (int, float), "rate": (int, float), "profile": (str,),
    "seed": (int,), "output": (str,), "only": (str, list), "skip": (str, list), "strict": (bool,), "workers": (int,), "examples": (str,),
    "har": (bool,), "baseline": (str,), "deviations": (list,), "allow-real-calls": (int,), "hang-up": (bool,), "proxy": (str,),
    "price-per-call": (int, float),
}


_TYPE_NAMES: dict[type, str] = {str: "text", list: "a list of texts", int: "a whole number", float: "a number", bool: "true or false"}


def _check_types(table: dict[str, Any], path: Path) -> None:
    for key, value in table.items():
        wanted = _TYPES[key]
        wrong_bool = isinstance(value, bool) and bool not in wanted
        if isinstance(value, int) and abs(value) >= 1 << 63:
            raise UsageError(f"{path}: {key} is too large a number")
        if wrong_bool or not isinstance(value, wanted) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            names = " or ".join(_TYPE_NAMES[t] for t in wanted)
            raise UsageError(f"{path}: {key} must be {names}")


def proxy_auth() -> str | None:
    """The `user:password` of the proxy.

    Raises:
        UsageError: the variable holds something else.
    """
    auth = token_from(PROXY_VARIABLE)
    if auth is not None and ":" not in auth:
        raise UsageError(f"the variable {PROXY_VARIABLE} must hold user:password of the proxy")
    return auth


def token_from(variable: str) -> str | None:
    """The token that a variable holds.

    Raises:
        UsageError: it holds what can't be sent.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", variable) or re.fullmatch(r"[0-9a-fA-F]{32,}", variable):
        raise UsageError("--auth-token-env (auth-token-env) is the name of a variable, never the token itself: write it like RINGTRUE_AUTH_TOKEN")
    token = os.environ.get(variable)
    if token is not None and any(ord(c) < 32 or ord(c) == 127 for c in token):
        raise UsageError(f"the variable {variable} holds a control character, such as a line break: set it without")
    return token or None
