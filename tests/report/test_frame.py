"""What pytest-html can't be told: language, phones, landmarks, a policy, and no path of the machine."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from report_samples import finding, render, result
from support import environment

from harness.report.frame import framed


def policy(page: str) -> str:
    """The page's policy, empty where it has none."""
    tag = BeautifulSoup(page, "html.parser").find("meta", {"http-equiv": "Content-Security-Policy"})
    return str(tag["content"]) if tag else ""


def test_page_has_language_width_landmarks_and_one_heading(broken_page: Path) -> None:
    page = BeautifulSoup(broken_page.read_text("utf-8"), "html.parser")
    assert page.html["lang"] == "en"
    assert page.find("meta", {"name": "viewport"})["content"] == "width=device-width, initial-scale=1"
    assert [len(page.select(s)) for s in ("main", "nav", "footer", "h1")] == [1, 1, 1, 1]
    assert page.select_one("main #results-table") is not None
    assert page.select_one("main h1#title") is not None


def test_headings_leave_no_step_out(broken_page: Path) -> None:
    levels = [int(h.name[1]) for h in BeautifulSoup(broken_page.read_text("utf-8"), "html.parser").select("main h1, #rt :is(h2, h3, h4, h5)")]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_moments_can_be_read_by_programs(broken_page: Path) -> None:
    times = BeautifulSoup(broken_page.read_text("utf-8"), "html.parser").select("time")
    assert {t["datetime"] for t in times} == {"2027-08-18T20:01:40+00:00"}


def test_policy_names_the_three_scripts_of_the_page_and_nothing_else(broken_page: Path) -> None:
    page = broken_page.read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert policy(page).split("; ")[:2] == ["default-src 'none'", "script-src " + " ".join(f"'sha256-{h}'" for h in hashes)]
    assert "onclick" not in page


def test_paths_of_style_files_are_taken_out(tmp_path: Path) -> None:
    style = tmp_path / "users.css"
    style.write_text("b { color: red }", "utf-8")
    page = render(result([finding("echo.to")]), tmp_path, f"--css={style}").read_text("utf-8")
    assert "b { color: red }" in page
    assert str(tmp_path) not in page


def test_page_with_files_beside_it_has_styles_but_no_policy(tmp_path: Path) -> None:
    page = render(result([finding("echo.to")]), tmp_path, self_contained=False).read_text("utf-8")
    assert policy(page) == ""
    assert ".rt-finding {" in page
    assert 'href="assets/style.css"' in page.replace("%2F", "/")


@pytest.mark.parametrize("workers", ["0", "1"])
def test_pytest_users_get_the_frame_without_naming_a_style_file(tmp_path: Path, workers: str) -> None:
    page = tmp_path / "report.html"
    (tmp_path / "test_any.py").write_text("def test_any():\n    pass\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "harness.plugin", "-n", workers, "test_any.py", f"--html={page}", "--self-contained-html"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = page.read_text("utf-8")
    assert (text.count("<main"), text.count("@page {")) == (1, 1)
    assert policy(text)


@pytest.mark.parametrize("page", ["", "<p>anything</p>", "<html><head></head><body></body></html>"])
def test_page_of_another_shape_keeps_what_it_has(page: str) -> None:
    assert BeautifulSoup(framed(page, sealed=True), "html.parser").get_text("").strip().startswith(BeautifulSoup(page, "html.parser").get_text(""))


def test_replay_lines_begin_at_the_working_directory_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    near = render(result([finding("echo.to")]), tmp_path / "reports").read_text("utf-8")
    assert "ringtrue replay reports/cases/echo.to.json" in near
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "reports" / "suite" / "pytest.ini").unlink()
    far = render(result([finding("echo.to")]), tmp_path / "reports").read_text("utf-8")
    assert "ringtrue replay cases/echo.to.json" in far
    assert "from the folder that this report is in" in far
    assert str(tmp_path) not in far
