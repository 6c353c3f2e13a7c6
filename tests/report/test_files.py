"""A run's files are there whole, or as they were before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_samples import finding, hostile_result, result

from harness.files import write
from harness.report.files import write_all

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


def test_write_all_leaves_errors_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError):
        write_all(BROKEN, tmp_path / "file")
