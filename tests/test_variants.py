"""Servers that keep the contract in a strange way: a run finds nothing against any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from strange import VARIANTS, Proxy
from support import Outcome, Workers, chosen, outcome_of_run

from harness.emulator import Emulator, EmulatorSettings

QUICK = ("chunked",)
SKIPPED = {
    "sids-looked-up": {"application-sid.well-formed", "byoc.well-formed"},
    "sids-in-capitals": {"response.read-back"},
}


def run_against(name: str) -> Outcome:
    """One run against a variant."""
    variant = VARIANTS[name]
    with Emulator(EmulatorSettings(**variant.emulator)) as emulator, Proxy(variant, emulator.url) as proxy:
        return outcome_of_run(url=proxy.url, account_sid=emulator.account_sid, auth_token=emulator.auth_token, seed=1,
                              profile="small" if name in QUICK else "quick")


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """The runs of all the tests that are chosen, two at a time."""
    workers = Workers(run_against)
    workers.begin(*chosen(request, "variant"))
    yield workers
    workers.close()


@pytest.mark.parametrize("variant", [v if v in QUICK else pytest.param(v, marks=pytest.mark.slow) for v in VARIANTS])
def test_nothing_is_found_in_a_server_that_keeps_the_contract_its_own_way(variant: str, runs: Workers) -> None:
    outcome = runs.outcome(variant)
    assert (outcome.exit_code, outcome.clauses) == (0, []), outcome.told()
    skipped = {c for c, v in outcome.verdicts.items() if v == "SKIPPED"}
    assert skipped == SKIPPED.get(variant, set()), outcome.told()
    idle = {c for c, v in outcome.verdicts.items() if v == "NOT-EXERCISED"}
    assert idle == set(), outcome.told()


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["rate-limited"])
def test_waiting_for_a_rate_limit_is_noted(variant: str, runs: Workers) -> None:
    outcome = runs.outcome(variant)
    assert outcome.counts["accepted"] == outcome.counts["accept_expected"]
    assert outcome.counts["rejected"] == outcome.counts["reject_expected"]


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["closes-unsaid-every-100th"])
def test_connections_closed_unsaid_lose_no_call(variant: str, runs: Workers) -> None:
    outcome = runs.outcome(variant)
    assert outcome.counts["accepted"] == outcome.counts["accept_expected"] > 500
