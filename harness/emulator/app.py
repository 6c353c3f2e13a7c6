"""The emulator as an ASGI application: bytes in, bytes out.

For routing and for the way of a form from bytes to a created call. It holds no rule of a parameter and knows no fault
by name; nothing that is sent to it makes it answer 5xx unless a fault says so.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from harness.emulator import errors, hooks
from harness.emulator.access import is_admitted, parse_basic
from harness.emulator.errors import Refusal
from harness.emulator.faults import fault_hooks
from harness.emulator.form import Form, decode
from harness.emulator.hooks import Hooks, Reply
from harness.emulator.ledger import Ledger, Turn
from harness.emulator.resource import ENDED, build_call, ended_call
from harness.emulator.settings import API_VERSION, EmulatorSettings
from harness.emulator.validate import validate
from harness.emulator.variants import variant_hooks

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_BODY = 1 << 20
MAX_DRAINED = 64 << 20
UNREAD = b"?"
PAGE_SIZE = 50
FORM_TYPE = "application/x-www-form-urlencoded"

_PATH = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)/Calls(?:/(?P<sid>[^/]+))?\.json")
_NOT_FOUND = Refusal(errors.NOT_FOUND, "The requested resource was not found", status=404)
_NOT_ALLOWED = Refusal(errors.BAD_HTTP_METHOD, "Method not allowed", status=405)
_DENIED = Refusal(errors.BAD_CREDENTIALS, "Authenticate", status=401)
_TOO_LARGE = Refusal(errors.TOO_LARGE, f"The body is longer than {MAX_BODY} bytes", status=413)


def create_app(settings: EmulatorSettings) -> Application:
    """The application of one emulator, with a memory of its own.

    Raises:
        ValueError: a name among the settings' faults or variants is unknown.
    """
    return Application(settings)


class Application:
    """One emulator. Source: ASGI 3.0, HTTP connection scope."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._ledger = Ledger(settings.seed)
        self._hooks = Hooks.collect((*fault_hooks(settings.faults), *variant_hooks(settings.variants)))

    @property
    def speech(self) -> hooks.Speak:
        """How HTTP is to be spoken for it."""
        return self._hooks.speech

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"the emulator speaks http alone, not {scope['type']}")
        body, pieces = await _read(receive)
        turn = self._turn(scope, UNREAD if body is None else body)
        turn.pieces = pieces
        reply = self._at_once(turn)
        if reply is None:
            reply = _refused(_TOO_LARGE) if body is None else self._route(turn)
        if reply is None:
            self._ledger.arrive(turn, self._decoded(turn))
            if await self._held(turn, scope, receive):
                return
            reply = self._create(turn)
        await _send(send, self._reworked(reply, turn), turn.method)

    def _turn(self, scope: MutableMapping[str, Any], body: bytes) -> Turn:
        method: str = scope["method"]
        method = self._hooks.treats.get(method, method)
        self._ledger.requests += 1
        connection = scope.get("client")
        turn = Turn(self._settings, self._ledger, method, scope["path"], body=body, serial=self._ledger.requests)
        turn.trusted = connection in self._ledger.trusted
        for name, value in scope["headers"]:
            if name == b"authorization":
                turn.authorization = value
                if is_admitted(parse_basic(value), self._settings):
                    self._ledger.trust(connection)
            elif name == b"content-type":
                turn.content_type = value.decode("latin-1")
            elif name == b"accept-encoding":
                turn.accept_encoding = value.decode("latin-1")
            elif name == b"accept":
                turn.accept = value.decode("latin-1")
            elif name in (b"transfer-encoding", b"expect"):
                turn.framing = value.decode("latin-1").lower()
            elif name == b"connection":
                turn.closes = value.lower() == b"close"
        return turn

    def _at_once(self, turn: Turn) -> Reply | None:
        return next((hook.reply for hook in self._hooks.answers if hook.when(turn)), None)

    def _route(self, turn: Turn) -> Reply | None:
        """The answer of everything but a form at the collection, for which it is None."""
        found = _PATH.fullmatch(turn.path.removeprefix(self._settings.base_path))
        if not turn.path.startswith(self._settings.base_path) or found is None:
            return _refused(_NOT_FOUND)
        if not self._is_admitted(turn):
            self._ledger.denied_in_a_row += 1
            return Reply(401, _DENIED.body(), hooks.DENIED, headers=(("WWW-Authenticate", 'Basic realm="Calls"'),))
        if not self._is_open(found["account"]):
            return _refused(_NOT_FOUND)
        if found["sid"] is not None:
            return self._update(turn, found["sid"]) if turn.method == "POST" else self._fetch(turn.method, found["sid"])
        if turn.method == "POST":
            return None
        return self._list(turn) if turn.method in ("GET", "HEAD") else _not_allowed("GET, HEAD, POST")

    def _is_open(self, account: str) -> bool:
        own, letters = self._settings.account_sid, self._hooks.opens_accounts
        return account == own or (letters is not None and account[:letters] == own[:letters])

    def _is_admitted(self, turn: Turn) -> bool:
        credentials = parse_basic(turn.authorization)
        if any(shut.when(turn) for shut in self._hooks.shuts):
            return False
        if is_admitted(credentials, self._settings):
            return True
        return any(admit.when(turn) and admit.admits(turn.authorization, self._settings) for admit in self._hooks.admits)

    def _fetch(self, method: str, sid: str) -> Reply:
        if method not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD, POST")
        body = self._ledger.find(sid)
        return _refused(_NOT_FOUND) if body is None else Reply(200, body)

    def _update(self, turn: Turn, sid: str) -> Reply:
        """Ends a call, which is all that can be changed of one here."""
        document = self._ledger.document(sid)
        if document is None:
            return _refused(_NOT_FOUND)
        form = decode(turn.body) if turn.content_type.partition(";")[0].strip().lower() == FORM_TYPE else Form()
        status = form.first("Status")
        if status not in ENDED:
            return _refused(Refusal(errors.BAD_PARAMETER, "Status must be completed or canceled", "Status"))
        if document.get("status") in ENDED:
            return _refused(Refusal(errors.CALL_ENDED, "The call is not in progress", "Status"))
        return Reply(200, self._ledger.change(sid, ended_call(document, status, time.time())))

    def _list(self, turn: Turn) -> Reply:
        calls = b", ".join(self._ledger.newest(PAGE_SIZE))
        page = f'"page": 0, "page_size": {PAGE_SIZE}, "uri": "{self._settings.collection_path}"'
        return Reply(200, b'{"calls": [' + calls + b"], " + page.encode() + b"}")

    def _decoded(self, turn: Turn) -> Form:
        if turn.content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            return Form()
        form = decode(turn.body, self._hooks.decoding)
        for hook in self._hooks.rewrites:
            turn.form = form
            if hook.when(turn):
                form = hook.rewrite(form)
        if any(hook.when(turn) for hook in self._hooks.inherits):
            form = form.filled_from(self._ledger.newest_form or Form())
        return form

    async def _held(self, turn: Turn, scope: MutableMapping[str, Any], receive: Receive) -> bool:
        """Waits where a fault says so; True where the connection was closed instead of answered."""
        for pause in self._hooks.pauses:
            if pause.when(turn):
                await asyncio.sleep(pause.seconds)
        if not any(hook.when(turn) for hook in self._hooks.hang_ups):
            return False
        scope["extensions"]["ringtrue.hang_up"]["close"]()
        while (await receive())["type"] != "http.disconnect":
            pass
        return True

    def _create(self, turn: Turn) -> Reply:
        waives = self._hooks.waives
        refusal = validate(turn.form, self._settings, self._waived(turn) if waives else None)
        # What a fault refuses counts for none: it would go on for ever.
        self._ledger.refused_in_a_row = self._ledger.refused_in_a_row + 1 if refusal is not None else 0
        for hook in self._hooks.refuses:
            if refusal is None and hook.when(turn):
                refusal = Refusal(hook.code, "The call cannot be created", status=hook.status)
        if refusal is not None:
            return Reply(refusal.status, refusal.body(), hooks.REFUSED)
        document = build_call(turn.form, self._ledger.new_sid(), self._settings, time.time())
        for edit in self._hooks.edits:
            if edit.when(turn):
                edit.edit(document, turn)
        return Reply(201, self._ledger.keep(document), hooks.CREATED)

    def _waived(self, turn: Turn) -> Callable[[Refusal], bool]:
        waives = self._hooks.waives
        return lambda refusal: any(hook.parameter == refusal.parameter and hook.when(turn) for hook in waives)

    def _reworked(self, reply: Reply, turn: Turn) -> Reply:
        for hook in self._hooks.reworks:
            if reply.kind in hook.kinds and hook.when(turn):
                reply = hook.edit(reply, turn)
        return reply


def _refused(refusal: Refusal) -> Reply:
    return Reply(refusal.status, refusal.body())


def _not_allowed(allowed: str) -> Reply:
    return Reply(405, _NOT_ALLOWED.body(), headers=(("Allow", allowed),))


async def _read(receive: Receive) -> tuple[bytes | None, int]:
    """The whole body, or None where it is too long, and in how many pieces it came.

    The rest of what is too long is read and dropped, so that an answer gets through.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return (body if len(body) <= MAX_BODY else None), 1
    pieces, size, count = [body], len(body), int(bool(body))
    while message.get("more_body") and size <= MAX_DRAINED:
        message = await receive()
        size += len(message.get("body", b""))
        count += bool(message.get("body"))
        if size <= MAX_BODY:
            pieces.append(message.get("body", b""))
    return (b"".join(pieces) if size <= MAX_BODY else None), count


async def _send(send: Send, reply: Reply, method: str) -> None:
    length = len(reply.body) if reply.announced is None else reply.announced
    headers = [(b"content-type", reply.content_type.encode())]
    headers += [] if reply.chunk else [(b"content-length", b"%d" % length)]
    headers += [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = b"" if method == "HEAD" else reply.body
    size = reply.chunk or len(body) or 1
    pieces = [body[start:start + size] for start in range(0, len(body), size)] or [b""]
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": pieces[-1]})
