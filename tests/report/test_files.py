"""A run's files are there whole, or as they were before."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from report_samples import finding, hostile_result, result

from harness.files import aside_of, put_in_place, write
from harness.oracle import Knowledge
from harness.report.files import write_all, write_each
from harness.saved import save_cases

BROKEN = result([finding("echo.to")])


def test_write_all_writes_its_files_with_findings(tmp_path: Path) -> None:
    paths = write_all(BROKEN, tmp_path / "a" / "b")
    assert [p.name for p in paths] == ["results.json", "summary.md", "junit.xml", "results.sarif", "test_findings.py"]
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == sorted(p.name for p in paths)


def test_write_all_removes_an_old_findings_file(tmp_path: Path) -> None:
    write_all(BROKEN, tmp_path)
    paths = write_all(result(), tmp_path)
    assert [p.name for p in paths] == ["results.json", "summary.md", "junit.xml", "results.sarif"]
    assert not (tmp_path / "test_findings.py").exists()


def test_findings_file_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "test_findings.py").write_text("# mine", "utf-8")
    write_all(result(), tmp_path)
    assert (tmp_path / "test_findings.py").read_text("utf-8") == "# mine"


def test_cases_of_an_earlier_run_alone_are_taken_away(tmp_path: Path) -> None:
    save_cases(BROKEN, tmp_path, Knowledge())
    saved = (tmp_path / "cases" / "echo.to.json").read_text("utf-8")
    others = {"package.json": "{}", "call.created.json": "[]", "echo.from.json": saved, "to.e164.json": "no JSON"}
    for name, text in others.items():
        (tmp_path / "cases" / name).write_text(text, "utf-8")
    (tmp_path / "echo.to.json").write_text(saved, "utf-8")
    (tmp_path / "cases" / "link.json").symlink_to("../echo.to.json")
    os.mkfifo(tmp_path / "cases" / "pipe.json")
    save_cases(result(), tmp_path, Knowledge())
    assert sorted(p.name for p in (tmp_path / "cases").iterdir()) == sorted({*others, "link.json", "pipe.json"})


def test_cases_of_an_earlier_run_are_not_looked_for_where_a_link_leads(tmp_path: Path) -> None:
    save_cases(BROKEN, tmp_path / "other", Knowledge())
    (tmp_path / "cases").symlink_to("other/cases")
    save_cases(result(), tmp_path, Knowledge())
    assert [p.name for p in (tmp_path / "other" / "cases").iterdir()] == ["echo.to.json"]


def test_results_hold_what_the_run_says(tmp_path: Path) -> None:
    write_all(BROKEN, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text("utf-8")) == json.loads(json.dumps(BROKEN.to_json()))


def test_files_of_a_hostile_run_are_utf_8_without_control_characters(tmp_path: Path) -> None:
    for path in write_all(hostile_result(), tmp_path):
        text = path.read_bytes().decode("utf-8")
        assert not {c for c in text if ord(c) < 32 and c != "\n"}
        assert "\u202e" not in text


def test_write_leaves_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def device(path: Path, minor: int) -> Path:
    """A node that takes everything (3) or nothing (7)."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
        path.open("rb").close()
    except OSError:
        pytest.skip("no device can be made here")
    return path


@pytest.mark.parametrize("is_linked", [False, True])
def test_device_is_written_to_and_stays(tmp_path: Path, is_linked: bool) -> None:
    (tmp_path / "dev").mkdir()
    node = device(tmp_path / "dev" / "node", 3)
    path = node
    if is_linked:
        path = tmp_path / "results.json"
        path.symlink_to(node)
    write(path, "new")
    page = aside_of(path)
    assert page.parent == path.parent
    page.write_text("page", "utf-8")
    put_in_place(page, path)
    assert stat.S_ISCHR(node.lstat().st_mode)
    assert [p.name for p in node.parent.iterdir()] == ["node"]
    assert path.is_symlink() is is_linked


def test_full_device_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "results.json").symlink_to(device(tmp_path / "node", 7))
    failed = write_each(BROKEN, tmp_path)
    assert list(failed) == ["results.json"] and "No space" in str(failed["results.json"])
    assert stat.S_ISCHR((tmp_path / "node").lstat().st_mode)


def test_pipe_is_an_error_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.json")
    failed = write_each(BROKEN, tmp_path)
    assert list(failed) == ["results.json"] and "no regular file" in str(failed["results.json"])
    assert stat.S_ISFIFO((tmp_path / "results.json").lstat().st_mode)
    assert not list(tmp_path.glob(".*"))


def test_write_all_leaves_errors_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError):
        write_all(BROKEN, tmp_path / "file")
