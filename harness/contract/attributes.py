"""The 26 attributes of a created call, each a row; the clauses about them are derived in `clauses`."""

from __future__ import annotations

from harness.contract.model import Attribute

STATUSES = ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")
UNFINISHED = ("queued", "ringing", "in-progress")
DIRECTIONS = ("inbound", "outbound-api", "outbound-dial")
ANSWERED_BY = (
    "human", "machine", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax", "unknown",
)

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("account_sid", "sid", "The account that created the call.", prefix="AC", needed=True),
    Attribute("answered_by", "enum", "Who answered, where detection was asked.", values=ANSWERED_BY, empty_is_null=True),
    Attribute("api_version", "string", "The version of the API that created the call."),
    Attribute("caller_name", "string", "The caller's name on an incoming call with look-up.", empty_is_null=True),
    Attribute("date_created", "date", "When the call was created."),
    Attribute("date_updated", "date", "When the call was last changed."),
    Attribute("direction", "enum", "Who began the call.", values=DIRECTIONS, needed=True),
    Attribute("duration", "integer-text", "The call's length in seconds."),
    Attribute("end_time", "date", "When the call ended."),
    Attribute("forwarded_from", "string", "The number that forwarded an incoming call.", empty_is_null=True),
    Attribute("from", "string", "Who calls.", needed=True),
    Attribute("from_formatted", "string", "Who calls, formatted for display."),
    Attribute("group_sid", "sid", "The group that the call belongs to.", prefix="GP", empty_is_null=True),
    Attribute("parent_call_sid", "sid", "The call that created this leg.", prefix="CA"),
    Attribute("phone_number_sid", "sid", "The number or caller id resource used.", prefix="PN", empty_is_null=True),
    Attribute("price", "decimal-text", "What the call cost."),
    Attribute("price_unit", "currency", "The currency of the price."),
    Attribute("queue_time", "integer-text", "Milliseconds that the call waited before it was placed."),
    Attribute("sid", "sid", "The call's own identifier.", prefix="CA", needed=True),
    Attribute("start_time", "date", "When the call began."),
    Attribute("status", "enum", "Where the call stands.", values=STATUSES, needed=True),
    Attribute("subresource_uris", "uri-map", "Related resources by name."),
    Attribute("to", "string", "Who is called.", needed=True),
    Attribute("to_formatted", "string", "Who is called, formatted for display."),
    Attribute("trunk_sid", "sid", "The trunk that carries the call.", prefix="TK", empty_is_null=True),
    Attribute("uri", "uri", "The call's own address, relative to the service's root.", needed=True),
)

BY_NAME: dict[str, Attribute] = {a.name: a for a in ATTRIBUTES}
