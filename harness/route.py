"""The way to a target: what is on this machine, and the proxy that the user named. Nothing is connected to here.

A host is on this machine if every address that its name resolves to is a loopback one. That is decided once a process:
what the resolver says later changes nothing, since `harness.target` looks at the peer of each connection as well.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.errors import UsageError

PROXY_VARIABLE = "RINGTRUE_PROXY_AUTH"
_judged: dict[str, bool] = {}


def is_here(address: str) -> bool:
    """Whether an IP address, with or without a zone, is on this machine's loopback."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether every address that a host name resolves to is on this machine's loopback.

    The first answer stands for the whole process; a name that does not resolve is asked for again.
    """
    if host not in _judged:
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
        except (OSError, UnicodeError):
            return False
        _judged[host] = bool(found) and all(map(is_here, found))
    return _judged[host]


def is_loopback_by_name(host: str) -> bool:
    """Whether a host is on this machine as far as its name alone tells; no resolver is asked."""
    return host == "localhost" or host.endswith(".localhost") or is_here(host)


def resolves(host: str) -> bool:
    """Whether a host name resolves at all."""
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that the user asked for.

    Args:
        host, port: where it listens.
        auth: `user:password`, or None where it wants none; never shown.
    """

    host: str
    port: int
    auth: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """For messages; without the credentials."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def proxy_of(url: str, auth: str | None = None) -> Proxy:
    """The proxy that a URL names.

    Args:
        url: `http://host:port`.
        auth: its credentials, from the environment.

    Raises:
        UsageError: it is no such URL, or holds credentials.
    """
    like = "write it like http://proxy.example.com:3128"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"--proxy is no URL; {like}") from None
    if "@" in parts.netloc:
        raise UsageError(f"--proxy must not hold a user name or password; put user:password into the variable {PROXY_VARIABLE}")
    if parts.scheme != "http" or not parts.hostname or port == 0 or re.search(r"[\s\x00-\x1f]", url):
        raise UsageError(f"--proxy {url!r} is no http URL; {like}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(f"--proxy {url!r} has more than a host and a port; {like}")
    return Proxy(parts.hostname, port or 3128, auth)
