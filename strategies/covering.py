"""Covering arrays: few calls in which every pair, or every three, of classes of values stand together.

The arrays are made with covertable and kept as data beside this module, since making them takes seconds; `python -m
strategies.covering` makes them anew, and a test checks that the stored ones still cover what they promise.
"""

from __future__ import annotations

import itertools
import json
from functools import lru_cache
from importlib import resources
from pathlib import Path

from harness.contract import PARAMETERS
from harness.contract.model import Events, Integer, Methods, Sid, Text, Twiml, Url, Words

ABSENT = "-"
KINDS = ("phone", "sip", "client")


def closed_factors() -> dict[str, tuple[str, ...]]:
    """Factors of the array of strength 3: the closed sets of values, each with absence, and what To is."""
    factors: dict[str, tuple[str, ...]] = {"To": KINDS}
    for parameter in PARAMETERS:
        if isinstance(parameter.domain, (Words, Methods)):
            factors[parameter.name] = (ABSENT, *parameter.domain.values)
    return factors


def class_factors() -> dict[str, tuple[str, ...]]:
    """Factors of the array of strength 2: all parameters with their classes of values."""
    factors = dict(closed_factors())
    for parameter in PARAMETERS:
        domain = parameter.domain
        if isinstance(domain, Integer):
            low, high = domain.accepts
            factors[parameter.name] = (ABSENT, str(low)) if low == high else (ABSENT, str(low), str(high), "between")
        elif isinstance(domain, Url):
            factors[parameter.name] = (ABSENT, "short", "query", "long")
        elif isinstance(domain, (Sid, Twiml, Text)) and parameter.name != "CallToken":
            factors[parameter.name] = (ABSENT, "any")
        elif isinstance(domain, Events):
            factors[parameter.name] = (ABSENT, "one", "all")
        elif parameter.name in ("CallerId", "SendDigits"):
            factors[parameter.name] = (ABSENT, "any")
    return factors


ARRAYS = {"closed-3": (closed_factors, 3), "classes-2": (class_factors, 2)}


@lru_cache(maxsize=4)
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a stored array: factor → value."""
    factors = ARRAYS[name][0]()
    stored = json.loads(resources.files("strategies").joinpath("arrays.json").read_text("utf-8"))[name]
    return tuple({f: factors[f][i] for f, i in zip(factors, row, strict=True)} for row in stored)


def uncovered(name: str) -> int:
    """How many combinations a stored array misses: 0 if it is what it promises to be."""
    make, strength = ARRAYS[name]
    factors = make()
    missing = 0
    for chosen in itertools.combinations(factors, strength):
        wanted = set(itertools.product(*(factors[f] for f in chosen)))
        missing += len(wanted - {tuple(row[f] for f in chosen) for row in rows(name)})
    return missing


def _make(name: str) -> list[list[int]]:
    from covertable import make

    factors, strength = ARRAYS[name]
    table = factors()
    array = make({f: list(range(len(v))) for f, v in table.items()}, strength=strength)
    return [[row[f] for f in table] for row in array]


def main() -> None:
    """Makes the arrays anew and writes them beside this module."""
    path = Path(__file__).with_name("arrays.json")
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in _make(name)) + "\n]" for name in ARRAYS
    )
    path.write_text("{\n" + text + "\n}\n", "utf-8")
    print({name: len(rows(name)) for name in ARRAYS})




if __name__ == "__main__":
    main()
