"""A run's result from its journal: as it ended, or, of a run that was cut off, what it had learnt until then.

What a run cut off had seen is judged again by the same checks. Where it was already looking for causes, the answers that it had
got are asked for again instead of the target; nothing is sent.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness import calls
from harness.attribution import Ledger, attribute, limits_of
from harness.case import Case
from harness.config import is_wanted
from harness.contract import CLAUSE, CLAUSES
from harness.errors import BudgetSpent, HarnessError, UsageError
from harness.exchange import Exchange
from harness.findings import Finding, is_id
from harness.gate import settle
from harness.journal import Attributing, Heading, Judged, Line, Noted, Opening, Saw, Skipped, packed, read_journal, unpacked
from harness.latency import latency_of
from harness.oracle import Knowledge
from harness.results import RUN_VERDICTS, VERDICTS, RunResult, masked
from harness.route import is_loopback_by_name
from harness.session import Counts, Seen, Session
from harness.target import Flight, Target, TargetConfig, check_url
from harness.verdicts import clause_results, first_shown
from strategies.drawing import Numbers

_CUT_OFF = "the run was cut off"
_WITH_FINDINGS = ("FAIL", "NON-STRICT", "INFO", "KNOWN", "DECLARED")
_LAST = 2000  # exchanges; what may still be judged or pointed at is among them
_MOST_KEPT = 48 << 20  # bytes of exchanges, of either sort
_LONG, _OWN_SIZE = 8192, 2048  # bytes of one that is packed; that any takes, whatever it holds
_NO_ROOM = "The answers became too much to keep: some that had been judged are not judged again here."
_TOO_MUCH = "The answers became too much to keep: of those that were asked for to find causes, only the first are used."


class _Kept:
    """An exchange in little room, without what was worked out from it.

    Args:
        exchange: to keep.
    """

    __slots__ = ("_exchange", "size")

    def __init__(self, exchange: Exchange) -> None:
        case = exchange.case
        sent = sum(len(n) + len(v) for n, v in case.pairs) + len(case.body or b"")
        came = sum(len(n) + len(v) for n, v in exchange.headers) + len(exchange.reason) + len(exchange.detail)
        self.size = sent + came + len(exchange.path) + len(exchange.body)
        self._exchange: Exchange | bytes = exchange
        if self.size > _LONG:
            self._exchange = packed(exchange)
            self.size = sent + len(self._exchange)
        self.size += _OWN_SIZE

    def exchange(self) -> Exchange:
        """The exchange, each time a new one."""
        return unpacked(self._exchange) if isinstance(self._exchange, bytes) else replace(self._exchange)


class _Remembering(Target):
    """Answers from what was recorded, in the same order; where nothing is left of a case's answers, the budget is spent."""

    def __init__(self, config: TargetConfig) -> None:
        super().__init__(config, loopback=is_loopback_by_name(config.host))
        self.answers: dict[Case, deque[_Kept]] = defaultdict(deque)
        self.is_full = False
        self._size = 0

    def keep(self, exchange: Exchange) -> None:
        """Adds an answer; once they have become too much, no more of them, as if the run had been cut off there."""
        kept = _Kept(exchange)
        self._size += kept.size
        self.is_full = self.is_full or self._size > _MOST_KEPT
        if not self.is_full:
            self.answers[exchange.case].append(kept)

    def begin(self, case: Case, previous: Case | None = None) -> Flight:
        """Finds the answer to a case."""
        if not self.answers[masked(case)]:
            raise BudgetSpent(_CUT_OFF)
        return Flight(case, 0, previous, case.method, "", b"", {}, 0.0, 0.0)

    def finish(self, flight: Flight) -> Exchange:
        """The answer that was found."""
        try:
            return replace(self.answers[masked(flight.case)].popleft().exchange(), case=flight.case, previous=flight.previous)
        except IndexError:
            raise BudgetSpent(_CUT_OFF) from None

    def pause(self, seconds: float) -> None:
        """What comes has come already."""

    def listens(self) -> bool:
        """A connection that ended stands for itself here."""
        return True

    def read(self, path: str, case: Case) -> Exchange:
        """Nothing is read back here."""
        raise BudgetSpent(_CUT_OFF)


@dataclass(frozen=True)
class _Part:
    """What a session had seen and counted when causes began to be looked for.

    Args:
        seen: how many breaks were kept.
        occurrences, exercised, counts: as the session's.
    """

    seen: int
    occurrences: Counter[tuple[str, str]]
    exercised: Counter[str]
    counts: Counts

    @classmethod
    def of(cls, session: Session) -> _Part:
        """As a session is now."""
        return cls(len(session.seen), session.occurrences.copy(), session.exercised.copy(), replace(session.counts))

    def put_into(self, session: Session, seen: list[Seen]) -> None:
        """Makes a session as it was, of all breaks that it saw in the end."""
        session.seen[:] = seen[:self.seen]
        session.occurrences, session.exercised, session.counts = self.occurrences, self.exercised, self.counts


class Rebuilt:
    """What comes to a run's result from its journal.

    Args:
        path: of the journal, or of the directory that it is in.

    Raises:
        UsageError: there is none, or it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = read_journal(path)
        heading = next(lines)
        if not isinstance(heading, Heading):
            raise UsageError(f"{path} is no journal of ringtrue: it has no heading")
        self.heading = heading
        self._check_url(heading.url)
        self.result: RunResult | None = None
        self._clock = time.monotonic()
        self._target = _Remembering(TargetConfig(heading.url, heading.account_sid, timeout=heading.timeout))
        self._session = Session(self._target, seed=heading.seed)
        self._skipped: dict[str, str] = {}
        self._numbers: Numbers | None = None
        self._exchanges: dict[int, _Kept] = {}
        self._size = 0
        self._requests = 0
        self._probing = False
        self._parts: list[_Part] = []
        self._last = 0.0
        self._learn(lines)

    @property
    def known(self) -> Knowledge:
        """What the run had come to know of the target."""
        return self._session.known

    def conduct(self) -> RunResult:
        """The result; of a run that was cut off, with exit code 130."""
        return self.result or self._cut_off()

    def _learn(self, lines: Iterable[Line]) -> None:
        """Goes through the journal; what was judged is judged again."""
        for line in lines:
            if isinstance(line, Exchange):
                self._keep(line)
            elif isinstance(line, Judged):
                exchange = self._in_order(line.number)
                if exchange is not None:
                    if line.unsure:
                        self._session.unsure.add(line.number)
                    self._session.judge(exchange, line.step, line.partners, line.place)
                    exchange.forget()
                else:
                    self._session.note(_NO_ROOM)
            elif isinstance(line, Saw):
                kept = self._exchanges.get(line.number)
                if kept is not None:
                    self._session.saw(kept.exchange(), line.clause, [line.breach] if line.breach is not None else [])
            else:
                self._take(line)

    def _in_order(self, number: int) -> Exchange | None:
        """An exchange with the case that was sent before it."""
        kept = self._exchanges.get(number)
        exchange = kept.exchange() if kept is not None else None
        if exchange is None or exchange.previous is None:
            return exchange
        before = self._exchanges.get(number - 1)
        return replace(exchange, previous=before.exchange().case if before is not None else None)

    def _take(self, line: Line) -> None:
        if isinstance(line, Opening):
            if not line.numbers.own or not line.numbers.called:
                raise UsageError(f"{self._path} is no journal of ringtrue: it names no numbers")
            self._numbers = line.numbers
            self._session.learn(line.known)
            self._session.exercised["call.created"] += 1
        elif isinstance(line, Skipped):
            self._skipped.update(line.reasons)
        elif isinstance(line, Noted):
            self._session.note(line.text)
        elif isinstance(line, Attributing):
            self._probing = True
            self._parts.append(_Part.of(self._session))
        elif isinstance(line, RunResult):
            self.result = self._checked(line)

    def _check_url(self, url: str) -> None:
        try:
            check_url(url)
        except UsageError:
            raise UsageError(f"{self._path} is no journal of ringtrue: its target is unusable") from None

    def _checked(self, result: RunResult) -> RunResult:
        """A result that the reports can show."""
        self._check_url(result.url or self.heading.url)
        if result.verdict not in RUN_VERDICTS or result.exit_code not in (0, 1, 3, 130) or any(c.verdict not in VERDICTS for c in result.clauses):
            raise UsageError(f"{self._path} is no journal of ringtrue: its result is unusable")
        if [c.clause.id for c in result.clauses] != [c.id for c in CLAUSES]:
            raise UsageError(f"{self._path} is of a run of ringtrue {self.heading.version}, which has other clauses; take that one")
        ids = {f.id for f in result.findings if is_id(f.id, f.clause) and CLAUSE.keys() >= {*f.also}}
        named = all(ids.issuperset(c.findings) and (c.findings or c.verdict not in _WITH_FINDINGS) for c in result.clauses)
        if len(ids) < len(result.findings) or not named:
            raise UsageError(f"{self._path} is no journal of ringtrue: its findings are unusable")
        return result

    def _keep(self, exchange: Exchange) -> None:
        session = self._session
        self._drop(exchange.number)
        self._drop(exchange.number - _LAST)
        self._exchanges[exchange.number] = kept = _Kept(exchange)
        self._size += kept.size
        while self._size > _MOST_KEPT and len(self._exchanges) > 1:
            self._drop(next(iter(self._exchanges)))
        self._requests += 1
        self._last = max(self._last, exchange.sent_at + exchange.elapsed)
        session.counts.requests += 1
        session.tally(exchange)
        session.watch(exchange)
        if self._probing and exchange.status != 429:
            self._target.keep(exchange)
            if self._target.is_full:
                session.note(_TOO_MUCH)

    def _drop(self, number: int) -> None:
        kept = self._exchanges.pop(number, None)
        self._size -= kept.size if kept is not None else 0

    def _cut_off(self) -> RunResult:
        heading, session = self.heading, self._session
        latencies, statuses = list(session.latencies), dict(session.statuses.most_common())
        session.stopped = _CUT_OFF
        session.take_back_doubtful()
        findings: tuple[Finding, ...] = ()
        if self._numbers is not None:
            with suppress(HarnessError):
                findings = tuple(f for f in self._attributed(self._numbers) if self._wants(f.clause))
        settled = settle(heading.gate, findings, session.seen, lambda _clause: _CUT_OFF)
        session.counts.requests = self._requests
        counts = {name: int(number) for name, number in vars(session.counts).items()}
        last = datetime.fromtimestamp(self._last, UTC) if self._last else heading.started
        return RunResult(
            seed=heading.seed, profile=heading.profile, started=heading.started, version=heading.version,
            duration_s=max(0.0, (last - heading.started).total_seconds()), url=heading.url, account_sid=heading.account_sid,
            verdict="inconclusive", exit_code=130, counts=counts, findings=settled.findings,
            clauses=clause_results(session, settled.findings, self._wants, self._skipped),
            notes=(*session.notes, *settled.notes, *self._created(), "These reports were made from journal.jsonl; nothing was sent for them."),
            headline=f"The run was cut off after {self._requests} requests: what was learnt until then is below.",
            target=heading.target, settings=heading.settings, latency=latency_of(latencies), statuses=statuses,
            first_shown=first_shown(session, settled.findings),
        )

    def _attributed(self, numbers: Numbers) -> list[Finding]:
        """The findings, looked for in as many parts as in the run: then the same is asked in the same order."""
        whole, ledger, found = list(self._session.seen), Ledger(), list[Finding]()
        limits = replace(limits_of(self.heading.profile), seconds=600.0)
        for part in (*self._parts[:-1], _Part.of(self._session)):
            part.put_into(self._session, whole)
            found = attribute(self._session, numbers, limits, apart=self.heading.gate.declared, ledger=ledger)
        return found

    def _created(self) -> list[str]:
        """What is left of the calls of a run that was cut off: nothing ends them any more."""
        file = (self._path if self._path.is_dir() else self._path.parent) / calls.NAME
        with suppress(OSError):
            if file.stat().st_size:
                return [f"{calls.NAME} lists the calls that were created until then; ringtrue ends them no more."]
        return []

    def _wants(self, clause: str) -> bool:
        return is_wanted(clause, self.heading.only, self.heading.skip)
