"""Generated Python means exactly the values it was made of."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE

from harness.report.literals import bytes_literal, comment, docstring, text_literal

RUNS = st.lists(st.tuples(st.binary(max_size=5), st.integers(0, 90))).map(lambda parts: b"".join(unit * n for unit, n in parts))
NASTY = st.text(st.characters() | st.sampled_from('"\\\n#\u202e\udc80'), max_size=50)


@given(RUNS)
def test_bytes_literal_is_those_bytes(data: bytes) -> None:
    assert eval(bytes_literal(data), {"__builtins__": {}}) == data


def test_bytes_literal_of_a_huge_body_is_short() -> None:
    for data in (b"a" * 3_000_000, b"Url=x&" * 400_000 + b"Ur"):
        literal = bytes_literal(data)
        assert len(literal) < 200
        assert eval(literal, {"__builtins__": {}}) == data


@given(NASTY)
def test_text_literal_is_that_text(text: str) -> None:
    assert text_literal(text).isascii()
    assert ast.literal_eval(text_literal(text)) == text


@given(NASTY)
def test_docstring_never_ends_early(text: str) -> None:
    tree = ast.parse(f"def f():\n{docstring(text)}\n    return 1\n")
    assert len(tree.body) == 1
    assert len(tree.body[0].body) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", ["::error::boom", "::add-mask::x", "##vso[task.complete result=Failed]", "##[error]boom"])
def test_docstring_and_comment_hold_no_command_of_a_ci_system(command: str) -> None:
    for text in (f"{command}\n  {command}", f"a {command}"):
        assert command[:5] not in docstring(text) + comment(text)
        assert "⟨" in docstring(text) and "⟨" in comment(text)


@given(NASTY)
def test_comment_stays_on_its_line(text: str) -> None:
    assert ast.dump(ast.parse(f"x = 1  {comment(text)}\n")) == ast.dump(ast.parse("x = 1\n"))


def test_hostile_text_stays_inside_its_literal() -> None:
    ast.parse(f"def f():\n{docstring(HOSTILE)}\n    return {text_literal(HOSTILE)}  {comment(HOSTILE)}\n")
