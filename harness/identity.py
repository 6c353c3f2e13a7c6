"""What makes two findings the same defect: the clause, what came instead, and what is to blame.

Another seed draws another value, and ids are only numbers; so neither is part of it. Baselines, comparisons and the
fingerprints that CI keeps all go by it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from harness.case import Case
from harness.classify import address_form
from harness.contract import CLAUSE, PARAMETER
from harness.contract.model import Address, Events, Methods, Words
from harness.findings import Finding

_USUAL = ("To", "From", "Url")


@dataclass(frozen=True, slots=True)
class Identity:
    """One defect, whatever run found it.

    Args:
        clause: the broken clause's id.
        outcome: what came instead: `accepted`, `refused`, `crashed`, or `content` for a wrong answer.
        path: JSONPath of the place in the answer, without numbers that a list's order decides.
        blame: what the smallest case has beyond a plain call: parameters, their values where the contract names the values, oddities.
        also: clauses that are broken in the same way by the same cause.
    """

    clause: str
    outcome: str
    path: str = "$"
    blame: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    @property
    def clauses(self) -> frozenset[str]:
        """All clauses that the defect breaks."""
        return self.also | {self.clause}

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the whole, for programs that keep one text."""
        whole = "\n".join([self.clause, self.outcome, self.path, *sorted(self.blame), *sorted(self.also)])
        return hashlib.sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    def is_like(self, other: Identity) -> bool:
        """Whether it is the same defect, cut down further in one of two runs: one blames all that the other does."""
        same = (self.clause, self.outcome, self.path) == (other.clause, other.outcome, other.path)
        return same and blame_alike(self.blame, other.blame)


def blame_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one blames all that the other does: a case that was cut down further."""
    return one <= other or other <= one


def identity_of(finding: Finding) -> Identity:
    """The identity of a finding."""
    return Identity(
        finding.clause, _outcome(finding), re.sub(r"\[[0-9]+\]", "[]", finding.path), frozenset(_blame(finding)),
        frozenset(finding.also) - {finding.clause},
    )


def _outcome(finding: Finding) -> str:
    exchange = finding.exchange
    if exchange.is_crash:
        return "crashed"
    if finding.check != "check_outcome":
        return "content"
    return "accepted" if exchange.is_created else "refused" if exchange.is_refused else exchange.outcome


def _blame(finding: Finding) -> set[str]:
    out = _oddities(finding.case)
    own = CLAUSE[finding.clause].parameter
    for name, value in finding.case.pairs:
        shown = _shown(name, value)
        if shown == name and (name == own or name in _USUAL):
            continue
        out.add(shown[:80])
    if finding.before:
        out.add("(after other calls)")
    if finding.together:
        out.add("(at the same time as others)")
    return out


def _shown(name: str, value: str) -> str:
    """A parameter, with its value where the contract names the values, or with its form where it is an address."""
    parameter = PARAMETER.get(name)
    domain = parameter.domain if parameter is not None else None
    if isinstance(domain, (Words, Methods, Events)) and value.casefold() in {v.casefold() for v in domain.values}:
        return f"{name}={value}"
    if isinstance(domain, Address) and (form := address_form(value)) in ("sip", "client"):
        return f"{name}={form}:"
    return name


def _oddities(case: Case) -> set[str]:
    default = Case(())
    out = {f"({key}: {getattr(case, key)})" for key in ("method", "account", "credentials") if getattr(case, key) != getattr(default, key)}
    if case.body is not None:
        out.add("(a body of its own)")
    if case.content_type != default.content_type:
        out.add(f"(content type: {(case.content_type or 'none')[:40]})")
    if case.segments:
        out.add("(in pieces)")
    return out | {f"({style})" for style in case.styles if style != "plain"}
