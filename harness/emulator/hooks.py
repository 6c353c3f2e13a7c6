"""Where a fault can reach into the emulator.

For the kinds of place, each a small record; the faults themselves are rows in ``faults``. With no hooks the emulator is
faithful.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace

from harness.emulator import errors
from harness.emulator.form import FAITHFUL, Decoding, Form
from harness.emulator.ledger import Turn
from harness.emulator.resource import Document
from harness.emulator.settings import EmulatorSettings

Condition = Callable[[Turn], bool]

CREATED = "created"
REFUSED = "refused"
DENIED = "denied"
OTHER = "other"


def always(turn: Turn) -> bool:
    """Holds for every request."""
    return True


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent.

    Args:
        kind: CREATED, REFUSED (a form), DENIED (credentials) or OTHER.
        announced: a Content-Length that is not the body's; None announces the true one.
        chunk: bytes in each chunk; 0 sends the body with its length instead.
    """

    status: int
    body: bytes
    kind: str = OTHER
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    announced: int | None = None
    chunk: int = 0


@dataclass(frozen=True, slots=True)
class Decode:
    """Forms are read in another way."""

    decoding: Decoding


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A form is judged and answered as if another had been sent."""

    rewrite: Callable[[Form], Form]
    when: Condition = always


@dataclass(frozen=True, slots=True)
class Inherit:
    """A parameter that a form leaves out has the values that it had in the form before."""

    when: Condition = always


@dataclass(frozen=True, slots=True)
class Waive:
    """A refusal that one parameter's rule asks for is not given."""

    parameter: str
    when: Condition = always


@dataclass(frozen=True, slots=True)
class Refuse:
    """A form that may create a call does not."""

    when: Condition
    status: int = 400
    code: int = errors.BAD_PARAMETER


@dataclass(frozen=True, slots=True)
class Edit:
    """The document of a created call is changed."""

    edit: Callable[[Document, Turn], None]
    when: Condition = always


@dataclass(frozen=True, slots=True)
class Rework:
    """An answer of these kinds is changed as a whole.

    Args:
        packs: whether its body can only be read once it is unpacked, so that whatever else changes it has to come before.
    """

    kinds: tuple[str, ...]
    edit: Callable[[Reply, Turn], Reply]
    when: Condition = always
    packs: bool = False


@dataclass(frozen=True, slots=True)
class Admit:
    """Credentials that are not the account's are let in; what is judged is the Authorization header."""

    admits: Callable[[bytes, EmulatorSettings], bool]
    when: Condition = always


@dataclass(frozen=True, slots=True)
class Shut:
    """The account's own credentials are not let in."""

    when: Condition = always


@dataclass(frozen=True, slots=True)
class Treat:
    """A request is routed as if it had another method."""

    method: str
    like: str


@dataclass(frozen=True, slots=True)
class OpenAccounts:
    """Another account's path is taken for the one there is, if it begins with as many right letters as said."""

    letters: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """An answer is held back."""

    seconds: float
    when: Condition = always


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is closed without an answer."""

    when: Condition = always


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is given before anything is looked at or done."""

    reply: Reply
    when: Condition = always


@dataclass(frozen=True, slots=True)
class Speak:
    """How HTTP is spoken.

    Args:
        version: of HTTP, in the status line.
        before: interim answers.
        title_case: whether header names begin with capitals.
        piece: bytes that are sent at a time; 0 for all at once.
        close_every: a connection is closed, unsaid, after so many answers; 0 for never.
    """

    version: bytes = b"HTTP/1.1"
    before: bytes = b""
    title_case: bool = False
    piece: int = 0
    close_every: int = 0

    def joined(self, other: Speak) -> Speak:
        """Both at once; where both change the same, the other one holds."""
        changes = {f.name: getattr(other, f.name) for f in fields(self) if getattr(other, f.name) != f.default}
        return replace(self, **changes)


PLAIN_SPEECH = Speak()

Hook = Answer | Speak | Decode | Rewrite | Inherit | Waive | Refuse | Edit | Rework | Admit | Shut | Treat | OpenAccounts | Pause | HangUp


@dataclass(slots=True)
class Hooks:
    """Hooks sorted by kind, so that the faithful path looks at empty lists alone."""

    decoding: Decoding = FAITHFUL
    rewrites: list[Rewrite] = field(default_factory=list)
    inherits: list[Inherit] = field(default_factory=list)
    waives: list[Waive] = field(default_factory=list)
    refuses: list[Refuse] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    reworks: list[Rework] = field(default_factory=list)
    admits: list[Admit] = field(default_factory=list)
    shuts: list[Shut] = field(default_factory=list)
    treats: dict[str, str] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    hang_ups: list[HangUp] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    speech: Speak = PLAIN_SPEECH
    opens_accounts: int | None = None

    @classmethod
    def collect(cls, hooks: Iterable[Hook]) -> Hooks:
        """Sorts hooks by kind, keeping their order within each."""
        found = cls()
        for hook in hooks:
            found._add(hook)
        return found

    def _add(self, hook: Hook) -> None:
        match hook:
            case Decode(decoding):
                self.decoding = decoding
            case Treat(method, like):
                self.treats[method] = like
            case Answer():
                self.answers.append(hook)
            case Speak():
                self.speech = self.speech.joined(hook)
            case OpenAccounts(letters):
                self.opens_accounts = letters
            case Rewrite():
                self.rewrites.append(hook)
            case Inherit():
                self.inherits.append(hook)
            case Waive():
                self.waives.append(hook)
            case Refuse():
                self.refuses.append(hook)
            case Edit():
                self.edits.append(hook)
            case Rework():
                self.reworks.append(hook)
            case Admit():
                self.admits.append(hook)
            case Shut():
                self.shuts.append(hook)
            case Pause():
                self.pauses.append(hook)
            case HangUp():
                self.hang_ups.append(hook)
