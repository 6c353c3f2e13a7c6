"""test_findings.py: a plain pytest file with one test a finding, for a vendor to keep: red now, green when mended.

It needs requests and the environment's token, nothing of ringtrue's. Whatever hostile text a finding holds, the file is
valid Python that says just that: every value goes through `literals`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from harness.case import account_of
from harness.contract import FORM_TYPE
from harness.findings import Finding
from harness.report.escape import cut
from harness.report.findings_calls import body
from harness.report.literals import docstring, text_literal
from harness.report.words import rule, seen
from harness.results import RunResult

OPENING = '"""What ringtrue '  # by which the file is known as one of ringtrue's
_IMPORTS = {
    "base64": "import base64", "html": "import html", "json": "import json", "re": "import re", "threading": "import threading",
    "time": "import time",
    "Iterator": "from collections.abc import Iterator",
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "datetime": "from datetime import datetime, timedelta, timezone",
    "parsedate_to_datetime": "from email.utils import parsedate_to_datetime",
    "unquote": "from urllib.parse import unquote, urljoin, urlsplit", "urlsplit": "from urllib.parse import unquote, urljoin, urlsplit",
}


def findings_file(result: RunResult) -> str:
    """The text of test_findings.py."""
    tests = list(_tests(result))
    helpers = _helpers("\n".join(tests))
    return "\n\n\n".join([_head(result, "\n".join([*helpers, *tests])), *helpers, *tests]) + "\n"


def _head(result: RunResult, code: str) -> str:
    about = (
        f"{OPENING[3:]}{result.version} found at {result.url}, one test a finding: red now, green when it is mended.\n\n"
        "Needs pytest and requests. Variables of the environment:\n"
        "  RINGTRUE_AUTH_TOKEN   the account's token (left out: no credentials are sent)\n"
        f"  RINGTRUE_TARGET       base URL, {result.url} if left out\n"
        f"  RINGTRUE_ACCOUNT_SID  {result.account_sid} if left out\n"
        "Where the target is not this machine, nothing is sent without:\n"
        "  RINGTRUE_ALLOW_REAL_CALLS  how many calls may be created; each request counts as one\n"
        "  RINGTRUE_TO                numbers that may ring, with commas between; fictional ones always may be called\n"
        "  RINGTRUE_CA_BUNDLE         certificates to trust instead of the usual ones\n"
        "  RINGTRUE_ALLOW_HTTP        1 allows http, which shows the token on the way\n\n"
        f"Run it with: pytest test_findings.py. Profile {result.profile}, seed {result.seed}. Passwords are stand-ins of the same shape."
    )
    used = {line for name, line in _IMPORTS.items() if re.search(rf"\b{name}\b", code)} | {"import os", "from typing import Any"}
    return "\n".join([
        docstring(about, ""), "", "from __future__ import annotations", "",
        *sorted(used, key=lambda line: (line.startswith("from"), line)), "", "import pytest", "import requests", "",
        f'TARGET = os.environ.get("RINGTRUE_TARGET", {text_literal(result.url)}).rstrip("/")',
        f'ACCOUNT = os.environ.get("RINGTRUE_ACCOUNT_SID", {text_literal(result.account_sid)})',
        'TOKEN = os.environ.get("RINGTRUE_AUTH_TOKEN")', 'CA_BUNDLE = os.environ.get("RINGTRUE_CA_BUNDLE")',
        "SENT: list[str] = []  # the methods of what was sent off this machine",
        f"OTHER_ACCOUNT = {text_literal(account_of('other', result.account_sid))}", f"FORM = {text_literal(FORM_TYPE)}",
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
    created = result.counts.get("accepted", 0)
    taken: set[str] = set()
    for finding in result.findings:
        name = _name(finding)
        while name in taken:
            name += "_"
        taken.add(name)
        yield f"{_mark(finding)}def {name}() -> None:\n{docstring(_about(finding))}\n" + "\n".join("    " + line for line in body(finding, created))


def _mark(finding: Finding) -> str:
    """An accepted finding's test is expected to fail, and says so when it no longer does."""
    if finding.accepted is None:
        return ""
    return f"@pytest.mark.xfail(reason={text_literal(cut(finding.accepted.said, 200))}, strict=True)\n"


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
