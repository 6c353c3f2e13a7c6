"""Whether a call gets something from the one before it: then much looks wrong that is one fault.

A target may take what it refused a moment ago once it is sent again; or what a call leaves out may be as it was in the
call before.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from harness.attribution.prober import Prober, finding_of
from harness.case import Case
from harness.classify import classify, expected_alone
from harness.contract import Expected, Level
from harness.findings import Finding
from harness.session import Seen
from strategies.domains import fresh

_KEPT = "What a call leaves out is taken from the call before it."
_WRONG = ("Timeout", "SendDigits")
_URLS = ("StatusCallback", "FallbackUrl", "RecordingStatusCallback", "AsyncAmdStatusCallback")
_ANOTHER = 3  # wrong values; some may have been sent before
_ANEW = "https://example.com/anew/"


def taken_when_repeated(prober: Prober, seen: list[Seen]) -> Finding | None:
    """The finding, if calls that break different rules are each refused at first and taken when they are sent again.

    Args:
        prober: sends the calls.
        seen: calls that had to be refused and were taken.

    Raises:
        Spent: no further probe may be sent.
    """
    found: Finding | None = None
    for name in _WRONG:
        case = prober.plain_on_base([(name, f"anew{prober.probes}")])
        first, second = prober.send_apart(case), prober.send_next(case)
        if not first.is_refused or not second.is_created:
            return None
        found = found or replace(finding_of("refusal.repeatable", seen[0].breach, second, "when it is sent again", Level.MUST), before=(case,))
    return replace(found, occurrences=len(seen)) if found is not None else None


def kept_from_before(prober: Prober, seen: list[Seen]) -> Finding | None:
    """The finding, if a call without To is created, or one without From, with that of the call before it, whichever this is.

    Args:
        prober: sends the calls.
        seen: calls that had to be refused and were taken.

    Raises:
        Spent: no further probe may be sent.
    """
    for wrong in ((), (("Timeout", "word"),)):
        for name, values in _ends(prober).items():
            whole = prober.plain_on_base([("Timeout", "60")] if wrong else [])  # else the wrong one would be kept too
            case = replace(whole, pairs=tuple(p for p in whole.pairs if p[0] != name))
            befores = [prober.plain_on_base([(name, value), *wrong]) for value in values]
            for value, before in zip(values, befores, strict=True):
                prober.send_next(before)
                answer = prober.send_next(case)
                if not answer.is_created or (answer.document or {}).get(name.lower()) != value:
                    break
            else:
                cause = f"{name} absent: what it leaves out is as it was in the call before it"
                found = finding_of("call.history", seen[0].breach, answer, cause, Level.MUST)
                also = tuple(sorted({s.breach.clause for s in seen}))
                return replace(found, message=_KEPT, before=(befores[-1],), also=also, occurrences=len(seen))
    return None


def _ends(prober: Prober) -> dict[str, tuple[str, ...]]:
    """To and From, each with two values that a call may have here: one alone may be what the target takes where there is none."""
    called, own = prober.numbers.called, prober.numbers.own
    ends = {"To": (*called, "client:alice")[:2] if prober.session.target.loopback else called[:2], "From": own[:2]}
    return {name: values for name, values in ends.items() if len(set(values)) == 2}


def is_taken_anew(prober: Prober, case: Case) -> bool:
    """Whether a call that had to be refused is taken however much of it is new: a URL, and other wrong values of its sort.

    Args:
        prober: sends the calls.
        case: that was taken; where there is no room in it for another URL, it counts as not.

    Raises:
        Spent: no further probe may be sent.
    """
    return all(_is_another_taken(prober, case) for _ in range(_ANOTHER))


def _is_another_taken(prober: Prober, case: Case) -> bool:
    url, rng = f"{_ANEW}{prober.probes}", Random(prober.probes)
    pairs = list(case.pairs)
    names = {n for n, _ in pairs}
    absent = next((n for n in _URLS if n not in names), None)
    if absent is not None:
        pairs.append((absent, url))
    else:
        place = next((i for i, (n, v) in enumerate(pairs) if n in _URLS and expected_alone(n, v) is Expected.ACCEPT), None)
        if place is None:
            return False
        pairs[place] = (pairs[place][0], url)
    for reason in prober.expect(case).reasons:
        if reason.at >= 0:
            name, value = case.pairs[reason.at]
            another = fresh(name, classify(name, value), rng, rng.random())
            pairs = [(name, another) if p == (name, value) and another is not None else p for p in pairs]
    changed = replace(case, pairs=tuple(pairs), styles=())
    return prober.expect(changed).expected is Expected.REJECT and prober.send_next(changed).is_created
