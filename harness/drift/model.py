"""The neutral description of the operation, in which two documents can be compared. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """What a document says of one parameter or attribute; None where it says nothing.

    Args:
        kind: `text`, `integer`, `number`, `object`; a list counts as what it lists, for a form repeats it.
        values: the only ones that it can have.
        minimum, maximum: of a number.
        longest: characters.
        prefix: the two letters of a SID.
        keys: characters that it may consist of.
        iso_date: whether it is a date and time in ISO 8601.
        in_text: traits that only the description's prose tells.
        unread: what of its schema can't be interpreted.
    """

    kind: str | None = None
    values: frozenset[str] | None = None
    minimum: float | None = None
    maximum: float | None = None
    longest: int | None = None
    prefix: str | None = None
    keys: frozenset[str] | None = None
    iso_date: bool = False
    in_text: frozenset[str] = frozenset()
    unread: str = ""


@dataclass(frozen=True)
class Operation:
    """What a document says of creating a call.

    Args:
        place: method and path.
        media_type: of the request's body.
        parameters: by name.
        required: their names.
        one_of: groups of parameters of which one is required.
        attributes: of the 201, by name.
        success: statuses below 300 that are described.
        basic: whether HTTP Basic is the way to authenticate; None where nothing is said.
        unread: why the attributes can't be interpreted.
    """

    place: str
    media_type: str
    parameters: dict[str, Shape]
    required: frozenset[str]
    one_of: frozenset[frozenset[str]]
    attributes: dict[str, Shape]
    success: frozenset[str]
    basic: bool | None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the two say differently.

    Args:
        where: `operation`, `parameter` or `attribute`.
        name: of the parameter or attribute; of the trait, for the operation.
        what: `added`, `removed`, or the trait that is changed.
        contract, document: what each says, short; empty for nothing.
        in_text: whether the document says it only in prose.
    """

    where: str
    name: str
    what: str
    contract: str
    document: str
    in_text: bool = False
