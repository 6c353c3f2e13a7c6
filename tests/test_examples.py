"""What found something is sent first the next time, and forgotten once it is mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import ringtrue

from harness.case import Case
from harness.config import RunConfig
from harness.emulator import Emulator, EmulatorSettings
from harness.engine import Run
from harness.examples import Examples
from harness.results import RunResult

TOKEN = "9f31c07be4a85d62f1b7093ce8d4a65b"
TARGET = "http://127.0.0.1:1"


def run_against(emulator: Emulator, examples: Path, **more: object) -> RunResult:
    """A short run that keeps examples; the emulator's port is not what they are kept under, since it changes."""
    config = RunConfig(url=emulator.url, account_sid=emulator.account_sid, auth_token=emulator.auth_token, **more)  # type: ignore[arg-type]
    run = Run(config)
    run._examples = Examples(examples, TARGET)
    return run.conduct()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a faulty server has left its examples."""
    examples = tmp_path_factory.mktemp("examples")
    with Emulator(EmulatorSettings(faults=("accepts-send-digits-33", "refuses-same-again"))) as emulator:
        result = run_against(emulator, examples, only=("send-digits.*", "call.repeatable"))
    assert [f.clause for f in result.findings] == ["call.repeatable", "send-digits.max-length"]
    return examples


def test_smallest_cases_are_kept_with_what_came_before(folder: Path) -> None:
    kept = list(Examples(folder, TARGET))
    assert sorted(len(e.cases) for e in kept) == [1, 2]
    assert not any(e.at_once for e in kept)
    assert list(Examples(folder, "http://127.0.0.1:2")) == []


def test_they_are_sent_first_and_find_the_same_at_once(folder: Path) -> None:
    with Emulator(EmulatorSettings(faults=("accepts-send-digits-33", "refuses-same-again"))) as emulator:
        result = run_against(emulator, folder, max_requests=60)
    assert "2 cases that had found something before were sent first." in result.notes
    assert {f.clause for f in result.findings} == {"call.repeatable", "send-digits.max-length"}
    assert len(list(Examples(folder, TARGET))) >= 2


def test_what_is_mended_is_forgotten(folder: Path) -> None:
    with Emulator() as emulator:
        result = run_against(emulator, folder, max_requests=60)
    assert result.findings == ()
    assert list(Examples(folder, TARGET)) == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"cases": 1}', b'{"cases": [], "at_once": false}', b'{"cases": [{"pairs": 3}], "at_once": true}',
                                 b"\xff\xfe", b"[" * 100_000, b'{"cases": [{"pairs": [["To"]]}], "at_once": 0}'])
def test_what_is_no_example_is_passed_over(raw: bytes, tmp_path: Path) -> None:
    examples = Examples(tmp_path, TARGET)
    examples._database.save(examples._key, raw)
    assert list(examples) == []


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_examples(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    examples = Examples(tmp_path / "file", TARGET)
    examples.forget(next(iter([*examples, _example()])))
    assert list(examples) == []


def test_what_an_example_says_of_itself_is_harmless_on_a_terminal(tmp_path: Path) -> None:
    pairs = [["To", "+14155550100"], ["From", "+15005550006"], ["Url", "https://example.com/"]]
    aim = "x\x1b]0;title\x07\x1b[31m\n::error file=a::said by an example\u202e" + "y" * 10_000
    with Emulator(EmulatorSettings(auth_token=TOKEN)) as emulator:
        examples = Examples(tmp_path, emulator.url)
        examples._database.save(examples._key, json.dumps({"at_once": False, "cases": [{"pairs": pairs, "aim": aim}]}).encode())
        done = ringtrue("run", "--target", emulator.url, "--account-sid", emulator.account_sid, "--examples", str(tmp_path), "--max-requests", "20", "-vv",
                        "--output", "out", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": TOKEN})
    assert "said by an example" in done.stderr
    assert not set(done.stderr) & set("\x1b\x07\u202e") and "\n::" not in done.stderr and "::error" not in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 300


def _example():  # type: ignore[no-untyped-def]
    from harness.examples import Example

    return Example((Case((("To", "client:a"),)),), False, b"x")


@pytest.mark.slow
def test_the_command_keeps_them_beside_the_reports_of_a_real_target(tmp_path: Path) -> None:
    settings = EmulatorSettings(faults=("duration-number",), auth_token=TOKEN)
    with Emulator(settings) as emulator:
        words = ("run", "--target", emulator.url, "--account-sid", emulator.account_sid, "--max-requests", "300", "--output")
        env = {"RINGTRUE_AUTH_TOKEN": TOKEN}
        first = ringtrue(*words, "out", cwd=tmp_path, env=env)
        again = ringtrue(*words, "out", cwd=tmp_path, env=env)
        without = ringtrue(*words, "bare", "--examples", "none", cwd=tmp_path, env=env)
    assert (first.returncode, again.returncode, without.returncode) == (1, 1, 1)
    assert "sent first" not in first.stdout
    assert "1 case that had found something before was sent first." in (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert not (tmp_path / "bare" / "examples").exists()
    assert TOKEN not in "".join(p.read_text("latin-1") for p in (tmp_path / "out").rglob("*") if p.is_file())


