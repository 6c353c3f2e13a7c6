"""The three kinds of party to a call: phone number, SIP address, client.

For telling which kind a text is, and for writing a number in E.164. Who owns a number is decided in ``validate``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

NANP_DIGITS = 11

# Every calling code that ITU-T E.164 assigns, including the shared ones that belong to no country.
_ASSIGNED = """
    1 7
    20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86
    90 91 92 93 94 95 98
    211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242
    243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291
    297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385
    386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672
    673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 855 856 870 878
    880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 994 995
    996 998
"""
_CALLING_CODES = frozenset(_ASSIGNED.split())
_PUNCTUATION = str.maketrans("", "", " ().-")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_DIGITS = re.compile(r"\+?[1-9][0-9]{7,14}", re.ASCII)
_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_CLIENT = re.compile(r"client:[^\s\x00-\x1f][^\x00-\x1f]{0,255}")


class Kind(Enum):
    """What a party is reached by."""

    PHONE = "phone"
    SIP = "sip"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A party to a call: its kind, and the text that is said back for it."""

    kind: Kind
    address: str


def parse_endpoint(text: str) -> Endpoint | None:
    """Tells the kind of a text, or None where it has none of the three forms."""
    if _E164.fullmatch(text):
        return Endpoint(Kind.PHONE, text)
    if _SIP.fullmatch(text):
        return Endpoint(Kind.SIP, text)
    if _CLIENT.fullmatch(text):
        return Endpoint(Kind.CLIENT, text)
    digits = text.translate(_PUNCTUATION)
    if _DIGITS.fullmatch(digits):
        return Endpoint(Kind.PHONE, "+" + digits.removeprefix("+"))
    return None


def is_phone(text: str | None) -> bool:
    """Whether this text is a phone number in any shape that is taken."""
    endpoint = parse_endpoint(text) if text else None
    return endpoint is not None and endpoint.kind is Kind.PHONE


def is_dialable(number: str) -> bool:
    """Whether a numbering plan could hold this E.164 number: its calling code exists, and NANP numbers have ten digits.

    Coarser than a whole table of plans on purpose: every number that a plan allows passes.
    """
    digits = number[1:]
    if digits[0] == "1":
        return len(digits) == NANP_DIGITS
    return any(digits[:width] in _CALLING_CODES for width in (1, 2, 3))
