"""Weather: limits of the rate, storms, a server that goes and comes back or dies, that gets slower, that takes its credentials back."""

from __future__ import annotations

import time
from collections.abc import Callable

from adversary import server
from adversary.answers import Answer
from adversary.connection import NOW_AND_THEN
from adversary.rows import LONGER, SHORT, WHOLE, Row, broken, ends, fine
from adversary.server import Behaviour, as_json, reply
from adversary.wrapped import Act, How, Turn, after, between, created, each, first_created_from


def _says(status: str, *headers: str, code: int = 20003) -> How:
    behaviour = as_json({"code": code, "message": "not now", "more_info": "", "status": int(status[:3])}, status, *headers)
    return lambda _turn: behaviour


def _limited(seconds: str | None = None) -> How:
    return _says("429 Too Many Requests", *([f"Retry-After: {seconds}"] if seconds is not None else []), code=20429)


def _per_second(most: int, seconds: str | None) -> How:
    """Takes so many requests a second and no more."""
    began: list[float] = []
    limited = _limited(seconds)

    def how(turn: Turn) -> Behaviour | Answer:
        now = time.monotonic()
        began[:] = [t for t in began if now - t < 1.0]
        if len(began) >= most:
            return limited(turn)
        began.append(now)
        return turn.answer

    return how


def _slower(step: float, most: float) -> Callable[[Turn], float]:
    return lambda turn: min(step * turn.number, most)


_DAY = "86400"

ROWS: tuple[Row, ...] = (
    Row("429, 1 in 20", "weather", "answers one request in 20 with 429 and Retry-After: 0", Act(_limited("0"), each(20)), fine("429")),
    Row("429 of 1 s", "weather", "answers one request in 100 with 429 and Retry-After: 1", Act(_limited("1"), each(100)), fine("429")),
    Row("429 without Retry-After", "weather", "answers one request in 50 with 429 alone", Act(_limited(), each(50)), fine("429")),
    Row("100 requests a second", "weather", "takes 100 requests a second, answers 429 to the rest", Act(_per_second(100, "1")), fine("429")),
    Row("429 of a day", "weather", "answers 429 and Retry-After: 86400 from the 100th request on", Act(_limited(_DAY), after(99)), ends("429", "86400")),
    Row("429 for good", "weather", "answers 429 from the 100th request on", Act(_limited(), after(99)), ends("429")),
    Row("429 of 2 min, once", "weather", "answers 429 and Retry-After: 120 to one request, in a run of 90 s", Act(_limited("120"), lambda t: t.number == 40),
        fine("longer than this run waits"), ("--max-time", "90", *SHORT)),
    Row("all 429", "weather", "answers 429 to everything", Act(_limited()), ends("429", "--rate")),
    Row("all 429 of 0 s", "weather", "answers 429 and Retry-After: 0 to everything", Act(_limited("0")), ends("429", "--rate")),
    Row("all 429 of a day", "weather", "answers 429 and Retry-After: 86400 to everything", Act(_limited(_DAY)), ends("429")),
    Row("429 and no time", "weather", "answers 429 from the 100th request on, of a run of 3 s", Act(_limited("5"), after(99)), fine("longer than the time that is left"),
        ("--max-time", "3", "--timeout", "1")),
    Row("a storm of 503", "weather", "answers 503 to 40 requests in a row", Act(_says("503 Service Unavailable", code=20503), between(100, 139)),
        broken(*NOW_AND_THEN, "call.created"), LONGER),
    Row("503, 1 in 50", "weather", "answers one request in 50 with 503", Act(_says("503 Service Unavailable", code=20503), each(50)),
        broken(*NOW_AND_THEN), LONGER),
    Row("503 for good", "weather", "answers 503 from the 100th request on", Act(_says("503 Service Unavailable", code=20503), after(99)),
        broken("call.created", *NOW_AND_THEN, most=1)),
    Row("500 to calls for good", "weather", "answers 500 to valid calls from the 100th request on",
        Act(_says("500 Internal Server Error", code=20500), lambda t: t.number > 99 and created(t)), broken("call.created", *NOW_AND_THEN, most=1)),
    Row("goes and comes back", "weather", "is gone for 2 s after 100 requests", Act(gone=100, back=2.0), fine("came back")),
    Row("falls and comes back", "weather", "ends without an answer at the 100th request, and is gone for 1.5 s", Act(gone=100, back=1.5, loses=True), fine("came back")),
    Row("dies for good", "weather", "is gone for good after 100 requests", Act(gone=100), ends("stopped taking connections")),
    Row("gets slower", "weather", "takes 0.1 ms longer for each request, up to 40 ms", Act(pause=_slower(0.0001, 0.04)), fine()),
    Row("gets too slow", "weather", "takes 20 ms longer for each request after the 50th, without end", Act(pause=lambda t: max(0, t.number - 50) * 0.02),
        ends("no answer any more"), ("--max-requests", "400", "--timeout", "1")),
    Row("silent for good", "weather", "says nothing any more from the 100th request on", Act(lambda _: server.SILENT, after(99)), ends("no answer any more")),
    Row("silent and slow, 1 in 200", "weather", "takes 20 ms, and says nothing to one request in 200", Act(lambda _: server.SILENT, each(200), pause=lambda _: 0.02),
        broken(*NOW_AND_THEN), LONGER),
    Row("silent once, slow calls", "weather", "says nothing to the first valid call from the 80th request on, and takes 0.7 s for a call with Twiml",
        Act(lambda _: server.SILENT, first_created_from(80), pause=lambda t: 0.7 if created(t) and b"Twiml" in t.request and t.number > 80 else 0.0),
        broken(*NOW_AND_THEN, most=1), ("--max-requests", "150", "--timeout", "2")),
    Row("403 to calls for good", "weather", "answers 403 to valid calls from the 100th request on, and 400 to others as before",
        Act(_says("403 Forbidden"), lambda t: t.number > 99 and created(t)), ends("403")),
    Row("401 and 403 for good", "weather", "answers 401 and 403 in turn from the 100th request on",
        Act(lambda t: (_says("401 Unauthorized") if t.number % 2 else _says("403 Forbidden"))(t), after(99)), ends("401 or 403")),
    Row("credentials revoked", "weather", "answers 401 from the 100th request on", Act(_says("401 Unauthorized"), after(99)), ends("401", "credentials")),
    Row("account closed", "weather", "answers 403 from the 100th request on", Act(_says("403 Forbidden"), after(99)), ends("403")),
    Row("route withdrawn", "weather", "answers 404 from the 100th request on", Act(_says("404 Not Found", code=20404), after(99)), ends("404")),
    Row("proxy in between", "weather", "answers 407 from the 100th request on", Act(_says("407 Proxy Authentication Required"), after(99)), ends("407")),
    Row("portal in between", "weather", "answers 302 to a page to sign in from the 100th request on",
        Act(lambda _: reply(b"", "302 Found", "Location: http://127.0.0.1:9/login"), after(99)), ends("302")),
    Row("401, 1 in 50", "weather", "answers one request in 50 with 401", Act(_says("401 Unauthorized"), each(50)), broken(*NOW_AND_THEN), WHOLE),
    Row("one bad in 50, whole run", "weather", "answers one request in 50 with an empty 500", Act(lambda _: reply(b"", "500 Internal Server Error"), each(50)),
        broken(*NOW_AND_THEN), WHOLE),
    Row("hangs and no time", "weather", "says nothing to one request in 20, in a run of 6 s", Act(lambda _: server.SILENT, each(20)),
        broken("call.history", "refusal.repeatable", "server.answers", "call.combination", most=3), ("--max-time", "6", "--timeout", "1")),
    Row("hangs at once and no time", "weather", "sends its answer a byte at a time, without end, in a run of 1 s", Act(lambda _: server.DRIPS_BODY),
        ends("the time of 1 s is used up before"), ("--max-time", "1", "--timeout", "2")),
    Row("cookies", "weather", "sets a cookie with each answer", Act(lambda t: t.answer.headed(("Set-Cookie", "session=abc; Path=/; HttpOnly"))), fine(), SHORT),
)
