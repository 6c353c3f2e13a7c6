"""Distributions of times: every time in the right bin, the marks where they belong. And what else a run measures on its way."""

from __future__ import annotations

import itertools
import statistics

from hypothesis import given
from hypothesis import strategies as st

from harness.config import RunConfig
from harness.engine import Run
from harness.latency import BOUNDS, Latency, latency_of

SECONDS = st.floats(0, 1000, allow_nan=False)


def test_bounds_rise_by_a_fifth_or_so() -> None:
    assert (BOUNDS[0], BOUNDS[-1]) == (0.1, 820_000)
    assert all(1.15 < high / low < 1.26 for low, high in itertools.pairwise(BOUNDS))


def test_times_lie_below_their_bound_and_above_the_one_before() -> None:
    latency = latency_of([0.00105, 0.0012, 0.00121, 0.0019])
    assert latency.bins == ((1.2, 2), (1.5, 1), (1.8, 0), (2.2, 1))


def test_nothing_measured_is_no_distribution() -> None:
    assert latency_of([]) == Latency()


@given(st.lists(SECONDS, min_size=1, max_size=200))
def test_distribution_holds_every_time_once(times: list[float]) -> None:
    latency = latency_of(iter(times))
    assert latency.count == len(times)
    assert latency.bins[0][1] and latency.bins[-1][1]
    assert latency.median == round(statistics.median(t * 1000 for t in times), 2)
    assert latency.longest == round(max(times) * 1000, 2)
    assert latency.median <= latency.p95 <= latency.longest or len(times) < 3


def test_run_measures_every_answer_and_tells_when_each_finding_first_showed() -> None:
    run = Run(RunConfig(faults=("accepts-send-digits-33", "price-unit-unknown"), only=("send-digits.*", "response.price-unit.*"), max_requests=400)).conduct()
    assert run.latency.count == run.counts["requests"]
    assert 350 <= run.latency.count <= 400  # an eighth is kept for finding causes
    assert 0 < run.latency.median <= run.latency.longest
    assert set(run.first_shown) == {f.id for f in run.findings} == {"send-digits.max-length", "response.price-unit.iso-4217"}
    assert all(1 <= n < 400 for n in run.first_shown.values())
    assert run.settings["again"].startswith("ringtrue run --fault accepts-send-digits-33 --fault price-unit-unknown --only 'send-digits.*'")
