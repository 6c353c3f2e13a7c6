"""Secrets in bytes: found however they are written, taken out, and nothing else touched."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support import ACCOUNT, TOKEN

from harness.secrecy import needles_of, unescaped

ODD_TOKEN = 'p"/a+ß \\w&o<r%d~é\'-9'


@pytest.mark.parametrize("written", [
    lambda t: t, lambda t: json.dumps(t), lambda t: json.dumps(t, ensure_ascii=False), lambda t: quote(t), lambda t: quote_plus(t), lambda t: quote(t, safe=""),
    lambda t: html.escape(t), lambda t: base64.b64encode(f"{ACCOUNT}:{t}".encode()).decode(), lambda t: json.dumps(t).replace("/", "\\/"),
])
def test_token_of_odd_characters_is_found_however_it_is_written(written: Callable[[str], str]) -> None:
    needles = needles_of(ODD_TOKEN, ACCOUNT)
    data = b"before " + written(ODD_TOKEN).encode() + b" after"
    clean, count = needles.taken_out(data)
    assert needles.are_in(data) and count >= 1
    assert not needles.are_in(clean) and b"w&o<r%d" not in clean


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 20), st.integers(12, 32), st.booleans())
def test_any_twelve_characters_of_a_token_are_found_and_taken_out(before: bytes, after: bytes, start: int, length: int, fill: bool) -> None:
    needles = needles_of(TOKEN)
    piece = TOKEN[start:start + max(length, 12)].encode()
    assume(len(piece) >= 12)
    data = before + piece + after
    clean, count = needles.taken_out(data, None if fill else b"[redacted]")
    assert count >= 1 and not needles.are_in(clean)
    assert len(clean) == len(data) or not fill or needles_of(TOKEN).are_in(unescaped(data))


@given(st.binary(max_size=200))
def test_bytes_without_a_secret_stay_as_they_are(data: bytes) -> None:
    assert needles_of(TOKEN, ACCOUNT).taken_out(data) == (data, 0)
