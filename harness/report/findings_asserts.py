"""What a generated test asserts for a finding: one table from clauses to a few lines of Python about one answer.

The lines say what the contract wants, never what the server did. What is sent is `findings_file`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.case import Case
from harness.checks.response import currencies
from harness.classify import address_form
from harness.contract import API_VERSION, ATTRIBUTES, CLAUSE, Attribute, Expected
from harness.contract.attributes import UNFINISHED
from harness.findings import Finding
from harness.oracle import Knowledge, expect
from harness.report.literals import text_literal
from harness.results import masked

Lines = list[str]
_BY_SLUG = {a.slug: a for a in ATTRIBUTES}
_NEEDED = tuple(a.name for a in ATTRIBUTES if a.needed)
_PLAIN_FORMS = ("e164", "sip", "client")


@dataclass(frozen=True)
class Claim:
    """What is asserted of one answer.

    Args:
        clause: the broken clause.
        case: the case that the answer is to.
        answer: the name of the variable with the answer.
        expected: the finding's own word for what the contract wants.
        certain: whether the case must be accepted; if not, a refusal keeps every rule about what is created.
        before: the cases before it.
    """

    clause: str
    case: Case
    answer: str
    expected: str
    certain: bool = True
    before: tuple[Case, ...] = ()

    def status(self, condition: str) -> Lines:
        """An assertion about the status, `{}` standing for it."""
        return [f"assert {condition.format(f'{self.answer}.status_code')}, told({self.answer})"]

    def call(self, condition: str, *before: str) -> Lines:
        """An assertion about the created call, `call`, or its attribute, `value`."""
        return self.created(f"call = call_of({self.answer})", *before, f"assert {condition}, told({self.answer})")

    def created(self, *lines: str) -> Lines:
        """Lines about a created call, after a way out where the call may be refused instead."""
        if self.certain:
            return list(lines)
        return [f"if 400 <= {self.answer}.status_code < 500:", "    return  # refused, as it may be: nothing was created", *lines]


def assertions(finding: Finding, case: Case, answer: str) -> Lines:
    """The lines that fail while a finding is there.

    Args:
        finding: what was found.
        case: the case that the answer is to.
        answer: the name of the variable with the answer.
    """
    claim = Claim(_clause(finding), case, answer, finding.expected, must_be_accepted(case), tuple(masked(c) for c in finding.before))
    if finding.check == "check_outcome":
        return _outcome(claim)
    if finding.check == "check_credentials":
        wanted = "(401, 403, 404)" if claim.clause == "auth.other-account" else "(401,)"
        return claim.status("{} in " + wanted)
    return _SPECIAL.get(claim.clause, _attribute)(claim)


def must_be_accepted(case: Case) -> bool:
    """Whether a server that owns the case's From and may call its To has to create this call."""
    own = frozenset(v for n, v in case.pairs if n in ("From", "CallerId"))
    called = frozenset(v for n, v in case.pairs if n == "To")
    return expect(case, Knowledge(own, called)).expected is Expected.ACCEPT


def _clause(finding: Finding) -> str:
    """The clause whose rule the answer breaks: for calls at once that of their content, not of their being at once."""
    if finding.clause == "call.concurrency" and finding.check != "check_outcome":
        return {"$.to": "echo.to", "$.from": "echo.from", "$.sid": "echo.sid-unique"}.get(finding.path, "echo.own-call")
    return finding.clause


def _outcome(claim: Claim) -> Lines:
    if claim.expected == "201":
        return claim.status("{} == 201")
    return claim.status("400 <= {} < 500" if claim.expected == "4xx" else "{} < 500")


def _no_server_error(claim: Claim) -> Lines:
    return claim.status("{} < 500")


def _no_server_error_but_501(claim: Claim) -> Lines:
    return claim.status("{0} < 500 or {0} == 501")


def _said_back(name: str, key: str) -> Callable[[Claim], Lines]:
    def lines(claim: Claim) -> Lines:
        sent = claim.case.get(name) or ""
        allowed = [sent]
        if address_form(sent) == "sip":
            allowed.append(sent[4:])
        if name == "From":
            allowed += [v for n, v in claim.case.pairs if n == "CallerId"]
        condition = f"call.get({key!r}) in (None, {', '.join(map(text_literal, allowed))})"
        if address_form(sent) not in _PLAIN_FORMS:
            condition += f" or same_digits({text_literal(sent)}, call[{key!r}])"
        return claim.call(condition)

    return lines


def _own_call(claim: Claim) -> Lines:
    return [*_said_back("To", "to")(claim), *_said_back("From", "from")(claim)]


def _refusal_body(claim: Claim) -> Lines:
    a = claim.answer
    return [
        f"error = json_object({a})", f"assert {{'code', 'message', 'more_info', 'status'}} <= set(error), told({a})",
        f"assert type(error['code']) is int and isinstance(error['message'], str) and type(error['status']) is int, told({a})",
    ]


def _content_type(claim: Claim) -> Lines:
    a = claim.answer
    return claim.created(
        *claim.status("200 <= {} < 300"), f"kind = {a}.headers.get('Content-Type', '')",
        r"assert re.fullmatch(r'\s*(application|text)/([\w.+-]+\+)?json\s*(;.*)?', kind, re.I | re.S), kind",
    )


def _password(claim: Claim) -> Lines:
    sent = [password for case in (claim.case, *claim.before) if (password := case.get("SipAuthPassword"))]
    return [f"assert not holds({claim.answer}, {text_literal(password)}), told({claim.answer})" for password in sent or [""]]


def _no(function: str) -> Callable[[Claim], Lines]:
    return lambda claim: [f"assert not {function}({claim.answer}), told({claim.answer})"]


def _near(name: str) -> Callable[[Claim], Lines]:
    return lambda claim: claim.call(f"call.get({name!r}) is None or is_near_now(call[{name!r}])")


def _null_while(name: str, statuses: tuple[str, ...]) -> Callable[[Claim], Lines]:
    return lambda claim: claim.call(f"call.get({name!r}) is None or call.get('status') not in {statuses!r}")


def _empty(name: str) -> Callable[[Claim], Lines]:
    return lambda claim: claim.call(f"call.get({name!r}) in (None, '')")


def _iso_4217(claim: Claim) -> Lines:
    codes = " ".join(sorted(currencies()))
    rows = [f"    {codes[i:i + 96]!r}" for i in range(0, len(codes), 96)]
    return claim.call("call.get('price_unit') is None or call['price_unit'].upper() in codes.split()", "codes = (", *rows, ")")


_SPECIAL: dict[str, Callable[[Claim], Lines]] = {
    "server.http": _no_server_error_but_501,
    **{c: _no_server_error for c in CLAUSE if c.startswith("malformed.") or c in ("method.answers", "server.answers")},
    "method.not-created": lambda c: c.status("{} != 201"),
    "refusal.status": lambda c: c.status("400 <= {} < 500"),
    "refusal.body": _refusal_body,
    "response.status": lambda c: c.created(*c.status("{} == 201")),
    "response.content-type": _content_type,
    "response.json": lambda c: c.created(f"call_of({c.answer})"),
    "response.unique-keys": lambda c: c.created(f"assert not repeated_keys({c.answer}), told({c.answer})"),
    "response.attributes": lambda c: c.call(f"any(name in call for name in {_NEEDED!r})"),
    "response.read-back": lambda c: c.call(
        "all(again.get(k) == call[k] for k in ('sid', 'account_sid', 'to', 'from', 'direction') if k in call)", "again = read_back(call)",
    ),
    "response.answered-by.without-detection": _empty("answered_by"),
    "response.caller-name.empty": _empty("caller_name"),
    "response.forwarded-from.empty": _empty("forwarded_from"),
    "response.end-time.unfinished": _null_while("end_time", UNFINISHED),
    "response.price.unfinished": _null_while("price", UNFINISHED),
    "response.start-time.queued": _null_while("start_time", ("queued",)),
    "response.api-version.path": lambda c: c.call(f"call.get('api_version') in (None, {API_VERSION!r})"),
    "response.price-unit.iso-4217": _iso_4217,
    "echo.account-sid": lambda c: c.call("call.get('account_sid') in (None, ACCOUNT)"),
    "echo.to": _said_back("To", "to"),
    "echo.from": _said_back("From", "from"),
    "echo.own-call": _own_call,
    "echo.direction": lambda c: c.call("call.get('direction') in (None, 'outbound-api')"),
    "echo.status": lambda c: c.call(f"call.get('status') in {(None, *UNFINISHED)!r}"),
    "echo.date-created": _near("date_created"),
    "echo.date-updated": _near("date_updated"),
    "secrets.auth-token": _no("holds_token"),
    "secrets.stack-trace": _no("shows_trace"),
    "secrets.sip-password": _password,
}


def _attribute(claim: Claim) -> Lines:
    """For `response.<attribute>.<rule>`; for anything else, that a call was created."""
    _, slug, rule = (*claim.clause.split("."), "", "")[:3]
    attribute = _BY_SLUG.get(slug)
    if attribute is None:
        return claim.status("{} == 201")
    value = f"value = call.get({attribute.name!r})"
    if attribute.kind == "uri" and rule == "format":
        return claim.call("names_own_sid(call)")
    if rule == "present":
        return claim.call("value is not None", value)
    return claim.call(f"{_nothing(attribute)} or {_condition(attribute, rule)}", value)


def _nothing(attribute: Attribute) -> str:
    return "value in (None, '')" if attribute.empty_is_null else "value is None"


def _condition(attribute: Attribute, rule: str) -> str:
    kind = attribute.kind
    if rule == "type":
        return f"isinstance(value, {'dict' if kind == 'uri-map' else 'str'})"
    patterns = {
        "sid": attribute.prefix + "[0-9a-fA-F]{32}", "integer-text": "[0-9]+", "currency": "[A-Za-z]{3}",
        "decimal-text": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)",
    }
    if kind in patterns:
        return f"re.fullmatch({text_literal(patterns[kind])}, value)"
    if kind == "enum":
        return f"value in {attribute.values!r}"
    return "is_date(value)" if kind == "date" else "all(uri is None or is_relative(uri) for uri in value.values())"


__all__ = ["assertions", "must_be_accepted"]
