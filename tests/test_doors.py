"""Every file that ringtrue reads: whatever it is, it gives a result or one sentence, in bounded time and memory."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ACCOUNT, at_once, command, environment

from harness.accepted import read_baseline
from harness.case import Case
from harness.config import RunConfig, checked
from harness.contract.openapi import build
from harness.curl import curl_line, curl_of
from harness.drift.reading import read_document
from harness.errors import UsageError
from harness.exchange import NotJson, parse_json
from harness.files import read_text
from harness.offline import Check, CheckConfig
from harness.recorded import load_results
from harness.saved import load_case
from harness.settings import several
from harness.traffic import read_recording

CASE = {
    "schema_version": 1, "finding": "timeout.maximum", "clause": "timeout.maximum", "case": {"pairs": [["To", "client:a"], ["Timeout", "601"]]},
    "before": [], "together": [], "flaky": False, "target": {"url": "http://127.0.0.1:9", "account_sid": ACCOUNT},
    "known": {"own_numbers": ["+15005550006"], "called_numbers": ["+14155550100"], "open_sids": []},
}
HAR = {"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [{
    "startedDateTime": "2026-11-25T18:14:00Z", "time": 3.5,
    "request": {"method": "POST", "url": f"http://127.0.0.1:8080/2010-04-01/Accounts/{ACCOUNT}/Calls.json", "bodySize": 50, "headers": [
        {"name": "Content-Type", "value": "application/x-www-form-urlencoded"}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "To=client%3Aa&From=%2B15005550006&Timeout=601"}},
    "response": {"status": 201, "statusText": "Created", "headers": [], "content": {"size": 2, "mimeType": "application/json", "text": "{}"}},
}]}}
RESULTS = {
    "schema_version": 1, "tool": {"name": "ringtrue", "version": "0.1.0"}, "seed": 0, "profile": "quick", "started": "2026-11-25T18:14:00+00:00",
    "target": {"url": "http://127.0.0.1:9", "account_sid": ACCOUNT}, "verdict": "violates", "counts": {"requests": 3},
    "clauses": [{"id": "timeout.maximum", "level": "MUST", "verdict": "FAIL", "cases": 1, "findings": ["timeout.maximum"]}],
    "findings": [{"id": "timeout.maximum", "clause": "timeout.maximum", "level": "MUST", "message": "m", "expected": "4xx", "actual": "201",
                  "occurrences": 1, "blame": ["Timeout"], "outcome": "accepted"}],
}
CONFIG = f"""profile = "quick"
seed = 7
skip = ["refusal.*"]
[target]
url = "http://127.0.0.1:9"
account-sid = "{ACCOUNT}"
from = ["+15005550006"]
timeout = 2.5
max-requests = 50
[[target.deviations]]
clause = "timeout.maximum"
instead = "accepted"
reason = "known"
until = 2999-01-31
"""
BASELINE = """schema-version = 1
target = "http://127.0.0.1:9"
[[accepted]]
clause = "timeout.maximum"
outcome = "accepted"
blame = ["Timeout"]
reason = "known"
until = 2999-01-31
"""
SPEC = """openapi: 3.1.0
info: &info {title: a, version: '1'}
paths:
  /2010-04-01/Accounts/{AccountSid}/Calls.json:
    post:
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Call'}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {properties: {sid: {type: string, pattern: '^CA[0-9a-f]{32}$'}}}}}}}
components:
  schemas:
    Call: {required: [To, From], properties: {To: {type: string}, From: {type: string}, Timeout: {type: integer, minimum: 1, maximum: 600}}}
"""


def _configured(path: Path) -> None:
    options: dict[str, Any] = dict.fromkeys(("account_sid", "output", "targets", "all_targets", "auth_token_env", "rate", "faults"))
    several({**options, "targets": (), "faults": (), "config_path": path})


def _judged(path: Path) -> None:
    Check(read_recording([path]), CheckConfig(lambda _: True, False, (path.name,))).conduct()


READERS: dict[str, tuple[Callable[[Path], object], bytes]] = {
    "a config file": (_configured, CONFIG.encode()), "a baseline": (lambda p: read_baseline(p, date(2026, 11, 28)), BASELINE.encode()),
    "a saved case": (load_case, json.dumps(CASE).encode()), "a recording": (_judged, json.dumps(HAR).encode()),
    "bodies": (_judged, json.dumps([{"sid": "CA" + "0" * 32, "status": "queued"}] * 2).encode()),
    "results": (load_results, json.dumps(RESULTS).encode()), "YAML": (read_document, SPEC.encode()),
    "JSON": (read_document, json.dumps(build()).encode()),
}


def sentence_or_result(reader: Callable[[Path], object], path: Path) -> str:
    """What the reader says of the file: nothing where it reads it, one sentence where it doesn't."""
    try:
        reader(path)
    except UsageError as error:
        text = str(error)
        assert len(text) < 2000 and text.count("\n") == 0, text
        return text
    return ""


@pytest.mark.parametrize("name", READERS)
def test_valid_file_is_read(name: str, tmp_path: Path) -> None:
    reader, valid = READERS[name]
    (tmp_path / "file").write_bytes(valid)
    assert sentence_or_result(reader, tmp_path / "file") == ""


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_result_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    sentence_or_result(READERS[name][0], path)


JUNK = st.binary(max_size=8) | st.sampled_from([
    b"[" * 500, b"{" * 500, b'{"a":' * 300, b"9" * 5000, b"0x" + b"f" * 3000, b"1e999", b"-0", b"NaN", b"inf", b"null", b"true", b"\0", b"\xff\xfe", b"\xed\xa0\x80",
    b"\\ud800", b"&a *a", b"<<: *info", b"!!python/name:os.system ''", b"a." * 400, b'"', b"'''", b'"""', b"\r", b"\xef\xbb\xbf", b"2999-01-31T00:00:00Z",
    b"9999-12-31", b"00:00:00", b"../../../etc/passwd", b"\x1b[31m", b"$ref", b"#/", b"- ", b"\t", b"~",
])


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), JUNK), min_size=1, max_size=4))
def test_changed_file_gives_a_result_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[float, int, bytes]]
) -> None:
    reader, data = READERS[name]
    for where, length, junk in changes:
        at = int(where * len(data))
        data = data[:at] + junk + data[at + length:]
    path = tmp_path_factory.mktemp("changed") / "file"
    path.write_bytes(data)
    sentence_or_result(reader, path)


@pytest.mark.parametrize("name", ["a saved case", "results"])
@pytest.mark.parametrize("id_", ["../../escaped", "/tmp/escaped", "a/b", "..", "", "a\nb", "call.created\n"])
def test_id_of_a_finding_is_no_path(name: str, id_: str, tmp_path: Path) -> None:
    reader, valid = READERS[name]
    data = json.loads(valid)
    if name == "results":
        data["findings"][0]["id"] = id_
    else:
        data["finding"] = id_
    (tmp_path / "file").write_text(json.dumps(data), "utf-8")
    assert "id" in sentence_or_result(reader, tmp_path / "file")


def _levels(value: str, times: int) -> dict[str, Any]:
    """Schemas, each of which refers to the one before it three times."""
    schemas: dict[str, Any] = {"S0": {"type": "string", "properties": {"To": {}}}}
    for i in range(times):
        schemas[f"S{i + 1}"] = {value: [{"$ref": f"#/components/schemas/S{i}"}] * 3, "properties": {"a": {}}}
    return schemas


def _spec(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    post = {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}, "responses": {}}
    return json.dumps({"openapi": "3.1.0", "paths": {"/2010-04-01/Accounts/{A}/Calls.json": {"post": post}}, "components": {"schemas": schemas}})


_LAST = {"$ref": "#/components/schemas/S28"}
_NEXT = list(zip("abcdefghijkl", "bcdefghijklm", strict=True))
BOMBS: dict[str, tuple[tuple[str, ...], str]] = {
    "aliases": (("contract", "--diff"), "a: &a [x, x]\n" + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in _NEXT) + "openapi: 3.1.0\npaths: *m"),
    "merged": (("contract", "--diff"), "openapi: 3.1.0\na: &a {x: y}\n"
               + "".join(f"{n}: &{n} {{<<: [{', '.join([f'*{p}'] * 9)}]}}\n" for p, n in _NEXT) + "paths: *m"),
    "a circle": (("contract", "--diff"), "openapi: 3.1.0\npaths: &p {'/2010-04-01/Accounts/{A}/Calls.json': *p, post: *p}"),
    "code": (("contract", "--diff"), "openapi: 3.1.0\npaths: !!python/object/apply:os.system ['touch hacked']"),
    "deep YAML": (("contract", "--diff"), "openapi: 3.1.0\npaths: " + "[" * 100_000),
    "sexagesimals": (("contract", "--diff"), "openapi: 3.1.0\npaths: 1" + ":59" * 20_000),
    "schemas all of": (("contract", "--diff"), _spec({"properties": {"To": _LAST}}, _levels("allOf", 28))),
    "schemas any of": (("contract", "--diff"), _spec({"properties": {"To": _LAST}}, _levels("anyOf", 28))),
    "properties all of": (("contract", "--diff"), _spec(_LAST, _levels("allOf", 28))),
    "a long choice": (("contract", "--diff"), _spec({"properties": {"To": {"description": "can be: " + "`a`, " * 200_000 + "!"}}}, {})),
    "deep JSON": (("contract", "--diff"), '{"a":' * 100_000), "a long number": (("contract", "--diff"), '{"a": ' + "9" * 1_000_000 + "}"),
    "deep recording": (("check",), "[" * 1_000_000), "quotes without end": (("check",), "[" * 201 + '"' + '\\"' * 1_000_000),
    "numbers of a recording": (("check",), "9" * 1_000_000), "deep lines": (("check",), "\n".join(['{"a":' * 300] * 2000)),
    "dotted keys": (("run", "--config"), "a" + ".a" * 100_000 + " = 1"), "deep tables": (("run", "--config"), "a = " + "[" * 100_000),
    "a long integer": (("run", "--config"), "seed = " + "9" * 100_000), "a long hexadecimal integer": (("run", "--config"), "seed = 0x" + "f" * 1_000_000),
    "an infinite rate": (("run", "--config"), "rate = inf"), "no number": (("run", "--config"), "timeout = nan"),
    "a huge budget": (("run", "--config"), "max-requests = 1" + "0" * 300), "dotted keys of a baseline": (("run", "--baseline"), "a" + ".a" * 100_000 + " = 1"),
    "a long integer of a baseline": (("run", "--baseline"), "schema-version = " + "9" * 100_000),
    "a deep case": (("replay",), '{"a":' * 100_000), "results of a long number": (("compare", "file"), '{"schema_version": ' + "9" * 1_000_000 + "}"),
}
MEMORY = 700 << 20  # bytes of address space, of which Python and its libraries take most


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_one_sentence_in_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    arguments, text = BOMBS[name]
    (tmp_path / "file").write_text(text, "utf-8")
    begun = time.monotonic()
    done = subprocess.run(
        command(*arguments, "file"), cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert done.returncode in (1, 2) if arguments[0] == "contract" else done.returncode == 2, done.stderr
    assert done.stderr.count("\n") <= 1 and "error of its own" not in done.stderr and "Traceback" not in done.stderr
    assert time.monotonic() - begun < 20
    assert not (tmp_path / "hacked").exists()


COMMANDS = (("contract", "--diff"), ("check",), ("run", "--config"), ("run", "--baseline"), ("replay",), ("compare", "valid.json"))


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_what_is_no_regular_file_is_one_sentence(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.files._SILENCE", 0.3)
    (tmp_path / "valid.json").write_text(json.dumps(RESULTS), "utf-8")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("directory", "fifo", "socket", "loop", "nowhere", "valid.json/below", "/dev/zero", "a" * 5000, "\udcff"):
            done = at_once(*arguments, name, cwd=tmp_path)
            assert done.returncode == 2, (name, done.stderr)
            assert done.stderr.count("\n") == 1 and "error of its own" not in done.stderr, name


def test_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", "import time; print('a', flush=True); time.sleep(.3); print('b' * 100000)"], stdout=writing):
        os.close(writing)
        assert read_text(Path(f"/dev/fd/{reading}"), "a test") == "a\n" + "b" * 100_000 + "\n"
    os.close(reading)


@pytest.mark.parametrize("text", ["[" * 201 + '"' + '\\"' * 200_000, "[" * 201 + '"\\' * 100_000, ('[{"a":"' + "\\" * 99 + '"') * 20_000])
def test_depth_of_an_answer_is_told_in_linear_time(text: str) -> None:
    begun = time.monotonic()
    with pytest.raises(NotJson):
        parse_json(text)
    assert time.monotonic() - begun < 2


@given(st.recursive(st.text(alphabet='[]{}"\\ab', max_size=8) | st.integers(), lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=3), c)))
def test_brackets_in_strings_are_no_depth(value: Any) -> None:
    text = json.dumps([value, "[{" * 300])
    assert parse_json(text)[0] == json.loads(text)


@pytest.mark.parametrize("change, word", [({"seed": 1 << 70}, "--seed"), ({"max_requests": 10**400}, "--max-requests"), ({"max_time": float("inf")}, "--max-time")])
def test_number_that_no_run_can_use_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        checked(RunConfig(**change))


def test_saved_case_of_somebody_else_gets_no_token_to_its_server(tmp_path: Path) -> None:
    foreign = {**CASE, "target": {"url": "https://192.0.2.1", "account_sid": ACCOUNT}}
    (tmp_path / "case.json").write_text(json.dumps(foreign), "utf-8")
    done = at_once("replay", "case.json", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": "9f31c07be4a85d62f1b7093ce8d4a65b"})
    assert done.returncode == 2 and "--target" in done.stderr and done.stdout == ""


def test_name_of_a_finding_in_a_saved_case_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps({**CASE, "finding": "a\x1b[31mb\n::error::c"}), "utf-8")
    done = at_once("replay", "case.json", cwd=tmp_path)
    assert done.returncode == 2 and "\x1b" not in done.stderr and done.stderr.count("\n") == 1 and "::error" not in done.stderr


HOSTILE_CASES: dict[str, dict[str, Any]] = {
    "method": {"method": "GET; touch hacked"}, "line break in the method": {"method": "GET / HTTP/1.1\r\nX: y"}, "content type": {"content_type": "a\r\nX-Injected: b"},
    "content type of another kind": {"content_type": 7}, "credentials": {"credentials": "mine"}, "account": {"account": "../.."}, "segments": {"segments": -1}, "head": {"head": "mine"},
    "style": {"styles": ["plain", "odd"]}, "number of styles": {"styles": ["plain"]}, "pairs": {"pairs": [["To"]]}, "body": {"body": "x", "body_length": 10**30},
}


@pytest.mark.parametrize("what", HOSTILE_CASES)
def test_saved_case_that_is_no_single_request_is_refused(what: str, tmp_path: Path) -> None:
    hostile = {**CASE["case"], **HOSTILE_CASES[what]}  # type: ignore[dict-item]
    for place in ({"case": hostile}, {"before": [hostile]}, {"together": [hostile]}):
        (tmp_path / "case.json").write_text(json.dumps({**CASE, **place}), "utf-8")
        done = at_once("replay", "case.json", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": "9f31c07be4a85d62f1b7093ce8d4a65b"})
        assert done.returncode in ((2, 3) if what == "body" else (2,)), done.stderr
        assert "error of its own" not in done.stderr and done.stderr.count("\n") <= 1


def test_curl_sends_cases_in_turn_on_one_connection() -> None:
    case = Case((("To", "client:a"), ("Timeout", "60")))
    line, whole = curl_of((case,), replace(case, credentials="none"), "http://127.0.0.1:9", ACCOUNT)
    first, _, second = line.partition(" --next ")
    assert whole and first.startswith("curl ") and "-u " in first
    assert second.startswith("-sS ") and "-u " not in second


def test_curl_line_runs_nothing_but_curl(tmp_path: Path) -> None:
    hostile = "'; touch hacked; $(touch hacked) `touch hacked` \n touch hacked #"
    case = Case((("To", hostile), (hostile, hostile)), method=hostile, content_type=hostile, body=None)
    for one in (case, replace(case, body=hostile.encode()), replace(case, account="other", credentials="letter-case")):
        line = curl_line(one, f"http://127.0.0.1:9/{hostile}", ACCOUNT).replace("curl ", "true ", 1)
        subprocess.run(["sh", "-c", line], cwd=tmp_path, env={"PATH": os.environ["PATH"], "RINGTRUE_AUTH_TOKEN": hostile}, check=False, timeout=10)
    assert list(tmp_path.iterdir()) == []
