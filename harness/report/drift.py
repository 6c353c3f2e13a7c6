"""Differences between the contract and a document, for people and programs: a table of a terminal, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.drift.model import Difference, Operation
from harness.report.escape import for_markdown, visible
from harness.report.terminal import fitted
from harness.report.words import count


def as_text(found: Sequence[Difference], document: Operation, width: int = 80) -> str:
    """A block a parameter, each line at most `width` columns wide."""
    lines = [fitted(document.place, width), f"{count(len(found), 'difference')} from the contract"]
    last = ("", "")
    for d in found:
        if (d.where, d.name) != last:
            lines += ["", fitted(f"{d.where} {d.name}", width)]
            last = (d.where, d.name)
        lines += [fitted(line, width) for line in _lines(d)]
    if any(d.in_text for d in found):
        lines += ["", "(in its text): the document says so in a description alone."]
    return "\n".join(lines) + "\n"


def _lines(d: Difference) -> list[str]:
    mark = " (in its text)" if d.in_text else ""
    if d.what == "added":
        return [f"  + not in the contract: {d.document}"]
    if d.what == "removed":
        return [f"  - not in the document: {d.contract}"]
    if d.what in ("values", "keys"):
        return [f"  ~ {line}{mark}" for line in _of_sets(d)]
    return [f"  ~ {d.what}: {d.contract or 'nothing said'} -> {d.document}{mark}"]


def _of_sets(d: Difference) -> list[str]:
    ours, theirs = set(d.contract.split()), set(d.document.split())
    if not d.contract or d.document == "nothing said":
        return [f"{d.what}: {d.contract or 'any'}", f"{' ' * len(d.what)}  -> {d.document}"]
    out = [f"{d.what}, more: {' '.join(sorted(theirs - ours))}"] if theirs - ours else []
    return out + ([f"{d.what}, fewer: without {' '.join(sorted(ours - theirs))}"] if ours - theirs else [])


def as_markdown(found: Sequence[Difference], document: Operation) -> str:
    """A table for a pull request."""
    lines = [f"# {for_markdown(document.place)}: {count(len(found), 'difference')} from the contract", ""]
    if found:
        lines += ["| where | name | what | contract | document |", "| --- | --- | --- | --- | --- |"]
    for d in found:
        told = f"{d.document} (in its text)" if d.in_text else d.document
        lines.append("| " + " | ".join(for_markdown(c) for c in (d.where, d.name, d.what, d.contract, told)) + " |")
    return "\n".join(lines) + "\n"


def as_json(found: Sequence[Difference], document: Operation) -> str:
    """For programs."""
    rows = [
        {"where": d.where, "name": d.name, "what": d.what, "contract": d.contract, "document": d.document, "in_text": d.in_text} for d in found
    ]
    return json.dumps({"operation": visible(document.place), "differences": rows}, indent=2) + "\n"
