"""Which findings somebody accepted, and which accepted ones no longer occur: what of a run's outcome is new.

Pure: from findings, a baseline and declared deviations to findings that know whether they count. The files themselves
are read in `harness.accepted`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.accepted import Baseline, Deviation, Entry, Gate
from harness.findings import Finding, numbered
from harness.identity import Identity, blame_alike, identity_of
from harness.session import Seen
from strategies.plan import PROFILES


@dataclass(frozen=True)
class Settled:
    """What became of a run's findings.

    Args:
        findings: all of them; those that are accepted say so.
        stale: accepted ones that no longer occur, a sentence each.
        notes: accepted ones of which this run could not tell, a sentence each.
    """

    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def settle(gate: Gate, findings: Sequence[Finding], seen: Sequence[Seen], unjudged: Callable[[str], str]) -> Settled:
    """Says of each finding whether it is accepted, and of each acceptance whether it still holds.

    Args:
        gate: what is accepted.
        findings: of the run.
        seen: all breaches of the run, among them those that are not as they were declared.
        unjudged: clause id → why this run can't tell whether the clause still breaks; empty where it can.
    """
    after, stale_deviations, notes = _declared(gate, findings, seen, unjudged)
    after, stale_entries, more = _known(gate.baseline, after, unjudged)
    return Settled(tuple(after), (*stale_deviations, *stale_entries), (*notes, *more))


# -- deviations --------------------------------------------------------------------------------------


def _declared(
    gate: Gate, findings: Sequence[Finding], seen: Sequence[Seen], unjudged: Callable[[str], str]
) -> tuple[list[Finding], list[str], list[str]]:
    by_clause = {d.clause: d for d in gate.deviations}
    out: list[Finding] = []
    for f in findings:
        mine = [by_clause.get(c) for c in (f.clause, *f.also)]
        if any(d is None or not _as_declared(d, identity_of(f).outcome, f.exchange.status, f.actual) for d in mine):
            out.append(f)
            continue
        d = by_clause[f.clause]
        out.append(replace(f, accepted=d.acceptance))
        out.extend(_otherwise(d, f, seen))
    stale, notes = [], []
    for d in gate.deviations:
        if any(d.clause in (f.clause, *f.also) for f in out):
            continue
        why = unjudged(d.clause)
        if why:
            notes.append(f"Whether {d.clause} still deviates as declared is not known: {why}.")
        else:
            stale.append(f"{d.clause} is declared to be otherwise ({d.instead}), but the server keeps it: take the deviation out.")
    return (numbered(out) if len(out) > len(findings) else out), stale, notes


def _otherwise(d: Deviation, f: Finding, seen: Sequence[Seen]) -> list[Finding]:
    """The same clause broken in yet another way than was declared, seen in a larger case."""
    for s in seen:
        b = s.breach
        if b.clause == d.clause and b.kind == "content" and not _as_declared(d, "content", s.exchange.status, b.actual):
            cause = f"otherwise than declared ({d.instead})"
            return [replace(f, case=s.exchange.case, exchange=s.exchange, actual=b.actual, expected=b.expected, path=b.path, cause=cause)]
    return []


def _as_declared(d: Deviation, outcome: str, status: int | None, actual: str) -> bool:
    if d.instead in ("accepted", "refused"):
        return outcome == d.instead
    if re.fullmatch("[1-5][0-9][0-9]", d.instead):
        return status == int(d.instead)
    value = actual[1:-1] if len(actual) > 1 and actual[0] == actual[-1] == '"' else actual
    return re.fullmatch(d.instead, value) is not None


# -- baseline ----------------------------------------------------------------------------------------


def _known(
    baseline: Baseline | None, findings: Sequence[Finding], unjudged: Callable[[str], str]
) -> tuple[list[Finding], list[str], list[str]]:
    if baseline is None:
        return list(findings), [], []
    covered: dict[int, set[str]] = {}
    taken: dict[int, Entry] = {}
    for exact in (True, False):
        for place, f in enumerate(findings):
            if f.accepted is None and place not in taken:
                entry = _entry_for(baseline, identity_of(f), covered, exact)
                if entry is not None:
                    taken[place] = baseline.entries[entry]
                    covered.setdefault(entry, set()).update((f.clause, *f.also))
    out = [
        replace(f, accepted=taken[place].acceptance) if place in taken else f
        for place, f in enumerate(findings)
    ]
    new = {c for f in out if f.accepted is None for c in (f.clause, *f.also)}
    stale, notes = _gone(baseline, covered, new, unjudged)
    return out, stale, notes


def find_entry(baseline: Baseline, identity: Identity) -> Entry | None:
    """The entry that covers a defect, the one that blames the same rather than one that blames more or less."""
    places = [_entry_for(baseline, identity, {}, exact) for exact in (True, False)]
    return next((baseline.entries[p] for p in places if p is not None), None)


def kept_entries(baseline: Baseline, findings: Sequence[Finding], unjudged: Callable[[str], str]) -> tuple[Entry, ...]:
    """The entries that no finding is of, and of which the run can't tell whether they still occur."""
    found = [find_entry(baseline, identity_of(f)) for f in findings]
    return tuple(
        e for e in baseline.entries if all(e is not f for f in found) and (e.flaky or any(unjudged(c) for c in (e.clause, *e.also)))
    )


def looks_further(profile: str, other: str) -> bool:
    """Whether a profile sees what another one may miss."""
    order = list(PROFILES)
    return profile in order and other in order and order.index(profile) > order.index(other)


def _entry_for(baseline: Baseline, identity: Identity, covered: dict[int, set[str]], exact: bool) -> int | None:
    """The place of an entry that covers a defect and covers no other one of the same clauses yet."""
    for place, entry in enumerate(baseline.entries):
        clauses = {entry.clause, *entry.also}
        blamed = identity.blame == entry.blame if exact else blame_alike(identity.blame, entry.blame)
        alike = blamed and (identity.outcome, identity.path) == (entry.outcome, entry.path)
        if alike and identity.clauses <= clauses and not identity.clauses & covered.get(place, set()):
            return place
    return None


def _gone(
    baseline: Baseline, covered: dict[int, set[str]], new: set[str], unjudged: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    stale, notes = [], []
    for place, entry in enumerate(baseline.entries):
        clauses = [entry.clause, *sorted(entry.also - {entry.clause})]
        gone = [c for c in clauses if c not in covered.get(place, set()) and c not in new]
        if place not in covered and len(gone) < len(clauses):
            continue
        for clause in gone:
            why = "it showed only now and then" if entry.flaky else unjudged(clause)
            if why:
                notes.append(f"Whether the accepted break of {clause} still occurs is not known: {why}.")
            else:
                stale.append(f"The accepted break of {clause} no longer occurs: take it out of {baseline.path}.")
    return list(dict.fromkeys(stale)), list(dict.fromkeys(notes))
