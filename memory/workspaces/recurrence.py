"""When repeated work is due: a time of day on days of the week, as the clocks of a zone show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""In the order of ISO 8601, which counts them from 1."""

EVERY_DAY = frozenset(range(1, 8))
WEEKDAYS = frozenset(range(1, 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """On each of these days, at this time."""

    days: frozenset[int]
    """ISO numbers, Monday is 1; not empty."""
    at: time
    """Without a zone."""

    def __str__(self) -> str:
        return f"every {_named(self.days)} at {self.at:%H:%M}"


def next_time(recurrence: Recurrence, zone: tzinfo, after: datetime) -> datetime:
    """The first moment after `after` at which it is due, in UTC.

    A time that clocks skip comes as long after the skip as it would have come after its beginning; of one
    that they show twice the first counts.
    """
    # Two days back: where clocks skip a whole day, its time falls into the next one.
    begin = after.astimezone(zone).date() - timedelta(days=2)
    days = (begin + timedelta(days=offset) for offset in range(12))
    moments = (
        datetime.combine(day, recurrence.at, tzinfo=zone).astimezone(UTC)
        for day in days
        if day.isoweekday() in recurrence.days
    )
    return min(moment for moment in moments if moment > after)


def _named(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return "day"
    if days == WEEKDAYS:
        return "weekday"
    *others, last = (DAYS[day - 1] for day in sorted(days))
    return f"{', '.join(others)} and {last}" if others else last
