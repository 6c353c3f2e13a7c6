"""Before the run: is there a server, does it take our credentials, and which From and To does it take?

The usual first mistakes become one sentence each. Nothing is judged here; what the answers show is kept for the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from harness.case import Case, Pairs
from harness.contract.model import kebab
from harness.errors import Inconclusive, TargetUnreachable
from harness.exchange import Exchange
from harness.live import admit
from harness.oracle import Knowledge
from harness.patience import retry_after
from harness.session import Session
from harness.weather import ENDINGS, FIRST_PATIENCE_S, is_redirect, is_weather
from strategies.drawing import Numbers

TEST_FROM = "+15005550006"
_SOON = 0.1
_OF_A_NUMBER = (403, 404)  # what may be said of a From that the account does not own as well as of the account or the path
FICTIONAL_FROM = "+12025550143"
FICTIONAL_TO = ("+14155550100", "+12025550199", "+442079460958")
OFF_LOOPBACK_TO = ("+12025550199", "+12025550143")
_EXAMPLES = ("+12015550123", "+447400123456", "+4915123456789", "+33612345678", "+61412345678")
_INSTRUCTIONS: tuple[Pairs, ...] = (
    (("Url", "https://example.com/voice"),), (("Twiml", "<Response/>"),), (), (("Url", "https://example.com/voice"),),
)
_SIDS = ("0123456789abcdef" * 2, "0123456789ABCDEF" * 2, "7" * 32, "aBcDeF0123456789" * 2)


@dataclass(frozen=True)
class Found:
    """What the preflight found.

    Args:
        numbers: whom the target may be asked to call, and as whom.
        known: what the oracle may rest on.
        exchange: the answer to the pair that was taken.
        crashes: whether every valid call is answered by a server error.
        sids: exchanges with SIDs that the target can't know.
        before: exchanges with pairs that were not taken, or not at once.
        refused: the answer to a plain call, where none is taken; `exchange` is then of one in another form.
        form: how that one differs, and whose clause is broken so.
    """

    numbers: Numbers
    known: Knowledge
    exchange: Exchange
    crashes: bool = False
    sids: tuple[Exchange, ...] = field(default=())
    before: tuple[Exchange, ...] = field(default=())
    refused: Exchange | None = None
    form: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Wanted:
    """What the user configured: `--from`, `--to`, and the name of the token's variable for messages."""

    own: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    token_variable: str = "RINGTRUE_AUTH_TOKEN"


def preflight(session: Session, wanted: Wanted) -> Found:
    """Finds a pair of numbers that the target takes.

    Raises:
        TargetUnreachable: no HTTP answer came.
        Inconclusive: answers came, but none from which anything could be judged; the text names the way out.
    """
    hopeless = admit(session, lambda exchange: _is_hopeless(exchange, 3))
    if hopeless is not None:
        raise _explain(session, [hopeless], wanted)
    answers: list[Exchange] = []
    for own, called in _pairs(session, wanted):
        exchange = session.send(_minimal(called, own))
        answers.append(exchange)
        exchange = _asked_again(session, exchange, answers)
        if exchange.is_created:
            return replace(_taken(session, wanted, own, called, exchange), before=tuple(answers[:-1] if exchange is answers[-1] else answers))
        if _is_hopeless(exchange, len(answers)) and exchange.status not in _OF_A_NUMBER:
            break
    if all(map(_is_refusal, answers)) and not _is_hopeless(answers[-1], len(answers)):
        for form, clause, case in _other_forms(answers[0].case):
            exchange = session.send(case)
            if exchange.is_created:
                return _taken_otherwise(session, wanted, answers, exchange, (form, clause))
    crash = _lasting_crash(session, answers)
    if crash is not None:
        own, called = crash.case.get("From") or "", crash.case.get("To") or ""
        if crash.is_created:
            return replace(_taken(session, wanted, own, called, crash), before=tuple(answers))
        return replace(_taken(session, wanted, own, called, crash, probe=False), crashes=True)
    raise _explain(session, answers, wanted)


def _asked_again(session: Session, exchange: Exchange, answers: list[Exchange]) -> Exchange:
    """The same call's answer once more where the first one is none that a call gets: it may be chance. Never off this machine."""
    odd = exchange.is_crash or exchange.status in ENDINGS or is_redirect(exchange)
    if exchange.status in _OF_A_NUMBER and len(answers) > 1:
        return exchange  # the next pair tells as much
    if not odd or not session.target.loopback or exchange.failure in ("refused", "tls") or exchange.status == 429:
        return exchange
    if exchange.failure not in (None, "closed") and _is_alone_with_silence(session, exchange, answers):
        return exchange
    return session.send(exchange.case)


def _lasting_crash(session: Session, answers: list[Exchange]) -> Exchange | None:
    """The answer to a pair that failed, sent again, at a server that is alive: it answers at all, or refuses other calls as it should."""
    crash = next((e for e in answers if e.is_crash and e.failure not in ("refused", "tls") and e.status not in ENDINGS), None)
    if crash is None or _is_alone_with_silence(session, crash, answers):
        return None
    case = crash.case
    if not session.target.loopback:  # where a call may have been created, no call is sent twice: another one tells as much
        case = case.with_pairs(tuple((n, f"{v}?again=1" if n == "Url" else v) for n, v in case.pairs), ())
    again = session.send(case)
    return again if again.is_crash or again.is_created else None


def _is_alone_with_silence(session: Session, crash: Exchange, answers: list[Exchange]) -> bool:
    """Whether no HTTP answer came at all, not even a refusal of a call that has no To."""
    if crash.status is not None or any(e.status is not None for e in answers):
        return False
    session.target.hurry(_SOON)
    return not session.send(Case((("From", TEST_FROM),), "to.required")).is_refused


def _minimal(called: str, own: str) -> Case:
    return Case((("To", called), ("From", own), ("Url", "https://example.com/voice")), "call.created")


def _other_forms(case: Case) -> Iterator[tuple[str, str, Case]]:
    """The same call in other forms that must be taken as well: how each differs, whose clause that breaks, and the case."""
    (*ends, url) = case.pairs
    yield "the other way round", "call.parameter-order", replace(case, pairs=case.pairs[::-1])
    yield "with Twiml in the place of Url", "call.created", replace(case, pairs=(*ends, ("Twiml", "<Response/>")))
    yield "with Method and Timeout", "call.created", replace(case, pairs=(*case.pairs, ("Method", "POST"), ("Timeout", "30")))
    more = (("Method", "GET"), ("StatusCallback", "https://example.com/status"))
    yield "the other way round, with Method and StatusCallback", "call.created", replace(case, pairs=(*more, url, *ends[::-1]))


def _taken_otherwise(session: Session, wanted: Wanted, answers: list[Exchange], exchange: Exchange, form: tuple[str, str]) -> Found:
    """What was found where no plain call was taken, and one in another form is: both are sent again, in an order that no every-so-manieth fits."""
    case, plain = exchange.case, answers[0].case
    own, called = case.get("From") or "", case.get("To") or ""
    refused, is_sure = answers[0], True
    asked = (plain, plain, case, case, plain)
    for next_case in asked if session.target.loopback else asked[:3]:
        again = session.send(next_case)
        if again.is_created and next_case == plain:
            return replace(_taken(session, wanted, own, called, again), before=(*answers, exchange))
        is_sure = _is_refusal(again) if next_case == plain else again.is_created
        if not is_sure:
            break
        refused = again if next_case == plain else refused
    found = _taken(session, wanted, own, called, exchange, probe=not is_sure)
    return replace(found, before=tuple(answers), refused=refused if is_sure else None, form=form)


def _is_refusal(exchange: Exchange) -> bool:
    """Whether the target refuses just this call; what is weather says nothing of it."""
    return exchange.is_refused and not is_weather(exchange) and exchange.status not in ENDINGS


def _pairs(session: Session, wanted: Wanted) -> list[tuple[str, str]]:
    """(From, To) in the order they are tried: configured ones alone where configured, else fictional, then examples."""
    examples = _EXAMPLES if session.target.loopback else ()
    own = wanted.own or (TEST_FROM, FICTIONAL_FROM, *examples)
    called = wanted.called or (*FICTIONAL_TO[:2], *examples[1:3], TEST_FROM)
    pairs = [(f, called[0]) for f in own]
    pairs += [(f, t) for t in called[1:] for f in own[:4]]
    return [(f, t) for f, t in pairs if f != t or len(own) == len(called) == 1]


def _is_hopeless(exchange: Exchange, tries: int) -> bool:
    """Whether another pair of numbers can't help."""
    if exchange.status is None:
        return exchange.failure != "closed" or tries > 2
    if exchange.status == 429 and (retry_after(exchange.header("retry-after")) or 0) > FIRST_PATIENCE_S:
        return tries > 2  # it was not waited for; one such answer may be chance
    return exchange.status in ENDINGS or is_redirect(exchange) or (exchange.is_crash and tries > 3)


def _taken(
    session: Session, wanted: Wanted, own: str, called: str, exchange: Exchange, probe: bool = True
) -> Found:
    if "html" in (exchange.header("content-type") or "").lower():
        session.note(f"a valid call is answered {exchange.status} with an HTML page: check the base URL, it may not be the service at all")
    owned = tuple(dict.fromkeys((own, *wanted.own)))
    takes = tuple(dict.fromkeys((called, *wanted.called)))
    numbers = Numbers(owned, takes, foreign=session.target.loopback)
    sids = _probe_sids(session, numbers) if probe else ()
    opened = frozenset(e.case.pairs[-1][0] for e in sids if e.is_created)
    known = Knowledge(frozenset(owned), frozenset(takes), opened)
    return Found(numbers, known, exchange, sids=sids)


def _probe_sids(session: Session, numbers: Numbers) -> tuple[Exchange, ...]:
    """Whether the target takes SIDs that it can't know."""
    out: list[Exchange] = []
    for name, prefix in (("ApplicationSid", "AP"), ("Byoc", "BY")):
        ends = _minimal(numbers.called[0], numbers.own[0]).pairs[:2]
        for digits, instructions in zip(_SIDS, _INSTRUCTIONS, strict=True):
            if name == "Byoc" and not instructions:
                instructions = _INSTRUCTIONS[0]
            out.append(session.send(Case((*ends, *instructions, (name, prefix + digits)), f"{kebab(name)}.consistent")))
    return tuple(out)


def _explain(session: Session, answers: list[Exchange], wanted: Wanted) -> TargetUnreachable | Inconclusive:
    """The usual first mistakes, one sentence each."""
    config = session.target.config
    last = answers[-1]
    if last.status is None:
        return TargetUnreachable(_no_answer(last, config.url, config.timeout))
    if last.status == 401:
        if config.auth_token is None:
            return Inconclusive(f"{config.url} answers 401: it wants credentials; put the auth token into {wanted.token_variable}")
        return Inconclusive(
            f"{config.url} answers 401: it refuses the token read from {wanted.token_variable} for account {config.account_sid}; "
            "check both"
        )
    if any(_is_of_a_number(e) or (_is_refusal(e) and last.status in _OF_A_NUMBER) for e in answers):
        return Inconclusive(_none_taken(config.url, answers))
    if last.status in (404, 405):
        return Inconclusive(
            f"{config.url} answers {last.status} to POST {config.collection}: check the base URL (what stands before /2010-04-01) and --account-sid"
        )
    if is_redirect(last):
        return Inconclusive(f"{config.url} answers {last.status}, a redirect, which is never followed; point --target to where the service is")
    if last.status in ENDINGS:
        return Inconclusive(f"{config.url} answers {last.status} to every valid call: {ENDINGS[last.status]}")
    if "html" in (last.header("content-type") or "").lower():
        return Inconclusive(f"{config.url} answers {last.status} with an HTML page: that is no API; check the base URL")
    return Inconclusive(_none_taken(config.url, answers))


def _none_taken(url: str, answers: list[Exchange]) -> str:
    last = answers[-1]
    return f"{url} took none of {len(answers)} valid calls (last answer: {last.describe()}{_code(last)}): {_way_out(answers)}"


def _is_of_a_number(exchange: Exchange) -> bool:
    """Whether a 403 or 404 speaks of From or To, and so not of the account or the path."""
    return exchange.status in _OF_A_NUMBER and any(_speaks_of(exchange, name, codes) for name, codes in _CODES.items())


# Codes of the live service, by the parameter that they speak of.
_CODES = {"From": (21210, 21212, 21213), "To": (21201, 21211, 21214, 21215, 21216, 21217)}


def _way_out(answers: list[Exchange]) -> str:
    """What stands in the way, as far as the answers' codes and texts tell, and the option that helps."""
    blamed = {name: sum(_speaks_of(e, name, codes) for e in answers) for name, codes in _CODES.items()}
    if blamed["From"] > blamed["To"]:
        return "its answers speak of From: say a number that the account owns with --from"
    if blamed["To"] > blamed["From"]:
        return "its answers speak of To: say a number that may be called with --to"
    return "say a number that the account owns with --from, and one that may be called with --to"


def _speaks_of(exchange: Exchange, name: str, codes: tuple[int, ...]) -> bool:
    document = exchange.document or {}
    message = document.get("message")
    return document.get("code") in codes or (isinstance(message, str) and re.search(rf"\b{name}\b", message[:500]) is not None)


def _code(exchange: Exchange) -> str:
    document = exchange.document or {}
    code = document.get("code")
    return f", code {code}" if isinstance(code, int) else ""


def _no_answer(exchange: Exchange, url: str, timeout: float) -> str:
    return {
        "refused": f"nothing listens at {url}: start the server, or check host and port in --target",
        "tls": f"the TLS handshake with {url} failed: check the certificate (--ca-bundle for a private authority), or whether it speaks http",
        "timeout": f"{url} accepts connections but gave no whole answer within {timeout:g} s: check that it is the right port, or raise --timeout",
        "closed": f"{url} closes the connection without an answer: check that it speaks {url.split(':', 1)[0]}",
        "oversized": f"what {url} answers has a head without end: check that it is the right port",
        "malformed": f"what {url} answers is no HTTP/1.1: check that it is the right port",
    }.get(exchange.failure or "", f"{url} gave no answer")


__all__ = ["Found", "Wanted", "preflight"]
