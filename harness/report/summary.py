"""summary.md: a run on one page of Markdown, for a pull request or a CI job's summary. Not the full report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.findings import Finding
from harness.report.escape import for_markdown
from harness.report.words import (
    CLAUSE_MEANING,
    CLAUSE_SIGN,
    by_group,
    count,
    exercised,
    left_out,
    number,
    rule,
    seconds,
    seen,
    verdict_sign,
    verdict_words,
)
from harness.results import VERDICT_OF_LEVEL, VERDICTS, RunResult

_MAX_FINDINGS = 200


def summary(result: RunResult) -> str:
    """The text of summary.md."""
    parts = (_head(result), _findings(result), _accepted(result), _clauses(result), _left_out(result), _notes(result))
    return "\n".join(line for part in map(list, parts) if part for line in (*part, ""))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _head(result: RunResult) -> Iterator[str]:
    c = result.counts
    yield f"# {verdict_sign(result)} ringtrue: {for_markdown(verdict_words(result))}"
    yield ""
    yield for_markdown(result.headline)
    yield ""
    rows = [
        ("target", for_markdown(f"{result.url}, account {result.account_sid}")),
        ("run", for_markdown(f"profile {result.profile}, seed {result.seed}, {result.started.isoformat(timespec='seconds')}")),
        ("sent", f"{count(c.get('requests', 0), 'request')} in {seconds(result.duration_s)}, {count(c.get('cases', 0), 'case')} judged"),
        ("must be taken", f"{number(c.get('accepted', 0))} of {number(c.get('accept_expected', 0))} were"),
        ("must be refused", f"{number(c.get('rejected', 0))} of {number(c.get('reject_expected', 0))} were"),
        ("clauses exercised", f"{exercised(result)} of {len(result.clauses)}"),
    ]
    yield from _table(("", ""), rows)


def _findings(result: RunResult) -> Iterator[str]:
    if not result.new:
        return
    yield f"## {count(len(result.new), 'new finding' if result.accepted else 'finding')}"
    yield ""
    yield from _table(("level", "clause", "rule", "expected", "actual", "seen"), map(_finding, result.new[:_MAX_FINDINGS]))
    if len(result.new) > _MAX_FINDINGS:
        yield ""
        yield f"and {count(len(result.new) - _MAX_FINDINGS, 'more finding')} in results.json."


def _accepted(result: RunResult) -> Iterator[str]:
    if result.stale:
        yield "## Accepted, but no longer found"
        yield ""
        yield from (f"- {for_markdown(gone, 500)}" for gone in result.stale[:_MAX_FINDINGS])
    if result.stale and result.accepted:
        yield ""
    if result.accepted:
        yield f"## {count(len(result.accepted), 'accepted finding')}"
        yield ""
        head = ("level", "clause", "rule", "actual", "as", "reason", "owner", "until")
        yield from _table(head, map(_acceptance, result.accepted[:_MAX_FINDINGS]))


def _acceptance(f: Finding) -> tuple[str, ...]:
    a = f.accepted
    assert a is not None
    until = a.until.isoformat() if a.until is not None else ""
    return (
        f.level.value, for_markdown(f.id), for_markdown(rule(f)), for_markdown(f.actual), a.kind, for_markdown(a.said),
        for_markdown(a.owner), until,
    )


def _finding(f: Finding) -> tuple[str, ...]:
    cause = f"{f.cause}; {seen(f)}" if f.cause else seen(f)
    return (
        f.level.value, for_markdown(f.id), for_markdown(rule(f)), for_markdown(f.expected), for_markdown(f.actual), for_markdown(cause),
    )


def _clauses(result: RunResult) -> Iterator[str]:
    tally = result.tally()
    used = [v for v in VERDICTS if tally.get(v)]
    yield "## Clauses"
    yield ""
    yield from _table(("", "verdict", "clauses", "means"), (
        (CLAUSE_SIGN[v], v, number(tally[v]), CLAUSE_MEANING[v]) for v in used
    ))
    yield ""
    rows = []
    for group, clauses in by_group(result).items():
        numbers = [sum(c.verdict == v for c in clauses) for v in used]
        rows.append((for_markdown(group), *(number(n) if n else "·" for n in numbers)))
    yield from _table(("group", *used), rows)
    told = {f.clause for f in result.new}
    others = [c for c in result.clauses if c.verdict in VERDICT_OF_LEVEL.values() and c.clause.id not in told]
    broken = sorted(others, key=lambda c: VERDICTS.index(c.verdict))
    if broken:
        yield ""
        yield "Broken by the same causes:"
        yield ""
        yield from _table(("verdict", "clause", "rule"), (
            (c.verdict, for_markdown(c.clause.id), for_markdown(c.clause.statement)) for c in broken
        ))


def _left_out(result: RunResult) -> Iterator[str]:
    rows = left_out(result)
    if not rows:
        return
    yield "## Not judged"
    yield ""
    for (verdict, why), clauses in rows.items():
        names = ", ".join(for_markdown(c.clause.id) for c in clauses[:40])
        more = f" and {len(clauses) - 40} more" if len(clauses) > 40 else ""
        yield f"- {verdict}, {count(len(clauses), 'clause')}: {for_markdown(why)} ({names}{more})"


def _notes(result: RunResult) -> Iterator[str]:
    if result.notes:
        yield "## Notes"
        yield ""
        yield from (f"- {for_markdown(n, 500)}" for n in result.notes)
