"""What a call as a whole may have and be refused for: how large it is, how many parameters, who stands first or last or
side by side, two with one value, two URLs at different hosts, no Url.

Knows what is to be tried of a smallest case; `valid` decides when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from harness.attribution.prober import A_BODY, AND_MORE, Prober, Styled, Trait, short
from harness.case import Case, Pair
from harness.classify import classify
from harness.contract import PARAMETER, Expected
from harness.oracle import INSTRUCTIONS
from harness.wire import body_of, encode_pairs
from strategies.domains import edges

_SMALLEST_BODY = 500  # bytes; a limit below it shows in so many calls that it looks like a matter of their parameters
_EMPTY_BODY = 200  # bytes; the emptiest call that fills one has fewer
_TWIML = "<Response><Say>{}</Say></Response>"
_LONGEST_TWIML = 4000  # characters
_SHORT_URL = "https://example.com/"
_LONGEST_URL = 250  # characters
_LONGEST_OF_SEVERAL = 1900  # characters
# What a body is filled with: URLs, and characters of Twiml with the bytes that each takes. The first can't fill the largest ones.
_Filling = tuple[tuple[str, ...], int, str]
_FILLINGS: tuple[_Filling, ...] = (
    ((), 1, "a"), ((), 6, "é"), (("FallbackUrl", "StatusCallback", "RecordingStatusCallback", "AsyncAmdStatusCallback"), 9, "あ"), ((), 9, "あ"),
)
# A URL that differs from the short one in this alone.
_PARTS = {"host": "https://example.org/", "scheme": "http://example.com/"}
_URLS = tuple(n for n, p in PARAMETER.items() if any(c.slug == "absolute" for c in p.classes))
_BASE = ("To", "From", *INSTRUCTIONS)

Fails = Callable[[Case], bool]
Pairs = list[Pair]


def trait_of(prober: Prober, items: list[Styled], case: Case, fails: Fails) -> Trait | None:
    """The trait that makes the smallest case fail, if it is one.

    Args:
        prober: knows the simplest call.
        items: what the smallest case has beyond the simplest call; what is encoded in an odd way can only be too large.
        case: the case that it was cut from.
        fails: whether a case fails as that one does; false for one that need not be accepted.
    """
    pairs = list(prober.on_base(items, case).pairs)
    others = [p for p in _harmless(prober) if p[0] not in {p[0] for p, _ in items}]

    def shown(changed: Pairs) -> bool:
        return fails(replace(case, pairs=tuple(changed), styles=()))

    names = {p[0] for p, _ in items}
    if any(style != "plain" for _, style in items):
        return _size(prober, len(body_of(prober.on_base(items, case))), shown)
    large = _number(prober, pairs, others, shown) or _size(prober, len(encode_pairs(pairs)), shown) or _addresses(prober, pairs, names, shown)
    without = _without_url(pairs, names, others, shown) or _same_value(pairs, names, shown) or _different(pairs, names, shown)
    return large or without or _apart(pairs, others, shown) or _place(pairs, others, shown)


def _harmless(prober: Prober) -> Pairs:
    """Pairs that the simplest call may have beside it: one of each parameter, then more of the one that may be there more than once."""
    out: Pairs = []
    more: Pairs = []
    base = prober.plain_on_base([]).pairs
    for name, parameter in PARAMETER.items():
        values = [v for c in parameter.classes if c.expected is Expected.ACCEPT for v in edges(name, c.slug)]
        good = [v for v in values if prober.expect(Case((*base, (name, v)))).expected is Expected.ACCEPT]
        if good and name not in {n for n, _ in base}:
            out.append((name, good[0]))
            more += [(name, v) for v in good[1:] if name == "StatusCallbackEvent"]
    return sorted(out, key=lambda p: p[0] in INSTRUCTIONS) + more


# -- how many ----------------------------------------------------------------------------------------


def _number(prober: Prober, pairs: Pairs, others: Pairs, shown: Callable[[Pairs], bool]) -> Trait | None:
    """As many other parameters fail as well; with one more it may be another matter."""
    count = len(pairs)
    base = list(prober.plain_on_base([]).pairs)
    wanted = count - len(base)
    spare = others + [p for p in _harmless(prober) if p not in others]
    if wanted <= 0 or len(spare) <= wanted:
        return None
    single = list({n: (n, v) for n, v in others[::-1]}.values())
    if not shown(base + spare[:wanted]) or not shown(base + (single[:wanted] if len(single) >= wanted else spare[-wanted:])):
        return None
    if shown(base + spare[:wanted + 1]):
        return Trait(
            "call.combination", f"{count} {AND_MORE}", frozenset(), lambda c: len(c.pairs) >= count, lambda c: _fewer(c, count - 1),
        )
    return Trait("call.combination", f"exactly {count} parameters", frozenset(), lambda c: len(c.pairs) == count, lambda c: _more(c, spare))


def _fewer(case: Case, count: int) -> Case:
    """A case's first pairs, those of the simplest call before others, in their order."""
    order = sorted(range(len(case.pairs)), key=lambda i: (case.pairs[i][0] not in _BASE, i))
    return case.with_pairs(tuple(case.pairs[i] for i in sorted(order[:count])))


def _more(case: Case, spare: Pairs) -> Case:
    """A case with one pair more."""
    names = {n for n, _ in case.pairs}
    return case.with_pairs((*case.pairs, *[p for p in spare if p[0] not in names][:1]))


# -- how large ---------------------------------------------------------------------------------------


def _size(prober: Prober, size: int, shown: Callable[[Pairs], bool]) -> Trait | None:
    """Bodies from just so many bytes on fail, whatever fills them."""
    own = prober.numbers.own[0]

    def fails(filling: _Filling, size: int) -> bool | None:
        filled = _filled(own, filling, size)
        return None if filled is None else shown(filled)

    fillings = [f for f in _FILLINGS if _filled(own, f, size) is not None]
    if size < _SMALLEST_BODY or len(fillings) < len(_FILLINGS) - 1 or not all(fails(f, size) for f in fillings):
        return None
    fit, least = _EMPTY_BODY, size
    while least - fit > 1:
        middle = (fit + least) // 2
        fit, least = (fit, middle) if fails(fillings[-1], middle) else (middle, least)
    if any(fails(f, least) is False or fails(f, fit) for f in fillings):
        return None
    return Trait("call.combination", f"{A_BODY}{least} bytes or more", frozenset(), lambda c: len(body_of(c)) >= least, lambda c: _smaller(c, least))


def _filled(own: str, filling: _Filling, size: int) -> Pairs | None:
    """A valid call whose body has just so many bytes, or nothing where that filling can't make it.

    Whatever is lost of it at its end, it is no valid call any more.
    """
    urls, width, character = filling
    pairs = [*((name, _SHORT_URL) for name in urls), ("Twiml", _TWIML.format("")), ("From", own), ("To", "client:a")]
    left = size - len(encode_pairs(pairs))
    for i in range(len(urls)):
        longer = min(max(left, 0), _LONGEST_URL - len(_SHORT_URL))
        pairs[i] = (pairs[i][0], _SHORT_URL + "a" * longer)
        left -= longer
    if left < 0 or left // width + left % width + len(_TWIML) > _LONGEST_TWIML:
        return None
    pairs[len(urls)] = ("Twiml", _TWIML.format(character * (left // width) + "a" * (left % width)))
    return pairs


def _smaller(case: Case, size: int) -> Case:
    """A case with its longest values left out, or made simple in the simplest call, until its body is smaller."""
    pairs = list(case.pairs)
    while len(encode_pairs(pairs)) >= size:
        name, value = longest = max(pairs, key=lambda p: len(encode_pairs([p])))
        if len(value) < len(_SHORT_URL):
            break
        instructs = name in INSTRUCTIONS and not {n for n, _ in pairs if n != name}.intersection(INSTRUCTIONS)
        pairs = [p for p in pairs if p is not longest] + ([("Url", _SHORT_URL)] if instructs else [])
    return case.with_pairs(tuple(pairs), ())


# -- how long all URLs are -----------------------------------------------------------------------------


def _addresses(prober: Prober, pairs: Pairs, names: set[str], shown: Callable[[Pairs], bool]) -> Trait | None:
    """URLs that have so many characters together fail, however they are shared out, and don't with one fewer."""
    rest = [p for p in prober.plain_on_base([]).pairs if p[0] not in _URLS]
    fit, least = len(_SHORT_URL) * len(_URLS), _together(pairs)
    if names.isdisjoint(_URLS) or not 2 * fit <= least <= _LONGEST_OF_SEVERAL * len(_URLS):
        return None
    every = ("Url", *(n for n in _URLS if n != "Url"))
    shares = every, every[:least // _LONGEST_OF_SEVERAL + 2]  # over all, and over few

    def fails(share: tuple[str, ...], total: int) -> bool:
        return shown([*rest, *_shared_out(share, total)])

    if not all(fails(share, least) for share in shares) or fails(every, fit):
        return None
    while least - fit > 1:
        middle = (fit + least) // 2
        fit, least = (fit, middle) if fails(every, middle) else (middle, least)
    if not all(fails(share, least) and not fails(share, fit) for share in shares):
        return None
    text = f"URLs of {least} characters or more together"
    return Trait("call.combination", text, frozenset(), lambda c: _together(c.pairs) >= least, _with_short_urls)


def _together(pairs: Iterable[Pair]) -> int:
    """Characters of all URLs together."""
    return sum(len(v) for n, v in pairs if n in _URLS)


def _shared_out(names: tuple[str, ...], total: int) -> Pairs:
    """URLs, nearly all of one length, that have so many characters together."""
    longer, left = divmod(total - len(_SHORT_URL) * len(names), len(names))
    return [(name, _SHORT_URL + "a" * (longer + (i < left))) for i, name in enumerate(names)]


def _with_short_urls(case: Case) -> Case:
    return case.with_pairs(tuple((n, _SHORT_URL if n in _URLS else v) for n, v in case.pairs), ())


# -- without Url -------------------------------------------------------------------------------------


def _without_url(pairs: Pairs, names: set[str], others: Pairs, shown: Callable[[Pairs], bool]) -> Trait | None:
    """Parameters that fail wherever Url is absent, whatever else says what the call is to do."""
    instead = names.intersection(INSTRUCTIONS)
    rest = names - instead
    if "Url" in names or len(instead) != 1 or not rest:
        return None
    other = next((p for p in others if p[0] in INSTRUCTIONS and p[0] not in ("Url", *instead)), None)
    if other is None or not shown([other if p[0] in instead else p for p in pairs]):
        return None
    if shown([("Url", _SHORT_URL) if p[0] in instead else p for p in pairs]):
        return None  # it is what stands between others, whatever it is

    fixed = {p for p in pairs if p[0] in rest and (value := another(p)) is not None and not shown(_put(pairs, value, p))}
    said = " and ".join(sorted(rest - {n for n, _ in fixed} | {f"{n}={short(v)}" for n, v in fixed}))

    def has(case: Case) -> bool:
        return case.get("Url") is None and all(case.get(n) is not None for n in rest) and fixed <= set(case.pairs)

    def without(case: Case) -> Case:
        kept = tuple(p for p in case.pairs if p[0] not in INSTRUCTIONS)
        return case.with_pairs((*kept, ("Url", _SHORT_URL)), ())

    return Trait("call.combination", f"{said} without Url", frozenset(rest), has, without)


def another(pair: Pair) -> str | None:
    """Another value that is as valid as a pair's own."""
    return next((v for v in edges(pair[0], classify(*pair))[:3] if v != pair[1]), None)


# -- the same value ----------------------------------------------------------------------------------


def _same_value(pairs: Pairs, names: set[str], shown: Callable[[Pairs], bool]) -> Trait | None:
    """Two parameters that fail with any value that both have, and don't with different ones."""
    for i, one in enumerate(pairs):
        for two in pairs[i + 1:]:
            if one[0] == two[0] or one[1] != two[1] or not names <= {one[0], two[0]}:
                continue
            value = _other(one, two)
            if value is None or not shown(_put(pairs, value, one, two)) or shown(_put(pairs, value, one)) or shown(_put(pairs, value, two)):
                continue
            return _equal(*sorted((one, two), key=lambda p: list(PARAMETER).index(p[0])))
    return None


def _equal(one: Pair, two: Pair) -> Trait:
    first, second = (two[0], one[0]) if two[0] in _BASE else (one[0], two[0])
    values = [v for v in edges(one[0], classify(*one)) if v in edges(two[0], classify(*two))]

    def has(case: Case) -> bool:
        return case.get(first) is not None and case.get(first) == case.get(second)

    def without(case: Case) -> Case:
        other = next((v for v in values if v != case.get(second)), values[0])
        return case.with_pairs(tuple((n, other if n == first else v) for n, v in case.pairs), case.styles)

    return Trait("call.combination", f"{first} and {second} with the same value", frozenset((first, second)), has, without)


def _other(one: Pair, two: Pair) -> str | None:
    """Another value that both parameters take."""
    return next((v for v in edges(one[0], classify(*one)) if v != one[1] and v in edges(two[0], classify(*two))), None)


def _put(pairs: Pairs, value: str, *changed: Pair) -> Pairs:
    return [(p[0], value) if p in changed else p for p in pairs]


# -- different hosts or schemes -----------------------------------------------------------------------


def _different(pairs: Pairs, names: set[str], shown: Callable[[Pairs], bool]) -> Trait | None:
    """Two URLs that fail wherever their hosts or their schemes differ, and don't where they are the same."""
    urls = [p for p in pairs if p[0] in _URLS]
    for i, one in enumerate(urls):
        for two in urls[i + 1:]:
            if one[0] == two[0] or not names <= {one[0], two[0]}:
                continue
            if not any(_differs(one, two, part) for part in _PARTS) or shown(_put(pairs, _SHORT_URL, one, two)):
                continue
            for part, value in _PARTS.items():
                if shown(_put(_put(pairs, _SHORT_URL, one), value, two)) and shown(_put(_put(pairs, value, one), _SHORT_URL, two)):
                    return _differing(*((two[0], one[0]) if two[0] in _BASE else (one[0], two[0])), part)
    return None


def _differing(one: str, two: str, part: str) -> Trait:
    def has(case: Case) -> bool:
        first, second = case.get(one), case.get(two)
        return first is not None and second is not None and _differs((one, first), (two, second), part)

    def without(case: Case) -> Case:
        return case.with_pairs(tuple((n, case.get(one) or v) if n == two else (n, v) for n, v in case.pairs), case.styles)

    return Trait("call.combination", f"{one} and {two} with different {part}s", frozenset((one, two)), has, without)


def _differs(one: Pair, two: Pair, part: str) -> bool:
    def part_of(url: str) -> str:
        scheme, _, rest = url.partition("://")
        return (scheme if part == "scheme" else rest.partition("/")[0].partition("?")[0]).lower()

    return part_of(one[1]) != part_of(two[1])


# -- side by side ------------------------------------------------------------------------------------


def _apart(pairs: Pairs, others: Pairs, shown: Callable[[Pairs], bool]) -> Trait | None:
    """A repeated parameter that fails where anything else stands between its values."""
    counts = Counter(n for n, _ in pairs)
    name, count = counts.most_common(1)[0]
    filler = [p for p in others if p[0] not in counts and p[0] not in INSTRUCTIONS]
    if count < 2 or len(filler) < 2 or shown(_side_by_side(pairs, name)):
        return None
    own = [p for p in pairs if p[0] == name]
    rest = [p for p in pairs if p[0] in _BASE]
    if not all(shown([*rest, own[0], between, *own[1:]]) for between in filler[:2]):
        return None

    def has(case: Case) -> bool:
        return case.pairs != tuple(_side_by_side(list(case.pairs), name))

    text = f"{name} more than once, and not side by side"
    return Trait("call.parameter-order", text, frozenset((name,)), has, lambda c: c.with_pairs(tuple(_side_by_side(list(c.pairs), name)), ()))


def _side_by_side(pairs: Pairs, name: str) -> Pairs:
    """The pairs with all of one parameter where its first one is."""
    place = next((i for i, p in enumerate(pairs) if p[0] == name), 0)
    own = [p for p in pairs if p[0] == name]
    return [*pairs[:place], *own, *(p for p in pairs[place:] if p[0] != name)]


# -- first or last -----------------------------------------------------------------------------------


def _place(pairs: Pairs, others: Pairs, shown: Callable[[Pairs], bool]) -> Trait | None:
    """A parameter that fails first or last in any company and in no other place."""
    if len({n for n, _ in pairs}) < len(pairs) or len(pairs) < 3 or shown(pairs[::-1]):
        return None
    for word, turn in (("last", 1), ("first", -1)):
        *rest, own = pairs[::turn]
        if any(shown([*(p for p in rest if p is not outer), own, outer][::turn]) for outer in rest):
            continue
        if shown([*rest[::-1], own][::turn]) and shown([*others[:2], *rest, own][::turn]):
            return _placed(own[0], word, turn)
    return None


def _placed(name: str, word: str, turn: int) -> Trait:
    def without(case: Case) -> Case:
        *rest, own = list(zip(case.pairs, case.styles or ("plain",) * len(case.pairs), strict=True))[::turn]
        moved = [*rest[:-1], own, *rest[-1:]][::turn]
        return case.with_pairs(tuple(p for p, _ in moved), tuple(s for _, s in moved))

    place = -1 if turn == 1 else 0
    return Trait("call.parameter-order", f"{name} {word}", frozenset((name,)), lambda c: c.pairs[place][0] == name, without)
