"""Faults in who is let in: credentials, and paths of other accounts.

For rows of (slug, what is wrong, hook). What a stranger is answered is in ``refusals``.
"""

# ruff: noqa: E501 -- a row is a line, so that rows can be compared.

from __future__ import annotations

import binascii
from collections.abc import Callable

from harness.emulator.access import Credentials, parse_basic
from harness.emulator.faults.conditions import trusted
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import Admit, Hook, OpenAccounts, Shut
from harness.emulator.ledger import Turn
from harness.emulator.settings import EmulatorSettings

FAMILY = "access"
PREFIX = 8
SHUT_PERIOD = 30

Judge = Callable[[bytes, bytes, EmulatorSettings], bool]


def _admit(judge: Judge) -> Admit:
    """Lets in Basic credentials that a judge of user name and password takes."""

    def admits(header: bytes, settings: EmulatorSettings) -> bool:
        credentials = parse_basic(header)
        return credentials is not None and judge(*credentials, settings)

    return Admit(admits)


def _any_scheme(header: bytes, settings: EmulatorSettings) -> bool:
    scheme, _, encoded = header.partition(b" ")
    return scheme.lower() != b"basic" and _pair(encoded) == _own(settings)


def _bearer(header: bytes, settings: EmulatorSettings) -> bool:
    return header == b"Bearer " + settings.auth_token.encode()


def _unencoded(header: bytes, settings: EmulatorSettings) -> bool:
    return header.removeprefix(b"Basic ") == b":".join(_own(settings))


def _garbage(header: bytes, settings: EmulatorSettings) -> bool:
    return header.lower().startswith(b"basic") and parse_basic(header) is None


def _pair(encoded: bytes) -> Credentials | None:
    try:
        user, _, password = binascii.a2b_base64(encoded).partition(b":")
    except binascii.Error:
        return None
    return user, password


def _own(settings: EmulatorSettings) -> Credentials:
    return settings.account_sid.encode(), settings.auth_token.encode()


def _token(settings: EmulatorSettings) -> bytes:
    return settings.auth_token.encode()


def _is_account(user: bytes, settings: EmulatorSettings) -> bool:
    return user == settings.account_sid.encode()


def _now_and_then(turn: Turn) -> bool:
    return turn.serial % SHUT_PERIOD == 0


_ROWS: tuple[tuple[str, str, Hook], ...] = (
    ("no-credentials", "no credentials are needed", Admit(lambda header, settings: not header)),
    ("any-token", "any token is taken", _admit(lambda user, password, s: _is_account(user, s) and password != b"")),
    ("empty-token", "an empty token is taken", _admit(lambda user, password, s: _is_account(user, s) and password == b"")),
    ("token-beginning", f"{PREFIX} right characters at the token's beginning are enough", _admit(lambda user, password, s: _is_account(user, s) and password[:PREFIX] == _token(s)[:PREFIX])),
    ("token-end", f"{PREFIX} right characters at the end of a token as long as the right one are enough", _admit(lambda user, password, s: _is_account(user, s) and len(password) == len(_token(s)) and password[-PREFIX:] == _token(s)[-PREFIX:])),
    ("token-space", "a token with a space after it is taken", _admit(lambda user, password, s: _is_account(user, s) and password != _token(s) and password.rstrip() == _token(s))),
    ("token-cut", "a token that lacks its last character is taken", _admit(lambda user, password, s: _is_account(user, s) and password == _token(s)[:-1])),
    ("token-longer", "a token with more after it is taken", _admit(lambda user, password, s: _is_account(user, s) and password.startswith(_token(s)))),
    ("token-second-colon", "what stands behind a second colon is not looked at", _admit(lambda user, password, s: _is_account(user, s) and password.partition(b":")[0] == _token(s))),
    ("token-nul", "a token ends at a NUL", _admit(lambda user, password, s: _is_account(user, s) and password.partition(b"\0")[0] == _token(s))),
    ("token-is-user", "the user name is taken for its token", _admit(lambda user, password, s: _is_account(user, s) and password == user)),
    ("token-letter-case", "a token in another letter case is taken", _admit(lambda user, password, s: _is_account(user, s) and password.lower() == _token(s).lower())),
    ("any-user", "any user name is taken with the right token", _admit(lambda user, password, s: password == _token(s) and user != b"")),
    ("user-beginning", "20 right characters at the user name's beginning are enough", _admit(lambda user, password, s: password == _token(s) and user[:20] == s.account_sid.encode()[:20])),
    ("exchanged", "user name and token are taken the other way round", _admit(lambda user, password, s: (password, user) == _own(s))),
    ("any-scheme", "another scheme with the right credentials is taken", Admit(_any_scheme)),
    ("bearer", "the bare token is taken as a bearer's", Admit(_bearer)),
    ("unencoded", "credentials without base64 are taken", Admit(_unencoded)),
    ("no-base64", "what is no base64 is taken", Admit(_garbage)),
    ("other-account", "another account's path is taken", OpenAccounts()),
    ("account-beginning", "the path of an account whose first 33 letters are right is taken", OpenAccounts(33)),
    ("trusted-connection", "credentials are not looked at on a connection on which the right ones came before", Admit(lambda header, settings: True, trusted)),
    ("shut-every-30th", "the right credentials are refused now and then", Shut(_now_and_then)),
)  # fmt: skip

FAULTS = tuple(Fault(f"access-{slug}", FAMILY, f"{what[0].upper()}{what[1:]}", (hook,)) for slug, what, hook in _ROWS)
