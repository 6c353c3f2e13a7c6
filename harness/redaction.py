"""What is taken out of the files of a run before they are shared: rules on bytes, for text of any format and for binary files.

A rule knows a place where a secret stands by its surroundings, so that none has to be known beforehand. Nothing is written here
(`harness.redacting`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from harness.secrecy import REDACTED, Needles, needles_of_passwords
from harness.strangers import is_fictional

TOKEN, CREDENTIALS, PASSWORD, ACCOUNT, NUMBER = "token", "credentials", "SIP password", "account SID", "phone number"
KINDS = (TOKEN, CREDENTIALS, PASSWORD, ACCOUNT, NUMBER)

_HEADERS = rb"(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token"
_PASSWORD = rb"sip_?auth_?password"
_TOKEN_NAME = rb"auth[_-]?token"
# A string's content between its quotes, which may be escaped themselves where the text stands in another text.
_IN_QUOTES = rb'"((?:[^"\\]++|\\.)*+)"'
_IN_APOSTROPHES = rb"'((?:[^'\\]++|\\.)*+)'"
# Backslashes before a quote that is escaped, as many as before any other of the same text; a run of them is only entered at its start.
_DEPTH = rb'(\\(?<!\\\\)\\{0,30}+)"'
_SHUT = rb'(?:\1\\\1\\)*+\1"'
_IN_ESCAPED_QUOTES = rb'\1"((?:[^"\\]++|(?!%s)\\++"?)*+)%s' % (_SHUT, _SHUT)
_SPACE = rb"(?:\s|\\[rnt]|%20|\+)"
_WORD = rb"[^\s\"'<>\\&,;]"


def _named(names: bytes, before: bytes = b"") -> Iterator[bytes]:
    """A value beside its name, as JSON, JSON in JSON, Python, HAR, multipart forms and tables write it.

    Args:
        names: what it may be called.
        before: what else a name in quotes may begin with.
    """
    quoted = rb"%s(?:%s)" % (before, names)
    yield rb'"%s"\s*[:,]\s*%s(?!\s*:)' % (quoted, _IN_QUOTES)
    yield rb"'%s'\s*[:,]\s*%s(?!\s*:)" % (quoted, _IN_APOSTROPHES)
    yield rb'%s%s\1"\s*[:,]\s*%s(?!\s*:)' % (_DEPTH, quoted, _IN_ESCAPED_QUOTES)
    yield rb'"(?:name|key)"\s*:\s*"%s"\s*,\s*"value"\s*:\s*%s' % (quoted, _IN_QUOTES)
    yield rb'"value"\s*:\s*%s\s*,\s*"(?:name|key)"\s*:\s*"%s"' % (_IN_QUOTES, quoted)
    yield rb'%s(?:name|key)\1"\s*:\s*\1"%s\1"\s*,\s*\1"value\1"\s*:\s*%s' % (_DEPTH, quoted, _IN_ESCAPED_QUOTES)
    yield rb'%svalue\1"\s*:\s*%s\s*,\s*\1"(?:name|key)\1"\s*:\s*\1"%s\1"' % (_DEPTH, _IN_ESCAPED_QUOTES, quoted)
    yield rb'name=\\*"%s\\*"(?:\r?\n|\\r\\n|\\n){2}([^\r\n"\\]+)' % quoted
    yield rb"(?:%s)\s*(?:</?(?:t[dh]|d[dt]|code|span|b|mark)\b[^<>]{0,200}>\s*){2,6}([^<>]+)" % names


def _set(name: bytes) -> Iterator[bytes]:
    """A value that YAML, INI or Python sets: in quotes anywhere, where it begins as no other text goes on; without them on a line of its own."""
    own_line = rb"(?m:^)[ \t]*+(?:-[ \t]++)?%s[ \t]*+[:=][ \t]*+" % name
    for quoted in (_IN_QUOTES, _IN_APOSTROPHES):
        yield own_line + quoted
        yield rb"%s\s*[:=]\s*(?!.[\s,:;+%%)}\]])%s" % (name, quoted)
    yield rb"%s\s*[:=]\s*(\\{1,31}+)(?=\")%s" % (name, rb"(?<=\\)" + _IN_ESCAPED_QUOTES.removeprefix(rb"\1"))
    # Words without quotes may be about it, unless it is written as nobody writes it in a text.
    yield own_line.replace(name, rb"(?-i:sip_auth_password|SIP_AUTH_PASSWORD)").removesuffix(b"*+") + rb"++([^\s\"'{\[|>&*!][^\r\n]*)"


def _curl() -> Iterator[bytes]:
    """A password in the arguments of curl, up to the next command; of docker's `-u 1000:1000` none is."""
    for option in (rb"-[a-z#]{0,8}u|--user", rb"--proxy-user"):
        start = rb"\bcurl[\s\"'](?:(?!curl[\s\"']|\s[|;&])(?:[^\r\n\\]|\\\r?\n|\\))*?(?<=[\s\"'])(?:%s)(?:[\s=]++|[\"'],\s*)?" % option
        yield start + rb"\\*\"[^\s\"':\\]*:(?!<|&lt;)([^\"\\\r\n]+)"
        yield start + rb"'[^\s\"':\\]*:(?!<|&lt;)([^'\\\r\n]+)"
        yield start + rb"[^\s\"':\\]*:(?!<|&lt;)([^\s\"'\\`<>&|;]+)"


_RULES: tuple[tuple[str, bytes], ...] = (
    *((PASSWORD, pattern) for pattern in _named(_PASSWORD)),
    *((PASSWORD, pattern) for pattern in _set(_PASSWORD)),
    (PASSWORD, rb"%s(?:=|%%3D)([^&\s\"'<>\\]+)" % _PASSWORD),
    (PASSWORD, rb"\"%s\\*\"\s*:\s*([0-9]+)(?![0-9.])" % _PASSWORD),
    *((CREDENTIALS, pattern) for pattern in _named(_HEADERS)),
    (CREDENTIALS, rb"authorization[\"']?\s*[:=]\s*[\"']?(?:basic|bearer|digest|token)%s+(%s+)" % (_SPACE, _WORD)),
    (CREDENTIALS, rb"authorization[\"']?\s*[:=]\s*[\"']?([a-z0-9+/=_.~:-]{16,})"),
    (CREDENTIALS, rb"\bcookie\s*:\s*([^\r\n\"'<>\\]{8,})"),
    (CREDENTIALS, rb"\bbasic%s+([a-z0-9+/_-]{8,}(?:=|%%3D){0,2})" % _SPACE),
    (TOKEN, rb"(?<![0-9a-z])ac[0-9a-f]{32}(?::|%%3A)((?:%s){6,})" % _WORD),
    (TOKEN, rb"\btoken \(made up for this start\): ([0-9a-z]{8,})"),
    # `user:pass@` is the address that ringtrue itself sends.
    (CREDENTIALS, rb"://[^\s/?#@\"'<>\\:&]*+:(?!pass@|[{$])([^\s/?#\"'<>\\&,;)]+)@"),
    (CREDENTIALS, rb"\bsips?:[^\s/?#@\"'<>\\:&;%]++:(?!pass@|[{$])([^\s/?#@\"'<>\\:&,;)]+)@"),
    (CREDENTIALS, rb"%3A%2F%2F[a-z0-9._~+-]*+%3A(?!pass%40)((?:[a-z0-9._~+-]|%(?!40|2F|3F|23|26)[0-9a-f]{2})++)%40"),
    *((CREDENTIALS, pattern) for pattern in _curl()),
)
# Only where the value has a digit and no space: else it may be a word.
_UNSURE: tuple[tuple[str, bytes], ...] = (
    (CREDENTIALS, rb"\bbearer%s+([a-z0-9._~+/-]{16,}={0,2})" % _SPACE),
    (CREDENTIALS, rb"(?<![\w-])(?:x-api-key|x-auth-token)\s*(?:[:=]|%%3A)\s*[\"']?(%s{8,})" % _WORD),
    *((TOKEN, pattern) for pattern in _named(_TOKEN_NAME, rb"[a-z0-9_-]{0,40}?")),
    (TOKEN, rb"auth_?-?token[\"']?\s*[=:]\s*[\"']?([a-z0-9+/=_.~-]{8,})"),
    (PASSWORD, rb"%s:\s*([^\s\"'<>\\&,;{}()\[\]`]{5,})" % _PASSWORD),
)
RULES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES + _UNSURE)
# What stands in a rule, and words in small letters of which each match of it has one: a rule is only tried where they are.
_WORDS_OF: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (_HEADERS, (b"authorization", b"cookie", b"x-api-key", b"x-auth-token")), (_PASSWORD, (b"password",)),
    (_TOKEN_NAME, (b"auth-token", b"auth_token", b"authtoken")), (rb"(?:x-api-key|x-auth-token)", (b"x-api-key", b"x-auth-token")),
    (rb"</?(?:t[dh]|", tuple(slash + tag for slash in (b"<", b"</") for tag in (b"td", b"th", b"dt", b"dd", b"code", b"span", b"b", b"mark"))),
    (rb'value\1"', (b"value\\",)), (rb'"value"', (b'"value"',)), (rb"authorization[", (b"authorization",)),
    *((word, (word[2:].lower(),)) for word in (rb"\bcurl", rb"\bbearer", rb"\bbasic", rb"\bcookie")), (rb"\bsips?:", (b"sip:", b"sips:")),
    (rb"\btoken \(made", (b"token (made",)), (rb"%3A%2F%2F", (b"%3a%2f%2f",)),
)
NEEDED = {rule: tuple(words for part, words in _WORDS_OF if part in rule.pattern) for _, rule in RULES}
_BARE_BASIC = next(rule for _, rule in RULES if rule.pattern.startswith(rb"\bbasic"))
_WITH_DIGIT = frozenset(rule for _, rule in RULES[len(_RULES):])

# Bodies inside of a text: those of a journal, in base64 and perhaps packed, and those of a HAR.
_BODY = re.compile(rb'"(packed|base64)"\s*:\s*"([A-Za-z0-9+/]{8,}={0,2})"|"text"\s*:\s*"([A-Za-z0-9+/]{8,}={0,2})"\s*,\s*"encoding"\s*:\s*"base64"')
_LARGEST_BODY = 64 << 20  # bytes, unpacked

_ACCOUNT = re.compile(rb"(?<![0-9A-Za-z])AC(?!0{32})([0-9a-fA-F]{32})(?![0-9A-Za-z])")
_E164 = re.compile(rb"(?<![\w.])(?:\+|%2B|\\u002[bB]|&#43;|&#x2[bB];)([1-9][0-9]{7,14})(?![0-9])", re.IGNORECASE)
_SHORTEST_NUMBER = 7  # digits, without country and area
_DIGITS = re.compile(rb"(?<![\w.+])\+?[0-9(][0-9() .-]{5,20}[0-9](?!\w)")


@dataclass
class Cleaner:
    """Takes secrets out of one file after another.

    Args:
        needles: of the tokens that are known.
        accounts: whether account SIDs go too.
        numbers: whether phone numbers go too, save those that are reserved for fiction and tests.
        passwords: SIP passwords that were met; they go wherever they stand.
        dialled: the digits of phone numbers that were met, with and without what stands first; they go however they are written.
    """

    needles: Needles = field(default_factory=Needles)
    accounts: bool = False
    numbers: bool = False
    passwords: set[str] = field(default_factory=set)
    dialled: set[bytes] = field(default_factory=set)

    def learn(self, data: bytes) -> None:
        """Notes what a file tells of passwords and numbers, before anything is taken out of any."""
        for found in _BODY.finditer(data):
            body = _unpacked(found)
            if body is not None:
                self._learn(body)
        self._learn(data)

    def _learn(self, data: bytes) -> None:
        for kind, rule in _rules_for(data):
            if kind == PASSWORD:
                for found in rule.finditer(data):
                    value = _value(found)
                    if not _is_placeholder(value):
                        self.passwords |= {v.decode("utf-8", "replace") for v in (value, unquote_to_bytes(value.replace(b"+", b" ")))}
        if self.numbers:
            self.dialled.update(n[start:] for n in set(_E164.findall(data)) if _is_private(n) for start in range(len(n) - _SHORTEST_NUMBER + 1))

    def clean(self, data: bytes, binary: bool = False) -> tuple[bytes, Counter[str]]:
        """The data without secrets, and how many of each of `KINDS` it held.

        Args:
            data: any bytes.
            binary: whether what is put in a secret's place is as long as it was, so that offsets stay right.
        """
        counts: Counter[str] = Counter()
        if not binary:
            data = _BODY.sub(lambda found: self._clean_body(found, counts), data)
        for kind, rule in _rules_for(data):
            data = _replaced(data, rule, lambda found, rule=rule: _stand_in(found, rule, binary), counts, kind)  # type: ignore[misc]
        for kind, needles in ((PASSWORD, needles_of_passwords(self.passwords)), (TOKEN, self.needles)):
            data, number = needles.taken_out(data, None if binary else REDACTED.encode())
            counts[kind] += number
        if self.accounts:
            data = _replaced(data, _ACCOUNT, lambda found: b"0" * 32, counts, ACCOUNT)
        if self.numbers:
            data = _replaced(data, _E164, lambda found: b"0" * len(found[1]) if _is_private(found[1]) else None, counts, NUMBER)
            data = _replaced(data, _DIGITS, self._other_shape, counts, NUMBER, group=0)
        return data, +counts

    def _clean_body(self, found: re.Match[bytes], counts: Counter[str]) -> bytes:
        """A body inside of a text; it stays to the letter where nothing is in it."""
        body = _unpacked(found)
        if body is None:
            return found[0]
        # Without bodies in the body, and as long as before, whatever it is.
        clean, inside = self.clean(body, binary=True)
        if not inside:
            return found[0]
        counts += inside
        raw = found[2] or found[3]
        return found[0].replace(raw, base64.b64encode(zlib.compress(clean, 1) if found[1] == b"packed" else clean))

    def _other_shape(self, found: re.Match[bytes]) -> bytes | None:
        """A number that was met in E.164, written without the plus, with signs between, or without its country."""
        digits = re.sub(rb"[^0-9]", b"", found[0])
        if digits not in self.dialled:
            return None
        if found[0] == digits and found.string[max(found.start() - 1, 0):found.start()] not in (b'"', b"'"):
            return _zeros(len(digits))
        return re.sub(rb"[0-9]", b"0", found[0])


def _rules_for(data: bytes) -> list[tuple[str, re.Pattern[bytes]]]:
    """The rules that may find something in the data."""
    lower = data.lower()
    there = {word: word in lower for _, words in _WORDS_OF for word in words}
    return [(kind, rule) for kind, rule in RULES if all(any(map(there.__getitem__, words)) for words in NEEDED[rule])]


def _zeros(digits: int) -> bytes:
    """A number of so many digits that tells nothing, and that JSON allows."""
    return b"1" + b"0" * (digits - 1)


def _unpacked(found: re.Match[bytes]) -> bytes | None:
    """What a match of `_BODY` holds, or None where it is no body."""
    try:
        body = base64.b64decode(found[2] or found[3], validate=True)
        return zlib.decompressobj().decompress(body, _LARGEST_BODY) if found[1] == b"packed" else body
    except (binascii.Error, zlib.error):
        return None


def _replaced(
    data: bytes, rule: re.Pattern[bytes], stand_in: Callable[[re.Match[bytes]], bytes | None], counts: Counter[str], kind: str,
    group: int | None = None,
) -> bytes:
    """Data with a group of each match, its last one if not said, replaced where there is something to replace it with."""
    group = rule.groups if group is None else group

    def one(found: re.Match[bytes]) -> bytes:
        new = stand_in(found)
        if new is None:
            return found[0]
        counts[kind] += 1
        start, end = found.start(group) - found.start(), found.end(group) - found.start()
        return found[0][:start] + new + found[0][end:]

    return rule.sub(one, data)


def _value(found: re.Match[bytes]) -> bytes:
    """The secret in a match of a rule: its last group."""
    value: bytes = found[found.re.groups]
    return value


def _stand_in(found: re.Match[bytes], rule: re.Pattern[bytes], binary: bool) -> bytes | None:
    value = _value(found)
    if _is_placeholder(value) or (rule is _BARE_BASIC and not _is_base64_text(value)):
        return None
    if rule in _WITH_DIGIT and not re.fullmatch(rb"[^\s0-9]*+[0-9]\S*+", value.strip()):
        return None
    if value.isdigit() and b'"' in found[0] and found.string[found.start(found.re.groups) - 1:][:1] not in (b'"', b"'"):
        number = _zeros(len(value))  # in JSON, which would be none with a word there
        return None if value == number else number
    return b"*" * len(value) if binary else REDACTED.encode()


def _is_placeholder(value: bytes) -> bool:
    """Whether a value only stands for a secret, as ringtrue writes it: a word in brackets, a variable, a mask, an example that is none."""
    text = unquote_to_bytes(value.replace(b"&lt;", b"<").replace(b"&gt;", b">")).decode("utf-8", "replace").strip(" \"'`")
    with suppress(ValueError):
        text = str(json.loads(f'"{text}"'))  # as JSON in ASCII writes it
    text = re.sub(r"^(?:basic|bearer)\s+", "", text, flags=re.IGNORECASE)
    words = ("", "redacted", "[redacted]", "<password>", "wrong", "!!no*base64!!", "null", "none")
    return text.lower() in words or text.startswith(("$", "[redacted]")) or re.fullmatch(r"[xX0é\W_]+", text) is not None


def _is_base64_text(value: bytes) -> bool:
    """Whether it is base64 of plain text, as credentials are and words are not."""
    value = unquote_to_bytes(value).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True).decode("utf-8").isprintable()
    except (binascii.Error, UnicodeDecodeError):
        return False


def _is_private(digits: bytes) -> bool:
    return not is_fictional(f"+{digits.decode()}")


def told(counts: Iterable[tuple[str, int]]) -> str:
    """How often which kind was replaced, in words: `3 tokens, 1 SIP password`."""
    return ", ".join(f"{number:,} {kind}{'s' if number != 1 and not kind.endswith('s') else ''}" for kind, number in counts)
