"""`ringtrue replay`: sends one saved case again and says FIXED, FAILED, FLAKY or ERROR."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import HarnessError, TargetUnreachable
from harness.exchange import FAILURES, Exchange
from harness.preflight import may_be_called
from harness.saved import SavedCase
from harness.session import Budget, Session
from harness.target import Target, TargetConfig

_TRIES = 3
_FLAKY_TRIES = 100
EXIT_CODES = {"FIXED": 0, "FAILED": 1, "FLAKY": 1, "ERROR": 3}


@dataclass(frozen=True)
class Replayed:
    """How a replay ended.

    Args:
        verdict: a key of `EXIT_CODES`.
        shown, tries: how often the break showed.
        detail: the last answer, or what went wrong.
    """

    verdict: str
    shown: int
    tries: int
    detail: str


def replay(saved: SavedCase, target_config: TargetConfig) -> Replayed:
    """Sends a saved case a few times (many, if it was flaky) and judges it as a run would.

    Args:
        saved: the case.
        target_config: where to send it.
    """
    target = Target(target_config)
    session = Session(target, Budget(rate=None if target.loopback else 5.0), known=saved.known)
    if not target.loopback:
        allowed = sorted(saved.known.called_numbers) if saved.url == target_config.url else []
        session.may_send = lambda case: may_be_called(case.get("To"), allowed)
    tries = _FLAKY_TRIES if saved.flaky and target.loopback else _TRIES
    shown = done = 0
    detail = ""
    try:
        for _ in range(tries):
            broken, detail = _once(session, saved)
            done += 1
            shown += broken
            if shown and shown < done and done >= _TRIES:
                break
    except HarnessError as error:
        return Replayed("ERROR", shown, done, str(error))
    finally:
        session.close()
    verdict = "FIXED" if not shown else "FAILED" if shown == done else "FLAKY"
    return Replayed(verdict, shown, done, detail)


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
    if exchange.status == 401 and exchange.case.credentials == "right" and exchange.case.account == "own":
        raise TargetUnreachable(f"{session.target.config.url} answers 401: check the token and --account-sid")


def _shows(session: Session, exchange: Exchange, saved: SavedCase) -> bool:
    found = session.judge(exchange)
    outcome = any(b.kind != "content" for b in found)
    return outcome or any(b.clause == saved.clause for b in found) or (saved.clause.startswith("call.") and bool(found))
