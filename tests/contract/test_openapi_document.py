"""The exported document: valid OpenAPI, all of the operation in it, and its rules those of the tables."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness.contract import ATTRIBUTES, CLAUSE, COLLECTION, FORM_TYPE, PARAMETERS, Expected, Parameter, ValueClass
from harness.contract.model import Events, Integer
from harness.contract.openapi import CLAUSE_KEY, build, example_of_created, schema_of_created
from strategies.domains import edges

DOCUMENT = build()
POST: dict[str, Any] = DOCUMENT["paths"][COLLECTION]["post"]
BODY: dict[str, Any] = POST["requestBody"]["content"][FORM_TYPE]
COMPANY: dict[str, Any] = {"To": "+14155550100", "From": "+15005550006"}


@pytest.mark.parametrize("server", [None, "http://127.0.0.1:8080", "https://api.example.com/base"])
def test_document_is_valid_openapi(server: str | None) -> None:
    document = build(server)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document.get("servers") == (None if server is None else [{"url": server}])
    assert json.loads(json.dumps(document)) == document


def test_document_is_built_anew_each_time() -> None:
    document = build()
    document["components"]["schemas"]["Call"]["properties"].clear()
    example_of_created()["subresource_uris"].clear()
    assert build() == DOCUMENT


def test_request_has_all_parameters_and_requires_two() -> None:
    schema = BODY["schema"]
    assert list(schema["properties"]) == [p.name for p in PARAMETERS]
    assert set(schema["required"]) == {"To", "From"}


def test_repeated_events_are_an_array_in_parameters_of_their_own() -> None:
    assert BODY["schema"]["properties"]["StatusCallbackEvent"]["type"] == "array"
    assert BODY["encoding"] == {"StatusCallbackEvent": {"style": "form", "explode": True}}


def test_answer_has_all_attributes_nullable() -> None:
    schema = schema_of_created()
    assert list(schema["properties"]) == [a.name for a in ATTRIBUTES]
    assert all("null" in rule["type"] for rule in schema["properties"].values())
    assert DOCUMENT["components"]["schemas"]["Call"] == schema


def test_security_is_basic() -> None:
    scheme = DOCUMENT["components"]["securitySchemes"]["basic"]
    assert (scheme["type"], scheme["scheme"], POST["security"]) == ("http", "basic", [{"basic": []}])


def test_answers_are_201_and_refusals() -> None:
    assert list(POST["responses"]) == ["201", "400", "401", "404", "4XX"]


def test_examples_satisfy_their_schemas() -> None:
    error = Draft202012Validator(DOCUMENT["components"]["schemas"]["Error"])
    for status, answer in POST["responses"].items():
        example = answer["content"]["application/json"]["example"]
        assert (Draft202012Validator(schema_of_created()) if status == "201" else error).is_valid(example)
    assert Draft202012Validator(BODY["schema"]).is_valid(BODY["example"])


def _clauses_in(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_clauses_in, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    return set(node.get(CLAUSE_KEY, ())).union(*map(_clauses_in, node.values()))


def test_document_names_only_clauses_that_there_are_and_all_about_values() -> None:
    named = _clauses_in(DOCUMENT)
    assert named <= set(CLAUSE)
    assert {c.id for c in CLAUSE.values() if c.group in ("Parameters", "Attributes")} <= named


def _wire(parameter: Parameter, value: str) -> Any:
    """A form's text as a validator of OpenAPI reads it: integers as numbers, arrays as lists."""
    if isinstance(parameter.domain, Events) and parameter.domain.repeated:
        return [value]
    if isinstance(parameter.domain, Integer) and value.isascii() and value.lstrip("-").isdigit():
        return int(value)
    return value


CLASSES = [(p, c) for p in PARAMETERS for c in p.classes if c.expected is not Expected.EITHER and edges(p.name, c.slug)]


@pytest.mark.parametrize(("parameter", "value_class"), CLASSES, ids=[f"{p.slug}.{c.slug}" for p, c in CLASSES])
def test_request_schema_takes_and_refuses_what_a_server_must(parameter: Parameter, value_class: ValueClass) -> None:
    validator = Draft202012Validator(BODY["schema"])
    company = {**COMPANY, "To": "client:bob"} if (parameter.name, value_class.slug) == ("From", "client") else COMPANY
    for value in edges(parameter.name, value_class.slug):
        taken = validator.is_valid({**company, parameter.name: _wire(parameter, value)})
        assert taken == (value_class.expected is Expected.ACCEPT), repr(value)


@pytest.mark.parametrize("name", ["To", "From"])
def test_request_schema_refuses_the_absence_of_what_is_required(name: str) -> None:
    assert not Draft202012Validator(BODY["schema"]).is_valid({k: v for k, v in COMPANY.items() if k != name})


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_schemathesis_can_draw_calls_from_the_document(data: st.DataObject) -> None:
    operation = schemathesis.openapi.from_dict(build())[COLLECTION]["POST"]
    case = data.draw(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    assert isinstance(case.body, dict) and {"To", "From"} <= set(case.body)
    assert Draft202012Validator(BODY["schema"]).is_valid(case.body)
