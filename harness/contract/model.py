"""The vocabulary of the contract: levels, clauses, parameters, attributes. Data only, no behaviour of a server.

Not here: how a value is classified (`harness.oracle`) or generated (`strategies`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache


class Level(str, Enum):
    """How plainly the contract says a thing; decides the verdict that a break gets."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    OBSERVED = "OBSERVED"

    @property
    def rank(self) -> int:
        """0 for the plainest level, so that `min` picks the strongest of several."""
        return ("MUST", "SHOULD", "OBSERVED").index(self.value)


class Expected(str, Enum):
    """What a server has to do with a request or with a value."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    EITHER = "EITHER"


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement of the contract with a lasting id.

    Args:
        id: slug, `subject.rule`, never reused for another meaning.
        level: what a break of it counts as.
        statement: the rule in one sentence of our own.
        source: the place in the public description of the operation, or the RFC.
        group: heading under which lists and reports show it.
        parameter: the request parameter it is about, if it is about one.
        why: what goes wrong for a caller when a server breaks it.
        example: a request or an answer that breaks it.
    """

    id: str
    level: Level
    statement: str
    source: str
    group: str
    parameter: str | None = None
    why: str = ""
    example: str = ""


# --- domains: what values a parameter can have -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """A closed set of words. `letter_case` says what another letter case of a listed word is."""

    values: tuple[str, ...]
    letter_case: Expected = Expected.REJECT


@dataclass(frozen=True, slots=True)
class Methods:
    """HTTP methods: those that the prose names, and those that only the list of values allows."""

    values: tuple[str, ...] = ("GET", "POST")
    unclear: tuple[str, ...] = ("HEAD", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in decimal text. `accepts` is the closed range that must be taken.

    `minimum`/`maximum` are documented bounds (outside: refused) or None where the document gives none.
    """

    accepts: tuple[int, int]
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http(s) URL. `relative` is None where a relative one is unclear."""

    malformed: Level = Level.MUST
    relative: Level | None = Level.MUST
    strict_host: bool = False
    spaces_only: bool = False


@dataclass(frozen=True, slots=True)
class Sid:
    """Two letters and 32 hexadecimal digits of either case."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys to dial: characters of `alphabet`, at most `maximum`; `unclear` ones are not judged."""

    alphabet: str = "0123456789#*w"
    unclear: str = "ABCDW"
    maximum: int = 32


@dataclass(frozen=True, slots=True)
class Twiml:
    """An XML document with the root `Response`, at most `maximum` Unicode code points."""

    maximum: int = 4000


@dataclass(frozen=True, slots=True)
class Text:
    """Free text; up to `maximum` characters must be taken (0: none is promised).

    `any_script` says that letters of every script, accents and emoji must be taken too.
    """

    maximum: int = 50
    any_script: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A phone number, SIP address or client identifier, in one of the roles `to`, `from`, `caller-id`."""

    role: str


@dataclass(frozen=True, slots=True)
class Events:
    """Several words: each in a parameter of its own (`repeated`), or one value with single spaces between."""

    values: tuple[str, ...]
    repeated: bool


Domain = Words | Methods | Integer | Url | Sid | Digits | Twiml | Text | Address | Events


@dataclass(frozen=True, slots=True)
class ValueClass:
    """A class of values of one parameter that the contract treats alike."""

    slug: str
    expected: Expected
    level: Level
    statement: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the request body.

    Args:
        name: as on the wire.
        domain: what values it can have.
        text: its meaning in our own words.
        required: whether the document requires it.
        default: what holds when it is absent, where the document says so.
        ignored_with: parameters whose presence makes it ignored, as the document says.
        phone_only: whether it is ignored unless To is a phone number.
        useless_without: (parameter, value or None) pairs; without one of them it can have no effect.
        useless_with: parameters beside which it can have no effect.
    """

    name: str
    domain: Domain
    text: str
    required: bool = False
    default: str | None = None
    ignored_with: tuple[str, ...] = ()
    phone_only: bool = False
    useless_without: tuple[tuple[str, str | None], ...] = ()
    useless_with: tuple[str, ...] = ()
    classes: tuple[ValueClass, ...] = field(default=())

    @property
    def slug(self) -> str:
        """The parameter's name as clause ids spell it, `MachineDetection` → `machine-detection`."""
        return kebab(self.name)

    @property
    def place(self) -> str:
        """Where the description of the operation speaks of it."""
        return f"Body, {self.name}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the created call.

    Args:
        name: key in the JSON object.
        kind: `string`, `sid`, `enum`, `date`, `integer-text`, `decimal-text`, `currency`, `uri`, `uri-map`.
        text: its meaning in our own words.
        values: the listed values, for `enum`.
        prefix: the SID's letters, for `sid`.
        empty_is_null: whether empty text stands for null.
        needed: whether it should be there and not null in every created call.
    """

    name: str
    kind: str
    text: str
    values: tuple[str, ...] = ()
    prefix: str = ""
    empty_is_null: bool = False
    needed: bool = False

    @property
    def slug(self) -> str:
        """The attribute's name as clause ids spell it."""
        return self.name.replace("_", "-")


@lru_cache(maxsize=256)
def kebab(name: str) -> str:
    """`StatusCallbackEvent` → `status-callback-event`."""
    return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
