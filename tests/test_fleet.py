"""The fleet of hostile servers: each gets the verdict that a careful person would give, within its bounds, and nothing leaks or acts.

RINGTRUE_FLEET_SEEDS=1,2,3 runs it on more seeds than 0.
"""

from __future__ import annotations

import os

import pytest
from adversary.fleet import FLEET, problems, run_row
from adversary.page import PAGE, page

from harness.weather import TABLE, Fate

SEEDS = os.environ.get("RINGTRUE_FLEET_SEEDS", "0").split(",")
QUICK = ("faultless", "silent, 1 in 200", "acting attributes", "credentials revoked", "token")
RUNS = [pytest.param(f"{seed} {name}", id=f"{name}-{seed}", marks=[] if name in QUICK else pytest.mark.slow) for seed in SEEDS for name in FLEET]


@pytest.mark.parametrize("run", RUNS)
def test_hostile_server_gets_the_verdict_of_a_careful_person(run: str) -> None:
    seed, _, name = run.partition(" ")
    assert problems(FLEET[name], run_row(FLEET[name], int(seed))) == []


def test_fleet_is_large_and_of_every_family_and_sort() -> None:
    assert len(FLEET) >= 60
    assert {r.family for r in FLEET.values()} == {"connection", "content", "redirects", "weather", "everything the same", "secrets"}
    assert {r.verdict.sort for r in FLEET.values()} == {"finding", "weather", "end"}


def test_table_of_weather_names_each_row_once_and_has_all_fates() -> None:
    assert len({r.key for r in TABLE}) == len(TABLE)
    assert {r.fate for r in TABLE} == set(Fate)


def test_page_about_robustness_is_of_this_code_and_names_every_server() -> None:
    text = PAGE.read_text("utf-8")
    assert text.startswith(page("")), "run benchmarks/hostile.py --tables"
    assert [name for name in FLEET if f"| **{name}**: " not in text] == [], "run benchmarks/hostile.py"
