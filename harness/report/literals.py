"""Values as Python source: whatever text or bytes there are, the literal means exactly them and nothing else.

For the generated test file. Readable where that costs nothing: long runs are written as products.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.report.escape import visible, without_commands

_RUN = re.compile(rb"([\x00-\xff]{1,16}?)\1{19,}")
_CHUNK = 96
_MOST_SCANNED = 1 << 17


def docstring(text: str, indent: str = "    ") -> str:
    """Lines of text as a docstring; nothing in it ends the string, hides, or is a command where a CI system shows the file."""
    safe = without_commands(visible(text, lines=True)).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if safe.endswith('"'):
        safe = safe[:-1] + '\\"'
    lines = [f'"""{safe}' if "\n" not in safe else f'"""{safe}\n']
    return indent + f"\n{indent}".join("".join(lines).split("\n")).replace(f"\n{indent}\n", "\n\n") + '"""'


def comment(text: str) -> str:
    """Text as the rest of a line after a `#`."""
    return "# " + without_commands(visible(text))


def text_literal(text: str) -> str:
    """A string, in ASCII."""
    return ascii(text)


def bytes_literal(data: bytes) -> str:
    """Bytes as an expression on one line or, in brackets, on several."""
    parts = list(_parts(data))
    if len(parts) == 1:
        return parts[0]
    return "(\n    " + "\n    + ".join(parts) + "\n)"


def _parts(data: bytes) -> Iterator[str]:
    unit, times = _period(data) if len(data) > _MOST_SCANNED else (b"", 0)
    if times:
        yield f"({unit!r} * {times})[:{len(data)}]"
        return
    done = 0
    if len(data) <= _MOST_SCANNED:
        for found in _RUN.finditer(data):
            yield from _plain(data[done:found.start()])
            yield f"{found[1]!r} * {len(found[0]) // len(found[1])}"
            done = found.end()
    rest = data[done:]
    if rest or not done:
        yield from _plain(rest) if rest else iter(("b''",))


def _plain(data: bytes) -> Iterator[str]:
    for i in range(0, len(data), _CHUNK):
        yield repr(data[i:i + _CHUNK])


def _period(data: bytes) -> tuple[bytes, int]:
    """(unit, times) so that the data is the beginning of the unit, repeated; times 0 where it has no short period."""
    for size in (*range(1, 65), 128, 256, 512, 1024, 4096):
        unit = data[:size]
        times = -(-len(data) // size)
        if data[size:2 * size] == unit and (unit * times)[:len(data)] == data:
            return unit, times
    return b"", 0
