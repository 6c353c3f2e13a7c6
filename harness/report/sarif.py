"""results.sarif: the findings in SARIF 2.1.0, for code scanning. Rules are clauses; a fingerprint makes a finding the same in another run.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; what GitHub's code scanning shows of it.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from harness.contract import CLAUSE, Level
from harness.contract.model import Clause
from harness.findings import Finding
from harness.identity import identity_of
from harness.report.escape import cut, for_markdown, visible
from harness.report.words import rule, seen
from harness.results import RunResult

_LEVEL = {Level.MUST: "error", Level.SHOULD: "warning", Level.OBSERVED: "note"}
_OPERATION = "POST /2010-04-01/Accounts/{AccountSid}/Calls.json"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST = 5000  # results: what code scanning takes of one run at most


def sarif(result: RunResult, directory: PurePath) -> str:
    """The text of results.sarif.

    Args:
        result: of the run.
        directory: where the run's files are; a finding's place is its saved case in there.
    """
    findings = result.findings[:_MOST]
    ids = list(dict.fromkeys(f.clause for f in findings))
    log = {
        "$schema": _SCHEMA, "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ringtrue", "semanticVersion": result.version, "version": result.version,
                "rules": [_rule(CLAUSE[i]) for i in ids],
            }},
            "invocations": [_invocation(result)],
            "automationDetails": {"id": f"ringtrue/{visible(result.target or result.account_sid)}/"},
            "columnKind": "unicodeCodePoints",
            "properties": {
                "target": visible(result.url), "account": result.account_sid, "profile": result.profile, "seed": result.seed,
                "verdict": result.verdict,
            },
            "results": [_result(f, ids.index(f.clause), directory) for f in findings],
        }],
    }
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _rule(clause: Clause) -> dict[str, Any]:
    why = f"\n\n{clause.why}" if clause.why else ""
    return {
        "id": clause.id, "name": "".join(word.capitalize() for word in clause.id.replace("-", ".").split(".")),
        "shortDescription": {"text": clause.statement},
        "fullDescription": {"text": f"{clause.statement} {clause.why}".strip()},
        "help": {
            "text": f"{clause.statement}{why}\n\nSource: {clause.source}. More: ringtrue explain {clause.id}",
            "markdown": f"{for_markdown(clause.statement)}\n\n{for_markdown(clause.why)}\n\nSource: {for_markdown(clause.source)}.\n\n"
                        f"More: `ringtrue explain {clause.id}`",
        },
        "defaultConfiguration": {"level": _LEVEL[clause.level]},
        "properties": {"level": clause.level.value, "group": clause.group, "tags": ["contract", clause.level.value]},
    }


def _invocation(result: RunResult) -> dict[str, Any]:
    out: dict[str, Any] = {
        "executionSuccessful": result.verdict != "inconclusive", "exitCode": result.exit_code,
        "startTimeUtc": result.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    said = [("error" if result.verdict == "inconclusive" else "note", result.headline), *(("error", s) for s in result.stale)]
    said += [("note", note) for note in result.notes]
    out["toolExecutionNotifications"] = [{"level": level, "message": {"text": _text(words)}} for level, words in said if words]
    return out


def _result(f: Finding, rule_index: int, directory: PurePath) -> dict[str, Any]:
    place = f" at {f.path}" if f.path not in ("", "$") else ""
    words = f"{rule(f)} Expected {f.expected}, got {f.actual}{place}. {f.cause + ', ' if f.cause else ''}{seen(f)}."
    also = f" The same cause breaks {', '.join(f.also)}." if f.also else ""
    again = f" Send it again: ringtrue replay {_case_of(f, directory)}"
    out: dict[str, Any] = {
        "ruleId": f.clause, "ruleIndex": rule_index, "level": _LEVEL[f.level], "kind": "fail",
        "message": {"text": _text(words + also + again)},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": quote(_case_of(f, directory))}, "region": {"startLine": 1}},
            "logicalLocations": [_logical(f)],
        }],
        "partialFingerprints": {"ringtrue/v1": identity_of(f).fingerprint},
        "occurrenceCount": max(f.occurrences, 1),
        "properties": {"finding": f.id, "also": list(f.also), "check": f.check},
    }
    if f.accepted is not None:
        owner = f" ({f.accepted.owner})" if f.accepted.owner else ""
        out["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _text(f"{f.accepted.reason}{owner}")}]
    return out


def _logical(f: Finding) -> dict[str, Any]:
    name = CLAUSE[f.clause].parameter
    if name is not None:
        return {"name": name, "fullyQualifiedName": f"{_OPERATION}#{name}", "kind": "parameter"}
    if f.path not in ("", "$"):
        return {"name": _text(f.path), "fullyQualifiedName": _text(f"{_OPERATION}#{f.path}"), "kind": "member"}
    return {"name": _OPERATION, "fullyQualifiedName": _OPERATION, "kind": "function"}


def _case_of(f: Finding, directory: PurePath) -> str:
    """The saved case's place: relative to where the run was started, as code scanning wants it; else relative to the file itself."""
    folder = directory if not directory.is_absolute() and ".." not in directory.parts else PurePath(".")
    return (folder / "cases" / f"{f.id}.json").as_posix()


def _text(value: str) -> str:
    return visible(cut(value, 4000))
