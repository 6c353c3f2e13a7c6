"""One run a directory: the directory itself is locked, so that no file of a lock is there and a killed process leaves none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UsageError

try:
    import fcntl
except ImportError:  # not on Windows, where two runs into one directory are the user's business
    fcntl = None  # type: ignore[assignment]


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Holds a directory that is there; where the file system knows no locks, nothing is held.

    Raises:
        UsageError: another process holds it.
    """
    held = _locked(directory)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def _locked(directory: Path) -> int | None:
    if fcntl is None:
        return None
    try:
        held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise UsageError(f"another run is writing into {directory}; wait for its end, or choose another directory with --output") from None
    except OSError:
        pass
    return held
