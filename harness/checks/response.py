"""Checks of a created call's answer: envelope, then each attribute. Pure functions of one exchange.

One attribute yields at most one breach: the first rule that it breaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.checks.dates import parse_date
from harness.checks.model import Breach, breach, show
from harness.contract import API_VERSION, ATTRIBUTES, Attribute
from harness.contract.attributes import UNFINISHED
from harness.exchange import Exchange

_JSON_TYPE = re.compile(r"\s*(?:application|text)/(?:[\w.+-]+\+)?json\s*(?:;|\Z)", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z")
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")
_HEX32 = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}\Z")
_RELATIVE = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:)(?!//)[^\s\\\x00-\x1f\x7f-\x9f]*\Z")

Check = Callable[[Any, Attribute], str | None]


def check_envelope(exchange: Exchange) -> list[Breach]:
    """Status, body, content type and keys of an answer that says a call was created."""
    found: list[Breach] = []
    if exchange.status != 201:
        found.append(breach("response.status", "check_envelope", "201", exchange.describe()))
    if exchange.status == 204:
        return found  # has no body, by HTTP
    value, duplicates, error = exchange.parsed
    if error is not None or not isinstance(value, dict):
        actual = f"no JSON: {error}" if error else f"JSON, but {_kind_of(value)}"
        if not exchange.body and not exchange.truncated:
            actual = "an empty body"
        found.append(breach("response.json", "check_envelope", "one JSON object", actual))
        return found
    content_type = exchange.header("content-type")
    if content_type is None or not _JSON_TYPE.match(content_type):
        actual = "none" if content_type is None else content_type[:100]
        found.append(breach("response.content-type", "check_envelope", "a JSON content type", actual, "Content-Type"))
    if duplicates:
        found.append(breach("response.unique-keys", "check_envelope", "each key once", f"twice: {', '.join(duplicates[:5])}"))
    if not any(a.name in value for a in ATTRIBUTES if a.needed):
        keys = ", ".join(list(value)[:6]) or "none"
        found.append(breach("response.attributes", "check_envelope", "sid, status, to, from, … at the top", f"keys: {keys}"))
    return found


def _kind_of(value: Any) -> str:
    names = {list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number", type(None): "null", dict: "an object"}
    return names.get(type(value), "another value")


def check_attributes(document: dict[str, Any], detection: bool | None) -> Iterator[Breach]:
    """Each attribute's type, pattern, values and what a new call cannot have.

    Args:
        document: the answer's JSON object.
        detection: whether the request asked for MachineDetection (None: unclear).
    """
    for attribute in ATTRIBUTES:
        found = _attribute(attribute, document)
        if found is not None:
            yield found
        else:
            yield from _impossible(attribute, document, detection)


def _attribute(attribute: Attribute, document: dict[str, Any]) -> Breach | None:
    value = document.get(attribute.name)
    if value is None and not attribute.needed:
        return None
    path, prefix = f"$.{attribute.name}", f"response.{attribute.slug}"
    if value is None:
        actual = "null" if attribute.name in document else "absent"
        return breach(f"{prefix}.present", "check_attributes", "there and not null", actual, path)
    if attribute.kind == "uri-map":
        return _uri_map(value, path, prefix)
    if not isinstance(value, str):
        return breach(f"{prefix}.type", "check_attributes", "text or null", f"{_kind_of(value)}: {show(value)}", path)
    if value == "" and attribute.empty_is_null:
        return None
    return _text(attribute, value, document, path, prefix)


def _text(attribute: Attribute, value: str, document: dict[str, Any], path: str, prefix: str) -> Breach | None:
    check = "check_attributes"
    kind = attribute.kind
    if kind == "sid" and not (_HEX32.match(value) and value.startswith(attribute.prefix)):
        return breach(f"{prefix}.pattern", check, f"{attribute.prefix} and 32 hexadecimal digits", show(value), path)
    if kind == "enum" and value not in attribute.values:
        return breach(f"{prefix}.values", check, " | ".join(attribute.values), show(value), path)
    if kind == "date" and isinstance(reason := parse_date(value), str):
        return breach(f"{prefix}.format", check, "an RFC 2822 date in GMT", f"{show(value)}: {reason}", path)
    if kind == "integer-text" and not _WHOLE.match(value):
        return breach(f"{prefix}.format", check, "a whole number in text", show(value), path)
    if kind == "decimal-text" and not _DECIMAL.match(value):
        return breach(f"{prefix}.format", check, "a decimal number in text", show(value), path)
    if kind == "currency":
        return _currency(value, path, prefix)
    if kind == "uri":
        return _own_uri(value, document, path, prefix)
    return None


def _currency(value: str, path: str, prefix: str) -> Breach | None:
    if not _CURRENCY.match(value):
        return breach(f"{prefix}.format", "check_attributes", "three letters", show(value), path)
    if value.upper() not in currencies():
        return breach(f"{prefix}.iso-4217", "check_attributes", "a currency of ISO 4217", show(value), path)
    return None


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """The alphabetic codes of ISO 4217."""
    import pycountry

    return frozenset(c.alpha_3 for c in pycountry.currencies)


def _own_uri(value: str, document: dict[str, Any], path: str, prefix: str) -> Breach | None:
    expected = "a relative URI that names the sid"
    if not value or not _is_relative(value):
        return breach(f"{prefix}.format", "check_attributes", expected, show(value), path)
    sid = document.get("sid")
    if isinstance(sid, str) and _HEX32.match(sid) and sid not in unquote(value):
        return breach(f"{prefix}.format", "check_attributes", f"{expected}, {sid[:40]}", show(value), path)
    return None


def _is_relative(value: str) -> bool:
    if not _RELATIVE.match(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def _uri_map(value: Any, path: str, prefix: str) -> Breach | None:
    if not isinstance(value, dict):
        return breach(f"{prefix}.type", "check_attributes", "an object or null", f"{_kind_of(value)}: {show(value)}", path)
    for key, uri in value.items():
        if uri is not None and not (isinstance(uri, str) and _is_relative(uri)):
            place = f"{path}.{key[:60]}"
            return breach(f"{prefix}.format", "check_attributes", "a relative URI", show(uri), place)
    return None


def _impossible(attribute: Attribute, document: dict[str, Any], detection: bool | None) -> Iterator[Breach]:
    """What a new outgoing call cannot have."""
    value = document.get(attribute.name)
    if value is None:
        return
    name, path, check = attribute.name, f"$.{attribute.name}", "check_attributes"
    status = document.get("status")
    if name in ("caller_name", "forwarded_from") and value != "":
        yield breach(f"response.{attribute.slug}.empty", check, "null or empty", show(value), path)
    elif name == "answered_by" and detection is False and value != "":
        yield breach("response.answered-by.without-detection", check, "null or empty", show(value), path)
    elif name == "end_time" and status in UNFINISHED:
        yield breach("response.end-time.unfinished", check, f"null while {status}", show(value), path)
    elif name == "price" and status in UNFINISHED:
        yield breach("response.price.unfinished", check, f"null while {status}", show(value), path)
    elif name == "start_time" and status == "queued":
        yield breach("response.start-time.queued", check, "null while queued", show(value), path)
    elif name == "api_version" and value != API_VERSION:
        yield breach("response.api-version.path", check, API_VERSION, show(value), path)
