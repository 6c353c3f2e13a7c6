"""docs/cli.md, made from the commands themselves and from the table of the config file's keys. `make docs` writes it.

What can't be told from options stands here as data: what a command does beyond its help, variables, exit codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli import cli
from harness.config import KEYS
from harness.files import write

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

_HEAD = """<!-- Written by `make docs` from harness/cli; edit the commands there, not this page. -->

# The command line

`ringtrue COMMAND --help` says the same in short. Every error is one sentence with the next step in it, on standard
error; with `RINGTRUE_DEBUG=1` an error of ringtrue's own shows its traceback. Flags beat the environment, the
environment beats the config file.

## Exit codes

| code | means |
|---|---|
| 0 | conforms: no MUST is broken (with `--strict`: no SHOULD either), or only what was accepted is |
| 1 | the contract is broken, or something accepted no longer occurs |
| 2 | wrong usage: an option, a variable, a file, a directory that cannot be written |
| 3 | could not judge: no answer, credentials refused, no valid call accepted, nothing recorded |
| 130 | interrupted; what was learnt until then is written |

## Environment

| variable | means |
|---|---|
| `RINGTRUE_AUTH_TOKEN` | the account's token; `--auth-token-env` names another variable. It is never an option |
| `RINGTRUE_ACCOUNT_SID` | the account, where `--account-sid` is not given |
| `RINGTRUE_PROXY_AUTH` | `user:password` of the proxy that `--proxy` names. It is never an option |
| `NO_COLOR` | turns colours off, as does `TERM=dumb` |
| `GITHUB_ACTIONS`, `GITHUB_STEP_SUMMARY` | inside GitHub Actions: annotations, and the summary on the job's page |
| `RINGTRUE_DEBUG` | shows the traceback of an error of ringtrue's own |

Proxies, `.netrc` and certificates that the environment names (`HTTPS_PROXY`, `SSL_CERT_FILE` and the like) are not used.
Progress goes to standard error, and only to a terminal.
"""

_MORE = {
    "run": """Without `--target` an embedded emulator is started and judged. Several named targets are run in turn: each writes into a
folder of its name in the output directory, beside them stands `matrix.html`; the exit code is 130 as soon as a run was
interrupted, else 1 where a target breaks the contract, else 3 where one could not be judged. Off this machine a run stops
after 500 requests and sends 5 a second unless told otherwise. `--examples none` keeps no cases; for the embedded emulator
none are kept. `--write-baseline` ends with 0 where the run would have ended with 1; [ci.md](ci.md) tells how baselines and
declared deviations work.

Off this machine a run ends with 3, after one request, unless the credentials are test credentials or `--allow-real-calls` says how
many calls may be created; [testing-a-live-service.md](testing-a-live-service.md) tells how. `--dry-run` sends nothing, looks
no name up, writes nothing but the file of `--json`, and ends with 0.""",
    "serve": """The token is `RINGTRUE_AUTH_TOKEN`; without it a new one is made up and shown. A fault breaks one rule; `drawn-N` is one
that the seed N draws. A variant keeps the contract in another way: it takes or refuses what is unclear, or writes and
sends its answers differently. A client has 30 s for a request of at most 64 KB of headers; 500 connections are taken at once.""",
    "contract": """A glob and `--level`, `--group`, `--parameter` choose clauses. `--diff` reads OpenAPI 2.0, 3.0 and 3.1, as JSON or YAML. It
compares parameters, values, ranges, lengths, SIDs, keys, what is required, the media type, the status of a created call
and the attributes of the answer. What the document only says in a description is taken where it is plain, and marked. A
schema that it cannot interpret is named, not guessed.""",
    "replay": """A case is sent three times, a flaky one on this machine up to a hundred times. The line says FIXED, FAILED, FLAKY or ERROR.
Off this machine the same holds as for `run`; a number that a saved case names must be named with `--to` too, unless it is fictional, and
the server with `--target`: the one that a file names does not get your token.""",
    "check": """Reads HAR 1.1 and 1.2, from browsers, proxies or `ringtrue run --har`, and plain bodies: an object, an array, or a line each.
What a recording cannot tell is counted and not judged: refused credentials, rate limits, redirects, missing or cut bodies.
A number counts as owned or callable once a recorded call with it was created. Nothing can be tried again, so a cause is
what no created call had.""",
    "compare": """Findings are matched by clause, outcome and what is to blame, not by id or seed. A break counts as fixed only where the later
run judged its clause.""",
    "redact": """In JSON, HAR, HTML, XML, Python and plain text, a secret becomes `[redacted]`; in binary files, and in names of files, as many
asterisks, so that nothing else moves. Account SIDs and phone numbers become zeros. Packed files, files over 1 GB and what can't be
read are named: they are not copied, and with `--in-place` the command ends with 3. Links are not followed. A token that is not in
the environment is found only where it looks like one: in credentials, behind an account SID, beside its name.""",
    "init": """It sends at most 40 requests. No token is written, only the name of its variable. Off this machine the same holds as for `run`.""",
}


def page() -> str:
    """The text of docs/cli.md."""
    parts = [_HEAD, "\n".join(_overview())]
    for name, command in cli.commands.items():
        parts.append("\n".join(_command(name, command)))
    parts.append("\n".join(_keys()))
    return "\n".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "## Commands"
    yield ""
    yield "| command | does |"
    yield "|---|---|"
    for name, command in cli.commands.items():
        yield f"| [`ringtrue {name}`](#{name}) | {_first_sentence(command)} |"
    yield ""


def _first_sentence(command: click.Command) -> str:
    text = " ".join((command.help or "").partition("\n\n")[0].split())
    return text.replace("|", "\\|")


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    # As the command line makes it: a command remembers the help options of the first context that it meets.
    parent = click.Context(cli, info_name="ringtrue", **cli.context_settings)
    ctx = click.Context(command, parent, name)
    yield "```text"
    yield " ".join(command.get_usage(ctx).removeprefix("Usage: ").split())
    yield "```"
    for part in (command.help or "").split("\n\n"):
        lines = part.replace("\b\n", "").rstrip().splitlines()
        if not lines:
            continue
        yield ""
        if lines[0].strip() in ("Example:", "Examples:"):
            yield from ("```sh", *(line.strip() for line in lines[1:]), "```")
        else:
            yield from (line.strip() for line in lines)
    if name in _MORE:
        yield ""
        yield _MORE[name]
    rows = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    if rows:
        yield ""
        yield "| option | means |"
        yield "|---|---|"
    for option in rows:
        names = ", ".join(f"`{o}`" for o in (*option.opts, *option.secondary_opts))
        metavar = f" `{option.metavar}`" if option.metavar else ""
        yield f"| {names}{metavar} | {option.help or ''} |".replace("URL|NAME", "URL\\|NAME")
    yield ""


def _keys() -> Iterator[str]:
    yield "## The config file"
    yield ""
    yield "`ringtrue.toml` in the current directory, or the file that `--config` names."
    yield ""
    yield "| key | means |"
    yield "|---|---|"
    for key, meaning in KEYS.items():
        yield f"| `{key}` | {meaning} |"
    yield ""
    yield """The keys of a target stand in `[targets.NAME]`, which `--target NAME` chooses, or in a single `[target]`, which is taken
without `--target`. But for `url` they may also stand at the top, for all targets; a target's own value then beats it. The
others stand at the top. An unknown key ends with 2 and names the nearest known one. Where `--target` is a URL, the other
keys of the top and of `[target]` hold for it too."""


if __name__ == "__main__":
    write(PAGE, page())
