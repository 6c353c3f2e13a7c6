"""Planted secrets are in no byte that ringtrue writes or prints, whatever a server says back and however ringtrue ends."""

from __future__ import annotations

import base64
import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest
from parrot import parrot
from support import ACCOUNT, ROOT, TOKEN, at_once, environment, ringtrue, started

from harness.emulator import Emulator, EmulatorSettings

SECOND = "Zq3-vT8_wL1.xB6~mK9/Rd2+Hs5=Jc7"
ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN}


def views(data: bytes) -> Iterator[str]:
    """Bytes as text, in small letters, read in every way that a person who looks for a token would think of."""
    text = data.decode("utf-8", "replace")
    yield text.lower()
    yield unquote(unquote(text)).lower()
    yield html.unescape(text).lower()
    yield re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text).replace("\\", "").lower()
    for run in set(re.findall(r"[A-Za-z0-9+/_-]{16,}", text)):
        for first in range(4):
            part = run[first:].replace("-", "+").replace("_", "/")
            yield base64.b64decode(part[:len(part) // 4 * 4]).decode("latin-1").lower()


def leaks(written: dict[str, bytes], token: str) -> list[str]:
    """The places where twelve characters in a row of the token are, in whatever form. It shares no code with what takes them out."""
    grams = {token.lower()[i:i + 12] for i in range(len(token) - 11)}
    return [f"{place}: {gram}" for place, data in written.items() for view in views(data) for gram in grams if gram in view]


def all_of(directory: Path, done: subprocess.CompletedProcess[str]) -> dict[str, bytes]:
    """Every file, whatever it is called, its name, and both streams."""
    files = {str(p): str(p).encode() + b"\n" + p.read_bytes() for p in directory.rglob("*") if p.is_file()}
    return {**files, "stdout": done.stdout.encode("utf-8", "replace"), "stderr": done.stderr.encode("utf-8", "replace")}


def test_search_sees_a_planted_token_in_any_form() -> None:
    forms = (TOKEN, TOKEN.upper(), TOKEN[:12], base64.b64encode(f"{ACCOUNT}{TOKEN}".encode()).decode(), "".join(f"%{ord(c):x}" for c in TOKEN),
             "".join(f"\\u{ord(c):04x}" for c in TOKEN), "".join(f"&#{ord(c)};" for c in TOKEN))
    assert all(leaks({"here": b"x " + form.encode() + b" y"}, TOKEN) for form in forms)
    assert leaks({"here": TOKEN[:11].encode()}, TOKEN) == []


@pytest.mark.slow
@pytest.mark.parametrize("token, options", [
    (TOKEN, ("-vv", "--har")), (SECOND, ("-vv", "--har", "--json", "-")), (TOKEN, ("--profile", "standard", "--max-requests", "5000")),
])
def test_token_that_a_server_says_back_in_every_way_is_nowhere(token: str, options: tuple[str, ...], tmp_path: Path) -> None:
    env = {"RINGTRUE_AUTH_TOKEN": token, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")}
    with parrot(ACCOUNT, token) as server:
        done = ringtrue("run", "--target", server.url, "--account-sid", ACCOUNT, "--output", "out", *options, cwd=tmp_path, env=env)
    assert done.returncode == 1, done.stderr[-2000:]
    assert "secrets.auth-token" in done.stdout
    written = all_of(tmp_path, done)
    assert {"report.html", "results.json", "results.sarif", "junit.xml", "summary.md", "test_findings.py", "page.md"} <= {Path(p).name for p in written}
    assert leaks(written, token) == []


@pytest.mark.slow
def test_other_commands_show_no_token(tmp_path: Path) -> None:
    with parrot(ACCOUNT, TOKEN) as server:
        env = {**ENV, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
        ringtrue("run", "--target", server.url, "--max-requests", "300", "--output", "out", "--har", cwd=tmp_path, env=env)
        case = next((tmp_path / "out" / "cases").iterdir())
        lines = (("replay", str(case)), ("init", "--target", server.url), ("check", "out/exchanges.har", "--output", "checked"),
                 ("compare", "out", "out", "--html", "changes.html"), ("compare", "--matrix", "out", "out"))
        for line in lines:
            done = ringtrue(*line, cwd=tmp_path, env=env)
            assert done.returncode in (0, 1, 3), done.stderr
            assert leaks(all_of(tmp_path, done), TOKEN) == []


# A clock that breaks while the headers of a request are at hand: what an error of ringtrue's own shows must not show them.
BROKEN_CLOCK = """
import sys
import time

_real, _calls = time.perf_counter, 0

def broken():
    global _calls
    _calls += sys._getframe(1).f_code.co_filename.endswith("target.py")
    if _calls == 200:
        _calls += 1
        raise RuntimeError("the clock is broken")
    return _real()

time.perf_counter = broken
"""


@pytest.fixture
def broken_clock(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python whose clock breaks after a while."""
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(BROKEN_CLOCK, "utf-8")
    return {**ENV, "PYTHONPATH": os.pathsep.join((str(tmp_path / "hooks"), str(ROOT)))}


@pytest.mark.parametrize("debug", [{}, {"RINGTRUE_DEBUG": "1"}], ids=["as usual", "with tracebacks"])
def test_crash_of_ringtrue_itself_shows_no_token(debug: dict[str, str], broken_clock: dict[str, str], tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        arguments = ("run", "--target", emulator.url, "--account-sid", ACCOUNT, "--output", "out", "-vv", "--har")
        done = ringtrue(*arguments, cwd=tmp_path, env={**broken_clock, **debug})
    assert done.returncode == 3, done.stdout
    assert "an error of its own (RuntimeError" in done.stdout + done.stderr
    assert ("Traceback" in done.stderr) is bool(debug)
    assert leaks(all_of(tmp_path, done), TOKEN) == []


@pytest.mark.parametrize("debug", [{}, {"RINGTRUE_DEBUG": "1"}], ids=["as usual", "with tracebacks"])
def test_crash_inside_of_pytest_shows_no_variables(debug: dict[str, str], broken_clock: dict[str, str], tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        command = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "--pyargs", "harness.suite", "--target-url", emulator.url, "--account-sid", ACCOUNT,
                   "--showlocals", "--full-trace", "-vv", "--ringtrue-output", "out", "-p", "no:cacheprovider"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment({**broken_clock, **debug}), capture_output=True, text=True, timeout=120, check=False,
        )
    text = done.stdout + done.stderr
    assert done.returncode == 3 and "an error of its own (RuntimeError" in " ".join(text.split()), text
    assert ("the clock is broken" in text) is bool(debug)
    assert leaks(all_of(tmp_path, done), TOKEN) == []


@pytest.mark.slow
def test_pytest_with_showlocals_shows_no_token(tmp_path: Path) -> None:
    with parrot(ACCOUNT, TOKEN) as server:
        command = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "--pyargs", "harness.suite", "--target-url", server.url, "--account-sid", ACCOUNT,
                   "--showlocals", "-vv", "--ringtrue-output", "out", "-p", "no:cacheprovider", "--junitxml", "own.xml"]
        done = subprocess.run(command, cwd=tmp_path, env=environment(ENV), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert leaks(all_of(tmp_path, done), TOKEN) == []


def test_no_process_has_a_token_in_its_arguments_or_was_given_one(tmp_path: Path) -> None:
    env = {**ENV, "SANDBOX_TOKEN": SECOND}
    with started("run", "--rate", "30", "--output", "out", cwd=tmp_path, env=env) as process:
        own = psutil.Process(process.pid)
        for _ in range(200):
            if len(list((tmp_path / "out").rglob("*"))) or own.children(recursive=True):
                break
            psutil.wait_procs([own], 0.1)
        children = own.children(recursive=True)
        seen = {f"{p.pid} arguments": "\0".join(p.cmdline()).encode() for p in (own, *children)}
        seen |= {f"{p.pid} environment": str(p.environ()).encode() for p in children}
    assert children, "the emulator is a process of its own"
    assert leaks(seen, TOKEN) == [] and leaks(seen, SECOND) == []


def test_token_of_an_emulator_is_in_no_list_of_processes() -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        process = psutil.Process(emulator.pid)
        seen = {"arguments": "\0".join(process.cmdline()).encode(), "environment": str(process.environ()).encode()}
    assert leaks(seen, TOKEN) == []


MISTAKES = {
    "as the account": (("run", "--target", "http://127.0.0.1:9", "--account-sid", TOKEN), {}),
    "as the account's variable": (("run", "--target", "http://127.0.0.1:9"), {"RINGTRUE_ACCOUNT_SID": TOKEN}),
    "as the name of its variable": (("run", "--target", "http://127.0.0.1:9", "--account-sid", ACCOUNT, "--auth-token-env", TOKEN), {}),
    "as the target's user": (("run", "--target", f"http://{ACCOUNT}:{TOKEN}@[127", "--account-sid", ACCOUNT), {}),
    "as the target's user without a scheme": (("run", "--target", f"{ACCOUNT}:{TOKEN}@127.0.0.1:9", "--account-sid", ACCOUNT), {}),
    "in the target's query": (("run", "--target", f"http://127.0.0.1:9/?token={TOKEN}", "--account-sid", ACCOUNT), {}),
    "in the config file": (("run",), {}), "as the config file's variable": (("run", "--config", "named.toml"), {}),
    "in the baseline": (("run", "--baseline", "base.toml"), {}), "as a number": (("run", "--from", TOKEN), {}),
    "as a fault": (("run", "--fault", TOKEN), {}), "as a rate": (("run", "--rate", TOKEN), {}), "as a command": ((TOKEN,), {}),
    "as an option": (("run", f"--{TOKEN}"), {}), "as an argument": (("run", TOKEN), {}), "as a clause": (("explain", TOKEN), {}),
    "as a seed": (("run", "--seed", TOKEN), {}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_token_in_the_wrong_place_is_not_repeated(mistake: str, tmp_path: Path) -> None:
    arguments, env = MISTAKES[mistake]
    (tmp_path / "named.toml").write_text(f'auth-token-env = "{TOKEN}"\n[target]\nurl = "http://127.0.0.1:9"\naccount-sid = "{ACCOUNT}"\n', "utf-8")
    (tmp_path / "base.toml").write_text(f'schema-version = 1\n"{TOKEN}" = 1\n', "utf-8")
    if mistake == "in the config file":
        (tmp_path / "ringtrue.toml").write_text(f'auth-token = "{TOKEN}"\n{TOKEN} = 1\nbad = {TOKEN}\n', "utf-8")
    done = at_once(*arguments, cwd=tmp_path, env={**ENV, **env})
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert leaks({"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}, TOKEN) == []
