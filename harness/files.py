"""Reading and writing whole files: what is written appears whole or not at all, what is read is bounded.

Every file that ringtrue reads may be anything at all: what can't be read becomes one sentence, never a traceback.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.errors import UsageError

LARGEST = 64 << 20


def write(path: Path, text: str) -> Path:
    """Writes a text file in UTF-8, whole or not at all: to one side, then moved into its place.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_text(text, "utf-8", newline="\n")
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    return path


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
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no usable path"
        raise UsageError(f"{path} can't be read ({why}); {what} was expected") from None
    if len(data) > largest:
        raise UsageError(f"{path} is too large for {what}: more than {largest >> 20} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 at byte {error.start}; {what} was expected") from None


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
