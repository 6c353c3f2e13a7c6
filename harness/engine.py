"""Conducts one run: emulator if need be, preflight, covering phase, properties, attribution, verdicts.

It renders nothing; whatever ends a run, what was learnt comes back as a RunResult.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness import __version__
from harness.again import command_of
from harness.attribution import Hangs, Ledger, Limits, attribute, limits_of
from harness.attribution.prober import finding_of
from harness.case import Case
from harness.checks.model import breach
from harness.config import RunConfig
from harness.contract import CLAUSE
from harness.errors import INTERRUPTED, BudgetSpent, HarnessError, Inconclusive, TargetUnreachable
from harness.examples import Example, Examples
from harness.exchange import Exchange
from harness.findings import Finding
from harness.gate import looks_further, settle
from harness.journal import Attributing, Heading, Journal, Line, Opening, Skipped
from harness.latency import latency_of
from harness.live import prepare
from harness.oracle import Knowledge
from harness.own_errors import sentence, show
from harness.preflight import OFF_LOOPBACK_TO, Found, Wanted, preflight
from harness.readback import read_back
from harness.results import EMBEDDED, RunResult
from harness.session import Budget, Session
from harness.stops import STOPS
from harness.strangers import may_be_sent
from harness.target import Target, TargetConfig
from harness.verdicts import clause_results, first_shown, headline, overall
from harness.visible import cut, for_terminal
from harness.weather import GONE_CLOSING_S
from strategies.drawing import Drawer
from strategies.plan import PROFILES, Plan, Step

if TYPE_CHECKING:
    from harness.har import HarWriter

ProgressFn = Callable[[int, int, int], None]
_LONGEST_AIM = 200  # characters
_ALOUD = threading.Lock()


@contextmanager
def embedded(faults: tuple[str, ...], timeout: float) -> Iterator[TargetConfig]:
    """An emulator that runs as long as the block does.

    Args:
        faults: of it.
        timeout: seconds that a whole answer may take.

    Raises:
        TargetUnreachable: it did not start.
        ValueError: there is no such fault.
    """
    from harness.emulator import Emulator, EmulatorError, EmulatorSettings

    try:
        emulator = Emulator(EmulatorSettings(faults=faults))
        emulator.start()
    except EmulatorError as error:
        raise TargetUnreachable(f"the embedded emulator did not start: {error}") from None
    try:
        yield TargetConfig(emulator.url, emulator.account_sid, emulator.auth_token, timeout)
    finally:
        emulator.stop()


class Run:
    """One run, from its configuration to its result.

    Args:
        config: what to do.
        progress: called with (requests sent, requests planned, breaches seen).
    """

    def __init__(self, config: RunConfig, progress: ProgressFn = lambda *_: None) -> None:
        self.config = config
        self.started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._progress = progress
        self._planned = 0
        self._found: Found | None = None
        self._session: Session | None = None
        self._hangs: Hangs | None = None
        self._died = False
        self._har: HarWriter | None = None
        self._journal: Journal | None = None
        self._examples = Examples(config.examples, config.url or EMBEDDED) if config.examples is not None else None
        self._skipped: dict[str, str] = {}
        self._findings: tuple[Finding, ...] = ()
        self._stale: tuple[str, ...] = ()
        self._target = TargetConfig(config.url or "", config.account_sid or "")

    @property
    def known(self) -> Knowledge:
        """What the run came to know of the target."""
        return self._session.known if self._session is not None else Knowledge()

    @property
    def first_breach(self) -> int:
        """The number of the request that showed the first break, from 1; 0 where none did."""
        return min((s.exchange.number for s in self._session.seen), default=0) if self._session is not None else 0

    def conduct(self) -> RunResult:
        """Runs to the end, to the end of a budget, or to what stops it.

        Returns:
            The result, whatever happened; its exit code says how it ended.
        """
        try:
            result = self._told()
            if self._journal is not None:
                self._journal.add(result)
            return result
        finally:
            if self._journal is not None:
                self._journal.close()

    def _told(self) -> RunResult:
        """The result, whatever ends the run."""
        try:
            try:
                return self._conducted()
            except HarnessError as error:
                return self._cut_short(str(error), error.exit_code, str(error))
            except Exception as error:
                show(error)
                return self._cut_short("an error of ringtrue's own", 3, f"ended by {sentence(error)}; what was learnt until then is below.")
        except KeyboardInterrupt as error:
            return self._cut_short("the run was interrupted", INTERRUPTED, str(error) or "Interrupted: what was learnt until then is below.")
        finally:
            if self._session is not None:
                with suppress(Exception):
                    self._session.close()
            if self._har is not None:
                self._har.close()

    def _conducted(self) -> RunResult:
        with self._open_target() as target:
            self._target = target
            return self._with_target(target)

    @contextmanager
    def _open_target(self) -> Iterator[TargetConfig]:
        config = self.config
        if config.url is not None:
            yield config.as_target()
            return
        with embedded(config.faults, config.timeout) as target:
            yield target

    def _with_target(self, target_config: TargetConfig) -> RunResult:
        session = self._new_session(target_config)
        self._session = session
        wanted = Wanted(self.config.own, self._callable(session), self.config.token_variable)
        try:
            self._found = found = preflight(session, wanted)
        except BudgetSpent as spent:
            raise Inconclusive(f"{spent} before it was known what the target takes: give the run more") from None
        session.learn(found.known)
        self._record(Opening(found.numbers, found.known))
        session.exercised["call.created"] += 1
        self._counts_preflight(session, found)
        if found.crashes:
            session.stopped = "every valid call is answered by a server error"
            self._findings = self._only(found.exchange, "call.created", "every valid call", session.counts.requests)
            return self._finish(session)
        if found.refused is not None:
            return self._taken_otherwise(session, found, found.refused)
        return self._covered(session, found)

    def _new_target(self, target_config: TargetConfig) -> Target:
        return Target(target_config)

    def _new_session(self, target_config: TargetConfig) -> Session:
        requests, rate = self.config.budgets
        budget = Budget(requests, self.config.max_time, rate)
        session = Session(self._new_target(target_config), budget, self.config.seed, self.config.workers)
        prepare(session, self.config, self.config.output if str(self.config.output) != os.devnull else None)
        observers: list[Callable[[Exchange], None]] = []
        if self.config.journal:
            self._journal = Journal(self.config.output, self._heading(target_config))
            session.record = self._journal.add
            observers.append(self._journal.add)
        if self.config.har:
            from harness.har import HarWriter

            self._har = HarWriter(self.config.output, target_config.url, target_config.auth_token is not None)
            observers.append(self._har.add)
        if self.config.aloud:
            observers.append(_aloud)
        session.observe = _each(observers)
        session.progress = lambda n: self._progress(n, self._planned, len(session.seen))
        return session

    def _heading(self, target: TargetConfig) -> Heading:
        c = self.config
        return Heading(
            __version__, self.started, c.seed, c.profile, self._name, target.url, target.account_sid, c.only, c.skip, c.strict, self._settings,
            c.gate, target.timeout,
        )

    @property
    def _name(self) -> str:
        return self.config.name or ("" if self.config.url is not None else EMBEDDED)

    @property
    def _settings(self) -> dict[str, str]:
        return self.config.describe() | {"again": command_of(self.config)}

    def _record(self, line: Line) -> None:
        if self._journal is not None:
            self._journal.add(line)

    def _skip(self, reasons: dict[str, str]) -> None:
        """Leaves clauses out that can't be judged on this target."""
        if reasons:
            self._skipped.update(reasons)
            self._record(Skipped(reasons))

    def _callable(self, session: Session) -> tuple[str, ...]:
        """The numbers that may be called: off loopback only configured or fictional ones."""
        if session.target.loopback or self.config.called:
            return self.config.called
        return OFF_LOOPBACK_TO

    def _counts_preflight(self, session: Session, found: Found) -> None:
        if found.refused is None:  # else what is refused stands for the one cause alone
            for exchange in found.before:
                session.judge(exchange)
        session.judge(found.exchange)
        for exchange in found.sids:
            session.judge(exchange)
        for name in ("ApplicationSid", "Byoc"):
            self._consistent(session, found, name)

    def _consistent(self, session: Session, found: Found, name: str) -> None:
        mine = [e for e in found.sids if e.case.get(name) is not None]
        slug = "application-sid" if name == "ApplicationSid" else "byoc"
        if not mine:
            return
        for exchange in mine:
            session.saw(exchange, f"{slug}.consistent", [])
        if not any(e.is_created for e in mine):
            reason = f"the target refuses every {name} that it does not know"
            self._skip({f"{slug}.well-formed": reason})
            session.note(f"{reason}; say nothing about which ones it holds")

    def _taken_otherwise(self, session: Session, found: Found, refused: Exchange) -> RunResult:
        """A server that takes no plain call, but one in another form: one finding for that, beside what the answer to the other form shows."""
        form, clause = found.form
        session.stopped = f"a plain call is refused; it is only taken {form}"
        session.saw(refused, clause, [breach(clause, "check_outcome", "201", refused.describe())])
        self._attribute(session, found, Limits(probes=0))
        mine = self._only(refused, clause, f"only taken {form}", len(found.before))
        self._findings = (*mine, *(f for f in self._findings if f.clause != clause))
        if not self._findings:
            raise Inconclusive(session.stopped)
        return self._finish(session)

    def _only(self, exchange: Exchange, clause: str, cause: str, times: int) -> tuple[Finding, ...]:
        """The finding of an exchange that should have created a call, with how often it was seen; none where its clause was left out."""
        if not self.config.wants(clause):
            return ()
        finding = finding_of(clause, breach(clause, "check_outcome", "201", exchange.describe()), exchange, cause)
        return (replace(finding, occurrences=times),)

    def _covered(self, session: Session, found: Found) -> RunResult:
        profile = PROFILES[self.config.profile]
        drawer = Drawer(self.config.seed, found.numbers, found.known.open_sids)
        plan = Plan(profile, self.config.seed, drawer, self.config.wants)
        self._planned = self._plan_size(plan, session)
        self._skip_credentials(session.target)
        session.may_send = lambda case: self._may_send(case, session.target)
        self._hangs = hangs = Hangs(session, found.numbers)
        session.on_hang, session.avoided = hangs.learn, hangs.would_hang
        session.good, session.reserve = found.exchange.case, _reserve(session.budget)
        try:
            self._send_all(session, found, plan, drawer)
            ledger = Ledger()
            self._attribute(session, found, limits_of(profile.name), ledger)
            if self._close(session, plan):
                self._attribute(session, found, Limits(probes=0) if self._died else limits_of(profile.name), ledger)
            return self._finish(session)
        except TargetUnreachable as error:
            session.stopped = str(error)
            self._forgive_last(session)
            self._attribute(session, found, Limits(probes=0))
            result = self._finish(session)
            verdict = result.verdict if result.verdict == "violates" else "inconclusive"
            return replace(result, verdict=verdict, exit_code=3, headline=f"{error}; what was learnt until then is below.")

    def _forgive_last(self, session: Session) -> None:
        """Takes back what the end of the server looked like: whether the last request ended it, nobody can tell."""
        last = session.counts.requests - 8
        gone = [s for s in session.seen if s.exchange.failure in ("closed", "refused") and s.exchange.number >= last]
        session.seen[:] = [s for s in session.seen if all(s is not g for g in gone)]
        if gone:
            session.note(f"The last request before the target went away was made for {gone[0].exchange.case.aim}.")

    def _send_all(self, session: Session, found: Found, plan: Plan, drawer: Drawer) -> None:
        """The covering phase, read-back and the properties, until the budget ends."""
        try:
            self._send_found_before(session)
            session.run(s for s in plan.steps() if all(session.may_send(c) for c in s.cases))
            if session.stopped is None:
                self._skip(read_back(session, drawer))
                self._search(session, found, plan)
        except BudgetSpent as spent:
            session.stopped = str(spent)

    def _search(self, session: Session, found: Found, plan: Plan) -> None:
        if plan.profile.examples or plan.profile.generated:
            from harness.properties import run_properties  # Hypothesis takes longer to load than all else

            run_properties(session, found.numbers, found.known.open_sids, plan.profile, self.config.seed)

    def _send_found_before(self, session: Session) -> None:
        """Sends what found something in an earlier run, and forgets what finds nothing any more."""
        sent = 0
        for example in self._examples or ():
            if not all(map(session.may_send, example.cases)):
                continue
            before = session.occurrences.total()
            session.run([Step(_kind_of(example), example.cases)])
            if session.stopped is not None:
                return
            sent += 1
            if session.occurrences.total() == before and self._examples is not None:
                self._examples.forget(example)
        if sent:
            were = "case that had found something before was" if sent == 1 else "cases that had found something before were"
            session.note(f"{sent} {were} sent first.")

    def _close(self, session: Session, plan: Plan) -> bool:
        """Sends what may end the server, once all else is known and cut down; False where the budget leaves nothing for it."""
        if session.stopped is not None:
            return False
        session.patience.gone_s = GONE_CLOSING_S
        try:
            steps = plan.closing_steps(may_insist=session.target.loopback)
            session.run(s for s in steps if all(map(session.may_send, s.cases)))
        except BudgetSpent as spent:
            session.stopped = str(spent)
        except TargetUnreachable as error:
            self._died = True
            session.note(f"{error}: a malformed body ended the server.")
        return True

    def _cut_short(self, why: str, code: int, text: str) -> RunResult:
        """The result of a run that something ended, with what was learnt until then."""
        STOPS.hold()
        if self._session is not None and self._found is not None:
            self._session.stopped = why
            self._session.take_back_doubtful()
            with suppress(Exception):
                self._attribute(self._session, self._found, Limits(probes=0))
        return self._result("inconclusive", code, text)

    def _plan_size(self, plan: Plan, session: Session) -> int:
        size = plan.expected_requests() + session.counts.requests
        return min(size, session.budget.requests) if session.budget.requests is not None else size

    def _skip_credentials(self, target: Target) -> None:
        if target.config.auth_token is not None:
            return
        credentials = [clause for clause in CLAUSE if clause.startswith("auth.")]
        why = dict.fromkeys(credentials, f"no token is configured ({self.config.token_variable})")
        self._skip(why | {"secrets.auth-token": "no token is configured"})

    def _may_send(self, case: Case, target: Target) -> bool:
        """Wrong credentials that aren't wrong here are left out; so is another number than may be called."""
        if (case.credentials != "right" or case.account != "own") and not target.can_judge_credentials(case.credentials):
            return False
        if target.loopback:
            return True
        return may_be_sent(case, self._found.numbers.called if self._found is not None else ())

    def _attribute(self, session: Session, found: Found, limits: Limits, ledger: Ledger | None = None) -> None:
        self._record(Attributing())
        session.reserve = (0, 0.0)
        known = self._hangs.ledger.causes if self._hangs else ()
        findings = attribute(session, found.numbers, limits, known, ledger, self.config.gate.declared)
        self._findings = tuple(f for f in findings if self.config.wants(f.clause))
        if self._examples is not None:
            self._examples.keep(self._findings)

    def _finish(self, session: Session) -> RunResult:
        settled = settle(self.config.gate, self._findings, session.seen, lambda clause: self._unjudged(session, clause))
        self._findings, self._stale = settled.findings, settled.stale
        for note in settled.notes:
            session.note(note)
        verdict, code = overall(session, self._findings, self._stale, self.config.strict)
        return self._result(verdict, code, "")

    def _unjudged(self, session: Session, clause: str) -> str:
        """Why this run can't tell that a clause no longer breaks; empty where it can."""
        if not self.config.wants(clause):
            return "it was left out by --only or --skip"
        if clause in self._skipped:
            return self._skipped[clause]
        if session.stopped:
            return session.stopped
        if not session.exercised[clause]:
            return "no case reached it"
        baseline = self.config.gate.baseline
        if baseline is not None and looks_further(baseline.profile, self.config.profile):
            return f"the baseline was written in {baseline.profile}, which looks further than {self.config.profile}"
        return ""

    def _result(self, verdict: str, code: int, text: str) -> RunResult:
        STOPS.hold()  # what was learnt is written from here on
        session = self._session or Session(Target(TargetConfig(self._target.url or "http://127.0.0.1:9", self._target.account_sid)))
        with suppress(HarnessError):
            session.settle_calls()
        results = clause_results(session, self._findings, self.config.wants, self._skipped)
        notes = [*session.calls.notes(), *session.notes]
        if session.stopped and code in (0, 1):
            notes.insert(0, f"Not everything was sent: {session.stopped}.")
        if session.left_out:
            notes.append(f"{session.left_out} steps were not sent, since they would have hung for a cause that is known.")
        if session.patience.limited:
            times = f"The target limited the rate (429) {session.patience.limited} times"
            notes.append(f"{times}: the run waited {session.patience.waited:.1f} s for it.")
        if session.target.retries:
            notes.append(f"{session.target.retries} request(s) were sent again, since the server had closed an idle connection.")
        if session.patience.resent:
            notes.append(f"{session.patience.resent} request(s) were sent again, since the server had gone away while it was asked.")
        if session.patience.stalled:
            notes.append(f"This machine stood still {session.patience.stalled} time(s) while it waited for an answer, which counts for nothing.")
        if session.alone.sent:
            notes.append(f"{session.alone.sent} request(s) were sent again, alone, since they had got no answer as one of several at once.")
        if session.sent_in_full_time:
            notes.append(f"{session.sent_in_full_time} request(s) were sent again with the whole time limit, since the server had hung before.")
        if session.unsure:
            shorter = "were not answered in the shorter time that a server gets once it has hung"
            notes.append(f"{len(session.unsure)} request(s) {shorter}; they are not judged: replay the finding, mend it, and run again.")
        if session.target.strays:
            notes.append(f"{session.target.strays} answer(s) were followed by bytes that belong to no answer; their connections were closed.")
        if self._har is not None:
            self._har.close()  # nothing is sent any more
            if self._har.error:
                notes.append(f"exchanges.har does not hold everything: {self._har.error}.")
        if self._journal is not None and self._journal.error:
            notes.append(f"journal.jsonl does not hold everything: {self._journal.error}.")
        idle = sum(c.verdict == "NOT-EXERCISED" for c in results)
        if code == 3 and idle:
            notes.append(f"{idle} of {len(results)} clauses could not be judged for that reason.")
        counts = dict(vars(session.counts))
        counts["accepted"] = int(counts["accepted"])
        said = text or headline(verdict, self._findings, self._stale, results, self.config.strict)
        return RunResult(
            seed=self.config.seed, profile=self.config.profile, started=self.started, duration_s=time.monotonic() - self._clock,
            url=self._target.url, account_sid=self._target.account_sid, verdict=verdict, exit_code=code, counts=counts,
            clauses=results, findings=self._findings, notes=tuple(notes), headline=said,
            stale=self._stale, target=self._name, settings=self._settings, latency=latency_of(session.latencies),
            first_shown=first_shown(session, self._findings), statuses=dict(session.statuses.most_common()), stopped=session.stopped or "",
        )


def _aloud(exchange: Exchange) -> None:
    """Says a request on the standard error: its number, what it was made for, what came, how long it took."""
    came = f"{exchange.status or exchange.failure} {exchange.elapsed * 1000:.1f} ms"
    line = f"{exchange.number:>6} {exchange.method:<6} {for_terminal(cut(exchange.case.aim, _LONGEST_AIM)):<45} {came}\n"
    with _ALOUD:  # text streams are not made for several threads
        sys.stderr.write(line)


def _each(observers: list[Callable[[Exchange], None]]) -> Callable[[Exchange], None] | None:
    """One that tells them all, or None for none."""
    if len(observers) < 2:
        return observers[0] if observers else None

    def observe(exchange: Exchange) -> None:
        for tell in observers:
            tell(exchange)

    return observe


def _kind_of(example: Example) -> str:
    """The kind of step that sends an example."""
    if example.at_once:
        return "together"
    if len(example.cases) == 1:
        return "one"
    return "again" if len({c.pairs for c in example.cases}) == 1 else "sequence"


def _reserve(budget: Budget) -> tuple[int, float]:
    """Requests and seconds of a budget that are kept for finding causes: an eighth, and no more than that needs."""
    return min(100, (budget.requests or 0) // 8), min(10.0, (budget.seconds or 0.0) / 8)
