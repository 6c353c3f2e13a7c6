"""What makes two findings the same defect: the clause, what came instead, and what is to blame.

Another seed draws another value, and ids are only numbers; so neither is part of it. Baselines, comparisons and the
fingerprints that CI keeps all go by it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from harness.case import Case
from harness.classify import address_form
from harness.contract import CLAUSE, PARAMETER
from harness.contract.model import Address, Events, Methods, Words
from harness.findings import Finding

_USUAL = ("To", "From", "Url")
_FEW = 5  # parameters beyond a plain call; where a break needs more of them, their number is to blame and not which they are
MANY, BEFORE, TOGETHER = "(many parameters)", "(after other calls)", "(at the same time as others)"


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
    path = re.sub(r"\[[0-9]+\]", "[]", finding.path)
    return identity(finding.clause, _outcome(finding), path, _blame(finding), finding.also)


def identity(clause: str, outcome: str, path: str, blame: Collection[str], also: Iterable[str]) -> Identity:
    """An identity from its parts; which clauses a crowd of parameters breaks as well is up to chance, and no part of it."""
    return Identity(clause, outcome, path, frozenset(blame), frozenset(() if MANY in blame else also) - {clause})


def _outcome(finding: Finding) -> str:
    exchange = finding.exchange
    if exchange.is_crash:
        return "crashed"
    if finding.check != "check_outcome":
        return "content"
    return "accepted" if exchange.is_created else "refused" if exchange.is_refused else exchange.outcome


def _blame(finding: Finding) -> set[str]:
    """What is to blame; where it is other calls or chance, the call that shows it is any call."""
    if finding.flaky is not None:
        return set()
    other = {word for word, calls in ((BEFORE, finding.before), (TOGETHER, finding.together)) if calls}
    if other:
        return other
    if finding.whole:
        return {f"({finding.whole})"}
    outcome, own = _outcome(finding), CLAUSE[finding.clause].parameter
    shown = {_shown(n, v) for n, v in finding.case.pairs if not (n == own and outcome == "accepted")}
    named = {s[:80] for s in shown if s != own and s not in _USUAL}
    return _oddities(finding.case) | ({MANY} if len(named) > _FEW else named)


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
        out.add(f"(content type: {_media_type(case.content_type)})")
    if case.segments:
        out.add("(in pieces)")
    if case.pause:
        out.add("(after a pause)")
    if case.head != default.head:
        out.add(f"(head: {case.head})")
    return out | {f"({style})" for style in case.styles if style != "plain"}


def _media_type(value: str | None) -> str:
    """The media type, and whether parameters stand behind it: the same whatever their spelling."""
    kind, parameters, _ = (value or "none").partition(";")
    return f"{kind.strip().lower()[:60]}{' with parameters' if parameters else ''}"
