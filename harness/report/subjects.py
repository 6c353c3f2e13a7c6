"""What a clause is about: a request parameter, an attribute of the answer, a group. Reports sort and filter by it."""

from __future__ import annotations

from functools import lru_cache

from harness.contract import ATTRIBUTES, CLAUSE, PARAMETERS, Clause
from harness.findings import Finding


@lru_cache(maxsize=1)
def _attribute_names() -> dict[str, str]:
    return {a.slug: a.name for a in ATTRIBUTES}


def attribute_of(clause: Clause) -> str:
    """The attribute of the answer that a clause is about; empty where it is about none."""
    subject, _, rest = clause.id.partition(".")
    if subject not in ("response", "echo"):
        return ""
    name = rest.partition(".")[0]
    return _attribute_names().get(name, "") if subject == "echo" or "." in rest else ""


def subject_of(clause: Clause) -> str:
    """The parameter or attribute under whose name a clause is listed; empty where it stands for itself."""
    return clause.parameter or ("" if clause.id.startswith("echo.") else attribute_of(clause))


def topics_of(clause: Clause) -> tuple[str, ...]:
    """All that a clause is about: its parameter, its attribute, its group. No two kinds have a name in common."""
    return tuple(filter(None, (clause.parameter, attribute_of(clause), clause.group)))


def topics_of_finding(finding: Finding) -> tuple[str, ...]:
    """All that a finding is about, the parameters to blame and the clauses that it breaks as well among them."""
    clauses = [CLAUSE[c] for c in (finding.clause, *finding.also) if c in CLAUSE]
    known = {p.name for p in PARAMETERS}
    topics = [t for c in clauses for t in topics_of(c)] + [p for p in finding.parameters if p in known]
    return tuple(dict.fromkeys(topics))
