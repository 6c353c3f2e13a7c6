"""The fleet: every row, run as a user would, and what of a run is not as a careful person would have it."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from support import ACCOUNT, TOKEN, command, environment

from adversary import connection, content, elsewhere, secrets, weather
from adversary.rows import Row
from adversary.server import Hostile, reply
from adversary.wrapped import Wrapped
from harness.emulator import EmulatorSettings

FLEET: dict[str, Row] = {r.name: r for m in (connection, content, elsewhere, weather, secrets) for r in m.ROWS}
MEMORY_MB = 300.0
KILL_AFTER_S = 500.0
_SAID = ("said", "complained")
_PART = 6  # letters of a secret, at least, that are looked for first
_PASSWORDS = 24  # that are looked for in each form
_ENVIRONMENT = environment({"RINGTRUE_AUTH_TOKEN": TOKEN})
# What would act in a page, and in the log of a CI system.
_MARKUP = re.compile(r"<img src=x|<script>boom|(href|src)=.?javascript:")
_LINKS = re.compile(r"<img src=x|<script>boom|(?<!\\)\]\(javascript:")
_COMMANDS = re.compile(r"::error|##vso\[|##\[error")
_ACTS = {".html": _MARKUP, ".xml": _MARKUP, ".md": _LINKS}


@dataclass
class Ran:
    """A run on a row.

    Args:
        seconds: of the whole process.
        peak_mb: the most memory that it held, in MB.
        sent: requests that the server saw.
        strays: connections to the server that nobody has any business at.
        files: what was written, by name.
        passwords: SIP passwords that were sent.
    """

    exit_code: int | None
    out: str
    err: str
    seconds: float
    peak_mb: float
    sent: int
    strays: int
    cookies: int
    results: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    passwords: frozenset[str] = frozenset()

    @property
    def clauses(self) -> list[str]:
        """The clauses of the findings."""
        return [f["clause"] for f in self.results.get("findings", [])]

    @property
    def told(self) -> str:
        """All that the terminal and results.json say in words."""
        return "\n".join([self.out, self.err, self.results.get("headline", ""), *self.results.get("notes", [])])


def run_row(row: Row, seed: int = 0) -> Ran:
    """Runs ringtrue as a process against a row's server."""
    settings = EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)
    with tempfile.TemporaryDirectory(prefix="fleet-") as name, Hostile((reply(),)) as other:
        directory = Path(name)
        with Wrapped(act_of=row.act, settings=settings, elsewhere=other.url) as server:
            options = ("--target", server.url, "--account-sid", ACCOUNT, "--seed", str(seed), "--output", "out", "--examples", "none", *row.options)
            ran = _watched(_started(options, directory), KILL_AFTER_S)
            ran.sent, ran.cookies, ran.strays = server.number, server.cookies, other.connections
            ran.passwords = _passwords_in(server.bodies)
        ran.files = {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}
        ran.out, ran.err = (ran.files[n].decode("utf-8", "surrogateescape") for n in _SAID)
        if "out/results.json" in ran.files:
            ran.results = json.loads(ran.files["out/results.json"])
        return ran


def _started(options: tuple[str, ...], directory: Path) -> subprocess.Popen[bytes]:
    with (directory / _SAID[0]).open("wb") as out, (directory / _SAID[1]).open("wb") as err:
        return subprocess.Popen(command("run", *options), cwd=directory, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

def _watched(process: subprocess.Popen[bytes], limit: float) -> Ran:
    """A process to its end, with its seconds and the most memory that it held; ended by its handle where it takes too long."""
    begun = time.monotonic()
    peak = 0.0
    while (code := process.poll()) is None:
        peak = max(peak, _peak_mb(process.pid))
        if time.monotonic() - begun > limit:
            process.kill()
        time.sleep(0.03)
    return Ran(code, "", "", time.monotonic() - begun, peak, 0, 0, 0)


def _peak_mb(pid: int) -> float:
    """The most memory that a process has held, in MB; 0 where the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii", "replace"))
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _passwords_in(bodies: list[bytes]) -> frozenset[str]:
    """SIP passwords that can be told from chance: long, of many letters, sent as nothing else."""
    found: set[str] = set()
    others: set[str] = set()
    for body in bodies:
        for name, values in parse_qs(body.decode("latin-1"), encoding="utf-8", errors="surrogateescape").items():
            (found if name == "SipAuthPassword" else others).update(values)
    beside = "\n".join(others)
    return frozenset(p for p in found if len(p) >= 10 and len(set(p)) >= 5 and p not in beside)


def too_late(row: Row, ran: Ran) -> list[str]:
    """What took longer than it may; told by the benchmark only, since it is as true as the machine is quiet."""
    return [f"took {ran.seconds:.1f} s, more than {row.seconds:g} s"] if ran.seconds > row.seconds else []


def problems(row: Row, ran: Ran) -> list[str]:
    """What is not as it should be, one line each; empty where all is."""
    return [*_wrong_verdict(row, ran), *_out_of_bounds(row, ran), *_leaks(ran), *_acts(ran)]


def _wrong_verdict(row: Row, ran: Ran) -> Iterator[str]:
    want = row.verdict
    if ran.exit_code != want.exits:
        yield f"exit {ran.exit_code}, not {want.exits}: {' '.join(ran.told.split())[:600]}"
    if not ran.results:
        yield "no results.json"
    said = ran.told.replace("\n", " ")
    said = " ".join(said.split())
    for word in want.words:
        if word not in said:
            yield f"does not say {word!r}: {said[:600]}"
    found = ran.clauses
    if want.clauses and not set(found) & set(want.clauses):
        yield f"no finding of {want.clauses}: {found}"
    if want.sort == "finding" and want.clauses and set(found) - set(want.clauses):
        yield f"findings of something else: {sorted(set(found) - set(want.clauses))}"
    if want.sort != "finding" and found:
        yield f"findings where there is nothing to find: {_in_short(ran)}"
    if len(found) > want.most:
        yield f"{len(found)} findings for one cause: {_in_short(ran)}"
    for f in ran.results.get("findings", []):
        if row.name.endswith(("in 50", "in 200", "in 50, whole run")) and not 0 < f.get("flaky", {}).get("shown", 0) < f["flaky"]["tries"]:
            yield f"no rate of what happens now and then: {f['clause']}, {f.get('flaky')}"
        if any("\n" in str(f.get(k, "")) for k in ("message", "expected", "actual", "curl")):
            yield f"a message of several lines: {f['clause']}"


def _in_short(ran: Ran) -> list[str]:
    return [f"{f['clause']} [{f.get('cause', '')}] {f['actual'][:80]}" for f in ran.results.get("findings", [])]


def _out_of_bounds(row: Row, ran: Ran) -> Iterator[str]:
    bound = dict(zip(row.options[::2], row.options[1::2], strict=True))
    if "--max-time" in bound and ran.results.get("duration_s", 0) > (most := float(bound["--max-time"]) + float(bound.get("--timeout", "10")) + 1):
        yield f"the run took {ran.results['duration_s']:.1f} s of {most:g} s"
    if ran.peak_mb > MEMORY_MB:
        yield f"held {ran.peak_mb:.0f} MB, more than {MEMORY_MB:g} MB"
    if ran.strays:
        yield f"{ran.strays} connections to another server than the target"
    if ran.cookies:
        yield f"{ran.cookies} requests had a cookie"
    if "Traceback" in ran.out + ran.err or "an error of its own" in ran.out + ran.err:
        yield f"a traceback: {ran.err[-1500:]}"
    large = {n: len(d) for n, d in ran.files.items() if len(d) > (32 if n == "out/journal.jsonl" else 8) << 20}
    if large:
        yield f"large files: {large}"


def _leaks(ran: Ran) -> Iterator[str]:
    """Pieces of the token, in the forms in which it may be said, and SIP passwords, in anything that was written."""
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()[50:]
    plain = [s[i:i + 12] for s in (TOKEN, basic, base64.b64encode(TOKEN.encode()).decode(), TOKEN.upper()) for i in range(len(s) - 11)]
    odd = ["".join(f"\\u{ord(c):04x}" for c in TOKEN), "".join(f"%{ord(c):02X}" for c in TOKEN)]
    secret = {form.encode("utf-8", "surrogateescape") for form in (*plain, *odd, *_forms(ran.passwords))}
    whole = {s.lower() for s in secret}
    first = _parts(whole)
    for name, data in ran.files.items():
        lower = data.lower()
        held = sorted(s for s in whole if s in lower) if any(p in lower for p in first) else []
        if held:
            yield f"{name} holds {len(held)} pieces of a secret, such as {held[0]!r}"


def _parts(secrets: set[bytes]) -> set[bytes]:
    """Few short pieces of which one is in whatever holds a secret: those that several secrets, a window beside a window, share."""
    out: set[bytes] = set()
    for s in sorted(secrets):
        if not any(p in s for p in out):
            out.add(s[len(s) // 2:][:max(_PART, len(s) // 3)])
    return out


def _forms(passwords: frozenset[str]) -> list[str]:
    out: list[str] = []
    for p in sorted(passwords)[:: max(1, len(passwords) // _PASSWORDS)]:
        raw = p.encode("utf-8", "surrogateescape")
        out += [p, quote(raw, safe=""), base64.b64encode(raw).decode(), json.dumps(p)[1:-1], "".join(f"\\u{ord(c):04x}" for c in p)]
    return out


def _acts(ran: Ran) -> Iterator[str]:
    """Characters and markup that would act on whoever reads what was written."""
    for name, data in ran.files.items():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield f"{name} is no UTF-8 at byte {error.start}"
            continue
        if Path(name).suffix == ".har":
            continue
        odd = {c for c in set(text) if c not in "\n\t\r" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        if odd:
            yield f"{name} has {sorted(f'U+{ord(c):04X}' for c in odd)}"
        pattern = _ACTS.get(Path(name).suffix, _COMMANDS if name in _SAID else None)
        if pattern is not None and (found := pattern.search(text)) is not None:
            yield f"{name} has {found[0]!r} at {found.start()}"


def main() -> None:
    """Runs rows whose name contains one of the words given, or all, and says what is wrong with each."""
    words = sys.argv[1:]
    seed = int(os.environ.get("SEED", "0"))
    for row in FLEET.values():
        if words and not any(w in (row.name, row.family) or (w.endswith("*") and row.name.startswith(w[:-1])) for w in words):
            continue
        ran = run_row(row, seed)
        wrong = problems(row, ran) + too_late(row, ran)
        print(f"{'ok  ' if not wrong else 'BAD '} {row.family:12} {row.name:34} exit {ran.exit_code} {ran.seconds:5.1f} s {ran.peak_mb:4.0f} MB {ran.sent:5} {_in_short(ran)}", flush=True)
        for line in wrong:
            print(f"       {line}", flush=True)


if __name__ == "__main__":
    main()
