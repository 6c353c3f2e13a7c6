"""Raw material: letters of many scripts, XML, URLs and identifiers of a wanted length, drawn from a `random.Random`.

The functions take any object with Random's methods, so that Hypothesis can drive and shrink them too. They know forms,
not verdicts.
"""

from __future__ import annotations

from random import Random

LOWER = "abcdefghijklmnopqrstuvwxyz"
LETTERS = LOWER + LOWER.upper()
DIGITS = "0123456789"
HEX_LOWER = DIGITS + "abcdef"
HEX_UPPER = DIGITS + "ABCDEF"
HEX_BOTH = DIGITS + "abcdefABCDEF"
SUB_DELIMITERS = "!$&'()*+,;="


def _span(first: int, last: int) -> str:
    return "".join(c for c in map(chr, range(first, last + 1)) if c.isalpha() and c.isprintable())


SCRIPTS: tuple[str, ...] = (
    LETTERS,
    _span(0xC0, 0xFF),
    _span(0x100, 0x17F),
    _span(0x391, 0x3C9),
    _span(0x410, 0x44F),
    _span(0x531, 0x556),
    _span(0x5D0, 0x5EA),
    _span(0x621, 0x64A),
    _span(0x905, 0x939),
    _span(0xE01, 0xE30),
    _span(0x10D0, 0x10F0),
    _span(0x3041, 0x3096),
    _span(0x30A1, 0x30FA),
    _span(0x4E00, 0x4EFF),
    _span(0xAC00, 0xACFF),
    _span(0x1E00, 0x1EFF),
    "".join(map(chr, range(0x1F600, 0x1F640))) + "\U0001f4de\U0001f680\U0001f389",
)
PUNCTUATION = ".,!?-:;()'\"%&+=#*@/$_~^|`[]{}"


def word(rng: Random, length: int, alphabet: str = LETTERS) -> str:
    """`length` characters of an alphabet; a long word repeats its first 151 characters."""
    if length > 151:
        block = "".join(rng.choices(alphabet, k=151))
        return (block * (length // 151 + 1))[:length]
    return "".join(rng.choices(alphabet, k=length))


def hexadecimal(rng: Random, length: int = 32) -> str:
    """Hexadecimal digits: small, capital, both or decimal ones only."""
    return word(rng, length, rng.choice((HEX_LOWER, HEX_UPPER, HEX_BOTH, HEX_LOWER, DIGITS)))


def any_script(rng: Random, units: int) -> str:
    """Text of exactly `units` UTF-16 code units, words of one or several scripts with single spaces and punctuation.

    Args:
        rng: source of choices.
        units: 1 or more.
    """
    out: list[str] = []
    left = units
    script = rng.choice(SCRIPTS)
    while left > 0:
        if rng.random() < 0.25:
            script = rng.choice(SCRIPTS)
        size = 2 if script[0] > "\uffff" else 1
        if size > left or (out and left > 1 and out[-1] != " " and rng.random() < 0.12):
            out.append(" " if left > 1 and out and out[-1] != " " else rng.choice("xyz.!?"))
            left -= 1
            continue
        out.append(rng.choice(script) if rng.random() < 0.93 or left == units or left == 1 else rng.choice(PUNCTUATION))
        left -= 2 if out[-1] > "\uffff" else 1
    return "".join(out)


def plain(rng: Random, length: int) -> str:
    """Printable ASCII text of exactly `length` characters: letters, digits, `._-`, single spaces inside."""
    chars = rng.choices(LETTERS + DIGITS + "._-", k=length)
    for i in range(2, length - 1, 7):
        if rng.random() < 0.4:
            chars[i] = " "
    return "".join(chars)


def label(rng: Random, length: int) -> str:
    """One label of a host name: letters, digits, single hyphens inside."""
    chars = rng.choices(LOWER + DIGITS, k=length)
    for i in range(1, length - 1, 3):
        if rng.random() < 0.2:
            chars[i] = "-"
    if length > 1 and rng.random() < 0.15:
        return "".join(chars).upper()
    return "".join(chars)


def host(rng: Random) -> str:
    """A host name with two to six labels, under a name that is reserved for examples and tests, so that nobody is called.

    Source: RFC 2606.
    """
    count = rng.choice((1, 1, 1, 2, 2, 3, 4))
    size = 63 if rng.random() < 0.02 else rng.randint(1, 12)
    parts = [label(rng, size if i == 0 else rng.randint(1, 10)) for i in range(count)]
    last = rng.choice(("example", "test", "example.com", "example.org", "example.net", "EXAMPLE.COM", "Test", "sub.example"))
    return ".".join([*parts, last])


_SEGMENT = LETTERS + DIGITS + "-._~"
_QUERY = _SEGMENT + ":@/?!$'()*,;"


def url(rng: Random, length: int = 0) -> str:
    """An absolute http(s) URL; of exactly `length` characters if that is at least 40 (else any length below 120).

    It has a port, path, query and percent-encoding now and then.
    """
    out = rng.choice(("http://", "https://", "https://")) + host(rng)
    if rng.random() < 0.35:
        out += f":{rng.choice((80, 443, 8080, 8443, 1, 65535, rng.randint(2, 65534)))}"
    if rng.random() < 0.9:
        out += "/" + "/".join(word(rng, rng.randint(1, 8), _SEGMENT) for _ in range(rng.randint(1, 3)))
        if rng.random() < 0.3:
            out += rng.choice(("%20", "%C3%A9", "%2F", "%3D", "%e2%82%ac", "%41", "%26x", "%2B", "%25"))
        if rng.random() < 0.2:
            out += word(rng, rng.randint(1, 4), SUB_DELIMITERS + ":@")
        if rng.random() < 0.2:
            out += rng.choice((".xml", "/", ".php", "/index.html"))
    elif rng.random() < 0.5:
        out += "/"
    if rng.random() < 0.5:
        joined = "&".join(
            f"{word(rng, rng.randint(1, 6), LETTERS)}={word(rng, rng.randint(0, 8), _QUERY)}" for _ in range(rng.randint(1, 3))
        )
        out += ("?" if "/" in out[8:] else "/?") + joined
    return fit_url(rng, out, length) if length >= 40 else out


def fit_url(rng: Random, out: str, length: int) -> str:
    """Lengthens a URL to exactly `length` characters, or builds a short one of that length."""
    if len(out) > length:
        base = rng.choice(("http://", "https://")) + "e" + rng.choice(LOWER) + ".example.com/"
        return base + word(rng, length - len(base), _SEGMENT)
    if "/" not in out[8:] and len(out) < length:
        out += "/"
    return out + word(rng, length - len(out), _SEGMENT)


_VERBS = (
    "<Pause/>", "<Hangup/>", "\n    ", '<Pause length="2"/>', "<Reject/>", '<Say voice="alice">Hello &amp; goodbye</Say>',
    "<Play>https://example.com/tone.mp3</Play>", "<Say><![CDATA[one < two]]></Say>", "<!-- a comment -->",
    '<Gather numDigits="1"><Say>Press 1</Say></Gather>', "<Redirect method='GET'>https://example.com/next?a=1&amp;b=2</Redirect>",
    '<Say language="fr-FR">Déjà vu</Say>', "<Say>&#233;&#x1F600;</Say>",
)


def twiml(rng: Random, length: int = 0) -> str:
    """A well-formed document with the root Response; of exactly `length` UTF-16 code units if that is at least 11."""
    if length == 0:
        body = "".join(rng.choice(_VERBS) for _ in range(rng.randint(0, 3)))
        start = '<?xml version="1.0" encoding="UTF-8"?>' if rng.random() < 0.25 else ""
        return f"{start}<Response>{body}</Response>" if body or rng.random() < 0.5 else f"{start}<Response/>"
    if length < 34:
        return "<Response/>" if length < 21 else f"<Response>{'x' * (length - 21)}</Response>"
    left = length - 32
    block = any_script(rng, min(left, 60)).replace("<", "x").replace("&", "x").strip() or "x"
    units = len(block) + sum(c > "\uffff" for c in block)
    text = block * (left // units)
    return f"<Response><Say>{text}{'x' * (left - units * (left // units))}</Say></Response>"
