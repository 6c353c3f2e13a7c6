"""The wire: whatever the style, the same text arrives, byte by byte; and a case survives being saved."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.case import CREDENTIALS, HEADS, Case
from harness.wire import CLAUSE_OF_STYLE, STYLES, body_of, encode_pair, encode_pairs, encode_text, to_bytes

# Text as it may stand in a case: any letters, and bytes that are no UTF-8 as U+DC80 to U+DCFF.
_BYTES = st.binary(max_size=12).map(lambda b: b.decode("utf-8", "surrogateescape"))
_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | _BYTES | st.sampled_from(
    ("", " ", "+", "%", "%41", "&", "=", "a=b&c", "+14155550100", "é", "😀", "\x00", "\r\n", "~-._", "!$'()*,/:;?@[]", "a+b c%20d", "ﬀ", "\udcff"))
_PAIRS = st.lists(st.tuples(_TEXTS, _TEXTS), max_size=6)
# What WHATWG's form encoding and RFC 3986 let stand in a form's body.
_ALLOWED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%+!$'()*,/:;?@[]=&")


def decoded(body: bytes) -> list[tuple[bytes, bytes]]:
    """A form's pairs as bytes, read with nothing but the rules: & parts, the first = parts, + is a space, %XX is a byte."""
    pairs = []
    for part in body.split(b"&"):
        name, _, value = part.partition(b"=")
        pairs.append((_octets(name), _octets(value)))
    return pairs


def _octets(text: bytes) -> bytes:
    out = bytearray()
    i = 0
    while i < len(text):
        if text[i] == 0x25:
            out.append(int(text[i + 1:i + 3], 16))
            i += 3
        else:
            out.append(0x20 if text[i] == 0x2B else text[i])
            i += 1
    return bytes(out)


@given(_PAIRS.filter(bool), st.data())
def test_every_style_arrives_as_the_same_pairs(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    styles = tuple(data.draw(st.sampled_from(tuple(STYLES))) for _ in pairs)
    body = encode_pairs(pairs, styles)
    wanted = [(n.encode("utf-8", "surrogateescape"), v.encode("utf-8", "surrogateescape")) for n, v in pairs]
    assert decoded(body) == wanted
    assert parse_qsl(body.decode(), keep_blank_values=True, errors="surrogateescape") == pairs


@given(_PAIRS.filter(bool), st.sampled_from(tuple(STYLES)))
def test_body_holds_only_what_a_form_may_hold(pairs: list[tuple[str, str]], style: str) -> None:
    assert set(encode_pairs(pairs, (style,) * len(pairs))) <= _ALLOWED


@pytest.mark.parametrize(("style", "expected"), [
    ("plain", "a%2Fb+%C3%A9~="), ("percent20", "a%2Fb%20%C3%A9~="), ("lower-hex", "a%2fb+%c3%a9~="),
    ("unreserved", "%61%2F%62+%C3%A9%7E="), ("name", "a%2Fb+%C3%A9~="), ("literal", "a/b+%C3%A9~="),
])
def test_style_makes_its_own_choice(style: str, expected: str) -> None:
    assert encode_text("a/b é~", style) + "=" == expected


def test_name_style_encodes_the_name_and_not_the_value() -> None:
    assert encode_pair(("To", "x"), "name") == "%54%6F=x"
    assert encode_pair(("To", "x"), "unreserved") == "To=%78"


def test_every_style_but_plain_exercises_a_clause() -> None:
    assert set(CLAUSE_OF_STYLE) == set(STYLES) - {"plain"}


@pytest.mark.parametrize("style", STYLES)
def test_style_differs_from_plain_where_it_can(style: str) -> None:
    pair = ("To", "a b/é")
    assert (encode_pair(pair, style) == encode_pair(pair)) == (style == "plain")


@given(st.binary(max_size=40))
def test_any_bytes_are_kept(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    assert to_bytes(text) == raw
    assert decoded(encode_pairs([("CallReason", text)])) == [(b"CallReason", raw)]


@given(_PAIRS.filter(lambda p: len(p) > 1))
def test_order_and_repetition_are_kept(pairs: list[tuple[str, str]]) -> None:
    twice = [*pairs, *reversed(pairs)]
    assert [n for n, _ in decoded(encode_pairs(twice))] == [to_bytes(n) for n, _ in twice]


def test_styles_and_pairs_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        encode_pairs([("a", "b"), ("c", "d")], ("plain",))


def test_raw_body_is_sent_instead_of_the_pairs() -> None:
    assert body_of(Case((("To", "x"),), body=b"\x00\xff&&")) == b"\x00\xff&&"
    assert body_of(Case((("To", "x"),))) == b"To=x"
    assert body_of(Case((("To", "x"),), body=b"")) == b""


_CASES = st.builds(
    Case, pairs=_PAIRS.map(tuple), aim=st.sampled_from(("call.created", "timeout.maximum")), seed=st.integers(0, 1 << 40),
    content_type=st.sampled_from((None, "application/x-www-form-urlencoded", "text/plain; charset=latin-1", "")),
    body=st.none() | st.binary(max_size=64), method=st.sampled_from(("POST", "GET", "PUT", "DELETE")),
    account=st.sampled_from(("own", "other")), credentials=st.sampled_from(CREDENTIALS), segments=st.integers(0, 300), head=st.sampled_from(tuple(HEADS)),
)


@given(_CASES, st.data())
def test_case_survives_json(case: Case, data: st.DataObject) -> None:
    styles = data.draw(st.just(()) | st.tuples(*(st.sampled_from(tuple(STYLES)) for _ in case.pairs)))
    case = case.with_pairs(case.pairs, styles)
    text = json.dumps(case.to_json(), ensure_ascii=False)
    again = Case.from_json(json.loads(text.encode("utf-8")))
    assert body_of(again) == body_of(case)
    assert again == (case if any(s != "plain" for s in styles) else case.with_pairs(case.pairs, ()))


@given(_PAIRS.map(tuple))
def test_saved_pairs_can_be_read_by_any_program(pairs: tuple[tuple[str, str], ...]) -> None:
    json.dumps(Case(pairs).to_json(), ensure_ascii=False).encode("utf-8")


@given(st.text(st.characters(categories=("Cs",)) | st.sampled_from("aé"), min_size=1, max_size=4))
def test_case_with_any_surrogate_arrives_the_same_once_saved(text: str) -> None:
    case = Case((("CallReason", text),))
    assert body_of(Case.from_json(json.loads(json.dumps(case.to_json())))) == body_of(case)


def test_huge_body_is_saved_small_and_comes_back_as_long() -> None:
    case = Case((), "malformed.huge", body=b"To=a&CallReason=" + b"x" * (1 << 20))
    saved = json.dumps(case.to_json())
    again = Case.from_json(json.loads(saved))
    assert len(saved) < 10_000
    assert again.body is not None and case.body is not None
    assert len(again.body) == len(case.body) and again.body[:4096] == case.body[:4096]


@pytest.mark.parametrize("data", [
    {}, {"pairs": None}, {"pairs": [["To"]]}, {"pairs": [[1]]}, {"pairs": 5}, {"pairs": [], "seed": "x"}, {"pairs": [], "seed": None},
    {"pairs": [], "body": 7}, {"pairs": [], "body": "é€"}, {"pairs": [], "styles": 3}, {"raw_pairs": [["a"]], "pairs": []},
    {"pairs": [], "body": "a", "body_length": "x"}, {"pairs": [["a", "b", "c"]]},
], ids=str)
def test_what_is_no_case_is_said_so(data: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Case.from_json(data)
