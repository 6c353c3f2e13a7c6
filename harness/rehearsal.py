"""`ringtrue run --dry-run`: the same run against a stand-in inside this process. Nothing is sent, resolved or written.

The stand-in is the emulator without its socket, so what is counted is what a server that keeps the contract would get.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness import __version__
from harness.attribution import limits_of
from harness.calls import READING
from harness.classify import address_form
from harness.config import RunConfig
from harness.contract import PARAMETERS, Expected
from harness.contract.model import Url
from harness.emulator.app import Application, create_app
from harness.emulator.settings import EmulatorSettings
from harness.engine import Run
from harness.examples import Example, Examples
from harness.exchange import Exchange
from harness.oracle import expect
from harness.preflight import TEST_FROM, Found
from harness.properties import most_examples
from harness.results import EMBEDDED, RunResult
from harness.session import Session
from harness.strangers import is_fictional, numbers_in
from harness.target import END_CALL, Flight, Target, TargetConfig
from strategies.plan import Plan

SCHEMA_VERSION = 1
_URLS = tuple(p.name for p in PARAMETERS if isinstance(p.domain, Url))
READS, ENDS = "read", "end calls"
_TURNED = {Expected.ACCEPT: "must be created", Expected.EITHER: "may be created", Expected.REJECT: "must be refused"}


@dataclass(frozen=True)
class Rehearsed:
    """What a run would do.

    Args:
        config: of the run.
        result: of the run against the stand-in.
        requests: how many, by what becomes of them at a server that keeps the contract: `must be created`, `may be created`,
            `must be refused`, `read` and `end calls`.
        called, calling: To and From → requests that could create a call.
        hosts: hosts that the URLs in those requests name → requests.
        searched: how many more Hypothesis and schemathesis would draw, at most; what they draw is not rehearsed.
        asks: requests that ask for `recording`, `detection`, or come with `wrong credentials`.
    """

    config: RunConfig
    result: RunResult
    requests: Counter[str]
    called: Counter[str]
    calling: Counter[str]
    hosts: Counter[str]
    asks: Counter[str]
    searched: int = 0

    @property
    def planned(self) -> int:
        """Requests that a server which keeps the contract would get, the search aside."""
        return self.requests.total()

    @property
    def most_requests(self) -> int | None:
        """Requests that any server could get; None where nothing bounds them."""
        return self.config.budgets[0]

    @property
    def probes(self) -> int:
        """Requests that may come on top to cut each break down to the smallest."""
        return limits_of(self.config.profile).probes

    @property
    def most_calls(self) -> int | None:
        """Calls that could be created and cost something, were the server to create whatever it is sent; None: nothing bounds them."""
        if self.config.real_calls is not None:
            return self.config.real_calls
        return 0 if self.config.live or self.config.url is None else self.most_requests

    @property
    def worst_cost(self) -> float | None:
        """What those calls cost at most, where a price was given and something bounds them."""
        if self.config.price is None or self.most_calls is None:
            return None
        return self.config.price * self.most_calls

    @property
    def seconds(self) -> float | None:
        """How long it takes at least; None where no rate holds."""
        rate = self.config.budgets[1]
        return (self.planned + self.searched) / rate if rate else None

    @property
    def judged(self) -> tuple[str, ...]:
        """The clauses that would be judged."""
        return tuple(c.clause.id for c in self.result.clauses if c.verdict not in ("SKIPPED", "NOT-EXERCISED"))

    @property
    def unjudged(self) -> dict[str, str]:
        """The others, each with the reason."""
        return {c.clause.id: c.reason for c in self.result.clauses if c.verdict in ("SKIPPED", "NOT-EXERCISED")}

    def kind(self, address: str) -> str:
        """What a To or From is: `configured`, `fictional`, `example`, `sip`, `client`, or `no address`."""
        if address in (*self.config.own, *self.config.called):
            return "configured"
        if is_fictional(address):
            return "fictional"
        form = address_form(address)
        return {"e164": "example"}.get(form, form if form in ("sip", "client") else "no address")

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        config = self.config
        return {
            "schema_version": SCHEMA_VERSION, "dry_run": True, "tool": {"name": "ringtrue", "version": __version__},
            "profile": config.profile, "seed": config.seed,
            "target": {"name": config.name or None, "url": config.url, "account_sid": config.account_sid, "off_this_machine": config.live,
                       "proxy": config.way.url if config.way is not None else None, "token": config.auth_token is not None},
            "requests": {
                "planned": self.planned, "searched_at_most": self.searched, "probes_at_most": self.probes, "at_most": self.most_requests,
                "a_second": config.budgets[1], "seconds": self.seconds, "seconds_at_most": config.max_time,
                **{kind.replace(" ", "_"): self.requests[kind] for kind in (*_TURNED.values(), READS, ENDS)},
            },
            "calls": {"allowed": config.real_calls, "at_most": self.most_calls, "hang_up": config.hang_up, "price_per_call": config.price,
                      "cost_at_most": self.worst_cost},
            "to": self._addresses(self.called), "from": self._addresses(self.calling),
            "hosts": dict(self.hosts.most_common()), "asks_for": {k.replace(" ", "_"): v for k, v in self.asks.items()},
            "clauses": {"judged": list(self.judged), "not_judged": [{"id": k, "reason": v} for k, v in self.unjudged.items()]},
        }

    def _addresses(self, counted: Counter[str]) -> list[dict[str, Any]]:
        return [{"value": a, "kind": self.kind(a), "requests": n} for a, n in counted.most_common()]


def rehearse(config: RunConfig) -> Rehearsed:
    """What a run would do; nothing leaves this process.

    Args:
        config: of the run.
    """
    run = _Rehearsal(config)
    result = run.conduct()
    return Rehearsed(config, result, run.requests, run.called, run.calling, run.hosts, run.asks, run.searched)


class _Rehearsal(Run):
    """A run whose target is a stand-in and which keeps no file."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(replace(config, har=False, aloud=False, output=Path(os.devnull), faults=(), dry=True))
        if config.examples is not None:
            self._examples = _Frozen(config.examples, config.url or EMBEDDED)
        self.requests: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        self.calling: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        self.asks: Counter[str] = Counter()
        self.searched = 0
        self._lock = threading.Lock()

    @contextmanager
    def _open_target(self) -> Iterator[TargetConfig]:
        if self.config.url is not None:
            yield self.config.as_target()
        else:
            settings = EmulatorSettings()
            yield TargetConfig("", settings.account_sid, settings.auth_token)

    def _new_target(self, target_config: TargetConfig) -> Target:
        return _StandIn(target_config, self.config)

    def _new_session(self, target_config: TargetConfig) -> Session:
        session = super()._new_session(target_config)
        session.budget = replace(session.budget, rate=None, seconds=None)
        session.observe = self._count
        return session

    def _search(self, session: Session, found: Found, plan: Plan) -> None:
        left = session.budget.requests - session.counts.requests if session.budget.requests is not None else None
        most = most_examples(plan.profile)
        self.searched = most if left is None else min(most, left)

    def _count(self, exchange: Exchange) -> None:
        case = exchange.case
        with self._lock:
            if case is END_CALL or exchange.method in READING:
                self.requests[ENDS if case is END_CALL else READS] += 1
                return
            self.requests[_TURNED[expect(case, self.known).expected]] += 1
            self.called.update({v for n, v in case.pairs if n == "To"} | set(numbers_in(case.body or b"")))
            self.calling.update({v for n, v in case.pairs if n == "From"})
            self.hosts.update({host for n, v in case.pairs if n in _URLS and (host := _host(v))})
            self.asks["recording"] += case.get("Record") == "true"
            self.asks["detection"] += case.get("MachineDetection") is not None
            self.asks["wrong credentials"] += case.credentials != "right" or case.account != "own"


class _Frozen(Examples):
    """Examples that are read and never changed."""

    def keep(self, findings: Any) -> None:
        """Keeps nothing."""

    def forget(self, example: Example) -> None:
        """Forgets nothing."""


class _StandIn(Target):
    """An emulator in this process in the place of the target: it owns and takes what the user configured."""

    def __init__(self, config: TargetConfig, run: RunConfig) -> None:
        super().__init__(config, loopback=not run.live)
        owned = run.own or (EmulatorSettings().owned_numbers if not run.live else (TEST_FROM,))
        settings = EmulatorSettings(
            account_sid=config.account_sid, auth_token=config.auth_token or "none", owned_numbers=owned,
            base_path=urlsplit(config.url).path.rstrip("/"), seed=run.seed,
        )
        self._app: Application = create_app(settings)
        self._admitted = Target(replace(config, auth_token="none"), loopback=True).credential("right") if config.auth_token is None else None
        self._one_at_a_time = threading.Lock()

    def pause(self, seconds: float) -> None:
        """Nobody is there to wait for."""

    def _put_off(self, flight: Flight) -> None:
        """Sends nothing."""

    def _answer(self, flight: Flight) -> dict[str, Any]:
        headers = {**flight.headers, **({"Authorization": self._admitted} if self._admitted is not None else {})}
        scope: dict[str, Any] = {
            "type": "http", "method": flight.method, "path": flight.path, "extensions": {},
            "headers": [(k.lower().encode("latin-1"), v.encode("utf-8", "surrogateescape")) for k, v in headers.items()],
        }
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": flight.body}

        async def send(message: Any) -> None:
            said.append(message)

        with self._one_at_a_time:
            coroutine: Any = self._app(scope, receive, send)
            with suppress(StopIteration):  # it never waits for anything, so one step is all of it
                coroutine.send(None)
        head, *parts = said
        return {
            "status": head["status"], "reason": "", "headers": tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in head["headers"]),
            "body": b"".join(p.get("body", b"") for p in parts), "truncated": False,
        }


def _host(value: str) -> str:
    try:
        return urlsplit(value).hostname or ""
    except ValueError:
        return ""


__all__ = ["Rehearsed", "rehearse"]
