"""Schedules in the database: a number in the channel, one holder at a time, moved on once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine

from memory.workspaces.recurrence import WEEKDAYS, Recurrence
from memory.workspaces.schedules import MOST, Schedule, Schedules

NINE = Recurrence(days=WEEKDAYS, at=time(9))
PAST, FUTURE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def schedules(engine: Engine) -> Schedules:
    return Schedules(engine)


def add(
    schedules: Schedules, channel: str = "C1", next_at: datetime = PAST, by: str = "U1"
) -> Schedule | None:
    return schedules.add("T1", channel, NINE, zone="Europe/Paris", words="look", by=by, next_at=next_at)


def test_it_is_kept_as_it_was_said(schedules: Schedules) -> None:
    kept = add(schedules)
    assert kept is not None
    assert (kept.recurrence, kept.zone, kept.words, kept.by) == (NINE, "Europe/Paris", "look", "U1")
    assert schedules.of_channel("T1", "C1") == [kept]
    assert schedules.of_person("T1", "U1", limit=8) == [kept]
    assert schedules.of_channel("T2", "C1") == schedules.of_person("T1", "U2", limit=8) == []


def test_a_channel_has_twenty_whoever_adds_them_at_the_same_time(schedules: Schedules) -> None:
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda _: add(schedules), range(MOST + 4)))
    assert sorted(it.number for it in kept if it) == list(range(1, MOST + 1))
    assert kept.count(None) == 4
    assert add(schedules, "C2") is not None


def test_a_number_that_became_free_is_given_again_and_an_id_is_not(schedules: Schedules) -> None:
    first = add(schedules)
    assert first is not None
    assert schedules.cancel("T1", "C2", first.id) is None
    assert schedules.cancel("T1", "C1", first.id) == first
    again = add(schedules)
    assert again is not None
    assert again.number == first.number
    assert again.id != first.id


def test_what_is_due_is_taken_by_one(schedules: Schedules) -> None:
    add(schedules, next_at=FUTURE)
    add(schedules, next_at=PAST)
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: schedules.claim("T1", 60.0), range(4)))
    [due] = filter(None, taken)
    assert (due.schedule.number, due.at, due.tries) == (2, PAST, 1)
    assert schedules.claim("T2", 60.0) is None


def test_what_its_holder_left_is_taken_again_and_counted(schedules: Schedules) -> None:
    add(schedules)
    schedules.claim("T1", 0.0)
    due = schedules.claim("T1", 60.0)
    assert due is not None
    assert due.tries == 2
    schedules.put_off(due, 0.0)
    again = schedules.claim("T1", 60.0)
    assert again is not None
    assert again.tries == 3


def test_it_moves_on_once(schedules: Schedules) -> None:
    add(schedules)
    first, second = schedules.claim("T1", 0.0), schedules.claim("T1", 60.0)
    assert first is not None
    assert second is not None
    schedules.move_on(second, PAST + timedelta(days=1))
    schedules.move_on(first, FUTURE)
    schedules.put_off(first, 600.0)
    due = schedules.claim("T1", 60.0)
    assert due is not None
    assert (due.at, due.tries) == (PAST + timedelta(days=1), 1)


def test_what_is_parked_says_why_and_is_due_no_more(schedules: Schedules) -> None:
    add(schedules)
    due = schedules.claim("T1", 0.0)
    assert due is not None
    schedules.park(due, "it is a private channel")
    assert schedules.claim("T1", 60.0) is None
    [parked] = schedules.of_channel("T1", "C1")
    assert (parked.next_at, parked.parked) == (None, "it is a private channel")
