"""Who may come in: HTTP Basic credentials.

For reading and comparing credentials; what a stranger is answered is in ``app``.
"""

from __future__ import annotations

import binascii
import hmac

from harness.emulator.settings import EmulatorSettings

Credentials = tuple[bytes, bytes]


def parse_basic(header: bytes) -> Credentials | None:
    """User name and password of an Authorization header, or None. Source: RFC 7617, section 2."""
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        decoded = binascii.a2b_base64(encoded.strip(b" "), strict_mode=True)
    except binascii.Error:
        return None
    user, colon, password = decoded.partition(b":")
    return (user, password) if colon else None


def is_admitted(credentials: Credentials | None, settings: EmulatorSettings) -> bool:
    """Whether these are the account's own, compared in constant time."""
    if credentials is None:
        return False
    user, password = credentials
    same_user = hmac.compare_digest(user, settings.account_sid.encode())
    return hmac.compare_digest(password, settings.auth_token.encode()) and same_user
