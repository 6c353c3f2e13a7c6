"""The command line that repeats a run, for reports: every setting that decides what is sent and judged, and no secret.

Declared deviations stay in the config file, which the same command reads again. Files of this machine (a baseline,
certificates) are named only where the user named them relative to the working directory: a report is read elsewhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import PurePath

from harness.config import TOKEN_VARIABLE, RunConfig


def command_of(config: RunConfig) -> str:
    """One line for a POSIX shell.

    Args:
        config: of the run.

    Returns:
        `ringtrue run …`, defaults left out. The token is never part of it, only the name of its variable.
    """
    return shlex.join(["ringtrue", "run", *_words(config)])


def _words(c: RunConfig) -> Iterator[str]:
    default = RunConfig()
    if c.url is not None:
        yield from ("--target", c.url, *(("--account-sid", c.account_sid) if c.account_sid else ()))
    if c.token_variable != TOKEN_VARIABLE:
        yield from ("--auth-token-env", c.token_variable)
    for option, values in (("--from", c.own), ("--to", c.called), ("--fault", c.faults), ("--only", c.only), ("--skip", c.skip)):
        for value in values:
            yield from (option, value)
    single: tuple[tuple[str, object, object], ...] = (
        ("--profile", c.profile, default.profile), ("--seed", c.seed, default.seed), ("--max-requests", c.max_requests, None),
        ("--max-time", c.max_time, None), ("--rate", c.rate, None), ("--workers", c.workers, default.workers),
        ("--timeout", c.timeout, default.timeout), ("--allow-real-calls", c.real_calls, None), ("--proxy", c.proxy, None),
    )
    for option, one, usual in single:
        if one is not None and one != usual:
            yield from (option, f"{one:.12g}" if isinstance(one, float) else str(one))
    for flag, given in (("--strict", c.strict), ("--allow-http", c.allow_http), ("--hang-up", c.hang_up)):
        if given:
            yield flag
    for option, path in (("--baseline", c.gate.baseline.path if c.gate.baseline is not None else None), ("--ca-bundle", c.ca_bundle)):
        if path and not PurePath(path).is_absolute():
            yield from (option, path)
