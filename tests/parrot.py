"""A server that creates calls and says back the credentials that it is sent, in turn in every way and place."""

from __future__ import annotations

import base64
import html
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote

WAYS: dict[str, Callable[[str], str]] = {
    "plain": lambda t: t, "base64": lambda t: base64.b64encode(t.encode()).decode(), "urlsafe": lambda t: base64.urlsafe_b64encode(t.encode()).decode(),
    "percent": lambda t: "".join(f"%{b:02x}" for b in t.encode()), "form": lambda t: quote(t, safe=""), "capitals": str.upper,
    "code points": lambda t: "".join(f"\\u{ord(c):04x}" for c in t), "entities": lambda t: "".join(f"&#{ord(c)};" for c in t), "html": html.escape,
    "json": lambda t: json.dumps(t)[1:-1], "half": lambda t: t[:len(t) - len(t) // 4], "bracketed": lambda t: f"<script>{t}</script>",
}
PLACES = ("value", "key", "header", "header name", "reason", "chunks", "page", "to", "cookie", "date", "duplicate")


class _Parrot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Parrot

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        turn = self.server.turn()
        said = self._said(turn)
        way = list(WAYS.values())[turn % len(WAYS)]
        place = PLACES[turn // len(WAYS) % len(PLACES)]
        right = self.headers.get("Authorization", "") == self.server.right
        form = dict(parse_qsl(body.decode("latin-1")))
        to, sender = form.get("To", ""), form.get("From", "")
        made = right and to.startswith("+1") and sender == "+15005550006" and "Url" in form
        sid = "CA" + secrets.token_hex(16)
        document = {
            "sid": sid, "account_sid": self.server.account, "to": to, "from": sender, "status": "queued", "direction": "outbound-api",
            "uri": f"/2010-04-01/Accounts/{self.server.account}/Calls/{sid}.json", "date_created": formatdate(usegmt=True),
        } if made else {"code": 20003 if not right else 21211, "message": "no", "more_info": "", "status": 400 if right else 401}
        self._answer(201 if made else 400 if right else 401, document, way(said), place)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815 - the names that http.server wants

    def _said(self, turn: int) -> str:
        header = self.headers.get("Authorization", "none")
        if turn % 3 == 0:
            return header
        decoded = header
        with suppress(ValueError):
            decoded = base64.b64decode(header.rpartition(" ")[2], validate=True).decode("latin-1")
        return decoded if turn % 3 == 1 else decoded.rpartition(":")[2]

    def _answer(self, status: int, document: dict[str, object], text: str, place: str) -> None:
        raw = text.replace("\r", "").replace("\n", "")
        body = json.dumps(document)
        headers: list[tuple[str, str]] = []
        reason = "Said"
        if place in ("value", "to", "date"):
            key = {"value": "annotation", "to": "to", "date": "date_created"}[place]
            body = json.dumps({**document, key: "@"}).replace("@", raw.replace('"', "'"))
        elif place == "key":
            body = body[:-1] + f', "{raw}": 1}}'
        elif place == "duplicate":
            body = body[:-1] + f', "{raw}": 1, "{raw}": 2}}'
        elif place == "header":
            headers.append(("X-Said", raw))
        elif place == "cookie":
            headers.append(("Set-Cookie", f"said={raw}"))
        elif place == "header name":
            headers.append(("X-" + "".join(c for c in raw if c.isalnum() or c in "-_."), "1"))
        elif place == "reason":
            reason = raw
        elif place == "page":
            body = f"<html><pre>{raw}</pre>Traceback (most recent call last): {raw}"
        data = body.encode("utf-8", "replace") if place != "chunks" else (body[:-1] + f', "x": "{raw}"}}').encode()
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {'text/html' if place == 'page' else 'application/json'}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if place == "chunks":
            pieces = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 11]), data[i:i + 11]) for i in range(0, len(data), 11)) + b"0\r\n\r\n"
            self.wfile.write("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode("latin-1", "replace") + pieces)
        else:
            head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode("latin-1", "replace")
            self.wfile.write(head + (b"" if self.command == "HEAD" else data))

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class Parrot(ThreadingHTTPServer):
    """The server.

    Args:
        account, token: whose credentials are the right ones.
    """

    daemon_threads = True

    def __init__(self, account: str, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Parrot)
        self.account, self.token = account, token
        self.right = "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()
        self.turns = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def turn(self) -> int:
        """The how-manieth request it is."""
        with self._lock:
            self.turns += 1
            return self.turns


@contextmanager
def parrot(account: str, token: str) -> Iterator[Parrot]:
    """The server while the block lasts."""
    with Parrot(account, token) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
