"""The check of the outcome: was the call created, refused or neither, against what the oracle expects.

Its breaches are provisional: attribution finds which pair is to blame and names the clause.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.model import Breach
from harness.contract import CLAUSE, Expected
from harness.exchange import Exchange
from harness.oracle import Expectation


def check_outcome(exchange: Exchange, expectation: Expectation) -> Iterator[Breach]:
    """At most one breach, of kind `refused`, `crashed`, `accepted` or `unanswered`."""
    if not exchange.case.is_plain_form or exchange.status == 429:
        return
    if expectation.expected is Expected.ACCEPT:
        if not exchange.is_created:
            yield _breach(exchange, expectation, "crashed" if exchange.is_crash else "refused", "201")
    elif expectation.expected is Expected.REJECT:
        if not exchange.is_refused:
            yield _breach(exchange, expectation, "accepted" if exchange.is_created else "crashed", "4xx")
    elif exchange.is_crash:
        yield _breach(exchange, expectation, "unanswered", "an answer that is no server error")


def _breach(exchange: Exchange, expectation: Expectation, kind: str, expected: str) -> Breach:
    reason = expectation.reasons[0]
    clause = reason.clause if expectation.expected is not Expected.ACCEPT else "call.created"
    return Breach(
        clause, "check_outcome", CLAUSE[clause].statement, expected, exchange.describe(), "$", expectation.level, kind, reason.parameter
    )
