"""Judging recorded traffic: the same checks and verdicts as a run, with nothing sent.

Nothing can be tried again here, so a wrong outcome is laid to what the calls that went well never had; where that is
not one parameter, the finding names them all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from harness.attribution.prober import finding_as_seen, finding_of, short
from harness.case import Case, printable
from harness.classify import address_form
from harness.contract import CLAUSE, Expected
from harness.exchange import Exchange
from harness.findings import Finding, numbered
from harness.oracle import Expectation, Knowledge
from harness.results import RECORDED, RunResult
from harness.session import Seen, Session
from harness.target import Target, TargetConfig
from harness.traffic import Recording
from harness.verdicts import clause_results, headline, overall

# What the answer alone tells, without knowing the request or the day.
_NEEDS_TIME = ("echo.date-created", "echo.date-updated")
_NEEDS_REQUEST = ("echo.to", "echo.from", "echo.own-call", "response.answered-by.without-detection", *_NEEDS_TIME)

# What is refused may have been created a few times, by a server that is not always wrong: so many for each refusal.
_LUCKY = 0.05


@dataclass(frozen=True)
class CheckConfig:
    """What is asked of a check.

    Args:
        wants: whether a clause is to be judged.
        strict: whether a broken SHOULD ends with exit code 1.
        files: their names, for the report.
    """

    wants: Callable[[str], bool]
    strict: bool
    files: tuple[str, ...]


class Check:
    """Judges a recording.

    Args:
        recording: what was read.
        config: what is asked.
    """

    def __init__(self, recording: Recording, config: CheckConfig) -> None:
        self.recording = recording
        self.config = config
        self._session = Session(Target(TargetConfig(recording.url, recording.account_sid)))
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()

    @property
    def known(self) -> Knowledge:
        """What the recording tells of the target: the numbers of calls that were created."""
        return self._session.known

    def conduct(self) -> RunResult:
        """Judges every exchange and gives the result."""
        recording, session = self.recording, self._session
        created = [e.case for e in recording.exchanges if e.is_created]
        session.learn(Knowledge(_phones(created, "From"), _phones(created, "To")))
        for exchange in recording.exchanges:
            session.counts.requests += 1
            session.tally(exchange)
            self._judge(exchange)
        found = tuple(f for f in numbered(_findings(session, recording.exchanges)) if self.config.wants(f.clause))
        return self._result(found)

    def _judge(self, exchange: Exchange) -> None:
        """Judges one exchange, save what it can't tell: what hangs on a request or on a time that is not known."""
        session, unknown = self._session, self.recording.without_request
        untold = (set(_NEEDS_REQUEST) if unknown else set()) | (set() if exchange.sent_at else set(_NEEDS_TIME))
        before, exercised = len(session.seen), {clause: session.exercised[clause] for clause in untold}
        session.judge(exchange)
        for clause, count in exercised.items():
            session.exercised[clause] = count
        session.seen[before:] = [
            s for s in session.seen[before:] if s.breach.clause not in untold and (not unknown or s.breach.kind == "content")
        ]

    def _result(self, findings: tuple[Finding, ...]) -> RunResult:
        session, recording = self._session, self.recording
        skipped = dict.fromkeys(_NEEDS_REQUEST, "the requests are not known") if recording.without_request else {}
        results = clause_results(session, findings, self.config.wants, skipped)
        results = tuple(
            replace(r, reason="the recording holds no such exchange") if r.verdict == "NOT-EXERCISED" else r for r in results
        )
        text = ""
        verdict, code = overall(session, findings, (), self.config.strict)
        if verdict == "inconclusive" and session.counts.cases:
            verdict, code = "conforms", 0
        if not recording.exchanges:
            verdict, code = "inconclusive", 3
            text = "Nothing could be judged: the files hold no exchange of POST …/Accounts/{AccountSid}/Calls.json that tells anything."
        return RunResult(
            seed=0, profile=RECORDED, started=self._started, duration_s=time.monotonic() - self._clock, url=recording.url,
            account_sid=recording.account_sid, verdict=verdict, exit_code=code, counts=dict(vars(session.counts)), clauses=results,
            findings=findings, notes=tuple(self._notes()), headline=text or headline(verdict, findings, (), results, self.config.strict),
            settings={"profile": RECORDED, "files": ", ".join(self.config.files), "strict": "yes" if self.config.strict else "no"},
            statuses=dict(session.statuses.most_common()), target="recorded traffic",
        )

    def _notes(self) -> list[str]:
        notes = list(self._session.notes)
        for why, number in self.recording.left_out.most_common():
            were = "exchange was not judged, since" if number == 1 else "exchanges were not judged, each since"
            notes.append(f"{number:,} recorded {were} {why}.")
        if self.recording.other:
            were = "exchange is of another operation" if self.recording.other == 1 else "exchanges are of other operations"
            notes.append(f"{self.recording.other:,} recorded {were}.")
        if self.recording.without_request:
            notes.append("Without the request, nothing that is said back could be judged; --request tells it.")
        return notes


def _phones(cases: list[Case], name: str) -> frozenset[str]:
    """The phone numbers that stand in calls between phones as one parameter."""
    ends = [(c.get(name) or "", c.get("To") or "") for c in cases]
    return frozenset(value for value, to in ends if address_form(value) == address_form(to) == "e164")


# -- findings --------------------------------------------------------------------------------------------


def _findings(session: Session, exchanges: list[Exchange]) -> list[Finding]:
    out: list[Finding] = []
    wrong = [s for s in session.seen if s.breach.kind != "content"]
    for expected in (Expected.ACCEPT, Expected.REJECT, Expected.EITHER):
        mine = [(s, e) for s in wrong if (e := session.expect(s.exchange.case)).expected is expected]
        out += _of_valid(mine, exchanges) if expected is Expected.ACCEPT else _of_others(mine)
    by_clause: dict[str, list[Seen]] = {}
    for s in session.seen:
        if s.breach.kind == "content":
            by_clause.setdefault(s.breach.clause, []).append(s)
    for group in by_clause.values():
        first = min(group, key=lambda s: (len(s.exchange.case.pairs), s.exchange.number))
        level = min((s.breach.level for s in group), key=lambda x: x.rank)
        count = max(len(group), session.occurrences[first.breach.clause, first.breach.kind])
        out.append(replace(finding_as_seen(first.breach, first.exchange), level=level, occurrences=count))
    return out


def _of_valid(wrong: list[tuple[Seen, Expectation]], exchanges: list[Exchange]) -> list[Finding]:
    """Calls that had to be created and were not: laid to what (nearly) no created call had, the most shared first."""
    fine = Counter(p for e in exchanges if e.is_created for p in _read_for_sure(e.case))
    asked = Counter(p for s, _ in wrong for p in set(s.exchange.case.pairs))
    spoilt = {p for p, refused in asked.items() if fine[p] <= refused * _LUCKY}
    out: list[Finding] = []
    left = list(wrong)
    while left:
        kind = left[0][0].breach.kind
        group = [w for w in left if w[0].breach.kind == kind]
        tally = Counter(p for s, _ in group for p in set(s.exchange.case.pairs) & spoilt)
        if tally:
            pair = max(tally, key=lambda p: (tally[p], p[0] not in ("To", "From", "Url"), p))
            mine = [w for w in group if pair in w[0].exchange.case.pairs]
        else:
            pair, mine = None, group
        left = [w for w in left if all(w is not m for m in mine)]
        s, expectation = min(mine, key=lambda w: (len(w[0].exchange.case.pairs), w[0].exchange.number))
        clause = next((r.clause for r in expectation.reasons if pair is not None and r.parameter == pair[0]), "call.combination")
        cause = f"{pair[0]}={short(printable(pair[1]))}" if pair is not None else "parameters that are taken in other calls"
        out.append(replace(finding_of(clause, s.breach, s.exchange, cause, expectation.level), occurrences=len(mine)))
    return out


def _read_for_sure(case: Case) -> set[tuple[str, str]]:
    """The pairs that the server took as they are: of a parameter that is sent twice it may have read either."""
    times = Counter(name for name, _ in case.pairs)
    return {(name, value) for name, value in case.pairs if times[name] == 1}


def _of_others(wrong: list[tuple[Seen, Expectation]]) -> list[Finding]:
    """Calls that had to be refused, or at least answered: by the clause that they break, those that break one alone first."""
    out: dict[tuple[str, str], list[Seen]] = {}
    for s, expectation in sorted(wrong, key=lambda w: len({r.clause for r in w[1].reasons})):
        clauses = [r.clause for r in expectation.reasons] or [s.breach.clause]
        if expectation.expected is Expected.EITHER:
            clauses = ["server.answers"]
        known = next((c for c in clauses if (c, s.breach.kind) in out), clauses[0])
        out.setdefault((known, s.breach.kind), []).append(s)
    findings = []
    for (clause, _), group in out.items():
        s = min(group, key=lambda s: (len(s.exchange.case.pairs), s.exchange.number))
        name = CLAUSE[clause].parameter
        cause = f"{name}={short(s.exchange.case.get(name))}" if name is not None and s.exchange.case.get(name) is not None else ""
        findings.append(replace(finding_of(clause, s.breach, s.exchange, cause, s.breach.level), occurrences=len(group)))
    return findings
