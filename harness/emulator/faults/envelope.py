"""Faults of the 201 as a whole: status, headers, and the JSON around the attributes.

For rows of (slug, what is wrong, edit, where).
"""



from __future__ import annotations

import json
from dataclasses import replace

from harness.emulator.faults.conditions import closing, every, matches, pairs, sent, size, takes, value
from harness.emulator.faults.effects import (
    ReplyEdit,
    bytes_changed,
    cut_off,
    status,
    text,
    typed,
)
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import CREATED, Condition, Reply, Rework, always
from harness.emulator.ledger import Turn

FAMILY = "wrong-envelope"


def _twice(name: str) -> ReplyEdit:
    def edit(reply: Reply, turn: Turn) -> Reply:
        again = json.dumps({name: json.loads(reply.body)[name]}).encode()
        return replace(reply, body=again[:-1] + b", " + reply.body[1:])

    return edit


_HTML = b"<html><body>Created</body></html>"

_ROWS: tuple[tuple[str, str, ReplyEdit, Condition], ...] = (
    ("status-200", "has status 200", status(200), always),
    ("status-202", "has status 202", status(202), always),
    ("status-200-when-recorded", "has status 200 beside Record", status(200), value("Record", "true")),
    ("status-200-every-11th", "has status 200, every 11th", status(200), every(11)),
    ("status-204", "has status 204 and no body", lambda reply, turn: replace(reply, status=204, body=b""), always),
    ("type-html", "says it is HTML", typed("text/html"), always),
    ("type-plain", "says it is plain text", typed("text/plain; charset=utf-8"), always),
    ("type-html-when-closing", "says it is HTML where the connection is to be closed", typed("text/html"), closing),
    ("type-xml-where-asked", "says it is XML where XML is asked for", typed("application/xml"), takes("application/xml")),
    ("type-xml-for-any", "says it is XML where the request accepts any type", typed("application/xml"), takes("*/*")),
    ("type-xml-to-client", "says it is XML where To is a client", typed("application/xml"), matches("To", "client:.*")),
    ("html", "is HTML", text(_HTML), always),
    ("empty", "has an empty body", text(b""), always),
    ("null", "is null", text(b"null"), always),
    ("list", "is a list of the call", bytes_changed(lambda body: b"[" + body + b"]"), always),
    ("wrapped", "is wrapped in an object", bytes_changed(lambda body: b'{"call": ' + body + b"}"), always),
    ("text-in-text", "is JSON within JSON text", bytes_changed(lambda body: json.dumps(body.decode()).encode()), always),
    ("truncated", "ends in the middle", bytes_changed(lambda body: body[: len(body) // 2]), always),
    ("truncated-with-reason", "ends one byte early beside CallReason", bytes_changed(lambda body: body[:-1]), sent("CallReason")),
    ("trailing-comma", "has a comma after its last attribute", bytes_changed(lambda body: body[:-1] + b",}"), always),
    ("trailing-text", "has text after the object", bytes_changed(lambda body: body + b" ok"), always),
    ("single-quotes", "has single quotes", bytes_changed(lambda body: body.replace(b'"', b"'")), always),
    ("nan", "has NaN, which JSON has not", bytes_changed(lambda body: body[:-1] + b', "extra": NaN}'), always),
    ("not-utf-8", "has a byte that is not UTF-8", bytes_changed(lambda body: body[:-1] + b', "extra": "\xff"}'), always),
    ("sid-twice", "has the key sid twice", _twice("sid"), always),
    ("status-key-twice", "has the key status twice, in full calls", _twice("status"), pairs(12)),
    ("cut-off", "ends before the length it announces", cut_off, always),
    ("cut-off-with-twiml", "ends early where Twiml is long", cut_off, size("Twiml", 1000, 4000)),
)  # fmt: skip

FAULTS = tuple(
    Fault(f"envelope-{slug}", FAMILY, f"The answer to a created call {what}", (Rework((CREATED,), edit, when),))
    for slug, what, edit, when in _ROWS
)
