"""The contract as an OpenAPI 3.1 document, for mock servers, generators and other people's validators.

What JSON Schema can say of a rule at level MUST is in it; weaker rules and those that need the request are not, but each
schema names its clauses in `x-ringtrue-clause`. Not here: judging answers (`harness.checks`) or comparing documents.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from harness.contract import (
    ACCOUNT_PATTERN,
    API_VERSION,
    ATTRIBUTES,
    CLAUSES,
    COLLECTION,
    FORM_TYPE,
    PARAMETERS,
    Attribute,
    Parameter,
)
from harness.contract.attributes import UNFINISHED
from harness.contract.model import Address, Digits, Events, Integer, Methods, Sid, Text, Twiml, Url, Words

Schema = dict[str, Any]

CLAUSE_KEY = "x-ringtrue-clause"

_SID = "[0-9a-fA-F]{32}"
_EXAMPLE_SID = "0123456789abcdef" * 2
_SID_LENGTH = 34

# Regular expressions of JSON Schema are ECMAScript's, but many validators hand them to Python's `re`, where `$` also
# stands before a last newline. The lookahead says nothing in ECMAScript and closes that gap elsewhere.
_END = r"$(?!\n)"
# Control characters, every kind of space, and the backslash: spelt out, since engines differ in what \s is.
_NO_URI = r"\x00-\x20\x7f-\xa0\\\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def _whole(pattern: str) -> str:
    return f"^(?:{pattern}){_END}"


# --- the 201 ---------------------------------------------------------------------------------------


def _any_case(words: str) -> str:
    """`Jan Feb` → a pattern of either word in any letter case."""
    return "|".join("".join(f"[{c.upper()}{c.lower()}]" for c in word) for word in words.split())


def _date_pattern() -> str:
    """RFC 2822, 3.3, in GMT: real days only, leap years included; the weekday can't be told from the day here."""
    ws = r"[ \t\r\n]"
    leap = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
    year = "(?!0000)[0-9]{4}"
    days = (
        ("0?[1-9]|1[0-9]|2[0-8]", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", year),
        ("29", "Feb", leap),
        ("29|30", "Jan Mar Apr May Jun Jul Aug Sep Oct Nov Dec", year),
        ("31", "Jan Mar May Jul Aug Oct Dec", year),
    )
    day = "|".join(f"(?:{d}){ws}+(?:{_any_case(months)}){ws}+{y}" for d, months, y in days)
    weekday = f"(?:(?:{_any_case('Mon Tue Wed Thu Fri Sat Sun')}){ws}*,{ws}*)?"
    time = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60))?"
    zone = rf"(?:\+0000|-0000|GMT|UT)(?:{ws}+\([^()]*\))?"
    return f"{weekday}(?:{day}){ws}+{time}{ws}+{zone}"


_RELATIVE = rf"(?![A-Za-z][A-Za-z0-9+.-]*:)(?!//)[^{_NO_URI}]*"

_KIND_SCHEMAS: dict[str, Schema] = {
    "string": {},
    "date": {"pattern": _whole(_date_pattern())},
    "integer-text": {"pattern": _whole("[0-9]+")},
    "decimal-text": {"pattern": _whole(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")},
    "currency": {"pattern": "^[A-Za-z]{3}$", "minLength": 3, "maxLength": 3},
    "uri": {"pattern": _whole(_RELATIVE), "minLength": 1},
}

_EXAMPLE: Schema = {
    "account_sid": "AC" + _EXAMPLE_SID,
    "answered_by": None,
    "api_version": API_VERSION,
    "caller_name": "",
    "date_created": "Wed, 18 Aug 2027 20:01:40 +0000",
    "date_updated": "Wed, 18 Aug 2027 20:01:40 +0000",
    "direction": "outbound-api",
    "duration": None,
    "end_time": None,
    "forwarded_from": "",
    "from": "+15005550006",
    "from_formatted": "(500) 555-0006",
    "group_sid": "",
    "parent_call_sid": None,
    "phone_number_sid": "PN" + _EXAMPLE_SID,
    "price": None,
    "price_unit": "USD",
    "queue_time": "0",
    "sid": "CA" + _EXAMPLE_SID,
    "start_time": None,
    "status": "queued",
    "subresource_uris": {
        "recordings": f"/{API_VERSION}/Accounts/AC{_EXAMPLE_SID}/Calls/CA{_EXAMPLE_SID}/Recordings.json",
    },
    "to": "+14155550100",
    "to_formatted": "(415) 555-0100",
    "trunk_sid": "",
    "uri": f"/{API_VERSION}/Accounts/AC{_EXAMPLE_SID}/Calls/CA{_EXAMPLE_SID}.json",
}


def schema_of_created() -> Schema:
    """The JSON Schema (2020-12) of a created call, complete in itself.

    Returns:
        A new dictionary. It holds every rule at level MUST that a schema can express; unknown keys are allowed.
    """
    unfinished = {"required": ["status"], "properties": {"status": {"enum": list(UNFINISHED)}}}
    return {
        "type": "object",
        "description": "A call that was created.",
        "properties": {a.name: _attribute(a) for a in ATTRIBUTES},
        "additionalProperties": True,
        "anyOf": [{"required": [a.name]} for a in ATTRIBUTES if a.needed],
        "if": unfinished,
        "then": {"properties": {"end_time": {"type": "null", CLAUSE_KEY: ["response.end-time.unfinished"]}}},
        "example": example_of_created(),
        CLAUSE_KEY: ["response.json", "response.attributes"],
    }


def example_of_created() -> Schema:
    """A created call as a server that keeps the contract may answer it."""
    return {**_EXAMPLE, "subresource_uris": dict(_EXAMPLE["subresource_uris"])}


def _attribute(attribute: Attribute) -> Schema:
    clauses = [c.id for c in CLAUSES if c.id.startswith((f"response.{attribute.slug}.", f"echo.{attribute.slug}"))]
    if attribute.kind == "uri-map":
        value = {"type": ["string", "null"], "pattern": _whole(_RELATIVE)}
        schema: Schema = {"type": ["object", "null"], "additionalProperties": value}
    else:
        schema = {"type": ["string", "null"], **_text_rules(attribute)}
    return {**schema, "description": attribute.text, CLAUSE_KEY: clauses}


def _text_rules(attribute: Attribute) -> Schema:
    if f"response.{attribute.slug}.empty" in _CLAUSE_IDS:
        return {"maxLength": 0}
    if attribute.kind == "enum":
        return {"enum": [*attribute.values, *([""] if attribute.empty_is_null else []), None]}
    if attribute.kind != "sid":
        return dict(_KIND_SCHEMAS[attribute.kind])
    if attribute.empty_is_null:
        return {"pattern": _whole(f"(?:{attribute.prefix}{_SID})?"), "maxLength": _SID_LENGTH}
    return {"pattern": f"^{attribute.prefix}{_SID}$", "minLength": _SID_LENGTH, "maxLength": _SID_LENGTH}


_CLAUSE_IDS = frozenset(c.id for c in CLAUSES)


# --- the request -----------------------------------------------------------------------------------

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_REST = "(?::[0-9]{1,5})?(?:[/?#][!-~]*)?"
_STRICT_URL = rf"^https?://{_LABEL}(?:\.{_LABEL})*{_REST}$"
_ABSOLUTE_URL = f"^https?://[A-Za-z0-9][A-Za-z0-9._-]*{_REST}$"
_PHONE = r"\+[1-9][0-9]{1,14}"
_CLIENT = "client:[^:@ ]+"
_SIP = "sip:[A-Za-z0-9][A-Za-z0-9._~+-]*@[A-Za-z0-9][A-Za-z0-9.-]*"


@singledispatch
def _domain(domain: object) -> Schema:
    raise TypeError(f"no schema for {domain!r}")


@_domain.register
def _(domain: Words) -> Schema:
    return {"type": "string", "enum": list(domain.values)}


@_domain.register
def _(domain: Methods) -> Schema:
    return {"type": "string", "enum": [*domain.values, *domain.unclear], "x-ringtrue-unclear": list(domain.unclear)}


@_domain.register
def _(domain: Integer) -> Schema:
    bounds = {"minimum": domain.minimum, "maximum": domain.maximum}
    return {"type": "integer", **{k: v for k, v in bounds.items() if v is not None}}


@_domain.register
def _(domain: Url) -> Schema:
    if domain.relative is None:
        return {"type": "string", "format": "uri-reference", "pattern": "^[!-~]*$"}
    return {"type": "string", "format": "uri", "pattern": _STRICT_URL if domain.strict_host else _ABSOLUTE_URL}


@_domain.register
def _(domain: Sid) -> Schema:
    return {"type": "string", "pattern": f"^{domain.prefix}{_SID}$", "minLength": _SID_LENGTH, "maxLength": _SID_LENGTH}


@_domain.register
def _(domain: Digits) -> Schema:
    return {"type": "string", "pattern": _whole(f"[{domain.alphabet}]*"), "maxLength": domain.maximum}


@_domain.register
def _(domain: Twiml) -> Schema:
    return {"type": "string", "maxLength": domain.maximum}


@_domain.register
def _(domain: Text) -> Schema:
    return {"type": "string"}


@_domain.register
def _(domain: Address) -> Schema:
    if domain.role == "caller-id":
        return {"type": "string"}
    return {"type": "string", "pattern": f"^(?:{_PHONE}|{_CLIENT}|{_SIP})$"}


@_domain.register
def _(domain: Events) -> Schema:
    if domain.repeated:
        return {"type": "array", "items": {"type": "string", "enum": list(domain.values)}}
    word = "(?:" + "|".join(domain.values) + ")"
    return {"type": "string", "pattern": _whole(f"{word}(?: {word})*")}


def _parameter(parameter: Parameter) -> Schema:
    schema = {**_domain(parameter.domain), "description": describe(parameter)}
    if parameter.default is not None:
        schema["default"] = _default(parameter)
    return {**schema, CLAUSE_KEY: [c.id for c in CLAUSES if c.parameter == parameter.name]}


def _default(parameter: Parameter) -> Any:
    if isinstance(parameter.domain, Integer):
        return int(parameter.default or 0)
    if isinstance(parameter.domain, Events) and parameter.domain.repeated:
        return [parameter.default]
    return parameter.default


def describe(parameter: Parameter) -> str:
    """A parameter's meaning, then what makes it ignored or without effect, in whole sentences."""
    parts = [parameter.text]
    if isinstance(parameter.domain, Methods):
        parts.append("GET or POST; of the other methods it is not said that they work.")
    if parameter.ignored_with:
        parts.append(f"Ignored beside {' and '.join(parameter.ignored_with)}.")
    if parameter.phone_only:
        parts.append("Ignored unless To is a phone number.")
    needed = [name if value is None else f"{name}={value}" for name, value in parameter.useless_without]
    if needed:
        parts.append(f"Without effect unless there is {' and '.join(needed)}.")
    return " ".join(parts)


def _body() -> Schema:
    arrays = [p.name for p in PARAMETERS if isinstance(p.domain, Events) and p.domain.repeated]
    media: Schema = {
        "schema": {
            "type": "object",
            "properties": {p.name: _parameter(p) for p in PARAMETERS},
            "required": [p.name for p in PARAMETERS if p.required],
            "if": {"properties": {"To": {"pattern": r"^\+"}}},
            "then": {"properties": {"From": {"pattern": r"^\+", CLAUSE_KEY: ["from.phone-for-phone"]}}},
        },
        "encoding": {name: {"style": "form", "explode": True} for name in arrays},
        "example": {
            "To": _EXAMPLE["to"], "From": _EXAMPLE["from"], "Url": "https://example.com/voice.xml",
            "StatusCallback": "https://example.com/status", "StatusCallbackEvent": ["initiated", "completed"],
        },
    }
    return {"required": True, "content": {FORM_TYPE: media}}


# --- the document ----------------------------------------------------------------------------------

_ERROR: Schema = {
    "type": "object",
    "description": "Why a request was refused. Its form is common practice, not promised.",
    "properties": {
        "code": {"type": "integer", "description": "A number for the cause."},
        "message": {"type": "string", "description": "The cause in words."},
        "more_info": {"type": ["string", "null"], "description": "Where to read more about the cause."},
        "status": {"type": "integer", "description": "The HTTP status."},
    },
    "additionalProperties": True,
    CLAUSE_KEY: ["refusal.body"],
}

_REFUSALS = (
    ("400", "The request breaks a rule of its parameters.", 21201, "To is missing", ("refusal.status", "refusal.body")),
    ("401", "No credentials, or wrong ones.", 20003, "Wrong credentials", ("auth.missing", "auth.wrong", "auth.other-account")),
    ("404", "There is no such account, or it belongs to somebody else.", 20404, "Not found", ("auth.other-account",)),
    ("4XX", "Another refusal.", 20001, "The request was refused", ("refusal.status",)),
)


def _refusal(status: str, text: str, code: int, message: str, clauses: tuple[str, ...]) -> Schema:
    number = int(status) if status.isdigit() else 422
    more = f"https://example.com/errors/{code}"
    example = {"code": code, "message": message, "more_info": more, "status": number}
    media = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    return {"description": text, "content": {"application/json": media}, CLAUSE_KEY: list(clauses)}


def _operation() -> Schema:
    created = {
        "description": "The call was created.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Call"}, "example": example_of_created()}},
        CLAUSE_KEY: ["call.created", "response.status", "response.content-type"],
    }
    return {
        "operationId": "CreateCall",
        "summary": "Create an outgoing call",
        "description": "Calls a phone, a SIP endpoint or a client. Url, Twiml or ApplicationSid says what happens once it is answered.",
        "security": [{"basic": []}],
        "requestBody": _body(),
        "responses": {"201": created, **{row[0]: _refusal(*row) for row in _REFUSALS}},
    }


def _account() -> Schema:
    return {
        "name": "AccountSid", "in": "path", "required": True, "description": "The account that makes the call.",
        "schema": {"type": "string", "pattern": ACCOUNT_PATTERN, "minLength": _SID_LENGTH, "maxLength": _SID_LENGTH},
        "example": _EXAMPLE["account_sid"], CLAUSE_KEY: ["auth.other-account", "echo.account-sid"],
    }


def build(server_url: str | None = None) -> Schema:
    """The OpenAPI 3.1 document of the operation, derived from the contract's tables.

    Args:
        server_url: base URL to name as the server; None leaves it to the reader's own address.

    Returns:
        A new dictionary, JSON-ready.
    """
    document: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "Create call",
            "version": API_VERSION,
            "description": "One HTTP operation, as ringtrue reads its public description. `x-ringtrue-clause` names the clauses.",
        },
        "paths": {COLLECTION: {"parameters": [_account()], "post": _operation()}},
        "components": {
            "schemas": {"Call": schema_of_created(), "Error": _ERROR},
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic", "description": "The account's SID and its token."}},
        },
    }
    if server_url is not None:
        document["servers"] = [{"url": server_url}]
    return document


__all__ = ["CLAUSE_KEY", "build", "describe", "example_of_created", "schema_of_created"]
