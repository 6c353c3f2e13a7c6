"""The contract beside other OpenAPI descriptions of the operation: what differs is told, what is the same is not, junk gets one sentence."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support import at_once, changed_somewhere

from harness.contract.openapi import build
from harness.drift.differences import differences
from harness.drift.reading import operation_of, read_document
from harness.errors import UsageError

PATH = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
OURS = operation_of(build())


def changed(change: Any) -> dict[str, Any]:
    """The contract's own export with a change made to (document, operation, form's schema)."""
    document = copy.deepcopy(build())
    operation = document["paths"][PATH]["post"]
    change(document, operation, operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"])
    return document


def found(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(where, name, what) of each difference."""
    return [(d.where, d.name, d.what) for d in differences(OURS, operation_of(document))]


def put(name: str, schema: dict[str, Any]) -> Any:
    """A change that gives one parameter another schema."""
    return lambda _d, _o, form: form["properties"].__setitem__(name, schema)


def calls(document: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a created call."""
    return document["components"]["schemas"]["Call"]["properties"]


CHANGES: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "nothing": (lambda _d, _o, _f: None, []),
    "a new parameter": (put("ClientNotificationUrl", {"type": "string", "format": "uri"}), [("parameter", "ClientNotificationUrl", "added")]),
    "a parameter gone": (lambda _d, _o, form: form["properties"].pop("Byoc"), [("parameter", "Byoc", "removed")]),
    "methods GET and POST only": (put("Method", {"type": "string", "enum": ["GET", "POST"]}), [("parameter", "Method", "values")]),
    "values in the text": (put("Trim", {"type": "string", "description": "Can be: `trim-silence`, `trim-all` or `do-not-trim`."}), [("parameter", "Trim", "values")]),
    "the same values in the text": (put("Trim", {"type": "string", "description": "Can be: `trim-silence` or `do-not-trim` and the default is `trim-silence`."}), []),
    "a boolean for true and false": (put("Record", {"type": "boolean", "description": "Can be `true` to record, or `false` to not."}), []),
    "more keys": (put("SendDigits", {"type": "string", "description": "With a maximum length of 32 digits. Valid digits: (`0`-`9`), '`A`', '`#`', '`*`', '`w`'."}), [("parameter", "SendDigits", "keys")]),
    "longer digits": (put("SendDigits", {"type": "string", "pattern": "^[0-9#*w]*$", "maxLength": 64}), [("parameter", "SendDigits", "longest")]),
    "a range in the text": (put("MachineDetectionSpeechThreshold", {"type": "integer", "description": "Possible Values: 1000-6000. Default: 2400."}), []),
    "another range in the text": (put("MachineDetectionSpeechThreshold", {"type": "integer", "description": "Possible Values: 900-6000."}), [("parameter", "MachineDetectionSpeechThreshold", "minimum")]),
    "another maximum": (put("Timeout", {"type": "integer", "maximum": 900}), [("parameter", "Timeout", "maximum")]),
    "a maximum no longer said": (put("Timeout", {"type": "integer"}), [("parameter", "Timeout", "maximum")]),
    "another type": (put("TimeLimit", {"type": "string"}), [("parameter", "TimeLimit", "type")]),
    "another SID": (put("ApplicationSid", {"type": "string", "pattern": "^AX[0-9a-f]{32}$"}), [("parameter", "ApplicationSid", "prefix")]),
    "events as a list": (put("RecordingStatusCallbackEvent", {"type": "array", "items": {"type": "string", "enum": ["in-progress", "completed", "absent"]}}), []),
    "through a reference": (lambda d, _o, form: (d["components"]["schemas"].update(M={"type": "string", "enum": ["GET"]}), form["properties"].update(Method={"$ref": "#/components/schemas/M"})), [("parameter", "Method", "values")]),
    "through allOf": (put("Trim", {"allOf": [{"type": "string"}, {"enum": ["trim-silence", "do-not-trim"]}]}), []),
    "through oneOf": (put("Trim", {"oneOf": [{"enum": ["trim-silence"]}, {"enum": ["do-not-trim"]}]}), []),
    "what can't be read": (put("Trim", {"oneOf": [{"type": "string"}, {"type": "integer"}]}), [("parameter", "Trim", "not read")]),
    "another document": (put("Trim", {"$ref": "https://example.com/trim.json"}), [("parameter", "Trim", "not read")]),
    "round in a circle": (lambda d, _o, form: (d["components"]["schemas"].update(A={"$ref": "#/components/schemas/A"}), form["properties"].update(Trim={"$ref": "#/components/schemas/A"})), [("parameter", "Trim", "not read")]),
    "Url required": (lambda _d, _o, form: form["required"].append("Url"), [("parameter", "Url", "required")]),
    "From optional": (lambda _d, _o, form: form["required"].remove("From"), [("parameter", "From", "required")]),
    "one of three": (lambda _d, _o, form: form.update(anyOf=[{"required": [n]} for n in ("Url", "Twiml", "ApplicationSid")]), [("operation", "one of several", "required")]),
    "one of three, by an extension": (lambda _d, operation, _f: operation.update({"x-vendor": {"conditional": [["url", "twiml", "application_sid"]]}}), [("operation", "one of several", "required")]),
    "a JSON body": (lambda _d, operation, form: operation["requestBody"].update(content={"application/json": {"schema": form}}), [("operation", "media type", "changed")]),
    "200 instead of 201": (lambda _d, operation, _f: operation["responses"].update({"200": operation["responses"].pop("201")}), [("operation", "status of a created call", "changed")]),
    "a new attribute": (lambda d, _o, _f: calls(d).update(reason={"type": "string"}), [("attribute", "reason", "added")]),
    "an attribute gone": (lambda d, _o, _f: calls(d).pop("price"), [("attribute", "price", "removed")]),
    "a price that is a number": (lambda d, _o, _f: calls(d).update(price={"type": "number"}), [("attribute", "price", "type")]),
    "a status more": (lambda d, _o, _f: calls(d)["status"]["enum"].append("parked"), [("attribute", "status", "values")]),
    "ISO dates": (lambda d, _o, _f: calls(d).update(start_time={"type": "string", "format": "date-time"}), [("attribute", "start_time", "date")]),
    "an API key": (lambda d, operation, _f: (d["components"]["securitySchemes"].update(k={"type": "apiKey"}), operation.update(security=[{"k": []}])), [("operation", "credentials", "changed")]),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=list(CHANGES))
def test_difference_is_told_and_nothing_else(change: Any, expected: list[tuple[str, str, str]]) -> None:
    assert found(changed(change)) == expected


SWAGGER = {
    "swagger": "2.0", "info": {"title": "x", "version": "1"}, "basePath": "/2010-04-01", "paths": {"/Accounts/{sid}/Calls.json": {
        "parameters": [{"name": "sid", "in": "path", "required": True, "type": "string"}],
        "post": {"consumes": ["application/x-www-form-urlencoded"], "parameters": [
            {"name": "To", "in": "formData", "required": True, "type": "string"}, {"name": "From", "in": "formData", "type": "string"},
            {"name": "Record", "in": "formData", "type": "boolean"}, {"name": "Edge", "in": "formData", "type": "string"},
        ], "responses": {"201": {"description": "x", "schema": {"$ref": "#/definitions/Call"}}}},
    }}, "definitions": {"Call": {"type": "object", "properties": {"sid": {"type": "string"}, "status": {"type": "string"}}}},
}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_swagger_2_is_read_as_json_and_as_yaml(form: str, tmp_path: Path) -> None:
    path = tmp_path / "spec"
    path.write_text(json.dumps(SWAGGER) if form == "json" else yaml.safe_dump(SWAGGER), "utf-8")
    rows = {(d.where, d.name, d.what) for d in differences(OURS, read_document(path))}
    assert {("parameter", "Edge", "added"), ("parameter", "From", "required"), ("attribute", "status", "values"), ("parameter", "Url", "removed")} <= rows
    assert not [r for r in rows if r[:2] in (("parameter", "Record"), ("parameter", "To"))]


def test_command_tells_the_differences_as_text_markdown_and_json(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(build()), "utf-8")
    (tmp_path / "other.json").write_text(json.dumps(changed(CHANGES["methods GET and POST only"][0])), "utf-8")
    same, text = at_once("contract", "--diff", "own.json", cwd=tmp_path), at_once("contract", "--diff", "other.json", cwd=tmp_path)
    assert (same.returncode, text.returncode) == (0, 1)
    assert "parameter Method\n  ~ values, fewer: without DELETE HEAD PATCH PUT\n" in text.stdout and all(len(line) <= 80 for line in text.stdout.splitlines())
    assert "| parameter | Method | values |" in at_once("contract", "--diff", "other.json", "--markdown", cwd=tmp_path).stdout
    (row,) = json.loads(at_once("contract", "--diff", "other.json", "--json", cwd=tmp_path).stdout)["differences"]
    assert (row["name"], row["document"]) == ("Method", "GET POST")


def test_operation_of_another_path_can_be_named(tmp_path: Path) -> None:
    document = build()
    document["paths"] = {"/voice/calls": document["paths"][PATH]}
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(document), "utf-8")
    assert differences(OURS, read_document(path, "POST /voice/calls")) == []
    with pytest.raises(UsageError, match="--operation"):
        read_document(path)


JUNK = {
    "no JSON": "{", "no YAML": "a: [", "a text": "hello", "a list": "[]", "no paths": '{"openapi": "3.1.0"}', "no version": '{"paths": {}}',
    "no operation": '{"openapi": "3.1.0", "paths": {"/x": {"post": {}}}}', "a Python tag": "!!python/object/apply:os.system ['true']",
    "paths that are none": '{"openapi": "3.1.0", "paths": {"/x": 5}}', "two operations": json.dumps({"openapi": "3.1.0", "paths": {f"/{v}/Accounts/{{s}}/Calls.json": {"post": {}} for v in "ab"}}),
    "an empty operation": json.dumps({"openapi": "3.1.0", "paths": {PATH: {"post": {"requestBody": {"content": 5}}}}}),
}


@pytest.mark.parametrize("text", JUNK.values(), ids=list(JUNK))
def test_document_that_is_none_is_told_in_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "spec").write_text(text, "utf-8")
    done = at_once("contract", "--diff", "spec", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "spec" in done.stderr) == (2, 1, True), done.stderr


ELSEWHERE: dict[str, Any] = {"$ref": "common.yaml#/Call"}
OUTSIDE = {
    "the answer's schema": (lambda d, o: o["responses"]["201"]["content"]["application/json"].update(schema=ELSEWHERE), ("operation", "attributes", "not read")),
    "the answer": (lambda d, o: o["responses"].update({"201": ELSEWHERE}), ("operation", "attributes", "not read")),
    "the answers": (lambda d, o: o.update(responses=ELSEWHERE), None),
    "the body's schema": (lambda d, o: next(iter(o["requestBody"]["content"].values())).update(schema=ELSEWHERE), None),
    "the body": (lambda d, o: o.update(requestBody=ELSEWHERE), None),
    "the path": (lambda d, o: d["paths"].update({PATH: ELSEWHERE}), None),
    "a circle": (lambda d, o: (d["components"]["schemas"].update(A={"$ref": "#/components/schemas/A"}), o.update(requestBody={"$ref": "#/components/schemas/A"})), None),
}


@pytest.mark.parametrize(("change", "expected"), OUTSIDE.values(), ids=list(OUTSIDE))
def test_part_in_another_file_is_named_or_told_in_one_sentence(change: Any, expected: tuple[str, str, str] | None, tmp_path: Path) -> None:
    document = build()
    change(document, document["paths"][PATH]["post"])
    (tmp_path / "spec").write_text(json.dumps(document), "utf-8")
    done = at_once("contract", "--diff", "spec", "--json", cwd=tmp_path)
    if expected is None:
        assert (done.returncode, done.stderr.count("\n"), "spec" in done.stderr) == (2, 1, True), done.stderr
        return
    assert done.returncode == 1, done.stderr
    (row,) = json.loads(done.stdout)["differences"]
    assert (row["where"], row["name"], row["what"]) == expected
    assert "in another document (common.yaml#/Call)" in row["document"]


def test_yaml_whose_aliases_multiply_is_read_in_no_time(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 60)] + ["openapi: 3.1.0", "paths: {}"]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines), "utf-8")
    with pytest.raises(UsageError, match="does not describe"):
        read_document(tmp_path / "bomb.yaml")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_document_gives_differences_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    document = changed_somewhere(data, data.draw(st.sampled_from([SWAGGER, build()])))
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(json.dumps(document).encode() if data.draw(st.booleans()) else data.draw(st.binary(max_size=60)))
    try:
        differences(OURS, read_document(path))
    except UsageError as error:
        assert "\n" not in str(error)
