"""A case as a curl line that a person can run: no secret in it, quoted for a POSIX shell, one line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from urllib.parse import urlsplit

from harness.case import HEADS, Case, account_of
from harness.contract import COLLECTION
from harness.wire import encode_pairs

_PLACEHOLDER = "$RINGTRUE_AUTH_TOKEN"
_LONGEST = 12_000


def curl_line(case: Case, url: str, account_sid: str) -> str:
    """The command that sends a case.

    Args:
        case: what to send.
        url: the target's base URL.
        account_sid: whose path it goes to.

    Returns:
        One line; the token is the variable RINGTRUE_AUTH_TOKEN, a SIP password is a placeholder.
    """
    path = urlsplit(url).path.rstrip("/") + COLLECTION.replace("{AccountSid}", account_of(case.account, account_sid))
    parts = urlsplit(url)
    words = [*([f"sleep {case.pause:g};"] if case.pause else []), "curl", "-sS", "-i"]
    if case.method != "POST":
        words += ["-I"] if case.method == "HEAD" else ["-X", shlex.quote(case.method)]
    words.append(shlex.quote(f"{parts.scheme}://{parts.netloc}{path}"))
    words += _credentials(case, account_sid)
    if case.content_type != "application/x-www-form-urlencoded":
        words += ["-H", shlex.quote(f"Content-Type: {case.content_type}" if case.content_type else "Content-Type:")]
    for name, value in {"Accept": "application/json", **HEADS[case.head]}.items():
        words += ["-H", shlex.quote(f"{name}: {value}" if value else f"{name}:")]
    words += _body(case)
    return " ".join(words)


def curl_of(before: Sequence[Case], case: Case, url: str, account_sid: str) -> tuple[str, bool]:
    """(command, whether it is all): sends cases in turn on one connection; the last alone where another can't be written out."""
    lines = [curl_line(c, url, account_sid) for c in (*before, case)]
    if any("@body" in line for line in lines[:-1]) or any(c.pause for c in (*before, case)[1:]):
        return lines[-1], False
    return " --next ".join([lines[0], *(line.removeprefix("curl ") for line in lines[1:])]), True


def _credentials(case: Case, account_sid: str) -> list[str]:
    other, near = account_of("other", account_sid), account_of("other-end", account_sid)
    encoded = f"$(printf %s '{account_sid}:'\"{_PLACEHOLDER}\" | base64 -w0)"
    kinds = {
        "right": f'-u "{account_sid}:{_PLACEHOLDER}"', "none": "", "wrong": f'-u "{account_sid}:wrong"',
        "beyond-ascii": f'-u "{account_sid}:wröng"',
        "prefix": f'-u "{account_sid}:${{RINGTRUE_AUTH_TOKEN%?}}"', "longer": f'-u "{account_sid}:${{RINGTRUE_AUTH_TOKEN}}0"',
        "second-colon": f'-u "{account_sid}:${{RINGTRUE_AUTH_TOKEN}}:0"',
        "nul-end": f"-H \"Authorization: Basic $(printf '%s%s\\0x' '{account_sid}:' \"{_PLACEHOLDER}\" | base64 -w0)\"",
        "user-twice": f'-u "{account_sid}:{account_sid}"',
        "changed-end": f'-u "{account_sid}:${{RINGTRUE_AUTH_TOKEN%?}}-"', "changed-start": f'-u "{account_sid}:-${{RINGTRUE_AUTH_TOKEN#?}}"',
        "spaced": f'-u "{account_sid}:{_PLACEHOLDER} "', "user-end": f'-u "{near}:{_PLACEHOLDER}"',
        "user-longer": f'-u "{account_sid}0:{_PLACEHOLDER}"',
        "empty": f'-u "{account_sid}:"', "letter-case": f"-u \"{account_sid}:$(echo $RINGTRUE_AUTH_TOKEN | tr 'a-zA-Z' 'A-Za-z')\"",
        "other-user": f'-u "{other}:{_PLACEHOLDER}"', "no-user": f'-u ":{_PLACEHOLDER}"', "exchanged": f'-u "{_PLACEHOLDER}:{account_sid}"',
        "other-scheme": f'-H "Authorization: Bearer {_PLACEHOLDER}"', "scheme-only": f'-H "Authorization: Bearer {encoded}"',
        "no-scheme": f'-H "Authorization: {encoded}"', "no-base64": "-H 'Authorization: Basic !!no*base64!!'",
        "unencoded": f'-H "Authorization: Basic {account_sid}:{_PLACEHOLDER}"',
        "no-colon": f"-H \"Authorization: Basic $(printf %s '{account_sid}'\"{_PLACEHOLDER}\" | base64 -w0)\"",
    }
    text = kinds[case.credentials]
    return [text] if text else []


def _body(case: Case) -> list[str]:
    if case.body is not None:
        if not case.body:
            return [] if case.method != "POST" else ["--data-raw", "''"]
        if len(case.body) > 2000 or not case.body.isascii() or b"\x00" in case.body:
            return [f"--data-binary @body  # {len(case.body)} bytes, see the case"]
        return ["--data-raw", shlex.quote(case.body.decode("ascii"))]
    pairs = tuple((n, "<password>" if n == "SipAuthPassword" and v else v) for n, v in case.pairs)
    text = encode_pairs(pairs, case.styles).decode("ascii")
    if len(text) > _LONGEST:
        return [f"--data-raw @body  # {len(text)} bytes, see the case"]
    return ["--data-raw", shlex.quote(text)]
