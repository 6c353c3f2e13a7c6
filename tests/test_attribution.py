"""Attribution: a named fault of the emulator becomes one finding, of its own clause, with a small case."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import matrix
import pytest
from adversary.answers import Answer
from adversary.server import CLOSES, Behaviour, as_json
from adversary.wrapped import Act, Turn, Wrapped, created
from support import Outcome, forked, judged_run, outcome_of_run

from harness.attribution import Ledger, _same_in_company, attribute
from harness.attribution.invalid import LATE, _of_large_calls, merged
from harness.case import Case
from harness.checks.model import Breach
from harness.config import RunConfig
from harness.contract import Level
from harness.curl import curl_line
from harness.emulator import FAULTS, EmulatorSettings
from harness.emulator.variants import settings_of
from harness.engine import Run
from harness.exchange import Exchange
from harness.findings import Finding
from harness.oracle import Knowledge
from harness.replay import replay
from harness.report.findings_file import findings_file
from harness.saved import load_case, save_cases
from harness.session import Budget, Seen, Session
from harness.target import Target, TargetConfig
from strategies.drawing import Numbers
from strategies.plan import PROFILES


@dataclass(frozen=True)
class Row:
    """What a fault leads to: the clause, its level, at most so many pairs, a word of the cause (None: it has none), clauses that break with it, and the least run that shows all."""

    clause: str
    level: str = "MUST"
    pairs: int = 4
    cause: str | None = ""
    also: tuple[str, ...] = ()
    profile: str = "small"


CREDENTIALS = ("auth.wrong", "auth.almost-right", "auth.user", "auth.scheme")
HOST_NAMES = ("async-amd-status-callback.unclear", "recording-status-callback.unclear", "fallback-url.unclear", "url.unclear")
QUICK = {
    "accepts-send-digits-33": Row("send-digits.max-length", cause="SendDigits"),
    "refuses-recorded-dual-untrimmed": Row("call.combination", pairs=6, cause="RecordingChannels=dual"),
    "duration-number": Row("response.duration.type", pairs=3),
    "refuses-same-again": Row("call.repeatable", pairs=3, cause="sent again"),
    "other-to-on-used-connection": Row("echo.to", pairs=3, cause="on a connection on which another call came before"),
    "access-token-cut": Row("auth.almost-right", pairs=3),
}
# A family after another, in the catalogue's order.
SLOW = {
    "accepts-to-16-digits": Row("to.max-digits", pairs=3),
    "accepts-recording-channels-stereo": Row("recording-channels.unknown-value"),
    "accepts-recording-channels-word-without-record": Row(
        "recording-channels.unknown-value", "SHOULD", 4, cause=", only without Record=true", also=("recording-channels.control-character",),
    ),
    "accepts-application-sid-newline": Row("application-sid.control-character"),
    "accepts-status-callback-event-word-among": Row("status-callback-event.unknown-value", pairs=7),
    "accepts-timeout-above-when-recorded": Row("timeout.maximum", pairs=5, cause="only with Record"),
    "accepts-machine-detection-silence-timeout-any-number-with-async-amd": Row(
        "machine-detection-silence-timeout.minimum", pairs=5, cause=", only with AsyncAmd", also=("machine-detection-silence-timeout.maximum",), profile="quick",
    ),
    "accepts-send-digits-any-to-sip": Row(
        "send-digits.characters", cause="no value of it is refused, only with To=sip:…", also=("send-digits.max-length",),
    ),
    "refuses-to-sip": Row("to.sip", pairs=3),
    "refuses-timeout-600": Row("timeout.range", cause="Timeout=600"),
    "refuses-call-reason-emoji": Row("call-reason.text", cause="CallReason="),
    "refuses-from-before-to": Row("call.parameter-order", pairs=3),
    "refuses-from-first": Row("call.parameter-order", pairs=3, cause="From first"),
    "refuses-to-last": Row("call.parameter-order", pairs=3, cause="To last"),
    "refuses-many-parameters": Row("call.combination", pairs=22, cause="20 parameters and more"),
    "refuses-exactly-seven-parameters": Row("call.combination", pairs=7, cause="exactly 7 parameters"),
    "refuses-large-bodies": Row("call.combination", cause="a body of 3001 bytes or more"),
    "encoding-body-cut": Row("call.combination", cause="a body of 4097 bytes or more", profile="quick"),
    "refuses-url-as-status-callback": Row("call.combination", pairs=4, cause="Url and StatusCallback with the same value"),
    "refuses-callback-at-other-host": Row("call.combination", pairs=4, cause="Url and StatusCallback with different hosts"),
    "refuses-fallback-by-other-scheme": Row("call.combination", pairs=4, cause="Url and FallbackUrl with different schemes"),
    "refuses-lower-hex": Row("encoding.hex-case", pairs=4),
    "refuses-space-as-plus": Row("encoding.space"),
    "refuses-closing": Row("encoding.headers", pairs=3, cause="a request that asks to close the connection", profile="quick"),
    "envelope-type-xml-for-any": Row("response.content-type", pairs=3, cause="a request that accepts any type", profile="quick"),
    "refuses-ignored-with-application": Row("call.ignored-parameter", pairs=5),
    "crashes-repeated": Row("malformed.repeated", "SHOULD", 5),
    "crashes-bracket-in-name": Row("malformed.unknown-parameter", "SHOULD", cause="a parameter named "),
    "crashes-nameless-pair": Row("malformed.form", "SHOULD", cause="a pair without a name", also=("malformed.unknown-parameter",)),
    "crashes-no-content-type": Row("malformed.content-type", "SHOULD", cause="content type none", also=("malformed.empty",)),
    "crashes-host-name": Row("status-callback.host-name", also=HOST_NAMES, profile="quick"),
    "crashes-non-ascii": Row("call-reason.text", cause="CallReason="),
    "to-lower": Row("echo.to", pairs=3),
    "from-client-as-integer": Row("echo.from", pairs=3, cause="with From=client:007"),
    "date-created-iso": Row("response.date-created.format", pairs=3),
    "queue-time-number-every-7th": Row("response.queue-time.type", cause="now and then"),
    "envelope-status-200": Row("response.status", pairs=3),
    "sid-repeated-every-10th": Row("echo.sid-unique"),
    "refuses-after-refusal": Row("call.history", pairs=3, cause="after a call that is refused"),
    "refuses-after-4-refusals": Row("call.history", pairs=3, cause="after 4 calls that are refused"),
    "refuses-after-5-denials": Row("call.history", pairs=3, cause="after 5 requests with wrong credentials"),
    "concurrent-to": Row("call.concurrency", pairs=30),
    "access-other-account": Row("auth.other-account", pairs=3),
    "access-trusted-connection": Row(
        "auth.missing", pairs=3, cause="credentials: none, on a connection on which the right ones came before", also=CREDENTIALS,
    ),
    "refusal-status-500-twice": Row("refusal.repeatable", cause="when it is sent again"),
    "refusal-status-200": Row("refusal.status"),
    "refusal-stack-trace": Row("secrets.stack-trace", "SHOULD", cause=None),  # every refusal shows it: it is laid to no odd request
    "encoding-plus-kept": Row("encoding.space"),
    "methods-put-creates": Row("method.not-created", pairs=3),
    "secrets-password-in-call": Row("secrets.sip-password", "SHOULD"),
}
ROWS = {**QUICK, **SLOW}
SEED = 1


@pytest.mark.parametrize("fault", [*QUICK, *(pytest.param(f, marks=pytest.mark.slow) for f in SLOW)])
def test_fault_becomes_one_small_finding_of_its_own_clause(fault: str) -> None:
    row = ROWS[fault]
    outcome = matrix.decided(fault, SEED) if row.profile == "small" else matrix.judged(fault, SEED, row.profile)
    assert outcome.clauses == [row.clause], outcome.told()
    finding = outcome.findings[0]
    assert (finding["level"], set(finding["also"])) == (row.level, set(row.also)), outcome.told()
    assert finding["pairs"] <= row.pairs, outcome.told()
    assert (finding["cause"] == "") if row.cause is None else (row.cause in finding["cause"]), outcome.told()
    assert outcome.exit_code == (1 if row.level == "MUST" else 0)
    broken = {c for c, v in outcome.verdicts.items() if v in ("FAIL", "NON-STRICT", "INFO")}
    assert broken == {row.clause, *row.also}
    assert "NOT-EXERCISED" not in {v for c, v in outcome.verdicts.items() if not c.startswith(("response.", "echo."))}, outcome.told()


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "also"), [
    ("keeps-parameters", {"to.required", "from.required"}), ("keeps-parameters-on-connection", {"to.required", "from.required"}),
    ("keeps-parameters-after-refusal", set()),
])
def test_what_is_kept_from_the_call_before_is_one_finding(fault: str, also: set[str]) -> None:
    outcome = matrix.judged(fault, SEED, "quick")
    assert outcome.clauses == ["call.history"], outcome.told()
    (finding,) = outcome.findings
    assert finding["cause"] == "To absent: what it leaves out is as it was in the call before it"
    assert (finding["before"], finding["pairs"] <= 3, also <= set(finding["also"])) == (1, True, True), outcome.told()
    assert {c for c, v in outcome.verdicts.items() if v in ("FAIL", "NON-STRICT")} == {"call.history", *finding["also"]}


def test_what_was_kept_from_the_call_before_is_not_forgotten_where_it_shows_no_more() -> None:
    emulated = settings_of()
    numbers = Numbers(("+15005550006",), ("+14155550100",))
    with forked(emulated) as url:
        session = Session(Target(TargetConfig(url, emulated.account_sid, emulated.auth_token)), Budget())
        case = Case((("From", "+15005550006"), ("Url", "https://example.com/voice")), "to.required")
        was = Finding("call.history", "call.history", Level.MUST, "check_outcome", "", "4xx", "201 Created", "$", case, Exchange(case, 1, 201), 1, "kept")
        wrong = Breach("to.required", "check_outcome", "", "4xx", "201 Created", kind="accepted")
        session.seen.append(Seen(wrong, Exchange(case, 1, 201)))
        ledger = Ledger(kept=was)
        found = attribute(session, numbers, ledger=ledger)
        session.close()
    assert ledger.kept == was
    assert [f.cause for f in found if f.clause == "call.history"] == ["kept"]


def test_rows_are_of_faults_of_every_family() -> None:
    assert {FAULTS[f].family for f in ROWS} == {f.family for f in FAULTS.values()}


@pytest.mark.slow
def test_two_faults_become_two_findings() -> None:
    outcome = outcome_of_run(faults=("accepts-timeout-601", "duration-number"), seed=SEED)
    assert sorted(outcome.clauses) == ["response.duration.type", "timeout.maximum"], outcome.told()


@pytest.mark.slow
def test_another_head_that_is_refused_is_not_hidden_by_one() -> None:
    outcome = judged_run(settings_of(faults=("refuses-closing", "refuses-any-type")), seed=SEED, profile="quick")
    assert outcome.clauses == ["encoding.headers"] * 2, outcome.told()
    assert {f["cause"] for f in outcome.findings} == {"a request that asks to close the connection", "a request that accepts any type"}


@pytest.mark.slow
@pytest.mark.parametrize("repeats", ["refuses-same-again", "refuses-same-lately"])
def test_a_server_that_refuses_repeats_hides_no_other_fault(repeats: str) -> None:
    outcome = outcome_of_run(faults=(repeats, "accepts-send-digits-33", "refuses-timeout-600"), seed=SEED, profile="quick")
    assert sorted(outcome.clauses) == ["call.repeatable", "send-digits.max-length", "timeout.range"], outcome.told()


def test_break_that_is_told_together_with_others_is_lost_by_no_further_joining() -> None:
    outcome = judged_run(settings_of(faults=("accepts-send-digits-33", "encoding-few-pairs")), seed=0, profile="quick")
    assert outcome.verdicts["send-digits.max-length"] == "FAIL", outcome.told()
    own = next(f for f in outcome.findings if f["clause"] == "send-digits.max-length")
    assert own["pairs"] < 8, outcome.told()


def test_same_rule_of_dates_that_is_broken_everywhere_is_one_finding() -> None:
    outcome = judged_run(settings_of(faults=("date-created-iso", "date-updated-iso")), seed=SEED, profile="small")
    (one,) = outcome.findings
    assert (one["clause"], one["also"], one["cause"]) == ("response.date-created.format", ("response.date-updated.format",), "as in date_updated")


def test_answer_that_is_wrong_after_some_silence_is_told_so() -> None:
    last = [0.0]

    def is_after_silence(turn: Turn) -> bool:
        silent, last[0] = time.monotonic() - last[0] > 1.0, time.monotonic()
        return silent and turn.number > 1 and turn.answer.is_created

    def with_a_number(turn: Turn) -> Behaviour:
        return as_json({**json.loads(turn.answer.body), "queue_time": -1})

    emulated = EmulatorSettings()
    with Wrapped(act_of=Act(how=with_a_number, when=is_after_silence), settings=emulated) as server:
        outcome = outcome_of_run(url=server.url, account_sid=emulated.account_sid, auth_token=emulated.auth_token, profile=paused(), seed=SEED)
    (finding,) = outcome.findings
    assert (finding["clause"], finding["cause"], finding["flaky"]) == ("response.queue-time.type", "after 1.5 s without a request", None)


def paused() -> str:
    """A profile that is little more than a pause."""
    PROFILES["paused"] = replace(PROFILES["quick"], name="paused", refused=1, outside=0, edges=1, packed=20, alone=1, again=2, together=2, pauses=(1.5,))
    return "paused"


def test_call_that_fails_after_some_silence_is_told_so_and_replayed_so(tmp_path: Path) -> None:
    last = [0.0]

    def is_after_silence(turn: Turn) -> bool:
        silent, last[0] = time.monotonic() - last[0] > 1.0, time.monotonic()
        return silent and turn.number > 1

    emulated = EmulatorSettings()
    with Wrapped(act_of=Act(how=lambda _: as_json({}, "500 Internal Server Error"), when=is_after_silence), settings=emulated) as server:
        where: dict[str, Any] = {"url": server.url, "account_sid": emulated.account_sid, "auth_token": emulated.auth_token}
        result = Run(RunConfig(**where, profile=paused(), seed=SEED)).conduct()
        (finding,) = result.findings
        assert (finding.clause, finding.cause, finding.flaky) == ("call.history", "after 1.5 s without a request", None)
        save_cases(result, tmp_path, Knowledge())
        (path,) = (tmp_path / "cases").glob("*.json")
        replayed = replay(load_case(path), RunConfig(**where))
        assert replayed.verdict == "FAILED", replayed.detail
        assert "sleep 1.5;" in curl_line(finding.case, server.url, emulated.account_sid)
        assert "time.sleep(1.5)" in findings_file(result)


def test_crashes_after_others_hide_no_rule_that_crashes_by_itself() -> None:
    outcome = judged_run(settings_of(faults=("refusal-status-500-twice", "crashes-word-as-integer")), seed=SEED, profile="quick")
    assert {"refusal.repeatable", "time-limit.integer"} <= set(outcome.clauses), outcome.told()


# --- one cause that shows in several parameters, or beside another break, is one finding ------------------------------


def form_of(turn: Turn) -> dict[str, str]:
    """The parameters of a request; of one that is repeated the last."""
    return dict(parse_qsl(turn.request.partition(b"\r\n\r\n")[2].decode("latin-1"), keep_blank_values=True, encoding="utf-8"))


def gets_beside_an_application(turn: Turn) -> bool:
    form = form_of(turn)
    return "ApplicationSid" in form and any(n.endswith("Method") and v == "GET" for n, v in form.items())


def has_an_address_of_100_to_140(turn: Turn) -> bool:
    return any(n.endswith(("Url", "Callback")) and 100 <= len(v) <= 140 for n, v in form_of(turn).items())


def has_a_digit_in_a_client(turn: Turn) -> bool:
    return any(v.startswith("client:") and any(map(str.isdigit, v)) for n, v in form_of(turn).items() if n in ("To", "From"))


def has_no_address_to_call_back(turn: Turn) -> bool:
    return re.match("(?i)https?://[^/?#]", form_of(turn).get("StatusCallback", "https://a")) is None


def has_long_addresses_together(turn: Turn) -> bool:
    return sum(len(v) for n, v in form_of(turn).items() if n.endswith(("Url", "Callback"))) > 1500


def has_a_long_port_to_call_back(turn: Turn) -> bool:
    addresses = [v for n, v in form_of(turn).items() if n in ("StatusCallback", "RecordingStatusCallback")]
    return any(re.match(r"https?://[^/?]+:\d{5}", v) for v in addresses)


def has_a_token_beyond_ascii(turn: Turn) -> bool:
    scheme, _, encoded = turn.headers.get("authorization", "").partition(" ")
    return scheme == "Basic" and re.fullmatch("[A-Za-z0-9+/]+=*", encoded) is not None and not base64.b64decode(encoded).isascii()


def has_a_method_beside_an_application(turn: Turn) -> bool:
    form = form_of(turn)
    return "ApplicationSid" in form and not form.keys().isdisjoint(("FallbackMethod", "StatusCallbackMethod"))


def has_an_empty_number(turn: Turn) -> bool:
    return any(v == "" for n, v in form_of(turn).items() if n in ("Timeout", "TimeLimit", "MachineDetectionTimeout"))


def says_clients_in_small_letters(turn: Turn) -> Answer:
    form = form_of(turn)
    document = json.loads(turn.answer.body)
    document.update({n: document[n].lower() for n in ("to", "from") if form.get(n.title(), "").startswith("client:")})
    return replace(turn.answer, body=json.dumps(document).encode())


def says_clients_as_integers(turn: Turn) -> Answer:
    document = json.loads(turn.answer.body)
    document.update({n: re.sub(r"^client:0+(?=[0-9]+$)", "client:", document[n]) for n in ("to", "from")})
    return replace(turn.answer, body=json.dumps(document).encode())


def says_it_in_xml(turn: Turn) -> Answer:
    rows = "".join(f"<{n}>{v or ''}</{n}>" for n, v in json.loads(turn.answer.body).items() if not isinstance(v, dict))
    return replace(turn.answer, body=f"<Call>{rows}</Call>".encode())


def refuses(_turn: Turn) -> Behaviour:
    return as_json({"code": 20001, "message": "no", "more_info": "", "status": 400}, "400 Bad Request")


ALIKE: dict[str, tuple[Act, str, str]] = {
    "in company": (Act(refuses, lambda t: t.answer.is_created and gets_beside_an_application(t)), "call.ignored-parameter", "more parameters beside ApplicationSid"),
    "lengths": (Act(refuses, lambda t: t.answer.is_created and has_an_address_of_100_to_140(t)), "url.absolute", "the same rule of 4 more parameters"),
    "clients": (Act(refuses, lambda t: t.answer.is_created and has_a_digit_in_a_client(t)), "from.client", "the same rule of To"),
    "ports": (Act(refuses, lambda t: t.answer.is_created and has_a_long_port_to_call_back(t)), "recording-status-callback.absolute", "the same rule of StatusCallback"),
    "two in company": (Act(refuses, lambda t: t.answer.is_created and has_a_method_beside_an_application(t)), "call.ignored-parameter", "; the same with "),
    "both ends": (Act(says_clients_in_small_letters, created), "echo.to", "with To=client:"),
    "both ends as integers": (Act(says_clients_as_integers, created), "echo.to", "with To=client:007"),
    "a token beyond ASCII": (Act(lambda _: as_json({}, "500 Internal Server Error"), has_a_token_beyond_ascii), "auth.wrong", "credentials: beyond-ascii"),
    "long together": (Act(refuses, lambda t: t.answer.is_created and has_long_addresses_together(t)), "call.combination", "URLs of 1501 characters or more together"),
    "XML": (Act(says_it_in_xml, lambda t: t.answer.is_created and t.headers.get("accept") == "application/xml"), "response.json", "a request for XML"),
    "empty": (Act(lambda _: as_json({}, "500 Internal Server Error"), has_an_empty_number), "machine-detection-timeout.unclear", "the same rule of 2 more parameters"),
    "ignored": (Act(lambda _: CLOSES, has_no_address_to_call_back), "status-callback.well-formed", "StatusCallback="),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALIKE)
def test_one_cause_is_one_finding(name: str) -> None:
    act, clause, cause = ALIKE[name]
    (finding,) = run_at(act).findings
    assert (finding["clause"], finding["flaky"]) == (clause, None)
    assert cause in finding["cause"]


@pytest.mark.slow
def test_call_that_is_refused_after_a_refused_one_with_others_in_between_is_told_so() -> None:
    refused = [False]

    def is_after_a_refusal(turn: Turn) -> bool:
        was = refused[0]
        if turn.is_post and form_of(turn).keys() >= {"To", "From"}:
            refused[0] = not turn.answer.is_created
        return was and turn.answer.is_created and turn.number > 100

    (finding,) = run_at(Act(refuses, is_after_a_refusal)).findings
    assert (finding["clause"], finding["flaky"], finding["before"]) == ("call.history", None, 1)
    assert finding["cause"] == "after a call that is refused"


def findings_of(rows: list[tuple[str, str, str, str]]) -> list[Finding]:
    """Findings of two parameters each: clause, the parameter beside Method, outcome, level."""
    case = Case((("To", "+12025550199"),))
    return [
        Finding(clause, clause, Level(level), "check_outcome", "", "201", actual, "$", case, Exchange(case, 1, 400), 1, f"{name} with ApplicationSid",
                parameters=("ApplicationSid", name))
        for clause, name, actual, level in rows
    ]


def test_findings_beside_one_parameter_are_joined_and_none_is_lost() -> None:
    ignored, combined = "call.ignored-parameter", "call.combination"
    rows = [(combined, "Url", "400", "SHOULD"), *((ignored, n, "400", "MUST") for n in ("Method", "FallbackMethod", "StatusCallbackMethod"))]
    whole, other = sorted(_same_in_company(findings_of([*rows, (ignored, "Method", "500", "MUST")]), frozenset()), key=lambda f: f.actual)
    assert (whole.clause, whole.also, whole.level, whole.occurrences, other.actual) == (ignored, (combined,), Level.MUST, 4, "500")
    assert len(_same_in_company(findings_of(rows), frozenset({ignored}))) == 4


def test_rules_of_large_calls_are_one_finding_also_where_some_are_of_twins() -> None:
    case = Case(tuple((f"P{i}", "x") for i in range(9)))
    found = [
        Finding(c, c, Level.MUST, "check_outcome", "", "4xx", "201", "$", case, Exchange(case, 1, 201), 1, "", parameters=(c,))
        for c in ("application-sid.prefix", "byoc.prefix", "timeout.maximum")
    ]
    (one,) = _of_large_calls(merged(found, frozenset()))
    assert one.cause.startswith(LATE) and len(one.also) == 2


@pytest.mark.parametrize("step", ["sequence", "again"])
def test_what_fails_alone_too_is_not_told_of_the_request_before_it(step: str) -> None:
    number = "+4532123456"
    usual = Case((("To", "+14155550100"), ("From", "+15005550006"), ("Url", "https://example.com/voice")), "call.created")
    danish = usual.with_pairs((("To", number), *usual.pairs[1:], ("CallReason", "x")), ())
    emulated = EmulatorSettings()
    with Wrapped(act_of=Act(refuses, lambda t: form_of(t).get("To") == number), settings=emulated) as server:
        session = Session(Target(TargetConfig(server.url, emulated.account_sid, emulated.auth_token)), Budget())
        session.known = Knowledge(frozenset(("+15005550006",)), frozenset(("+14155550100",)))
        first = usual if step == "sequence" else danish
        session.judge(session.send(first), step, (first, danish), 0)
        session.seen.clear()  # as if the first of them had been another
        session.judge(session.send(danish), step, (first, danish), 1)
        (finding,) = attribute(session, Numbers(("+15005550006",), ("+14155550100",)))
        session.close()
    assert (finding.clause, finding.before) == ("to.e164", ())


@pytest.mark.slow
def test_server_with_room_for_few_calls_at_once_is_one_finding_and_gets_fewer_from_then_on() -> None:
    room = threading.Semaphore(3)
    turned_away = 0

    def in_turn(turn: Turn) -> Behaviour | Answer:
        nonlocal turned_away
        if not room.acquire(blocking=False):
            turned_away += 1
            return as_json({}, "503 Service Unavailable")
        try:
            time.sleep(0.03)
            return turn.answer
        finally:
            room.release()

    emulated = EmulatorSettings()
    with Wrapped(act_of=Act(in_turn, lambda t: t.is_post), settings=emulated) as server:
        outcome = outcome_of_run(url=server.url, account_sid=emulated.account_sid, auth_token=emulated.auth_token, profile="small", seed=SEED)
    assert (outcome.exit_code, outcome.clauses) == (1, ["call.concurrency"]), outcome.told()
    assert turned_away < 120


@pytest.mark.slow
def test_crash_of_a_call_with_an_unknown_parameter_is_a_finding() -> None:
    def has_no_from(turn: Turn) -> bool:
        return turn.is_post and "From" not in form_of(turn) and "To" in form_of(turn)

    PROFILES["odd"] = replace(PROFILES["quick"], name="odd", generated=40)
    emulated = EmulatorSettings()
    with Wrapped(act_of=Act(lambda _: as_json({}, "500 Internal Server Error"), has_no_from), settings=emulated) as server:
        outcome = outcome_of_run(url=server.url, account_sid=emulated.account_sid, auth_token=emulated.auth_token, profile="odd", seed=SEED)
    assert (outcome.exit_code, outcome.clauses) == (1, ["from.required"]), outcome.told()


def run_at(act: Act) -> Outcome:
    """A quick run at a server that does one thing."""
    emulated = EmulatorSettings()
    with Wrapped(act_of=act, settings=emulated) as server:
        return outcome_of_run(url=server.url, account_sid=emulated.account_sid, auth_token=emulated.auth_token, profile="quick", seed=SEED)
