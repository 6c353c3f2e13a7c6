"""The oracle: what the contract expects of a case. A pure function of the case and of what is known of the target.

An unclear place makes the expectation EITHER, and EITHER can never become a finding about the outcome. The module
sends nothing and imports nothing that does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import NamedTuple

from harness.case import Case
from harness.classify import classify, not_utf8
from harness.contract import PARAMETER, UNCLEAR, VALUE_CLASS, Expected, Level, Parameter
from harness.contract.model import Address, Events, Sid
from harness.wire import CLAUSE_OF_STYLE

INSTRUCTIONS = ("Url", "Twiml", "ApplicationSid")
_PHONE = frozenset(("e164",))
_NO_PHONE = frozenset(("sip", "client"))
_CLASS = {(name, found): (row, f"{PARAMETER[name].slug}.{found}") for (name, found), row in VALUE_CLASS.items()}
_CHANGED_BY_COMPANY = frozenset(name for name, p in PARAMETER.items() if isinstance(p.domain, Sid | Address))


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a target.

    Args:
        own_numbers: From numbers that it owns.
        called_numbers: To numbers that it is known to take.
        open_sids: SID parameters of which it has taken one that it can't know.
    """

    own_numbers: frozenset[str] = frozenset()
    called_numbers: frozenset[str] = frozenset()
    open_sids: frozenset[str] = frozenset()

    def with_open_sid(self, name: str) -> Knowledge:
        """The same, knowing that the target doesn't look up this parameter."""
        return replace(self, open_sids=self.open_sids | {name})


class Reason(NamedTuple):
    """Why the oracle expects what it does: a clause, its level in this company, and the pair's place (-1: the whole)."""

    clause: str
    level: Level
    parameter: str | None = None
    at: int = -1


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a server must do with a case.

    Args:
        expected: ACCEPT, REJECT or EITHER.
        level: how plainly; for REJECT of the plainest reason, for ACCEPT of the least plain value.
        reasons: for REJECT the broken constraints, for ACCEPT the values that must be taken, for EITHER what is unclear.
        clauses: ids of the clauses that the outcome exercises.
    """

    expected: Expected
    level: Level
    reasons: tuple[Reason, ...] = ()
    clauses: frozenset[str] = field(default=frozenset())


def expect(case: Case, known: Knowledge) -> Expectation:
    """What the contract expects of one case.

    Args:
        case: any case.
        known: what is known of the target.

    Returns:
        The expectation, with the clauses that it rests on.
    """
    if not case.is_plain_form:
        return _special(case)
    rejected, unclear, accepted = _sort(case, known)
    if rejected:
        level = min((r.level for r in rejected), key=lambda x: x.rank)
        strongest = tuple(r for r in rejected if r.level is level)
        return Expectation(Expected.REJECT, level, strongest, frozenset(r.clause for r in strongest))
    if unclear:
        unclear.sort(key=lambda r: not r.clause.startswith("malformed."))
        clauses = frozenset(r.clause for r in unclear) | {"server.answers"}
        return Expectation(Expected.EITHER, Level.SHOULD, tuple(unclear), clauses)
    reasons = tuple(starmap(Reason, accepted))
    level = max((r.level for r in reasons), key=lambda x: x.rank)
    return Expectation(Expected.ACCEPT, level, reasons, _accept_clauses(case, reasons))


def _accept_clauses(case: Case, accepted: tuple[Reason, ...]) -> frozenset[str]:
    clauses = {r.clause for r in accepted}
    clauses.add("call.created")
    if len(case.pairs) > 3:
        clauses.update(("call.combination", "call.parameter-order"))
    clauses.update(CLAUSE_OF_STYLE[s] for s in case.styles if s != "plain")
    if case.segments:
        clauses.add("encoding.segments")
    if case.head != "usual":
        clauses.add("encoding.headers")
    if case.pause:
        clauses.add("call.history")
    if not all(v.isascii() for _, v in case.pairs):
        clauses.add("encoding.utf-8")
    if case.content_type and "charset" in case.content_type.lower():
        clauses.add("encoding.charset")
    names = {n for n, _ in case.pairs}
    to_class = _to_class(case)
    if any(_is_ignored(PARAMETER[n], names, to_class) for n in names):
        clauses.add("call.ignored-parameter")
    return frozenset(clauses)


def _special(case: Case) -> Expectation:
    """Cases about credentials, methods and bodies that are no form: their aim says which clause they exercise."""
    clauses = frozenset((case.aim,))
    reason = (Reason(case.aim, Level.MUST),)
    if case.method == "POST" and (case.credentials != "right" or case.account != "own"):
        return Expectation(Expected.REJECT, Level.MUST, reason, clauses)
    return Expectation(Expected.EITHER, Level.SHOULD, reason, clauses | {"server.answers"})


def _to_class(case: Case) -> str:
    to = case.get("To")
    return "required" if to is None else classify("To", to)


def _sort(case: Case, known: Knowledge) -> tuple[list[Reason], list[Reason], list[tuple[str, Level, str, int]]]:
    """Why a case must be refused, what is unclear in it, and the values that must be taken (as plain tuples: most calls have many)."""
    rejected: list[Reason] = []
    unclear: list[Reason] = []
    accepted: list[tuple[str, Level, str, int]] = []
    names = {n for n, _ in case.pairs}
    to_class = _to_class(case)
    if to_class == UNCLEAR and case.get("To") in known.called_numbers:
        to_class = "e164"
    counts = _counts(case)
    for index, (name, value) in enumerate(case.pairs):
        parameter = PARAMETER.get(name)
        if parameter is None or (counts[name] > 1 and not _may_repeat(parameter)):
            clause = "malformed.unknown-parameter" if parameter is None else "malformed.repeated"
            unclear.append(Reason(clause, Level.SHOULD, name, index))
            continue
        if not_utf8(value):
            unclear.append(Reason("malformed.utf-8", Level.SHOULD, name, index))
            continue
        found = _class_here(name, value, to_class, known) if name in _CHANGED_BY_COMPANY else classify(name, value)
        row, clause = _CLASS[name, found]
        if row.expected is Expected.ACCEPT:
            accepted.append((clause, row.level, name, index))
        elif row.expected is Expected.EITHER or _is_ignored(parameter, names, to_class):
            unclear.append(Reason(f"{parameter.slug}.{UNCLEAR}", Level.SHOULD, name, index))
        else:
            level = Level.SHOULD if _is_useless(parameter, case, names) else row.level
            rejected.append(Reason(clause, level, name, index))
    for name in ("To", "From"):
        if name not in names:
            rejected.append(Reason(f"{name.lower()}.required", Level.MUST, name))
    if not names.intersection(INSTRUCTIONS):
        unclear.append(Reason("server.answers", Level.SHOULD))
    if _has_twins(case):
        unclear.append(Reason("status-callback-event.unclear", Level.SHOULD, "StatusCallbackEvent"))
    if case.content_type != "application/x-www-form-urlencoded" and not _is_utf8_form(case.content_type):
        unclear.append(Reason("malformed.content-type", Level.SHOULD))
    return rejected, unclear, accepted


def _counts(case: Case) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, _ in case.pairs:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _may_repeat(parameter: Parameter) -> bool:
    return isinstance(parameter.domain, Events) and parameter.domain.repeated


def _has_twins(case: Case) -> bool:
    events = [v for n, v in case.pairs if n == "StatusCallbackEvent"]
    return len(events) != len(set(events))


def _is_utf8_form(content_type: str | None) -> bool:
    return (content_type or "").lower().replace(" ", "").replace('"', "") == "application/x-www-form-urlencoded;charset=utf-8"


def _class_here(name: str, value: str, to_class: str, known: Knowledge) -> str:
    """The class of a value, given what the target knows and whom the call goes to."""
    found = classify(name, value)
    domain = PARAMETER[name].domain
    if isinstance(domain, Sid) and found == "well-formed" and name not in known.open_sids:
        return UNCLEAR
    if not isinstance(domain, Address):
        return found
    if domain.role == "to":
        return "e164" if value in known.called_numbers else found
    if value in known.own_numbers:
        return "own-number"
    if domain.role == "caller-id":
        return UNCLEAR
    return _from_class(found, to_class)


def _from_class(found: str, to_class: str) -> str:
    if found in ("client", "sip"):
        if to_class in _PHONE:
            return "phone-for-phone"
        return "client" if found == "client" and to_class in _NO_PHONE else UNCLEAR
    return found


def _is_ignored(parameter: Parameter, names: set[str], to_class: str) -> bool:
    """Whether the description says that the parameter is ignored in this company."""
    if parameter.phone_only and to_class not in _PHONE:
        return True
    return not names.isdisjoint(parameter.ignored_with)


def _is_useless(parameter: Parameter, case: Case, names: set[str]) -> bool:
    """Whether the parameter can have no effect in this company, though the description doesn't say it is ignored."""
    if not names.isdisjoint(parameter.useless_with):
        return True
    return any(case.get(n) != wanted if wanted is not None else not case.get(n) for n, wanted in parameter.useless_without)


def companions(parameter: Parameter) -> tuple[str, ...]:
    """The parameters that one needs beside it to have an effect."""
    return tuple(n for n, _ in parameter.useless_without)
