"""Whatever ends a run: its files are whole, nothing half written stays, the exit code is right, and nobody sees a traceback.

Real processes, real signals, real full disks. A broken contract is the only thing that may end with 1.
"""

from __future__ import annotations

import ast
import json
import os
import pty
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import adversary
import psutil
import pytest
from adversary import Hostile
from support import ACCOUNT, ROOT, TOKEN, command, environment, launched, results_of, ringtrue, started

from harness.emulator import Emulator, EmulatorSettings

ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
FILES = {"report.html", "junit.xml", "results.json", "results.sarif", "summary.md", "journal.jsonl"}
SHORT = ("--max-requests", "60", "--output", "out")
FAULT = "accepts-timeout-601"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A faithful emulator."""
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as running:
        yield running.url


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    """An emulator with a fault."""
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=(FAULT,))) as running:
        yield running.url


CHECKS: dict[str, Callable[[str], object]] = {
    ".jsonl": lambda text: [json.loads(line) for line in text.splitlines()], ".json": json.loads, ".sarif": json.loads, ".har": json.loads, ".xml": ET.fromstring, ".py": ast.parse,
    ".html": lambda text: text.rstrip().endswith("</html>") or pytest.fail("the page has no end"), ".md": lambda text: text.startswith("#") or pytest.fail(text[:80]),
}


def assert_whole(directory: Path) -> set[str]:
    """Every file is whole and nothing else is there; the names of the files at the top."""
    if not directory.is_dir():
        return set()
    for path in directory.rglob("*"):
        if path.is_file() and "examples" not in path.parts:
            assert path.suffix in CHECKS, f"{path} is left behind"
            CHECKS[path.suffix](path.read_text("utf-8"))
    return {p.name for p in directory.iterdir()}


def assert_polite(text: str) -> None:
    """No traceback, no word of pytest's or Python's own, no secret."""
    for word in ("Traceback", "INTERNALERROR", "Exception ignored", "an error of its own", TOKEN):
        assert word not in text, text


def until(condition: Callable[[], Any], seconds: float = 90.0, process: subprocess.Popen[Any] | None = None) -> Any:
    """Waits for something to be the case, and gives it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        assert process is None or process.poll() is None, "the process has ended"
        time.sleep(0.002)
    return found


def aside(directory: Path) -> list[Path]:
    """What is just being written."""
    with suppress(OSError):
        return [p for p in directory.iterdir() if p.name.startswith(".")]
    return []


def ended(process: subprocess.Popen[str], seconds: float = 90.0) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a process that is about to end."""
    out, err = process.communicate(timeout=seconds)
    assert_polite(out + err)
    return process.returncode, out, err


# --- signals -------------------------------------------------------------------------------------------------

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_while_the_target_hangs_ends_the_run_at_once(number: signal.Signals, tmp_path: Path) -> None:
    with Hostile((adversary.SILENT,)) as server:
        with started("run", "--target", server.url, "--timeout", "20", "--output", "out", cwd=tmp_path, env=ENV) as process:
            until(lambda: server.requests, process=process)
            begun = time.monotonic()
            process.send_signal(number)
            code, out, err = ended(process)
    assert code == 130, out + err
    assert time.monotonic() - begun < 10
    assert assert_whole(tmp_path / "out") >= FILES
    assert (results_of(tmp_path / "out")["verdict"], results_of(tmp_path / "out")["exit_code"]) == ("inconclusive", 130)
    assert ("Interrupted" if number == signal.SIGINT else number.name) in out


@pytest.mark.slow
def test_signal_while_several_requests_hang_does_not_wait_for_their_threads(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, variants=())) as target, Hostile((adversary.SILENT,)) as hanging:
        script = (
            "from harness.cli import run_safely; from harness.session import Session; from harness.target import Target, TargetConfig; "
            "from harness.case import Case; "
            f"s = Session(Target(TargetConfig({hanging.url!r}, {ACCOUNT!r}, None, 20.0))); "
            "run_safely(lambda: s.send_together([Case((('To', '+14155550100'),), 'call.created')] * 3))"
        )
        assert target.url
        with launched([sys.executable, "-c", script], tmp_path, ENV) as process:
            until(lambda: len(hanging.requests) == 3, process=process)
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            code, out, err = ended(process)
    assert (code, out) == (130, ""), err
    assert time.monotonic() - begun < 5


def test_signal_while_a_finding_is_cut_down_keeps_the_finding(tmp_path: Path, broken: str) -> None:
    arguments = ("run", "--target", broken, "--only", "timeout.maximum", "--rate", "250", "-vv", "--output", "out")
    with started(*arguments, cwd=tmp_path, env=ENV) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        next(line for line in lines if " GET " in line)  # calls are read back once all is sent
        next(line for line in lines if "timeout.maximum" in line)
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert code == 130, out + err
    assert assert_whole(tmp_path / "out") >= {*FILES, "test_findings.py", "cases"}
    assert [f["clause"] for f in results_of(tmp_path / "out")["findings"]] == ["timeout.maximum"]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_signal_while_the_reports_are_written_leaves_all_of_them(number: signal.Signals, tmp_path: Path, broken: str) -> None:
    with started("run", "--target", broken, "--only", "timeout.*", "--output", "out", cwd=tmp_path, env=ENV) as process:
        until(lambda: aside(tmp_path / "out"), process=process)
        process.send_signal(number)
        code, out, err = ended(process)
    assert code == 130, out + err
    assert assert_whole(tmp_path / "out") >= {*FILES, "test_findings.py", "cases"}
    assert results_of(tmp_path / "out")["verdict"] == "violates"  # the run itself had come to its end
    assert "timeout.maximum" in out and "interrupted" in err


def test_second_signal_ends_at_once_where_the_first_could_not(tmp_path: Path, url: str) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody reads it: who writes waits for ever
    with started("run", "--target", url, *SHORT, "--har", "--json", "pipe", cwd=tmp_path, env=ENV) as process:
        until(lambda: (tmp_path / "out" / "results.sarif").exists(), process=process)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)  # a moment later: the same wish
        time.sleep(1)
        assert process.poll() is None
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert code == 130, out + err
    assert time.monotonic() - begun < 2
    assert "twice" in err
    assert assert_whole(tmp_path / "out") >= {*FILES, "exchanges.har"}


@pytest.mark.slow
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGKILL])
def test_signals_at_any_moment_leave_whole_files_alone(second: signal.Signals, tmp_path: Path, broken: str) -> None:
    draw = random.Random(second)
    for _ in range(5):
        with started("run", "--target", broken, "--only", "timeout.*", "--har", "--output", "out", cwd=tmp_path, env=ENV) as process:
            time.sleep(draw.uniform(0.3, 2.0))
            if second == signal.SIGINT:
                process.send_signal(signal.SIGINT)
                time.sleep(draw.uniform(0.41, 0.8))
            process.send_signal(second)
            out, err = process.communicate(timeout=30)
        assert "Traceback" not in out + err
        if second == signal.SIGINT:
            assert process.returncode in (1, 130), out + err
            assert_whole(tmp_path / "out")
    done = ringtrue("run", "--target", broken, "--only", "timeout.*", "--har", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 1, done.stderr
    assert assert_whole(tmp_path / "out") >= {*FILES, "test_findings.py", "cases", "exchanges.har"}


def test_killed_run_leaves_nothing_half_written_once_the_next_one_began(tmp_path: Path, url: str) -> None:
    arguments = ("run", "--target", url, "--har", "--rate", "50", "--output", "out")
    with started(*arguments, cwd=tmp_path, env=ENV) as process:
        (left,) = until(lambda: aside(tmp_path / "out"), process=process)
        process.kill()
    assert left.exists()
    done = ringtrue("run", "--target", url, *SHORT, cwd=tmp_path, env=ENV)  # the lock went with the process
    assert done.returncode == 0, done.stderr
    assert assert_whole(tmp_path / "out") >= FILES
    assert not left.exists()


def test_timeout_of_coreutils_which_sends_two_signals_gets_the_reports(tmp_path: Path, url: str) -> None:
    argv = ["timeout", "--preserve-status", "100", *command("run", "--target", url, "--rate", "30", "--output", "out")]
    with launched(argv, tmp_path, ENV, start_new_session=True) as process:
        until(lambda: any(p.net_connections() for p in psutil.Process(process.pid).children()), process=process)
        process.send_signal(signal.SIGTERM)  # it passes it on to its child, and then to its group
        code, out, err = ended(process)
    assert code == 130, out + err
    assert assert_whole(tmp_path / "out") >= FILES
    assert results_of(tmp_path / "out")["exit_code"] == 130


@pytest.mark.slow
def test_nohup_run_goes_on_when_the_terminal_goes(tmp_path: Path, url: str) -> None:
    with launched(["nohup", *command("run", "--target", url, "--rate", "60", *SHORT)], tmp_path, ENV) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, "CONFORMS" in out) == (0, True), err


@pytest.mark.slow
def test_sigpipe_is_no_end(tmp_path: Path, url: str) -> None:
    with started("run", "--target", url, "--rate", "60", *SHORT, cwd=tmp_path, env=ENV) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        process.send_signal(signal.SIGPIPE)
        code, out, err = ended(process)
    assert (code, "CONFORMS" in out) == (0, True), err


@pytest.mark.parametrize("ending", ["Ctrl-C", "closed"])
def test_terminal_that_interrupts_or_goes_away_ends_the_run_in_order(ending: str, tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        with suppress(BaseException):
            os.chdir(tmp_path)
            argv = command("run", "--rate", "60", "--output", "out")
            os.execve(argv[0], argv, {**environment(), "TERM": "xterm"})
        os._exit(99)
    try:
        shown = b""
        while b"requests" not in shown:  # the line of progress
            assert select.select([terminal], [], [], 30)[0], shown
            shown += os.read(terminal, 4096)
        children = psutil.Process(pid).children(recursive=True)
        if ending == "Ctrl-C":
            os.write(terminal, b"\x03")
            with suppress(OSError):  # as the other end goes
                while more := os.read(terminal, 4096):
                    shown += more
    finally:
        os.close(terminal)
        _, status = until(lambda: done if (done := os.waitpid(pid, os.WNOHANG))[0] else None)
    assert os.waitstatus_to_exitcode(status) == 130, shown
    assert_polite(shown.decode("utf-8", "replace"))
    assert assert_whole(tmp_path / "out") >= FILES
    assert children and psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.parametrize("machine", [True, False], ids=["the machine", "the server alone"])
def test_answer_that_came_late_since_the_machine_stood_still_is_no_finding(machine: bool, tmp_path: Path) -> None:
    """A paused virtual machine, or a suspended laptop: neither the run nor the server runs for a while, and the clock goes on."""
    with started("run", "--timeout", "1", "--output", "out", cwd=tmp_path, env=ENV) as process:
        run = psutil.Process(process.pid)
        (server,) = until(lambda: [c for c in run.children(recursive=True) if c.net_connections()], process=process)
        until(lambda: (tmp_path / "out" / "journal.jsonl").exists(), process=process)
        time.sleep(0.5)
        server.suspend()
        if machine:
            time.sleep(0.1)  # a request is under way
            run.suspend()
        time.sleep(3)
        if machine:
            run.resume()
            time.sleep(0.3)
        server.resume()
        code, out, err = ended(process)
    results = results_of(tmp_path / "out")
    stalled = [n for n in results["notes"] if "This machine stood still" in n]
    assert (code, bool(results["findings"]), bool(stalled)) == ((0, False, True) if machine else (1, True, False)), out + err


@pytest.mark.parametrize(("imported", "arguments"), [
    ("click.core", ("explain", "call.created")), ("harness.contract.model", ("contract",)),
    pytest.param("harness.drift.model", ("contract", "--diff", "x"), marks=pytest.mark.slow),
    pytest.param("harness.plugin", ("check", "x.har"), marks=pytest.mark.slow), pytest.param("harness.compare", ("compare", "a", "b"), marks=pytest.mark.slow),
])
def test_ctrl_c_while_a_command_starts_is_no_traceback(imported: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    argv = [sys.executable, "-X", "importtime", *command(*arguments)[1:]]
    with launched(argv, tmp_path, ENV, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        assert process.stderr is not None
        next(line for line in iter(process.stderr.readline, "") if line.split("|")[-1].strip() == imported)
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert code == 130, out + err


@pytest.mark.parametrize("number", SIGNALS)
def test_served_emulator_ends_quietly(number: signal.Signals, tmp_path: Path) -> None:
    with started("serve", cwd=tmp_path, env=ENV) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        code, _, err = ended(process)
    assert (code, err) == (0, "")


@pytest.mark.slow
def test_interrupted_pytest_session_is_no_success(tmp_path: Path, url: str) -> None:
    argv = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "--pyargs", "harness.suite", "--target-url", url, "--account-sid", ACCOUNT,
            "--ringtrue-rate", "40", "--ringtrue-output", "out", "-q"]
    with launched(argv, tmp_path, ENV) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode not in (0, 1), out + err
    assert results_of(tmp_path / "out")["exit_code"] == 130
    assert_whole(tmp_path / "out")


# --- disks and directories -----------------------------------------------------------------------------------


@contextmanager
def mounted(directory: Path, *options: str) -> Iterator[None]:
    """A file system at a directory for the block; skips where this user may mount none."""
    directory.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(directory)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.mark.parametrize(("size", "options", "code"), [("400k", (), 3), pytest.param("200k", ("--har",), 3, marks=pytest.mark.slow), ("8k", (), 2)])
def test_full_disk_leaves_whole_files_and_says_which_are_missing(size: str, options: tuple[str, ...], code: int, tmp_path: Path, url: str) -> None:
    with mounted(tmp_path / "out", "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        done = ringtrue("run", "--target", url, *options, *SHORT, cwd=tmp_path, env=ENV)
        left = assert_whole(tmp_path / "out")
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == code, done.stdout + done.stderr
    assert "No space left on device" in done.stderr
    if code == 3:
        assert "report.html" in FILES - left
        assert all(name in done.stderr for name in FILES - left), done.stderr
    if size == "400k":
        assert FILES - left == {"report.html"}
        assert "CONFORMS" in done.stdout


def test_limit_on_the_size_of_files_is_no_half_file(tmp_path: Path, url: str) -> None:
    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("<html>of an earlier run</html>\n", "utf-8")
    done = ringtrue("run", "--target", url, "--har", *SHORT, cwd=tmp_path, env=ENV, preexec_fn=few_bytes)
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == 3
    assert "report.html could not be written" in done.stderr and "File too large" in done.stderr
    assert assert_whole(tmp_path / "out") >= FILES
    assert "earlier" in (tmp_path / "out" / "report.html").read_text("utf-8")


def _removed(out: Path) -> None:
    for path in out.iterdir():
        path.unlink()
    out.rmdir()


def _replaced(out: Path) -> None:
    out.rename(out.with_name("moved"))
    out.write_text("a file", "utf-8")


def _moved(out: Path) -> None:
    out.rename(out.with_name("moved"))


@pytest.mark.parametrize(("change", "code"), [(_removed, 0), (_replaced, 3), pytest.param(_moved, 0, marks=pytest.mark.slow)])
def test_output_that_goes_away_in_mid_run_is_made_again_or_said(change: Callable[[Path], None], code: int, tmp_path: Path, url: str) -> None:
    with started("run", "--target", url, "--har", "--rate", "60", *SHORT, cwd=tmp_path, env=ENV) as process:
        until(lambda: aside(tmp_path / "out"), process=process)
        change(tmp_path / "out")
        ending, out, err = ended(process)
    assert ending == code, out + err
    if code == 0:
        assert assert_whole(tmp_path / "out") >= FILES - {"journal.jsonl"}  # which went with the directory
    else:
        assert "could not be written" in err
        assert (tmp_path / "out").read_text("utf-8") == "a file"


@pytest.mark.parametrize("how", ["immutable", "read-only"])
def test_output_that_becomes_read_only_in_mid_run_is_said(how: str, tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    with mounted(out, "-t", "tmpfs", "tmpfs"), started("run", "--target", url, "--rate", "60", *SHORT, cwd=tmp_path, env=ENV) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        if how == "read-only":
            subprocess.run(["mount", "--bind", str(out), str(out)], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", str(out)], check=True)
        elif subprocess.run(["chattr", "+i", str(out)], capture_output=True, check=False).returncode:
            pytest.skip("files can't be made immutable here")
        code, said, err = ended(process)
        subprocess.run(["chattr", "-i", str(out)] if how == "immutable" else ["umount", "--lazy", str(out)], check=True)
        assert assert_whole(out) <= {"journal.jsonl"}
    assert code == 3, said + err
    assert "CONFORMS" in said and "could not be written" in err


def test_second_run_into_a_directory_is_refused_while_the_first_one_lasts(tmp_path: Path, url: str) -> None:
    with started("run", "--target", url, "--rate", "60", "--output", "out", cwd=tmp_path, env=ENV) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        second = ringtrue("run", "--target", url, *SHORT, cwd=tmp_path, env=ENV)
        elsewhere = ringtrue("run", "--target", url, "--max-requests", "30", "--output", "other", cwd=tmp_path, env=ENV)
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert second.returncode == 2, second.stderr
    assert "another run is writing into out" in second.stderr and "--output" in second.stderr and second.stderr.count("\n") == 1
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert code == 130, out + err
    assert ringtrue("run", "--target", url, *SHORT, cwd=tmp_path, env=ENV).returncode == 0


NAMES = {
    "dollar": b"a$HOME", "home": b"~x", "newline": b"a\nb c", "no UTF-8": b"a\xff", "option": b"-x", "long": b"x" * 255, "quotes": b"'\"`$(id)",
}


@pytest.mark.parametrize("name", [pytest.param(v, id=k, marks=[] if k in ("dollar", "no UTF-8") else pytest.mark.slow) for k, v in NAMES.items()])
def test_output_may_have_any_name(name: bytes, tmp_path: Path, url: str) -> None:
    text = os.fsdecode(name)
    done = ringtrue("run", "--target", url, "--max-requests", "60", "--output", text, cwd=tmp_path, env={**ENV, "HOME": str(tmp_path)})
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr
    assert assert_whole(tmp_path / text) == FILES
    assert [os.fsencode(p.name) for p in tmp_path.iterdir()] == [name]


def test_name_too_long_is_wrong_usage(tmp_path: Path) -> None:
    done = ringtrue("run", "--output", "x" * 256, cwd=tmp_path)
    assert (done.returncode, "File name too long" in done.stderr) == (2, True)


def test_links_stay_links_and_long_names_can_be_written(tmp_path: Path, url: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    (tmp_path / "link.json").symlink_to("real/data.json")
    done = ringtrue("run", "--target", url, *SHORT, "--json", "link.json", cwd=tmp_path, env=ENV)
    assert done.returncode == 0, done.stderr
    assert assert_whole(tmp_path / "real") == {*FILES, "data.json"}
    assert (tmp_path / "out").is_symlink() and (tmp_path / "link.json").is_symlink()
    name = "x" * 250 + ".json"
    assert ringtrue("compare", "out", "real", "--markdown", name, cwd=tmp_path).returncode == 0
    assert (tmp_path / name).is_file()


def test_deleted_current_directory_is_wrong_usage(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for arguments in (("run", "--output", str(tmp_path / "out")), ("check", str(tmp_path / "x.har")), ("run",)):
        gone.mkdir()
        with launched(["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *command(*arguments)], gone, ENV) as process:
            code, _, err = ended(process)
        assert code == 2, err
        assert "director" in err or "x.har" in err


@pytest.mark.slow
def test_read_only_current_directory_is_no_matter_with_an_output_elsewhere(tmp_path: Path, url: str) -> None:
    (tmp_path / "cwd").mkdir()
    with mounted(tmp_path / "cwd", "-t", "tmpfs", "-o", "ro", "tmpfs"):
        refused = ringtrue("run", "--target", url, *SHORT, cwd=tmp_path / "cwd", env=ENV)
        done = ringtrue("run", "--target", url, "--max-requests", "60", "--output", "../out", cwd=tmp_path / "cwd", env=ENV)
    assert (refused.returncode, "--output out can't be written" in refused.stderr) == (2, True)
    assert (done.returncode, assert_whole(tmp_path / "out")) == (0, FILES)


# --- streams and surroundings --------------------------------------------------------------------------------

SHELL = {
    "out closed": ">&-", "err closed": "2>&-", "both closed": ">&- 2>&-", "all closed": "<&- >&- 2>&-", "head": "| head -1", "nobody": "| true",
    "full": ">/dev/full", "err full": "2>/dev/full", "both full": ">/dev/full 2>&1",
}


def in_shell(redirected: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with redirections; its own exit code is the last line."""
    script = f'{{ "$@"; echo "code $?" >&9; }} {redirected}' if "|" in redirected else f'"$@" {redirected}; echo "code $?" >&9'
    return subprocess.run(
        ["sh", "-c", f"{{ {script}; }} 9>&1", "sh", *command(*arguments)], cwd=cwd, env=environment(ENV), capture_output=True, text=True, timeout=120,
        check=False,
    )


@pytest.mark.parametrize("redirected", SHELL.values(), ids=list(SHELL))
def test_streams_that_can_not_be_written_never_mean_a_broken_contract(redirected: str, tmp_path: Path, url: str) -> None:
    done = in_shell(redirected, "run", "--target", url, *SHORT, cwd=tmp_path)
    assert_polite(done.stdout + done.stderr)
    assert f"code {3 if redirected.startswith('>/dev/full') else 0}" in done.stdout.splitlines(), done.stdout + done.stderr
    assert assert_whole(tmp_path / "out") == FILES
    if redirected == ">/dev/full":
        assert done.stderr == "ringtrue: the standard output could not be written (No space left on device)\n"


@pytest.mark.slow
@pytest.mark.parametrize("redirected", SHELL.values(), ids=list(SHELL))
def test_every_line_of_a_loud_run_may_be_lost(redirected: str, tmp_path: Path, broken: str) -> None:
    options = ("--only", "timeout.maximum", "--max-requests", "100", "-vv", "--annotations", "--output", "out")
    done = in_shell(redirected.replace("|", "2>&1 |"), "run", "--target", broken, *options, cwd=tmp_path)
    assert_polite(done.stdout + done.stderr)
    assert f"code {3 if redirected.startswith('>/dev/full') else 1}" in done.stdout.splitlines(), done.stdout + done.stderr
    assert assert_whole(tmp_path / "out") >= {*FILES, "cases"}


COMMANDS = [("--help",), ("contract", "--openapi"), *(pytest.param(c, marks=pytest.mark.slow) for c in (
    ("--version",), ("run", "--help"), ("explain", "call.created"), ("serve", "--list-faults"), ("contract",), ("completion", "bash"),
    ("explain", "no.such"), ("run", "--no-such"), ("replay", "nowhere"),
))]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_minds_its_streams(arguments: tuple[str, ...], tmp_path: Path) -> None:
    usual = ringtrue(*arguments, cwd=tmp_path).returncode
    assert usual in (0, 2)
    for redirected in SHELL.values():
        done = in_shell(redirected, *arguments, cwd=tmp_path)
        code = 3 if usual == 0 and redirected.startswith(">/dev/full") else usual
        assert f"code {code}" in done.stdout.splitlines(), (redirected, done.stdout[-300:], done.stderr)
        assert_polite(done.stderr)


@pytest.mark.slow
def test_emulator_that_is_served_goes_on_when_nobody_reads(tmp_path: Path) -> None:
    with launched(command("serve"), tmp_path, ENV) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[3].rstrip(",")
        process.stdout.close()
        process.stdout = None
        done = ringtrue("run", "--target", address, "--max-requests", "30", "--output", "out", "--account-sid", "AC5f1c0de5f1c0de5f1c0de5f1c0de5f1c", cwd=tmp_path, env=ENV)
        assert done.returncode == 0, done.stderr
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("arguments", [("contract", "--openapi"), *(pytest.param(c, marks=pytest.mark.slow) for c in (("run", "--help"), ("contract",), ("explain", "call.created")))], ids=" ".join)
def test_ascii_terminal_gets_what_it_can_show(arguments: tuple[str, ...], tmp_path: Path) -> None:
    for env in ({"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = ringtrue(*arguments, cwd=tmp_path, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        if "--openapi" in arguments:
            json.loads(done.stdout)


@pytest.mark.parametrize("env", [
    pytest.param({"HOME": "/nowhere", "TMPDIR": "/nowhere"}, id="nowhere"), pytest.param({"HOME": "/proc/self", "TMPDIR": "/proc/self"}, id="not writable", marks=pytest.mark.slow),
])
def test_run_needs_no_home_and_no_folder_for_temporary_files(env: dict[str, str], tmp_path: Path, url: str) -> None:
    done = ringtrue("run", "--target", url, *SHORT, cwd=tmp_path, env={**ENV, **env})
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr
    assert assert_whole(tmp_path / "out") == FILES


@pytest.mark.slow
def test_full_folder_for_temporary_files_is_no_matter(tmp_path: Path, broken: str) -> None:
    with mounted(tmp_path / "full", "-t", "tmpfs", "-o", "size=4k", "tmpfs"):
        (tmp_path / "full" / "x").write_bytes(b"x" * 4096)
        env = {**ENV, "TMPDIR": str(tmp_path / "full")}
        done = ringtrue("run", "--target", broken, "--only", "timeout.*", "--output", "out", cwd=tmp_path, env=env)
        assert [p.name for p in (tmp_path / "full").iterdir()] == ["x"]
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == 1, done.stderr
    assert assert_whole(tmp_path / "out") >= {*FILES, "cases"}
    kept = [p.read_bytes() for p in (tmp_path / "out" / "examples").rglob("*") if p.is_file()]
    assert sum(b'"cases"' in data for data in kept) == 1, kept


LIMITS = [
    *((resource.RLIMIT_NOFILE, n) for n in (8, 14, 32)), *((resource.RLIMIT_AS, n << 20) for n in (60, 90, 110, 400)),
]
TOO_LITTLE = (60 << 20, 90 << 20)  # for Python itself, which may say and do anything then


@pytest.mark.parametrize("embedded", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("limit", "value"), [pytest.param(*row, marks=[] if row[1] in (14, 32, 110 << 20) else pytest.mark.slow) for row in LIMITS])
def test_lack_of_files_or_memory_is_never_a_broken_contract(limit: int, value: int, embedded: bool, tmp_path: Path, url: str) -> None:
    target = () if embedded else ("--target", url)
    done = ringtrue("run", *target, *SHORT, "--har", cwd=tmp_path, env=ENV, preexec_fn=lambda: resource.setrlimit(limit, (value, value)))
    assert done.returncode not in (1, 2), done.stdout + done.stderr
    if value in TOO_LITTLE:
        return
    assert done.returncode in (0, 3), done.stdout + done.stderr
    if value > 10:  # with fewer, Python itself may not come up
        assert "Traceback" not in done.stdout + done.stderr
    if done.returncode == 0 or value in (32, 400 << 20):
        assert done.returncode == 0, done.stdout + done.stderr
        assert assert_whole(tmp_path / "out") >= FILES
    else:
        assert_whole(tmp_path / "out")
        said = ("open files", "memory", "MemoryError", "thread")  # what Python says of it itself
        assert any(word in done.stdout + done.stderr for word in said), done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may always have another process")
def test_system_that_gives_no_process_is_said(tmp_path: Path) -> None:
    done = ringtrue("run", *SHORT, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)))
    assert_polite(done.stdout + done.stderr)
    assert done.returncode == 3


# --- clocks --------------------------------------------------------------------------------------------------

# Only a moment is told by the wall clock: of an exchange, of a date that a server is asked to wait for, of a call of the emulator.
WALL = {
    "harness/target.py", "harness/patience.py", "harness/calls.py", "harness/emulator/app.py", "harness/engine.py", "harness/offline.py",
}


def test_durations_and_budgets_never_use_the_wall_clock() -> None:
    found = set()
    for path in [*(ROOT / "harness").rglob("*.py"), *(ROOT / "strategies").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in {
                ("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"),
            }:
                found.add(path.relative_to(ROOT).as_posix())
    assert found == WALL


# A wall clock that is off by what stands in a file, for whatever is loaded beside it.
CLOCK = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    char text[32] = {0};
    int code = syscall(SYS_clock_gettime, id, now);
    if (id != CLOCK_REALTIME) return code;
    int file = open(getenv("CLOCK_OFF_BY"), O_RDONLY | O_CLOEXEC);
    if (file >= 0) { (void)!read(file, text, sizeof text - 1); close(file); }
    now->tv_sec += atol(text);
    return code;
}
"""


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes the wall clock wrong."""
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK, "utf-8")
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler makes a clock that jumps")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", "clock.so", "clock.c"], cwd=folder, check=True)
    return folder / "clock.so"


@pytest.mark.parametrize("days", [5000, pytest.param(-9000, marks=pytest.mark.slow)])
def test_clock_that_jumps_during_a_run_is_no_finding_and_no_end(days: int, clock: Path, tmp_path: Path) -> None:
    off = tmp_path / "off"
    off.write_text("0", "utf-8")
    env = {"LD_PRELOAD": str(clock), "CLOCK_OFF_BY": str(off)}
    with started("run", "--rate", "60", "--max-requests", "90", "--max-time", "100", "--output", "out", cwd=tmp_path, env=env) as process:
        until(lambda: psutil.Process(process.pid).net_connections(), process=process)
        for there in (days, 0):  # forth and back
            time.sleep(0.4)
            off.write_text(str(there * 86400), "utf-8")
        code, out, err = ended(process)
    assert code == 0, out + err
    data = results_of(tmp_path / "out")
    assert (data["findings"], data["verdict"], data["counts"]["requests"]) == ([], "conforms", 90)
    assert 0 < data["duration_s"] < 60


# --- errors of its own ---------------------------------------------------------------------------------------

# What is put in the way of a run, as an error of ringtrue's own would come: a module that Python loads at its start.
SABOTAGE = """
import harness.{module} as module
old = module.{name}
def broken(*arguments, **options):
    broken.calls += 1
    if broken.calls > {after}:
        raise KeyError("secret {token}")
    return old(*arguments, **options)
broken.calls = 0
module.{name} = broken
from harness.__main__ import main
main()
"""


@pytest.mark.parametrize(("module", "name", "after", "missing"), [
    ("session", "judge", 40, set()),
    pytest.param("engine", "preflight", 0, set(), marks=pytest.mark.slow), pytest.param("engine", "attribute", 0, set(), marks=pytest.mark.slow),
    ("report.html", "page", 0, {"report.html"}), ("report.files", "junit", 0, {"junit.xml"}),
    pytest.param("report.files", "results_json", 0, {"results.json"}, marks=pytest.mark.slow), pytest.param("runner", "save_cases", 0, {"cases"}, marks=pytest.mark.slow),
    pytest.param("report.html", "framed", 0, {"report.html"}, marks=pytest.mark.slow), pytest.param("telling", "render", 0, set(), marks=pytest.mark.slow),
])
@pytest.mark.parametrize("debug", [False, True])
def test_error_of_its_own_ends_with_3_one_sentence_and_what_was_learnt(
    module: str, name: str, after: int, missing: set[str], debug: bool, tmp_path: Path, broken: str,
) -> None:
    script = SABOTAGE.format(module=module, name=name, after=after, token="hush")
    argv = [sys.executable, "-c", script, "run", "--target", broken, "--only", "timeout.*", "--max-requests", "150", "--output", "out"]
    with launched(argv, tmp_path, {**ENV, **({"RINGTRUE_DEBUG": "1"} if debug else {})}) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    assert ("Traceback" in err, "INTERNALERROR" in out + err) == (debug, False)
    said = out + err
    assert "KeyError" in said and "RINGTRUE_DEBUG=1" in said and "report it" in " ".join(said.split())
    if not debug:
        assert "hush" not in said
    left = assert_whole(tmp_path / "out")
    assert FILES - left == missing - {"cases"}
    if "results.json" in left and module in ("session", "engine"):
        assert (results_of(tmp_path / "out")["verdict"], results_of(tmp_path / "out")["exit_code"]) == ("inconclusive", 3)
