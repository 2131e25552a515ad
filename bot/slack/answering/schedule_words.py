"""`every weekday at 9 …`: how people say when work repeats, and how it is said back to them. Pure."""

from __future__ import annotations

import re
from datetime import datetime, time, tzinfo

from bot.slack.showing.rendered import escape, first_line
from memory.workspaces.recurrence import DAYS, EVERY_DAY, WEEKDAYS, Recurrence
from memory.workspaces.schedules import Schedule

LONGEST = 1_000
"""Characters of what is asked: it is shown at the beginning of each thread."""

SHOWN = 150
"""Characters of it in a list."""

HOW = (
    "`/oxbow schedule every weekday at 9 which checks failed last night?` asks that in this channel, in your "
    "time zone. Also `every day`, `every monday and thursday`, `at 14:30`. `/oxbow schedule` lists them, "
    "`/oxbow schedule cancel 2` ends one."
)

_SAID = re.compile(
    r"every\s+(?P<days>[a-z][a-z,\s]*?)\s+at\s+(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s+(?P<words>\S.*)",
    re.IGNORECASE | re.DOTALL,
)


class ScheduleProblem(ValueError):
    """A schedule cannot be kept; the text names why and the way out."""


def read_schedule(text: str) -> tuple[Recurrence, str]:
    """When, and what is asked then. Raises `ScheduleProblem`."""
    said = _SAID.fullmatch(text.strip())
    if said is None:
        raise ScheduleProblem(f"say when and what: {HOW}")
    words = said["words"].strip()
    if len(words) > LONGEST:
        raise ScheduleProblem(
            f"that is {len(words)} characters long; say it in {LONGEST}, or name a file that holds it"
        )
    return Recurrence(days=_days(said["days"]), at=_time(said["hour"], said["minute"] or "0")), words


def in_zone(moment: datetime, zone: tzinfo) -> str:
    """A moment as the clocks of the zone show it, with the zone's name there and then."""
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M %Z}"


def line(schedule: Schedule, zone: tzinfo) -> str:
    """A schedule in its channel's list, in Slack's markup."""
    then = "" if schedule.next_at is None else f"\nnext on {in_zone(schedule.next_at, zone)}"
    return f"*{schedule.number}* for <@{schedule.by}> {one_line(schedule)}{then}"


def one_line(schedule: Schedule) -> str:
    """When and what, and why not if it is parked, in Slack's markup."""
    what = escape(first_line(schedule.words, SHOWN))
    parked = f" (:double_vertical_bar: parked: {escape(schedule.parked)})" if schedule.parked else ""
    return f"{schedule.recurrence} ({escape(schedule.zone)}): {what}{parked}"


def _days(text: str) -> frozenset[int]:
    names = re.sub(r",|\band\b", " ", text.lower()).split()
    return frozenset().union(*map(_day, names))


def _day(name: str) -> frozenset[int]:
    match name.removesuffix("s"):
        case "day":
            return EVERY_DAY
        case "weekday":
            return WEEKDAYS
        case word:
            found = {number for number, day in enumerate(DAYS, start=1) if word in _forms(day.lower())}
            if not found:
                raise ScheduleProblem(f"{name!r} is no day; say day, weekday, or days of the week")
            return frozenset(found)


def _forms(day: str) -> tuple[str, str]:
    return day, day[:3]


def _time(hour: str, minute: str) -> time:
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ScheduleProblem(f"{hour}:{minute} is no time of day; write 9 or 14:30") from None
