"""Refusals: which codes there are and what a refusal looks like on the wire.

For answers of 4xx. Which form earns which refusal is decided in ``validate``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

DOCUMENTATION = "https://www.twilio.com/docs/errors/"

NO_TO = 21201
BAD_URL = 21205
BAD_SEND_DIGITS = 21206
BAD_TIMEOUT = 21208
BAD_METHOD = 21209
FROM_NOT_OWNED = 21210
BAD_TO = 21211
BAD_FROM = 21212
NO_FROM = 21213
TO_UNREACHABLE = 21214
TO_NOT_PERMITTED = 21215
TO_BLOCKED = 21216
TO_NOT_VALID = 21217
BAD_APPLICATION_SID = 21218
CALL_ENDED = 21220
BAD_STATUS_CALLBACK = 21609
BAD_STATUS_CALLBACK_EVENT = 21626
BAD_PARAMETER = 20001
BAD_CREDENTIALS = 20003
BAD_HTTP_METHOD = 20004
NOT_FOUND = 20404
TOO_LARGE = 20413
CRASH = 20500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no call is created.

    Args:
        code: the live service's error code where it has one for this.
        message: one line that never holds a value that was sent.
        parameter: whose rule is broken; empty where it is no parameter's.
        status: the HTTP status.
    """

    code: int
    message: str
    parameter: str = ""
    status: int = 400

    def body(self) -> bytes:
        """The JSON document of this refusal."""
        return json.dumps(
            {
                "code": self.code,
                "message": self.message,
                "more_info": f"{DOCUMENTATION}{self.code}",
                "status": self.status,
            }
        ).encode()
