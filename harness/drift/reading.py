"""An OpenAPI document read as far as it describes creating a call: 2.0, 3.0 and 3.1, JSON or YAML.

References are followed inside the document alone, a bounded number of steps. What is only said in prose is taken where
it is plain ("Can be: `a` or `b`", "Possible Values: 500-5000", "Max 4000 characters"), and marked as such.
Source: the OpenAPI specification.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from harness.drift.model import Operation, Shape
from harness.errors import UsageError
from harness.files import read_text

FORM = "application/x-www-form-urlencoded"
_STEPS = 30
_MOST_NODES = 20_000
_PATH = re.compile(r".*/Accounts/\{[^}]+\}/Calls(?:\.json|\{[^}]*\})?/?\Z", re.IGNORECASE)
_SID = re.compile(r"([A-Z]{2})\[[^\]]*\]\{32\}")
_WORDS_OF_PATTERN = re.compile(r"\^\(\?:\(\?:([\w-]+(?:\|[\w-]+)+)\)")
_KEYS_OF_PATTERN = re.compile(r"\A\^(?:\(\?:)?\[((?:[^\]\\^-]|\\.|\w-\w)+)\][*+]\)?\$")
_KINDS = {"string": "text", "boolean": "text", "integer": "integer", "number": "number", "object": "object"}
_CHOICE = re.compile(
    r"(?:[Cc]an be|[Pp]ossible [Vv]alues|[Oo]ne of|[Vv]alid values|[Aa]llowed values)(?: are| include)?:? ?"
    r"((?:[`'\"]+[\w.-]+[`'\"]+(?:,? (?:and|or) |, )?){2,})"
)
_BETWEEN = re.compile(r"(?:[Pp]ossible [Vv]alues|[Bb]etween|[Rr]ange)(?: is| are)?:? ?`?([0-9]+)`?(?: ?(?:-|–|to|and) ?)`?([0-9]+)`?")
_AT_MOST = re.compile(r"maximum (?:is|value is|of) `?([0-9]+)`?(?! (?:digits|characters))")
_LONGEST = re.compile(r"(?:[Mm]ax(?:imum)?(?: length)?(?: of)?|up to|at most) `?([0-9]+)`? (?:digits|characters)")
_KEYS = re.compile(r"['`]{1,2}([A-Za-z0-9#*])['`]{1,2}")


class _Unread(Exception):
    """A schema, or another part, that can't be interpreted; the text says why."""


def read_document(path: Path, wanted: str | None = None) -> Operation:
    """Reads what a document says of the operation.

    Args:
        path: of an OpenAPI document.
        wanted: `POST /path`, where the path is not one that ends with /Accounts/{…}/Calls.json.

    Raises:
        UsageError: it can't be read, is no OpenAPI document, lacks the operation, or has a part of it elsewhere.
    """
    text = read_text(path, "an OpenAPI document")
    try:
        data = _parsed(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        raise UsageError(f"{path} is neither JSON nor plain YAML; an OpenAPI document was expected") from None
    if not isinstance(data, dict) or not isinstance(data.get("paths"), dict) or not ("openapi" in data or "swagger" in data):
        raise UsageError(f"{path} is no OpenAPI document: it has no paths, or says no version (openapi or swagger)")
    try:
        return operation_of(data, wanted)
    except _Unread as why:
        raise UsageError(f"{path} leaves a part of the operation unread ({why}); name a document that holds all of it") from None
    except (RecursionError, TypeError, AttributeError, ValueError, KeyError) as error:
        if isinstance(error, _NoOperation):
            raise UsageError(f"{path} {error}") from None
        raise UsageError(f"{path} is no valid OpenAPI document where it describes the operation; validate it first") from None


def _parsed(text: str) -> Any:
    if text.lstrip().startswith("{"):
        return json.loads(text)
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class _NoOperation(ValueError):
    """The document does not describe the operation; the text goes on after its name."""


def operation_of(data: dict[str, Any], wanted: str | None = None) -> Operation:
    """What a parsed document says of the operation.

    Raises:
        ValueError: it lacks the operation, or is no valid document there.
    """
    return _Reader(data).operation(wanted)


class _Reader:
    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.followed = 0

    def follow(self, node: Any) -> dict[str, Any]:
        """A node with its references followed; a document in which that never ends is no valid one."""
        self.followed += 1
        if self.followed > _MOST_NODES:
            raise ValueError("it refers to too much")
        for _ in range(_STEPS):
            if not isinstance(node, dict):
                raise TypeError("an object was expected")
            ref = node.get("$ref")
            if not isinstance(ref, str):
                return node
            if not ref.startswith("#/"):
                raise _Unread(f"it is in another document ({ref[:60]})")
            node = self.data
            for key in ref[2:].split("/"):
                node = node[key.replace("~1", "/").replace("~0", "~")]
        raise _Unread("its references go round in a circle")

    def operation(self, wanted: str | None) -> Operation:
        path, item = self._find(wanted)
        post = self.follow(item["post"])
        media_type, schema = self._body(post)
        parameters, required = self._properties(schema) if schema is not None else self._form_parameters(post, item)
        groups = self._one_of(schema or {}, parameters) | self._by_extension(post, parameters)
        responses = self.follow(post.get("responses") or {})
        success = frozenset(str(s) for s in responses if str(s)[:1] == "2")
        attributes, unread = self._read_attributes(responses)
        return Operation(
            f"POST {path}", media_type, parameters, frozenset(required), frozenset(groups), attributes, success, self._basic(post), unread,
        )

    def _find(self, wanted: str | None) -> tuple[str, dict[str, Any]]:
        paths: dict[str, Any] = self.data["paths"]
        if wanted is not None:
            method, _, path = wanted.strip().partition(" ")
            if method.upper() != "POST" or path not in paths or "post" not in (self.follow(paths[path])):
                raise _NoOperation(f"has no operation {wanted[:100]!r}; name it as it stands there: 'POST /path'")
            return path, self.follow(paths[path])
        found = [(p, i) for p, i in paths.items() if isinstance(p, str) and _PATH.match(p) and "post" in self.follow(i)]
        if not found:
            raise _NoOperation(
                "does not describe POST …/Accounts/{AccountSid}/Calls.json; if it has another path, name it with --operation 'POST /path'"
            )
        if len(found) > 1:
            names = ", ".join(p[:60] for p, _ in found[:4])
            raise _NoOperation(f"has several such operations ({names}); choose one with --operation 'POST /path'")
        return found[0][0], self.follow(found[0][1])

    # -- the request ------------------------------------------------------------------------------------

    def _body(self, post: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
        if "requestBody" not in post:
            consumes = post.get("consumes") or self.data.get("consumes") or [FORM]
            return (FORM if FORM in consumes else str(consumes[0])), None
        content = self.follow(self.follow(post["requestBody"])["content"])
        if not content:
            return "", {}
        media_type = FORM if FORM in content else str(next(iter(content)))
        return media_type, self.follow(self.follow(content[media_type]).get("schema") or {})

    def _form_parameters(self, post: dict[str, Any], item: dict[str, Any]) -> tuple[dict[str, Shape], set[str]]:
        """Parameters of a 2.0 document: each stands by itself."""
        rows = [self.follow(p) for p in (*(item.get("parameters") or ()), *(post.get("parameters") or ()))]
        form = [p for p in rows if p.get("in") in ("formData", "query")]
        body = next((p for p in rows if p.get("in") == "body"), None)
        if body is not None:
            return self._properties(self.follow(body.get("schema") or {}))
        return {str(p["name"]): self.shape(p) for p in form}, {str(p["name"]) for p in form if p.get("required")}

    def _properties(self, schema: dict[str, Any], depth: int = 0) -> tuple[dict[str, Shape], set[str]]:
        shapes = {str(n): self.shape(s) for n, s in (schema.get("properties") or {}).items()}
        required = {str(n) for n in schema.get("required") or ()}
        if depth < _STEPS:
            for part in schema.get("allOf") or ():
                more, also = self._properties(self.follow(part), depth + 1)
                shapes |= more
                required |= also
        return shapes, required

    def _one_of(self, schema: dict[str, Any], known: dict[str, Shape]) -> set[frozenset[str]]:
        """Groups of parameters of which one is required, said by alternatives that each require one."""
        out: set[frozenset[str]] = set()
        for node in (schema, *(self.follow(p) for p in schema.get("allOf") or ())):
            for key in ("anyOf", "oneOf"):
                each = [self.follow(a).get("required") or [] for a in node.get(key) or ()]
                names = frozenset(str(r[0]) for r in each if len(r) == 1)
                if len(names) > 1 and len(names) == len(each) and names <= set(known):
                    out.add(names)
        return out

    def _by_extension(self, post: dict[str, Any], known: dict[str, Shape]) -> set[frozenset[str]]:
        """The same said by an extension `x-…: {conditional: [[a, b]]}`, in snake case."""
        by_snake = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name in known}
        out: set[frozenset[str]] = set()
        for key, value in post.items():
            groups = value.get("conditional") if key.startswith("x-") and isinstance(value, dict) else None
            for group in groups if isinstance(groups, list) else ():
                names = frozenset(by_snake.get(str(n), str(n)) for n in group) if isinstance(group, list) else frozenset()
                if len(names) > 1 and names <= set(known):
                    out.add(names)
        return out

    # -- the answer ---------------------------------------------------------------------------------------

    def _read_attributes(self, responses: dict[str, Any]) -> tuple[dict[str, Shape], str]:
        """The attributes, or none and why they can't be interpreted."""
        try:
            return self._attributes(responses), ""
        except _Unread as why:
            return {}, str(why)

    def _attributes(self, responses: dict[str, Any]) -> dict[str, Shape]:
        found = next((responses[s] for s in ("201", 201, "200", 200, "default") if s in responses), None)
        if found is None:
            return {}
        answer = self.follow(found)
        content = answer.get("content")
        media = content.get("application/json") or next(iter(content.values()), {}) if isinstance(content, dict) else answer
        schema = self.follow(self.follow(media or {}).get("schema") or {})
        return self._properties(schema)[0]

    def _basic(self, post: dict[str, Any]) -> bool | None:
        schemes = self.data.get("securityDefinitions") or (self.data.get("components") or {}).get("securitySchemes") or {}
        asked = post.get("security", self.data.get("security"))
        if not asked or not schemes:
            return None
        names = {name for row in asked for name in row}
        used = [self.follow(schemes[n]) for n in names if n in schemes]
        return any(s.get("type") == "basic" or (s.get("type") == "http" and str(s.get("scheme")).lower() == "basic") for s in used)

    # -- one schema ---------------------------------------------------------------------------------------

    def shape(self, node: Any) -> Shape:
        """What a schema says, in the neutral words."""
        try:
            found = self._shape(self.follow(node), 0)
        except _Unread as why:
            return Shape(unread=str(why))
        return _with_prose(found, str(node.get("description") or ""), str(node.get("name") or ""))

    def _shape(self, schema: dict[str, Any], depth: int) -> Shape:
        if depth > _STEPS:
            raise _Unread("it is nested too deep")
        kinds = [k for k in _list(schema.get("type")) if k != "null"]
        if kinds == ["array"] or "items" in schema:
            return self._shape(self.follow(schema.get("items") or {}), depth + 1)
        out = Shape(kind=_KINDS.get(str(kinds[0])) if len(kinds) == 1 else None)
        if kinds == ["boolean"]:
            out = replace(out, values=frozenset(("true", "false")))
        if "enum" in schema or "const" in schema:
            listed = schema.get("enum", [schema.get("const")])
            values = frozenset(_word(v) for v in listed if v is not None and v != "")
            out = replace(out, values=values or None, kind=out.kind or "text")
        out = replace(out, **_numbers(schema))
        if schema.get("format") in ("date-time", "date"):
            out = replace(out, iso_date=True)
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            out = _by_pattern(out, pattern)
        for part in schema.get("allOf") or ():
            out = _joined(out, self._shape(self.follow(part), depth + 1))
        for key in ("anyOf", "oneOf"):
            choices = [self._shape(self.follow(a), depth + 1) for a in schema.get(key) or () if self.follow(a).get("type") != "null"]
            if len(choices) == 1:
                out = _joined(out, choices[0])
            elif choices and all(c.values is not None for c in choices):
                out = replace(out, values=frozenset().union(*(c.values or () for c in choices)), kind=out.kind or choices[0].kind)
            elif choices:
                out = replace(out, unread=f"{key} of schemas that can't be told apart by values")
        return out


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _numbers(schema: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, trait in (("minimum", "minimum"), ("maximum", "maximum"), ("maxLength", "longest")):
        value = schema.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            out[trait] = value
    return out


def _by_pattern(shape: Shape, pattern: str) -> Shape:
    sid = _SID.search(pattern)
    if sid is not None:
        return replace(shape, prefix=sid[1], longest=None)
    words = _WORDS_OF_PATTERN.search(pattern)
    if words is not None and shape.values is None:
        return replace(shape, values=frozenset(words[1].split("|")))
    keys = _KEYS_OF_PATTERN.match(pattern)
    if keys is not None:
        return replace(shape, keys=frozenset(_expanded(keys[1])))
    return shape


def _expanded(characters: str) -> str:
    """The characters of a class, its ranges written out."""
    out = re.sub(r"(\w)-(\w)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), characters)
    return out.replace("\\", "")


def _joined(a: Shape, b: Shape) -> Shape:
    """What two schemas say that both hold."""
    traits = {t: getattr(b, t) for t in ("kind", "values", "minimum", "maximum", "longest", "prefix", "keys") if getattr(a, t) is None}
    return replace(a, **traits, iso_date=a.iso_date or b.iso_date, unread=a.unread or b.unread)


def _with_prose(shape: Shape, text: str, name: str) -> Shape:
    """What the description adds where the schema says nothing."""
    told: dict[str, Any] = {}
    choice = _CHOICE.search(text)
    if choice is not None and shape.values is None and shape.kind in ("text", None):
        told["values"] = frozenset(re.findall(r"[\w.-]+(?=[`'\"])", choice[1]))
    between = _BETWEEN.search(text)
    if between is not None and shape.minimum is None and shape.maximum is None:
        told |= {"minimum": float(between[1]), "maximum": float(between[2])}
    most = _AT_MOST.search(text)
    if most is not None and shape.maximum is None and shape.kind in ("integer", "number") and "maximum" not in told:
        told["maximum"] = float(most[1])
    longest = _LONGEST.search(text)
    if longest is not None and shape.longest is None and shape.prefix is None:
        told["longest"] = int(longest[1])
    keys = set(_KEYS.findall(text)) if re.search(r"[Vv]alid (?:digits|keys|characters)", text) else set()
    if len(keys) > 1 and shape.keys is None and shape.values is None:
        told["keys"] = frozenset(keys | set("0123456789"))
        told.pop("values", None)
    return replace(shape, **told, in_text=shape.in_text | frozenset(told))
