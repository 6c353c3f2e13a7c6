"""results.sarif: the findings in SARIF 2.1.0, for code scanning. Rules are clauses; a fingerprint makes a finding the same in another run.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; what GitHub's code scanning shows of it.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from harness.contract import CLAUSE, Level
from harness.contract.model import Clause
from harness.findings import Finding
from harness.identity import identity_of
from harness.report.escape import cut, for_markdown, visible
from harness.report.words import cause_and_count, count, is_of_this_place, place, replay_line, rule
from harness.results import RunResult

_LEVEL = {Level.MUST: "error", Level.SHOULD: "warning", Level.OBSERVED: "note"}
_OPERATION = "POST /2010-04-01/Accounts/{AccountSid}/Calls.json"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST = 5000  # results: what code scanning shows of one run at most


def sarif(result: RunResult, directory: PurePath) -> str:
    """The text of results.sarif.

    Args:
        result: of the run.
        directory: where the run's files are; a finding's place is its saved case in there.
    """
    findings = result.findings[:_MOST]
    rules = list(dict.fromkeys(i for f in findings for i in (f.clause, *f.also)))
    log = {
        "$schema": _SCHEMA, "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ringtrue", "semanticVersion": result.version, "version": result.version,
                "rules": [_rule(CLAUSE[i]) for i in rules],
            }},
            "invocations": [_invocation(result)],
            # What stands before the last slash is the same in every run of this target; no revision of a repository is claimed.
            "automationDetails": {"id": f"ringtrue/{_text(result.target or result.account_sid)}/"},
            "columnKind": "unicodeCodePoints",
            "properties": {
                "target": _text(result.url), "account": _text(result.account_sid), "profile": result.profile, "seed": result.seed,
                "verdict": result.verdict,
            },
            "results": [
                _result(f, rules.index(f.clause), directory, fingerprints)
                for f, fingerprints in zip(findings, _fingerprints(findings), strict=True)
            ],
        }],
    }
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _rule(clause: Clause) -> dict[str, Any]:
    source, explain = f"Source: {clause.source}. More: ", f"ringtrue explain {clause.id}"
    text = (clause.statement, clause.why, source + explain)
    markdown = (f"**{for_markdown(clause.statement)}**", for_markdown(clause.why), f"{for_markdown(source)}`{explain}`")
    return {
        "id": clause.id, "name": "".join(word.capitalize() for word in clause.id.replace("-", ".").split(".")),
        "shortDescription": {"text": clause.statement},
        "fullDescription": {"text": f"{clause.statement} {clause.why}".strip()},
        "help": {"text": "\n\n".join(filter(None, text)), "markdown": "\n\n".join(filter(None, markdown))},
        "defaultConfiguration": {"level": _LEVEL[clause.level]},
        "properties": {"level": clause.level.value, "group": clause.group, "tags": ["contract", clause.level.value]},
    }


def _invocation(result: RunResult) -> dict[str, Any]:
    said = [("error" if result.verdict == "inconclusive" else "note", result.headline), *(("error", s) for s in result.stale)]
    said += [("note", note) for note in result.notes]
    if len(result.findings) > _MOST:
        said.append(("warning", f"{count(len(result.findings) - _MOST, 'more finding')} in results.json"))
    return {
        "executionSuccessful": result.verdict != "inconclusive", "exitCode": result.exit_code,
        "startTimeUtc": _utc(result.started), "endTimeUtc": _utc(result.started + timedelta(seconds=result.duration_s)),
        "toolExecutionNotifications": [{"level": level, "message": {"text": _text(words)}} for level, words in said if words],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fingerprints(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    """What makes each finding the same in another run.

    GitHub goes by `primaryLocationLineHash` alone, and would make one of the saved case's text, which another seed changes.
    """
    taken: Counter[str] = Counter()
    out = []
    for f in findings:
        own = identity_of(f).fingerprint
        taken[own] += 1
        out.append({"ringtrue/v1": own, "primaryLocationLineHash": f"{own}:{taken[own]}"})
    return out


def _result(f: Finding, rule_index: int, directory: PurePath, fingerprints: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ruleId": f.clause, "ruleIndex": rule_index, "level": _LEVEL[f.level], "kind": "fail",
        "message": {"text": _told(f, directory), "markdown": _told_in_markdown(f, directory)},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": quote(_case_of(f, directory))}, "region": {"startLine": 1}},
            "logicalLocations": [_logical(f)],
        }],
        "partialFingerprints": fingerprints,
        "occurrenceCount": max(f.occurrences, 1),
        "properties": {"finding": f.id, "also": list(f.also), "check": f.check},
    }
    if f.accepted is not None:
        owner = f" ({f.accepted.owner})" if f.accepted.owner else ""
        out["suppressions"] = [{
            "kind": "external", "status": "accepted", "justification": _text(f"{f.accepted.said}{owner}"),
            "properties": {"as": f.accepted.kind, **({"until": f.accepted.until.isoformat()} if f.accepted.until is not None else {})},
        }]
    return out


def _told(f: Finding, directory: PurePath) -> str:
    """A finding in plain text, a fact a line; code scanning shows the first sentence alone where room is short."""
    lines = [f"{rule(f)} Expected {cut(f.expected, 500)}, got {cut(f.actual, 500)}{place(f)}.", cause_and_count(f)]
    if f.also:
        lines.append(f"The same cause breaks {', '.join(f.also)}.")
    lines.append(f"Send it again: {replay_line(f, directory)}")
    # `[words](place)` would be a link, and the words may be a server's.
    return "\n".join(_text(line).replace("](", "\\](") for line in lines)


def _told_in_markdown(f: Finding, directory: PurePath) -> str:
    rows = [("expected", f.expected), ("got", f.actual), ("at", f.path), ("seen", cause_and_count(f)), ("also breaks", ", ".join(f.also))]
    told = [f"- {name}: {for_markdown(value)}" for name, value in rows if value not in ("", "$")]
    again = visible(replay_line(f, directory))
    return "\n".join([f"**{for_markdown(rule(f))}**", "", *told, *([f"- again: `{again}`"] if "`" not in again else [])])


def _logical(f: Finding) -> dict[str, Any]:
    name = CLAUSE[f.clause].parameter
    if name is not None:
        return {"name": name, "fullyQualifiedName": f"{_OPERATION}#{name}", "kind": "parameter"}
    if f.path not in ("", "$"):
        return {"name": _text(f.path), "fullyQualifiedName": _text(f"{_OPERATION}#{f.path}"), "kind": "member"}
    return {"name": _OPERATION, "fullyQualifiedName": _OPERATION, "kind": "function"}


def _case_of(f: Finding, directory: PurePath) -> str:
    """The saved case's place: relative to where the run was started, as code scanning wants it; else relative to the file itself."""
    folder = directory if is_of_this_place(directory) else PurePath(".")
    return (folder / "cases" / f"{f.id}.json").as_posix()


def _text(value: str) -> str:
    return visible(cut(value, 4000))
