"""Where a fault shows: conditions over one request and what came before it.

For small predicates that combine; a condition changes nothing.
"""

from __future__ import annotations

import re

from harness.emulator.hooks import Condition
from harness.emulator.ledger import Turn
from harness.emulator.rules import RULES

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)


def value(name: str, *values: str) -> Condition:
    """The first value of a parameter is one of these."""
    return lambda turn: turn.form.first(name) in values


def matches(name: str, pattern: str) -> Condition:
    """Some value of a parameter matches a pattern as a whole."""
    # Compiled where it is first needed: most faults of the catalogue are never looked at.
    return lambda turn: any(re.fullmatch(pattern, text, re.DOTALL) for text in turn.form.all(name))


def size(name: str, low: int, high: int | None = None) -> Condition:
    """A parameter is from ``low`` to ``high`` characters long; without ``high`` exactly ``low``."""
    last = low if high is None else high
    return lambda turn: low <= len(turn.form.first(name) or "") <= last


def between(name: str, low: int, high: int, step: int = 1) -> Condition:
    """A parameter is an integer from ``low`` to ``high`` and a multiple of ``step``."""
    return lambda turn: (number := _number(turn, name)) is not None and low <= number <= high and number % step == 0


def wraps(name: str, bits: int, low: int, high: int) -> Condition:
    """A parameter is an integer out of a range, but within it when cut to so many bits."""
    return lambda turn: (number := _number(turn, name)) is not None and number > high >= number % (1 << bits) >= low


def _number(turn: Turn, name: str) -> int | None:
    text = turn.form.first(name) or ""
    return int(text) if _INTEGER.fullmatch(text) else None


def sent(*names: str) -> Condition:
    """Each of these parameters is sent."""
    return lambda turn: all(turn.form.has(name) for name in names)


def unsent(*names: str) -> Condition:
    """None of these parameters is sent."""
    return lambda turn: not any(turn.form.has(name) for name in names)


def blank(name: str) -> Condition:
    """A parameter is sent with an empty value."""
    return lambda turn: "" in turn.form.all(name)


def absent(name: str) -> Condition:
    """A parameter is not there at all."""
    return lambda turn: not turn.form.all(name)


def undocumented(turn: Turn) -> bool:
    """A parameter that the operation does not have."""
    known = {"To", "From", *RULES}
    return any(name not in known for name, _ in turn.form.pairs)


def times(name: str, low: int) -> Condition:
    """A parameter is there so many times or more."""
    return lambda turn: len(turn.form.all(name)) >= low


def pairs(low: int) -> Condition:
    """The form has so many pairs or more."""
    return lambda turn: len(turn.form.pairs) >= low


def before(earlier: str, later: str) -> Condition:
    """One parameter is there before another."""

    def holds(turn: Turn) -> bool:
        names = turn.form.names
        return earlier in names and later in names and names.index(earlier) < names.index(later)

    return holds


def first(name: str) -> Condition:
    """A parameter is there before all others."""
    return lambda turn: turn.form.names[:1] == (name,)


def last(name: str) -> Condition:
    """A parameter is there after all others."""
    return lambda turn: turn.form.names[-1:] == (name,)


def apart(name: str) -> Condition:
    """Something else stands between the values of a repeated parameter."""

    def holds(turn: Turn) -> bool:
        places = [i for i, (n, _) in enumerate(turn.form.pairs) if n == name]
        return bool(places) and places[-1] - places[0] >= len(places)

    return holds


def alike(one: str, other: str) -> Condition:
    """Two parameters have the same value."""
    return lambda turn: turn.form.has(one) and turn.form.first(one) == turn.form.first(other)


def differ(one: str, other: str, pattern: str) -> Condition:
    """What a pattern finds in two parameters is not the same."""

    def holds(turn: Turn) -> bool:
        found = [re.search(pattern, turn.form.first(name) or "") for name in (one, other)]
        return all(found) and len({match[0].lower() for match in found if match}) > 1

    return holds


def named(pattern: str) -> Condition:
    """The name of some pair matches a pattern as a whole."""
    return lambda turn: any(re.fullmatch(pattern, name, re.DOTALL) for name in turn.form.names)


def body(pattern: bytes) -> Condition:
    """The body's bytes hold a pattern somewhere."""
    return lambda turn: re.search(pattern, turn.body) is not None


def content_type(text: str) -> Condition:
    """The Content-Type holds a text, in any letter case."""
    return lambda turn: text in turn.content_type.lower()


def untyped(turn: Turn) -> bool:
    """There is no Content-Type."""
    return not turn.content_type


def closing(turn: Turn) -> bool:
    """The request asks to close its connection."""
    return turn.closes


def framed(how: str) -> Condition:
    """The body comes `chunked`, or after `100-continue`."""
    return lambda turn: turn.framing == how


def takes(accept: str | None) -> Condition:
    """The request says that it takes just this; None: it says nothing."""
    return lambda turn: turn.accept == accept


def trusted(turn: Turn) -> bool:
    """The account's own credentials came on this connection before."""
    return turn.trusted


def method(name: str) -> Condition:
    """The request has this HTTP method."""
    return lambda turn: turn.method == name


def every(period: int) -> Condition:
    """Every so-manieth form."""
    return lambda turn: turn.ordinal % period == 0


def from_form(number: int) -> Condition:
    """All forms from this one on."""
    return lambda turn: turn.ordinal >= number


def after_refusal(turn: Turn) -> bool:
    """The form before this one was refused."""
    return turn.refused_before > 0


def after_refusals(number: int) -> Condition:
    """So many forms in a row, or more, were refused right before this one."""
    return lambda turn: turn.refused_before >= number


def after_denials(number: int) -> Condition:
    """So many requests in a row, or more, came without the account's credentials right before this form."""
    return lambda turn: turn.denied_before >= number


def same_again(turn: Turn) -> bool:
    """The form before this one was the same."""
    return turn.before is not None and turn.before.pairs == turn.form.pairs


def lately(turn: Turn) -> bool:
    """One of the last forms was the same."""
    return turn.is_repeated


def after(name: str) -> Condition:
    """The form before this one had a parameter that this one has not."""
    return lambda turn: turn.before is not None and turn.before.has(name) and not turn.form.has(name)


def after_no_form(turn: Turn) -> bool:
    """What came before this one was no form, or an empty one."""
    return turn.before is not None and not turn.before.pairs


def overtaken(turn: Turn) -> bool:
    """Another form has come in while this one was being answered."""
    return turn.overtaken


def to_the_same(turn: Turn) -> bool:
    """The newest form calls whom this one calls."""
    newest = turn.ledger.newest_form
    return newest is not None and newest.first("To") == turn.form.first("To")


def both(*conditions: Condition) -> Condition:
    """All of these hold."""
    return lambda turn: all(condition(turn) for condition in conditions)


def either(*conditions: Condition) -> Condition:
    """One of these holds."""
    return lambda turn: any(condition(turn) for condition in conditions)


def no(condition: Condition) -> Condition:
    """This does not hold."""
    return lambda turn: not condition(turn)
