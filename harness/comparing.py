"""`ringtrue compare`: reads recorded runs, has them compared, writes what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness import compare
from harness.errors import UsageError
from harness.files import write
from harness.recorded import Recorded, load_results
from harness.report import changes, matrix
from harness.report.escape import for_terminal

_MATRIX = Path("reports/matrix.html")
Echo = Callable[[str], object]


def compare_runs(paths: Sequence[Path], as_matrix: bool, markdown: Path | None, html: Path | None, strict: bool, echo: Echo) -> int:
    """Compares recorded runs and shows what changed.

    Args:
        paths: of results.json files or of directories that hold one; the older run first.
        as_matrix: whether they are laid beside each other instead.
        markdown, html: files to write as well; `-` as Markdown's shows it instead of the plain text.
        strict: as for `harness.compare.Comparison.exit_code`.
        echo: shows a text.

    Returns:
        The exit code.

    Raises:
        UsageError: too few or too many runs, a file that is none, a file that can't be written.
    """
    if len(paths) < 2 or (len(paths) > 2 and not as_matrix):
        raise UsageError("name two runs, the older one first; --matrix takes more")
    runs = [load_results(p) for p in paths]
    if as_matrix:
        _show(matrix.as_text(runs), matrix.as_markdown(runs), markdown, echo)
        echo(for_terminal(f"page: {_written(html or _MATRIX, matrix.as_html(runs))}"))
        return 0
    comparison = compare.compare(runs[0], runs[1])
    _show(changes.as_text(comparison), changes.as_markdown(comparison), markdown, echo)
    if html is not None:
        _written(html, changes.as_html(comparison))
    return comparison.exit_code(strict)


def write_matrix(runs: Sequence[Recorded], path: Path) -> Path:
    """Writes the page of several runs."""
    return _written(path, matrix.as_html(runs))


def _show(text: str, as_markdown: str, markdown: Path | None, echo: Echo) -> None:
    if markdown is not None and str(markdown) != "-":
        _written(markdown, as_markdown)
    echo((as_markdown if str(markdown) == "-" else text).rstrip("\n"))


def _written(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write(path, text)
    except OSError as error:
        raise UsageError(f"{path} can't be written ({error.strerror}); choose another file") from None
