"""`ringtrue check`: recorded files in, the reports of a run out."""

from __future__ import annotations

from pathlib import Path

from harness.config import RunConfig, checked
from harness.offline import Check, CheckConfig
from harness.runner import run_suite
from harness.telling import Telling
from harness.traffic import read_recording


def check_files(
    paths: list[Path], request: str | None, only: tuple[str, ...], skip: tuple[str, ...], strict: bool, output: Path, json_file: Path | None
) -> int:
    """Judges recorded files and writes every report.

    Args:
        paths, request: as for `harness.traffic.read_recording`.
        only, skip: globs of clauses.
        strict: whether a broken SHOULD ends with exit code 1.
        output: where the reports go.
        json_file: as for `harness.telling.Telling`.

    Returns:
        The exit code.

    Raises:
        UsageError: a file is none that can be judged, a glob matches nothing, the directory can't be written.
    """
    config = checked(RunConfig(only=only, skip=skip, strict=strict, output=output))
    recording = read_recording(paths, request)
    asked = CheckConfig(config.wants, strict, tuple(p.name for p in paths))
    return run_suite(config, lambda _config, _progress: Check(recording, asked), telling=Telling(json_file))
