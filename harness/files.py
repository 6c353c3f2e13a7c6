"""Reading and writing whole files: what is written appears whole or not at all, what is read is bounded.

Every file that ringtrue reads may be anything at all: what can't be read becomes one sentence, never a traceback.
"""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import re
import select
import shutil
import stat
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from harness.errors import UsageError

LARGEST = 64 << 20
_NO_FILE = "it is no regular file"
_LARGEST_TOML = 4 << 20
_MOST_PARTS = 30
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}")
_SILENCE, _PATIENCE = 10.0, 120.0  # seconds to wait for a pipe: for its next piece, for all of it


_ASIDE = re.compile(r"\.ringtrue-([0-9]+)-[0-9]+\.tmp")
_asides: set[Path] = set()
_numbers = itertools.count(1)


def write(path: Path, text: str) -> Path:
    """Writes a text file in UTF-8, whole or not at all: to one side, then moved into its place. A link stays a link.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes, like: Path | None = None) -> Path:
    """Writes a file whole or not at all, as `write` does; with another one's rights, where one is named.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    if _is_device(path):
        _put_into(path, io.BytesIO(data))
        return path
    aside = aside_of(path)
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if like is None else 0o600), "wb") as stream:
            stream.write(data)
        if like is not None:
            aside.chmod(stat.S_IMODE(like.stat().st_mode))
        put_in_place(aside, path)
    except BaseException:
        drop(aside)
        raise
    return path


def aside_of(path: Path) -> Path:
    """A new name beside a file, to write it under until it is whole; `put_in_place` or `drop` ends it."""
    place = os.path.realpath(path) if os.path.isfile(path) or not os.path.exists(path) else os.path.abspath(path)
    aside = Path(place).with_name(f".ringtrue-{os.getpid()}-{next(_numbers)}.tmp")
    _asides.add(aside)
    return aside


def put_in_place(aside: Path, path: Path) -> None:
    """Moves what was written to one side into its place; a device there stays one, and is given it.

    Raises:
        OSError: it can't be moved, or what is there is neither a file nor such a device.
    """
    if _is_device(path):
        with aside.open("rb") as stream:
            _put_into(path, stream)
        drop(aside)
        return
    os.replace(aside, os.path.realpath(path))
    _asides.discard(aside)


def _is_device(path: Path) -> bool:
    """Whether a character device is there, which is written to and never put something in the place of; links are followed.

    Raises:
        OSError: a pipe, a socket or a disk is there.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISCHR(mode)):
        raise OSError(errno.EINVAL, _NO_FILE, str(path))
    return stat.S_ISCHR(mode)


def _put_into(device: Path, stream: IO[bytes]) -> None:
    with open(os.open(device, os.O_WRONLY | getattr(os, "O_NOCTTY", 0)), "wb") as out:
        shutil.copyfileobj(stream, out)


def open_to_append(path: Path, flags: int = 0, mode: int = 0o666) -> int:
    """Opens a file that is written to at its end; never waits for whoever reads a pipe.

    Raises:
        OSError: it can't be opened, or is neither a file nor a character device.
    """
    _is_device(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | flags, mode)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            _is_device(path)
    except OSError:
        os.close(handle)
        raise
    return handle


def check_appended(path: Path) -> None:
    """Says before anything is sent that what is written on the way can't go where it belongs.

    Raises:
        UsageError: something else than a file or a character device is there.
    """
    with suppress(OSError):
        if _is_device(path) or not path.is_dir():
            return
    raise UsageError(f"{path} can't be written ({_NO_FILE}); take it away or choose another directory")


def drop(aside: Path) -> None:
    """Takes away what was written to one side."""
    with suppress(OSError):
        aside.unlink()
    _asides.discard(aside)


def drop_asides() -> None:
    """Takes away all that this process has not written whole, before it ends."""
    for aside in tuple(_asides):
        drop(aside)


def sweep(directory: Path) -> None:
    """Takes away what processes that were killed left half written in a directory."""
    with suppress(OSError):
        for path in directory.iterdir():
            found = _ASIDE.fullmatch(path.name)
            if found is not None and path not in _asides and not _writes(int(found[1])):
                drop(path)


def _writes(process: int) -> bool:
    """Whether another process of that number is there, which may still write."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def read_text(path: Path, what: str, largest: int = LARGEST) -> str:
    """The text of a file that the user named, in UTF-8, without a byte order mark.

    Args:
        path: of the file.
        what: what it should be, for messages: `a saved case`.
        largest: in bytes.

    Raises:
        UsageError: it can't be read, is too large, or is not UTF-8.
    """
    try:
        data = _bytes_of(path, largest + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no usable path"
        raise UsageError(f"{path} can't be read ({why}); {what} was expected") from None
    if len(data) > largest:
        raise UsageError(f"{path} is too large for {what}: more than {largest >> 20} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 at byte {error.start}; {what} was expected") from None


def _bytes_of(path: Path, most: int) -> bytes:
    """At most so many bytes of a file. A pipe is read to its end, unless nothing comes for a while.

    Raises:
        OSError: it can't be read, or a pipe gives nothing.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(handle, "rb", buffering=0) as stream:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return stream.read(most)
        data, end = bytearray(), time.monotonic() + _PATIENCE
        while len(data) < most:
            left = end - time.monotonic()
            if left <= 0 or not select.select([handle], [], [], min(left, _SILENCE))[0]:
                raise OSError(None, f"it gives nothing more within {_SILENCE:.0f} s")
            piece = stream.read(min(most - len(data), 1 << 20))
            if not piece and piece is not None:
                break
            data += piece or b""
        return bytes(data)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The table of a TOML file.

    Raises:
        UsageError: as for `read_text`, or it is no TOML, or one that nobody writes by hand.
    """
    text = read_text(path, what, _LARGEST_TOML)
    try:
        # A key of very many parts would take time by the square of them.
        if _LONG_KEY.search(text):
            raise UsageError(f"{path} has a key of more than {_MOST_PARTS} parts; {what} was expected")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:120] if isinstance(error, tomllib.TOMLDecodeError) else "it is nested too deep or has too long a number"
        raise UsageError(f"{path} is no valid TOML ({why}); {what} was expected") from None


def read_json(path: Path, what: str, largest: int = LARGEST) -> Any:
    """The value of a JSON file.

    Raises:
        UsageError: as for `read_text`, or it is no JSON.
    """
    try:
        return json.loads(read_text(path, what, largest))
    except (ValueError, RecursionError) as error:
        at = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{path} is no JSON{at}; {what} was expected") from None
