"""Recorded traffic judged without a server: the same clauses as a run finds, silence on what keeps the contract, one sentence on junk."""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import at_once, changed_somewhere, results_of, ringtrue

from harness.contract import Level
from harness.errors import UsageError
from harness.offline import Check, CheckConfig
from harness.results import RunResult
from harness.traffic import form_pairs, read_recording

ACCOUNT = "AC" + "5a" * 16
FORM = "To=%2B14155550100&From=%2B15005550006&Url=https%3A%2F%2Fexample.com%2Fvoice"
CALL: dict[str, Any] = {
    "account_sid": ACCOUNT, "annotation": None, "answered_by": None, "api_version": "2010-04-01", "caller_name": None,
    "date_created": "Wed, 05 Jun 2030 10:00:00 +0000", "date_updated": "Wed, 05 Jun 2030 10:00:00 +0000", "direction": "outbound-api", "duration": None,
    "end_time": None, "forwarded_from": None, "from": "+15005550006", "from_formatted": "(500) 555-0006", "group_sid": None, "parent_call_sid": None,
    "phone_number_sid": "PN" + "0" * 32, "price": None, "price_unit": "USD", "queue_time": "0", "sid": "CA" + "0" * 31 + "1", "start_time": None, "status": "queued",
    "subresource_uris": {}, "to": "+14155550100", "to_formatted": "(415) 555-0100", "trunk_sid": None, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/CA{'0' * 31}1.json",
}


def entry(form: str = FORM, status: int = 201, body: Any = None, **more: Any) -> dict[str, Any]:
    """One entry of a HAR."""
    text = json.dumps(CALL if body is None else body) if not isinstance(body, str) else body
    return {
        "startedDateTime": "2030-06-05T10:00:00.000Z", "time": 20,
        "request": {
            "method": "POST", "url": f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json", "httpVersion": "HTTP/2",
            "headers": [{"name": "Authorization", "value": "Basic c2VjcmV0LXRva2VuLXZhbHVl"}, {"name": "content-type", "value": "application/x-www-form-urlencoded"}],
            "postData": {"mimeType": "application/x-www-form-urlencoded", "text": form}, "bodySize": len(form),
        },
        "response": {
            "status": status, "statusText": "", "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"size": len(text), "mimeType": "application/json", "text": text}, "bodySize": len(text),
        },
        **more,
    }


def har(*entries: Any) -> dict[str, Any]:
    """A HAR of entries."""
    return {"log": {"version": "1.2", "creator": {"name": "browser", "version": "1"}, "entries": list(entries)}}


def call(number: int, **changes: Any) -> dict[str, Any]:
    """The body of another call."""
    sid = f"CA{number:032x}"
    return {**CALL, "sid": sid, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json", **changes}


def judged(tmp_path: Path, value: Any, request: str | None = None) -> RunResult:
    """The result of a check of one file."""
    path = tmp_path / "traffic.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return Check(read_recording([path], request), CheckConfig(lambda _clause: True, False, ("traffic.json",))).conduct()


REFUSED = {"code": 21211, "message": "no", "more_info": "https://example.com", "status": 400}
FINDINGS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "nothing wrong": ([entry(), entry(FORM + "&Timeout=601", 400, REFUSED)], []),
    "a wrong date": ([entry(body=call(2, date_created="2030-06-05T10:00:00Z"))], ["response.date-created.format"]),
    "another number": ([entry(body=call(2, to="+14155550199"))], ["echo.to"]),
    "a forbidden value taken": ([entry(FORM + "&Timeout=601", 201, call(3))], ["timeout.maximum"]),
    "the same one in two calls": ([entry(FORM + "&Timeout=601", 201, call(i)) for i in (3, 4)], ["timeout.maximum"]),
    "a value refused": ([entry(), entry(FORM + "&Trim=do-not-trim", 400, REFUSED)], ["trim.values"]),
    "a crash": ([entry(), entry(FORM + "&Trim=do-not-trim", 500, "<h1>oops</h1>")], ["trim.values"]),
    "a combination refused": (
        [entry(), entry(FORM + "&Trim=do-not-trim", 201, call(2)), entry(FORM + "&Timeout=5", 201, call(3)), entry(FORM + "&Trim=do-not-trim&Timeout=5", 400, REFUSED)],
        ["call.combination"],
    ),
    "a value refused, and read in no call that holds it": (
        [entry(), entry(FORM + "&Trim=do-not-trim&Trim=trim-silence", 201, call(2)), *(entry(FORM + f"&Trim=do-not-trim&Timeout={n}", 400, REFUSED) for n in (5, 6))],
        ["trim.values"],
    ),
    "a value refused nearly always": (
        [entry(), entry(FORM + "&Trim=do-not-trim", 201, call(2)), *(entry(FORM + f"&Trim=do-not-trim&Timeout={n}", 400, REFUSED) for n in range(5, 35))], ["trim.values"],
    ),
    "a sid twice": ([entry(), entry(FORM + "&Timeout=5")], ["echo.sid-unique"]),
    "a long time ago": ([entry(body=call(2, date_created="Fri, 05 Jun 2020 10:00:00 +0000"))], ["echo.date-created"]),
}


@pytest.mark.parametrize(("entries", "clauses"), FINDINGS.values(), ids=list(FINDINGS))
def test_har_is_judged_as_a_run_would(entries: list[dict[str, Any]], clauses: list[str], tmp_path: Path) -> None:
    result = judged(tmp_path, har(*entries))
    assert [f.clause for f in result.findings] == clauses
    broken = any(f.level is Level.MUST for f in result.findings)
    assert (result.verdict, result.exit_code) == (("violates", 1) if broken else ("conforms", 0))


def test_entry_without_a_time_takes_nothing_from_those_that_have_one(tmp_path: Path) -> None:
    timeless = entry(FORM + "&Timeout=5", 201, call(2), startedDateTime=None)
    verdicts = {c.clause.id: (c.verdict, c.cases) for c in judged(tmp_path, har(entry(), timeless)).clauses}
    assert verdicts["echo.date-created"] == ("PASS", 1)
    assert verdicts["echo.to"] == ("PASS", 2)


def without(entry_: dict[str, Any], *path: str) -> dict[str, Any]:
    """An entry that lacks a place."""
    out = copy.deepcopy(entry_)
    node = out
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return out


BAD = FORM + "&Timeout=601"
LEFT_OUT = {
    "credentials": (entry(FORM, 401, {}), "credentials were refused"), "another account": (entry(FORM, 404, {}), "the account is not there"),
    "a rate limit": (entry(FORM, 429, {}), "rate was limited"), "a redirect": (entry(FORM, 302, "x"), "sent elsewhere"), "no answer": (entry(status=0), "no answer"),
    "no body": (without(entry(BAD), "response", "content", "text"), "answer was not recorded"), "no form": (without(entry(BAD), "request", "postData"), "no form" if False else "not recorded"),
    "a broken form": (entry("To=%zz"), "no ordinary form"), "JSON": (entry("{}", request={**entry()["request"], "headers": [], "postData": {"mimeType": "application/json", "text": "{}"}}), "no form"),
    "twice": (entry(), "stands there twice"),
    **{
        f"{name} {value}": (
            entry(FORM, status, {}, request={**entry()["request"], "headers": [*entry()["request"]["headers"], {"name": name, "value": value}]}),
            "in a way that may be refused",
        )
        for name, value, status in (("Accept", "application/xml", 406), ("Transfer-Encoding", "chunked", 411), ("Expect", "100-continue", 417))
    },
    "its answer beside the HAR": (entry(BAD, response={**entry()["response"], "content": {"size": 9, "_file": "a.json"}}), "file of its own"),
}


@pytest.mark.parametrize(("one", "why"), LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_what_a_recording_cannot_tell_is_counted_and_not_judged(one: dict[str, Any], why: str, tmp_path: Path) -> None:
    result = judged(tmp_path, har(entry(), one))
    assert (result.findings, result.counts["requests"]) == ((), 1)
    assert [n for n in result.notes if why in n]


def test_exchange_that_two_programs_recorded_is_judged_once(tmp_path: Path) -> None:
    files = {"proxy.har": "2030-06-05T10:00:00.120Z", "browser.har": "2030-06-05T10:00:00.100Z", "later.har": "2030-06-05T10:03:00Z"}
    for name, moment in files.items():
        (tmp_path / name).write_text(json.dumps(har(entry(startedDateTime=moment, time=len(name)))), "utf-8")
    twice = read_recording([tmp_path / "proxy.har", tmp_path / "browser.har"])
    assert (len(twice.exchanges), dict(twice.left_out)) == (1, {"another file holds it too": 1})
    assert len(read_recording([tmp_path / "proxy.har", tmp_path / "later.har"]).exchanges) == 2


def test_archive_is_told_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.har", json.dumps(har(entry())))
    with pytest.raises(UsageError, match="unpack it"):
        read_recording([tmp_path / "a.zip"])


def test_recording_of_other_operations_alone_exits_3(tmp_path: Path) -> None:
    other = entry()
    other["request"]["url"] = "https://api.example.com/2010-04-01/Accounts.json"
    (tmp_path / "a.har").write_text(json.dumps(har(other)), "utf-8")
    done = ringtrue("check", "a.har", cwd=tmp_path)
    assert (done.returncode, "hold no exchange" in " ".join(done.stdout.split())) == (3, True)
    assert results_of(tmp_path / "reports" / "check")["verdict"] == "inconclusive"


def test_no_secret_of_a_recording_reaches_a_report(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har(entry(BAD + "&SipAuthPassword=opensesame17", 201, call(2)))), "utf-8")
    done = ringtrue("check", "a.har", cwd=tmp_path)
    assert done.returncode == 1
    for file in (tmp_path / "reports").rglob("*.*"):
        text = file.read_text("utf-8")
        assert "c2VjcmV0" not in text and "opensesame17" not in text, file


@pytest.mark.parametrize("value", [CALL, [CALL, call(2)], "\n".join(json.dumps(c) for c in (CALL, call(2)))], ids=["object", "array", "lines"])
def test_plain_bodies_are_judged_without_what_is_said_back(value: Any, tmp_path: Path) -> None:
    result = judged(tmp_path, value)
    assert (result.findings, result.exit_code) == ((), 0)
    verdicts = {c.clause.id: c.verdict for c in result.clauses}
    assert (verdicts["response.sid.pattern"], verdicts["echo.to"], verdicts["echo.direction"]) == ("PASS", "SKIPPED", "PASS")


@pytest.mark.parametrize(("body", "request_", "clauses"), [
    (call(1, status="completed"), None, ["echo.status"]), (call(1, sid="CAxyz"), None, ["response.sid.pattern"]), (call(1, to="+1999"), None, []),
    (call(1, answered_by="human"), None, []), (call(1, to="+14155550199"), FORM, ["echo.to"]), (CALL, FORM, []),
])
def test_plain_body_is_judged_as_far_as_its_request_is_known(body: dict[str, Any], request_: str | None, clauses: list[str], tmp_path: Path) -> None:
    assert [f.clause for f in judged(tmp_path, body, request_).findings] == clauses


@pytest.mark.slow
@pytest.mark.parametrize(("faults", "clauses"), [((), []), (("accepts-timeout-601", "refuses-trim-do-not-trim", "date-created-iso"), ["response.date-created.format", "timeout.maximum", "trim.values"])])
def test_har_of_a_run_tells_what_the_run_found(faults: tuple[str, ...], clauses: list[str], tmp_path: Path) -> None:
    ringtrue("run", "--har", "--seed", "2", *(w for f in faults for w in ("--fault", f)), "--output", "out", cwd=tmp_path)
    done = ringtrue("check", "out/exchanges.har", cwd=tmp_path)
    assert sorted(f["clause"] for f in results_of(tmp_path / "reports" / "check")["findings"]) == clauses, done.stdout
    assert sorted(f["clause"] for f in results_of(tmp_path / "out")["findings"]) == clauses


JUNK = {
    "no JSON": "hello", "a number": "5", "a list of numbers": "[1]", "cut short": json.dumps(har(entry()))[:-9], "an entry that is none": json.dumps(har(5)),
    "an entry without request": json.dumps(har({})), "an empty object": "{}", "NaN": '{"sid": NaN}', "an error": json.dumps(REFUSED), "results.json": '{"schema_version": 1, "clauses": []}',
    "deep": "[" * 5000,
}


@pytest.mark.parametrize("text", JUNK.values(), ids=list(JUNK))
def test_file_that_cannot_be_judged_is_told_in_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    done = at_once("check", "a.json", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "a.json" in done.stderr) == (2, 1, True), done.stderr
    assert not (tmp_path / "reports").exists()


def test_har_and_plain_body_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har(entry())), "utf-8")
    (tmp_path / "b.json").write_text(json.dumps(CALL), "utf-8")
    done = at_once("check", "a.har", "b.json", cwd=tmp_path)
    assert (done.returncode, "either HAR files or plain bodies" in done.stderr) == (2, True)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_file_gives_a_result_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = changed_somewhere(data, data.draw(st.sampled_from([har(entry(), entry(BAD)), CALL, [CALL]])))
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(json.dumps(whole).encode() if data.draw(st.booleans()) else data.draw(st.binary(max_size=40)))
    try:
        Check(read_recording([path]), CheckConfig(lambda _clause: True, False, ())).conduct().to_json()
    except UsageError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(("text", "pairs"), [
    ("a=1&b=%C3%BC+x", (("a", "1"), ("b", "ü x"))), ("", ()), ("a", None), ("a=%4", None), ("a=1&&b=2", None), ("=1", None), ("a=b=c", (("a", "b=c"),)),
])
def test_form_is_read_only_where_every_server_reads_it_the_same(text: str, pairs: Any) -> None:
    assert form_pairs(text) == pairs
