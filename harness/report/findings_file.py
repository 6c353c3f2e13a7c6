"""test_findings.py: a plain pytest file with one test a finding, for a vendor to keep: red now, green when mended.

It needs requests and the environment's token, nothing of ringtrue's. Whatever hostile text a finding holds, the file is
valid Python that says just that: every value goes through `literals`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from harness.case import Case
from harness.contract import FORM_TYPE
from harness.findings import Finding
from harness.report.escape import cut
from harness.report.findings_asserts import assertions
from harness.report.literals import bytes_literal, comment, docstring, text_literal
from harness.report.words import rule, seen
from harness.results import RunResult
from harness.wire import body_of

_IMPORTS = {
    "base64": "import base64", "json": "import json", "re": "import re", "threading": "import threading", "time": "import time",
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "datetime": "from datetime import datetime, timedelta, timezone",
    "parsedate_to_datetime": "from email.utils import parsedate_to_datetime",
    "unquote": "from urllib.parse import unquote, urljoin, urlsplit", "urlsplit": "from urllib.parse import unquote, urljoin, urlsplit",
}
_OTHER_ACCOUNT = "AC" + "0123456789abcdef" * 2
_FLAKY = (10, 200)
_RACE = 40
_MOST_SIDS = 200
_ALL_NEW = "assert len(set(sids)) == len(sids), sids[-4:]"


def findings_file(result: RunResult) -> str:
    """The text of test_findings.py."""
    tests = list(_tests(result))
    helpers = _helpers("\n".join(tests))
    return "\n\n\n".join([_head(result, "\n".join([*helpers, *tests])), *helpers, *tests]) + "\n"


def _head(result: RunResult, code: str) -> str:
    about = (
        f"What ringtrue {result.version} found at {result.url}, one test a finding: red now, green when it is mended.\n\n"
        "Needs pytest and requests. Variables of the environment:\n"
        "  RINGTRUE_AUTH_TOKEN   the account's token (left out: no credentials are sent)\n"
        f"  RINGTRUE_TARGET       base URL, {result.url} if left out\n"
        f"  RINGTRUE_ACCOUNT_SID  {result.account_sid} if left out\n\n"
        f"Run it with: pytest test_findings.py. Profile {result.profile}, seed {result.seed}. Passwords are stand-ins of the same shape."
    )
    used = {line for name, line in _IMPORTS.items() if re.search(rf"\b{name}\b", code)} | {"import os", "from typing import Any"}
    other = _OTHER_ACCOUNT if result.account_sid != _OTHER_ACCOUNT else "AC" + "f" * 32
    return "\n".join([
        docstring(about, ""), "", "from __future__ import annotations", "",
        *sorted(used, key=lambda line: (line.startswith("from"), line)), "", "import pytest", "import requests", "",
        f'TARGET = os.environ.get("RINGTRUE_TARGET", {text_literal(result.url)}).rstrip("/")',
        f'ACCOUNT = os.environ.get("RINGTRUE_ACCOUNT_SID", {text_literal(result.account_sid)})',
        'TOKEN = os.environ.get("RINGTRUE_AUTH_TOKEN")', f"OTHER_ACCOUNT = {text_literal(other)}", f"FORM = {text_literal(FORM_TYPE)}",
        "TIMEOUT = 10.0  # seconds",
    ])


def _helpers(code: str) -> list[str]:
    """The prelude's functions that the tests, or functions that they use, name; in the prelude's order."""
    text = resources.files("harness.report").joinpath("findings_prelude.txt").read_text("utf-8")
    blocks = {re.search(r"(?:def|class) (\w+)", b)[1]: b.strip("\n") for b in text.split("\n\n\n")}  # type: ignore[index]
    wanted: set[str] = set()
    todo = [code]
    while todo:
        words = set(re.findall(r"\w+", todo.pop()))
        new = (words & set(blocks)) - wanted
        wanted |= new
        todo += [blocks[name] for name in new]
    return [block for name, block in blocks.items() if name in wanted]


def _tests(result: RunResult) -> Iterator[str]:
    taken: set[str] = set()
    for finding in result.findings:
        name = _name(finding)
        while name in taken:
            name += "_"
        taken.add(name)
        yield f"def {name}() -> None:\n{docstring(_about(finding))}\n" + "\n".join("    " + line for line in _body(finding))


def _name(finding: Finding) -> str:
    number = finding.id.removeprefix(finding.clause).strip("-")
    slug = re.sub(r"\W+", "_", finding.clause, flags=re.ASCII)
    return f"test_{slug}_is_kept" + (f"_{re.sub(r'[^0-9a-z]', '_', number)}" if number else "")


def _about(f: Finding) -> str:
    lines = [
        f"{f.level.value}: {rule(f)} ({f.source})", "", f"Expected {cut(f.expected, 200)}, got {cut(f.actual, 200)}"
        + (f" at {f.path}" if f.path not in ("", "$") else "") + ".",
        "Seen " + seen(f) + (f"; cause: {cut(f.cause, 200)}." if f.cause else "."),
    ]
    return "\n".join(" ".join(line.splitlines()) for line in lines)


def _body(f: Finding) -> list[str]:
    if f.check == "check_unique" or f.clause == "echo.sid-unique":
        return _unique(f)
    lines = _race(f) if f.together else _sequence(f)
    if f.flaky is not None:
        return _repeated(lines, _tries(*f.flaky), f"it showed in {f.flaky[0]} of {f.flaky[1]} tries: green may be chance")
    return _repeated(lines, _RACE, "a race: green may be chance") if f.together else lines


def _sequence(f: Finding) -> list[str]:
    before = [_send(_stand_in(c)) for c in f.before]
    case = _stand_in(f.case)
    lines = [*before, f"answer = {_send(case)}", *assertions(f, case, "answer")]
    if f.clause != "malformed.huge":
        return _indented(lines, 0)
    way_out = ["except requests.ConnectionError:", "    return  # closed early on a body too large to read: allowed"]
    return ["try:", *_indented(lines[:1], 4), *way_out, *_indented(lines[1:], 0)]


def _race(f: Finding) -> list[str]:
    cases = [_stand_in(c) for c in f.together]
    names = [f"answer_{i}" for i in range(1, len(cases) + 1)]
    bodies = ", ".join(_payload(c) for c in cases)
    lines = [f"{', '.join(names)}{',' if len(names) == 1 else ''} = send_together([{bodies}])"]
    for case, name in zip(cases, names, strict=True):
        lines += assertions(f, case, name)
    return lines


def _unique(f: Finding) -> list[str]:
    """Sends as often as lay between the two calls with one sid, and twice at least."""
    case = _stand_in(f.case)
    first = re.search(r"request (\d+)", f.actual)
    apart = f.exchange.number - int(first[1]) if first and len(first[1]) < 9 else 1
    if f.together:
        bodies = ", ".join(_payload(_stand_in(c)) for c in f.together)
        sids = [f"sids += [call_of(answer).get('sid') for answer in send_together([{bodies}])]", _ALL_NEW]
        return ["sids: list[str] = []", *_repeated(sids, _RACE, "a race: green may be chance")]
    before = [_send(_stand_in(c)) for c in f.before if not _same(c, f.case)]
    lines = [*before, f"sids.append(call_of({_send(case)}).get('sid'))", _ALL_NEW]
    times = min(max(2, 2 * apart + 1), _MOST_SIDS)
    return ["sids: list[str] = []", *_repeated(lines, times, f"the two calls were {apart} requests apart")]


def _same(one: Case, other: Case) -> bool:
    return replace(one, aim="", seed=0) == replace(other, aim="", seed=0)


def _repeated(lines: list[str], times: int, why: str) -> list[str]:
    return [f"for _ in range({times}):  {comment(why)}", *_indented(lines, 4)]


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + part for line in lines for part in line.split("\n")]


def _tries(shown: int, tries: int) -> int:
    """So many that a break of this rate is missed once in twenty times, within bounds."""
    low, high = _FLAKY
    rate = shown / tries if tries else 1.0
    wanted = math.log(0.05) / math.log(1 - rate) if 0 < rate < 1 else low
    return min(max(math.ceil(wanted), low), high)


def _send(case: Case) -> str:
    options = {
        "method": (case.method, "POST"), "content_type": (case.content_type, FORM_TYPE), "credentials": (case.credentials, "right"),
    }
    words = [f"{k}={text_literal(v) if v is not None else None}" for k, (v, usual) in options.items() if v != usual]
    if case.account != "own":
        words.append("account=OTHER_ACCOUNT")
    payload = _payload(case)
    if not words and payload.startswith("("):
        return f"send{payload}"
    return f"send({', '.join([payload, *words])})"


def _payload(case: Case) -> str:
    literal = bytes_literal(body_of(case))
    return f"InPieces({literal}, {int(case.segments)})" if case.segments else literal


def _stand_in(case: Case) -> Case:
    """The case with a password of the same shape instead of its own."""
    if not any(n == "SipAuthPassword" and v for n, v in case.pairs):
        return case
    pairs = tuple((n, mask(v) if n == "SipAuthPassword" else v) for n, v in case.pairs)
    return case.with_pairs(pairs, case.styles)


def mask(secret: str) -> str:
    """Text of the same length and kinds of characters: `aB3-` becomes `xX0-`."""
    kinds = (("[a-z]", "x"), ("[A-Z]", "X"), ("[0-9]", "0"))
    for pattern, stand_in in kinds:
        secret = re.sub(pattern, stand_in, secret)
    return re.sub(r"[^\W_]", lambda m: m[0] if m[0] in "xX0" else "é", secret)
