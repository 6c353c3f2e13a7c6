"""What holds off this machine: whether calls may be created at all.

Real calls need `--allow-real-calls N`. Without it a run goes on only where the target answers the documented test
numbers as the live service's test credentials do: these create nothing and ring nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.calls import NAME, Calls
from harness.case import Case
from harness.config import RunConfig
from harness.errors import Inconclusive, UsageError
from harness.exchange import Exchange
from harness.files import check_appended
from harness.session import Session

# (From, To, the code that test credentials answer): each is refused by a service that knows the account's numbers, too.
TEST_ANSWERS = (
    ("+15005550001", "+12025550199", 21212), ("+15005550006", "+15005550001", 21217), ("+15005550006", "+15005550002", 21214),
    ("+15005550006", "+15005550003", 21215), ("+15005550006", "+15005550004", 21216), ("+15005550009", "+12025550199", 21210),
)


def prepare(session: Session, config: RunConfig, folder: Path | None) -> None:
    """Has a session count what it creates, where that may cost something: off this machine, or where the user bounds it.

    Args:
        session: to prepare, before anything is sent.
        config: what is allowed.
        folder: where the calls are written down; made where it is not there. None for nowhere.

    Raises:
        UsageError: it can't be made, or the file that they are written into can't be one.
    """
    if session.target.loopback and config.real_calls is None and not config.hang_up:
        return
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} can't be made ({error.strerror}), and created calls are written down there; choose another") from None
        check_appended(folder / NAME)
    session.target.always_fresh = True  # a request that is sent again on another connection may create another call
    session.calls = Calls(config.real_calls, folder / NAME if folder is not None else None, config.hang_up)


def admit(session: Session, hopeless: Callable[[Exchange], bool] = lambda exchange: exchange.status in (None, 401)) -> Exchange | None:
    """Finds out whether calls may be created at this target.

    Args:
        session: whose target it is. Nothing is sent on this machine, or where a number of real calls is allowed.
        hopeless: tells of an answer that nothing can be told from.

    Returns:
        None where they may; else an answer that says nothing about the account, such as a 401.

    Raises:
        Inconclusive: the calls would be real, and nobody allowed any.
    """
    if session.target.loopback or session.calls.allowed is not None:
        return None
    for own, called, code in TEST_ANSWERS:
        exchange = session.send(Case((("To", called), ("From", own), ("Url", "https://example.com/voice")), "call.created"))
        if hopeless(exchange):
            return exchange
        if not exchange.is_refused or (exchange.document or {}).get("code") != code:
            raise Inconclusive(_not_allowed(exchange, own, code))
    session.note("The target answers the documented test numbers as test credentials do: its calls are taken for no real ones.")
    return None


def _not_allowed(exchange: Exchange, own: str, code: int) -> str:
    told = (exchange.document or {}).get("code")
    came = exchange.describe() + (f", code {told}" if isinstance(told, int) else "")
    made = ", which says that a call was created" if exchange.is_created else ""
    return (
        "calls would be real: say how many may be created with --allow-real-calls N, or use test credentials "
        f"(From {own} is answered {came}, not code {code}{made})"
    )
