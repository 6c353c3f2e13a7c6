"""Servers that keep the contract in another way: a run finds nothing against any of them."""

from __future__ import annotations

from functools import cache

import pytest
from support import Outcome, forked, judged_run, outcome_of_run

from harness.emulator import VARIANTS
from harness.emulator.variants import settings_of

QUICK = ("chunked", "takes-everything")
LOOKED_UP = {"application-sid.well-formed", "byoc.well-formed"}
SKIPPED = {
    "sids-looked-up": LOOKED_UP,
    "sids-looked-up-404": LOOKED_UP,
    "no-read-back": {"response.read-back"},
    "other-uris": {"response.read-back"},
    "old-and-terse": {"response.read-back"},
}


@cache
def run_against(name: str) -> Outcome:
    """One run against a variant: a quick one where it is about forms, else a small one."""
    profile = "quick" if VARIANTS[name].family == "mixed" and name not in QUICK else "small"
    return judged_run(settings_of(name), seed=1 + list(VARIANTS).index(name) % 5, profile=profile)


@pytest.mark.parametrize("variant", [v if v in QUICK else pytest.param(v, marks=pytest.mark.slow) for v in VARIANTS])
def test_nothing_is_found_in_a_server_that_keeps_the_contract_its_own_way(variant: str) -> None:
    outcome = run_against(variant)
    assert (outcome.exit_code, outcome.clauses) == (0, []), outcome.told()
    skipped = {c for c, v in outcome.verdicts.items() if v == "SKIPPED"}
    assert skipped == SKIPPED.get(variant, set()), outcome.told()
    idle = {c for c, v in outcome.verdicts.items() if v == "NOT-EXERCISED"}
    assert idle == set(), outcome.told()


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["rate-limited", "closes-unsaid-every-100th"])
def test_no_call_is_lost_to_a_rate_limit_or_to_connections_closed_unsaid(variant: str) -> None:
    outcome = run_against(variant)
    assert outcome.counts["accepted"] == outcome.counts["accept_expected"] > 100
    assert outcome.counts["rejected"] == outcome.counts["reject_expected"]


def test_server_that_asks_for_no_credentials_is_judged_without_a_token() -> None:
    emulated = settings_of(faults=("access-no-credentials",))
    with forked(emulated) as url:
        outcome = outcome_of_run(url=url, account_sid=emulated.account_sid, auth_token=None, seed=1, profile="small")
    assert (outcome.exit_code, outcome.clauses) == (0, []), outcome.told()
    assert {v for c, v in outcome.verdicts.items() if c.startswith("auth.")} == {"SKIPPED"}
    assert outcome.verdicts["malformed.huge"] == "PASS"  # it is sent last
