"""What a dry run says, for people: requests, calls, cost, whom they name, what is judged. And the same as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from harness.rehearsal import ENDS, READS, Rehearsed
from harness.report.escape import for_terminal
from harness.report.words import count, number, seconds

_WIDTH = 80
_LABEL = 11
_SHOWN = 8
_KINDS = {
    "configured": "configured", "fictional": "reserved for fiction or tests", "example": "examples of numbering plans", "sip": "SIP addresses",
    "client": "clients", "no address": "no address at all",
}


def rehearsal_json(rehearsed: Rehearsed) -> str:
    """The content of a dry run as JSON."""
    return json.dumps(rehearsed.to_json(), indent=2, ensure_ascii=True) + "\n"


def rehearsal_text(r: Rehearsed) -> str:
    """A dry run, in lines of at most 80 columns where words allow it."""
    rows = [
        ("target", _target(r)), ("token", _token(r)), ("way", _way(r)), ("requests", _requests(r)), ("calls", _calls(r)), ("cost", _cost(r)),
        ("To", _addresses(r, r.called)), ("From", _addresses(r, r.calling)), ("asks for", _asks(r)), ("clauses", _clauses(r)),
    ]
    lines = ["DRY RUN: nothing was sent", ""]
    for label, texts in rows:
        for i, text in enumerate(texts):
            head = f"{label if i == 0 else '':<{_LABEL}}"
            lines += textwrap.wrap(for_terminal(text), _WIDTH, initial_indent=head, subsequent_indent=" " * _LABEL, break_long_words=False,
                                   break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def _target(r: Rehearsed) -> Iterator[str]:
    if r.config.url is None:
        yield "the embedded emulator, on this machine"
        return
    where = "taken for a service off this machine (no name was looked up)" if r.config.live else "on this machine"
    yield f"{r.config.url}, account {r.config.account_sid}; {where}"
    if r.config.url.lower().startswith("http://") and r.config.live and not r.config.allow_http:
        yield "it is http: a run off this machine is refused without --allow-http"


def _token(r: Rehearsed) -> Iterator[str]:
    if r.config.url is not None:
        set_or_not = "is set" if r.config.auth_token is not None else "is not set, so no credentials are sent"
        yield f"{r.config.token_variable} {set_or_not}"


def _way(r: Rehearsed) -> Iterator[str]:
    if r.config.url is None:
        return
    if r.config.url.lower().startswith("https://"):
        yield f"TLS, verified against {r.config.ca_bundle or 'the usual authorities'}"
    proxy = r.config.way
    yield f"through {proxy.url}" if proxy is not None else "no proxy; those of the environment are not used"


def _requests(r: Rehearsed) -> Iterator[str]:
    most = r.most_requests
    yield f"{number(r.planned)} to a server that keeps the contract" + (f", and up to {number(r.searched)} drawn by Hypothesis" if r.searched else "")
    yield f"one that breaks it gets more, to cut breaks down: up to {number(r.probes)}, and what the search shrinks" if r.searched else (
        f"one that breaks it gets more, to cut breaks down: up to {number(r.probes)}")
    yield f"never more than {number(most)} in all" if most is not None else "nothing bounds them in all; --max-requests does"
    rate = r.config.budgets[1]
    if rate is not None and r.seconds is not None:
        yield f"{rate:g} a second: {seconds(r.seconds)} or more"
    if r.config.max_time is not None:
        yield f"it ends after {seconds(r.config.max_time)}"


def _calls(r: Rehearsed) -> Iterator[str]:
    n = r.requests
    yield (f"of these requests {number(n['must be created'])} must create a call, {number(n['may be created'])} may, "
           f"{number(n['must be refused'])} must be refused, {number(n[READS])} read" + (f", {number(n[ENDS])} end calls" if n[ENDS] else ""))
    if r.config.real_calls is not None:
        yield f"at most {count(r.config.real_calls, 'call')} are created, whatever the server does (--allow-real-calls)"
    elif r.config.live:
        yield "no real one: without --allow-real-calls N the run ends after its first requests, unless these are test credentials, which create none"
    else:
        yield "on this machine nothing bounds them, unless --allow-real-calls N does: a server that passes calls on makes them real"
    if r.config.hang_up:
        yield "each is ended again at once (--hang-up), where the target offers it"


def _cost(r: Rehearsed) -> Iterator[str]:
    calls, price = r.most_calls, r.config.price
    if calls == 0:
        yield "none"
    elif calls is None:
        yield "as many calls as requests, if the server passes them on"
    elif price is None:
        yield f"at worst {count(calls, 'call')}, each as long as its TimeLimit or the service's own limit allows; --price-per-call P multiplies"
    else:
        yield f"at worst {r.worst_cost:,.2f}: {count(calls, 'call')} at {price:g}, if none lasts longer than that price covers"


def _addresses(r: Rehearsed, counted: Counter[str]) -> Iterator[str]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for address, _ in counted.most_common():
        by_kind[r.kind(address)].append(address)
    for kind, words in _KINDS.items():
        if kind not in by_kind:
            continue
        found = by_kind[kind]
        requests = sum(counted[a] for a in found)
        shown = "" if kind == "no address" else ": " + ", ".join(a if len(a) < 40 else a[:39] + "…" for a in found[:_SHOWN])
        more = f" and {number(len(found) - _SHOWN)} more" if shown and len(found) > _SHOWN else ""
        yield f"{words}, in {count(requests, 'request')}{shown}{more}"


def _asks(r: Rehearsed) -> Iterator[str]:
    said = [f"{what} in {count(n, 'request')}" for what, n in r.asks.items() if n]
    yield ", ".join(said) or "nothing that is billed apart"
    if r.hosts:
        yield f"URLs at {count(len(r.hosts), 'made-up host')}, such as {', '.join(h[:40] for h, _ in r.hosts.most_common(3))}"


def _clauses(r: Rehearsed) -> Iterator[str]:
    yield f"{len(r.judged)} of {len(r.result.clauses)} are judged"
    reasons: dict[str, list[str]] = defaultdict(list)
    for clause, reason in r.unjudged.items():
        reasons[reason].append(clause)
    for reason, clauses in reasons.items():
        yield f"not {len(clauses)}, since {reason}: {_some(clauses)}"


def _some(clauses: Iterable[str]) -> str:
    known = list(clauses)
    return ", ".join(known[:_SHOWN]) + (f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else "")


__all__ = ["rehearsal_json", "rehearsal_text"]
