"""A run on the terminal: its end in one screenful, and one line of progress while it goes.

For people at a prompt and readers of CI logs. Nothing is cut silently: what doesn't fit is counted and named by file.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from harness.contract import Level
from harness.findings import Finding
from harness.report.escape import for_terminal
from harness.report.files import FINDINGS
from harness.report.words import count, left_out, number, replay_line, rule, seen, standing, verdict_sign, verdict_words, work
from harness.results import RunResult

_LINES = 40
_FINDINGS = 10
_NOTES = 4
_ACCEPTED = 4
_ALL = 1000
_INTERVAL = 0.1

_VERDICT_COLOUR = {"conforms": "1;32", "violates": "1;31", "inconclusive": "1;33", "stale": "1;31", "accepted": "1;33"}
_LEVEL_COLOUR = {Level.MUST: "31", Level.SHOULD: "33", Level.OBSERVED: "36"}


def render(result: RunResult, directory: Path | None, width: int = 80, colour: bool = False, whole: bool = False) -> str:
    """The end of a run: verdict, findings, notes, what was not judged, where the report is.

    Args:
        result: of the run.
        directory: where its files are, or None where none were written.
        width: columns to fit into.
        colour: whether to colour verdict and levels.
        whole: whether everything is said, however many lines it takes.

    Returns:
        At most 40 lines, each at most `width` columns wide, with a newline at the end.
    """
    paint = _Paint(max(width, 40), colour, _ALL if whole else 1)
    head = [*_verdict(result, paint)]
    paths = _paths(result, directory) if directory is not None else ()
    foot = [*_accepted(result, paint), *_notes(result, paint), *_left_out(result, paint), *paths]
    body = _findings(result, paint, _LINES * paint.room - len(head) - len(foot))
    return "\n".join([*head, *body, *foot]) + "\n"


@dataclass(frozen=True)
class _Paint:
    """How a line is fitted and coloured."""

    width: int
    colour: bool
    room: int = 1

    def fit(self, text: str, indent: int = 0) -> str:
        """Text as one line within the width."""
        return " " * indent + fitted(text, self.width - indent)

    def wrap(self, text: str, indent: int, most: int) -> list[str]:
        """Text on at most so many lines, all but the first indented."""
        lines: list[str] = []
        for word in for_terminal(text).split(" "):
            long = columns(word) > self.width - indent
            if lines and (long or columns(lines[-1]) + 1 + columns(word) <= self.width - indent):
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        kept = [shorten(line, self.width - indent) for line in lines[:most]]
        if len(lines) > most:
            kept[-1] = shorten(f"{lines[most - 1]} …", self.width - indent)
        return [kept[0], *(" " * indent + line for line in kept[1:])]

    def tint(self, text: str, sgr: str) -> str:
        """Text in a colour, if colours are wanted."""
        return f"\x1b[{sgr}m{text}\x1b[0m" if self.colour else text


def columns(text: str) -> int:
    """How many columns a terminal needs for a text."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: str, width: int) -> str:
    """Text of at most `width` columns, with `…` at the end where something is left out."""
    if columns(text) <= width:
        return text
    out, used = [], 0
    for c in text:
        used += columns(c)
        if used > width - 1:
            break
        out.append(c)
    return "".join(out) + "…"


def fitted(text: str, width: int) -> str:
    """Any text as one harmless line of at most `width` columns."""
    return shorten(for_terminal(text), width)


def _verdict(result: RunResult, paint: _Paint) -> Iterator[str]:
    line = f"{verdict_sign(result)} {verdict_words(result)}"
    yield paint.tint(paint.fit(line), _VERDICT_COLOUR[standing(result)])
    yield paint.fit(work(result), 2)
    if result.headline and standing(result) != "violates":
        yield from ("  " + line for line in paint.wrap(result.headline, 2, 3))


def _findings(result: RunResult, paint: _Paint, room: int) -> list[str]:
    lines: list[str] = []
    shown = 0
    for f in result.new[:_FINDINGS * paint.room]:
        block = ["", *_finding(f, paint)] if len(result.new) < 4 else _finding(f, paint)
        if len(lines) + len(block) > room - 3:
            break
        lines += block
        shown += 1
    more = len(result.new) - shown
    if more:
        lines.append(paint.fit(f"and {number(more)} more, in the report and in results.json"))
    return ["", *lines, ""] if lines and lines[0] else [*lines, ""]


def _finding(f: Finding, paint: _Paint) -> list[str]:
    level = f"{f.level.value:<8} "
    first = shorten(for_terminal(f"{f.id} — {rule(f)}"), paint.width - len(level))
    lines = [paint.tint(level, _LEVEL_COLOUR[f.level]) + first, paint.fit(_versus(f, paint.width - len(level)), len(level))]
    if f.cause or f.flaky or f.occurrences > 1:
        cause = f"{f.cause}, " if f.cause else ""
        lines.append(paint.fit(f"{cause}{seen(f)}", len(level)))
    return lines


def _versus(f: Finding, width: int) -> str:
    """What was expected and what came on one line; where both don't fit, what was expected is cut first."""
    place = f"at {f.path}: " if f.path not in ("", "$") else ""
    expected = f"{shorten(for_terminal(place), width // 3)}expected {for_terminal(f.expected)}"
    actual = f" | got {for_terminal(f.actual)}"
    if columns(expected) + columns(actual) > width:
        expected = shorten(expected, max(width - columns(actual), width // 2))
    return expected + actual


def _accepted(result: RunResult, paint: _Paint) -> Iterator[str]:
    """What was accepted, a line each, and what of it no longer occurs."""
    for gone in result.stale[:_ACCEPTED * paint.room]:
        yield from paint.wrap(f"gone: {gone}", 6, 2)
    if len(result.stale) > _ACCEPTED * paint.room:
        yield paint.fit(f"gone: {number(len(result.stale) - _ACCEPTED)} more, in the report")
    for f in result.accepted[:_ACCEPTED * paint.room]:
        assert f.accepted is not None
        word = "declared" if f.accepted.kind == "declared" else "accepted"
        until = f" (until {f.accepted.until.isoformat()})" if f.accepted.until is not None else ""
        yield paint.fit(f"{word}: {f.id}{until}: {f.accepted.said}")
    if len(result.accepted) > _ACCEPTED * paint.room:
        yield paint.fit(f"accepted: {number(len(result.accepted) - _ACCEPTED)} more, in the report")


def _notes(result: RunResult, paint: _Paint) -> Iterator[str]:
    for note in result.notes[:_NOTES * paint.room]:
        yield from paint.wrap(f"note: {note}", 6, 2 * paint.room)
    if len(result.notes) > _NOTES * paint.room:
        yield paint.fit(f"note: {count(len(result.notes) - _NOTES, 'more note')} in the report")


def _left_out(result: RunResult, paint: _Paint) -> Iterator[str]:
    rows = list(left_out(result).items())
    for (verdict, why), clauses in rows[:3 * paint.room]:
        name = "skipped" if verdict == "SKIPPED" else "not exercised"
        example = ", ".join(c.clause.id for c in clauses[:3]) + (", …" if len(clauses) > 3 else "")
        yield from paint.wrap(f"{name}: {count(len(clauses), 'clause')}: {why} ({example})", 2, 2)
    if len(rows) > 3 * paint.room:
        yield paint.fit(f"not judged: {count(sum(len(c) for _, c in rows[3:]), 'more clause')} for other reasons, see the report")


def _paths(result: RunResult, directory: Path) -> Iterator[str]:
    if result.new:
        yield _long("again:", replay_line(result.new[0], directory))
        yield _long("tests:", str(directory / FINDINGS))
    yield _long("report:", str(directory / "report.html"))


def _long(name: str, path: str) -> str:
    """A path is never cut, however wide: it is there to be copied."""
    return f"{name:<7} {for_terminal(path)}"


def put(text: str, stream: TextIO) -> None:
    """Writes text to a stream, with `?` for what its encoding can't say."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


class Progress:
    """One line on a terminal that says how far a run is; nothing at all where the stream is no terminal.

    Args:
        stream: usually the standard error.

    Several threads may call it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._next = 0.0
        self._written = 0
        self._lock = threading.Lock()

    def update(self, requests: int, total: int = 0, breaks: int = 0) -> None:
        """Says how far the run is; writes at most ten times a second.

        Args:
            requests: sent until now.
            total: about how many there will be, 0 where that is not known.
            breaks: seen until now; many of them make one finding.
        """
        if not self._live or time.monotonic() < self._next:
            return
        with self._lock:
            if self._live and time.monotonic() >= self._next:
                self._next = time.monotonic() + _INTERVAL
                self._write(progress_line(requests, total, breaks))

    def close(self) -> None:
        """Takes the line away; further calls write nothing."""
        with self._lock:
            if self._live and self._written:
                put("\r" + " " * self._written + "\r", self._stream)
            self._live = False

    def _write(self, line: str) -> None:
        line = shorten(line, shutil.get_terminal_size().columns - 1)
        put("\r" + line + " " * (self._written - len(line)), self._stream)
        self._written = len(line)


def progress_line(requests: int, total: int, breaks: int) -> str:
    """`ringtrue: 1,240 of about 2,450 requests · 3 breaks so far`."""
    of = f" of about {number(max(total, requests))}" if total else ""
    return f"ringtrue: {number(requests)}{of} requests · {count(breaks, 'break')} so far"
