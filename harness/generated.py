"""A second generator: schemathesis draws calls from the exported OpenAPI document, and ringtrue judges them.

It knows nothing of the strategies here, so what they did not think of may still come. Hosts that it makes up are put
under a name that is reserved for examples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis.strategies import SearchStrategy

from harness.case import Case, Pair
from harness.contract import COLLECTION
from harness.contract.openapi import build

_HOST = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://|sips?:[^@]*@)([A-Za-z0-9.-]*[A-Za-z0-9])")
_RESERVED = (".example", "example.com", "example.org", "example.net", ".invalid", ".test")


def generated_calls() -> dict[str, SearchStrategy[Case]]:
    """Strategies of whole calls by what schemathesis means them to be: `positive` or `negative`."""
    import schemathesis

    document = schemathesis.openapi.from_dict(build("http://127.0.0.1"))
    operation = document[COLLECTION]["POST"]
    return {mode.value: operation.as_strategy(generation_mode=mode).map(_case) for mode in schemathesis.GenerationMode}


def _case(drawn: Any) -> Case:
    """The form of a case of schemathesis; its credentials and path are left to this run."""
    if isinstance(drawn.body, Mapping):
        return Case(tuple(_pairs(drawn.body)), "call.combination")
    raw = b"" if type(drawn.body).__name__ == "NotSet" else _text(drawn.body).encode("utf-8", "replace")
    return Case((), "malformed.form", body=raw)


def _pairs(form: Mapping[str, Any]) -> list[Pair]:
    pairs: list[Pair] = []
    for name, value in form.items():
        values = value if isinstance(value, list) else [value]
        pairs.extend((_clean(name), _at_home(_clean(_text(v)))) for v in values)
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, default=str)


def _clean(text: str) -> str:
    """Text without lone surrogates, which in a case stand for raw bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _at_home(text: str) -> str:
    """The same text, its host under a name that belongs to nobody."""
    found = _HOST.match(text)
    if found is None or found[2].lower().endswith(_RESERVED):
        return text
    return f"{found[0]}.example{text[found.end():]}"
