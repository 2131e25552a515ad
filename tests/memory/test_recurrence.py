"""When repeated work is due."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.workspaces.recurrence import EVERY_DAY, WEEKDAYS, Recurrence, next_time

PARIS = ZoneInfo("Europe/Paris")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def daily(hour: int, minute: int = 0) -> Recurrence:
    return Recurrence(days=EVERY_DAY, at=time(hour, minute))


@pytest.mark.parametrize(
    ("recurrence", "after", "expected"),
    [
        (daily(9), "2026-11-25T08:59", "2026-11-25T09:00"),
        (daily(9), "2026-11-25T09:00", "2026-11-26T09:00"),
        (Recurrence(days=WEEKDAYS, at=time(9)), "2026-11-27T10:00", "2026-11-30T09:00"),
        (Recurrence(days=frozenset({4}), at=time(0)), "2026-11-26T00:00", "2026-12-03T00:00"),
    ],
)
def test_it_is_due_at_the_next_such_time(recurrence: Recurrence, after: str, expected: str) -> None:
    assert next_time(recurrence, PARIS, at(after)) == at(expected)


def test_it_stays_at_nine_when_the_clocks_change() -> None:
    before, after = at("2027-03-27T09:00"), at("2027-03-28T09:00")
    assert next_time(daily(9), PARIS, before) == after
    assert after.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=23)


def test_a_time_that_the_clocks_skip_comes_after_the_skip() -> None:
    # At two o'clock it is three.
    assert next_time(daily(2, 30), PARIS, at("2027-03-28T01:59")) == at("2027-03-28T03:30")


def test_a_time_that_the_clocks_show_twice_comes_once() -> None:
    first = next_time(daily(2, 30), PARIS, at("2026-10-25T00:00"))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(daily(2, 30), PARIS, first) == at("2026-10-26T02:30")


BEGIN = datetime(2005, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=12_000)).map(lambda gone: BEGIN + gone)
recurrences = st.builds(
    Recurrence,
    days=st.frozensets(st.integers(1, 7), min_size=1),
    at=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
)


@settings(max_examples=150, deadline=None)
@given(recurrences, st.sampled_from(ZONES), moments)
def test_it_is_the_first_wanted_moment_whatever_the_zone_does(
    recurrence: Recurrence, name: str, after: datetime
) -> None:
    zone = ZoneInfo(name)
    due = next_time(recurrence, zone, after)
    local = due.astimezone(zone)
    shown = local.time().replace(tzinfo=None)
    assert after < due <= after + timedelta(days=9)
    if shown == recurrence.at:
        assert local.isoweekday() in recurrence.days
    else:
        # Only a time that no clock of the zone shows that day is moved, by the length of the skip.
        wanted = datetime.combine(local.date(), recurrence.at, tzinfo=zone)
        assert any(
            moved.astimezone(UTC).astimezone(zone) == local and moved.astimezone(UTC) == due
            for moved in (wanted, wanted - timedelta(days=1))
        )


@settings(max_examples=50, deadline=None)
@given(recurrences, st.sampled_from(ZONES), moments)
def test_there_is_one_such_moment_on_each_wanted_day_and_no_other(
    recurrence: Recurrence, name: str, after: datetime
) -> None:
    zone, due = ZoneInfo(name), []
    moment = after
    for _ in range(2 * len(recurrence.days)):
        moment = next_time(recurrence, zone, moment)
        due.append(moment)
    span = due[-1] - due[0]
    assert due == sorted(set(due))
    assert span < timedelta(days=15)


def test_it_is_said_as_people_say_it() -> None:
    assert str(daily(9)) == "every day at 09:00"
    assert str(Recurrence(days=WEEKDAYS, at=time(14, 30))) == "every weekday at 14:30"
    assert (
        str(Recurrence(days=frozenset({1, 3, 5}), at=time(9)))
        == "every Monday, Wednesday and Friday at 09:00"
    )
