"""Reads a few created calls back by GET on their uri, where the target offers it, and compares."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urljoin, urlsplit

from harness.case import Case
from harness.checks.model import Breach, breach, show
from harness.exchange import Exchange
from harness.session import Session
from strategies.drawing import Drawer

_SAME = ("sid", "account_sid", "to", "from", "direction")
_CLAUSE = "response.read-back"
_CALLS = 4


def read_back(session: Session, drawer: Drawer) -> dict[str, str]:
    """Creates a few calls and reads each back.

    Returns:
        The clause with the reason why it is skipped, where the target offers no read-back; else nothing.
    """
    offered, came = 0, ""
    for share in [0.0, *[0.4] * (_CALLS - 1)]:
        created = session.sure_of(session.send(Case(tuple(drawer.packed(share)), _CLAUSE, session.seed)))
        wrong = {b.path for b in session.judge(created)}
        again = _read(session, created)
        if again is None or not _is_call(again):
            came = f" (it answers {again.describe()})" if again is not None else came
            continue
        offered += 1
        session.saw(again, _CLAUSE, compare(created, again, wrong))
    return {} if offered else {_CLAUSE: f"the target does not offer GET on a call's uri{came}"}


def _read(session: Session, created: Exchange) -> Exchange | None:
    """The answer to GET on the created call's uri, which must stay on the target."""
    uri = (created.document or {}).get("uri")
    sid = (created.document or {}).get("sid")
    if not isinstance(uri, str) or not isinstance(sid, str) or sid not in uri or len(uri) > 2000 or not uri.isascii() or any(c <= " " for c in uri):
        return None
    try:
        path = urlsplit(urljoin("http://target" + session.target.config.collection, uri))
    except ValueError:
        return None
    base = urlsplit(session.target.config.url).path.rstrip("/")
    if path.netloc != "target":
        return None
    where = path.path if not base or path.path.startswith(base + "/") else base + path.path
    return session.read(where, created.case)


def is_offered(session: Session, created: Exchange) -> bool:
    """Whether the target reads a created call back by its uri."""
    again = _read(session, created)
    return again is not None and _is_call(again)


def _is_call(exchange: Exchange) -> bool:
    return exchange.status == 200 and exchange.document is not None and "sid" in exchange.document


def compare(created: Exchange, again: Exchange, wrong: Collection[str] = ()) -> list[Breach]:
    """What the read-back says otherwise than the 201, but for what is known to be wrong in that; at most one breach."""
    first, second = created.document or {}, again.document or {}
    for key in _SAME:
        if f"$.{key}" not in wrong and key in first and first[key] != second.get(key):
            return [breach(_CLAUSE, "read_back", f"{key}: {show(first[key])}", f"{key}: {show(second.get(key))}", f"$.{key}")]
    return []
