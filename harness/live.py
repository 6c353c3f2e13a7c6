"""What holds off this machine: whom a request may name, and whether calls may be created at all.

Real calls need `--allow-real-calls N`. Without it a run goes on only where the target answers the documented test
numbers as the live service's test credentials do: these create nothing and ring nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

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
_DIGITS = re.compile(rb"[0-9]{7,}")
_PHONE_LIKE = re.compile(rb"[0-9][0-9 ().-]{5,}[0-9]")
_DIALS = re.compile(r"<\s*(?:\w+:)?(?:dial|number|sim|sip|sms|message|refer)\b", re.IGNORECASE)


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


# An address at a domain that is reserved for examples and tests (RFC 2606, RFC 6761).
_AT_AN_EXAMPLE = re.compile(
    r"[^@]*@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)\.?(?::[0-9]*)?(?:[;?][^@]*)?", re.IGNORECASE
)


def is_fictional(number: str) -> bool:
    """Whether a number can never ring a person: NANP 555-0100 to 555-0199, and the live service's test numbers."""
    digits = number.removeprefix("+1")
    return number.startswith("+1") and len(digits) == 10 and (digits[3:8] == "55501" or digits.startswith("5005550"))


def may_be_called(to: str | None, allowed: Collection[str] = ()) -> bool:
    """Whether an address may be sent to a target off this machine: configured or fictional numbers, and what is no number.

    Args:
        to: a To, or None.
        allowed: the configured numbers.
    """
    if to is None or to in allowed or is_fictional(to) or to.startswith("client:"):
        return True
    if "@" in to:
        return _AT_AN_EXAMPLE.fullmatch(to) is not None
    return sum(c.isdigit() for c in to) < 3


def may_be_sent(case: Case, allowed: Collection[str] = ()) -> bool:
    """Whether a whole case may be sent to a target off this machine.

    Args:
        case: any case, also one from a file: every To in it counts, however it is written, and what its Twiml would dial.
        allowed: the configured numbers.
    """
    if any(_DIALS.search(v) for n, v in case.pairs if _is(n, "twiml")):
        return False
    if case.body is not None and not all(may_be_called(found, allowed) for found in (*numbers_in(case.body), *_sip_in(case.body))):
        return False
    return all(may_be_called(v, allowed) for n, v in case.pairs if _is(n, "to"))


def _is(name: str, wanted: str) -> bool:
    """Whether a careless server could take a name for this one."""
    return re.sub(r"[^a-z]", "", name.lower()) == wanted


def _sip_in(body: bytes) -> list[str]:
    """What looks like a SIP address in a raw body."""
    return re.findall(r"sips?:[^\s&\"'<>]*@[^\s&\"'<>]*", unquote_to_bytes(body[:1 << 16]).decode("latin-1"), re.IGNORECASE)


def numbers_in(body: bytes) -> Iterator[str]:
    """What looks like a phone number in a raw body, with spaces and the like between its digits or without."""
    text = unquote_to_bytes(body[:1 << 16].replace(b"+", b" "))
    for found in (*_DIGITS.findall(text), *_PHONE_LIKE.findall(text)):
        digits = re.sub(rb"[^0-9]", b"", found).decode()
        if 7 <= len(digits) <= 15:
            yield "+" + digits


__all__ = ["TEST_ANSWERS", "admit", "is_fictional", "may_be_called", "may_be_sent", "numbers_in", "prepare"]
