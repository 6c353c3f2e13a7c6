"""The result of a run as data, and its JSON form (`results.json`, schema version 1). No rendering for people here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from harness import __version__
from harness.case import Case
from harness.contract import CLAUSE, Clause, Level
from harness.curl import curl_of
from harness.findings import Finding
from harness.identity import identity_of
from harness.latency import Latency

SCHEMA_VERSION = 1
EMBEDDED = "embedded emulator"
RECORDED = "recorded"
PASSWORD = "SipAuthPassword"
REDACTED_PASSWORD = "[redacted]"
PASSWORD_IN_BODY = re.compile(rb"(SipAuthPassword=)([^&]*)", re.IGNORECASE)

VERDICTS = ("FAIL", "NON-STRICT", "INFO", "KNOWN", "DECLARED", "PASS", "SKIPPED", "NOT-EXERCISED")
RUN_VERDICTS = ("conforms", "violates", "inconclusive")
VERDICT_OF_LEVEL = {Level.MUST: "FAIL", Level.SHOULD: "NON-STRICT", Level.OBSERVED: "INFO"}


@dataclass(frozen=True)
class ClauseResult:
    """One clause's verdict.

    Args:
        clause: the clause.
        verdict: one of `VERDICTS`.
        cases: how many exchanges exercised it.
        findings: ids of its findings.
        reason: why it was skipped or not exercised.
    """

    clause: Clause
    verdict: str
    cases: int
    findings: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class RunResult:
    """Everything that a run has to say.

    Args:
        seed, profile: of the run.
        started: when, with a time zone.
        duration_s: seconds.
        url, account_sid: the target.
        target: its name, where it has one.
        stopped: why not everything was sent; empty where it was.
        verdict: `conforms`, `violates` or `inconclusive`.
        exit_code: 0, 1, 3 or 130.
        counts: as in results.json.
        clauses: in the contract's order.
        findings: strongest level first.
        notes: what was not judged and why, and what is odd but no break.
        headline: one sentence for people.
        stale: accepted findings that no longer occur, a sentence each; they fail a run as a new finding does.
        settings: the run's settings, secret-free, for the report.
        latency: how long answers took.
        first_shown: finding id → the number of the request that first showed a break of its clause, where that is known.
        statuses: how often each status came.
        version: what drew, sent and judged.
    """

    seed: int
    profile: str
    started: datetime
    duration_s: float
    url: str
    account_sid: str
    verdict: str
    exit_code: int
    counts: dict[str, int]
    clauses: tuple[ClauseResult, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    headline: str
    stale: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    latency: Latency = field(default_factory=Latency)
    first_shown: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    version: str = __version__
    target: str = ""
    stopped: str = ""

    @property
    def new(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted."""
        return tuple(f for f in self.findings if f.accepted is None)

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """The findings that somebody accepted."""
        return tuple(f for f in self.findings if f.accepted is not None)

    def clause(self, clause_id: str) -> ClauseResult:
        """The result of one clause."""
        return next(c for c in self.clauses if c.clause.id == clause_id)

    def finding(self, finding_id: str) -> Finding:
        """A finding by its id."""
        return next(f for f in self.findings if f.id == finding_id)

    def tally(self) -> dict[str, int]:
        """How many clauses have each verdict."""
        return {v: sum(c.verdict == v for c in self.clauses) for v in VERDICTS}

    def to_json(self) -> dict[str, Any]:
        """The content of results.json."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "ringtrue", "version": self.version},
            "seed": self.seed,
            "profile": self.profile,
            "started": self.started.isoformat(timespec="seconds"),
            "duration_s": round(self.duration_s, 3),
            "target": {**({"name": self.target} if self.target else {}), "url": self.url, "account_sid": self.account_sid},
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "counts": self.counts,
            "clauses": [
                {
                    "id": c.clause.id, "level": c.clause.level.value, "verdict": c.verdict, "cases": c.cases,
                    "findings": list(c.findings), **({"reason": c.reason} if c.reason else {}),
                }
                for c in self.clauses
            ],
            "findings": [self._finding(f) for f in self.findings],
            "notes": list(self.notes),
            **({"stale": list(self.stale)} if self.stale else {}),
        }

    def _finding(self, f: Finding) -> dict[str, Any]:
        out: dict[str, Any] = {
            "id": f.id, "clause": f.clause, "level": f.level.value, "check": f.check, "message": f.message, "expected": f.expected,
            "actual": f.actual, "path": f.path, "case": without_password(f.case).to_json(),
            "curl": curl_of(f.before, f.case, self.url, self.account_sid)[0], "occurrences": f.occurrences, "source": CLAUSE[f.clause].source,
            "cause": f.cause,
        }
        identity = identity_of(f)
        out |= {"outcome": identity.outcome, "blame": sorted(identity.blame), "fingerprint": identity.fingerprint}
        if f.accepted is not None:
            until = f.accepted.until.isoformat() if f.accepted.until is not None else None
            out["accepted"] = {"kind": f.accepted.kind, "reason": f.accepted.reason, "owner": f.accepted.owner, "until": until}
        if f.also:
            out["also"] = list(f.also)
        if f.flaky is not None:
            out["flaky"] = {"shown": f.flaky[0], "tries": f.flaky[1]}
        if f.before:
            out["before"] = [without_password(c).to_json() for c in f.before]
        if f.together:
            out["together"] = [without_password(c).to_json() for c in f.together]
        return out


def without_password(case: Case, stand_in: str = REDACTED_PASSWORD) -> Case:
    """The case with its SIP password replaced."""
    if case.get(PASSWORD) is None:
        return case
    pairs = tuple((n, stand_in if n == PASSWORD and v else v) for n, v in case.pairs)
    return case.with_pairs(pairs, case.styles)


def masked(case: Case) -> Case:
    """The case with a SIP password of the same shape instead of its own, so that it is judged alike."""
    if case.body is not None and PASSWORD_IN_BODY.search(case.body):
        case = replace(case, body=PASSWORD_IN_BODY.sub(lambda m: m[1] + b"x" * len(m[2]), case.body))
    if case.get(PASSWORD) is None:
        return case
    pairs = tuple((n, mask(v) if n == PASSWORD else v) for n, v in case.pairs)
    return case.with_pairs(pairs, case.styles)


_STAND_INS = {ord(c): stand for letters, stand in ((ascii_lowercase, "x"), (ascii_uppercase, "X"), (digits, "0")) for c in letters}


def mask(secret: str) -> str:
    """Text of the same length and kinds of characters: `aB3-` becomes `xX0-`."""
    secret = secret.translate(_STAND_INS)
    return secret if secret.isascii() else re.sub(r"[^\W_]", lambda m: m[0] if m[0] in "xX0" else "é", secret)
