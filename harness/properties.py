"""Hypothesis properties of each parameter: cases that the covering phase didn't think of, shrunk where they fail.

A property fails where an exchange breaks any clause; Hypothesis then shrinks it, and the smallest goes to attribution
with everything else that was seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException

from harness.case import Case
from harness.contract import PARAMETERS, Expected
from harness.errors import HarnessError
from harness.generated import generated_calls
from harness.session import Session
from strategies import calls_about, valid_calls
from strategies.drawing import Numbers
from strategies.plan import Profile


class _Broken(AssertionError):
    """A property's case broke a clause; only Hypothesis sees it."""


def run_properties(
    session: Session, numbers: Numbers, open_sids: frozenset[str], profile: Profile, run_seed: int
) -> None:
    """Runs the properties of all parameters, of whole calls and of calls by a second generator, as many examples as the profile says.

    Raises:
        BudgetSpent: the run's budget ended.
    """
    with _no_storage():
        if profile.examples:
            _search(session, valid_calls(numbers, open_sids), profile.examples, run_seed)
            for name in _searched():
                _search(session, calls_about(name, numbers, open_sids), profile.examples, run_seed)
        if profile.generated:
            for calls in generated_calls().values():
                _search(session, calls, profile.generated, run_seed)


def most_examples(profile: Profile) -> int:
    """How many cases the search draws at most, where it finds nothing; what it finds it draws again to shrink it."""
    return profile.examples * (1 + len(_searched()) if profile.examples else 0) + 2 * profile.generated


def _searched() -> list[str]:
    """The parameters that have a property of their own."""
    return [p.name for p in PARAMETERS if any(c.expected is not Expected.EITHER for c in p.classes)]


@contextmanager
def _no_storage() -> Iterator[None]:
    """Has Hypothesis write nothing for itself: in the place of its directory nothing can be made."""
    set_hypothesis_home_dir(os.path.join(os.devnull, "hypothesis"))
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)


def _search(session: Session, cases: Any, examples: int, run_seed: int) -> None:
    ended: list[BaseException] = []
    failures = 0

    @seed(run_seed)
    @settings(
        max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink), report_multiple_bugs=False, print_blob=False,
    )
    @given(cases)
    def property_holds(case: Case) -> None:
        nonlocal failures
        if ended or failures > 40 or not session.may_send(case):
            return
        try:
            found = session.judge(session.send(case))
        except (HarnessError, KeyboardInterrupt) as error:
            ended.append(error)
            return
        if found:
            failures += 1
            raise _Broken

    _quietly(property_holds)
    if ended:
        raise ended[0]


def _quietly(check: Callable[[], None]) -> None:
    with suppress(_Broken, HypothesisException, BaseExceptionGroup):
        check()
