"""The end of a run fits a screen and is safe to print; progress is for terminals alone."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_samples import HOSTILE, finding, hostile_result, result

from harness.accepted import Acceptance
from harness.findings import Finding
from harness.report.terminal import Progress, columns, progress_line, put, render, shorten

OUT = Path("reports/latest")
MANY = result([replace(finding("echo.to", cause="a cause " * 30), id=f"echo.to-{i}") for i in range(60)], notes=("a note " * 40,) * 20)


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_render_of_a_good_run_is_short() -> None:
    text = render(result(), OUT)
    assert text.startswith("✓ CONFORMS to the contract\n")
    assert text.endswith("report: reports/latest/report.html\n")
    assert "skipped: 1 clause: the target takes no SIP address (to.sip)" in text
    assert len(text.splitlines()) < 12


def test_render_says_what_broke_and_how_to_repeat_it() -> None:
    text = render(result([finding("echo.to", '"+1"', '"+2"', path="$.to", occurrences=9, flaky=(3, 20))]), OUT)
    assert "MUST     echo.to — to is what was sent as To." in text
    assert '$.to: expected "+1" | got "+2"' in text
    assert "in 9 cases, now and then: 3 of 20 tries" in text
    assert "ringtrue replay reports/latest/cases/echo.to.json" in text


@pytest.mark.parametrize("run", [MANY, hostile_result(), result()], ids=["many", "hostile", "none"])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_render_fits_a_screen(run: object, width: int) -> None:
    lines = render(run, OUT, width).splitlines()  # type: ignore[arg-type]
    assert len(lines) <= 40
    assert max(columns(line) for line in lines if not line.startswith(("again: ", "tests: ", "report: "))) <= width


def test_render_counts_the_findings_that_do_not_fit() -> None:
    text = render(MANY, OUT)
    shown = len(re.findall(r"^MUST ", text, re.M))
    assert 5 <= shown <= 10
    assert f"and {60 - shown} more" in text


@pytest.mark.parametrize("colour", [False, True])
def test_render_of_a_hostile_run_sends_nothing_to_the_terminal(colour: bool) -> None:
    text = re.sub(r"\x1b\[[0-9;]+m", "", render(hostile_result(), OUT, colour=colour)) if colour else render(hostile_result(), OUT)
    assert HOSTILE not in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028]", text)
    assert not re.search(r"^\s*::|##\[", text, re.M)


def test_render_has_no_colour_unless_asked() -> None:
    run = result([finding("echo.to")])
    assert "\x1b" not in render(run, OUT)
    assert "\x1b[1;31m✗ VIOLATES" in render(run, OUT, colour=True)


def test_render_says_that_a_run_was_interrupted() -> None:
    assert "(interrupted)" in render(result(verdict="inconclusive", exit_code=130), OUT)


def test_shorten_counts_columns_not_characters() -> None:
    assert shorten("日本語", 4) == "日…"
    assert columns("日e\u0301") == 3


def test_put_prints_what_an_ascii_terminal_can() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    put("✗ VIOLATES", stream)
    stream.seek(0)
    assert stream.read() == "? VIOLATES"


def test_progress_line_says_how_far_and_what() -> None:
    assert progress_line(1240, 2450, 3) == "ringtrue: 1,240 of about 2,450 requests · 3 breaks so far"
    assert progress_line(7, 0, 0) == "ringtrue: 7 requests · 0 breaks so far"


def test_progress_writes_nothing_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.update(1, 2, 3)
    progress.close()
    assert stream.getvalue() == ""


def test_progress_rewrites_one_line_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = Terminal()
    progress = Progress(stream)
    for i in range(1000):
        now[0] += 0.001
        progress.update(i, 1000, 0)
    progress.close()
    written = stream.getvalue()
    assert 9 <= written.count("ringtrue:") <= 11
    assert "\n" not in written
    assert written.endswith("\r")


KNOWN = Acceptance("baseline", "old firmware")
MUST, SHOULD = finding("trim.values"), finding("secrets.stack-trace")


@pytest.mark.parametrize(("findings", "changes", "words"), [
    ([replace(MUST, accepted=KNOWN)], {}, "≈ NOTHING NEW: 1 accepted finding (1 MUST)"),
    ([replace(MUST, accepted=KNOWN), SHOULD], {}, "≈ NO NEW BREAK OF A MUST: 1 new finding (1 SHOULD), 1 accepted"),
    ([replace(MUST, accepted=KNOWN), SHOULD], {"settings": {"strict": "yes"}}, "✗ VIOLATES the contract: 1 new finding (1 SHOULD), 1 accepted"),
    ([], {"stale": ("gone",)}, "✗ OUT OF DATE: 1 accepted finding no longer found"),
    ([SHOULD], {"stale": ("gone",)}, "✗ OUT OF DATE: 1 accepted finding no longer found, 1 finding (1 SHOULD)"),
    ([replace(MUST, accepted=KNOWN)], {"stale": ("gone",)}, "✗ OUT OF DATE: 1 accepted finding no longer found, 1 accepted"),
    ([MUST, replace(SHOULD, accepted=KNOWN)], {"stale": ("gone",)}, "✗ VIOLATES the contract: 1 new finding (1 MUST), 1 accepted, 1 no longer found"),
    ([replace(SHOULD, accepted=KNOWN)], {}, "✓ CONFORMS to the contract, 1 accepted"),
])
def test_verdict_never_looks_otherwise_than_the_exit_code(findings: list[Finding], changes: dict[str, Any], words: str) -> None:
    assert render(result(findings, **changes), OUT).splitlines()[0] == words
