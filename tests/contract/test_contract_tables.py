"""The contract's tables: the names are the operation's own, and every clause is fit to be shown and kept."""

from __future__ import annotations

import re

import pytest

from harness.contract import ATTRIBUTES, CLAUSE, CLAUSES, COLLECTION, GROUPS, PARAMETER, PARAMETERS, Clause, Level
from harness.contract.attributes import STATUSES

PARAMETER_NAMES = (
    "ApplicationSid", "AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", "Byoc", "CallReason", "CallToken", "CallerId",
    "FallbackMethod", "FallbackUrl", "From", "MachineDetection", "MachineDetectionSilenceTimeout", "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSpeechThreshold", "MachineDetectionTimeout", "Method", "Record", "RecordingChannels", "RecordingStatusCallback",
    "RecordingStatusCallbackEvent", "RecordingStatusCallbackMethod", "RecordingTrack", "SendDigits", "SipAuthPassword", "SipAuthUsername",
    "StatusCallback", "StatusCallbackEvent", "StatusCallbackMethod", "TimeLimit", "Timeout", "To", "Trim", "Twiml", "Url",
)
ATTRIBUTE_NAMES = (
    "account_sid", "answered_by", "api_version", "caller_name", "date_created", "date_updated", "direction", "duration", "end_time",
    "forwarded_from", "from", "from_formatted", "group_sid", "parent_call_sid", "phone_number_sid", "price", "price_unit", "queue_time",
    "sid",
    "start_time", "status", "subresource_uris", "to", "to_formatted", "trunk_sid", "uri",
)
DEFAULTS = {
    "AsyncAmdStatusCallbackMethod": "POST", "FallbackMethod": "POST", "MachineDetectionSilenceTimeout": "5000",
    "MachineDetectionSpeechEndThreshold": "1200", "MachineDetectionSpeechThreshold": "2400", "MachineDetectionTimeout": "30",
    "Method": "POST", "Record": "false", "RecordingChannels": "mono", "RecordingStatusCallbackEvent": "completed",
    "RecordingStatusCallbackMethod": "POST", "RecordingTrack": "both", "StatusCallbackEvent": "completed", "StatusCallbackMethod": "POST",
    "Timeout": "60", "Trim": "trim-silence",
}
IGNORED = {
    "FallbackMethod": ("ApplicationSid",), "FallbackUrl": ("ApplicationSid",), "Method": ("ApplicationSid",),
    "StatusCallback": ("ApplicationSid",), "StatusCallbackEvent": ("ApplicationSid",), "StatusCallbackMethod": ("ApplicationSid",),
    "MachineDetection": ("SendDigits",), "Twiml": ("Url",),
}
SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*){1,2}\Z")


def test_parameters_are_the_35_of_the_operation() -> None:
    assert len(PARAMETER_NAMES) == 35
    assert tuple(sorted(PARAMETER, key=str)) == tuple(sorted(PARAMETER_NAMES))
    assert len(PARAMETERS) == 35


def test_attributes_are_the_26_of_a_call() -> None:
    assert len(ATTRIBUTE_NAMES) == 26
    assert tuple(a.name for a in ATTRIBUTES) == ATTRIBUTE_NAMES


def test_path_is_the_operation_s() -> None:
    assert COLLECTION == "/2010-04-01/Accounts/{AccountSid}/Calls.json"


def test_only_to_and_from_are_required() -> None:
    assert {p.name for p in PARAMETERS if p.required} == {"To", "From"}


def test_defaults_are_the_documented_ones() -> None:
    assert {p.name: p.default for p in PARAMETERS if p.default is not None} == DEFAULTS


def test_ignored_parameters_are_the_documented_ones() -> None:
    assert {p.name: p.ignored_with for p in PARAMETERS if p.ignored_with} == IGNORED
    assert {p.name for p in PARAMETERS if p.phone_only} == {"Byoc"}


def test_statuses_are_the_documented_ones() -> None:
    assert STATUSES == ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")


def test_needed_attributes_are_the_seven_that_a_client_can_t_do_without() -> None:
    assert {a.name for a in ATTRIBUTES if a.needed} == {"sid", "account_sid", "status", "direction", "uri", "to", "from"}


def test_clause_ids_are_unique() -> None:
    assert len({c.id for c in CLAUSES}) == len(CLAUSES) == len(CLAUSE)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda c: c.id)
def test_clause_can_be_shown_and_kept(clause: Clause) -> None:
    assert SLUG.match(clause.id)
    assert clause.statement.strip() == clause.statement and clause.statement.endswith(".")
    assert clause.source.strip() == clause.source != ""
    assert clause.group in GROUPS
    assert clause.level in Level
    assert clause.parameter is None or clause.parameter in PARAMETER


def test_statements_are_no_two_alike() -> None:
    assert len({c.statement for c in CLAUSES}) == len(CLAUSES)


def test_every_parameter_and_attribute_has_a_clause() -> None:
    assert {c.parameter for c in CLAUSES if c.parameter} == set(PARAMETER_NAMES)
    named = {c.id.split(".")[1] for c in CLAUSES if c.id.startswith("response.")}
    assert {n.replace("_", "-") for n in ATTRIBUTE_NAMES} <= named
