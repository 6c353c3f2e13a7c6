"""Redirects, and servers that say the same whatever is asked."""

from __future__ import annotations

from adversary.answers import Answer
from adversary.connection import NOW_AND_THEN
from adversary.rows import LONGER, Row, broken, ends
from adversary.server import Behaviour, as_json, reply
from adversary.wrapped import Act, How, each

_STATUSES = (301, 302, 303, 307, 308)
_PAGE = b"<html><title>Sign in</title><form action=/login></form></html>"


def _to(status: int, place: str = "") -> How:
    """A redirect; without a place to the other server."""
    return lambda turn: Answer(status, (("Location", place or f"{turn.url}/2010-04-01/Accounts/AC0/Calls.json"), ("Set-Cookie", "session=1; Path=/")))


def _same(name: str, does: str, behaviour: Behaviour, verdict: object) -> Row:
    """The same to everything."""
    return Row(name, "everything the same", does, Act(lambda _: behaviour), verdict)  # type: ignore[arg-type]


ROWS: tuple[Row, ...] = (
    *(Row(f"{s} to another port", "redirects", f"answers each request with {s} to another port of this machine", Act(_to(s)), ends(str(s), "never followed"))
      for s in _STATUSES),
    Row("302 to itself", "redirects", "answers each request with 302 to the same path", Act(_to(302, "Calls.json")), ends("302", "never followed")),
    Row("302 to a file", "redirects", "answers each request with 302 to file:///etc/passwd", Act(_to(302, "file:///etc/passwd")), ends("302", "never followed")),
    Row("302, 1 in 50", "redirects", "answers one request in 50 with 302 to another port", Act(_to(302), each(50)), broken(*NOW_AND_THEN), LONGER),
    Row("304", "redirects", "answers each request with 304", Act(lambda _: Answer(304)), ends("304")),
    _same("all 500", "answers 500", as_json({"code": 20500}, "500 Internal Server Error"), broken("call.created", most=1)),
    _same("all 503", "answers 503", reply(b"busy", "503 Service Unavailable", "Retry-After: 1", kind="text/plain"), broken("call.created", most=1)),
    _same("all 404", "answers 404", as_json({"code": 20404}, "404 Not Found"), ends("404", "base URL")),
    _same("all 401", "answers 401", as_json({"code": 20003}, "401 Unauthorized"), ends("401", "RINGTRUE_AUTH_TOKEN")),
    _same("all 403", "answers 403", as_json({"code": 20003}, "403 Forbidden"), ends("403")),
    _same("all 405", "answers 405", as_json({"code": 20004}, "405 Method Not Allowed"), ends("405", "base URL")),
    _same("all 407", "answers 407", reply(b"", "407 Proxy Authentication Required"), ends("407", "proxy")),
    _same("all 400", "answers 400", as_json({"code": 1, "message": "no", "more_info": "", "status": 400}, "400 Bad Request"), ends("400", "--from")),
    _same("page with 200", "answers 200 with a page", reply(_PAGE, "200 OK", kind="text/html"), broken(
        "response.status", "response.json", "response.content-type", "refusal.status", "auth.missing", "auth.other-account", "method.not-created", most=6, words=("HTML",))),
    _same("empty 201", "answers 201 without a body", reply(b"", "201 Created"), broken(
        "response.json", "refusal.status", "auth.missing", "auth.other-account", "method.not-created", most=5)),
    _same("captive portal", "answers 302 to a page to sign in", reply(_PAGE, "302 Found", "Location: http://127.0.0.1:9/login", kind="text/html"), ends("302")),
    _same("captive portal, 511", "answers 511 with a page to sign in", reply(_PAGE, "511 Network Authentication Required", kind="text/html"), ends("511")),
    _same("one call for all", "answers each request with the same created call", as_json({"sid": "CA" + "5c" * 16, "status": "queued", "to": None}), broken(
        "echo.sid-unique", "refusal.status", "echo.to", "response.to.present", "response.account-sid.present", "response.direction.present",
        "response.from.present", "response.uri.present", "auth.missing", "auth.other-account", "method.not-created", most=11)),
)
