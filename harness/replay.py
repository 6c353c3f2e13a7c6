"""`ringtrue replay`: sends one saved case again and says FIXED, FAILED, FLAKY or ERROR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.config import RunConfig
from harness.errors import HarnessError, Inconclusive, TargetUnreachable
from harness.exchange import FAILURES, Exchange
from harness.live import admit, prepare
from harness.saved import SavedCase
from harness.session import Budget, Session
from harness.strangers import may_be_sent
from harness.target import Target

_TRIES = 3
_LONGEST_PAUSES = 60.0  # seconds, of all tries
_FLAKY_TRIES = 100
EXIT_CODES = {"FIXED": 0, "FAILED": 1, "FLAKY": 1, "ERROR": 3}


@dataclass(frozen=True)
class Replayed:
    """How a replay ended.

    Args:
        verdict: a key of `EXIT_CODES`.
        shown, tries: how often the break showed.
        detail: the last answer, or what went wrong.
        notes: what was created.
    """

    verdict: str
    shown: int
    tries: int
    detail: str
    notes: tuple[str, ...] = ()


def replay(saved: SavedCase, config: RunConfig, folder: Path | None = None) -> Replayed:
    """Sends a saved case a few times (many, if it was flaky) and judges it as a run would.

    Args:
        saved: the case.
        config: where to send it, and what may be created there.
        folder: where created calls are written down.
    """
    target = Target(config.as_target())
    session = Session(target, Budget(*_budget(config)), known=saved.known)
    prepare(session, config, folder)
    if not target.loopback:
        session.may_send = lambda case: may_be_sent(case, config.called)
    tries = _FLAKY_TRIES if saved.flaky and target.loopback else _TRIES
    pauses = sum(c.pause for c in (saved.case, *saved.before, *saved.together))
    if pauses:
        tries = max(_TRIES, min(tries, int(_LONGEST_PAUSES / pauses)))
    shown = done = 0
    detail = ""
    try:
        for case in (saved.case, *saved.before, *saved.together):
            session.require_allowed(case)
        hopeless = admit(session)
        if hopeless is not None:
            _alive(hopeless, session)
            raise TargetUnreachable(f"{target.config.url}: {hopeless.describe()}")
        for _ in range(tries):
            broken, detail = _once(session, saved)
            done += 1
            shown += broken
            if shown and shown < done and done >= _TRIES:
                break
    except HarnessError as error:
        session.close()
        return Replayed("ERROR", shown, done, str(error), tuple(session.calls.notes()))
    finally:
        session.close()
    verdict = "FIXED" if not shown else "FAILED" if shown == done else "FLAKY"
    return Replayed(verdict, shown, done, detail, tuple(session.calls.notes()))


def _budget(config: RunConfig) -> tuple[int | None, float | None, float | None]:
    requests, rate = config.budgets
    return requests, None, rate


def _once(session: Session, saved: SavedCase) -> tuple[bool, str]:
    """(whether the break showed, the answer in short)."""
    if saved.together:
        exchanges = session.send_together(list(saved.together))
    else:
        for case in saved.before:
            session.judge(session.send(case))
        exchanges = [session.send(saved.case)]
    broken = False
    for exchange in exchanges:
        _alive(exchange, session)
        broken |= _shows(session, exchange, saved)
    return broken, exchanges[-1].describe()


def _alive(exchange: Exchange, session: Session) -> None:
    if exchange.failure in ("refused", "tls"):
        raise TargetUnreachable(f"{session.target.config.url}: {FAILURES[exchange.failure]}")
    if exchange.failure == "stalled":
        raise Inconclusive("this machine stood still while an answer was waited for, so that nothing can be told; replay it again")
    if exchange.status == 401 and exchange.case.credentials == "right" and exchange.case.account == "own":
        raise TargetUnreachable(f"{session.target.config.url} answers 401: check the token and --account-sid")


def _shows(session: Session, exchange: Exchange, saved: SavedCase) -> bool:
    found = session.judge(exchange)
    outcome = any(b.kind != "content" for b in found)
    return outcome or any(b.clause == saved.clause for b in found) or (saved.clause.startswith("call.") and bool(found))
