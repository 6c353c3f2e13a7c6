"""`ringtrue init`: asks a target what it can do and writes what it says into a commented config file. No token is in it."""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import tomlkit

from harness.config import RunConfig, checked, proxy_auth, token_from
from harness.errors import BudgetSpent, HarnessError, Inconclusive, UsageError
from harness.files import write
from harness.live import prepare
from harness.preflight import OFF_LOOPBACK_TO, Found, Wanted, preflight
from harness.readback import is_offered
from harness.report.escape import for_terminal, visible
from harness.session import Budget, Session
from harness.strangers import may_be_sent
from harness.target import Target

REQUESTS = 40
_SLOWEST = 10.0
_BUDGETS = (
    "max-requests = 500         # a budget", "max-time = 120             # seconds",
    'baseline = "known.toml"    # accepted findings, see --write-baseline',
)
Echo = Callable[[str], object]


@dataclass(frozen=True)
class Asked:
    """Which target, and as whom.

    Args:
        url, account_sid: as for `run`.
        token_variable: name of the variable that holds the token.
        own, called: `--from` and `--to`.
        name: of the target's table.
        allow_http, ca_bundle, proxy, real_calls: as for `run`.
    """

    url: str
    account_sid: str | None
    token_variable: str
    own: tuple[str, ...]
    called: tuple[str, ...]
    name: str
    allow_http: bool = False
    ca_bundle: str | None = None
    proxy: str | None = None
    real_calls: int | None = None


@dataclass(frozen=True)
class Answers:
    """What the target said; None where it could not be found out.

    Args:
        found: the numbers that it takes.
        credentials: whether it looks at them.
        read_back: whether calls can be read back.
        seconds: median time of an answer.
        requests: sent to find out.
    """

    found: Found
    credentials: bool | None
    read_back: bool | None
    seconds: float
    requests: int


def initialise(asked: Asked, output: Path, force: bool, echo: Echo) -> None:
    """Asks the target and writes the file.

    Args:
        asked: which target.
        output: the file.
        force: whether one that is there may be overwritten.
        echo: shows a line.

    Raises:
        HarnessError: the file is there or can't be written, a value is unusable, or the target does not answer.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", asked.name):
        raise UsageError(f"--name {asked.name!r}: use letters, digits, - and _")
    if os.path.exists(output) and not force:
        raise UsageError(f"{output} is there already; --force overwrites it, --output writes another file")
    token = token_from(asked.token_variable)
    config = checked(RunConfig(
        url=asked.url, account_sid=asked.account_sid, auth_token=token, token_variable=asked.token_variable, own=asked.own, called=asked.called,
        allow_http=asked.allow_http, ca_bundle=asked.ca_bundle, proxy=asked.proxy, proxy_auth=proxy_auth() if asked.proxy else None,
        real_calls=asked.real_calls,
    ))
    assert config.url is not None
    session = Session(Target(config.as_target()), Budget(REQUESTS, None, config.budgets[1]))
    prepare(session, config, output.parent)
    echo(for_terminal(f"asking {config.url}, with at most {REQUESTS} requests"))
    try:
        answers = _ask(session, config)
    finally:
        session.close()
    for note in session.calls.notes():
        echo(for_terminal(note))
    try:
        write(output, text_of(replace(asked, url=config.url, account_sid=config.account_sid), answers))
    except OSError as error:
        raise UsageError(f"--output {output} can't be written ({error.strerror}); choose another file") from None
    echo(for_terminal(f"{output} is written; judge the server with: ringtrue run --target {asked.name}"))


def _ask(session: Session, config: RunConfig) -> Answers:
    called = config.called if session.target.loopback or config.called else OFF_LOOPBACK_TO
    session.may_send = lambda case: session.target.loopback or may_be_sent(case, called)
    try:
        found = preflight(session, Wanted(config.own, called, config.token_variable))
    except BudgetSpent as spent:
        raise Inconclusive(f"{spent} before a valid call was accepted; name the numbers with --from and --to") from None
    if found.crashes:
        raise Inconclusive(f"{config.url} answers every valid call with a server error; mend that first")
    if found.refused is not None:
        raise Inconclusive(f"{config.url} refuses every plain call; it only takes one {found.form[0]}; mend that first")
    return Answers(
        found, _looks_at_credentials(session, found), _reads_back(session, found),
        statistics.median(session.latencies or [0.0]), session.counts.requests,
    )


def _looks_at_credentials(session: Session, found: Found) -> bool | None:
    if session.target.config.auth_token is None:
        return None
    try:
        return not session.send(replace(found.exchange.case, credentials="wrong", aim="auth.wrong")).is_created
    except HarnessError:
        return None


def _reads_back(session: Session, found: Found) -> bool | None:
    try:
        return is_offered(session, found.exchange)
    except HarnessError:
        return None


def text_of(asked: Asked, answers: Answers) -> str:
    """The config file."""
    document = tomlkit.document()
    for line in ("Settings of ringtrue, written by `ringtrue init`. Flags beat the environment, the environment beats this file.",
                 f"{answers.requests} requests found out what stands here; what is commented out is the default or could not be found out."):
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    for line in ('profile = "quick"          # standard and deep look further', 'skip = ["refusal.body"]    # clauses to leave out'):
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    table = tomlkit.table()
    table.add("url", asked.url)
    table.add("account-sid", asked.account_sid or "")
    table.add(tomlkit.comment("The token's variable; the token itself never stands in a file."))
    table.add("auth-token-env", asked.token_variable)
    numbers = answers.found.numbers
    table.add(tomlkit.comment("Numbers that the server takes as From, and calls as To."))
    table.add("from", list(numbers.own[:1] if not asked.own else asked.own))
    table.add("to", list(numbers.called[:1] if not asked.called else asked.called))
    for line in _told(answers):
        table.add(tomlkit.comment(visible(line)))
    if asked.allow_http:
        table.add("allow-http", True)
    for key, value in (("ca-bundle", asked.ca_bundle), ("proxy", asked.proxy), ("allow-real-calls", asked.real_calls)):
        if value is not None:
            table.add(key, value)
    if answers.seconds * 50 > _SLOWEST:
        table.add("timeout", round(answers.seconds * 50))
    for line in _BUDGETS:
        table.add(tomlkit.comment(line))
    tables = tomlkit.table(is_super_table=True)
    tables.add(asked.name, table)
    document.add("targets", tables)
    return tomlkit.dumps(document)


def _told(answers: Answers) -> list[str]:
    sids = [n for n in ("ApplicationSid", "Byoc") if n not in answers.found.known.open_sids]
    words = {True: "yes", False: "no", None: "could not be found out"}
    looked_up = f"{' and '.join(sids)} of others are refused; their clauses can't be judged" if sids else "any SID of the right form is taken"
    return [
        f"Credentials are checked: {words[answers.credentials] if answers.credentials is not None else 'no token was configured'}.",
        f"Calls can be read back: {words[answers.read_back]}. SIDs: {looked_up}.",
        f"An answer takes about {answers.seconds * 1000:.0f} ms. Callbacks are not listened for.",
    ]
