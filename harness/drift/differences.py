"""Two descriptions of the operation beside each other: what one says otherwise than the other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.drift.model import Difference, Operation, Shape

_TRAITS: tuple[tuple[str, str], ...] = (
    ("kind", "type"), ("values", "values"), ("minimum", "minimum"), ("maximum", "maximum"), ("longest", "longest"), ("prefix", "prefix"),
    ("keys", "keys"),
)
_OF_ATTRIBUTES = ("kind", "values", "prefix")


def differences(contract: Operation, document: Operation) -> list[Difference]:
    """What the document says otherwise than the contract: the operation first, then parameters, then attributes."""
    return [
        *_of_operation(contract, document), *_of_shapes("parameter", contract.parameters, document.parameters, lambda _t: True),
        *_of_shapes("attribute", contract.attributes, document.attributes, lambda t: t in _OF_ATTRIBUTES),
    ]


def _of_operation(contract: Operation, document: Operation) -> Iterator[Difference]:
    if document.media_type != contract.media_type:
        yield Difference("operation", "media type", "changed", contract.media_type, document.media_type or "no body")
    for name in sorted(document.required - contract.required):
        yield Difference("parameter", name, "required", "optional", "required")
    for name in sorted(contract.required - document.required):
        yield Difference("parameter", name, "required", "required", "optional" if name in document.parameters else "not there")
    for group in sorted(map(sorted, document.one_of - contract.one_of)):
        yield Difference("operation", "one of several", "required", "none of them is required", f"one of {', '.join(group)}")
    for group in sorted(map(sorted, contract.one_of - document.one_of)):
        yield Difference("operation", "one of several", "required", f"one of {', '.join(group)}", "none of them is required")
    if document.success and "201" not in document.success:
        yield Difference("operation", "status of a created call", "changed", "201", ", ".join(sorted(document.success)))
    if document.basic is False:
        yield Difference("operation", "credentials", "changed", "HTTP Basic", "another scheme")
    if document.unread:
        yield Difference("operation", "attributes", "not read", f"{len(contract.attributes)} attributes", document.unread)


def _of_shapes(where: str, ours: dict[str, Shape], theirs: dict[str, Shape], counts: Callable[[str], bool]) -> Iterator[Difference]:
    # A document that describes no attribute at all says nothing of them.
    if where == "attribute" and not theirs:
        return
    for name in sorted(set(theirs) - set(ours)):
        yield Difference(where, name, "added", "", _told(theirs[name]))
    for name in sorted(set(ours) - set(theirs)):
        yield Difference(where, name, "removed", _told(ours[name]), "")
    for name in sorted(set(ours) & set(theirs)):
        yield from _of_one(where, name, ours[name], theirs[name], counts)


def _of_one(where: str, name: str, ours: Shape, theirs: Shape, counts: Callable[[str], bool]) -> Iterator[Difference]:
    if theirs.unread:
        yield Difference(where, name, "not read", _told(ours), theirs.unread)
        return
    for trait, word in _TRAITS:
        a, b = getattr(ours, trait), getattr(theirs, trait)
        if not counts(trait) or a == b or _is_implied(trait, ours, theirs):
            continue
        yield Difference(where, name, word, _shown(a), _shown(b) or "nothing said", trait in theirs.in_text)
    if theirs.iso_date and not ours.iso_date:
        yield Difference(where, name, "date", "RFC 2822", "ISO 8601")


def _is_implied(trait: str, ours: Shape, theirs: Shape) -> bool:
    """Whether another trait says the same already, or one of the two leaves it open by saying nothing of its type."""
    if trait == "kind":
        return ours.kind is None or theirs.kind is None
    if trait == "longest":
        return ours.prefix is not None or theirs.prefix is not None
    return False


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return " ".join(sorted(map(str, value)))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _told(shape: Shape) -> str:
    """A shape in a few words."""
    parts = [shape.kind or "any type"]
    if shape.values is not None:
        parts.append(_shown(shape.values))
    if shape.prefix is not None:
        parts.append(f"SID of {shape.prefix}")
    for trait, word in (("minimum", "from"), ("maximum", "to"), ("longest", "at most")):
        if getattr(shape, trait) is not None:
            parts.append(f"{word} {_shown(getattr(shape, trait))}")
    return ", ".join(parts)
