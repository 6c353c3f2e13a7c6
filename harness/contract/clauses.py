"""Every clause of the contract: those that the tables imply, and those about calls and answers as a whole.

A clause's id is for ever. Which check judges it is written in the check, not here.
"""

from __future__ import annotations

from harness.contract.attributes import ATTRIBUTES
from harness.contract.model import Attribute, Clause, Level, Parameter, Sid, ValueClass

_MUST, _SHOULD, _OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED

GROUPS = (
    "Calls", "Parameters", "Encoding", "Response", "Attributes", "Said back", "Refusals", "Credentials", "Methods",
    "Malformed requests", "Secrets",
)

HTTP = "RFC 9110, 15.6: a server error says that the server failed, not the request"
PRACTICE = "Public behaviour of the live service"
CREATED = "Responses, 201 Created"
FORM = "Request content type application/x-www-form-urlencoded (URL Standard, 5)"


def _c(id_: str, level: Level, group: str, source: str, statement: str, why: str = "", example: str = "") -> Clause:
    return Clause(id_, level, statement, source, group, None, why, example)


def of_class(parameter: Parameter, value_class: ValueClass) -> Clause:
    """The clause that a class of values of a parameter stands for."""
    return Clause(
        f"{parameter.slug}.{value_class.slug}", value_class.level, value_class.statement, parameter.place, "Parameters",
        parameter.name, value_class.why,
    )


CALLS: tuple[Clause, ...] = (
    _c("call.created", _MUST, "Calls", CREATED, "A valid call is created: its answer is a 201.",
       "Nothing that calls this service works."),
    _c("call.combination", _MUST, "Calls", "Body", "No combination of valid values is refused unless the description says so.",
       "Two features that work alone can't be used together."),
    _c("call.ignored-parameter", _MUST, "Calls", "Body, the parameters said to be ignored",
       "A valid value of a parameter that is ignored in this company does not change whether the call is created.",
       "A caller must know which parameters to leave out, though the description says that they don't matter."),
    _c("call.parameter-order", _MUST, "Calls", FORM, "The order of the parameters does not change whether a call is created.",
       "Libraries order parameters as they like; some of them can't call."),
    _c("call.repeatable", _MUST, "Calls", CREATED, "A valid call sent again is another call, and is created too.",
       "A second call to the same person is lost."),
    _c("call.history", _MUST, "Calls", CREATED, "Whether a valid call is created does not depend on the requests before it.",
       "Calls fail now and then, and nobody can say why."),
    _c("call.concurrency", _MUST, "Calls", CREATED,
       "Two calls in flight at once are two calls: both are created and nothing of one is in the answer to the other.",
       "Under load, callers are told of other people's calls."),
    _c("server.http", _SHOULD, "Calls", "RFC 9112, 7.1; RFC 9110, 10.1.1 and 12.5.1",
       "A body in chunks, one that was announced with Expect, or a wish for XML gets an answer, and no server error.",
       "Proxies and HTTP libraries choose how they send a request; a server error for it is retried for ever."),
    _c("server.answers", _SHOULD, "Calls", HTTP,
       "Whatever well-formed request it is sent, the server answers in time and not with a server error.",
       "One odd request takes a worker or the service down."),
    _c("refusal.repeatable", _MUST, "Refusals", "Body",
       "A refused call is refused again when it is sent again, whatever was sent before it.",
       "Checks that hold only sometimes protect nobody."),
    _c("refusal.status", _MUST, "Refusals", HTTP, "A refusal is a 4xx answer.",
       "Clients retry server errors and follow redirects; a refusal must be told as one."),
    _c("refusal.body", _OBSERVED, "Refusals", PRACTICE,
       "A refusal's body is a JSON object with an integer code, a message, more_info and status.",
       "SDKs read code and message to raise their exceptions; without them a developer sees nothing."),
)

ENCODING: tuple[Clause, ...] = (
    _c("encoding.space", _MUST, "Encoding", FORM, "A space may be sent as + or as %20.",
       "Half of all HTTP libraries send the other one."),
    _c("encoding.hex-case", _MUST, "Encoding", "RFC 3986, 2.1", "Percent-encoding may use hexadecimal digits of either letter case."),
    _c("encoding.unreserved", _MUST, "Encoding", "RFC 3986, 2.3", "A letter that needs no percent-encoding may have it."),
    _c("encoding.literal", _MUST, "Encoding", FORM,
       "A character that form encoding can carry as it is, such as : or /, may be sent without percent-encoding."),
    _c("encoding.utf-8", _MUST, "Encoding", FORM, "What is not ASCII is sent, and read, as UTF-8.",
       "Names and messages in most of the world's languages are turned away or garbled."),
    _c("encoding.charset", _MUST, "Encoding", "RFC 9110, 8.3.1", "The content type may carry a charset parameter."),
    _c("encoding.segments", _MUST, "Encoding", "RFC 9112, 6", "A request's body may arrive in many TCP segments."),
    _c("encoding.headers", _MUST, "Encoding", "RFC 9110, 12.5; RFC 9112, 9.6",
       "A request may ask to close its connection, accept any type, or not say what it accepts.",
       "Whether a call is created would hang on the HTTP library that asks for it."),
)

RESPONSE: tuple[Clause, ...] = (
    _c("response.status", _MUST, "Response", CREATED, "A created call is answered with status 201."),
    _c("response.content-type", _MUST, "Response", CREATED, "The 201 has a JSON content type."),
    _c("response.json", _MUST, "Response", CREATED, "The 201's body is one JSON object.",
       "No client can read what was created."),
    _c("response.attributes", _MUST, "Response", CREATED, "The object has the call's attributes at its top.",
       "Clients look for sid and status at the top of the object."),
    _c("response.unique-keys", _SHOULD, "Response", "RFC 8259, 4", "Each key stands once in the object."),
    _c("response.read-back", _SHOULD, "Response", PRACTICE,
       "Where the call's uri can be read with GET, it shows the call that was created."),
)

_KIND_RULES: dict[str, tuple[str, str]] = {
    "string": ("type", "text"),
    "enum": ("values", "one of {values}"),
    "sid": ("pattern", "{prefix} and 32 hexadecimal digits"),
    "date": ("format", "an RFC 2822 date and time in GMT"),
    "integer-text": ("format", "a whole number, not negative, in text"),
    "decimal-text": ("format", "a decimal number in text"),
    "currency": ("format", "a currency code of three letters"),
    "uri": ("format", "a relative URI that names the call's sid"),
    "uri-map": ("format", "a map of names to relative URIs"),
}


def _attribute_clauses(attribute: Attribute) -> list[Clause]:
    slug, wanted = _KIND_RULES[attribute.kind]
    wanted = wanted.format(values=", ".join(attribute.values), prefix=attribute.prefix)
    place = f"Response attributes, {attribute.name}"
    empty = ", null or empty text" if attribute.empty_is_null else " or null"
    rows = []
    if attribute.kind != "string":
        rows.append(("type", "an object" if attribute.kind == "uri-map" else "text"))
    rows.append((slug, wanted))
    clauses = [
        Clause(f"response.{attribute.slug}.{s}", _MUST, f"{attribute.name} is {w}{empty}.", place, "Attributes")
        for s, w in rows
    ]
    if attribute.needed:
        clauses.append(Clause(
            f"response.{attribute.slug}.present", _SHOULD, f"{attribute.name} is there and not null.", place, "Attributes",
            None, "A client has to know it to follow the call.",
        ))
    return clauses


ATTRIBUTE_EXTRAS: tuple[Clause, ...] = (
    _c("response.price-unit.iso-4217", _SHOULD, "Attributes", "Response attributes, price_unit",
       "price_unit is a currency of ISO 4217."),
    _c("response.answered-by.without-detection", _MUST, "Attributes", "Response attributes, answered_by",
       "answered_by is empty or null for a call without MachineDetection."),
    _c("response.caller-name.empty", _MUST, "Attributes", "Response attributes, caller_name",
       "caller_name is empty or null: the call is not an incoming one."),
    _c("response.forwarded-from.empty", _MUST, "Attributes", "Response attributes, forwarded_from",
       "forwarded_from is empty or null: the call is not an incoming one."),
    _c("response.end-time.unfinished", _MUST, "Attributes", "Response attributes, end_time",
       "end_time is null while the call is queued, ringing or in progress."),
    _c("response.price.unfinished", _SHOULD, "Attributes", "Response attributes, price",
       "price is null while the call is queued, ringing or in progress."),
    _c("response.start-time.queued", _SHOULD, "Attributes", "Response attributes, start_time",
       "start_time is null while the call is queued."),
    _c("response.api-version.path", _SHOULD, "Attributes", "Response attributes, api_version",
       "api_version is the version in the path."),
)

ECHO: tuple[Clause, ...] = (
    _c("echo.account-sid", _MUST, "Said back", "Response attributes, account_sid", "account_sid is the path's."),
    _c("echo.to", _MUST, "Said back", "Response attributes, to", "to is what was sent as To.",
       "The caller is told that somebody else was called."),
    _c("echo.from", _MUST, "Said back", "Response attributes, from", "from is what was sent as From, or the CallerId."),
    _c("echo.direction", _MUST, "Said back", "Response attributes, direction", "direction is outbound-api."),
    _c("echo.status", _SHOULD, "Said back", "Response attributes, status",
       "A new call's status is queued, ringing or in-progress."),
    _c("echo.sid-unique", _MUST, "Said back", "Response attributes, sid", "Each created call has a sid of its own.",
       "Two calls can't be told apart."),
    _c("echo.own-call", _MUST, "Said back", CREATED, "The answer tells of this call, not of another one.",
       "A caller acts on somebody else's call."),
    _c("echo.date-created", _SHOULD, "Said back", "Response attributes, date_created", "date_created is near now."),
    _c("echo.date-updated", _SHOULD, "Said back", "Response attributes, date_updated", "date_updated is near now."),
)

SECRETS: tuple[Clause, ...] = (
    _c("secrets.sip-password", _SHOULD, "Secrets", "Body, SipAuthPassword", "SipAuthPassword never comes back.",
       "The password ends in every log that keeps answers."),
    _c("secrets.auth-token", _SHOULD, "Secrets", PRACTICE, "The auth token never comes back."),
    _c("secrets.stack-trace", _SHOULD, "Secrets", PRACTICE, "No answer shows a stack trace.",
       "Attackers learn what runs, and where."),
)

CREDENTIALS: tuple[Clause, ...] = (
    _c("auth.missing", _MUST, "Credentials", PRACTICE, "A request without credentials is answered with 401."),
    _c("auth.wrong", _MUST, "Credentials", PRACTICE, "A request with a wrong token is answered with 401."),
    _c("auth.almost-right", _MUST, "Credentials", PRACTICE,
       "A token that only begins like the right one, is longer, empty or in another letter case is answered with 401."),
    _c("auth.user", _MUST, "Credentials", PRACTICE, "Another user name with the right token is answered with 401."),
    _c("auth.scheme", _MUST, "Credentials", "RFC 7617", "Another scheme, or what is no base64, is answered with 401."),
    _c("auth.other-account", _MUST, "Credentials", "Path parameters, AccountSid",
       "Another account's path with these credentials is answered with 401, 403 or 404."),
)

METHODS: tuple[Clause, ...] = (
    _c("method.not-created", _MUST, "Methods", "The operation's method, POST", "PUT, PATCH and DELETE on the collection create no call."),
    _c("method.answers", _SHOULD, "Methods", HTTP, "No HTTP method on the collection gets a server error."),
)

MALFORMED: tuple[Clause, ...] = (
    _c("malformed.content-type", _SHOULD, "Malformed requests", HTTP, "A body of another content type gets no server error."),
    _c("malformed.empty", _SHOULD, "Malformed requests", HTTP, "An empty body gets no server error."),
    _c("malformed.huge", _SHOULD, "Malformed requests", HTTP, "A huge body gets no server error."),
    _c("malformed.form", _SHOULD, "Malformed requests", HTTP,
       "A form with broken percent-encoding, empty pairs or no = gets no server error."),
    _c("malformed.utf-8", _SHOULD, "Malformed requests", HTTP, "Text that is no UTF-8 gets no server error."),
    _c("malformed.unknown-parameter", _SHOULD, "Malformed requests", HTTP, "An unknown parameter gets no server error."),
    _c("malformed.repeated", _SHOULD, "Malformed requests", HTTP, "A parameter given twice gets no server error."),
)


def build(parameters: tuple[Parameter, ...]) -> tuple[Clause, ...]:
    """All clauses in the order of the groups."""
    rows: list[Clause] = [*CALLS]
    for parameter in parameters:
        rows.extend(of_class(parameter, c) for c in parameter.classes)
        if isinstance(parameter.domain, Sid):
            rows.append(Clause(
                f"{parameter.slug}.consistent", _MUST,
                f"A server that takes one {parameter.name} that it can't know takes the others too.", parameter.place,
                "Parameters", parameter.name, "Whether a call works depends on the digits of an identifier.",
            ))
    rows.extend(ENCODING)
    rows.extend(RESPONSE)
    for attribute in ATTRIBUTES:
        rows.extend(_attribute_clauses(attribute))
    rows.extend((*ATTRIBUTE_EXTRAS, *ECHO, *CREDENTIALS, *METHODS, *MALFORMED, *SECRETS))
    return tuple(sorted(rows, key=lambda c: GROUPS.index(c.group)))


__all__ = ["GROUPS", "build", "of_class"]
