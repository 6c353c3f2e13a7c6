"""The wheel, installed where no checkout is, runs from any directory and without network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from support import ROOT, required, results_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from a copy of the sources, so that nothing is written beside them."""
    directory = tmp_path_factory.mktemp("build")
    source = directory / "source"
    source.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("harness", "strategies"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    newer = tuple(int(p) for p in metadata.version("setuptools").split(".")[:1]) >= (77,)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(directory), *(["--no-isolation"] if newer else []), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL)
    if done.returncode and not newer and ("No matching distribution" in done.stdout + done.stderr or "Retrying" in done.stdout + done.stderr):
        required("a wheel can't be built without a package index, since setuptools here is older than 77")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def bin_directory(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that sees the dependencies of this one, but not its checkout, with the wheel in it."""
    directory = tmp_path_factory.mktemp("installed") / "env"
    venv.create(directory, with_pip=False, symlinks=True)
    python = directory / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True, timeout=30, check=True
    ).stdout.strip()
    # A directory named in a .pth file is put on the path, the .pth files in it, such as an editable install's, are not read.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet", "--disable-pip-version-check",
               str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return python.parent


def installed(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command with nothing of this checkout in its environment."""
    return subprocess.run(
        command, cwd=cwd, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, capture_output=True, text=True, encoding="utf-8", timeout=120,
        check=False, stdin=subprocess.DEVNULL,
    )


def test_wheel_holds_the_data_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {n.split("/")[0] for n in names if ".dist-info" not in n}
    assert tops == {"harness", "strategies"}
    wanted = {p.relative_to(ROOT).as_posix() for top in tops for p in (ROOT / top).rglob("*")
              if p.is_file() and p.suffix in (".py", ".json", ".css", ".js", ".txt")}
    assert wanted - set(names) == set()


def test_installed_command_is_the_wheel_s(bin_directory: Path, tmp_path: Path) -> None:
    done = installed([bin_directory / "python", "-c", "import harness, strategies; print(harness.__file__, strategies.__file__)"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(ROOT / "harness") not in done.stdout
    assert done.stdout.count(str(bin_directory.parent)) == 2


def test_installed_command_runs_from_any_directory(bin_directory: Path, tmp_path: Path) -> None:
    done = installed([bin_directory / "ringtrue", "run", "--max-requests", "200"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert results_of(tmp_path / "reports" / "latest")["counts"]["requests"] <= 200
    assert (tmp_path / "reports" / "latest" / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("arguments", [
    ("--version",), ("--help",), ("run", "--help"), ("contract",), ("contract", "--openapi"), ("contract", "--json"),
    ("explain", "send-digits.max-length"), ("serve", "--list-faults"),
], ids=" ".join)
def test_installed_command_s_other_parts_work(arguments: tuple[str, ...], bin_directory: Path, tmp_path: Path) -> None:
    done = installed([bin_directory / "ringtrue", *arguments], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert list(tmp_path.iterdir()) == []
