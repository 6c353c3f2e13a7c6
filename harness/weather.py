"""What an answer, or its absence, is to a run: a break of the contract, weather that passes, or the end.

One table. The session, the preflight and the checks ask it; the docs page about robustness is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from harness.exchange import Exchange

# Seconds that a run waits for a target that limits the rate, and before it has given any other answer.
PATIENCE_S = 30.0
FIRST_PATIENCE_S = 10.0
# Seconds that a run waits for a target that takes no connection any more, and after what may have ended it.
GONE_S = 10.0
GONE_CLOSING_S = 3.0
# So many answers in a row that say the same of valid calls, before a call that was created earlier is tried again.
ALIKE = 8
ALIKE_UNANSWERED = 5
# Seconds between the tries of that call; if none is created, the run ends.
TRIES_S = (0.0, 0.5, 1.5)


class Fate(Enum):
    """What something that came back is."""

    BREAK = "break"
    WEATHER = "weather"
    END = "end"


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Args:
        key: short, unique.
        comes: what comes back.
        then: what the run does.
        applies: whether an exchange is such a one by itself; None where only several together are.
    """

    key: str
    fate: Fate
    comes: str
    then: str
    applies: Callable[[Exchange], bool] | None = None


# Where every valid call gets this, nothing can be judged; what each of them means.
ENDINGS: dict[int, str] = {
    401: "it refuses the credentials",
    403: "the account may not create calls",
    404: "check the base URL (what stands before /2010-04-01) and --account-sid",
    405: "check the base URL (what stands before /2010-04-01) and --account-sid",
    407: "a proxy stands before it",
    429: "it is limiting the rate; try again with --rate",
    511: "the network wants a sign-in first",
}


def is_ending(exchange: Exchange) -> bool:
    """Whether nothing could be judged if every valid call were answered so."""
    return exchange.status in ENDINGS or is_redirect(exchange) or (exchange.status is None and not is_weather(exchange))


def is_redirect(exchange: Exchange) -> bool:
    """Whether it sends us elsewhere, where nobody goes."""
    return exchange.status is not None and 300 <= exchange.status < 400


def is_weather(exchange: Exchange) -> bool:
    """Whether it says nothing about the contract, so that no check looks at it."""
    return exchange.status == 429 or exchange.failure in ("refused", "gone", "stalled")


def said_of_ending(exchange: Exchange, statuses: Collection[int | None] = ()) -> str:
    """What a target does from which nothing can be judged, as the end of a sentence that begins with its URL.

    Args:
        exchange: the last of it.
        statuses: all that came, where they were several.
    """
    if len(statuses) > 1:
        return f"answers {' or '.join(sorted(map(str, statuses)))} to every valid call (nothing can be judged)"
    if exchange.status is None:
        return f"gives no answer any more to any valid call ({exchange.describe()})"
    if is_redirect(exchange):
        return f"answers {exchange.status}, a redirect, which is never followed, to every valid call"
    return f"answers {exchange.status} to every valid call ({ENDINGS.get(exchange.status, 'nothing can be judged')})"


def _is_break(exchange: Exchange) -> bool:
    return exchange.is_crash and not is_weather(exchange)


TABLE: tuple[Rule, ...] = (
    Rule("limited", Fate.WEATHER, "429", "waits as Retry-After asks, or 0.25 s, twice as long each time, and sends again; counted, noted",
         lambda e: e.status == 429),
    Rule("refused", Fate.WEATHER, "a connection that is refused, once the target has answered",
         f"waits up to {GONE_S:g} s until the target takes connections again, and goes on with a note", lambda e: e.failure == "refused"),
    Rule("gone", Fate.WEATHER, "a connection that ends without an answer while the target takes no other",
         "waits as above; on this machine it sends the request once more, elsewhere never; the same request ends it again: a break",
         lambda e: e.failure == "gone"),
    Rule("stalled", Fate.WEATHER, "no answer in time, where this machine itself stood still for half of that time or more",
         "on this machine it sends the request again, three times at most, elsewhere never; noted", lambda e: e.failure == "stalled"),
    Rule("idle", Fate.WEATHER, "a kept connection that turns out to be closed when the next request is put on it",
         "on this machine it sends the request once more on a new connection, counted and noted; elsewhere each request has a connection of its own"),
    Rule("interim", Fate.WEATHER, "100, 102, 103 and other interim answers", "reads on: the final answer counts, 32 interim ones at most"),
    Rule("stray", Fate.WEATHER, "bytes after an answer that belong to none", "drops the connection, and notes how often"),
    Rule("encodings", Fate.WEATHER, "an answer that is slow, in pieces, in chunks or in gzip, but whole within the time limit", "nothing"),
    Rule("5xx", Fate.BREAK, "5xx, whatever was sent", "a finding; one for all that have one cause", _is_break),
    Rule("unanswered", Fate.BREAK, "no whole answer within the time limit, a connection that ends without one, or what is no HTTP/1.1",
         "a finding with its rate, and the run goes on", _is_break),
    Rule("now-and-then", Fate.BREAK, "one answer in so many that is wrong, and right when it is asked for again",
         "one finding with its rate, and the run goes on"),
    Rule("5xx-for-good", Fate.BREAK, "5xx to every valid call, from the start or from some request on", "one finding"),
    Rule("otherwise", Fate.BREAK, "4xx to every plain call, and 201 to the same one in another order, with Twiml or with more parameters",
         "one finding, and the run ends with what that one answer shows"),
    Rule("unreachable", Fate.END, "no connection, no TLS, no HTTP at all", "ends with 3 and says what to check"),
    Rule("dead", Fate.END, f"no connection for {GONE_S:g} s in mid-run", "ends with 3, and all that was learnt is in the reports"),
    Rule("endings", Fate.END, "one of " + ", ".join(map(str, ENDINGS)) + " or a redirect to every valid call, from the start or from some request on",
         f"tries a call that was created before, {len(TRIES_S)} times in {sum(TRIES_S):g} s; then ends with 3 and says which; what came since then "
         "is taken back"),
    Rule("unanswered-for-good", Fate.END, "nothing answered any more, though connections are taken", "as above"),
    Rule("retry-later", Fate.END, f"429 for more than {PATIENCE_S:g} s, or three that ask to wait longer", "ends with 3 and says so"),
)


def fate_of(exchange: Exchange) -> Fate | None:
    """What one exchange is by itself; None where only the contract can tell."""
    return next((r.fate for r in TABLE if r.applies is not None and r.applies(exchange)), None)
