"""What a person reads of the contract: the page in docs, `ringtrue explain` and the lists of `ringtrue contract`."""

from __future__ import annotations

import json
import subprocess

import pytest

from harness.contract import CLAUSES, GROUPS, PARAMETERS, Clause, Level
from harness.contract.docs import PAGE, render
from harness.contract.explain import WIDTH, as_json, explain, listing, reason, select
from harness.errors import UsageError

PHRASES = {"ACCEPT": "be created", "REJECT": "be refused with a 4xx", "EITHER": "may be taken or refused"}


def test_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m harness.contract.docs"


def test_page_has_every_clause_once() -> None:
    text = render()
    assert all(text.count(f"| `{c.id}` |") == 1 for c in CLAUSES)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda c: c.id)
def test_explanation_fits_a_terminal_and_has_all_parts(clause: Clause) -> None:
    text = explain(clause.id)
    lines = text.splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("curl ")] == []
    assert lines[0] == clause.id
    assert f"Level {clause.level.value}: a break is" in lines
    assert "Why it matters" in lines and "Where it is said" in lines
    assert any(line.startswith("curl ") for line in lines) or "An answer that breaks it" in lines
    assert "{" not in reason(clause), "a placeholder was left"


def test_reasons_are_no_two_alike() -> None:
    assert len({reason(c) for c in CLAUSES}) == len(CLAUSES)


@pytest.mark.parametrize(
    ("level", "word"), [(Level.MUST, "FAIL"), (Level.SHOULD, "NON-STRICT"), (Level.OBSERVED, "INFO")]
)
def test_explanation_says_what_a_break_counts_as(level: Level, word: str) -> None:
    assert all(f"\n  {word}. " in explain(c.id) for c in select(level=level.value))


def test_explanation_says_what_must_become_of_a_value() -> None:
    for parameter in PARAMETERS:
        for value_class in parameter.classes:
            text = " ".join(explain(f"{parameter.slug}.{value_class.slug}").split())
            assert PHRASES[value_class.expected.value] in text


def test_long_values_are_left_to_the_shell() -> None:
    line = next(line for line in explain("twiml.max-length").splitlines() if line.startswith("curl "))
    assert len(line) < 500
    words = subprocess.run(["sh", "-c", "curl() { printf '%s ' \"$@\"; }; " + line], capture_output=True, text=True, check=True, timeout=30)
    assert "a" * 3969 in words.stdout


@pytest.mark.parametrize(
    ("given", "near"),
    [("send-digits.maxlength", "send-digits.max-length"), ("Echo.To", "echo.to"), ("twiml", "twiml.document"),
        ("auth.mising", "auth.missing")],
)
def test_unknown_clause_names_the_nearest(given: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"Near to it: .*{near}"):
        explain(given)


def test_unknown_clause_is_shown_escaped() -> None:
    with pytest.raises(UsageError) as caught:
        explain("\x1b[31mred\n")
    assert "\x1b" not in str(caught.value) and "ringtrue contract" in str(caught.value)


def test_list_has_every_clause_in_80_columns() -> None:
    lines = listing().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line.split()[1] for line in lines if line.startswith("  ") and line[2:3] != " "] == [c.id for c in CLAUSES]
    assert [line for line in lines if line in GROUPS] == list(GROUPS)


def test_list_can_be_narrowed() -> None:
    assert {c.id for c in select("send-digits.*")} == {"send-digits.keys", "send-digits.max-length", "send-digits.characters",
        "send-digits.unclear"}
    assert select("digits") == [c for c in CLAUSES if "digits" in c.id]
    assert {c.level for c in select(level="observed")} == {Level.OBSERVED}
    assert {c.group for c in select(group="said back")} == {"Said back"}
    assert {c.parameter for c in select(parameter="timelimit")} == {"TimeLimit"}
    assert select("*.range", level="MUST", parameter="Timeout")[0].id == "timeout.range"
    assert listing("no-such-thing") == "No clause fits.\n"
    assert listing("echo.to").endswith("\n\n1 clause: 1 MUST\n")


@pytest.mark.parametrize(("kind", "near"), [("level", "MUST"), ("group", "Secrets"), ("parameter", "Timeout")])
def test_unknown_filter_names_the_nearest(kind: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        select(**{kind: near[:-1]})


def test_json_has_the_same_clauses() -> None:
    rows = json.loads(as_json())
    assert [row["id"] for row in rows] == [c.id for c in CLAUSES]
    assert set(rows[0]) == {"id", "level", "statement", "source", "group", "parameter", "why"}
    assert all(row["why"] and row["statement"] for row in rows)
    assert [row["id"] for row in json.loads(as_json(parameter="Trim", level="should"))] == ["trim.letter-case", "trim.unclear"]
