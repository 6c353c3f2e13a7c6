"""The words, signs and orders that all reports share, so that no two of them name a thing differently. No rendering."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

from harness.contract import CLAUSE, GROUPS, Level
from harness.errors import INTERRUPTED
from harness.findings import Finding
from harness.results import RECORDED, VERDICT_OF_LEVEL, ClauseResult, RunResult

VERDICT_WORD = {"conforms": "CONFORMS", "violates": "VIOLATES", "inconclusive": "INCONCLUSIVE"}
VERDICT_SIGN = {"conforms": "✓", "violates": "✗", "inconclusive": "?", "stale": "✗", "accepted": "≈"}
CLAUSE_SIGN = {"FAIL": "✗", "NON-STRICT": "▲", "INFO": "ℹ", "KNOWN": "≈", "DECLARED": "§", "PASS": "✓", "SKIPPED": "–", "NOT-EXERCISED": "?"}
CLAUSE_MEANING = {
    "FAIL": "a MUST is broken", "NON-STRICT": "a SHOULD is broken", "INFO": "differs from what is usual",
    "KNOWN": "broken, and accepted for now", "DECLARED": "deviates as the vendor declares",
    "PASS": "kept by every answer", "SKIPPED": "left out", "NOT-EXERCISED": "no request reached it",
}


def verdict_class(verdict: str) -> str:
    """The style class of a verdict."""
    return f"rt-v-{verdict.lower()}"


def verdict_of(finding: Finding) -> str:
    """The verdict that a finding alone gives its clause: by its level, or by how it was accepted."""
    if finding.accepted is None:
        return VERDICT_OF_LEVEL[finding.level]
    return "DECLARED" if finding.accepted.kind == "declared" else "KNOWN"


def number(value: int) -> str:
    """`2,450`."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """`1 finding`, `3 findings`, `2 clauses`."""
    return f"{number(value)} {noun}" if value == 1 else f"{number(value)} {noun}s"


def seconds(value: float) -> str:
    """`3.1 s`, `2 min 5 s`."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def by_level(findings: Iterable[Finding]) -> str:
    """`2 MUST, 1 SHOULD`, or nothing where there are none."""
    tally = Counter(f.level for f in findings)
    return ", ".join(f"{tally[level]} {level.value}" for level in Level if tally[level])


def standing(result: RunResult) -> str:
    """What a run comes to, so that no report looks otherwise than its exit code.

    Returns:
        `inconclusive`; `violates` where a new finding counts; `stale` where an accepted one no longer occurs; `accepted` where all that
        counts is accepted; else `conforms`.
    """
    if result.verdict == "inconclusive":
        return result.verdict
    counted = (Level.MUST, Level.SHOULD) if result.settings.get("strict") == "yes" else (Level.MUST,)
    if any(f.level in counted for f in result.new):
        return "violates"
    if result.stale:
        return "stale"
    return "accepted" if result.verdict == "violates" else "conforms"


def verdict_sign(result: RunResult) -> str:
    """The sign before a verdict."""
    return VERDICT_SIGN[standing(result)]


def verdict_words(result: RunResult) -> str:
    """What the run found, in a few words: `VIOLATES the contract: 3 findings (2 MUST, 1 SHOULD)`."""
    now = standing(result)
    new = f"{count(len(result.new), 'new finding' if result.accepted else 'finding')} ({by_level(result.new)})" if result.new else ""
    known = f"{len(result.accepted)} accepted" if result.accepted else ""
    gone = f"{len(result.stale)} no longer found" if result.stale else ""
    if now == "inconclusive":
        text = f"{VERDICT_WORD[now]}: this run could not judge the target"
    elif now == "stale":
        text, gone = f"OUT OF DATE: {count(len(result.stale), 'accepted finding')} no longer found", ""
    elif now == "accepted" and not new:
        text, known = f"NOTHING NEW: {count(len(result.accepted), 'accepted finding')} ({by_level(result.accepted)})", ""
    elif now == "accepted":
        text = "NO NEW BREAK OF A MUST"
    else:
        text = f"{VERDICT_WORD[now]} {'to ' if now == 'conforms' else ''}the contract"
    text = ", ".join(filter(None, (text + (f": {new}" if new and now != "stale" else ""), new if now == "stale" else "", known, gone)))
    return text + (" (interrupted)" if result.exit_code == INTERRUPTED else "")


def work(result: RunResult) -> str:
    """What was done, in a few words: `3,592 requests in 5.2 s · 267 of 267 clauses exercised · quick, seed 0`."""
    sent = result.counts.get("requests", 0)
    clauses = f"{exercised(result)} of {len(result.clauses)} clauses exercised"
    if result.profile == RECORDED:
        return f"{count(sent, 'recorded exchange')} judged in {seconds(result.duration_s)} · {clauses}"
    return f"{count(sent, 'request')} in {seconds(result.duration_s)} · {clauses} · {result.profile}, seed {result.seed}"


def exercised(result: RunResult) -> int:
    """How many clauses some exchange exercised."""
    return sum(c.verdict not in ("SKIPPED", "NOT-EXERCISED") for c in result.clauses)


def left_out(result: RunResult) -> dict[tuple[str, str], list[ClauseResult]]:
    """Clauses without a judgement, by (verdict, why)."""
    out: dict[tuple[str, str], list[ClauseResult]] = {}
    for c in result.clauses:
        if c.verdict in ("SKIPPED", "NOT-EXERCISED"):
            out.setdefault((c.verdict, c.reason or "no request of this run reached it"), []).append(c)
    return dict(sorted(out.items(), key=lambda item: -len(item[1])))


def by_group(result: RunResult) -> dict[str, list[ClauseResult]]:
    """Clauses in the contract's groups, empty groups left out."""
    order = [*GROUPS, *{c.clause.group: 0 for c in result.clauses}]
    groups: dict[str, list[ClauseResult]] = {g: [] for g in order}
    for c in result.clauses:
        groups[c.clause.group].append(c)
    return {g: rows for g, rows in groups.items() if rows}


def rule(finding: Finding) -> str:
    """The broken rule in one sentence."""
    return CLAUSE[finding.clause].statement


def seen(finding: Finding) -> str:
    """How often it was seen, and how surely: `in 14 cases`, `now and then: 3 of 200 tries`."""
    words = f"in {count(finding.occurrences, 'case')}"
    if finding.flaky is not None:
        words += f", now and then: {number(finding.flaky[0])} of {number(finding.flaky[1])} tries"
    return words


def place(finding: Finding) -> str:
    """Where in the answer, in the middle of a sentence: ` at $.sid`; nothing where it is the answer as a whole."""
    return "" if finding.path in ("", "$") else f" at {finding.path}"


def versus(finding: Finding) -> str:
    """What was expected, what came and where: `expected 4xx | got 201 Created`."""
    return f"expected {finding.expected} | got {finding.actual}{place(finding)}"


def cause_and_count(finding: Finding) -> str:
    """What is to blame and how often it was seen: `Timeout=601, in 3 cases`."""
    return f"{finding.cause}, {seen(finding)}" if finding.cause else seen(finding)


def is_of_this_place(directory: PurePath) -> bool:
    """Whether a folder is below where the run was started, so that other readers of the same checkout find it."""
    return not directory.is_absolute() and ".." not in directory.parts


def replay_line(finding: Finding, directory: PurePath) -> str:
    """The command that sends a finding's case again, for a POSIX shell.

    Args:
        finding: of a run.
        directory: where that run's files are.
    """
    return f"ringtrue replay {shlex.quote(str(directory / 'cases' / f'{finding.id}.json'))}"
