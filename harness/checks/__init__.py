"""The checks: pure functions of exchanges that say which clauses they break. `judge` runs all that apply to one."""

from __future__ import annotations

from harness.checks.echo import check_echo
from harness.checks.model import Breach
from harness.checks.outcome import check_outcome
from harness.checks.refusals import check_credentials, check_malformed, check_method, check_refusal_body, check_secrets
from harness.checks.response import check_attributes, check_envelope
from harness.contract import ATTRIBUTES, CLAUSE, Expected
from harness.exchange import Exchange
from harness.oracle import Expectation
from harness.weather import is_weather

_ENVELOPE = frozenset(("response.status", "response.content-type", "response.json", "response.attributes", "response.unique-keys"))


def judge(exchange: Exchange, expectation: Expectation, account_sid: str) -> tuple[list[Breach], frozenset[str]]:
    """Runs every check that applies to one exchange.

    Args:
        exchange: what was sent and came back.
        expectation: what the oracle expects of its case.
        account_sid: the account in the path.

    Returns:
        The breaches, and the ids of the clauses that the exchange exercised.
    """
    if is_weather(exchange):
        return [], frozenset()
    found = [*check_outcome(exchange, expectation), *check_secrets(exchange)]
    exercised = set(expectation.clauses)
    exercised.update(("secrets.auth-token", "secrets.stack-trace"))
    if exchange.case.get("SipAuthPassword") or any(b.clause == "secrets.sip-password" for b in found):
        exercised.add("secrets.sip-password")
    if not exchange.case.is_plain_form:
        found += [*check_credentials(exchange), *check_method(exchange), *check_malformed(exchange)]
    if exchange.is_refused:
        exercised.add("refusal.status")
        # What a refusal of a valid call holds may well be the call.
        if expectation.expected is not Expected.ACCEPT:
            found += check_refusal_body(exchange)
            if exchange.status in (400, 401, 422):
                exercised.add("refusal.body")
    elif exchange.is_created and exchange.case.is_form and expectation.expected is not Expected.REJECT:
        found += _judge_created(exchange, expectation, account_sid, exercised)
    return found, frozenset(exercised)


def _judge_created(exchange: Exchange, expectation: Expectation, account_sid: str, exercised: set[str]) -> list[Breach]:
    if exchange.status != 201 and expectation.expected is not Expected.ACCEPT:
        return []
    found = check_envelope(exchange)
    exercised.update(_ENVELOPE)
    document = exchange.document
    # Where a key stands twice, which of its values counts is anyone's guess.
    if document is None or any(b.clause in ("response.attributes", "response.unique-keys") for b in found):
        return found
    case = exchange.case
    values = [v for n, v in case.pairs if n == "MachineDetection"]
    found += check_attributes(document, None if "" in values else bool(values))
    found += check_echo(case, document, account_sid, exchange.sent_at)
    exercised.update(_exercised(document, bool(values)))
    return found


def _exercised(document: dict[str, object], detection: bool) -> set[str]:
    """The clauses about the answer that this document says something about."""
    out = {"echo.account-sid", "echo.to", "echo.from", "echo.direction", "echo.status", "echo.sid-unique", "echo.own-call"}
    for attribute in ATTRIBUTES:
        out.update(_CLAUSES_OF[attribute.name])
        if attribute.kind == "date" and attribute.name.startswith("date_"):
            out.add(f"echo.{attribute.slug}")
    if detection:
        out.discard("response.answered-by.without-detection")
    return out


_CLAUSES_OF: dict[str, tuple[str, ...]] = {
    a.name: tuple(c for c in CLAUSE if c.startswith(f"response.{a.slug}.")) for a in ATTRIBUTES
}

__all__ = ["Breach", "judge"]
