"""Running an emulator: in this process until it is told to stop, or in a process of its own.

For sockets, signals and subprocesses. What is served is ``app``'s business.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from harness.emulator.app import create_app
from harness.emulator.settings import EmulatorSettings

TOKEN_VARIABLE = "RINGTRUE_EMULATOR_TOKEN"
LOOPBACK = "127.0.0.1"
BACKLOG = 2048
START_LIMIT_S = 15.0
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")

Ready = Callable[[str], None]


class EmulatorError(OSError):
    """The emulator could not be started; the text says why."""


class AddressUnavailable(EmulatorError):
    """The host and port cannot be listened at; the text says what to try instead."""


def serve(
    settings: EmulatorSettings,
    host: str = LOOPBACK,
    port: int = 0,
    ready: Ready | None = None,
    *,
    stops_with_stdin: bool = False,
) -> None:
    """Serves one emulator until SIGINT, SIGTERM or SIGHUP.

    Args:
        port: 0 takes a free one.
        ready: is called with the base URL once connections are taken.
        stops_with_stdin: whether the end of the standard input stops it too, as when a parent process dies.

    Raises:
        AddressUnavailable: the host and port cannot be listened at.
        ValueError: a name among the settings' faults or variants is unknown.
    """
    # Here, since whoever only starts a process needs no server of their own.
    from harness.emulator.listener import run

    run(settings, _listen(host, port), ready, stops_with_stdin=stops_with_stdin)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressUnavailable(
            f"cannot listen at {host} port {port} ({reason}); choose another --port, or 0 for a free one"
        ) from error


class Emulator:
    """An emulator in a process of its own, for as long as the ``with`` block lasts.

    Args:
        settings: what to serve; by default a faithful emulator.
        host: the address to listen at.
        port: 0 takes a free one.

    Raises:
        AddressUnavailable: on entering, the host and port cannot be listened at.
        EmulatorError: on entering, the process did not come up.
        ValueError: on entering, a name among the settings' faults or variants is unknown.
    """

    def __init__(self, settings: EmulatorSettings | None = None, host: str = LOOPBACK, port: int = 0) -> None:
        self.settings = settings or EmulatorSettings()
        self._address = (host, port)
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        if self._url is None:
            raise EmulatorError("the emulator is not running; use it in a with statement")
        return self._url

    @property
    def account_sid(self) -> str:
        """The user name of the account."""
        return self.settings.account_sid

    @property
    def auth_token(self) -> str:
        """The account's secret."""
        return self.settings.auth_token

    @property
    def owned_numbers(self) -> tuple[str, ...]:
        """Numbers that calls may come from."""
        return self.settings.owned_numbers

    @property
    def pid(self) -> int | None:
        """The process that serves, or None where none does."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the process and waits until it listens."""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.emulator", *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that Ctrl-C reaches the parent alone, which then stops this
                env=_environment(),
            )
        except OSError as error:
            raise EmulatorError(f"the system gives it no process ({error.strerror})") from None
        try:
            self._hand_over(self._process)
            create_app(self.settings)  # while it starts: an unknown name is said here, not by a process that dies
            self._url = self._announced(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the process; does nothing where none runs."""
        process, self._process, self._url = self._process, None, None
        if process is None:
            return
        process.kill()  # it has nothing to bring to an end
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def _arguments(self) -> list[str]:
        host, port = self._address
        s = self.settings
        arguments = ["--host", host, "--port", str(port), "--account-sid", s.account_sid, "--stops-with-stdin", "--token-from-stdin"]
        arguments += ["--base-path", s.base_path] if s.base_path else []
        arguments += ["--seed", str(s.seed)] if s.seed is not None else []
        arguments += [f"--owned-number={number}" for number in s.owned_numbers]
        return arguments + [f"--fault={name}" for name in s.faults] + [f"--variant={name}" for name in s.variants]

    def _hand_over(self, process: subprocess.Popen[bytes]) -> None:
        """Gives the process its token where no list of processes shows it; the stream stays open and tells that this one lives."""
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(self.settings.auth_token).encode() + b"\n")
            process.stdin.flush()

    def _announced(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        assert process.stderr is not None
        readable, _, _ = select.select([process.stdout], [], [], START_LIMIT_S)
        line = process.stdout.readline() if readable else b""
        if line:
            return str(json.loads(line)["url"])
        process.kill()
        reason = process.stderr.read().decode(errors="replace").strip().splitlines()
        text = reason[-1] if reason else f"no answer within {START_LIMIT_S:.0f} s"
        if "cannot listen at" in text:
            raise AddressUnavailable(text.removeprefix("error: "))
        raise EmulatorError(f"the emulator did not start: {text}")


def _environment() -> dict[str, str]:
    """What of this process's environment a Python needs, and the way to this package; no variable that may hold a secret."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(("LC_", "PYTHON"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}
