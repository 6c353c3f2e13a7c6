"""An answer as it was received, with the wrong place marked, and a request as it was sent: as HTML.

JSON is laid out a line a value, so that a place is a line; what is long is left out around the place, and counted. Where
a body is no JSON, its text is shown as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from harness.case import HEAD_IN_WORDS, Case
from harness.contract import COLLECTION, FORM_TYPE
from harness.exchange import Exchange
from harness.findings import Finding
from harness.report.escape import cut, visible
from harness.report.markup import EMPTY, Html, el, hidden, join, text
from harness.report.words import number
from harness.results import REDACTED_PASSWORD, without_password
from harness.wire import STYLES, body_of

_HEADERS = 14
_LONGEST_STRING = 240
_MOST_PAIRS = 60
_OTHER_VALUE = 160
_WINDOW = 60_000  # characters of a text that may be shown at all
_AROUND = 5  # lines that stay open on each side of a wrong place
_FIRST = 16  # lines that stay open where no place is wrong
_WORTH_CLOSING = 4
_ENOUGH = 20  # characters that tell a stack trace


@dataclass(frozen=True, slots=True)
class Line:
    """One line to show, and whether it is the wrong place."""

    text: str
    marked: bool = False


# -- what was sent ---------------------------------------------------------------------------------


def request(case: Case, url: str, account_sid: str, room: int, blamed: frozenset[str] = frozenset()) -> Html:
    """A case as it goes out: the request line, what is unusual about it, and the decoded pairs.

    Args:
        case: what is sent.
        url, account_sid: the target's.
        room: about how many characters of it are shown.
        blamed: names of the parameters to blame, which are marked.
    """
    case = without_password(case)
    account = account_sid if case.account == "own" else "another account"
    path = urlsplit(url).path.rstrip("/") + COLLECTION.replace("{AccountSid}", account)
    first = el("p", el("code", text(f"{case.method} {path}")), class_="rt-first")
    odd = [el("li", text(words)) for words in unusual(case)]
    body = [_raw(case.body, room)] if case.body is not None else [_pairs(case, room, blamed), _wire(case, room)]
    return join([first, el("ul", *odd, class_="rt-odd") if odd else EMPTY, *body])


def _wire(case: Case, room: int) -> Html:
    """The encoded form, there to be opened."""
    body = body_of(case)
    return el("details", el("summary", text(f"As sent: {number(len(body))} bytes")), _raw(body, room // 2), class_="rt-wire") if body else EMPTY


def unusual(case: Case) -> Iterator[str]:
    """What differs from an ordinary form with the right credentials, in words."""
    if case.credentials != "right":
        yield {"none": "without credentials", "no-base64": "credentials that are no base64"}.get(
            case.credentials, f"with {case.credentials} credentials"
        )
    if case.content_type != FORM_TYPE:
        yield f"content type {case.content_type}" if case.content_type is not None else "no content type"
    if case.segments:
        yield f"body sent {case.segments} bytes at a time"
    if case.head in HEAD_IN_WORDS:
        yield HEAD_IN_WORDS[case.head]
    if case.pause:
        yield f"after {case.pause:g} s without a request"


def _pairs(case: Case, room: int, blamed: frozenset[str]) -> Html:
    if not case.pairs:
        return el("p", text("an empty form"), class_="rt-muted")
    styles = case.styles or ("plain",) * len(case.pairs)
    limit = min(_OTHER_VALUE, 3 * room // len(case.pairs))
    marked = blamed if not blamed.issuperset(n for n, _ in case.pairs) else frozenset[str]()
    rows = [_pair(n, v, s, room // 3 if n in blamed else limit, n in marked) for (n, v), s in zip(case.pairs, styles, strict=True)]
    del rows[_MOST_PAIRS:]
    more = len(case.pairs) - _MOST_PAIRS
    note = el("p", text(f"and {more} more pairs"), class_="rt-muted") if more > 0 else EMPTY
    return join([el("table", el("caption", text("Form, decoded")), el("tbody", *rows), class_="rt-pairs"), note])


def _pair(name: str, value: str, style: str, limit: int, blamed: bool) -> Html:
    mark = join([el("span", text("▶ "), aria_hidden="true"), hidden("to blame: ")]) if blamed else EMPTY
    row = (el("th", mark, text(name, 120), scope="row"), el("td", _value(value, limit), _style(style)))
    return el("tr", *row, class_="rt-blamed" if blamed else None)


def _value(value: str, limit: int) -> Html:
    if not value:
        return el("i", text("empty"))
    limit = max(limit, 60)
    if len(value) <= limit:
        return el("code", text(value, limit))
    return join([el("code", text(value, limit)), el("i", text(f" ({number(len(value))} characters)"))])


def _style(style: str) -> Html:
    return EMPTY if style == "plain" else el("small", text(f"encoded with {STYLES.get(style, style)}"))


def _raw(body: bytes, room: int) -> Html:
    if not body:
        return el("p", text("an empty body"), class_="rt-muted")
    shown = body[:room].decode("utf-8", "surrogateescape")
    note = f"{number(len(body))} bytes" + (f", the first {number(room)} of them shown" if len(body) > room else "")
    return join([el("pre", text(shown, room)), el("p", text(note), class_="rt-muted")])


# -- what came back --------------------------------------------------------------------------------


def answer(finding: Finding, room: int) -> Html:
    """The answer of a finding's exchange: status, headers and body, the wrong place marked.

    Args:
        finding: what was found.
        room: about how many characters of the body are shown.
    """
    exchange, words = finding.exchange, _told(finding)
    head = [Line(_status_line(exchange), _is_status(finding))]
    for key, value in exchange.headers[:_HEADERS]:
        wrong = finding.path.lower() == key.lower() or bool(words and words in value)
        head.append(Line(f"{cut(key, 80)}: {cut(value, 200)}", wrong))
    if len(exchange.headers) > _HEADERS:
        head.append(Line(f"… {len(exchange.headers) - _HEADERS} more headers"))
    if exchange.status is None:
        return _block(head)
    body = list(_body_lines(finding))
    return _block([*head, Line(""), *cropped(body, room)])


def _status_line(exchange: Exchange) -> str:
    if exchange.status is None:
        return f"{exchange.describe()} ({exchange.detail})" if exchange.detail else exchange.describe()
    return f"HTTP {exchange.status} {cut(exchange.reason, 80)}".rstrip()


def _is_status(finding: Finding) -> bool:
    judged = ("check_outcome", "check_credentials", "check_method", "check_malformed")
    return finding.check in judged or finding.clause == "response.status" or finding.exchange.status is None


def _block(lines: list[Line]) -> Html:
    """All lines; long stretches far from the wrong place are closed, and there to be opened."""
    open_ = _near(lines)
    parts: list[Html] = []
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and open_[end] == open_[start]:
            continue
        shown = el("pre", join([_line(line) for line in lines[start:end]], "\n"))
        summary = el("summary", text(f"{end - start} more lines"))
        parts.append(shown if open_[start] else el("details", summary, shown))
        start = end
    return el("div", *parts, class_="rt-answer", role="group", aria_label="Answer as received")


def _near(lines: list[Line]) -> list[bool]:
    """Which lines are open: the first, those around a mark (without one, the first ones), and stretches too short to be worth closing."""
    marks = [i for i, line in enumerate(lines) if line.marked]
    open_ = [i == 0 or any(abs(i - mark) <= _AROUND for mark in marks) or (not marks and i < _FIRST) for i in range(len(lines))]
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and open_[end] == open_[start]:
            continue
        if not open_[start] and end - start < _WORTH_CLOSING:
            open_[start:end] = [True] * (end - start)
        start = end
    return open_


def _line(line: Line) -> Html:
    if not line.marked:
        return text(line.text, 4000)
    return el("mark", hidden("wrong place: "), text(line.text, 4000))


def _body_lines(finding: Finding) -> Iterator[Line]:
    exchange = finding.exchange
    value, duplicates, error = exchange.parsed
    if not exchange.body:
        yield Line("(an empty body)", not _is_status(finding) and finding.path == "$")
    elif error is not None or duplicates or not isinstance(value, dict):
        yield from _plain_lines(exchange.text, _wrong_at(finding, duplicates))
    elif words := _told(finding):
        lines = [replace(line, marked=words in line.text) for line in _json_lines(value, ())]
        yield from lines if any(line.marked for line in lines) else _plain_lines(exchange.text, _wrong_at(finding, duplicates))
    else:
        paths = ("$.to", "$.from") if finding.check == "check_own_call" else (finding.path,)
        yield from _json_lines(value, paths)


def _wrong_at(finding: Finding, duplicates: list[str]) -> int | None:
    """The place in the text where it stops being right, where that is known."""
    found = re.search(r"\(char (\d{1,7})\)", finding.actual)
    if found:
        return int(found[1])
    if duplicates and finding.clause == "response.unique-keys":
        return finding.exchange.text.rfind(json.dumps(duplicates[0]))
    words = _told(finding)
    return at if words and (at := finding.exchange.text.find(words)) >= 0 else None


def _told(finding: Finding) -> str:
    """The words of an answer that must not be in it: the beginning of a stack trace, or what stands for a secret; else nothing."""
    if finding.check != "check_secrets":
        return ""
    return finding.actual[:_ENOUGH] if finding.clause == "secrets.stack-trace" else REDACTED_PASSWORD


def _plain_lines(body: str, place: int | None) -> Iterator[Line]:
    """Text as it came, in lines of bounded length; the one with the place is marked. Of a long text, what is around the place."""
    first = max(0, min(place or 0, len(body)) - _WINDOW // 2)
    last = min(len(body), first + _WINDOW)
    if first:
        yield Line(f"… {number(first)} characters left out …")
    at = first
    for whole in body[first:last].split("\n"):
        for start in range(0, max(len(whole), 1), _LONGEST_STRING):
            piece = whole[start:start + _LONGEST_STRING]
            yield Line(piece.rstrip("\r"), place is not None and at + start <= place < at + start + max(len(piece), 1))
        at += len(whole) + 1
    if last < len(body):
        yield Line(f"… {number(len(body) - last)} characters left out …")
    if place is not None and place >= len(body):
        yield Line("(the body ends here)", True)


def _json_lines(value: dict[str, Any], paths: tuple[str, ...]) -> Iterator[Line]:
    """A line a value; those of the attributes at the paths are marked, and one is added for each that is absent."""
    steps = [p[2:].partition(".") for p in paths if p.startswith("$.")]
    wrong = {key: inner for key, _, inner in steps}
    yield Line("{")
    for key, item in value.items():
        yield from _member(key, item, key in wrong, wrong.get(key) or None)
    for key in wrong:
        if key not in value:
            yield Line(f"  (no {key} here)", True)
    yield Line("}")


def _member(key: str, item: Any, here: bool, inner: str | None) -> Iterator[Line]:
    if not here and isinstance(item, (dict, list)) and len(item) > 2:
        brackets = "{}" if isinstance(item, dict) else "[]"
        yield Line(f"  {json.dumps(cut(key, 80), ensure_ascii=False)}: {brackets[0]} … {number(len(item))} entries … {brackets[1]}")
        return
    lines = json.dumps(_short(item), ensure_ascii=False, indent=2).split("\n")
    for i, line in enumerate(lines):
        start = f"  {json.dumps(cut(key, _LONGEST_STRING), ensure_ascii=False)}: " if i == 0 else "  "
        marked = here if inner is None else here and line.lstrip().startswith(json.dumps(inner, ensure_ascii=False)[:60])
        yield Line(start + line, marked)


def _short(item: Any, depth: int = 0) -> Any:
    """A JSON value with long strings cut, long lists shortened and deep ones closed."""
    if isinstance(item, str):
        return item if len(item) <= _LONGEST_STRING else f"{item[:_LONGEST_STRING]}… ({number(len(item))} characters)"
    if isinstance(item, (dict, list)) and depth > 6:
        return "…"
    if isinstance(item, dict):
        return {cut(k, 80): _short(v, depth + 1) for k, v in list(item.items())[:40]}
    if isinstance(item, list):
        return [_short(v, depth + 1) for v in item[:40]]
    return item if not isinstance(item, int) or abs(item) < 10**60 else "a very long number"


def cropped(lines: list[Line], room: int) -> list[Line]:
    """Lines that fit into so many characters: all marked ones first, then those nearest to the first mark.

    What is left out before, between and after is counted in a line of its own.
    """
    sizes = [len(visible(line.text)) + 1 for line in lines]
    centre = next((i for i, line in enumerate(lines) if line.marked), 0)
    kept: set[int] = set()
    used = 0
    for i in sorted(range(len(lines)), key=lambda i: (not lines[i].marked, abs(i - centre))):
        if kept and used + sizes[i] > room:
            break
        kept.add(i)
        used += sizes[i]
    return list(_with_gaps(lines, kept))


def _with_gaps(lines: list[Line], kept: set[int]) -> Iterator[Line]:
    gap = 0
    for i, line in enumerate(lines):
        if i not in kept:
            gap += 1
            continue
        if gap:
            yield _gap(gap)
        gap = 0
        yield line
    if gap:
        yield _gap(gap)


def _gap(count: int) -> Line:
    return Line(f"… {number(count)} {'line' if count == 1 else 'lines'} left out …")
