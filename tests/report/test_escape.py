"""Hostile text is harmless wherever it is shown, whatever it is."""

from __future__ import annotations

import html
import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE
from support import grows_no_faster

from harness.report.escape import cut, for_html, for_markdown, for_terminal, for_xml, visible

ANY_TEXT = st.text(st.characters() | st.sampled_from("\x1b\x07\u202e\u2066\u200b\ufeff\udc80|`[]<>&:#!\n\r\u2028\x85\x9b"), max_size=60)
CI_COMMAND = re.compile(r"::\s*(?:error|warning|add-mask)|(?<![0-9A-Fa-f\[])::\s*[A-Za-z].*?::|##\[|##[A-Za-z]{1,20}\[")


@given(ANY_TEXT)
def test_visible_text_has_nothing_invisible(text: str) -> None:
    shown = visible(text)
    assert {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()
    assert {c for c in shown if unicodedata.category(c) == "Zs"} <= {" "}
    shown.encode("utf-8")


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"])))
def test_visible_leaves_plain_text_alone(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("character", "code"), [("\u202e", "⟨U+202E⟩"), ("\x1b", "⟨U+001B⟩"), ("\udc80", "⟨0x80⟩"), ("\u3164", "⟨U+3164⟩")]
)
def test_visible_shows_the_code_in_place(character: str, code: str) -> None:
    assert visible(f"a{character}b") == f"a{code}b"


@given(ANY_TEXT)
def test_html_text_is_text_alone(text: str) -> None:
    safe = for_html(text)
    assert not re.search("[<>\"']", safe)
    assert html.unescape(safe) == visible(text)


@given(ANY_TEXT)
def test_markdown_is_one_line_without_markup(text: str) -> None:
    safe = for_markdown(text)
    bare = re.sub(r"\\.|&#\d+;|&(?:amp|lt|gt);", "", safe)
    assert not re.search(r"[|`<>\[\]\\*_#!~@$\n\r]", bare)
    assert "::" not in safe
    assert "://" not in safe


@given(ANY_TEXT)
def test_terminal_text_is_one_line_without_commands(text: str) -> None:
    safe = for_terminal(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", safe)
    assert not CI_COMMAND.search(safe)


@pytest.mark.parametrize("text", [
    "http://[::1]:8080/", "http://[fe80::abcd]:8080/", "http://[::ffff:127.0.0.1]/ and http://[::a]/", "from fe80::a to fe80::b", "[fe80::a%eth0]:80",
    "pytest a.py::test_x", "std::vector",
])
def test_terminal_leaves_colons_that_are_no_command_alone(text: str) -> None:
    assert for_terminal(text) == text


@pytest.mark.parametrize("command", ["::error", "::ERROR::x", "::add-mask::x", "::error file=a::b", ":: notice::x", "::any-word::", "::dead::", "::add file=a::b"])
@pytest.mark.parametrize("before", ["", "in mid-line ", "x", "[", "[::1]", "http://[::1]:80/ "])
def test_terminal_breaks_up_commands_wherever_they_are(command: str, before: str) -> None:
    assert for_terminal(before + command).startswith(f"{before}:⟨:⟩{command[2:5]}")


@pytest.mark.parametrize("unit", ["::a", "::", "a:", "[::", "a::b ", "::error ", ":: ", "##a"])
def test_time_to_break_up_commands_grows_no_faster_than_the_text(unit: str) -> None:
    assert grows_no_faster(for_terminal, unit * (75_000 // len(unit)), unit * (300_000 // len(unit)))


@given(ANY_TEXT)
def test_xml_text_is_allowed_in_xml(text: str) -> None:
    element = ElementTree.Element("a")
    element.text = for_xml(text)
    assert ElementTree.fromstring(ElementTree.tostring(element)).text in (element.text, None)


@given(ANY_TEXT, st.integers(1, 50))
def test_cut_text_fits(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit


def test_hostile_sample_survives_nowhere() -> None:
    assert "<script" not in for_html(HOSTILE)
    assert "\x1b" not in for_terminal(HOSTILE) + for_markdown(HOSTILE) + for_xml(HOSTILE)
    assert not CI_COMMAND.search(for_terminal(HOSTILE))
