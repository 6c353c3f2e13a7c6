"""Pages of hand-made runs, each made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import finding, hostile_result, render, result


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
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which everything that can be is hostile."""
    return render(hostile_result(), tmp_path_factory.mktemp("hostile"))
