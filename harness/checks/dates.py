"""RFC 2822 dates in GMT, read strictly."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3})[ \t\r\n]*,[ \t\r\n]*)?(?P<day>[0-9]{1,2})[ \t\r\n]+(?P<month>[A-Za-z]{3})[ \t\r\n]+(?P<year>[0-9]{4})[ \t\r\n]+"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?[ \t\r\n]+(?P<zone>\+0000|-0000|GMT|UT)(?:[ \t\r\n]+\([^()]*\))?\Z",
)


@lru_cache(maxsize=512)
def parse_date(text: str) -> datetime | str:
    """The moment that an RFC 2822 date in GMT names, or why it is none.

    Source: RFC 2822, 3.3; weekday and seconds may be missing.
    """
    found = _DATE.match(text.strip(" ") if text == text.strip() else "")
    if found is None:
        return "not of the form Wed, 18 Aug 2027 20:01:40 +0000"
    if found["month"].lower() not in _MONTHS:
        return f"{found['month']} is no month"
    year, month, day = int(found["year"]), _MONTHS.index(found["month"].lower()) + 1, int(found["day"])
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if year < 1 or not 1 <= day <= calendar.monthrange(year, month)[1] or hour > 23 or minute > 59 or second > 60:
        return "no such day or time"
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    if found["weekday"]:
        weekday = found["weekday"].lower()
        if weekday not in _DAYS or _DAYS[moment.weekday()] != weekday:
            return f"that day is no {found['weekday']}"
    return moment


def days_off(moment: datetime, now: float) -> float:
    """How many days a moment is away from now, without sign."""
    try:
        return abs(moment - datetime.fromtimestamp(now, UTC)) / timedelta(days=1)
    except (OverflowError, ValueError):
        return 1e9
