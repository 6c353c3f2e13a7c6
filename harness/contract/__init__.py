"""The contract as data: 35 parameters, 26 response attributes and every clause about them.

Everything else reads these tables: strategies, the oracle, the checks, `ringtrue contract`, the OpenAPI export.
"""

from __future__ import annotations

from dataclasses import replace

from harness.contract.attributes import ATTRIBUTES
from harness.contract.classes import UNCLEAR, classes_of
from harness.contract.clauses import GROUPS, build
from harness.contract.model import Attribute, Clause, Expected, Level, Parameter, ValueClass
from harness.contract.parameters import ROWS

API_VERSION = "2010-04-01"
COLLECTION = "/" + API_VERSION + "/Accounts/{AccountSid}/Calls.json"
ACCOUNT_PATTERN = "^AC[0-9a-fA-F]{32}$"
FORM_TYPE = "application/x-www-form-urlencoded"

PARAMETERS: tuple[Parameter, ...] = tuple(replace(p, classes=classes_of(p)) for p in ROWS)
PARAMETER: dict[str, Parameter] = {p.name: p for p in PARAMETERS}
CLAUSES: tuple[Clause, ...] = build(PARAMETERS)
CLAUSE: dict[str, Clause] = {c.id: c for c in CLAUSES}
VALUE_CLASS: dict[tuple[str, str], ValueClass] = {(p.name, c.slug): c for p in PARAMETERS for c in p.classes}

__all__ = [
    "ACCOUNT_PATTERN", "API_VERSION", "ATTRIBUTES", "CLAUSE", "CLAUSES", "COLLECTION", "FORM_TYPE", "GROUPS", "PARAMETER",
    "PARAMETERS", "UNCLEAR", "VALUE_CLASS", "Attribute", "Clause", "Expected", "Level", "Parameter", "ValueClass",
]
