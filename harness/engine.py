"""Conducts one run: emulator if need be, preflight, covering phase, properties, attribution, verdicts.

It renders nothing; whatever ends a run, what was learnt comes back as a RunResult.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from harness.again import command_of
from harness.attribution import Hangs, Ledger, Limits, attribute
from harness.case import Case
from harness.config import RunConfig
from harness.contract import CLAUSE
from harness.errors import BudgetSpent, HarnessError, Inconclusive, Interrupted, TargetUnreachable
from harness.examples import Example, Examples
from harness.exchange import Exchange
from harness.findings import Finding
from harness.gate import settle
from harness.har import HarWriter
from harness.latency import latency_of
from harness.oracle import Knowledge
from harness.preflight import Found, Wanted, may_be_called, preflight
from harness.properties import run_properties
from harness.readback import read_back
from harness.results import EMBEDDED, RunResult
from harness.session import Budget, Session
from harness.target import Target, TargetConfig
from harness.verdicts import clause_results, headline, overall
from strategies.drawing import Drawer
from strategies.plan import PROFILES, Plan, Step

ProgressFn = Callable[[int, int, int], None]


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
            with self._open_target() as target:
                self._target = target
                return self._with_target(target)
        except Interrupted as error:
            return self._result("inconclusive", 130, str(error))
        except KeyboardInterrupt:
            return self._result("inconclusive", 130, "Interrupted: what was learnt until then is below.")
        except HarnessError as error:
            return self._result("inconclusive", error.exit_code, str(error))
        finally:
            if self._session is not None:
                with suppress(Exception):
                    self._session.close()
            if self._har is not None:
                self._har.close()

    @contextmanager
    def _open_target(self) -> Iterator[TargetConfig]:
        config = self.config
        if config.url is not None:
            yield TargetConfig(config.url, config.account_sid or "", config.auth_token, config.timeout, config.ca_bundle)
            return
        from harness.emulator import Emulator, EmulatorError, EmulatorSettings

        try:
            emulator = Emulator(EmulatorSettings(faults=config.faults))
            emulator.start()
        except EmulatorError as error:
            raise TargetUnreachable(f"the embedded emulator did not start: {error}") from None
        try:
            yield TargetConfig(emulator.url, emulator.account_sid, emulator.auth_token, config.timeout)
        finally:
            emulator.stop()

    def _with_target(self, target_config: TargetConfig) -> RunResult:
        session = self._new_session(target_config)
        self._session = session
        wanted = Wanted(self.config.own, self._callable(session), self.config.token_variable)
        try:
            self._found = found = preflight(session, wanted)
        except BudgetSpent as spent:
            raise Inconclusive(f"{spent} before a valid call was accepted: give the run more") from None
        session.learn(found.known)
        session.exercised["call.created"] += 1
        self._counts_preflight(session, found)
        if found.crashes:
            return self._all_crash(session, found)
        return self._covered(session, found)

    def _new_session(self, target_config: TargetConfig) -> Session:
        requests, rate = self.config.budgets
        budget = Budget(requests, self.config.max_time, rate)
        session = Session(Target(target_config), budget, self.config.seed, self.config.workers)
        if self.config.har:
            self._har = HarWriter(self.config.output, target_config.url, target_config.auth_token is not None)
            session.observe = self._har.add
        if self.config.aloud:
            session.observe = _aloud(session.observe)
        session.progress = lambda n: self._progress(n, self._planned, len(session.seen))
        return session

    def _callable(self, session: Session) -> tuple[str, ...]:
        """The numbers that may be called: off loopback only configured or fictional ones."""
        if session.target.loopback or self.config.called:
            return self.config.called
        return ("+12025550199", "+12025550143")

    def _counts_preflight(self, session: Session, found: Found) -> None:
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
        session.exercised[f"{slug}.consistent"] += len(mine)
        if not any(e.is_created for e in mine):
            reason = f"the target refuses every {name} that it does not know"
            self._skipped[f"{slug}.well-formed"] = reason
            session.note(f"{reason}; say nothing about which ones it holds")

    def _all_crash(self, session: Session, found: Found) -> RunResult:
        """A server that answers every valid call with a server error: one finding, nothing else to judge."""
        finding = Finding(
            "call.created", "call.created", CLAUSE["call.created"].level, "check_outcome", CLAUSE["call.created"].statement, "201",
            found.exchange.describe(), "$", found.exchange.case, found.exchange, session.counts.requests, "every valid call",
        )
        session.stopped = "every valid call is answered by a server error"
        self._findings = (finding,)
        return self._finish(session)

    def _covered(self, session: Session, found: Found) -> RunResult:
        profile = PROFILES[self.config.profile]
        drawer = Drawer(self.config.seed, found.numbers, found.known.open_sids)
        plan = Plan(profile, self.config.seed, drawer, self.config.wants)
        self._planned = self._plan_size(plan, session)
        self._skip_credentials(session.target)
        session.may_send = lambda case: self._may_send(case, session.target)
        self._hangs = hangs = Hangs(session, found.numbers)
        session.on_hang, session.avoided = hangs.learn, hangs.would_hang
        try:
            self._send_all(session, found, plan, drawer)
            ledger = Ledger()
            self._attribute(session, found, _limits(profile.name), ledger)
            if self._close(session, plan):
                self._attribute(session, found, Limits(probes=0) if self._died else _limits(profile.name), ledger)
            return self._finish(session)
        except (KeyboardInterrupt, Interrupted) as error:
            return self._cut_short(session, found, error)
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
                self._skipped.update(read_back(session, drawer))
                run_properties(session, found.numbers, found.known.open_sids, plan.profile, self.config.seed)
        except BudgetSpent as spent:
            session.stopped = str(spent)

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
            session.note(f"{sent} case(s) that had found something before were sent first.")

    def _close(self, session: Session, plan: Plan) -> bool:
        """Sends what may end the server, once all else is known and cut down; False where the budget leaves nothing for it."""
        if session.stopped is not None:
            return False
        try:
            session.run(plan.closing_steps())
        except BudgetSpent as spent:
            session.stopped = str(spent)
        except TargetUnreachable as error:
            self._died = True
            session.note(f"{error}: a malformed body ended the server.")
        return True

    def _cut_short(self, session: Session, found: Found, error: BaseException) -> RunResult:
        session.stopped = "the run was interrupted"
        with suppress(KeyboardInterrupt, HarnessError):
            self._attribute(session, found, Limits(probes=0))
        text = str(error) or "Interrupted: what was learnt until then is below."
        return self._result("inconclusive", 130, text)

    def _plan_size(self, plan: Plan, session: Session) -> int:
        size = plan.expected_requests() + session.counts.requests
        return min(size, session.budget.requests) if session.budget.requests is not None else size

    def _skip_credentials(self, target: Target) -> None:
        if target.config.auth_token is not None:
            return
        for clause in CLAUSE:
            if clause.startswith("auth."):
                self._skipped[clause] = f"no token is configured ({self.config.token_variable})"
        self._skipped["secrets.auth-token"] = "no token is configured"

    def _may_send(self, case: Case, target: Target) -> bool:
        """Wrong credentials that aren't wrong here are left out; so is another number than may be called."""
        if (case.credentials != "right" or case.account != "own") and not target.can_judge_credentials(case.credentials):
            return False
        if target.loopback:
            return True
        to = case.get("To")
        allowed = self._found.numbers.called if self._found is not None else ()
        return may_be_called(to, allowed)

    def _attribute(self, session: Session, found: Found, limits: Limits, ledger: Ledger | None = None) -> None:
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
        if baseline is not None and baseline.profile in PROFILES and _breadth(baseline.profile) > _breadth(self.config.profile):
            return f"the baseline was written in {baseline.profile}, which looks further than {self.config.profile}"
        return ""

    def _result(self, verdict: str, code: int, text: str) -> RunResult:
        session = self._session or Session(Target(TargetConfig(self._target.url or "http://127.0.0.1:9", self._target.account_sid)))
        results = clause_results(session, self._findings, self.config.wants, self._skipped)
        notes = [*session.notes]
        if session.stopped and code in (0, 1):
            notes.insert(0, f"Not everything was sent: {session.stopped}.")
        if session.left_out:
            notes.append(f"{session.left_out} steps were not sent, since they would have hung for a cause that is known.")
        if session.waited:
            notes.append(f"The target limits the rate (429): the run waited {session.waited:.1f} s for it.")
        if session.target.retries:
            notes.append(f"{session.target.retries} request(s) were sent again, since the server had closed an idle connection.")
        if self._har is not None:
            self._har.close()  # nothing is sent any more
            if self._har.error:
                notes.append(f"exchanges.har does not hold everything: {self._har.error}.")
        idle = sum(c.verdict == "NOT-EXERCISED" for c in results)
        if code == 3 and idle:
            notes.append(f"{idle} of {len(results)} clauses could not be judged for that reason.")
        counts = dict(vars(session.counts))
        counts["accepted"] = int(counts["accepted"])
        return RunResult(
            seed=self.config.seed, profile=self.config.profile, started=self.started, duration_s=time.monotonic() - self._clock,
            url=self._target.url, account_sid=self._target.account_sid, verdict=verdict, exit_code=code, counts=counts,
            clauses=results, findings=self._findings, notes=tuple(notes), headline=text or headline(verdict, self._findings, self._stale, results),
            stale=self._stale, target=self.config.name or ("" if self.config.url is not None else EMBEDDED),
            settings=self.config.describe() | {"again": command_of(self.config)}, latency=latency_of(session.latencies),
            first_shown=_first_shown(session, self._findings), statuses=dict(session.statuses.most_common()),
        )


def _aloud(also: Callable[[Exchange], None] | None) -> Callable[[Exchange], None]:
    """Says each request on the standard error: its number, what it was made for, what came, how long it took."""
    def observe(exchange: Exchange) -> None:
        came = f"{exchange.status or exchange.failure} {exchange.elapsed * 1000:.1f} ms"
        sys.stderr.write(f"{exchange.number:>6} {exchange.method:<6} {exchange.case.aim:<45} {came}\n")
        if also is not None:
            also(exchange)

    return observe


def _kind_of(example: Example) -> str:
    """The kind of step that sends an example."""
    if example.at_once:
        return "together"
    if len(example.cases) == 1:
        return "one"
    return "again" if len({c.pairs for c in example.cases}) == 1 else "sequence"


def _breadth(profile: str) -> int:
    """How far a profile looks: the place in the order of profiles."""
    return list(PROFILES).index(profile)


def _limits(profile: str) -> Limits:
    return {"quick": Limits(), "standard": Limits(4000, 60.0, 25)}.get(profile, Limits(10000, 180.0, 40))


def _first_shown(session: Session, findings: tuple[Finding, ...]) -> dict[str, int]:
    """Which request first showed each finding. One whose clause was only named afterwards, when it was cut down, has none."""
    first: dict[str, int] = {}
    for s in session.seen:
        first[s.breach.clause] = min(s.exchange.number, first.get(s.breach.clause, s.exchange.number))
    return {f.id: min(first[c] for c in (f.clause, *f.also) if c in first) for f in findings if {f.clause, *f.also} & first.keys()}
