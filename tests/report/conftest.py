"""Pages of hand-made runs, each made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import accepted_result, finding, hostile_result, render, result

from harness.compare import compare
from harness.files import write
from harness.recorded import load_results
from harness.report import changes, matrix
from harness.report.files import results_json


@pytest.fixture(scope="session")
def broken_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with two findings."""
    found = [
        finding("send-digits.max-length", "4xx", "201 Created", check="check_outcome", cause="SendDigits=" + "0" * 33),
        finding("response.duration.type", "text or null", "a number: 0", path="$.duration", body=b'{"sid": "CA", "duration": 0}'),
        finding("echo.status", "queued", "failed", path="$.status", body=b'{"status": "failed"}'),
    ]
    return render(result(found), tmp_path_factory.mktemp("broken"))


@pytest.fixture(scope="session")
def other_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of a comparison and of the matrix of two runs."""
    folder = tmp_path_factory.mktemp("others")
    runs = []
    for name, run in (("old", result([finding("echo.to")])), ("new", result([finding("timeout.maximum")], seed=7))):
        (folder / f"{name}.json").write_text(results_json(run), "utf-8")
        runs.append(load_results(folder / f"{name}.json"))
    texts = {"comparison": changes.as_html(compare(*runs)), "matrix": matrix.as_html(runs)}
    return {name: write(folder / f"{name}.html", text) for name, text in texts.items()}


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which everything that can be is hostile."""
    return render(hostile_result(), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def accepting_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with a new finding, a known defect, a declared deviation, and an accepted finding that is gone."""
    return render(accepted_result(), tmp_path_factory.mktemp("accepted"))
