"""Recorded runs beside each other: what broke, what was mended, what is no longer exercised; several targets in one go."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ACCOUNT, TOKEN, at_once, changed_somewhere, closed_port, results_of, ringtrue

from harness.compare import Comparison, Kind, compare
from harness.contract import CLAUSES
from harness.emulator import Emulator, EmulatorSettings
from harness.errors import UsageError
from harness.recorded import load_results
from harness.report import changes, matrix


def results(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The content of a results.json in which these findings broke their clauses and all else passed."""
    broken = {c: f for f in findings for c in (f["clause"], *f.get("also", ()))}
    clauses = [
        {"id": c.id, "level": c.level.value, "verdict": "FAIL" if c.id in broken else "PASS", "cases": 3, "findings": []} for c in CLAUSES
    ]
    data = {
        "schema_version": 1, "tool": {"name": "ringtrue", "version": "0.1.0"}, "seed": 0, "profile": "quick", "started": "2030-01-01T00:00:00+00:00",
        "duration_s": 1.0, "target": {"url": "http://127.0.0.1:8080", "account_sid": ACCOUNT}, "verdict": "violates" if findings else "conforms",
        "counts": {"requests": 9}, "clauses": clauses, "findings": list(findings), "notes": [],
    }
    return {**data, **more}


def broken(clause: str, outcome: str = "accepted", blame: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A finding of results.json."""
    return {
        "id": clause, "clause": clause, "level": "MUST", "message": "m", "expected": "4xx", "actual": "201", "path": "$", "cause": "", "occurrences": 1,
        "outcome": outcome, "blame": list(blame), **more,
    }


def with_verdict(data: dict[str, Any], verdict: str, *clauses: str) -> dict[str, Any]:
    """The same results, with another verdict for some clauses."""
    out = copy.deepcopy(data)
    for row in out["clauses"]:
        if row["id"] in clauses:
            row["verdict"] = verdict
    return out


@pytest.fixture
def compared(tmp_path: Path) -> Any:
    """Compares two results."""
    def run(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
        for name, data in (("old.json", old), ("new.json", new)):
            (tmp_path / name).write_text(json.dumps(data), "utf-8")
        return compare(load_results(tmp_path / "old.json"), load_results(tmp_path / "new.json"))
    return run


def told(comparison: Comparison) -> dict[str, list[str]]:
    """Kind → clauses."""
    return {k.value: [c.clause for c in comparison.of(k)] for k in Kind if comparison.of(k)}


DIGITS, TIMEOUT = broken("send-digits.max-length"), broken("timeout.maximum")
SHOULD = broken("refusal.body", "content", level="SHOULD")
IDLE = ("timeout.maximum",)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, list[str]], tuple[int, int]]] = {
    "nothing": (results(DIGITS), results(DIGITS), {"still broken": ["send-digits.max-length"]}, (0, 0)),
    "a break": (results(), results(TIMEOUT), {"broke": ["timeout.maximum"]}, (1, 1)),
    "a broken SHOULD": (results(), results(SHOULD), {"broke": ["refusal.body"]}, (0, 1)),
    "mended": (results(DIGITS, TIMEOUT), results(DIGITS), {"fixed": ["timeout.maximum"], "still broken": ["send-digits.max-length"]}, (0, 0)),
    "no longer exercised": (results(TIMEOUT), with_verdict(results(), "NOT-EXERCISED", *IDLE), {"no longer exercised": list(IDLE)}, (0, 1)),
    "exercised anew": (with_verdict(results(), "SKIPPED", *IDLE), results(), {"exercised anew": list(IDLE)}, (0, 0)),
    "another cause of the same clause": (
        results(broken("trim.values", "refused", ("Trim=do-not-trim",))), results(broken("trim.values", "refused", ("Trim=trim-silence",))),
        {"broke": ["trim.values"]}, (1, 1),
    ),
    "cut down further": (results(broken("timeout.maximum", blame=("Trim",))), results(TIMEOUT), {"still broken": ["timeout.maximum"]}, (0, 0)),
    "accepted since": (results(TIMEOUT), results({**TIMEOUT, "accepted": {"reason": "old"}}), {"accepted": ["timeout.maximum"]}, (0, 0)),
    "accepted no more": (results({**TIMEOUT, "accepted": {"reason": "old"}}), results(TIMEOUT), {"broke": ["timeout.maximum"]}, (1, 1)),
    "fewer clauses of one cause": (
        results(broken("timeout.integer", also=["time-limit.integer"])), results(broken("timeout.integer")),
        {"fixed": ["time-limit.integer"], "still broken": ["timeout.integer"]}, (0, 0),
    ),
    "more clauses of one cause": (
        results(broken("timeout.integer")), results(broken("timeout.integer", also=["time-limit.integer"])), {"broke": ["timeout.integer"]}, (1, 1),
    ),
    "nothing judged": (results(), with_verdict(results(verdict="inconclusive"), "NOT-EXERCISED", *IDLE), {"no longer exercised": list(IDLE)}, (3, 1)),
    "recorded before outcomes were told": (
        results({k: v for k, v in TIMEOUT.items() if k not in ("outcome", "blame")}), results(TIMEOUT), {"still broken": ["timeout.maximum"]}, (0, 0),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected", "codes"), CASES.values(), ids=list(CASES))
def test_comparison_says_what_became_of_each_break(
    old: dict[str, Any], new: dict[str, Any], expected: dict[str, list[str]], codes: tuple[int, int], compared: Any
) -> None:
    comparison = compared(old, new)
    assert told(comparison) == expected
    assert (comparison.exit_code(False), comparison.exit_code(True)) == codes


def test_runs_in_the_wrong_order_are_told(compared: Any) -> None:
    older, newer = ({**results(), "started": f"2030-06-0{day}T10:00:00+00:00"} for day in (1, 2))
    assert [r for r in compared(newer, older).remarks if "name the older one first" in r]
    assert compared(older, newer).remarks == ()


def test_clause_of_one_version_alone_is_no_break(compared: Any) -> None:
    old = results(tool={"name": "ringtrue", "version": "0.0.9"})
    old["clauses"] = [c for c in old["clauses"] if c["id"] != "timeout.maximum"]
    comparison = compared(old, results())
    assert told(comparison) == {"not in both versions": ["timeout.maximum"]}
    assert any("0.0.9 and 0.1.0" in r for r in comparison.remarks) and comparison.exit_code(True) == 0


HOSTILE = "\x1b[31m<script>alert(1)</script>|`x`\u202e::error::boom\nline"


def test_hostile_text_acts_nowhere(compared: Any) -> None:
    comparison = compared(results(), results(broken("timeout.maximum", actual=HOSTILE, cause=HOSTILE), target={"url": HOSTILE, "account_sid": HOSTILE}))
    page, markdown, lines = changes.as_html(comparison), changes.as_markdown(comparison), changes.as_text(comparison)
    assert "<script>alert" not in page and "<script" not in markdown
    for shown in (page, markdown, lines):
        assert not set(shown) & {"\x1b", "\u202e"}
    assert all(len(line) <= 80 for line in lines.splitlines()) and "::error" not in lines + markdown


def test_matrix_has_a_cell_for_each_run_and_clause(tmp_path: Path) -> None:
    runs = []
    for name, data in (("a", results()), ("b", results(TIMEOUT)), ("c", with_verdict(results(), "NOT-EXERCISED", *IDLE))):
        (tmp_path / f"{name}.json").write_text(json.dumps(data), "utf-8")
        runs.append(load_results(tmp_path / f"{name}.json"))
    page = matrix.as_html(runs)
    row = re.search(r'<tr id="timeout.maximum"[^>]*>(.*?)</tr>', page)
    assert row is not None and re.findall(r"</span> ([A-Z-]+)</td>", row[1]) == ["PASS", "FAIL", "NOT-EXERCISED"]
    assert page.count('data-differs="yes"') == 1
    assert len(re.findall(r"<tr id=", page)) == len(CLAUSES)
    assert "✓✗?  timeout.maximum" in matrix.as_text(runs)
    assert "| timeout.maximum | MUST | ✓ PASS | ✗ FAIL | ? NOT-EXERCISED |" in matrix.as_markdown(runs)


WRONG: dict[str, tuple[Any, str]] = {
    "a list": ([], "no results.json"), "another version": (results(schema_version=2), "schema version '2'"), "a version that is true": (results(schema_version=True), "schema version"),
    "no verdict": ({k: v for k, v in results().items() if k != "verdict"}, "verdict is missing"), "an unknown verdict": (results(verdict="fine"), "verdict is 'fine'"),
    "a clause without level": (results(clauses=[{"id": "x", "verdict": "PASS", "cases": 1}]), "level is missing"), "a clause that is a text": (results(clauses=["x"]), "clauses"),
    "an unknown word": (results(clauses=[{"id": "x", "level": "MUST", "verdict": "GOOD", "cases": 1}]), "'GOOD'"), "a finding with a wrong type": (results(broken("x", occurrences="1")), "occurrences"),
}


@pytest.mark.parametrize(("data", "word"), WRONG.values(), ids=list(WRONG))
def test_file_that_is_no_results_is_told_in_one_sentence(data: Any, word: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(data), "utf-8")
    done = at_once("compare", str(path), str(path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), word in done.stderr) == (2, 1, True), done.stderr


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_missing_results_are_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    done = at_once("compare", name, name, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "can't be read" in done.stderr) == (2, 1, True), done.stderr


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_of_a_results_file_gives_a_run_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = results(TIMEOUT)
    whole = changed_somewhere(data, {**whole, "clauses": whole["clauses"][:2]})
    text = json.dumps(whole)
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(text[: data.draw(st.integers(0, len(text)))] if data.draw(st.booleans()) else text, "utf-8")
    try:
        run = load_results(path)
        changes.as_html(compare(run, run))
        matrix.as_html([run, run])
    except UsageError as error:
        assert "\n" not in str(error)


@pytest.mark.slow
def test_several_targets_are_run_in_turn_and_the_matrix_shows_them(tmp_path: Path) -> None:
    settings_ = EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)
    with Emulator(settings_) as good, Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("accepts-timeout-601",))) as bad:
        tables = {"good": good.url, "bad": bad.url, "dead": f"http://127.0.0.1:{closed_port()}"}
        text = "".join(f'[targets.{n}]\nurl = "{u}"\naccount-sid = "{ACCOUNT}"\n' for n, u in tables.items())
        (tmp_path / "ringtrue.toml").write_text(f'only = ["timeout.*"]\noutput = "out"\n{text}', "utf-8")
        env = {"RINGTRUE_AUTH_TOKEN": TOKEN}
        done = ringtrue("run", "--all-targets", cwd=tmp_path, env=env)
        some = ringtrue("run", "--target", "good", "--target", "dead", "--output", "some", cwd=tmp_path, env=env)
        told = {flag: ringtrue("run", "--target", "good", "--target", "bad", "--output", "told", flag, cwd=tmp_path, env=env).stdout for flag in ("-q", "-qq", "-v")}
    assert (done.returncode, done.stderr) == (1, "")
    assert [results_of(tmp_path / "out" / n)["verdict"] for n in tables] == ["conforms", "violates", "inconclusive"]
    assert results_of(tmp_path / "out" / "bad")["target"]["name"] == "bad"
    page = (tmp_path / "out" / "matrix.html").read_text("utf-8")
    assert [n for n in tables if f"<h2>{n}</h2>" in page] == list(tables)
    assert "✗ bad: VIOLATES the contract: 1 finding (1 MUST)" in done.stdout and all(len(line) <= 80 for line in done.stdout.splitlines())
    assert some.returncode == 3 and (tmp_path / "some" / "matrix.html").is_file()
    assert told["-q"] == "✓ good: CONFORMS to the contract\n✗ bad: VIOLATES the contract: 1 finding (1 MUST)\n" and told["-qq"] == ""
    assert "bad:\n✗ VIOLATES" in told["-v"] and "again:" in told["-v"]


@pytest.mark.parametrize(("arguments", "word"), [
    (("--target", "one", "--target", "tow"), "'two'"), (("--target", "tow"), "'two'"), (("--all-targets", "--target", "one"), "without --target"),
    (("--target", "one", "--target", "http://127.0.0.1:1"), "named by their tables"), (("--target", "one", "--target", "a/b"), "becomes a folder"),
    (("--target", "one", "--target", "two", "--write-baseline", "b.toml"), "one target"),
])
def test_wrong_choice_of_targets_exits_2_in_one_sentence(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    tables = "".join(f'[targets."{n}"]\nurl = "http://127.0.0.1:9"\naccount-sid = "{ACCOUNT}"\n' for n in ("one", "two", "a/b"))
    (tmp_path / "ringtrue.toml").write_text(tables, "utf-8")
    done = at_once("run", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), word in done.stderr) == (2, 1, True), done.stderr
