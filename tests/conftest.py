"""What all tests share: the marker for slow ones, and how Hypothesis behaves here."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ringtrue-tests", database=None, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ringtrue-tests")

# A shell that puts the tests into the background has SIGINT ignored, nohup SIGHUP, and what they start would inherit that: neither could be tested.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker that `make check` leaves out."""
    config.addinivalue_line("markers", "slow: takes seconds, such as a whole run; left out by `make check`")
