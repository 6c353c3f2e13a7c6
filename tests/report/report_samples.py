"""Hand-made results of runs, with real clauses, and pages made of them by a real pytest-html run."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Generator, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.accepted import Acceptance
from harness.case import Case, Pairs
from harness.contract import CLAUSE, CLAUSES, Level
from harness.exchange import Exchange
from harness.findings import Finding
from harness.latency import latency_of
from harness.report.html import HtmlReport
from harness.report.words import verdict_of
from harness.results import ClauseResult, RunResult

HOSTILE = (
    '</pre></script><script>document.title="pwned"</script><img src=x onerror=document.title="pwned">"\'`|[a](javascript:1)'
    "\x1b[31m\x1b]0;pwned\x07\u202eevil\u2066\u200b\u2028\x00\x85\r\n::error::pwned\n##[error]pwned\udc80\ud800"
)
BASE: Pairs = (("To", "+15005550006"), ("From", "+15005550006"), ("Url", "https://example.com/voice"))


def call(**changes: Any) -> bytes:
    """The body of a created call."""
    document = {"sid": "CA" + "0123456789abcdef" * 2, "status": "queued", "to": "+15005550006", "from": "+15005550006", "duration": None}
    return json.dumps(document | changes).encode()


def finding(clause: str, expected: str = "201", actual: str = "400 Bad Request", **changes: Any) -> Finding:
    """A finding of a clause; its case, its answer and anything else can be given."""
    case = changes.pop("case", None) or Case(changes.pop("pairs", BASE), clause)
    status, body = changes.pop("status", 201), changes.pop("body", call())
    headers = changes.pop("headers", (("Content-Type", "application/json"),))
    row = CLAUSE[clause]
    fields = {
        "id": clause, "clause": clause, "level": row.level, "check": "check_attributes", "message": row.statement, "expected": expected,
        "actual": actual, "path": "$", "case": case, "exchange": Exchange(case, 7, status, "Created", headers, body, elapsed=0.01),
    }
    return Finding(**(fields | changes))


def result(findings: Iterable[Finding] = (), every: int = 1, **changes: Any) -> RunResult:
    """A run's result with these findings; clauses without one pass, save two. Of clauses that pass, only every so-many-th is in it."""
    found = tuple(findings)
    ids: dict[str, tuple[str, ...]] = {}
    verdicts: dict[str, str] = {}
    for f in found:
        ids[f.clause] = (*ids.get(f.clause, ()), f.id)
        verdicts[f.clause] = verdict_of(f)
    special = {"to.sip": ("SKIPPED", "the target takes no SIP address"), "twiml.unclear": ("NOT-EXERCISED", "the budget was used up")}
    clauses = []
    for place, c in enumerate(CLAUSES):
        if place % every and c.id not in ids and c.id not in special:
            continue
        verdict, why = (verdicts[c.id], "") if c.id in ids else special.get(c.id, ("PASS", ""))
        clauses.append(ClauseResult(c, verdict, 0 if verdict == "NOT-EXERCISED" else 12, ids.get(c.id, ()), why))
    fields: dict[str, Any] = {
        "seed": 3, "profile": "quick", "started": datetime(2027, 8, 18, 20, 1, 40, tzinfo=UTC), "duration_s": 3.14,
        "url": "http://127.0.0.1:8080", "account_sid": "AC" + "5f" * 16, "findings": found, "clauses": tuple(clauses), "notes": (),
        "verdict": "violates" if any(f.level is Level.MUST for f in found) else "conforms", "exit_code": 1 if found else 0,
        "counts": {"requests": 2450, "cases": 2400, "accept_expected": 1300, "accepted": 1290, "reject_expected": 900, "rejected": 870,
                   "either": 200},
        "headline": "What was found.", "settings": {"workers": "8"}, "latency": latency_of([0.0012] * 50 + [0.0034] * 3 + [0.021]), "statuses": {"201": 1400, "400": 900},
        "first_shown": {f.id: 40 * n for n, f in enumerate(found, 1)},
    }
    return RunResult(**(fields | changes))


def accepted_result() -> RunResult:
    """A run with a new finding, a known defect, a declared deviation, and an accepted finding that no longer occurs; small, since axe looks long."""
    return result([
        finding("send-digits.max-length", "4xx", "201 Created", check="check_outcome"),
        finding("echo.status", "queued", "failed", path="$.status", body=call(status="failed"),
                accepted=Acceptance("baseline", "the queue is rewritten", "team-voice", date(2027, 12, 31))),
        finding("response.duration.type", "text or null", "a number: 0", path="$.duration", body=call(duration=0),
                accepted=Acceptance("declared", "numbers are numbers here")),
    ], every=9, stale=("The accepted break of to.sip no longer occurs: take it out of baseline.toml.",), notes=("Not everything was sent.",))


def hostile_result() -> RunResult:
    """A run in which everything that a target or a user can say is hostile."""
    case = Case((*BASE, (HOSTILE, HOSTILE)), "response.status.values")
    found = [
        finding("response.status.values", "queued", HOSTILE, path="$.status", case=case, cause=HOSTILE, body=call(status=HOSTILE)),
        finding("response.json", "one JSON object", HOSTILE, body=HOSTILE.encode("utf-8", "replace"), headers=((HOSTILE, HOSTILE),)),
        finding("response.uri.format", HOSTILE, HOSTILE, path=f"$.{HOSTILE}", before=(case,), check="check_attributes"),
    ]
    return result(found, notes=(HOSTILE,), headline=HOSTILE, url=f"http://x/{HOSTILE}", settings={HOSTILE: HOSTILE}, statuses={HOSTILE: 1})


class ClausePlugin:
    """Gives each item's report its clause, as ringtrue's own plugin does."""

    def __init__(self, run: RunResult) -> None:
        self.run = run

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Sets `ringtrue_clause`."""
        report = yield
        clause = item.callspec.params.get("clause") if hasattr(item, "callspec") else None
        if clause:
            report.ringtrue_clause = self.run.clause(clause)  # type: ignore[attr-defined]
        return report


SUITE = '''
import pytest
VERDICTS = {verdicts!r}

@pytest.mark.parametrize("clause", list(VERDICTS))
def test_clause(clause):
    if VERDICTS[clause] == "FAIL":
        pytest.fail("broken", pytrace=False)
    if VERDICTS[clause] in ("SKIPPED", "NOT-EXERCISED"):
        pytest.skip(VERDICTS[clause])

@pytest.mark.parametrize("text", ["<b>hi</b>"])
def test_somebody_elses(text):
    pass
'''


def render(run: RunResult | None, directory: Path, *options: str, self_contained: bool = True) -> Path:
    """report.html of a run, made by pytest-html with a tiny suite of one item a clause."""
    suite = directory / "suite"
    suite.mkdir(exist_ok=True)
    (suite / "pytest.ini").write_text("[pytest]\n", "utf-8")
    verdicts = {c.clause.id: c.verdict for c in run.clauses} if run else {}
    (suite / "test_tiny.py").write_text(SUITE.format(verdicts=verdicts), "utf-8")
    page = directory / "report.html"
    plugins: list[object] = [HtmlReport(lambda: run), *([ClausePlugin(run)] if run else [])]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        pytest.main([
            str(suite), "-c", str(suite / "pytest.ini"), "--rootdir", str(suite), "--import-mode=importlib", "-p", "no:cacheprovider",
            "-p", "no:terminal", "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin", f"--html={page}",
            *(["--self-contained-html"] if self_contained else []), *options,
        ], plugins=plugins)
    return page
