"""The habits of the command: help, completion, one sentence on a wrong command line, quiet and loud, a config file to begin with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ACCOUNT, ROOT, TOKEN, at_once, closed_port, environment, required, ringtrue

from harness.cli import cli
from harness.cli.page import page
from harness.config import _TARGET_KEYS, _TOP_KEYS, KEYS, read_file
from harness.emulator import Emulator, EmulatorSettings
from harness.errors import UsageError

COMMANDS = list(cli.commands)


def test_page_about_the_command_line_is_what_the_commands_say() -> None:
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == page(), "run `make docs`"


def test_page_about_the_command_line_tells_every_key_of_the_config_file() -> None:
    assert set(KEYS) == set(_TOP_KEYS) | set(_TARGET_KEYS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_examples_and_fits_80_columns(command: str, tmp_path: Path) -> None:
    done = at_once(command, "-h", cwd=tmp_path)
    text = done.stdout
    assert re.search(r"\n  Examples?:\n +(ringtrue|eval)", text), (done.returncode, done.stderr)
    assert all(len(line) <= 80 or "ringtrue" in line for line in text.splitlines())


@pytest.mark.parametrize("url", ["5", "[]", "true"])
def test_url_of_a_config_file_that_is_none_is_told_whatever_the_command_line_names(url: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f"[target]\nurl = {url}\n")
    with pytest.raises(UsageError, match="url must be"):
        read_file(path, None, "http://127.0.0.1:9")


def test_command_alone_shows_its_help(tmp_path: Path) -> None:
    done = at_once(cwd=tmp_path)
    assert done.returncode == 0
    assert [c for c in COMMANDS if f"\n  {c} " not in done.stdout] == []
    assert "..." not in done.stdout.partition("Commands:")[2] and all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(("arguments", "word"), [
    (("runn",), "'run'"), (("run", "--targt", "x"), "'--target'"), (("run", "--seed", "x"), "integer"), (("explain",), "CLAUSE"), (("replay", "a", "b"), "extra argument"),
    (("completion", "tcsh"), "bash"), (("run", "--seed"), "requires an argument"),
])
def test_wrong_command_line_gets_one_sentence(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    done = at_once(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), word in done.stderr, "--help" in done.stderr) == (2, 1, True, True), done.stderr


@pytest.mark.parametrize("arguments", [("contract", "--markdown"), ("contract", "--operation", "POST /x")])
def test_option_of_a_comparison_alone_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = at_once(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"ringtrue: {arguments[1]} goes with --diff SPEC\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_says_how_to_install_it(shell: str, tmp_path: Path) -> None:
    text = at_once("completion", shell, cwd=tmp_path).stdout
    assert text.startswith("# ") and shell in text.splitlines()[0] and "_RINGTRUE_COMPLETE" in text


OFFERS = [
    ("ringtrue ", "", "run"), ("ringtrue run --pro", "--pro", "--profile"), ("ringtrue explain send-digits.max", "send-digits.max", "send-digits.max-length"),
    ("ringtrue run --fault accepts-timeout-6", "accepts-timeout-6", "accepts-timeout-601"), ("ringtrue serve --variant gzip", "gzip", "gzip-chunked"),
    ("ringtrue run --profile st", "st", "standard"), ("ringtrue run --target sta", "sta", "staging"), ("ringtrue run --only trim.l", "trim.l", "trim.letter-case"),
]


@pytest.mark.parametrize(("line", "word", "offered"), OFFERS)
def test_completion_offers_commands_options_and_names(line: str, word: str, offered: str, tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text('[targets.staging]\nurl = "http://127.0.0.1:9"\n', "utf-8")
    env = {"_RINGTRUE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - (0 if line.endswith(" ") else 1))}
    code = "from harness.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(env), capture_output=True, text=True, timeout=60, check=False)
    assert f"plain,{offered}" in done.stdout.splitlines(), done.stdout + done.stderr


def test_completion_script_is_good_bash(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        required("bash is not installed")
    done = subprocess.run([str(bash), "-n"], input=at_once("completion", "bash", cwd=tmp_path).stdout, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("flags", "lines"), [(("-q",), 1), (("-qq",), 0)])
def test_quiet_run_says_its_verdict_or_nothing(flags: tuple[str, ...], lines: int, tmp_path: Path) -> None:
    done = ringtrue("run", "--only", "timeout.*", "--fault", "accepts-timeout-601", *flags, cwd=tmp_path)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (1, lines, "")


def test_loud_run_says_each_request_and_everything_else(tmp_path: Path) -> None:
    done = ringtrue("run", "--only", "timeout.maximum", "-vv", cwd=tmp_path)
    requests = re.findall(r"^ *[0-9]+ POST +\S+ +(?:[0-9]{3}) [0-9.]+ ms$", done.stderr, re.M)
    assert done.returncode == 0 and len(requests) > 5


@pytest.mark.slow
def test_init_writes_a_file_that_a_run_takes(tmp_path: Path) -> None:
    env = {"RINGTRUE_AUTH_TOKEN": TOKEN}
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        done = ringtrue("init", "--target", emulator.url, "--account-sid", ACCOUNT, "--name", "local", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        text = (tmp_path / "ringtrue.toml").read_text("utf-8")
        again = ringtrue("init", "--target", emulator.url, "--account-sid", ACCOUNT, cwd=tmp_path, env=env)
        run = ringtrue("run", "--target", "local", "--only", "timeout.*", cwd=tmp_path, env=env)
    assert (run.returncode, again.returncode) == (0, 2)
    assert "# Credentials are checked: yes." in text and "# Calls can be read back: yes." in text
    assert TOKEN not in text and "--force" in again.stderr
    assert read_file(tmp_path / "ringtrue.toml", "local")["from"] == ["+15005550006"]


def test_init_on_a_dead_target_writes_nothing(tmp_path: Path) -> None:
    done = ringtrue("init", "--target", f"http://127.0.0.1:{closed_port()}", "--account-sid", ACCOUNT, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir()), done.stderr.count("\n")) == (3, [], 1)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.sampled_from(("seed", "only", "target", "targets", "rate", "timeout", "deviations", "har", "baseline")).flatmap(
    lambda key: st.sampled_from(("1", "-1e400", "nan", "true", '"x"', "[1]", "[[1]]", "{a=1}", "1979-05-27", "[{}]", "99999999999999999999999")).map(lambda v: f"{key} = {v}\n".encode()))))
def test_any_config_file_gives_settings_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "ringtrue.toml"
    path.write_bytes(data)
    try:
        read_file(path, None)
    except UsageError as error:
        assert "\n" not in str(error)
