"""docs/robustness.md: tables from the code, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from support import ROOT

from adversary.fleet import MEMORY_MB, Ran
from adversary.rows import Row
from harness.exchange import MAX_BODY, MAX_DEPTH
from harness.weather import GONE_S, PATIENCE_S, TABLE, Fate

PAGE = ROOT / "docs" / "robustness.md"
BEHAVIOURS = "## Hostile servers"

_FATES = {
    Fate.BREAK: ("A break of the contract", "The run goes on; a finding is one cause, counted."),
    Fate.WEATHER: ("Weather", "It says nothing about the contract. It is waited out or read over, and noted where it cost something."),
    Fate.END: ("The end", "Nothing can be judged any more. The run ends with exit code 3, and everything learnt until then is in the reports."),
}
_BOUNDS = (
    ("a whole answer", "the time limit of a request (`--timeout`, 10 s), however slowly it comes; after hangs, 30 times the usual time, four times the longest, and 0.5 s at least, asked again with all of it before it counts"),
    ("a TLS handshake", "the same time limit"),
    ("interim answers", "32"),
    ("the head", "1,000 headers, 64 KB a line, 1 MB; more is a break, and named so. Of a head of more than 16 KB the beginning of each header is kept, 16 KB in all"),
    ("the body, unpacked", f"{MAX_BODY >> 20} MB; more is not read, and a finding says so. gzip and deflate are unpacked, once"),
    ("JSON", f"{MAX_DEPTH} levels; numbers of 4,300 digits"),
    ("evidence kept", "400 breaks of a clause by its outcome, 24 by its content; 48 MB of bodies, then 4 KB of each, and a note says so"),
    ("memory", f"{MEMORY_MB:g} MB"),
    ("429", f"{PATIENCE_S:g} s for one request"),
    ("no connection", f"{GONE_S:g} s"),
    ("`--max-time`, `--max-requests`", "kept to within one request, also by the preflight, by waiting, and by the search for causes. Once there is something to "
     "find causes for, an eighth of them, 100 requests or 10 s at most, is kept for that"),
)


def page(behaviours: str) -> str:
    """The whole page.

    Args:
        behaviours: all below the last heading.
    """
    return (
        "# Robustness\n\n"
        "A target may do anything: hang, drip, lie about lengths, send gigabytes, go away, say secrets back, write text that acts on its reader. A run still ends\n"
        "in time, within its memory, with the exit code that a careful person would give, and with one line for each cause. The servers below are\n"
        "tests (`tests/adversary`), each faultless but for one thing; `benchmarks/hostile.py` writes this page.\n\n"
        f"## Finding, weather or end\n\n{weather()}\n{bounds()}\n{BEHAVIOURS}{behaviours}"
    )


def weather() -> str:
    """The table of weather, in its three parts."""
    parts = []
    for fate, (title, text) in _FATES.items():
        rows = "".join(f"| {r.comes} | {r.then} |\n" for r in TABLE if r.fate is fate)
        parts.append(f"**{title}.** {text}\n\n| what comes | what the run does |\n|---|---|\n{rows}")
    rest = (
        "A request that may have created a call is never sent again by itself off this machine. What looks for causes sends requests of its own; they count like\n"
        "all others. Cookies are not sent back, redirects not followed.\n"
    )
    return "\n".join([*parts, rest])


def bounds() -> str:
    """The table of bounds."""
    rows = "".join(f"| {what} | {most} |\n" for what, most in _BOUNDS)
    return f"## Bounds\n\n| of | at most |\n|---|---|\n{rows}"


def measured_row(row: Row, ran: Sequence[Ran]) -> str:
    """A row of a server: what was found in the first run, the most seconds and memory of all."""
    first = ran[0]
    sort = {"finding": "finding", "weather": "nothing", "end": "end"}[row.verdict.sort]
    clauses = ", ".join(f"`{c}`" for c in dict.fromkeys(first.clauses)) or "none"
    return (
        f"| **{row.name}**: {row.does} | {sort}, exit {first.exit_code} | {clauses} "
        f"| {max(r.seconds for r in ran):.1f} | {max(r.peak_mb for r in ran):.0f} |\n"
    )
