"""The pytest plugin: options, the run before the first item, one report a clause, the files at the end.

`ringtrue run` calls pytest with this plugin; pytest users load it with `-p harness.plugin`. It conducts nothing itself
(`harness.engine`) and renders nothing (`harness.report`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from harness.config import ACCOUNT_VARIABLE, TOKEN_VARIABLE, RunConfig, checked, proxy_auth, token_from
from harness.contract import CLAUSES
from harness.engine import ProgressFn, Run
from harness.errors import INTERRUPTED, HarnessError, UsageError
from harness.oracle import Knowledge
from harness.own_errors import sentence, show
from harness.report.escape import for_terminal
from harness.report.files import write_all
from harness.report.html import HtmlReport
from harness.report.terminal import Progress, render
from harness.results import RunResult
from harness.saved import save_cases
from harness.stops import STOPS

RESULT = pytest.StashKey[RunResult]()
_OWN_ITEMS = "test_clauses.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ringtrue's options to pytest's."""
    group = parser.getgroup("ringtrue", "ringtrue conformance suite")
    group.addoption("--target-url", default=None, help="base URL of the server under test (default: an embedded emulator)")
    group.addoption("--account-sid", default=None, help=f"account of the target (or {ACCOUNT_VARIABLE})")
    group.addoption("--auth-token-env", default=TOKEN_VARIABLE, help="variable that holds the auth token")
    group.addoption("--from-number", action="append", default=[], help="a number that the target owns (repeatable)")
    group.addoption("--to-number", action="append", default=[], help="a number that may be called (repeatable)")
    group.addoption("--ringtrue-profile", default="quick", help="quick, standard or deep")
    group.addoption("--ringtrue-seed", type=int, default=0, help="seed of the run")
    group.addoption("--ringtrue-max-requests", type=int, default=None)
    group.addoption("--ringtrue-max-time", type=float, default=None)
    group.addoption("--ringtrue-rate", type=float, default=None)
    group.addoption("--ringtrue-strict", action="store_true", help="a broken SHOULD fails too")
    group.addoption("--ringtrue-allow-http", action="store_true", help="http to a host that is not this machine")
    group.addoption("--ringtrue-ca-bundle", default=None, help="certificates to trust instead of the usual ones")
    group.addoption("--ringtrue-proxy", default=None, help="HTTP proxy to go through")
    group.addoption("--ringtrue-allow-real-calls", type=int, default=None, help="create at most so many calls")
    group.addoption("--ringtrue-hang-up", action="store_true", help="end each created call again")
    group.addoption("--ringtrue-output", default=None, help="directory for results.json, junit.xml, results.sarif, summary.md and the rest")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the run for sessions that pytest users start; `ringtrue run` registers its own first."""
    if config.pluginmanager.get_plugin("ringtrue-run") is None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SuiteRun(None, None, quiet=True), "ringtrue-run")


def config_of(config: pytest.Config) -> RunConfig:
    """The run's configuration from pytest's options.

    Raises:
        UsageError: an option's value is unusable.
    """
    option = config.getoption
    url = option("--target-url")
    variable = option("--auth-token-env")
    output, proxy = option("--ringtrue-output"), option("--ringtrue-proxy")
    if option("--ringtrue-allow-real-calls") is not None and not output:
        raise UsageError("--ringtrue-allow-real-calls goes with --ringtrue-output, where the calls that were created are written down")
    return checked(RunConfig(
        url=url, account_sid=(option("--account-sid") or os.environ.get(ACCOUNT_VARIABLE)) if url else None,
        auth_token=token_from(variable) if url else None, token_variable=variable, own=tuple(option("--from-number")),
        called=tuple(option("--to-number")), profile=option("--ringtrue-profile"), seed=option("--ringtrue-seed"),
        max_requests=option("--ringtrue-max-requests"), max_time=option("--ringtrue-max-time"), rate=option("--ringtrue-rate"),
        strict=option("--ringtrue-strict"), allow_http=option("--ringtrue-allow-http"), output=Path(output) if output else Path(os.devnull),
        ca_bundle=option("--ringtrue-ca-bundle"), proxy=proxy, proxy_auth=proxy_auth() if proxy else None,
        real_calls=option("--ringtrue-allow-real-calls"), journal=bool(output), hang_up=option("--ringtrue-hang-up"),
    ))


class Conductor(Protocol):
    """What comes to a result, by sending or from what was recorded."""

    @property
    def known(self) -> Knowledge:
        """What it came to know of the target."""

    def conduct(self) -> RunResult:
        """Works to the end, whatever happens."""


Make = Callable[[RunConfig, ProgressFn], Conductor]


class SuiteRun:
    """One run inside one pytest session.

    Args:
        config: of the run, or None to take it from pytest's options.
        progress: shows how far it is.
        quiet: whether pytest's own terminal output is left as it is.
        make: gives what conducts the run; by default one that sends.
    """

    def __init__(self, config: RunConfig | None, progress: Progress | None, quiet: bool, make: Make = Run) -> None:
        self.config = config
        self._make = make
        self.progress = progress
        self.own_terminal = not quiet
        self.result: RunResult | None = None
        self.error: Exception | None = None
        self.selected: frozenset[str] | None = None
        self.known = Knowledge()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Registers the HTML report's columns and styles, where pytest-html is used."""
        if hasattr(session.config.option, "htmlpath"):
            session.config.pluginmanager.register(HtmlReport(lambda: self.result), "ringtrue-html")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Remembers which clauses were asked for, so that only those are exercised."""
        ids = {_clause_of(i) for i in items} - {None}
        if ids and len(ids) < len(CLAUSES):
            self.selected = frozenset(i for i in ids if i)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Conducts the run before the first item."""
        if any(_clause_of(i) for i in session.items) and not session.config.option.collectonly:
            try:
                self.conduct(session.config)
            except HarnessError as error:
                pytest.exit(f"ringtrue: {error}", returncode=error.exit_code)
            except Exception as error:
                if self.own_terminal:
                    raise
                # pytest would show the values of variables, with --showlocals even those that hold the credentials.
                show(error)
                pytest.exit(f"ringtrue: {sentence(error)}", returncode=3)
        return (yield)

    @pytest.hookimpl
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Keeps an error of pytest, a plugin or ours for `ringtrue run`, which says it in one sentence."""
        if not self.own_terminal or not isinstance(excinfo.value, Exception):
            return None
        self.error = excinfo.value
        show(excinfo.value)
        return True

    def conduct(self, config: pytest.Config) -> None:
        """Runs and keeps the result."""
        run_config = self.config or config_of(config)
        if self.selected is not None and not run_config.only:
            run_config = replace(run_config, only=tuple(sorted(self.selected)))
        self.config = run_config
        progress = self.progress
        run = self._make(run_config, progress.update if progress is not None else lambda *_: None)
        self.result = run.conduct()
        STOPS.hold()
        self.known = run.known
        if progress is not None:
            progress.close()

    def usable_result(self) -> RunResult:
        """The run's result; ends the session where there is none, or none that says anything."""
        if self.result is None:
            pytest.exit("ringtrue: the run gave no result", returncode=3)
        if self.result.verdict == "inconclusive" and self.result.exit_code != INTERRUPTED and not self.own_terminal:
            pytest.exit(f"ringtrue: {self.result.headline}", returncode=self.result.exit_code)
        return self.result

    @property
    def strict(self) -> bool:
        """Whether a broken SHOULD fails."""
        return bool(self.config and self.config.strict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Gives each report its clause's result."""
        report = yield
        clause_id = _clause_of(item)
        if clause_id is not None and self.result is not None and report.when in ("call", "setup"):
            result = self.result.clause(clause_id)
            report.ringtrue_clause = result  # type: ignore[attr-defined]
            if report.when == "call":
                item.user_properties += [("level", result.clause.level.value), ("verdict", result.verdict), ("cases", str(result.cases))]
                report.user_properties = item.user_properties
        return report

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """For pytest users: ringtrue's verdict under pytest's own lines."""
        if self.own_terminal or self.result is None or self.config is None:
            return
        terminalreporter.section("ringtrue")
        written = str(self.config.output) != os.devnull
        terminalreporter.write(render(self.result, self.config.output if written else None))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes results.json and the others where pytest users asked for a directory; an interrupted run ends with 130."""
        if self.own_terminal or self.result is None or self.config is None:
            return
        if self.result.exit_code == INTERRUPTED:
            session.exitstatus = INTERRUPTED
        if str(self.config.output) == os.devnull:
            return
        try:
            self.config.output.mkdir(parents=True, exist_ok=True)
            write_all(self.result, self.config.output)
            save_cases(self.result, self.config.output, self.known)
        except OSError as error:
            sys.stderr.write(f"ringtrue: {for_terminal(str(self.config.output))} can't be written: {error.strerror}\n")


def _clause_of(item: pytest.Item) -> str | None:
    """The clause that an item is about, or None for somebody else's test."""
    if item.path.name != _OWN_ITEMS or not hasattr(item, "callspec"):
        return None
    value = item.callspec.params.get("clause_id")
    return value if isinstance(value, str) else None
