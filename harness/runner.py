"""`ringtrue run`: pytest around the run; reports, terminal, exit code."""

from __future__ import annotations

import contextlib
import gc
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

from harness import calls, journal
from harness.accepted import Baseline, read_baseline
from harness.config import RunConfig
from harness.engine import Run
from harness.errors import INTERRUPTED, Inconclusive, Interrupted, UsageError
from harness.files import aside_of, check_appended, drop, put_in_place, sweep, write
from harness.lock import alone_in
from harness.own_errors import REPORT_IT, sentence, show
from harness.plugin import Make, SuiteRun
from harness.recorded import RESULTS, load_results
from harness.report.baseline_file import baseline_text, told_of_baseline
from harness.report.escape import for_terminal
from harness.report.files import write_each
from harness.report.terminal import Progress, put, shorten
from harness.report.words import verdict_sign, verdict_words
from harness.results import RunResult
from harness.saved import save_cases
from harness.stops import STOPS
from harness.telling import Telling, annotate, append_summary, check_json, shown, tell

PAGE = "report.html"
_VARIABLE = "RINGTRUE_PAGE"  # names pytest-html's file by a variable: it takes $ and ~ in a path for more than letters
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
        run = _conducted(replace(config, aloud=telling.loudness > 1), Run)
        codes.append(run[1])
        put(_told_of(config, *run, telling.loudness), sys.stdout)
        append_summary(run[0])
        annotate(run[0], telling)
        if run[1] == INTERRUPTED or STOPS.came:
            return INTERRUPTED
    recorded = [load_results(c.output) for c in configs if (c.output / RESULTS).is_file()]
    from harness.comparing import write_matrix

    page = write_matrix(recorded, configs[0].output.parent / "matrix.html")
    if telling.loudness >= 0:
        put(f"all together: {for_terminal(str(page))}\n", sys.stdout)
    return next((code for code in (1, 3) if code in codes), 0)


def _told_of(config: RunConfig, result: RunResult, code: int, loudness: int) -> str:
    """What is told of one of several runs: its verdict and its report; quietly the verdict alone or nothing, loudly everything."""
    if loudness < -1:
        return ""
    if loudness > 0:
        return f"{for_terminal(config.name)}:\n{shown(result, config, loudness)}\n"
    words = f"{verdict_sign(result)} {config.name}: {verdict_words(result) if code != 3 or result.verdict == 'violates' else result.headline}"
    path = for_terminal(f"  {config.output / PAGE}") + "\n" if loudness == 0 else ""
    return shorten(for_terminal(words), 80) + "\n" + path


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
    for name in (journal.NAME, calls.NAME) if make is Run else ():
        check_appended(config.output / name)
    with alone_in(config.output):
        sweep(config.output)
        STOPS.hold(False)
        run = SuiteRun(replace(config, journal=make is Run), Progress(sys.stderr), quiet=False, make=make)
        failed = _pytest(config, run)
        result = run.result
        if result is None and STOPS.came:
            raise Interrupted
        if result is None:
            raise failed or Inconclusive(f"the suite did not run; {REPORT_IT}")
        unwritten = {PAGE: failed} if failed is not None else {}
        unwritten |= write_each(result, config.output)
        unwritten |= _save(result, config.output, run)
    for reason, names in _by_reason(unwritten).items():
        put(f"ringtrue: {', '.join(names)} could not be written into {for_terminal(str(config.output))}: {reason}\n", sys.stderr)
    return result, 3 if unwritten and result.exit_code != INTERRUPTED else result.exit_code


def _save(result: RunResult, directory: Path, run: SuiteRun) -> dict[str, Exception]:
    """Writes the cases; why they could not be written, where they could not."""
    try:
        save_cases(result, directory, run.known)
    except Exception as error:
        show(error)
        return {"cases": error}
    return {}


def _by_reason(unwritten: dict[str, Exception]) -> dict[str, list[str]]:
    """Names of files by why they could not be written."""
    reasons: dict[str, list[str]] = {}
    for name, error in unwritten.items():
        reasons.setdefault(sentence(error), []).append(name)
    return reasons


def check_baseline(path: Path | None) -> Baseline | None:
    """The baseline that is to be written anew, where there is one.

    Raises:
        UsageError: the file is there and is no baseline, or its folder isn't there.
    """
    if path is None:
        return None
    if not os.path.isdir(path.parent):
        raise UsageError(f"--write-baseline {path}: the folder {path.parent} is not there; make it first")
    return read_baseline(path, date.min) if os.path.exists(path) else None


def _baseline(result: RunResult, config: RunConfig, path: Path, old: Baseline | None) -> int:
    """Writes a baseline of what a whole run found."""
    if result.exit_code not in (0, 1):
        sys.stderr.write(f"ringtrue: {for_terminal(str(path))} was not written, since this run did not come to its end\n")
        return result.exit_code
    try:
        old = old or config.gate.baseline
        write(path, baseline_text(result, old))
    except OSError as error:
        raise UsageError(f"--write-baseline {path} can't be written ({error.strerror}); choose another file") from None
    sys.stderr.write("".join(f"{line}\n" for line in told_of_baseline(for_terminal(str(path)), result, old, date.today())))
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


def _pytest(config: RunConfig, run: SuiteRun) -> Exception | None:
    """Runs pytest on the suite, deaf to the user's own pytest settings and without its terminal; what kept it from writing its page, if anything."""
    page = aside_of(config.output / PAGE)
    arguments = [
        str(_SUITE), "-c", os.devnull, "--rootdir", str(_SUITE), "--noconftest", "-p", "no:cacheprovider", "-p", "no:terminal",
        "-p", "no:logging", "-p", "no:hypothesispytest", "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin",
        f"--html=${_VARIABLE}", "--self-contained-html", "--capture=no", "--continue-on-collection-errors",
    ]
    changes = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None, _VARIABLE: os.path.abspath(page)}
    try:
        with _environment(changes), _quiet_stdout():
            pytest.main(arguments, plugins=[_Named(run)])
        if run.error is None and run.result is not None:
            put_in_place(page, config.output / PAGE)
        return run.error
    except Exception as error:
        show(error)
        return error
    finally:
        gc.unfreeze()
        drop(page)


class _Named:
    """Registers the run under the name that the plugin looks for."""

    def __init__(self, run: SuiteRun) -> None:
        self._run = run

    def pytest_configure(self, config: pytest.Config) -> None:
        """Registers the run."""
        config.pluginmanager.register(self._run, "ringtrue-run")

    def pytest_unconfigure(self) -> None:
        """Spares pytest the search for unreachable objects that it makes five times over before it ends."""
        gc.freeze()


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
