"""What an emulator is started with.

For the few values that differ between two emulators; not for rules (``rules``) nor for faults (``faults``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

ACCOUNT_SID = "AC5f1c0de5f1c0de5f1c0de5f1c0de5f1c"
OWNED_NUMBERS = ("+15005550006", "+12025550143", "+12025550144", "+13125550187")
API_VERSION = "2010-04-01"


def new_token() -> str:
    """A token nobody can guess, in the live service's shape of 32 hex digits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """One emulator's account, numbers, faults and variants.

    Args:
        account_sid: the only account there is.
        auth_token: its secret; drawn anew where none is given, and never shown by ``repr``.
        owned_numbers: E.164 numbers that calls may come from.
        base_path: what stands before ``/2010-04-01`` in every path, such as ``/voice``; usually nothing.
        faults: names of the rules to break on purpose, see ``faults.FAULTS``.
        variants: names of other ways to keep the contract, see ``variants.VARIANTS``.
        seed: makes the sids repeatable; None draws them from the system.
    """

    account_sid: str = ACCOUNT_SID
    auth_token: str = field(default_factory=new_token, repr=False)
    owned_numbers: tuple[str, ...] = OWNED_NUMBERS
    base_path: str = ""
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def collection_path(self) -> str:
        """The path, below the base path, at which calls are created."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Calls.json"
