"""A run inside GitHub Actions: annotations on the log, a summary on the job's page. What is sent nowhere stays unwritten.

Source: GitHub, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import re

from harness.contract import Level
from harness.findings import Finding
from harness.report.escape import cut, visible, without_commands
from harness.report.words import cause_and_count, place, rule
from harness.results import RunResult

MAX_SUMMARY = 1_000_000  # bytes that one step may add to the page
_EACH = 10  # annotations of a kind that a step may make
_COMMAND = {Level.MUST: "error", Level.SHOULD: "warning", Level.OBSERVED: "notice"}


def workflow_commands(result: RunResult) -> list[str]:
    """A workflow command for each new finding, at most ten of a kind, and for what keeps a run from judging."""
    out = [f"::error title=ringtrue::{_data(text)}" for text in (*result.stale, *([result.headline] if result.verdict == "inconclusive" else []))]
    for level, command in _COMMAND.items():
        mine = [f for f in result.new if f.level is level]
        out += [f"::{command} title={_property(f'ringtrue: {f.clause}')}::{_data(_words(f))}" for f in mine[:_EACH]]
    return out


def summary_within(text: str, before: int = 0) -> str:
    """A Markdown summary that fits onto the job's page: whole lines, as many as there is room for.

    Args:
        text: of the summary.
        before: bytes that are on the step's page already.
    """
    room = MAX_SUMMARY - before
    if len(text.encode("utf-8")) <= room:
        return text
    rest = "\n\nThe rest is in summary.md.\n"
    kept = text.encode("utf-8")[: max(room - len(rest), 0)].decode("utf-8", "ignore").rpartition("\n")[0]
    return kept + rest if kept else ""


def _words(f: Finding) -> str:
    return f"{rule(f)} Expected {cut(f.expected, 300)}, got {cut(f.actual, 300)}{place(f)}. {cause_and_count(f)}."


def _data(text: str) -> str:
    """Text as the data of a workflow command: one line, in which nothing begins another command."""
    shown = re.sub("::", ":%3A", without_commands(visible(cut(text, 1000))).replace("%", "%25"))
    return shown.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
