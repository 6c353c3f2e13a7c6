"""Secrets in bytes: found however they are written, taken out, and nothing else touched."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support import ACCOUNT, TOKEN, grows_no_faster

from harness.secrecy import Passwords, is_telling, needles_of, needles_of_passwords

ODD_TOKEN = 'p"/a+ß \\w&o<r%d~é\'-9'
TOKENS = (TOKEN, ODD_TOKEN, "k3y#8d(2f)q&1z<9w>5r%7t{x}", "pass word with space 12", "tökén-mit-ümläut-42", "a'b\"c#d(e)f<g>h&i%j{k}l", "ключ-от-дома-№42", "p%41th%2Fto%25more")


def alternating(text: str) -> str:
    """Every second character a capital letter."""
    return "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(text))


def as_code_points(text: str, form: str = "04x") -> str:
    """Each character in an escape of JSON."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[i:i + 2]):{form}}" for i in range(0, len(units), 2))


def as_percent(text: str) -> str:
    """Each byte percent-encoded."""
    return "".join(f"%{b:02X}" for b in text.encode())


# How a server may write a text; each may be done to what another one made.
WAYS: dict[str, Callable[[str], str]] = {
    "plainly": str, "JSON": json.dumps, "JSON in UTF-8": lambda t: json.dumps(t, ensure_ascii=False), "JSON of Go": lambda t: re.sub(
        "[&<>]", lambda m: f"\\u{ord(m[0]):04x}", json.dumps(t, ensure_ascii=False)),
    "code points": as_code_points, "CODE POINTS": lambda t: as_code_points(t, "04X"), "every second as code point": lambda t: "".join(
        as_code_points(c) if i % 2 else c for i, c in enumerate(t)),
    "path": quote, "form": quote_plus, "form in small letters": lambda t: re.sub("%..", lambda m: m[0].lower(), quote(t, safe="")), "percent": as_percent,
    "HTML": html.escape, "HTML's numbers": lambda t: "".join(f"&#{ord(c)};" for c in t), "HTML's hexadecimals": lambda t: "".join(f"&#x{ord(c):x};" for c in t),
    "base64": lambda t: base64.b64encode(f"{ACCOUNT}:{t}".encode()).decode(), "base64 for URLs": lambda t: base64.urlsafe_b64encode(f"x{t}y".encode()).decode(),
    "capital letters": str.upper, "small letters": str.lower, "title": str.title, "alternating letters": alternating, "other letters": str.swapcase,
    "Latin-1 of UTF-8": lambda t: t.encode().decode("latin-1"), "slashes": lambda t: t.replace("/", "\\/"),
}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("way", WAYS)
def test_token_is_found_and_taken_out_however_it_is_written(way: str, token: str) -> None:
    needles = needles_of(token, ACCOUNT)
    for outer in ("plainly", "JSON", "percent", "HTML", "JSON of Go", "code points", "form"):
        data = ("before " + WAYS[outer](WAYS[way](token)) + " after").encode()
        clean, count = needles.taken_out(data)
        assert needles.are_in(data) and count >= 1, data
        assert not needles.are_in(clean) and clean.startswith(b"before ") and clean.endswith(b" after")


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be", "utf-16", "utf-8"])
def test_only_the_bytes_of_a_token_are_replaced_where_nothing_may_move(code: str, token: str) -> None:
    before, after = "%41 \\u0042 &amp; ".encode(code) + b"\0\0\xff", b"\0\0" + " &#65; %2541 ".encode(code)
    needles = needles_of(token)
    clean, count = needles.taken_out(before + token.encode(code) + after, None)
    assert count == 1 and not needles.are_in(clean)
    assert len(clean) == len(before + token.encode(code) + after)
    assert clean.startswith(before) and clean.endswith(after)


def test_text_of_json_stays_json_and_says_all_else() -> None:
    for token in TOKENS:
        for way in ("JSON", "JSON in UTF-8", "JSON of Go"):
            inner = '{"a": "\\u00e9\\n&amp;%41 ", "t": ' + WAYS[way](token) + ', "b": "\\\\"}'
            clean, _ = needles_of(token).taken_out(json.dumps({"text": inner}).encode())
            assert json.loads(json.loads(clean)["text"]) == {"a": "é\n&amp;%41 ", "t": "[redacted]", "b": "\\"}


@pytest.mark.parametrize("token", [*TOKENS, "short1"])
@given(text=st.text(max_size=200), way=st.sampled_from(list(WAYS)))
def test_text_without_twelve_characters_of_a_token_is_left_alone(token: str, text: str, way: str) -> None:
    assume(not any(token[i:i + 6].lower() in text.lower() for i in range(len(token) - 5)))
    data = WAYS[way](text).encode("utf-8", "replace")
    assert needles_of(token).taken_out(data) == (data, 0)


@pytest.mark.parametrize("token", [TOKEN, TOKENS[2], TOKENS[3]])
@pytest.mark.parametrize("way", WAYS)
def test_eleven_characters_of_a_token_are_no_leak(way: str, token: str) -> None:
    for start in range(len(token) - 10):
        assert not needles_of(token).are_in(f"<{WAYS[way](f'~{token[start:start + 11]}~')}>".encode())


def test_needles_of_a_stand_in_come_to_an_end() -> None:
    for token in ("[redacted]", "redacted", "************"):
        assert needles_of(token).taken_out(token.encode())[1] >= 1
        needles_of(token).taken_out(token.encode(), None)


@pytest.mark.parametrize("unit", ["\\", "%25", "&amp;", "&#", "\\u00", "%", "\0", TOKEN[:12], TOKEN[:5], "\\u0025", "A", "\\x", "&a"])
def test_time_grows_no_faster_than_the_data(unit: str) -> None:
    data = (unit * (100_000 // len(unit))).encode()
    assert grows_no_faster(lambda d: needles_of(TOKENS[2]) and (needles_of(TOKEN) | needles_of(TOKENS[2])).taken_out(d), data, data * 4)


@pytest.mark.parametrize("way", ["plainly", "JSON", "form", "percent", "base64", "CODE POINTS", "HTML"])
def test_password_is_found_as_a_whole_alone(way: str) -> None:
    password = "Tr0ub4dor & 3"
    needles = needles_of_passwords([password, "short", "aaaaaaaaaaaa"])
    assert needles.are_in(WAYS[way](password).encode())
    assert not needles.are_in(WAYS[way](password[:-1]).encode()) and not needles.are_in(b"short aaaaaaaaaaaaaa")


@given(st.lists(st.text(min_size=10, max_size=50), unique=True, max_size=8), st.binary(max_size=40), st.sampled_from(["plainly", "JSON", "form", "base64"]))
def test_passwords_that_were_sent_are_told_from_all_else(sent: list[str], before: bytes, way: str) -> None:
    passwords = Passwords("beside all of them", least=4)
    passwords.note(sent)
    kept = [p for p in sent if is_telling(p)][-4:]
    for password in sent:
        assert (password in passwords.said_in(before + b" " + WAYS[way](password).encode("utf-8", "surrogatepass"))) >= (password in kept)
    assert set(passwords.said_in(b"beside all of them openly")) <= set(kept)
    assert not any(passwords.said_in(p.encode(), f"so {p}, openly".encode()) for p in sent)


def test_only_the_passwords_sent_last_are_remembered() -> None:
    passwords = Passwords("account abcdefghijkl", least=3)
    sent = [f"password {i}-{i}" for i in range(100)]
    for password in sent:
        passwords.note([password, password, "abcdefghijkl"])
    known = [password for password in sent if passwords.said_in(password.encode())]
    assert known == sent[-len(known):] and 3 <= len(known) <= 6
    assert not passwords.said_in(b"abcdefghijkl")


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 20), st.integers(12, 32), st.booleans())
def test_any_twelve_characters_of_a_token_are_found_and_taken_out(before: bytes, after: bytes, start: int, length: int, fill: bool) -> None:
    needles = needles_of(TOKEN)
    piece = TOKEN[start:start + max(length, 12)].encode()
    assume(len(piece) >= 12)
    data = before + piece + after
    clean, count = needles.taken_out(data, None if fill else b"[redacted]")
    assert count >= 1 and not needles.are_in(clean)
    assert len(clean) == len(data) or not fill


@given(st.binary(max_size=200))
def test_bytes_without_a_secret_stay_as_they_are(data: bytes) -> None:
    assert needles_of(TOKEN, ACCOUNT).taken_out(data) == (data, 0)


@pytest.mark.parametrize("token", ["my-outbound-api-token-77", "application/json+secret", "2010-04-01/Accounts-key"])
def test_what_every_server_says_is_no_secret_though_a_token_holds_it(token: str) -> None:
    needles = needles_of(token)
    assert not needles.are_in(b'{"direction": "outbound-api", "uri": "/2010-04-01/Accounts/AC1"} application/json')
    assert needles.are_in(token.encode())
