"""Judging the judge: every fault of the emulator gets a finding of its own clause, and nothing else is found.

Each fault is judged in a small run about its own clauses, every twentieth about all clauses, and where that does not meet
it, since it shows only under a condition, in a quick one, as `make matrix` judges all of them.
By default every fourth fault is judged, so that the tests stay short; with RINGTRUE_ALL_FAULTS=1, as in CI, all are but
those that test_attribution.py judges more closely.
"""

from __future__ import annotations

import os

import matrix
import pytest
from support import Outcome
from test_attribution import ROWS

from harness.contract import CLAUSE
from harness.emulator import FAULTS

SEED = 1
QUICK = ("accepts-timeout-601", "refuses-trim-do-not-trim", "access-token-cut", "to-lower")
WHOLE = list(FAULTS)[::20]
EVERY = 1 if os.environ.get("RINGTRUE_ALL_FAULTS") else 4
CHOSEN = [f for i, f in enumerate(FAULTS) if (i % EVERY == 0 or f in QUICK) and f not in ROWS]


@pytest.mark.parametrize("fault", [f if f in QUICK else pytest.param(f, marks=pytest.mark.slow) for f in CHOSEN])
def test_fault_is_found_by_its_own_clause_and_nothing_else_is(fault: str) -> None:
    outcome = matrix.decided(fault, SEED, () if fault in WHOLE else matrix.groups_of(fault))
    assert not matrix.deviation(fault, outcome), outcome.told()


def test_every_fault_names_clauses_of_the_contract() -> None:
    assert {name: fault.clauses for name, fault in FAULTS.items() if not fault.clauses or not set(fault.clauses) <= set(CLAUSE)} == {}


def test_every_clause_is_broken_by_a_fault_or_it_is_said_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    declared = {name: fault.clauses for name, fault in FAULTS.items()}
    with capsys.disabled():
        print("\n" + matrix.table(declared))
    idle = {clause for clause, names in matrix.by_clause(declared).items() if not names}
    assert idle == set(matrix.UNBREAKABLE)


@pytest.mark.parametrize(("findings", "text"), [
    ((), "nothing found, timeout.maximum expected"),
    (("timeout.maximum", "timeout.maximum"), "found twice: timeout.maximum, timeout.maximum"),
    (("timeout.maximum", "echo.to"), "found timeout.maximum, echo.to, declared timeout.maximum"),
    (("timeout.maximum",), ""),
])
def test_deviation_says_what_is_wrong(findings: tuple[str, ...], text: str) -> None:
    outcome = Outcome(1, "", tuple({"clause": c} for c in findings), {}, {}, ())
    assert matrix.deviation("accepts-timeout-601", outcome) == text
