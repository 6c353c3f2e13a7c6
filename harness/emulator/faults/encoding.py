"""Faults in reading a form: bytes to text, order, repeated and late parameters.

For rows of (slug, what is wrong, hook).
"""



from __future__ import annotations

from dataclasses import replace

from harness.emulator.faults.conditions import matches, sent
from harness.emulator.faults.model import Fault
from harness.emulator.form import FAITHFUL, Decoding, Form, decode
from harness.emulator.hooks import Decode, Hook, Rewrite

FAMILY = "encoding"
FEW = 12
CUT_AT = 255
READS = 4096  # bytes


def _decode(**changes: str | bool | int) -> Decode:
    return Decode(replace(FAITHFUL, **changes))  # type: ignore[arg-type]


def _every_value_decoded_again(form: Form) -> Form:
    return Form(tuple((name, _again(value)) for name, value in form.pairs))


def _again(value: str) -> str:
    escaped = value.replace("&", "%26").replace("+", "%2B").replace("=", "%3D")
    return decode(b"x=" + escaped.encode(), Decoding()).first("x") or ""


def _url_decoded_again(form: Form) -> Form:
    return Form(tuple((name, _again(value) if name == "Url" else value) for name, value in form.pairs))


def _only_few(form: Form) -> Form:
    return Form(form.pairs[:FEW])


def _last_lost(form: Form) -> Form:
    return Form(form.pairs[:-1]) if len(form.pairs) > FEW else form


def _cut_at_ampersand(form: Form) -> Form:
    return Form(tuple((name, value.partition("&")[0]) for name, value in form.pairs))


def _to_cut_at_equals(form: Form) -> Form:
    return Form(tuple((name, value.partition("=")[0] if name == "To" else value) for name, value in form.pairs))


def _values_cut(form: Form) -> Form:
    return Form(tuple((name, value[:CUT_AT]) for name, value in form.pairs))


def _upper(name: str) -> Rewrite:
    return Rewrite(
        lambda form: Form(tuple((key, value.upper() if key == name else value) for key, value in form.pairs))
    )


def _lower(name: str) -> Rewrite:
    return Rewrite(
        lambda form: Form(tuple((key, value.lower() if key == name else value) for key, value in form.pairs))
    )


_ROWS: tuple[tuple[str, str, Hook], ...] = (
    ("latin-1", "bytes are read as Latin-1 instead of UTF-8", _decode(charset="latin-1")),
    ("ascii", "bytes that are not ASCII are lost", _decode(charset="ascii")),
    ("plus-kept", "a plus is not read as a space", _decode(plus_is_space=False)),
    ("lower-hex-kept", "percent-encoding in lower-case hex is not read", _decode(lower_hex=False)),
    ("first-of-repeated", "of a repeated parameter the first value alone is read", _decode(keeps="first")),
    ("last-of-repeated", "of a repeated parameter the last value alone is read", _decode(keeps="last")),
    ("trims", "white space at a value's ends is dropped", _decode(trims=True)),
    ("body-cut", f"of a body the first {READS} bytes alone are read", _decode(reads=READS)),
    ("twice", "values are decoded twice", Rewrite(_every_value_decoded_again)),
    ("url-twice", "Url is decoded twice", Rewrite(_url_decoded_again)),
    ("few-pairs", f"pairs after the {FEW}th are not read", Rewrite(_only_few)),
    ("last-pair", "the last pair of a long form is not read", Rewrite(_last_lost)),
    ("ampersand", "a value ends at an encoded ampersand", Rewrite(_cut_at_ampersand)),
    ("to-equals", "To ends at an encoded equals sign", Rewrite(_to_cut_at_equals)),
    ("cut-at-255", "values are cut after 255 characters", Rewrite(_values_cut)),
    ("words-in-capitals", "RecordingTrack is put in capitals before it is judged", _upper("RecordingTrack")),
    ("to-in-lower-case", "To is put in lower case", _lower("To")),
    ("twice-with-reason", "values are decoded twice beside CallReason", Rewrite(_every_value_decoded_again, sent("CallReason"))),
    ("twice-to-client", "values are decoded twice where To is a client", Rewrite(_every_value_decoded_again, matches("To", "client:.*"))),
)  # fmt: skip

FAULTS = tuple(Fault(f"encoding-{slug}", FAMILY, f"{what[0].upper()}{what[1:]}", (hook,)) for slug, what, hook in _ROWS)
