"""What an emulator remembers: the newest calls, and a little about the requests before.

For read-back and for faults that depend on history. It decides nothing.
"""

from __future__ import annotations

import json
import random
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from harness.emulator.form import Form
from harness.emulator.resource import Document
from harness.emulator.settings import EmulatorSettings

KEPT_FORMS = 30
KEPT_CONNECTIONS = 10_000
KEPT_CALLS = 10_000


@dataclass(slots=True)
class Turn:
    """One request on its way through the emulator.

    Args:
        serial: the how-manieth request of any kind this is, from 1.
        ordinal: the how-manieth form at the collection this is, from 1; 0 for every other request.
        before: the form that came before this one.
        is_repeated: whether one of the last forms was the same.
        refused_before: how many forms right before it were refused.
        denied_before: how many requests without the account's credentials came right before it.
        pieces: in how many pieces the body came.
        accept: what the request says that it takes; None if it says nothing.
        framing: what it says of how its body comes: `chunked`, `100-continue` or nothing.
        closes: whether the request asks to close its connection.
        trusted: whether the account's own credentials came on this connection before.
    """

    settings: EmulatorSettings
    ledger: Ledger
    method: str
    path: str
    authorization: bytes = b""
    content_type: str = ""
    accept_encoding: str = ""
    body: bytes = b""
    form: Form = field(default_factory=Form)
    serial: int = 0
    ordinal: int = 0
    before: Form | None = None
    is_repeated: bool = False
    refused_before: int = 0
    denied_before: int = 0
    pieces: int = 1
    accept: str | None = None
    framing: str = ""
    closes: bool = False
    trusted: bool = False

    @property
    def overtaken(self) -> bool:
        """Whether another form has come in since this one did."""
        return self.ledger.arrivals > self.ordinal


class Ledger:
    """The memory of one emulator, bounded."""

    def __init__(self, seed: int | None = None) -> None:
        self.requests = 0
        self.arrivals = 0
        self.refused_in_a_row = 0
        self.denied_in_a_row = 0
        self.newest_form: Form | None = None
        self.newest_document: Document | None = None
        self._recent: deque[Form] = deque(maxlen=KEPT_FORMS)
        self.trusted: set[object] = set()
        self._draw = random.Random(seed) if seed is not None else random.SystemRandom()
        self._calls: OrderedDict[str, bytes] = OrderedDict()

    def new_sid(self) -> str:
        """An identifier that no call has yet."""
        return f"CA{self._draw.getrandbits(128):032x}"

    def arrive(self, turn: Turn, form: Form) -> None:
        """Notes that a form has come in, and tells the turn what came before."""
        self.arrivals += 1
        turn.form, turn.ordinal = form, self.arrivals
        turn.before, turn.refused_before, turn.denied_before = self.newest_form, self.refused_in_a_row, self.denied_in_a_row
        self.denied_in_a_row = 0
        turn.is_repeated = form in self._recent
        self.newest_form = form
        self._recent.append(form)

    def trust(self, connection: object) -> None:
        """Notes that the account's own credentials came on a connection; where there are too many, all others are forgotten."""
        if len(self.trusted) >= KEPT_CONNECTIONS:
            self.trusted.clear()
        self.trusted.add(connection)

    def keep(self, document: Document) -> bytes:
        """Keeps a created call and returns its bytes; the oldest goes where there are too many."""
        body = json.dumps(document).encode()
        self.newest_document = document
        self._calls[str(document.get("sid"))] = body
        if len(self._calls) > KEPT_CALLS:
            self._calls.popitem(last=False)
        return body

    def find(self, sid: str) -> bytes | None:
        """The bytes of a call that was created, or None."""
        return self._calls.get(sid)

    def document(self, sid: str) -> Document | None:
        """A call that was created, or None."""
        body = self.find(sid)
        return json.loads(body) if body is not None else None

    def change(self, sid: str, document: Document) -> bytes:
        """Keeps what became of a call in its place and returns its bytes."""
        self._calls[sid] = body = json.dumps(document).encode()
        return body

    def newest(self, count: int) -> list[bytes]:
        """The bytes of the calls created last, newest first."""
        return [body for body, _ in zip(reversed(self._calls.values()), range(count), strict=False)]
