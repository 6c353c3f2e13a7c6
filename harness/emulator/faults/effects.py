"""What a fault does to a document or to a whole answer.

For changes alone; where they happen is said by ``conditions``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.emulator import errors
from harness.emulator.errors import Refusal
from harness.emulator.hooks import Reply
from harness.emulator.ledger import Turn
from harness.emulator.resource import Document

DocumentEdit = Callable[[Document, Turn], None]
ReplyEdit = Callable[[Reply, Turn], Reply]


def put(attribute: str, value: Any) -> DocumentEdit:
    """The attribute has this value."""

    def edit(document: Document, turn: Turn) -> None:
        document[attribute] = value

    return edit


def drop(attribute: str) -> DocumentEdit:
    """The attribute is not there."""

    def edit(document: Document, turn: Turn) -> None:
        document.pop(attribute, None)

    return edit


def change(attribute: str, how: Callable[[Any], Any]) -> DocumentEdit:
    """The attribute's value is made into another; null stays null."""

    def edit(document: Document, turn: Turn) -> None:
        if document.get(attribute) is not None:
            document[attribute] = how(document[attribute])

    return edit


def resid(how: Callable[[str], str]) -> DocumentEdit:
    """The call has another sid, in its URIs too, so that nothing but the sid is wrong."""

    def edit(document: Document, turn: Turn) -> None:
        old: str = document["sid"]
        document["sid"] = new = how(old)
        document["uri"] = document["uri"].replace(old, new)
        related: dict[str, str] = document["subresource_uris"]
        document["subresource_uris"] = {name: uri.replace(old, new) for name, uri in related.items()}

    return edit


def copy_of(attribute: str, source: str) -> DocumentEdit:
    """The attribute has another attribute's value."""

    def edit(document: Document, turn: Turn) -> None:
        document[attribute] = document[source]

    return edit


def said(attribute: str, parameter: str) -> DocumentEdit:
    """The attribute has a parameter's value."""

    def edit(document: Document, turn: Turn) -> None:
        document[attribute] = turn.form.first(parameter)

    return edit


def from_last_call(*attributes: str) -> DocumentEdit:
    """The attributes have the values that they had in the call created last."""

    def edit(document: Document, turn: Turn) -> None:
        for attribute in attributes:
            document.update({attribute: (turn.ledger.newest_document or document)[attribute]})

    return edit


def from_newest_form(attribute: str, parameter: str) -> DocumentEdit:
    """The attribute has the value of a parameter of the form that came in last."""

    def edit(document: Document, turn: Turn) -> None:
        newest = turn.ledger.newest_form
        document[attribute] = newest.first(parameter) if newest else None

    return edit


def token_into(attribute: str) -> DocumentEdit:
    """The attribute is the account's secret."""

    def edit(document: Document, turn: Turn) -> None:
        document[attribute] = turn.settings.auth_token

    return edit


def status(number: int) -> ReplyEdit:
    """The answer has another status."""
    return lambda reply, turn: replace(reply, status=number)


def text(body: bytes, content_type: str | None = None) -> ReplyEdit:
    """The answer has another body, and another type where one is given."""
    return lambda reply, turn: replace(reply, body=body, content_type=content_type or reply.content_type)


def typed(content_type: str) -> ReplyEdit:
    """The answer has another type."""
    return lambda reply, turn: replace(reply, content_type=content_type)


def bytes_changed(how: Callable[[bytes], bytes]) -> ReplyEdit:
    """The answer's body is made into another."""
    return lambda reply, turn: replace(reply, body=how(reply.body))


def headed(name: str, value: str) -> ReplyEdit:
    """The answer has one more header."""
    return lambda reply, turn: replace(reply, headers=(*reply.headers, (name, value)))


def unheaded(name: str) -> ReplyEdit:
    """The answer lacks a header."""
    return lambda reply, turn: replace(reply, headers=tuple(pair for pair in reply.headers if pair[0] != name))


def cut_off(reply: Reply, turn: Turn) -> Reply:
    """The connection ends in the middle of the body."""
    return replace(reply, body=reply.body[: len(reply.body) // 2], announced=len(reply.body))


def member(name: str, value: Any) -> ReplyEdit:
    """The answer's JSON object has this member."""

    def edit(reply: Reply, turn: Turn) -> Reply:
        return replace(reply, body=json.dumps({**json.loads(reply.body), name: value}).encode())

    return edit


def member_of(name: str, how: Callable[[Turn], Any]) -> ReplyEdit:
    """The answer's JSON object has a member that depends on the request."""
    return lambda reply, turn: member(name, how(turn))(reply, turn)


def memberless(name: str) -> ReplyEdit:
    """The answer's JSON object lacks this member."""

    def edit(reply: Reply, turn: Turn) -> Reply:
        document = json.loads(reply.body)
        document.pop(name, None)
        return replace(reply, body=json.dumps(document).encode())

    return edit


def crash(reply: Reply, turn: Turn) -> Reply:
    """The answer is the one of a server that fell over."""
    refusal = Refusal(errors.CRASH, "Internal server error", status=500)
    return replace(reply, status=500, body=refusal.body(), content_type="application/json")
