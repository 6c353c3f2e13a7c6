"""Hypothesis strategies for the operation: values of each parameter, and whole calls. They know domains, not verdicts.

Plural nouns, as Hypothesis names its own. They are built on the same generators that draw a run's covering phase.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.case import Case
from harness.contract import PARAMETER
from strategies import text
from strategies.domains import edges, fresh
from strategies.drawing import Drawer, Numbers


def _drawn() -> SearchStrategy[Random]:
    return st.randoms(use_true_random=False)


def values(name: str, slug: str) -> SearchStrategy[str]:
    """Values of one class of a parameter, such as `values("Timeout", "maximum")`.

    Args:
        name: a documented parameter.
        slug: one of its classes of values.

    Raises:
        KeyError: there is no such parameter.
        ValueError: the class has no values of its own (a number that the target owns).
    """
    known = edges(name, slug)
    if not known:
        raise ValueError(f"{name} has no values of class {slug!r} that don't depend on the target")

    @st.composite
    def make(draw: st.DrawFn) -> str:
        if draw(st.booleans()):
            return draw(st.sampled_from(known))
        rng = draw(_drawn())
        return fresh(name, slug, rng, draw(st.floats(0, 1, exclude_max=True))) or known[0]

    return make()


def phone_numbers() -> SearchStrategy[str]:
    """Numbers in E.164 form that a numbering plan allows."""
    return values("To", "e164")


def sip_addresses() -> SearchStrategy[str]:
    """SIP addresses, sip:user@host."""
    return values("To", "sip")


def client_names() -> SearchStrategy[str]:
    """Client identifiers, client:name."""
    return values("To", "client")


def urls() -> SearchStrategy[str]:
    """Absolute http(s) URLs of up to 255 characters."""
    return values("Url", "absolute")


def send_digits() -> SearchStrategy[str]:
    """Keys to dial."""
    return values("SendDigits", "keys")


def twiml_documents() -> SearchStrategy[str]:
    """Well-formed documents with the root Response."""
    return values("Twiml", "document")


def sids(prefix: str) -> SearchStrategy[str]:
    """Identifiers: two letters and 32 hexadecimal digits."""
    return _drawn().map(lambda rng: prefix + text.hexadecimal(rng))


@st.composite
def valid_calls(draw: st.DrawFn, numbers: Numbers, open_sids: frozenset[str] = frozenset()) -> Case:
    """Whole calls of valid values, from the simplest to one with every parameter."""
    drawer = _Driven(draw(_drawn()), numbers, open_sids)
    return Case(tuple(drawer.packed(draw(st.floats(0, 1)))), "call.combination")


@st.composite
def calls_with(draw: st.DrawFn, name: str, slug: str, numbers: Numbers, open_sids: frozenset[str] = frozenset()) -> Case:
    """Calls that are valid but for one value of a class of a parameter (which may itself be valid)."""
    value = draw(values(name, slug))
    drawer = _Driven(draw(_drawn()), numbers, open_sids)
    pairs = drawer.company(name, draw(st.integers(0, 5)))
    absent = slug == "required" and draw(st.booleans())
    return Case((*pairs, *(() if absent else ((name, value),))), f"{PARAMETER[name].slug}.{slug}")


@st.composite
def calls_about(draw: st.DrawFn, name: str, numbers: Numbers, open_sids: frozenset[str] = frozenset()) -> Case:
    """Calls with a value of any class of one parameter."""
    slugs = [c.slug for c in PARAMETER[name].classes if edges(name, c.slug)]
    return draw(calls_with(name, draw(st.sampled_from(slugs)), numbers, open_sids))


class _Driven(Drawer):
    """A drawer whose choices Hypothesis makes, so that it can shrink them."""

    def __init__(self, rng: Random, numbers: Numbers, open_sids: frozenset[str]) -> None:
        super().__init__(0, numbers, open_sids)
        self.rng = rng

    def value(self, name: str, slug: str, edge_share: float = 0.5) -> str | None:
        known = edges(name, slug)
        if slug == "own-number":
            return self.numbers.own[0]
        if slug == "e164" and not self.numbers.foreign:
            return self.rng.choice(self.numbers.called)
        if known and self.rng.random() < edge_share:
            return self.rng.choice(known)
        return fresh(name, slug, self.rng, self.rng.random()) or (known[0] if known else None)


__all__ = [
    "Numbers", "calls_about", "calls_with", "client_names", "phone_numbers", "send_digits", "sids", "sip_addresses",
    "twiml_documents", "urls", "valid_calls", "values",
]
