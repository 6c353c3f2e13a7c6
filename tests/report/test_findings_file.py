"""test_findings.py is valid Python that stands alone, one test a finding, with the very bytes of the smallest case."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import BASE, HOSTILE, finding, hostile_result, result

from harness.case import CREDENTIALS, Case
from harness.contract import CLAUSES
from harness.findings import Finding
from harness.report.findings_file import findings_file
from harness.results import mask
from harness.target import Target, TargetConfig
from harness.wire import STYLES, encode_pairs

OUTCOMES = ("201", "4xx", "an answer that is no server error")
TEXT = st.text(max_size=30) | st.just(HOSTILE)


def code(*findings: Finding) -> str:
    """The file for some findings, which must be valid Python."""
    text = findings_file(result(findings))
    ast.parse(text)
    return text


def sent(text: str, name: str = "send") -> list[bytes]:
    """The bodies that the tests of a file send."""
    tests = ast.Module([n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")], [])
    calls = [n for n in ast.walk(tests) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name]
    return [eval(ast.unparse(c.args[0]), {"InPieces": lambda body, _: body}) for c in calls]


def test_file_has_a_test_for_each_finding() -> None:
    text = code(finding("send-digits.max-length"), finding("echo.to"), replace(finding("echo.to"), id="echo.to-2"))
    names = re.findall(r"^def (test_\w+)", text, re.M)
    assert names == ["test_send_digits_max_length_is_kept", "test_echo_to_is_kept", "test_echo_to_is_kept_2"]


def test_file_needs_only_requests_and_pytest() -> None:
    text = code(*(replace(finding(c.id), id=c.id) for c in CLAUSES))
    modules = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in ast.walk(ast.parse(text))
               if isinstance(n, (ast.Import, ast.ImportFrom))}
    standard = {"__future__", "os", "re", "json", "html", "time", "base64", "threading", "typing", "datetime", "email.utils", "urllib.parse"}
    assert modules <= {*standard, "collections.abc", "concurrent.futures", "pytest", "requests"}
    assert "harness" not in text


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_outcome_is_asserted_by_status(outcome: str) -> None:
    condition = {"201": "== 201", "4xx": "400 <= answer.status_code < 500"}.get(outcome, "answer.status_code < 500")
    assert condition in code(finding("to.sip", outcome, check="check_outcome"))


def test_every_clause_has_an_assertion_of_its_own() -> None:
    for clause in CLAUSES:
        text = code(finding(clause.id))
        last = text[text.rindex("def test_"):]
        assert "assert " in last or "call_of(answer)" in last.split("answer = ")[1], clause.id


def test_file_has_only_the_helpers_that_it_uses() -> None:
    text = code(finding("send-digits.max-length", "4xx", check="check_outcome"))
    assert "def send_together" not in text
    assert "import threading" not in text
    assert "send_together" in code(finding("call.concurrency", "201", check="check_outcome", together=(Case(BASE), Case(BASE))))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.data())
def test_body_is_the_very_bytes_of_the_case(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    styles = tuple(data.draw(st.sampled_from(sorted(STYLES))) for _ in pairs)
    case = Case(tuple(pairs), "to.e164", styles=styles)
    assert sent(code(finding("to.e164", case=case, check="check_outcome"))) == [encode_pairs(case.pairs, case.styles)]


@given(TEXT, TEXT, TEXT)
def test_file_is_valid_whatever_a_finding_says(expected: str, actual: str, cause: str) -> None:
    code(finding("echo.to", expected, actual, cause=cause, path=f"$.{cause}"))


def test_file_of_a_hostile_run_is_valid_and_says_only_what_it_should() -> None:
    text = findings_file(hostile_result())
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    assert "alert" not in names
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_password_is_a_stand_in_of_the_same_shape() -> None:
    case = Case((*BASE, ("SipAuthPassword", "s3cret-Pass")), "echo.to")
    text = code(finding("echo.to", case=case))
    assert "s3cret-Pass" not in text
    assert b"SipAuthPassword=x0xxxx-Xxxx" in sent(text)[0]


@given(st.text(max_size=20))
def test_mask_keeps_length_and_hides_letters(secret: str) -> None:
    assert len(mask(secret)) == len(secret)
    assert not re.search("[a-wyzA-WYZ1-9]", mask(secret))


@pytest.mark.parametrize("kind", [k for k in CREDENTIALS if k != "right"])
def test_credentials_are_named_not_written(kind: str) -> None:
    case = Case(BASE, "auth.wrong", credentials=kind)
    assert f"credentials='{kind}'" in code(finding("auth.wrong", "401", case=case, check="check_credentials"))


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_file_sends_the_credentials_that_the_run_sent(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGTRUE_AUTH_TOKEN", "9f31c07be4a85d62f1b7093ce8d4a65b")
    text = code(finding("auth.wrong", "401", case=Case(BASE, "auth.wrong", credentials=kind), check="check_credentials"))
    names: dict[str, Any] = {}
    exec(compile(text, "test_findings.py", "exec"), names)
    target = Target(TargetConfig("http://127.0.0.1:9", names["ACCOUNT"], names["TOKEN"]))
    assert names["authorization"](kind) == target.credential(kind)


def test_method_account_and_content_type_are_the_case_s() -> None:
    case = Case(BASE, "malformed.content-type", method="PUT", account="other", content_type=None)
    text = code(finding("malformed.content-type", case=case, check="check_malformed"))
    assert "method='PUT', content_type=None, account=OTHER_ACCOUNT" in text


def test_cases_before_are_sent_first() -> None:
    first = Case((*BASE, ("Timeout", "5")), "call.history")
    bodies = sent(code(finding("call.history", "201", check="check_outcome", before=(first,))))
    assert bodies == [encode_pairs(first.pairs), encode_pairs(BASE)]


def test_flaky_finding_is_tried_often_enough() -> None:
    text = code(finding("call.history", "201", check="check_outcome", flaky=(3, 100)))
    assert "for _ in range(99):  # it showed in 3 of 100 tries: green may be chance" in text


def test_repeated_sid_is_looked_for_as_far_apart_as_it_was() -> None:
    text = code(finding("echo.sid-unique", "a sid that is new", '"CA0", as in request 4', check="check_unique", occurrences=400))
    assert "for _ in range(7):  # the two calls were 3 requests apart, 400 such in 1290 calls" in text


def test_rare_sid_is_looked_for_as_often_as_it_is_rare() -> None:
    item = finding("echo.sid-unique", "a sid that is new", '"CA0", as in request 6', check="check_unique", occurrences=13)
    assert "for _ in range(199):  # the two calls were 1 requests apart" in code(item)


def test_flaky_said_back_value_is_sent_in_turn_with_another_call() -> None:
    bodies = sent(code(finding("echo.to", '"+1"', '"+2"', path="$.to", flaky=(1, 4))))
    assert bodies == [encode_pairs(BASE), *[encode_pairs((("To", "client:somebody"), ("From", "client:caller"), BASE[2]))] * 2]
