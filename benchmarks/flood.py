"""Many connections at once, each with many calls: is each answered rightly, how fast, and does the emulator's memory stay flat?

`.venv/bin/python benchmarks/flood.py` sends 10,000 calls on each of 100 connections; `--each` and `--connections` choose
less. It ends with 1 where an answer was wrong or the memory grew after the emulator had its fill of calls to remember.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

from harness.emulator import Emulator
from harness.emulator.ledger import KEPT_CALLS

ROOM = 32 << 20  # bytes that an allocator may take and keep


@dataclass
class Flood:
    """What came of it.

    Args:
        answered: calls that were created.
        wrong: what came instead, the first few.
        memory: (calls until then, bytes that the emulator's process has) over time.
        seconds: of all of it.
    """

    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def growth(self) -> int:
        """Bytes that the memory grew by after the emulator had all the calls that it remembers."""
        full = [size for calls, size in self.memory if calls >= 2 * KEPT_CALLS]
        return full[-1] - full[0] if full else 0


def flood(emulator: Emulator, connections: int, each: int) -> Flood:
    """Sends so many calls on each of so many connections at the same time."""
    return asyncio.run(_flood(emulator, connections, each))


async def _flood(emulator: Emulator, connections: int, each: int) -> Flood:
    out = Flood()
    process = psutil.Process(emulator.pid)
    begun = time.perf_counter()
    watcher = asyncio.create_task(_watch(process, out))
    await asyncio.gather(*(_client(emulator, number, each, out) for number in range(connections)))
    watcher.cancel()
    out.memory.append((out.answered, process.memory_info().rss))
    out.seconds = time.perf_counter() - begun
    return out


async def _watch(process: psutil.Process, out: Flood) -> None:
    while True:
        out.memory.append((out.answered, process.memory_info().rss))
        await asyncio.sleep(0.2)


async def _client(emulator: Emulator, number: int, each: int, out: Flood) -> None:
    parts = urlsplit(emulator.url)
    basic = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    body = f"To=client%3Ac{number}&From=%2B15005550006&Url=https%3A%2F%2Fexample.com%2Fvoice"
    request = (
        f"POST {emulator.settings.collection_path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Basic {basic}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    said = f'"client:c{number}"'.encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for _ in range(each):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 201 ") and said in answer:
                out.answered += 1
            else:
                out.wrong = [*out.wrong, repr(head[:60])][:5]
    except (OSError, EOFError, ValueError) as error:
        out.wrong = [*out.wrong, f"connection {number}: {type(error).__name__}"][:5]
    finally:
        writer.close()


def main() -> int:
    """Runs the benchmark and prints a few lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--each", type=int, default=10_000)
    options = parser.parse_args()
    with Emulator() as emulator:
        out = flood(emulator, options.connections, options.each)
    print(f"{out.answered:,} calls on {options.connections} connections in {out.seconds:.1f} s, {out.answered / out.seconds:,.0f} a second")
    for calls, size in out.memory[:: max(len(out.memory) // 8, 1)]:
        print(f"  after {calls:>9,} calls: {size / (1 << 20):6.1f} MB")
    print(f"grew by {out.growth / (1 << 20):.1f} MB after it was full; {len(out.wrong)} wrong: {out.wrong}")
    return 1 if out.wrong or out.growth > ROOM or out.answered != options.connections * options.each else 0


if __name__ == "__main__":
    sys.exit(main())
