"""What is told of a run beside its reports: on the terminal, to a program, and to GitHub Actions where it runs there."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.config import RunConfig
from harness.errors import UsageError
from harness.files import write
from harness.report.escape import for_terminal
from harness.report.files import results_json
from harness.report.github import summary_within, workflow_commands
from harness.report.summary import summary
from harness.report.terminal import put, render
from harness.results import RunResult


@dataclass(frozen=True)
class Telling:
    """What is told of a run beside its reports.

    Args:
        json: file for the content of results.json; `-` for the standard output, where then nothing else is written.
        loudness: -1 for the verdict alone, below for nothing; 1 for everything that the report says, above for each request too.
        annotations: whether workflow commands of GitHub are printed; None where the environment decides.
    """

    json: Path | None = None
    annotations: bool | None = None
    loudness: int = 0

    @property
    def to_stdout(self) -> bool:
        """Whether the standard output belongs to a program."""
        return str(self.json) == "-"

    @property
    def to_github(self) -> bool:
        """Whether annotations are printed."""
        return self.annotations if self.annotations is not None else os.environ.get("GITHUB_ACTIONS") == "true"


def tell(result: RunResult, config: RunConfig, telling: Telling) -> bool:
    """Shows a run to a program, to the CI system that it runs in, and on the terminal; False where a file could not be written."""
    written = telling.json is None or telling.to_stdout or write_json(telling.json, results_json(result))
    append_summary(result)
    put(results_json(result) if telling.to_stdout else shown(result, config, telling.loudness), sys.stdout)
    annotate(result, telling)
    return written


def shown(result: RunResult, config: RunConfig, loudness: int) -> str:
    """What a run's end says on the terminal; empty where the user wants nothing."""
    if loudness < -1:
        return ""
    text = render(result, config.output, colour=_wants_colour(), whole=loudness > 0).rstrip("\n") + "\n"
    return text if loudness > -1 else text.partition("\n")[0] + "\n"


def annotate(result: RunResult, telling: Telling) -> None:
    """Annotations inside of GitHub Actions, whose log reads commands from both streams."""
    if telling.to_github:
        put("".join(f"{line}\n" for line in workflow_commands(result)), sys.stderr if telling.to_stdout else sys.stdout)


def check_json(path: Path | None) -> None:
    """Says before the run starts that its results can't be written there."""
    if path is None or str(path) == "-" or _is_special(path):
        return
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"--json {path} can't be written; name a file in a folder that is there, or - for the standard output")


def write_json(path: Path, text: str) -> bool:
    """Writes the file that `--json` names; False, with the reason on the standard error, where that fails."""
    try:
        if _is_special(path):
            path.write_text(text, "utf-8")
        else:
            write(path, text)
    except OSError as error:
        sys.stderr.write(f"ringtrue: --json {for_terminal(str(path))} could not be written ({error.strerror})\n")
        return False
    return True


def _is_special(path: Path) -> bool:
    """Whether it is a device or a pipe, such as /dev/fd/3: it is written to and never put something in the place of."""
    return path.exists() and not path.is_file() and not path.is_dir()


def append_summary(result: RunResult) -> None:
    """Adds the summary to the page of a GitHub job, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with open(path, "ab") as stream:
            stream.write(summary_within(summary(result), stream.tell()).encode("utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no usable path"
        sys.stderr.write(f"ringtrue: the summary could not be added to $GITHUB_STEP_SUMMARY ({why})\n")


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
