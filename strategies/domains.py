# ruff: noqa: E501 - rows of values are read across
"""Values of each class of each parameter: first the ones at the edges, then ever new ones.

`edges` gives a short list, simplest first; `fresh` draws another value each time, spread over lengths and ranges by its
argument `u`. Both only speak of the class asked for; a value that falls out of it is dropped by whoever asks.
"""

from __future__ import annotations

from functools import lru_cache, singledispatch
from random import Random

from harness.classify import classify, example_numbers
from harness.contract import PARAMETER, UNCLEAR
from harness.contract.model import (
    Address,
    Digits,
    Events,
    Integer,
    Methods,
    Sid,
    Text,
    Twiml,
    Url,
    Words,
)
from strategies import text as t

_FIXED_SID = "0123456789abcdef0123456789ABCDEF"


@lru_cache(maxsize=1024)
def edges(name: str, slug: str) -> tuple[str, ...]:
    """The values at the edges of a class of a parameter, simplest first; each really belongs to the class."""
    domain = PARAMETER[name].domain
    return tuple(dict.fromkeys(v for v in _edges(domain, slug) if _belongs(name, slug, v)))


def fresh(name: str, slug: str, rng: Random, u: float) -> str | None:
    """A new value of a class.

    Args:
        name: the parameter.
        slug: the class.
        rng: source of choices.
        u: from 0 to 1, where in the class's range or lengths the value lies.

    Returns:
        A value of the class, or None where only the edges exist.
    """
    domain = PARAMETER[name].domain
    for _ in range(6):
        value = _fresh(domain, slug, rng, u)
        if value is None or _belongs(name, slug, value):
            return value
        u = rng.random()
    return None


def _belongs(name: str, slug: str, value: str) -> bool:
    if slug == "own-number":
        return False
    found = classify(name, value)
    if name == "From" and slug == "phone-for-phone":
        return found in ("client", "sip")
    return found == slug


def scale(u: float, low: int, high: int) -> int:
    """The whole number at the place `u` of the closed range."""
    return min(high, low + int(u * (high - low + 1)))


@singledispatch
def _edges(domain: object, slug: str) -> tuple[str, ...]:
    raise TypeError(f"no values for {domain!r}")


@singledispatch
def _fresh(domain: object, slug: str, rng: Random, u: float) -> str | None:
    raise TypeError(f"no values for {domain!r}")


_CONTROLS = ("\n", "\r\n", "\x00", "\t", "\r", "\x0b", "\x1f", "\x7f")


def _beside(value: str, rng: Random) -> str:
    c = rng.choice(_CONTROLS)
    return value + c if rng.random() < 0.6 else c + value


def _mutant(value: str, rng: Random) -> str:
    """A word with one letter more, fewer or changed."""
    i = rng.randrange(len(value) + 1)
    kind = rng.randrange(3)
    letter = rng.choice(t.LOWER + t.DIGITS + "-_")
    return value[:i] + (letter if kind < 2 else "") + value[i + (kind > 0):]


def _wide(text: str) -> str:
    """The same in fullwidth letters, which are others until somebody normalises them."""
    return text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})


# --- closed sets -----------------------------------------------------------------------------------

_WORDS = ("yes", "no", "true", "1", "false", "0", "Continue", "on", "Hangup", "off", "both", "none", "null", "maybe", "unknown", "default", "auto", "x", "undefined", "-1",
          # what belongs to another parameter, or to the verb that records
          "mono", "dual", "inbound", "outbound", "trim-silence", "do-not-trim", "Enable", "DetectMessageEnd", "do-not-record", "record-from-answer")

# What comes to mind beside the listed words, by the first of them.
_NEAR = {
    "true": ("y", "n", "t", "f", "enabled", "disabled"),
    "Enable": ("Disable", "Enabled", "Detect", "DetectMessage", "MessageEnd"),
    "mono": ("stereo", "single", "2", "multi", "separate"),
    "inbound": ("all", "mixed", "caller", "callee", "inbound_track", "both_tracks", "inbound-outbound"),
    "trim-silence": ("trim", "silence", "no-trim", "trim-all", "dont-trim"),
}


@_edges.register
def _(domain: Words, slug: str) -> tuple[str, ...]:
    v = domain.values
    return {
        "values": v,
        "unknown-value": (*_WORDS, _wide(v[0]), *_NEAR.get(v[0], ()), *(x.replace("-", j) for x in v if "-" in x for j in ("_", " ", "")), *(x + "s" for x in v), *(x[:-1] for x in v), v[0] + v[-1], f"{v[0]},{v[-1]}", f"{v[0]}&a=b", "*", v[0] + "é", "x" * 300),
        "letter-case": tuple(w for x in v for w in (x.upper(), x.capitalize(), x.lower(), x.title(), x.swapcase())),
        "control-character": tuple(w for x in v for w in (x + "\n", "\n" + x, x + "\r\n", x + "\x00", x + "\t")),
        UNCLEAR: ("", " " + v[0], v[0] + " "),
    }[slug]


@_fresh.register
def _(domain: Words, slug: str, rng: Random, u: float) -> str | None:
    value = domain.values[scale(u, 0, len(domain.values) - 1)]
    if slug == "values":
        return value
    if slug == "unknown-value":
        return _mutant(value, rng) if rng.random() < 0.6 else t.word(rng, rng.randint(1, 12), t.LETTERS + t.DIGITS)
    if slug == "letter-case":
        return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in value)
    return _beside(value, rng) if slug == "control-character" else None


@_edges.register
def _(domain: Methods, slug: str) -> tuple[str, ...]:
    return {
        "values": domain.values,
        "unknown-value": (
            "FETCH", "ＧＥＴ", "OPTIONS", "TRACE", "CONNECT", "GETS", "PSOT", "GE", "POSTGET", "GET,POST", "none", "1", "true", "PURGE",
            "http", "LIST", "get_", "G" * 300, "QUERY",
        ),
        "control-character": ("GET\n", "POST\n", "\nGET", "POST\r\n", "GET\x00", "POST\t"),
        UNCLEAR: ("HEAD", "PUT", "PATCH", "DELETE", "get", "post", "Get", ""),
    }[slug]


@_fresh.register
def _(domain: Methods, slug: str, rng: Random, u: float) -> str | None:
    value = domain.values[scale(u, 0, 1)]
    if slug == "values":
        return value
    if slug == "unknown-value":
        return _mutant(value, rng).upper() if rng.random() < 0.6 else t.word(rng, rng.randint(2, 8), t.LOWER.upper())
    return _beside(value, rng) if slug == "control-character" else None


# --- numbers ---------------------------------------------------------------------------------------

_NO_INTEGERS = ("a" * 300, "1_000", "ten", "true", "NaN", "1,000", "#", "½")


def _near_powers(low: int, high: int) -> list[int]:
    powers = [1 << k for k in range(16)] + [10**k for k in range(5)] + [250, 255, 300, 900, 1500, 3000, 4000, 7200]
    return sorted({p + d for p in powers for d in (-1, 0, 1) if low <= p + d <= high})


def _other_digits(text: str, zero: int) -> str:
    return "".join(chr(zero + int(c)) if c.isdigit() else c for c in text)


@_edges.register
def _(domain: Integer, slug: str) -> tuple[str, ...]:
    low, high = domain.accepts
    middle = str((low + high) // 2)
    inside = [low, high, (low + high) // 2, low + 1, high - 1, *_near_powers(low, high)]
    values: dict[str, list[int] | tuple[str, ...]] = {
        "range": inside,
        "minimum": [low - 1, 0, -low, low // 2, -1, low - 2, 1, low - 10, low - 100, -high, low - (1 << 32), low * 3 // 4, low // 4],
        "maximum": [
            high + 1, high * 10, (1 << 32) + low, high + 2, 1 << 31, (1 << 16) + low, high * 2, (1 << 64) + low, high + 100, 999999999,
            (1 << 32) + high, 10**20, high + 10, high + 1000, high * 5 // 4, high * 3 // 2, high * 7 // 4, high * 3, high * 5,
        ],
        "integer": (
            "abc", middle + "abc", _other_digits(middle, 0x660), hex(int(middle)), _other_digits(middle, 0xFF10), "x" + middle,
            f"{middle[0]}_{middle[1:]}" if len(middle) > 1 else "1_0", _other_digits(middle, 0x966), middle + "%", middle + "s", middle + "ms", *_NO_INTEGERS,
        ),
        "decimal": (f"{middle}.5", f"{low}.5", f"{high}.5", f"{middle}.25", f"{high - 1 if high > low else high}.9"),
        UNCLEAR: (
            "", f" {middle}", f"{middle} ", f"+{middle}", f"0{middle}", f"{middle}.0", f"{middle}\n", "0", "-1", "86400", "1e3", "59", "3",
            "9223372036854775808", "18446744073709551616",
        ),
    }
    return tuple(map(str, values[slug]))


@_fresh.register
def _(domain: Integer, slug: str, rng: Random, u: float) -> str | None:
    low, high = domain.accepts
    if slug == "range":
        return str(scale(u, low, high))
    if slug == "minimum":
        return str(_below(low, high, rng, u))
    if slug == "maximum":
        return str(_above(high, rng, u))
    inside = str(scale(u, low, high))
    if slug == "decimal":
        return f"{inside}.{rng.randint(1, 99)}"
    if slug == "integer":
        return _spoilt(inside, rng)
    return None


def _below(low: int, high: int, rng: Random, u: float) -> int:
    """A number below a range: evenly down to 0, its mirror image below that, then ever further away."""
    if u < 0.7:
        return scale(u / 0.7, 0, low - 1)
    if u < 0.85:
        return -scale((u - 0.7) / 0.15, 1, high)
    return -int(10 ** (2 + rng.random() * 9))


def _above(high: int, rng: Random, u: float) -> int:
    """A number above a range: by equal ratios up to 16 times its end, then ever further away, and what wraps into it."""
    if u < 0.65:
        return high + 1 + int(high * (16 ** (u / 0.65) - 1))
    if u < 0.85:
        return high + 1 + int(10 ** (3 + (u - 0.65) / 0.2 * 8))
    return (1 << rng.choice((16, 31, 32, 63, 64))) + rng.randint(high // 2, high)


def _spoilt(inside: str, rng: Random) -> str:
    kind = rng.random()
    if kind < 0.5:
        i = rng.randrange(len(inside) + 1)
        return inside[:i] + rng.choice(t.LETTERS + "#$%&/=?!:;@") + inside[i:]
    if kind < 0.75:
        return _other_digits(inside, rng.choice((0xFF10, 0x660, 0x6F0, 0x966, 0xE50)))
    return t.word(rng, rng.randint(1, 8))


# --- identifiers and keys ----------------------------------------------------------------------------


@_edges.register
def _(domain: Sid, slug: str) -> tuple[str, ...]:
    p, h = domain.prefix, _FIXED_SID
    return {
        "well-formed": (p + h.lower(), p + h.upper(), p + h, p + "0" * 32, p + "f" * 32, p + "A" * 32, p + "9" * 32),
        "prefix": ("CA" + h, "AC" + h, "XX" + h, p.lower() + h, "PN" + h, "TK" + h, "SM" + h, "RE" + h, "MG" + h, "IM" + h, "SK" + h, "CN" + h, "WA" + h, p[0] + h, h, p[::-1] + h, p[0] + p[1].lower() + h, "sid", *(other + h.lower() for other in ("AP", "BY") if other != p)),
        "length": (p + h[:31], p + h + "0", p, p + h[:30], p + h + "00", p + h * 2, p + "0", p + h[:16], p + h * 8, p + h * 60),
        "hex-digits": tuple(
            p + h[:i] + c + h[i + 1:] for i, c in ((31, "g"), (0, "G"), (15, "z"), (7, "x"), (31, "-"), (20, "o"), (3, "é"), (9, "_"), (12, "７"))
        ),
        "control-character": (*tuple(p + h + c for c in ("\n", "\r\n", "\x00", "\t")), p + h[:31] + "\n", "\n" + p + h),
        UNCLEAR: ("", " " + p + h, p + h + " "),
    }[slug]


@_fresh.register
def _(domain: Sid, slug: str, rng: Random, u: float) -> str | None:
    p, h = domain.prefix, t.hexadecimal(rng)
    if slug == "well-formed":
        return p + h
    if slug == "prefix":
        return t.word(rng, 2, t.LETTERS if rng.random() < 0.3 else t.LOWER.upper()) + h
    if slug == "length":
        size = rng.choice((31, 33, rng.randint(0, 31), rng.randint(33, 70)))
        return p + t.hexadecimal(rng, size)
    if slug == "hex-digits":
        i = scale(u, 0, 31)
        letters = t.LOWER[6:] + t.LOWER[6:].upper() + "-_.*+/:@"
        return p + h[:i] + rng.choice(letters) + h[i + 1:]
    return _beside(p + h, rng) if slug == "control-character" else None


_OTHER_KEYS = ",;.+-_/()!?&=%@$'\"<>|~^{}[]:`\\abcdefghijklmnopqrstuvxyzEFGHIJKLMNOPQRSTUVXYZ"


@_edges.register
def _(domain: Digits, slug: str) -> tuple[str, ...]:
    n = domain.maximum
    return {
        "keys": ("1", "1" * n, "ww1234#", domain.alphabet, "#", "*", "w", "0123456789", "w" * n, "#" * n, "*" * (n - 1), "9" * 16),
        "max-length": ("1" * (n + 1), "w" * (n + 1), "1" * (n + 2), "1" * 40, "#" * 64, "1" * 100, "1" * 255, "1" * 1000),
        "characters": ("12x34", "a", "1 2", "12,34", "12\n", "1-2", "1.2", "+1", "(1)", "ｗ1", "１２", "é", "1\x002", "12\n34", "e", "p", *(f"1{key}2" for key in _OTHER_KEYS if key not in "xe,-.+()a")),
        UNCLEAR: ("", "A", "ABCD", "W", "WW12#", "1 "),
    }[slug]


@_fresh.register
def _(domain: Digits, slug: str, rng: Random, u: float) -> str | None:
    if slug == "keys":
        return t.word(rng, scale(u, 1, domain.maximum), domain.alphabet)
    if slug == "max-length":
        return t.word(rng, domain.maximum + 1 + int(60 * u * u), domain.alphabet)
    if slug == "characters":
        keys = t.word(rng, rng.randint(1, domain.maximum - 2), domain.alphabet)
        i = rng.randrange(len(keys) + 1)
        return keys[:i] + rng.choice(_OTHER_KEYS) + keys[i:]
    return None


# --- text --------------------------------------------------------------------------------------------


@_edges.register
def _(domain: Twiml, slug: str) -> tuple[str, ...]:
    n = domain.maximum
    rng = Random(n)
    return {
        "document": (
            "<Response/>", "<Response><Say>Hello</Say></Response>", "<Response></Response>",
            f"<Response><Say>{'a' * (n - 32)}</Say></Response>", f"<Response><Say>{'é' * (n - 32)}</Say></Response>",
            f"<Response><Say>{'&amp;' * ((n - 32) // 5)}{'a' * ((n - 32) % 5)}</Say></Response>",
            "<Response><Say>one + two &amp; 50% of 1=1; ü 😀</Say></Response>",
            '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>',
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n    <Say>Hello</Say>\n</Response>', "<Response>\n\t<Say>one\ntwo</Say>\n</Response>",
            *(t.twiml(rng, k) for k in (n - 1, 3000, 2049, 2048, 2047, 1025, 1024, 1023, 512, 257, 256, 255, 160, 128, 64)),
        ),
        "max-length": (
            f"<Response><Say>{'a' * (n - 31)}</Say></Response>", f"<Response><Say>{'a' * n}</Say></Response>",
            f"<Response><Say>{'é' * (n - 31)}</Say></Response>", "a" * (n + 1), f"<Response><Say>{'a' * 2 * n}</Say></Response>",
            f"<Response><Say>{'a' * (n - 30)}</Say></Response>", f"<Response>{' ' * (n - 20)}</Response>",
            f"<Response><Say>{'a' * 16000}</Say></Response>", f"<Response><Say>{'😀' * (n - 31)}</Say></Response>",
        ),
        UNCLEAR: (
            "", "<Response>", "hello", "<Reponse/>", "<response/>", "<Response/>\n", "<Response><Say>a\r\nb</Say></Response>",
            "<!DOCTYPE a><Response/>", f"<Response><Say>{'😀' * 3000}</Say></Response>", "<Response>&nbsp;</Response>", "<a/><b/>", "<",
            "<Response>\x00</Response>",
        ),
    }[slug]


@_fresh.register
def _(domain: Twiml, slug: str, rng: Random, u: float) -> str | None:
    if slug == "document":
        return t.twiml(rng, 0 if rng.random() < 0.4 else scale(u, 11, domain.maximum) if rng.random() < 0.5 else scale(u, 11, 400))
    if slug == "max-length":
        return t.twiml(rng, domain.maximum + 1 + int(3000 * u**3)) if rng.random() < 0.5 else (
            f"<Response><Say>{t.word(rng, domain.maximum - 31 + int(1000 * u * u))}</Say></Response>"
        )
    return None


_REASONS = (
    "Bob's order", "100% sure", "a=b&c;d", "1 + 1", "#1 @ \"home\"", "Hi", "null", "0", "Déjà vu", "De\u0301ja\u0300 vu", "Ünïcödé ñ", "日本語の電話", "Привет мир",
    "مرحبا", "שלום", "नमस्ते", "ไทย", "한국어", "😀", "👍🏽 ok 🎉", "👩\u200d👩\u200d👧", "é" * 50, "日" * 50, "😀" * 25,
)


@_edges.register
def _(domain: Text, slug: str) -> tuple[str, ...]:
    n = domain.maximum
    if slug == "text":
        return ("a", "a" * n, "Reminder", "1", "a b", "A.b-c_d", *(_REASONS if domain.any_script else ()))
    return ("", "x" * 51, "x" * 300, "a\nb", " a", "a%b", "<b>&amp;</b>", "\"'\\", "a=b&c;d", "\u202e\u200b", "x" * 5000, "é", "😀" * 50, "a\x00b")


@_fresh.register
def _(domain: Text, slug: str, rng: Random, u: float) -> str | None:
    if slug != "text":
        return None
    length = scale(u, 1, domain.maximum)
    return t.any_script(rng, length) if domain.any_script else t.plain(rng, length)


_OTHER_EVENTS = ("in-progress", "initiated", "absent", "ringing", "answered", "no-answer", "canceled")


@_edges.register
def _(domain: Events, slug: str) -> tuple[str, ...]:
    v = domain.values
    joined = () if domain.repeated else (f"{v[0]} {v[1]}", " ".join(v), " ".join(reversed(v)), f"{v[-1]} {v[0]}", f"{v[1]} {v[-1]}")
    mixed = () if domain.repeated else (f"{v[0]} bogus", f"bogus {v[0]}", f"{v[0]} {v[1]} bogus", f"{v[0]} bogus {v[1]}")
    return {
        "values": (*v, *joined),
        "unknown-value": ("bogus", *mixed, _wide(v[0]), *_OTHER_EVENTS, "busy", "done", "1", "*", "all", v[0] + "s", v[-1][:-1], "failed", "x" * 300, "true", v[0] + "\0", "queued"),
        UNCLEAR: ("", f"{v[0]}  {v[1]}", f"{v[0]} {v[1]} {v[0]}", f"{v[0]},{v[1]}", v[0].upper(), f" {v[0]}", f"{v[0]} {v[1]}", f"{v[0]}\n"),
    }[slug]


@_fresh.register
def _(domain: Events, slug: str, rng: Random, u: float) -> str | None:
    chosen = rng.sample(domain.values, 1 if domain.repeated else rng.randint(1, len(domain.values)))
    if slug == "values":
        return " ".join(chosen)
    if slug == "unknown-value":
        word = _mutant(rng.choice(domain.values), rng) if rng.random() < 0.6 else t.word(rng, rng.randint(2, 10), t.LOWER)
        if domain.repeated:
            return word
        chosen.insert(rng.randrange(len(chosen) + 1), word)
        return " ".join(chosen)
    return None


# --- URLs --------------------------------------------------------------------------------------------


@_edges.register
def _(domain: Url, slug: str) -> tuple[str, ...]:
    rng = Random(2000)
    return {
        "absolute": (
            "https://example.com/voice", "http://example.com/voice.xml", "https://example.com", "https://example.com/",
            "https://example.com:8443/voice", "http://example.com:8080/a/b/c", "https://example.com/voice?a=1&b=2",
            "https://example.com?x=1", "https://example.com/a%20b/%C3%A9", "https://EXAMPLE.com/Voice", "https://a.b.c.d.example.com/v",
            "https://my-host.example.org/x", "http://e.test/", "https://example.com/~user/a.b-c_d", "https://example.com/a;b=c,d/(e)!*'$@:",
            f"https://{'a' * 63}.example.com/", "https://123.example.com/", "https://example.com:65535/", "https://example.com/?q=a+b%2Bc",
            "https://xn.example.org/voice?callback=http://other.example/x", "https://xn--bcher-kva.example.com/voice", "https://call.example.xn--80akhbyknj4f/v", "https://a--b.example.com/v",
            "https://example.com/a//b", "https://example.com/a/../b", "https://example.com/voice?a", "https://example.com/voice?a=1&a=2&b&=c",
            f"https://{'.'.join(c * 63 for c in 'abc')}.example.com/", *(t.url(rng, n) for n in (255, 254, 200, 128, 127, 100, 64)),
        ),
        "long": tuple(t.url(rng, n) for n in (256, 257, 2000, 1999, 512, 1024, 500, 1000, 1023, 1500, 300, 400)),
        "well-formed": (
            "not a url", "http://", "https://", "http:///voice", "http://exa mple.com/voice", "https://example.com/a b", "http://:8080/",
            "https://?a=1", "no url at all", "https://example.com/voice?a=b c", "http://exam ple.com", "please call /voice",
        ),
        "relative": ("/voice.xml", "voice.xml", "../voice", "//example.com/voice", "www.example.com/voice", "voice", "?a=1", "example.com", "/", "./a", "a/b?c=d"),
        "host-name": (
            "https://my_host.example.com/x", "https://_dmarc.example.com/", "http://example_.com/", "https://a..example.com/x",
            f"https://{'a' * 64}.example.com/", "https://-a.example.com/x", "https://a-.example.com/x", "https://a.-b.example.com/",
            "https://my_host.example.com:8080/x?y=1", "http://example.c_m/", "https://.example.com/", f"https://x.{'b' * 70}.com/", "https://ex_ample.com",
        ),
        UNCLEAR: (
            "", "ftp://example.com/voice", "HTTPS://example.com/", "https://localhost/voice", "https://192.0.2.1/voice", "https://[2001:db8::1]/",
            "https://user:pass@example.com/", "https://example.com/#top", "https://example.com:99999/", "https://example.com:port/", "https://[::1", "https://example.com/%zz", "https://exämple.com/",
            "mailto:a@example.com", "https://intranet/x", "https://example.com:/", t.url(rng, 2100), "https://example.com/é", "https://example.com/\n", "https://example.com/\x00",
            " https://example.com/", "javascript:alert(1)", "https://example.com/<x>", "http://a_b.example.com/", "//", "urn:isbn:1", "https://example.com:0/",
        ),
    }[slug]


@_fresh.register
def _(domain: Url, slug: str, rng: Random, u: float) -> str | None:
    if slug == "absolute":
        return t.url(rng) if rng.random() < 0.4 else t.url(rng, scale(u, 40, 255))
    if slug == "long":
        return t.url(rng, scale(u, 256, 2000))
    if slug == "well-formed":
        return _spaced(domain, rng)
    if slug == "relative":
        return rng.choice(("/", "", "../", "./")) + "/".join(t.word(rng, rng.randint(1, 9), t.LETTERS + t.DIGITS + "._-") for _ in range(rng.randint(1, 4)))
    if slug == "host-name":
        return _bad_host(rng)
    return None


def _spaced(domain: Url, rng: Random) -> str:
    if domain.spaces_only or rng.random() < 0.2:
        return " ".join(t.word(rng, rng.randint(1, 9)) for _ in range(rng.randint(2, 5)))
    url = t.url(rng)
    i = rng.randrange(url.index("//") + 3, len(url))
    return url[:i] + " " + url[i:]


def _bad_host(rng: Random) -> str:
    labels = t.host(rng).split(".")
    i = rng.randrange(len(labels) - 1)
    kind = rng.random()
    if kind < 0.4:
        j = rng.randrange(len(labels[i]) + 1)
        labels[i] = labels[i][:j] + "_" + labels[i][j:]
    elif kind < 0.55:
        labels[i] = t.label(rng, rng.randint(64, 80))
    elif kind < 0.7:
        labels.insert(rng.randint(1, len(labels) - 1), "")
    else:
        labels[i] = "-" + labels[i] if rng.random() < 0.5 else labels[i] + "-"
    return rng.choice(("http://", "https://")) + ".".join(labels) + rng.choice(("", "/", "/x?y=1", ":8080/a"))


# --- addresses -----------------------------------------------------------------------------------------

_NOWHERE = (
    "thisisnotaphonenumber", "!!!", "+thisisnotaphonenumber", "no telephone number at all", "http://example.com/voice", "mailto:alice@example.com", "http://alice@example.com/voice", "$$$", "https://example.com", "<script>alert(document)</script>",
    "{}", "x" * 300, "notavalidphonenumber12", "??", "drop table calls where true", "&", "%%%",
)


@_edges.register
def _(domain: Address, slug: str) -> tuple[str, ...]:
    return {
        "e164": ("+447400123456", "+61412345678", *example_numbers()[::9]),
        "sip": ("sip:alice@example.com", "sip:bob.smith@sip.example.org", "sip:1234@pbx.example.com", "sip:0042@pbx.example.com", "sip:a@b-c.example.net", "sip:A_b-9@EXAMPLE.com"),
        "client": ("client:alice", "client:Bob_42", "client:a", "client:" + "x" * 50, "client:ALICE", "client:123", "client:_", "client:007", "client:0", "client:1e5", "client:1_000", "client:null", "client:14155550100"),
        "phone-for-phone": ("client:alice", "sip:alice@example.com", "client:a", "client:Bob_42", "client:14155550100"),
        "known-form": _NOWHERE,
        "leading-zero": ("+0", "+01234567890", "+015005550006", "+0442079460958", "+00", "+0123456789012"),
        "max-digits": ("+1500555000612345", "+" + "1" * 16, "+" + "1" * 17, "+44" + "7" * 18, "+1" + "5" * 29, "1" * 16, "+1" + "1" * 299, "4" * 20, "+" + "9" * 50),
        "client-name": ("client:",),
        "required": ("",),
        UNCLEAR: (
            "", "15005550006", "+1 (415) 555-0100", "+1-415-555-0100", "+1415FLOWERS", "sips:alice@example.com", "SIP:alice@example.com",
            "sip:alice@example.com;transport=tcp", "sip:example.com", "sip:alice@192.0.2.1", "Client:alice", "client:a b", "911", "+123", "+999123456789",
            "alice@example.com", "tel:+14155550100", "sip:carol@example.com:5070", "client:é", "client:" + "x" * 300, "sip:" + "x" * 300 + "@example.com", "+14155550100\n", " +14155550100", "sip:", "sip:@", "+", "banana",
            "sip:a=b@example.com", "sip:a&b@example.com", "sip:a+b@example.com", "client:a.b-c", "client:a@example.com", "client:a+b=c&d", "+14155550100\x00", "client:a\x00b", "\x00", "😀", "client:😀",
        ),
    }.get(slug, ())


@_fresh.register
def _(domain: Address, slug: str, rng: Random, u: float) -> str | None:
    if slug == "e164":
        return example_numbers()[scale(u, 0, len(example_numbers()) - 1)]
    if slug == "sip" or (slug == "phone-for-phone" and rng.random() < 0.5):
        user = t.word(rng, 1, t.LETTERS + t.DIGITS) + t.word(rng, rng.randint(0, 12), t.LETTERS + t.DIGITS + "._-") + rng.choice(t.LOWER)
        return f"sip:{user}@{t.host(rng)}"
    if slug in ("client", "phone-for-phone"):
        return "client:" + t.word(rng, scale(u, 1, 50), t.LETTERS + t.DIGITS + "_")
    if slug == "known-form":
        return t.word(rng, rng.randint(16, 40), t.LETTERS) if rng.random() < 0.6 else t.word(rng, rng.randint(2, 9), "!$&%()<>{}[];,.-/=?^~|'\"")
    if slug == "leading-zero":
        return "+0" + t.word(rng, scale(u, 0, 13), t.DIGITS)
    if slug == "max-digits":
        return rng.choice(("+", "+", "")) + rng.choice("123456789") + t.word(rng, 15 + int(20 * u * u), t.DIGITS)
    return None
