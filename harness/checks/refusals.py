"""Checks of refusals, credentials, methods and of what must never be in an answer. Pure functions of one exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.checks.model import Breach, breach, show
from harness.contract import CLAUSE, Level
from harness.exchange import Exchange

# Lines of stack traces as runtimes write them; none of these stands in a sentence for people.
_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|\bFile \"[^\"\n]{1,200}\", line \d+"
    rb"|\n[ \t]{1,20}at [\w.$<>/@~ -]{1,200}\(|\bat [\w.$<>\[\] ]{1,100} \([^()\n]{1,200}:\d+:\d+\)"
    rb"|\bat [\w.$<>/@-]{1,200}\((?:[\w.$-]{1,100}:\d+|Native Method|Unknown Source)\)|\) in [^\n]{1,200}\.(?:cs|vb|fs):line \d+"
    rb"|goroutine \d+ \[|\w\.go:\d+ \+0x[0-9a-f]|panicked at |stack backtrace:|(?:\.rb|\.php|\.exs?)(?:\(|:)\d+\)?:? ?in [`'\w]"
    rb"|\.exs?:\d+: [A-Z]\w*\.|#\d{1,3} /[\w/.-]{1,200}\.php\(\d+\)|Exception in thread \"|\nCaused by: [\w.$]{1,200}(?:Exception|Error)"
    rb"|System(?:\.\w{1,60}){1,4}Exception: |\bat /?[\w./-]{1,200}\.p[lm] line \d+",
)
# One of these is in every such line.
_SIGNS = (b"at ", b"in ", b"line ", b"Traceback", b"goroutine ", b".go:", b"backtrace", b".ex", b".php(", b"Exception", b"Caused by")
_ESCAPED = ((b"\\n", b"\n"), (b"\\t", b"\t"), (b"\\r", b""), (b'\\"', b'"'), (b"\\/", b"/"))
_IN_HTML = ((b"&quot;", b'"'), (b"&#34;", b'"'), (b"&#39;", b"'"), (b"&#x27;", b"'"), (b"&lt;", b"<"), (b"&gt;", b">"), (b"<br>", b"\n"))
_FORM_CODES = (400, 401, 422)
# What was said back, its clause, and in words; the passwords are the request's own, that of the one before it, that of any other.
PREVIOUS_PASSWORD, EARLIER_PASSWORD = "that of the request before comes back", "that of an earlier request comes back"
LEAKS = {
    "auth-token": ("secrets.auth-token", "it comes back"), "sip-password": ("secrets.sip-password", "it comes back"),
    "previous-sip-password": ("secrets.sip-password", PREVIOUS_PASSWORD), "earlier-sip-password": ("secrets.sip-password", EARLIER_PASSWORD),
}


def check_secrets(exchange: Exchange) -> Iterator[Breach]:
    """Neither the token, nor a SIP password, nor a stack trace comes back."""
    for leak in exchange.leaks:
        clause, actual = LEAKS[leak]
        yield breach(clause, "check_secrets", "not in the answer", actual)
    said = _unescaped(exchange.body)
    if any(sign in said for sign in _SIGNS) and (found := _TRACES.search(said)) is not None:
        text = " ".join(found[0].decode("utf-8", "replace").split())
        yield breach("secrets.stack-trace", "check_secrets", "no stack trace", text[:60])


def _unescaped(body: bytes) -> bytes:
    """A body as text without what JSON and HTML write otherwise, as far as lines of a stack trace have it in them."""
    for sign, forms in ((b"\\", _ESCAPED), (b"<", _IN_HTML), (b"&", _IN_HTML)):
        if sign in body:
            for written, meant in forms:
                body = body.replace(written, meant)
    return body


def check_refusal_body(exchange: Exchange) -> Iterator[Breach]:
    """A refusal of a form carries a JSON object with code, message, more_info and status."""
    if exchange.case.method != "POST" or exchange.status not in _FORM_CODES:
        return
    # A body that is no proper form may be refused before the service's own code sees it.
    if exchange.case.body is not None or not (exchange.case.content_type or "").startswith("application/x-www-form-urlencoded"):
        return
    document = exchange.document
    if document is None:
        yield _body("a JSON object", exchange.parsed[2] or "another JSON value")
        return
    missing = [k for k in ("code", "message", "more_info", "status") if k not in document]
    if missing:
        yield _body("code, message, more_info, status", f"without {', '.join(missing)}")
    elif isinstance(document["code"], bool) or not isinstance(document["code"], int):
        yield _body("an integer code", show(document["code"]), "$.code")
    elif not isinstance(document["message"], str):
        yield _body("a message in text", show(document["message"]), "$.message")
    elif isinstance(document["status"], bool) or not isinstance(document["status"], int):
        yield _body("an integer status", show(document["status"]), "$.status")


def _body(expected: str, actual: str, path: str = "$") -> Breach:
    return breach("refusal.body", "check_refusal_body", expected, actual, path)


def check_credentials(exchange: Exchange) -> Iterator[Breach]:
    """What wrong credentials and another account's path get: accepted or crashed MUST not be, 401 is usual."""
    clause = exchange.case.aim
    if not clause.startswith("auth."):
        return
    usual = (401, 403, 404) if clause == "auth.other-account" else (401,)
    wanted = " or ".join(map(str, usual))
    if exchange.status in usual or (exchange.is_refused and exchange.case.credentials == "no-colon"):
        return
    level = Level.OBSERVED if exchange.is_refused else Level.MUST
    yield breach(clause, "check_credentials", wanted, exchange.describe(), level=level)


def check_method(exchange: Exchange) -> Iterator[Breach]:
    """Another method on the collection creates nothing and gets no server error."""
    if exchange.case.method == "POST":
        return
    if exchange.status == 201:
        yield breach("method.not-created", "check_method", "no 201", f"{exchange.case.method}: {exchange.describe()}")
    elif exchange.is_crash:
        yield breach("method.answers", "check_method", "no server error", f"{exchange.case.method}: {exchange.describe()}")


def check_malformed(exchange: Exchange) -> Iterator[Breach]:
    """A body that is no proper form gets an answer, and no server error."""
    case = exchange.case
    if case.is_plain_form or case.method != "POST" or case.aim not in CLAUSE or not case.aim.startswith(("malformed.", "server.http")):
        return
    if case.aim == "server.http" and exchange.status == 501:
        return  # how HTTP says that a coding is not known
    # A server may close early on a body that it won't read; the reset then overtakes its answer. Whoever read it all owes one.
    if case.aim in ("malformed.huge", "server.http") and exchange.failure == "closed" and exchange.detail != "RemoteDisconnected":
        return
    if exchange.is_crash:
        yield breach(case.aim, "check_malformed", "an answer that is no server error", exchange.describe())
