"""Ctrl-C, SIGTERM and SIGHUP: the first one ends the work in order, the second one at once.

The first is raised in the main thread as `Interrupted`; once `hold` was called it is only remembered, since what was learnt
is being written. The second ends the process, even while the main thread waits inside the system; of a file that was half
written nothing stays. Signals a moment apart are one wish: `timeout` and some shells send two. What was ignored when the
process began stays ignored, as `nohup` wants it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from harness.errors import INTERRUPTED, Interrupted
from harness.files import drop_asides

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_ONE_WISH = 0.4  # seconds
_ENDED = b"\nringtrue: interrupted twice, so it ended at once\n"


class Stops:
    """What came of these signals in this process, and what the next one does."""

    def __init__(self) -> None:
        self._held = False
        self.came = ""  # the name of the first signal

    def begin(self) -> None:
        """Forgets what came."""
        self._held, self.came = False, ""

    def hold(self, held: bool = True) -> None:
        """From here on a first signal no longer breaks in, it is remembered; with False, it breaks in again."""
        self._held = held

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Handles a signal in the main thread; what comes after the first one is the other thread's business."""
        if self.came:
            return
        self.came = signal.Signals(number).name
        if not self._held:
            raise Interrupted(f"{'Interrupted' if number == signal.SIGINT else f'Stopped by {self.came}'}: what was learnt until then is below.")


def _watch(source: int) -> None:
    """Reads the numbers of signals as they come, whatever the main thread does, until the source ends; ends the process at the second wish."""
    first: float | None = None
    while numbers := os.read(source, 64):
        now = time.monotonic()
        if not any(signal.Signals(n).name in _NAMES for n in numbers):
            continue
        if first is not None and now - first > _ONE_WISH:
            _end()
        first = now if first is None else first
    os.close(source)


def _end() -> None:
    """Ends the process."""
    drop_asides()
    with suppress(OSError):
        os.write(2, _ENDED)
    os._exit(INTERRUPTED)


STOPS = Stops()


@contextmanager
def heeded() -> Iterator[Stops]:
    """Heeds the signals inside of the block; in another thread than the main one it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield STOPS
        return
    STOPS.begin()
    old = _taken()
    wake = _watched()
    try:
        yield STOPS
    finally:
        STOPS.hold()
        if wake is not None:
            signal.set_wakeup_fd(-1)
            os.close(wake)
        for number, handler in old.items():
            signal.signal(number, handler)


def _taken() -> dict[signal.Signals, Any]:
    """Takes the signals that are not ignored; what handled them before."""
    numbers = [signal.Signals[name] for name in _NAMES if hasattr(signal, name)]
    return {n: signal.signal(n, STOPS.take) for n in numbers if signal.getsignal(n) not in (signal.SIG_IGN, None)}


def _watched() -> int | None:
    """Starts a thread that learns of signals at once; None where the system gives none, and then a second one does nothing."""
    try:
        source, wake = os.pipe()
    except OSError:
        return None
    try:
        os.set_blocking(wake, False)
        threading.Thread(target=_watch, args=(source,), daemon=True, name="ringtrue-signals").start()
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    except (OSError, ValueError, RuntimeError):
        os.close(wake)
        return None
    return wake
