"""What changed between two recorded runs: pure, from results to changes. Rendering is `harness.report.changes`.

Findings are matched by what makes them the same defect (`harness.identity`), so that another seed is no change. A break
counts as mended only where the later run judged its clause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from harness.identity import Identity
from harness.recorded import Recorded, RecordedFinding

_LEVELS = ("MUST", "SHOULD", "OBSERVED")


class Kind(str, Enum):
    """What became of a clause or of a break."""

    BROKE = "broke"
    IDLE = "no longer exercised"
    FIXED = "fixed"
    AWAKE = "exercised anew"
    STILL = "still broken"
    ACCEPTED = "accepted"
    UNKNOWN = "not in both versions"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, or that did not though it should.

    Args:
        kind: what became of it.
        clause: the clause's id.
        level: `MUST`, `SHOULD` or `OBSERVED`.
        detail: what came instead and what is to blame, or why a clause is idle.
    """

    kind: Kind
    clause: str
    level: str
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other.

    Args:
        old, new: the runs.
        changes: by kind, then level, then the contract's order.
        remarks: what makes the two runs unlike for other reasons than the server, a sentence each.
    """

    old: Recorded
    new: Recorded
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of a kind."""
        return tuple(c for c in self.changes if c.kind is kind)

    def exit_code(self, strict: bool) -> int:
        """1 on new breaks of a MUST, 3 where the later run judged nothing, else 0.

        Args:
            strict: whether a new break of a SHOULD counts, and a clause that is no longer exercised.
        """
        counted = ("MUST", "SHOULD") if strict else ("MUST",)
        if any(c.level in counted for c in self.of(Kind.BROKE)) or (strict and self.of(Kind.IDLE)):
            return 1
        return 3 if self.new.verdict == "inconclusive" else 0


def compare(old: Recorded, new: Recorded) -> Comparison:
    """What changed from one run to a later one."""
    changes = [*_of_findings(old, new), *_of_clauses(old, new)]
    order = {clause: i for i, clause in enumerate({**new.clauses, **old.clauses})}
    kinds = list(Kind)
    changes.sort(key=lambda c: (kinds.index(c.kind), _LEVELS.index(c.level), order.get(c.clause, len(order)), c.detail))
    return Comparison(old, new, tuple(changes), tuple(_remarks(old, new)))


def _of_findings(old: Recorded, new: Recorded) -> list[Change]:
    pairs, gone, come = _matched(old.findings, new.findings)
    out = [_change(_kind_of_pair(before, after), after) for before, after in pairs]
    out += [_change(Kind.ACCEPTED if f.accepted is not None else Kind.BROKE, f) for f in come]
    wider = {c for f in come for c in f.identity.clauses}
    mended = [(f, f.clause) for f in gone] + [(before, c) for before, after in pairs for c in before.identity.clauses - after.identity.clauses]
    for f, clause in mended:
        now = new.clauses.get(clause)
        if now is not None and now.is_judged and clause not in wider:
            out.append(replace(_change(Kind.FIXED, f), clause=clause))
    return out


def _kind_of_pair(before: RecordedFinding, after: RecordedFinding) -> Kind:
    if after.accepted is not None:
        return Kind.ACCEPTED
    return Kind.STILL if before.accepted is None else Kind.BROKE


def _change(kind: Kind, f: RecordedFinding) -> Change:
    blame = f.cause or ", ".join(sorted(f.identity.blame))
    detail = ("was: " if kind is Kind.FIXED else "") + f"expected {f.expected}, got {f.actual}" + (f"; {blame}" if blame else "")
    return Change(kind, f.clause, f.level, f"{detail}; accepted: {f.accepted}" if f.accepted is not None else detail)


def _matched(
    old: Sequence[RecordedFinding], new: Sequence[RecordedFinding]
) -> tuple[list[tuple[RecordedFinding, RecordedFinding]], list[RecordedFinding], list[RecordedFinding]]:
    """(the same defects, those of the old run alone, those of the new run alone)."""
    left, come, pairs = list(old), list(new), []
    for alike in (_same, _cut_down_further, _told_less):
        for after in list(come):
            before = next((f for f in left if alike(f.identity, after.identity)), None)
            if before is not None:
                pairs.append((before, after))
                left.remove(before)
                come.remove(after)
    return pairs, left, come


def _same(a: Identity, b: Identity) -> bool:
    return a == b


def _cut_down_further(a: Identity, b: Identity) -> bool:
    return a.is_like(b) and b.clauses <= a.clauses


def _told_less(a: Identity, b: Identity) -> bool:
    """Whether one of the two was recorded before findings told their outcome, and they are else the same."""
    return "" in (a.outcome, b.outcome) and (a.clause, a.path) == (b.clause, b.path)


def _of_clauses(old: Recorded, new: Recorded) -> list[Change]:
    out: list[Change] = []
    for clause in {**new.clauses, **old.clauses}:
        before, after = old.clauses.get(clause), new.clauses.get(clause)
        if before is None or after is None:
            only = after or before
            assert only is not None
            where = f"only ringtrue {(new if before is None else old).version} knows it: {only.verdict}"
            out.append(Change(Kind.UNKNOWN, clause, only.level, where))
        elif before.is_judged and not after.is_judged:
            why = f": {after.reason}" if after.reason else ""
            out.append(Change(Kind.IDLE, clause, after.level, f"was {before.verdict}, is {after.verdict}{why}"))
        elif after.is_judged and not before.is_judged:
            out.append(Change(Kind.AWAKE, clause, after.level, f"was {before.verdict}, is {after.verdict}"))
    return out


def _target(run: Recorded) -> str:
    """What tells targets apart: the emulator that a run starts has another port each time."""
    return run.target or run.url


def _moment(run: Recorded) -> float:
    """When a run started, in seconds since the epoch; 0 where that can't be read."""
    try:
        return datetime.fromisoformat(run.started).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _remarks(old: Recorded, new: Recorded) -> list[str]:
    out = []
    for what, a, b in (
        ("targets", _target(old), _target(new)), ("accounts", old.account_sid, new.account_sid), ("versions of ringtrue", old.version, new.version),
        ("profiles", old.profile, new.profile), ("seeds", str(old.seed), str(new.seed)),
    ):
        if a != b:
            out.append(f"The runs are of different {what}: {a} and {b}.")
    if 0 < _moment(new) < _moment(old):
        out.append("The run that was named first started after the other: name the older one first.")
    for run, which in ((old, "earlier"), (new, "later")):
        if run.verdict == "inconclusive":
            out.append(f"The {which} run could not judge its target.")
    return out
