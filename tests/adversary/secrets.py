"""Secrets that are said back: in bodies, headers and the reason phrase, plain, in base64, in escapes, in pieces."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, quote

from support import TOKEN

from adversary.answers import Answer
from adversary.rows import FEW, LONGER, Row, Verdict, lesser
from adversary.server import Behaviour
from adversary.wrapped import Act, How, Turn, created

_TOKEN = lesser("secrets.auth-token", most=1)


def _escaped(text: str) -> str:
    """Each character as JSON may write it."""
    return "".join(f"\\u{ord(c):04x}" for c in text)


def _said(how: Callable[[str], Answer | Behaviour]) -> How:
    """What a created call says of the Authorization header that came with it."""
    return lambda turn: how(turn.headers.get("authorization", ""))


def _extra(text: Callable[[Turn], str]) -> How:
    """A created call with one more attribute whose value is given as JSON writes it."""
    return lambda turn: turn.answer.bodied(turn.answer.body[:-1] + f', "note": "{text(turn)}"}}'.encode())


def _in_pieces(turn: Turn) -> Answer:
    body = turn.answer.body[:-1] + f', "note": "{TOKEN}"}}'.encode()
    cut = len(body) - 20
    return turn.answer.chunked(body[:cut], body[cut:])


def _password(turn: Turn) -> str:
    """The SIP password that was sent; empty where none was."""
    form = parse_qs(turn.request.partition(b"\r\n\r\n")[2].decode("latin-1"), encoding="latin-1")
    return form.get("SipAuthPassword", [""])[0].encode("latin-1").decode("utf-8", "replace")


def _password_as(write: Callable[[str], str]) -> How:
    def how(turn: Turn) -> Answer:
        password = _password(turn)
        return turn.answer.said(note=write(password)) if password else turn.answer

    return how


def _basic(turn: Turn) -> str:
    return turn.headers.get("authorization", "")


def _row(name: str, does: str, how: How, verdict: Verdict = _TOKEN, **more: object) -> Row:
    return Row(name, "secrets", f"{does}, for each call created", Act(how, created), verdict, **more)  # type: ignore[arg-type]


_PASSWORD = lesser("secrets.sip-password", most=1)

ROWS: tuple[Row, ...] = (
    _row("token", "says the token", _extra(lambda _: TOKEN)),
    _row("credentials", "says the Authorization header", _extra(_basic)),
    _row("token in base64", "says the token in base64", _extra(lambda _: base64.b64encode(TOKEN.encode()).decode())),
    _row("token percent-encoded", "says the token with each character percent-encoded", _extra(lambda _: "".join(f"%{ord(c):02X}" for c in TOKEN))),
    _row("token in JSON's escapes", "says the token with each character in an escape of JSON", _extra(lambda _: _escaped(TOKEN))),
    _row("token in other letters", "says the token in upper case", _extra(lambda _: TOKEN.upper())),
    _row("token in two chunks", "says the token, half of it in one chunk", _in_pieces),
    _row("token in a header", "says the token in a header", lambda t: t.answer.headed(("X-Debug", TOKEN))),
    _row("token in a header's name", "says the token in the name of a header", lambda t: t.answer.headed((f"X-{TOKEN}", "1"))),
    _row("token in the reason", "says the token as its reason phrase", lambda t: replace(t.answer, reason=f"Created by {TOKEN}")),
    _row("token in a broken answer", "says the token in place of a status line", lambda t: Behaviour(f"{TOKEN} {_basic(t)}\r\n\r\n".encode(), end="close"),
         Verdict("finding", 1, ("call.created",))),
    _row("token 20,000 times", "says the token 20,000 times", _extra(lambda _: TOKEN * 20_000), options=FEW),
    _row("token in a sid", "says the token as sid and to", lambda t: t.answer.said(sid=TOKEN, to=TOKEN), Verdict("finding", 1, (
        "secrets.auth-token", "response.sid.pattern", "echo.to", "response.uri.format", "echo.sid-unique", "response.to.pattern"), 6)),
    _row("password", "says SipAuthPassword", _password_as(str), _PASSWORD, options=LONGER),
    _row("password in base64", "says SipAuthPassword in base64", _password_as(lambda p: base64.b64encode(p.encode()).decode()), _PASSWORD, options=LONGER),
    _row("password percent-encoded", "says SipAuthPassword percent-encoded", _password_as(lambda p: quote(p, safe="")), _PASSWORD, options=LONGER),
    _row("password in JSON's escapes", "says SipAuthPassword in escapes of JSON",
         lambda t: t.answer.bodied(t.answer.body[:-1] + f', "note": "{_escaped(_password(t))}"}}'.encode()), _PASSWORD, options=LONGER),
    _row("password in a header", "says SipAuthPassword in a header",
         lambda t: t.answer.headed(("X-Debug", json.dumps(_password(t)))) if _password(t) else t.answer, _PASSWORD, options=LONGER),
)
