"""`ringtrue redact`: a directory of reports without what nobody else should read, as a copy or in place.

Every regular file is looked into, whatever it is called. A file appears whole or not at all; what can't be looked into is named,
and never copied.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.errors import Inconclusive, UsageError
from harness.files import write_bytes
from harness.redaction import KINDS, Cleaner, told
from harness.report.escape import for_terminal
from harness.report.words import count
from harness.secrecy import Needles, needles_of

LARGEST = 1 << 30  # bytes of one file
_PACKED = {
    b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"\x28\xb5\x2f\xfd": "zstd", b"Rar!": "rar",
    b"%PDF": "PDF",
}
# Those of UTF-32 begin as those of UTF-16 do.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 16  # bytes by which text in UTF-16 is known
Echo = Callable[[str], object]


@dataclass(frozen=True)
class Asked:
    """What is to be taken out, beside what looks like a secret.

    Args:
        tokens: those that are known.
        accounts: whether account SIDs go too.
        numbers: whether phone numbers go too.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    accounts: bool = False
    numbers: bool = False


class _Left(Exception):
    """Why a file can't be cleaned."""


class _Content(NamedTuple):
    """What is in a file.

    Args:
        data: the bytes; of text in UTF-16 or UTF-32 in UTF-8.
        code: in which it was, if it was.
        mark, rest: what stands before and after it.
    """

    data: bytes
    code: str = ""
    mark: bytes = b""
    rest: bytes = b""

    def written(self, clean: bytes) -> bytes:
        """Clean data in the encoding that the file was in."""
        if not self.code:
            return clean
        try:
            return self.mark + clean.decode("utf-8", "surrogatepass").encode(self.code, "surrogatepass") + self.rest
        except UnicodeDecodeError:
            raise _Left(f"it is in {self.code.upper()} and can't be written so again") from None


def redact(directory: Path, output: Path | None, asked: Asked, echo: Echo) -> None:
    """Cleans a directory.

    Args:
        directory: what a run wrote, or any other.
        output: a new directory for the clean files; None for in place.
        asked: what is taken out.
        echo: shows a line.

    Raises:
        UsageError: the directory is none, the output is there already or can't be written.
        Inconclusive: in place, files remain that can't be looked into.
    """
    if not os.path.isdir(directory):
        raise UsageError(f"{directory} is no directory; name the one that a run wrote, such as reports/latest")
    if output is not None:
        _make(output, directory)
    cleaner = Cleaner(_needles(asked.tokens), asked.accounts, asked.numbers)
    files, left, others = _files(directory)
    for name in list(files):
        try:
            cleaner.learn(_content(_read(directory / name)).data)
        except _Left as why:
            left[name] = str(why)
            files.remove(name)
    for name in others if output is None else ():
        if any(_clean_path(path, cleaner) != path for path in (name, *_goal(directory / name))):
            left[name] = "its name, or what it leads to, holds a secret"
    total: Counter[str] = Counter()
    changed = 0
    for name in files:
        try:
            counts = _one(directory, name, output, cleaner)
        except (_Left, OSError) as why:
            left[name] = _why(why) if isinstance(why, OSError) else str(why)
            continue
        if counts:
            echo(for_terminal(f"{_clean_path(name, cleaner)}: {_in_words(counts)}"))
        total += counts
        changed += bool(counts)
    _tell(total, changed, len(files), {_clean_path(name, cleaner): why for name, why in left.items()}, output, asked, echo)
    if left and output is None:
        raise Inconclusive(f"{count(len(left), 'file')} could not be looked into and may hold secrets: take them away before you share {directory}")


def _needles(tokens: Sequence[str]) -> Needles:
    found = Needles()
    for token in tokens:
        found |= needles_of(token)
    return found


def _make(output: Path, directory: Path) -> None:
    try:
        if output.resolve().is_relative_to(directory.resolve()):
            raise UsageError(f"--output {output} is inside of {directory}; choose another directory")
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UsageError(f"--output {output} is there already; choose another directory")
        output.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"--output {output} can't be written ({_why(error)}); choose another directory") from None


def _goal(path: Path) -> list[Path]:
    """Where a link leads; nowhere what is none."""
    try:
        return [path.readlink()] if path.is_symlink() else []
    except OSError:
        return []


def _files(directory: Path) -> tuple[list[Path], dict[Path, str], list[Path]]:
    """What is below a directory, relative and in order: its files, what is there instead of one and why, links and empty folders."""
    files: list[Path] = []
    left: dict[Path, str] = {}
    others: list[Path] = []

    def failed(error: OSError) -> None:
        left[Path(error.filename).relative_to(directory)] = _why(error)

    for parent, folders, names in os.walk(directory, onerror=failed):
        folders.sort()
        for name in sorted([*names, *(f for f in folders if os.path.islink(os.path.join(parent, f)))]):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                files.append(path.relative_to(directory))
            elif stat.S_ISLNK(mode):
                others.append(path.relative_to(directory))
            else:
                left[path.relative_to(directory)] = "it is no regular file"
        if not folders and not names:
            others.append(Path(parent).relative_to(directory))
    return files, left, others


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise _Left(f"it is larger than {LARGEST >> 30} GB")
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise _Left(_why(error)) from None
    packed = next((kind for magic, kind in _PACKED.items() if data.startswith(magic)), None)
    if packed is not None:
        raise _Left(f"it is packed ({packed})")
    return data


def _one(directory: Path, name: Path, output: Path | None, cleaner: Cleaner) -> Counter[str]:
    """Cleans one file and its name."""
    source = directory / name
    data = _read(source)
    content = _content(data)
    clean, counts = cleaner.clean(content.data, not content.code and _is_binary(data))
    if counts and cleaner.needles.are_in(clean):
        raise _Left("a token is in it in a way that can't be taken out")
    clean = content.written(clean) if counts else data
    called = _clean_path(name, cleaner, counts)
    if output is not None:
        (output / called).parent.mkdir(parents=True, exist_ok=True)
        if (output / called).exists():
            raise _Left("its clean name is another file's too")
        write_bytes(output / called, clean, source)
        return counts
    if called.parent != name.parent:
        raise _Left("its folder's name holds a secret")
    if clean != data:
        write_bytes(source, clean, source)
    if called != name:
        if (directory / called).exists():
            raise _Left("its clean name is another file's too")
        os.replace(source, directory / called)
    return counts


def _clean_path(path: Path, cleaner: Cleaner, counts: Counter[str] | None = None) -> Path:
    """A relative path whose names hold no secret; what was replaced is added to the counts."""
    parts = []
    for part in path.parts:
        clean, found = cleaner.clean(os.fsencode(part), binary=True)
        parts.append(os.fsdecode(clean))
        if counts is not None:
            counts += found
    return Path(*parts)


def _content(data: bytes) -> _Content:
    """What is in a file, as text where it is text in UTF-16 or UTF-32."""
    mark, code = next(((m, c) for m, c in _MARKS if data.startswith(m)), (b"", _code_without_mark(data)))
    if not code:
        return _Content(data)
    end = len(data) - (len(data) - len(mark)) % (4 if "32" in code else 2)
    try:
        text = data[len(mark):end].decode(code, "surrogatepass")
    except UnicodeDecodeError:
        return _Content(data)
    if "\0" in text and not mark:
        return _Content(data)
    return _Content(text.encode("utf-8", "surrogatepass"), code, mark, data[end:])


def _code_without_mark(data: bytes) -> str:
    """In which encoding text is, most of it in ASCII, that has NULs in nearly every second byte, and there alone."""
    first, second = data[:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
    half = min(len(data), _SAMPLE) // 2
    for code, few, many in (("utf-16-le", first, second), ("utf-16-be", second, first)):
        if many * 2 > half > few * 20:
            return code
    return ""


def _is_binary(data: bytes) -> bool:
    """Whether something may count on where things are in it: what has NULs or is no UTF-8."""
    if b"\0" in data:
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _tell(total: Counter[str], changed: int, looked: int, left: dict[Path, str], output: Path | None, asked: Asked, echo: Echo) -> None:
    for name, why in sorted(left.items()):
        echo(for_terminal(f"left {'out' if output is not None else 'as it is'}: {name}, since {why}"))
    echo(f"replaced {_in_words(total) or 'nothing'}, in {changed} of {count(looked, 'file')}")
    if not asked.tokens:
        echo("no token is in the environment: only what looks like credentials was looked for")
    if output is not None:
        echo(for_terminal(f"clean files: {output}"))


def _in_words(counts: Counter[str]) -> str:
    return told((kind, counts[kind]) for kind in KINDS if counts[kind])


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or "no reason given"
