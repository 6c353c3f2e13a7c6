"""`ringtrue run`: pytest around the run; reports, terminal, exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.accepted import Baseline, read_baseline
from harness.comparing import write_matrix
from harness.config import RunConfig
from harness.engine import Run
from harness.errors import HarnessError, UsageError
from harness.files import write
from harness.plugin import Make, SuiteRun
from harness.recorded import RESULTS, load_results
from harness.report.baseline_file import baseline_text
from harness.report.escape import for_terminal
from harness.report.files import write_all
from harness.report.terminal import Progress, put, shorten
from harness.report.words import INTERRUPTED, count, verdict_sign, verdict_words
from harness.results import RunResult
from harness.saved import save_cases
from harness.telling import Telling, annotate, append_summary, check_json, tell

_UNWRITTEN = -1
_SUITE = Path(__file__).with_name("suite")


def run_several(configs: Sequence[RunConfig], write_baseline: Path | None = None, telling: Telling = Telling()) -> int:
    """Runs the suite against each target in turn, then writes the matrix of all of them beside their folders.

    Args:
        configs: of the runs.
        write_baseline: refused, as is a file for results.json: both are of one run.
        telling: what is told of each run beside its reports.

    Returns:
        1 where a target breaks the contract, else 3 where one could not be judged, else 0; 130 as soon as a run was interrupted.

    Raises:
        UsageError: a directory can't be written, or an option goes with one target.
    """
    if write_baseline is not None:
        raise UsageError("--write-baseline goes with one target; name its baseline in its table of the config file")
    if telling.json is not None:
        raise UsageError("--json goes with one target; of several, each has its results.json in its folder of --output")
    codes = []
    for config in configs:
        run = _conducted(config, Run)
        codes.append(run[1])
        put(_line_of(config, *run), sys.stdout)
        append_summary(run[0])
        annotate(run[0], telling)
        if run[1] == INTERRUPTED:
            return INTERRUPTED
    recorded = [load_results(c.output) for c in configs if (c.output / RESULTS).is_file()]
    page = write_matrix(recorded, configs[0].output.parent / "matrix.html")
    put(f"all together: {for_terminal(str(page))}\n", sys.stdout)
    return next((code for code in (1, 3) if code in codes), 0)


def _line_of(config: RunConfig, result: RunResult, code: int) -> str:
    words = f"{verdict_sign(result)} {config.name}: {verdict_words(result) if code != 3 or result.verdict == 'violates' else result.headline}"
    return shorten(for_terminal(words), 80) + "\n" + for_terminal(f"  {config.output / 'report.html'}") + "\n"


def run_suite(config: RunConfig, make: Make = Run, write_baseline: Path | None = None, telling: Telling = Telling()) -> int:
    """Runs the suite once and writes every report.

    Args:
        config: of the run.
        make: gives what conducts it; by default one that sends.
        write_baseline: a file to write every finding into, as accepted; the run then ends with 0 where it would have with 1.

    Returns:
        The exit code: 0, 1, 3 or 130; 3 also where a report could not be written.

    Raises:
        UsageError: the output directory or a file that was named can't be written.
    """
    old = check_baseline(write_baseline)
    check_json(telling.json)
    result, code = _conducted(replace(config, aloud=telling.loudness > 1), make)
    if not tell(result, config, telling) and code != INTERRUPTED:
        return 3
    if code not in (result.exit_code, INTERRUPTED):
        return code
    return code if write_baseline is None else _baseline(result, config, write_baseline, old)


def _conducted(config: RunConfig, make: Make) -> tuple[RunResult, int]:
    """Conducts a run and writes its reports: the result, and the exit code, which is 3 where a report could not be written."""
    _check_output(config.output)
    run = SuiteRun(config, Progress(sys.stderr), quiet=False, make=make)
    code = _pytest_safely(config, run)
    result = run.result
    if result is None:
        raise HarnessError(f"the suite did not run (pytest ended with {code}); run again with RINGTRUE_DEBUG=1")
    written = _write(result, config.output, run)
    whole = (written and code != _UNWRITTEN) or result.exit_code == INTERRUPTED
    return result, result.exit_code if whole else 3


def check_baseline(path: Path | None) -> Baseline | None:
    """The baseline that is to be written anew, where there is one.

    Raises:
        UsageError: the file is there and is no baseline, or its folder isn't there.
    """
    if path is None:
        return None
    if not path.parent.is_dir():
        raise UsageError(f"--write-baseline {path}: the folder {path.parent} is not there; make it first")
    return read_baseline(path, date.min) if path.exists() else None


def _baseline(result: RunResult, config: RunConfig, path: Path, old: Baseline | None) -> int:
    """Writes a baseline of what a whole run found."""
    if result.exit_code not in (0, 1):
        sys.stderr.write(f"ringtrue: {path} was not written, since this run did not come to its end\n")
        return result.exit_code
    try:
        write(path, baseline_text(result, old or config.gate.baseline))
    except OSError as error:
        raise UsageError(f"--write-baseline {path} can't be written ({error.strerror}); choose another file") from None
    number = sum(f.accepted is None or f.accepted.kind != "declared" for f in result.findings)
    sys.stderr.write(f"baseline: {for_terminal(str(path))} accepts {count(number, 'finding')}; give each a reason, then run with --baseline\n")
    return 0


def _check_output(directory: Path) -> None:
    """Says before the run starts that its reports can't be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b" " * 65536)
            file.flush()
    except OSError as error:
        raise UsageError(f"--output {directory} can't be written ({error.strerror}); choose another directory") from None


def _write(result: RunResult, directory: Path, run: SuiteRun) -> bool:
    """Writes what pytest's own reports don't hold; False where that failed."""
    try:
        write_all(result, directory)
        save_cases(result, directory, run.known)
    except OSError as error:
        _say_unwritten(directory, error)
        return False
    return True


def _pytest_safely(config: RunConfig, run: SuiteRun) -> int:
    """Runs pytest; a disk that is full takes its reports away, not the result."""
    try:
        return _pytest(config, run)
    except OSError as error:
        _say_unwritten(config.output, error)
        if run.result is None:
            raise UsageError(f"the run could not start, since a file can't be written ({error.strerror}); make room") from None
        return _UNWRITTEN


def _say_unwritten(directory: Path, error: OSError) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"ringtrue: the reports in {directory} could not be written ({error.strerror})\n")


def _pytest(config: RunConfig, run: SuiteRun) -> int:
    """Runs pytest on the suite, deaf to the user's own pytest settings and without its terminal."""
    with tempfile.TemporaryDirectory(prefix="ringtrue-") as scratch:
        ini = Path(scratch) / "pytest.ini"
        ini.write_text("[pytest]\n", "utf-8")
        arguments = [
            str(_SUITE), "-c", str(ini), "--rootdir", str(_SUITE), "--noconftest", "-p", "no:cacheprovider", "-p", "no:terminal",
            "-p", "no:logging", "-p", "no:hypothesispytest", "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin",
            f"--html={config.output / 'report.html'}", "--self-contained-html",
            "--continue-on-collection-errors",
        ]
        with _environment({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}):
            with _quiet_stdout():
                return int(pytest.main(arguments, plugins=[_Named(run)]))


class _Named:
    """Registers the run under the name that the plugin looks for."""

    def __init__(self, run: SuiteRun) -> None:
        self._run = run

    def pytest_configure(self, config: pytest.Config) -> None:
        """Registers the run."""
        config.pluginmanager.register(self._run, "ringtrue-run")


@contextlib.contextmanager
def _environment(changes: dict[str, str | None]) -> Any:
    old = {k: os.environ.get(k) for k in changes}
    for key, value in changes.items():
        _set(key, value)
    try:
        yield
    finally:
        for key, value in old.items():
            _set(key, value)


def _set(key: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(key, None)
    else:
        os.environ[key] = value


@contextlib.contextmanager
def _quiet_stdout() -> Any:
    """Keeps pytest's own words off the terminal; the run's progress goes to stderr."""
    if os.environ.get("RINGTRUE_DEBUG"):
        yield
        return
    with contextlib.redirect_stdout(io.StringIO()):
        yield
