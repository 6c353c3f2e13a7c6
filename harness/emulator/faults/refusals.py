"""Faults of refusals: their status, type and JSON.

For rows of (slug, what is wrong, kinds, edit, where).
"""



from __future__ import annotations

from dataclasses import replace

from harness.emulator.faults.conditions import after_refusal, every, sent
from harness.emulator.faults.effects import (
    ReplyEdit,
    bytes_changed,
    crash,
    cut_off,
    headed,
    member,
    memberless,
    status,
    text,
)
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import DENIED, REFUSED, Condition, Reply, Rework, always
from harness.emulator.ledger import Turn

FAMILY = "refusals"

_FORM, _STRANGER = (REFUSED,), (DENIED,)
_HTML = b"<html><body>Bad request</body></html>"
_JAVA = "For input string\n\tat java.base/java.lang.Integer.parseInt(Integer.java:652)\n\tat com.example.Calls.create(Calls.java:88)"
_TRACE = 'Traceback (most recent call last):\n  File "/srv/app/calls.py", line 41, in create\nValueError: Timeout'


def _created(reply: Reply, turn: Turn) -> Reply:
    return replace(reply, status=201, body=b'{"sid": null, "status": "failed"}')


_ROWS: tuple[tuple[str, str, tuple[str, ...], ReplyEdit, Condition], ...] = (
    ("status-200", "a refused form has status 200 and the error's body", _FORM, status(200), always),
    ("status-201", "a refused form has status 201 and the error's body", _FORM, status(201), always),
    ("created-failed", "a refused form makes a call that failed", _FORM, _created, always),
    ("status-302", "a refused form has status 302", _FORM, lambda r, turn: headed("Location", "/")(status(302)(r, turn), turn), always),
    ("status-500", "a refused form has status 500", _FORM, crash, always),
    ("status-503", "a refused form has status 503", _FORM, status(503), always),
    ("status-500-with-url", "a refused form with a StatusCallback has status 500", _FORM, crash, sent("StatusCallback")),
    ("status-500-twice", "a refused form after a refused one has status 500", _FORM, crash, after_refusal),
    ("status-200-every-6th", "every 6th form, if refused, has status 200", _FORM, status(200), every(6)),
    ("html", "a refused form is answered in HTML", _FORM, text(_HTML, "text/html"), always),
    ("empty", "a refused form is answered with nothing", _FORM, text(b""), always),
    ("truncated", "a refusal's JSON ends in the middle", _FORM, bytes_changed(lambda body: body[: len(body) // 2]), always),
    ("cut-off", "a refusal ends before the length it announces", _FORM, cut_off, always),
    ("list", "a refusal is a list", _FORM, bytes_changed(lambda body: b"[" + body + b"]"), always),
    ("code-text", "a refusal's code is text", _FORM, member("code", "21211"), always),
    ("code-missing", "a refusal has no code", _FORM, memberless("code"), always),
    ("message-missing", "a refusal has no message", _FORM, memberless("message"), always),
    ("message-number", "a refusal's message is a number", _FORM, member("message", 400), always),
    ("more-info-missing", "a refusal has no more_info", _FORM, memberless("more_info"), always),
    ("status-member-missing", "a refusal has no status", _FORM, memberless("status"), always),
    ("stack-trace", "a refusal holds a stack trace", _FORM, member("details", _TRACE), always),
    ("java-trace", "a refusal's message holds lines of a stack trace of Java", _FORM, member("message", _JAVA), always),
    ("denied-403", "wrong credentials have status 403", _STRANGER, status(403), always),
    ("denied-404", "wrong credentials have status 404", _STRANGER, status(404), always),
    ("denied-200", "wrong credentials have status 200", _STRANGER, status(200), always),
    ("denied-500", "wrong credentials have status 500", _STRANGER, crash, always),
    ("denied-302", "wrong credentials have status 302", _STRANGER, lambda r, turn: headed("Location", "/login")(status(302)(r, turn), turn), always),
    ("denied-html", "wrong credentials are answered in HTML", _STRANGER, text(_HTML, "text/html"), always),
    ("denied-code-text", "the code for wrong credentials is text", _STRANGER, member("code", "20003"), always),
)  # fmt: skip

FAULTS = tuple(
    Fault(f"refusal-{slug}", FAMILY, f"{what[0].upper()}{what[1:]}", (Rework(kinds, edit, when),))
    for slug, what, kinds, edit, when in _ROWS
)
