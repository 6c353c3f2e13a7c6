"""`ringtrue run --dry-run`: tells of each target what a run would do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.config import RunConfig
from harness.errors import UsageError
from harness.rehearsal import rehearse
from harness.report.rehearsal import rehearsal_json, rehearsal_text
from harness.report.terminal import put
from harness.telling import Telling, check_json, write_json


def rehearse_all(configs: Sequence[RunConfig], write_baseline: Path | None, telling: Telling) -> int:
    """Tells what runs would do; nothing is sent, and nothing written but the file that `--json` names.

    Args:
        configs: of the runs.
        write_baseline: refused, since nothing is found.
        telling: where it is told.

    Returns:
        0, or 3 where the file could not be written.

    Raises:
        UsageError: an option goes with a real run, or with one target.
    """
    if write_baseline is not None:
        raise UsageError("--write-baseline goes without --dry-run, which finds nothing")
    if telling.json is not None and len(configs) > 1:
        raise UsageError("--json goes with one target; name one with --target")
    check_json(telling.json)
    written = True
    for i, config in enumerate(configs):
        rehearsed = rehearse(config)
        if telling.json is not None and not telling.to_stdout:
            written = write_json(telling.json, rehearsal_json(rehearsed))
        text = rehearsal_json(rehearsed) if telling.to_stdout else rehearsal_text(rehearsed)
        put(("\n" if i else "") + text, sys.stdout)
    return 0 if written else 3
