"""Absolute http URLs and the host names in them.

For the shape of a URL. Nothing here resolves or requests one.
"""

from __future__ import annotations

import re

MAX_LENGTH = 4000
MAX_PORT = 65535
MAX_HOST = 253

_URL = re.compile(
    r"""
    (?i:https?)://
    (?:[^/?\#\s@]*@)?                          # user info
    (?P<host>\[[0-9A-Fa-f:.]+\]|[^/?\#\s@:\[\]]+)
    (?::(?P<port>[0-9]{0,5}))?
    (?:[/?\#]\S*)?
    """,
    re.VERBOSE | re.ASCII,
)
_FORBIDDEN = re.compile(r'[\s\x00-\x1f\x7f<>"{}|\\^`]')
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)


def is_url(text: str) -> bool:
    """Whether this is an absolute http or https URL with a host. Source: RFC 3986, section 3."""
    return _parts(text) is not None


def is_url_with_hostname(text: str) -> bool:
    """Whether this is such a URL and its host a name that DNS could hold. Source: RFC 1123, section 2.1."""
    parts = _parts(text)
    return parts is not None and _is_hostname(parts["host"])


def _parts(text: str) -> re.Match[str] | None:
    if len(text) > MAX_LENGTH or _FORBIDDEN.search(text):
        return None
    found = _URL.fullmatch(text)
    if found is None or int(found["port"] or 0) > MAX_PORT:
        return None
    return found


def _is_hostname(host: str) -> bool:
    if host.startswith("["):
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= MAX_HOST and all(_LABEL.fullmatch(label) for label in labels)
