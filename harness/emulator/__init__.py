"""A real HTTP server that keeps the contract of creating a call, faults that break it one rule at a time, and variants that keep it in
other ways.

It judges forms by code of its own and imports nothing of the harness outside this package, so that one slip cannot hide
in both.
"""

from harness.emulator.app import create_app
from harness.emulator.faults import FAULTS
from harness.emulator.server import AddressUnavailable, Emulator, EmulatorError, serve
from harness.emulator.settings import EmulatorSettings
from harness.emulator.variants import VARIANTS

__all__ = ["FAULTS", "VARIANTS", "AddressUnavailable", "Emulator", "EmulatorError", "EmulatorSettings", "create_app", "serve"]
