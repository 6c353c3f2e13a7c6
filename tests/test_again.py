"""The command line that repeats a run: read back by the command line itself, it asks for the same."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
from support import ACCOUNT, TOKEN

from harness.accepted import Baseline, Gate
from harness.again import command_of
from harness.cli import cli
from harness.cli.run import run
from harness.config import RunConfig

FULL = RunConfig(
    url="http://127.0.0.1:8080/a b", account_sid=ACCOUNT, auth_token=TOKEN, token_variable="OTHER_TOKEN", own=("+15005550006",), called=("sip:a@b.c", "+14155550100"),
    profile="deep", seed=7, max_requests=900, max_time=1.5, rate=2.0, workers=1, only=("timeout.*",), skip=("auth.*", "a'b"), strict=True, timeout=3.0,
    allow_http=True, faults=("x",), ca_bundle="certs/ca.pem", gate=Gate(Baseline("accepted.toml", "", "quick", ())), real_calls=40, hang_up=True, proxy="http://proxy.example:3128", proxy_auth="user:" + TOKEN,
)


def parsed(line: str) -> dict[str, object]:
    """What the command makes of a line."""
    words = shlex.split(line)
    assert words[:2] == ["ringtrue", "run"]
    # As the command line makes it: a command remembers the help options of the first context that it meets.
    parent = click.Context(cli, info_name="ringtrue", **cli.context_settings)
    return dict(run.make_context("run", words[2:], parent).params)


def test_run_without_options_is_repeated_without_options() -> None:
    assert command_of(RunConfig()) == "ringtrue run"


def test_every_setting_comes_back_from_the_line() -> None:
    got, usual = parsed(command_of(FULL)), parsed("ringtrue run")
    changed = {name: value for name, value in got.items() if value != usual[name]}
    assert changed == {
        "targets": (FULL.url,), "account_sid": ACCOUNT, "auth_token_env": "OTHER_TOKEN", "own": FULL.own, "called": FULL.called, "profile": "deep", "seed": 7,
        "max_requests": 900, "max_time": 1.5, "rate": "2", "workers": 1, "only": FULL.only, "skip": FULL.skip, "strict": True, "timeout": 3.0,
        "allow_http": True, "faults": ("x",), "ca_bundle": "certs/ca.pem", "baseline": Path("accepted.toml"), "real_calls": 40, "hang_up": True,
        "proxy": "http://proxy.example:3128",
    }


def test_line_holds_no_token() -> None:
    assert TOKEN not in command_of(FULL)


@pytest.mark.parametrize("path", ["/home/somebody/ca.pem", str(Path.home() / "ca.pem")])
def test_line_names_no_place_of_this_machine(path: str) -> None:
    assert path not in command_of(RunConfig(ca_bundle=path, gate=Gate(Baseline(path, "", "", ()))))
