"""The contract as a page to read: renders docs/contract.md from the tables.

`python -m harness.contract.docs` writes the page; a test keeps it and the tables alike. Not here: reasons and examples,
which `ringtrue explain` tells clause by clause.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import singledispatch
from pathlib import Path

from harness.contract import ATTRIBUTES, CLAUSES, COLLECTION, GROUPS, PARAMETERS, Attribute, Clause, Parameter
from harness.contract.model import Address, Digits, Events, Integer, Methods, Sid, Text, Twiml, Url, Words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract.md"

_INTRO = """\
# The contract

<!-- Written by `python -m harness.contract.docs` from harness/contract; edit the tables there, not this page. -->

ringtrue holds a server to what is publicly said of one operation:

    POST {path}

Everything on this page comes from the tables in `harness/contract`, which also feed the test cases, the oracle, the
checks, `ringtrue contract` and its OpenAPI export. Each statement is a *clause* with an id that never changes its
meaning; `ringtrue explain ID` tells why a clause matters and shows a request or an answer that breaks it.

A clause's level says how plainly the rule is stated, and so what a break of it counts as:

| level | where it comes from | a break of it is |
|---|---|---|
| MUST | the operation's description says so | FAIL: the run exits with 1 |
| SHOULD | said less plainly, or a sound reading of it | NON-STRICT: exit 1 only with `--strict` |
| OBSERVED | not in the description: common practice or plain HTTP sense | INFO: told, never held against the server |

What the description leaves open may be done either way. Such a value or call is still sent, since it must be answered,
but whether it is taken or refused is never a finding.

There are {parameters} parameters, {attributes} response attributes and {clauses} clauses.
"""


def render() -> str:
    """The text of docs/contract.md."""
    intro = _INTRO.format(path=COLLECTION, parameters=len(PARAMETERS), attributes=len(ATTRIBUTES), clauses=len(CLAUSES))
    parts = [intro, _parameters(), _attributes(), _clauses()]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *(map(_cell, row) for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{w}`" for w in words)


# --- parameters --------------------------------------------------------------------------------------


@singledispatch
def domain_text(domain: object) -> str:
    """What values a domain holds, in a few words of Markdown."""
    raise TypeError(f"no words for {domain!r}")


@domain_text.register
def _(domain: Words) -> str:
    return _code(domain.values)


@domain_text.register
def _(domain: Methods) -> str:
    return f"{_code(domain.values)}; open: {_code(domain.unclear)}"


@domain_text.register
def _(domain: Integer) -> str:
    low, high = domain.minimum, domain.maximum
    if low is not None and high is not None:
        return f"whole number, {low} to {high}"
    if high is not None:
        return f"whole number, {domain.accepts[0]} to {high}; open below {domain.accepts[0]}"
    span = str(domain.accepts[0]) if domain.accepts[0] == domain.accepts[1] else "{} to {}".format(*domain.accepts)
    return f"whole number; {span} must work, other bounds are open"


@domain_text.register
def _(domain: Url) -> str:
    host = ", with a valid host name" if domain.strict_host else ""
    relative = "; relative: open" if domain.relative is None else ""
    return f"absolute http or https URL{host}{relative}"


@domain_text.register
def _(domain: Sid) -> str:
    return f"`{domain.prefix}` and 32 hexadecimal digits"


@domain_text.register
def _(domain: Digits) -> str:
    return f"1 to {domain.maximum} of digits, `#`, `*`, `w`; open: {_code(domain.unclear)}"


@domain_text.register
def _(domain: Twiml) -> str:
    return f"XML with the root `Response`, up to {domain.maximum} characters"


@domain_text.register
def _(domain: Text) -> str:
    if not domain.maximum:
        return "text; open whether a made-up one is taken"
    script = " of any script" if domain.any_script else ""
    return f"text{script}; 1 to {domain.maximum} characters must work"


@domain_text.register
def _(domain: Address) -> str:
    return {
        "to": "E.164 number, `sip:user@host` or `client:name`",
        "from": "number of the account; `client:name` where To is no phone number",
        "caller-id": "number of the account; open: anything else",
    }[domain.role]


@domain_text.register
def _(domain: Events) -> str:
    how = "each in a parameter of its own" if domain.repeated else "several with one space between"
    return f"{_code(domain.values)}; {how}"


def ignored_text(parameter: Parameter) -> str:
    """Beside what a parameter is ignored, as the description says."""
    return "a To that is no phone number" if parameter.phone_only else ", ".join(parameter.ignored_with)


def _parameter_row(parameter: Parameter) -> tuple[str, ...]:
    default = f"`{parameter.default}`" if parameter.default is not None else ""
    required = "yes" if parameter.required else ""
    return (f"`{parameter.name}`", required, domain_text(parameter.domain), default, ignored_text(parameter), parameter.text)


def _parameters() -> str:
    head = ("name", "required", "values", "default", "ignored beside", "meaning")
    return "## Parameters of the request\n\nThe body is a form, `application/x-www-form-urlencoded`.\n\n" + _table(
        head, map(_parameter_row, PARAMETERS)
    )


# --- attributes --------------------------------------------------------------------------------------

_KINDS = {
    "string": "text",
    "sid": "`{prefix}` and 32 hexadecimal digits",
    "enum": "{values}",
    "date": "RFC 2822 date and time in GMT",
    "integer-text": "whole number in text, not negative",
    "decimal-text": "decimal number in text",
    "currency": "currency code of three letters",
    "uri": "relative URI that names the call's sid",
    "uri-map": "object of relative URIs",
}


def _attribute_row(attribute: Attribute) -> tuple[str, ...]:
    kind = _KINDS[attribute.kind].format(prefix=attribute.prefix, values=_code(attribute.values))
    empty = "null or empty text" if attribute.empty_is_null else "null"
    return (f"`{attribute.name}`", kind, empty, "yes" if attribute.needed else "", attribute.text)


def _attributes() -> str:
    head = ("name", "form", "where there is none", "should be there", "meaning")
    intro = "The answer to a created call is a 201 with one JSON object. Further keys are fine.\n\n"
    return "## Attributes of the 201\n\n" + intro + _table(head, map(_attribute_row, ATTRIBUTES))


# --- clauses -----------------------------------------------------------------------------------------


def _clause_row(clause: Clause) -> tuple[str, ...]:
    return (f"`{clause.id}`", clause.level.value, clause.statement, clause.source)


def _clauses() -> str:
    parts = ["## Clauses\n"]
    for group in GROUPS:
        rows = [_clause_row(c) for c in CLAUSES if c.group == group]
        parts.append(f"### {group}\n\n" + _table(("id", "level", "statement", "source"), rows))
    return "\n".join(parts)


def main() -> int:
    """Writes the page."""
    PAGE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
