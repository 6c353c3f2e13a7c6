"""The strategies: values are of their class, calls are what they say, arrays cover what they promise, plans repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.case import HEADS, UNCLEAR_HEADS, Case
from harness.classify import classify, example_numbers, plan_allows
from harness.contract import CLAUSE, CLAUSES, PARAMETER, PARAMETERS, UNCLEAR, Expected
from harness.contract.model import Events
from harness.oracle import Knowledge, expect
from strategies import (
    calls_about,
    calls_with,
    client_names,
    phone_numbers,
    send_digits,
    sids,
    sip_addresses,
    twiml_documents,
    urls,
    valid_calls,
    values,
)
from strategies.covering import ARRAYS, rows, uncovered
from strategies.domains import edges, fresh
from strategies.drawing import Drawer, Numbers, _area
from strategies.plan import PROFILES, Plan, Step

OWN, CALLED = ("+15005550006", "+12025550143"), ("+14155550100", "+442079460958")
NUMBERS = Numbers(OWN, CALLED, foreign=True)
HOME = Numbers(OWN, CALLED)
SIDS = frozenset(("ApplicationSid", "Byoc"))
KNOWN = Knowledge(frozenset(OWN), frozenset(CALLED), SIDS)
BOUND = [(p.name, c.slug, c.expected) for p in PARAMETERS for c in p.classes if edges(p.name, c.slug)]
REJECTED = [(n, s) for n, s, e in BOUND if e is Expected.REJECT]
FEW = settings(max_examples=5)


def of_class(name: str, slug: str, value: str) -> bool:
    """Whether a value belongs to a class; where To is a phone number, a client or SIP address as From is `phone-for-phone`."""
    found = classify(name, value)
    return found in ("client", "sip") if slug == "phone-for-phone" else found == slug


def names_of(step: Step) -> set[str]:
    """The aims of a step's cases."""
    return {c.aim for c in step.cases}


def steps(seed: int, profile: str = "quick", numbers: Numbers = NUMBERS, open_sids: frozenset[str] = SIDS) -> Iterator[Step]:
    """The steps of a run, those that come last because a server may die of them included."""
    plan = Plan(PROFILES[profile], seed, Drawer(seed, numbers, open_sids))
    yield from plan.steps()
    yield from plan.closing_steps()


@pytest.fixture(scope="module")
def quick() -> list[Step]:
    """All of quick's steps on loopback."""
    return list(steps(1))


@pytest.fixture(scope="module")
def quick_at_home() -> list[Step]:
    """All of quick's steps off loopback, where only configured numbers may be called."""
    return list(steps(1, numbers=HOME))


# --- values ------------------------------------------------------------------------------------------------


def test_every_class_has_values_but_those_that_only_the_target_knows() -> None:
    without = {(p.name, c.slug) for p in PARAMETERS for c in p.classes if not edges(p.name, c.slug)}
    assert without == {("From", "own-number"), ("CallerId", "own-number")}


@pytest.mark.parametrize(("name", "slug", "_expected"), BOUND, ids=lambda x: str(getattr(x, "value", x)))
def test_edges_are_of_their_class_and_no_two_alike(name: str, slug: str, _expected: Expected) -> None:
    known = edges(name, slug)
    assert [v for v in known if not of_class(name, slug, v)] == []
    assert len(set(known)) == len(known)


@pytest.mark.parametrize(("name", "slug", "_expected"), BOUND, ids=lambda x: str(getattr(x, "value", x)))
@FEW
@given(data=st.data())
def test_strategy_s_values_are_of_their_class(name: str, slug: str, _expected: Expected, data: st.DataObject) -> None:
    assert of_class(name, slug, data.draw(values(name, slug)))


@pytest.mark.parametrize(("name", "slug", "expected"), BOUND, ids=lambda x: str(getattr(x, "value", x)))
def test_fresh_values_are_of_their_class_and_many(name: str, slug: str, expected: Expected) -> None:
    rng = Random(7)
    drawn = [fresh(name, slug, rng, i / 60) for i in range(60)]
    real = [v for v in drawn if v is not None]
    assert [v for v in real if not of_class(name, slug, v)] == []
    assert len(set(real)) > 1 or len(set(real)) == len(real) or len(edges(name, slug)) == 1


def test_unknown_class_and_class_without_values_are_refused() -> None:
    with pytest.raises(KeyError):
        values("Nonsense", "maximum")
    with pytest.raises((KeyError, ValueError)):
        values("Timeout", "nonsense")
    with pytest.raises(ValueError, match="own-number"):
        values("From", "own-number")


@pytest.mark.parametrize(("strategy", "name", "slug"), [
    (phone_numbers(), "To", "e164"), (sip_addresses(), "To", "sip"), (client_names(), "To", "client"), (urls(), "Url", "absolute"),
    (send_digits(), "SendDigits", "keys"), (twiml_documents(), "Twiml", "document"), (sids("AP"), "ApplicationSid", "well-formed"),
    (sids("BY"), "Byoc", "well-formed"),
], ids=["phone_numbers", "sip_addresses", "client_names", "urls", "send_digits", "twiml_documents", "sids-AP", "sids-BY"])
@given(data=st.data())
def test_named_strategy_draws_what_its_name_says(strategy: st.SearchStrategy[str], name: str, slug: str, data: st.DataObject) -> None:
    assert classify(name, data.draw(strategy)) == slug


@pytest.mark.parametrize(("name", "slug", "low", "high"), [
    ("Timeout", "range", 1, 600), ("MachineDetectionSilenceTimeout", "range", 2000, 10000), ("MachineDetectionSpeechThreshold", "range", 1000, 6000),
])
def test_ranges_are_met_at_both_ends_and_all_over(name: str, slug: str, low: int, high: int) -> None:
    assert {str(low), str(high)} <= set(edges(name, slug))
    drawer = Drawer(3, NUMBERS)
    drawn = {int(drawer.value(name, slug) or 0) for _ in range(200)}
    part = (high - low + 1) / 8
    assert {int((v - low) / part) for v in drawn} == set(range(8))


@pytest.mark.parametrize(("name", "value"), [
    ("Timeout", "601"), ("SendDigits", "1" * 33), ("MachineDetectionSilenceTimeout", "1999"), ("MachineDetectionSilenceTimeout", "10001"),
    ("MachineDetectionSpeechEndThreshold", "499"), ("MachineDetectionSpeechEndThreshold", "5001"),
])
def test_first_value_outside_is_an_edge(name: str, value: str) -> None:
    assert value in edges(name, classify(name, value))


def test_examples_are_valid_numbers_of_many_countries() -> None:
    assert len(example_numbers()) > 300
    assert all(n.startswith("+") and plan_allows(n) for n in example_numbers())
    assert len({n[:3] for n in example_numbers()}) > 60


# --- calls -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(valid_calls(NUMBERS, SIDS))
def test_valid_calls_are_accepted(case: Case) -> None:
    assert expect(case, KNOWN).expected is Expected.ACCEPT


@settings(max_examples=40)
@given(valid_calls(HOME))
def test_valid_calls_without_known_sids_are_accepted_and_call_configured_numbers_alone(case: Case) -> None:
    assert expect(case, Knowledge(frozenset(OWN), frozenset(CALLED))).expected is Expected.ACCEPT
    assert not {n for n, _ in case.pairs} & SIDS
    to = case.get("To") or ""
    assert to in CALLED or to.startswith(("sip:", "client:"))


@settings(max_examples=80)
@given(st.sampled_from(REJECTED), st.data())
def test_calls_with_a_value_to_refuse_are_never_accepted(rule: tuple[str, str], data: st.DataObject) -> None:
    name, slug = rule
    case = data.draw(calls_with(name, slug, NUMBERS, SIDS))
    expectation = expect(case, KNOWN)
    assert expectation.expected is not Expected.ACCEPT
    if expectation.expected is Expected.REJECT:
        assert {r.parameter for r in expectation.reasons} == {name}


@pytest.mark.parametrize(("name", "slug"), REJECTED)
def test_calls_with_a_value_to_refuse_are_to_be_refused_in_most_companies(name: str, slug: str) -> None:
    """Else the class would never be tested: where a value is ignored, nothing is expected."""
    plan = Plan(PROFILES["quick"], 5, Drawer(5, NUMBERS, SIDS))
    row = next(c for c in PARAMETER[name].classes if c.slug == slug)
    made = [plan._value_step(PARAMETER[name], row, turn) for turn in range(12)]
    found = [expect(s.cases[0], KNOWN).expected for s in made if s is not None]
    assert found.count(Expected.REJECT) >= 8, found


@settings(max_examples=50)
@given(st.sampled_from([p.name for p in PARAMETERS if p.name != "CallerId"]), st.data())
def test_calls_about_a_parameter_are_about_it(name: str, data: st.DataObject) -> None:
    case = data.draw(calls_about(name, NUMBERS, SIDS))
    assert case.aim not in CLAUSE or CLAUSE[case.aim].parameter == name
    assert any(n == name for n, _ in case.pairs) or case.aim.endswith(".required")


# --- covering arrays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRAYS)
def test_covering_array_covers_what_it_promises(name: str) -> None:
    assert uncovered(name) == 0


def test_covering_arrays_are_of_the_promised_strength_over_all_parameters() -> None:
    assert (ARRAYS["closed-3"][1], ARRAYS["classes-2"][1]) == (3, 2)
    assert {p.name for p in PARAMETERS} - set(ARRAYS["classes-2"][0]()) == {"CallToken", "From"}
    assert len(ARRAYS["closed-3"][0]()) == 12


def test_covering_array_that_lacks_a_row_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows("classes-2")
    monkeypatch.setattr("strategies.covering.rows", lambda _: whole[:-12])
    assert uncovered("classes-2") > 0


# --- plans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_plan_of_a_seed_is_the_same_every_time(profile: str) -> None:
    assert list(islice(steps(11, profile), 600)) == list(islice(steps(11, profile), 600))


def test_plan_of_another_seed_differs(quick: list[Step]) -> None:
    ours, others = ({c.pairs for s in made for c in s.cases} for made in (quick[:900], islice(steps(2), 900)))
    assert len(ours & others) < len(ours) / 2


def test_plan_s_cases_carry_its_seed(quick: list[Step]) -> None:
    assert {c.seed for s in quick for c in s.cases} == {1}


PLANNED = ("Parameters", "Encoding", "Credentials", "Methods", "Malformed requests")


@pytest.mark.parametrize("seed", [1, *(pytest.param(s, marks=pytest.mark.slow) for s in range(2, 8))])
def test_quick_s_plan_exercises_every_clause_about_requests(seed: int, quick: list[Step]) -> None:
    made = quick if seed == 1 else steps(seed)
    reached = {c for s in made for case in s.cases for c in expect(case, KNOWN).clauses}
    wanted = {c.id for c in CLAUSES if c.group in PLANNED and not c.id.endswith(".consistent")}
    assert wanted - reached == set()
    assert {"call.combination", "call.parameter-order", "call.ignored-parameter", "server.answers"} <= reached


def test_quick_s_plan_expects_every_outcome_often(quick: list[Step]) -> None:
    expected = [expect(c, KNOWN).expected for s in quick for c in s.cases]
    assert len(expected) >= 1000
    assert min(expected.count(e) for e in Expected) >= 200


def test_quick_s_plan_sends_in_sequence_and_at_once(quick: list[Step]) -> None:
    kinds = [s.kind for s in quick]
    assert kinds.count("again") >= 20 and kinds.count("together") >= 20
    assert all(len(set(s.cases)) == 1 and len(s.cases) > 1 for s in quick if s.kind == "again")
    assert {len(s.cases) for s in quick if s.kind == "together"} == {2, 3, 4}
    assert {len(s.cases) for s in quick if s.kind == "sequence"} == {2, 11} and kinds.count("sequence") >= 20


def test_quick_s_plan_asks_again_after_several_refusals_and_wrong_credentials_in_a_row(quick: list[Step]) -> None:
    rows = [s.cases for s in quick if len(s.cases) == 11]
    assert all(good.aim == "call.history" and good.credentials == "right" for *_, good in rows)
    assert [{c.credentials for c in wrong} for *wrong, _ in rows] == [{"right"}, {"right"}, {"wrong"}, {"none"}]
    assert all(expect(c, KNOWN).expected is Expected.REJECT for *wrong, _ in rows for c in wrong)


@pytest.mark.parametrize("part", ["call.", "refusal.", "timeout.", "auth."])
def test_what_is_to_be_refused_several_times_is_wrong_whatever_is_judged(part: str) -> None:
    plan = Plan(PROFILES["quick"], 1, Drawer(1, NUMBERS, SIDS), lambda c: c.startswith(part) or c == "call.history")
    rows = [s.cases for s in plan.steps() if s.kind == "sequence" and len(s.cases) > 2]
    assert bool(rows) == (part == "timeout.")  # whose values alone are left to be wrong
    assert all(expect(c, KNOWN).expected is Expected.REJECT for *wrong, _ in rows for c in wrong)


def test_several_wrong_credentials_in_a_row_are_left_away_where_an_account_may_be_locked() -> None:
    plan = Plan(PROFILES["quick"], 1, Drawer(1, NUMBERS, SIDS))
    assert {len(s.cases) for s in plan.closing_steps(may_insist=False)} == {1}


def test_quick_s_plan_sends_each_head_of_a_request(quick: list[Step]) -> None:
    heads = Counter(c.head for s in quick for c in s.cases)
    assert heads.keys() == HEADS.keys()
    assert all(heads[h] == 1 for h in UNCLEAR_HEADS) and all(heads[h] > 20 for h in HEADS.keys() - UNCLEAR_HEADS)


def test_plan_tells_about_how_much_it_sends(quick: list[Step]) -> None:
    plan = Plan(PROFILES["quick"], 1, Drawer(1, NUMBERS, SIDS))
    sent = sum(len(s.cases) for s in quick)
    assert 0.7 < plan.expected_requests() / sent < 1.4


def test_plan_meets_every_clause_s_parameter_class_in_its_first_round(quick: list[Step]) -> None:
    first = quick[:450]
    reached = {c for s in first for case in s.cases for c in expect(case, KNOWN).clauses}
    wanted = {c.id for c in CLAUSES if c.group == "Parameters" and not c.id.endswith(".consistent")}
    assert wanted - reached == set()


def test_plan_leaves_out_what_is_not_wanted() -> None:
    made = list(Plan(PROFILES["quick"], 1, Drawer(1, NUMBERS, SIDS), lambda c: c.startswith("timeout.")).steps())
    aims = {c.aim for s in made for c in s.cases}
    assert any(a.startswith("timeout.") for a in aims)
    assert not [a for a in aims if a.startswith(("auth.", "method.", "malformed.", "send-digits."))]


def test_plan_of_a_target_that_looks_sids_up_sends_no_valid_one_in_a_valid_call() -> None:
    known = Knowledge(frozenset(OWN), frozenset(CALLED))
    for step in steps(1, open_sids=frozenset()):
        for case in step.cases:
            if case.aim == "call.combination":
                assert expect(case, known).expected is Expected.ACCEPT


@pytest.mark.parametrize("group", ["packed", "again"])
def test_plan_s_whole_calls_are_valid(group: str, quick: list[Step]) -> None:
    aims = {"packed": "call.combination", "again": "call.repeatable"}
    cases = [c for s in quick for c in s.cases if c.aim == aims[group]]
    assert len(cases) > 20
    assert [c for c in cases if expect(c, KNOWN).expected is not Expected.ACCEPT] == []


def test_calls_at_once_are_valid_but_for_the_last_of_some(quick: list[Step]) -> None:
    together = [[expect(c, KNOWN).expected for c in s.cases] for s in quick if s.kind == "together"]
    assert {e for expected in together for e in expected[:-1]} == {Expected.ACCEPT}
    assert {Expected.ACCEPT, Expected.REJECT} <= {expected[-1] for expected in together}


def test_off_loopback_only_configured_numbers_are_called(quick_at_home: list[Step]) -> None:
    sent = {v for s in quick_at_home for c in s.cases for n, v in c.pairs if n == "To" and classify("To", v) == "e164"}
    assert set(sent) <= set(CALLED)
    assert CALLED[0] in {v for s in quick_at_home for c in s.cases for n, v in c.pairs if n == "To"}


def test_off_loopback_valid_calls_go_to_configured_numbers_alone(quick_at_home: list[Step]) -> None:
    for step in quick_at_home:
        for case in step.cases:
            to = case.get("To")
            if to is not None and expect(case, KNOWN).expected is Expected.ACCEPT:
                assert to in CALLED or to.startswith(("sip:", "client:")), case


def test_off_loopback_every_called_and_own_number_is_used(quick_at_home: list[Step]) -> None:
    pairs = {p for s in quick_at_home for c in s.cases for p in c.pairs}
    assert {("To", v) for v in CALLED} | {("From", v) for v in OWN} <= pairs


def test_on_loopback_numbers_of_many_countries_are_called(quick: list[Step]) -> None:
    called = {v for s in quick for c in s.cases for n, v in c.pairs if n == "To" and classify("To", v) == "e164"}
    assert len({v[:3] for v in called}) > 40


def test_bodies_that_a_server_may_die_of_come_last(quick: list[Step]) -> None:
    places = [i for i, s in enumerate(quick) if names_of(s) & {"malformed.form", "malformed.huge"}]
    assert len(places) > 5
    assert len(quick) - places[0] < 40


def test_repeated_events_are_drawn_in_every_number_and_order(quick: list[Step]) -> None:
    name = next(p.name for p in PARAMETERS if isinstance(p.domain, Events) and p.domain.repeated)
    drawn = {tuple(v for n, v in c.pairs if n == name) for s in quick for c in s.cases if c.aim == "call.combination"} - {()}
    assert {len(d) for d in drawn} == {1, 2, 3, 4}
    assert len({d for d in drawn if len(d) == 4}) > 5


def test_unclear_is_the_name_of_the_unclear_class() -> None:
    assert {c.slug for p in PARAMETERS for c in p.classes if c.expected is Expected.EITHER} == {UNCLEAR}


def test_client_that_calls_alone_calls_a_client_in_every_turn() -> None:
    drawer = Drawer(3, Numbers(("+15005550006",), ("+12025550199",), foreign=True))
    plan = Plan(PROFILES["quick"], 3, drawer, lambda clause: clause == "from.client")
    ends = [(c.get("To") or "", c.get("From") or "") for s in plan.steps() for c in s.cases if c.aim == "from.client"]
    assert len(ends) >= 3
    assert all(to.startswith("client:") and sender.startswith("client:") for to, sender in ends)


@pytest.mark.parametrize("seed", [0, 1])
def test_quick_creates_a_call_to_each_country(seed: int) -> None:
    known = Knowledge(frozenset(("+15005550006",)), frozenset(("+12025550199",)))
    plan = Plan(PROFILES["quick"], seed, Drawer(seed, Numbers(("+15005550006",), ("+12025550199",), foreign=True)))
    cases = [c for s in plan.steps() for c in s.cases if c.is_plain_form and c.get("To") in example_numbers()]
    met = {c.get("To") or "" for c in cases if expect(c, known).expected is Expected.ACCEPT}
    assert {_area(number) for number in example_numbers()} <= {_area(number) for number in met}
