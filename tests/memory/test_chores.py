"""Chores: done once in a period, whoever dies meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from memory.errors import LeaseLost
from memory.workspaces.chores import Chore, Chores, Taken

NIGHTLY = Chore(name="refit", period="day", hour=3)
WEEKLY = Chore(name="digest", period="week", hour=8)


def taken(engine: Engine, chore: Chore = NIGHTLY, *, lease: float = 60.0) -> Taken:
    found = Chores(engine).take("T1", chore, lease=lease)
    assert found is not None
    return found


def finish(engine: Engine, chore: Taken) -> None:
    with engine.begin() as connection:
        Chores(engine).finish(connection, chore)


def days_pass(engine: Engine, days: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE chores SET done_for = done_for - make_interval(days => :d)"), {"d": days}
        )


def test_of_many_who_come_together_one_takes_it(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: Chores(engine).take("T1", NIGHTLY), range(6)))
    assert sum(one is not None for one in found) == 1


def test_what_was_done_is_due_again_in_the_next_period(engine: Engine) -> None:
    for chore, period in ((NIGHTLY, 1), (WEEKLY, 7)):
        finish(engine, taken(engine, chore))
        assert Chores(engine).take("T1", chore) is None
        days_pass(engine, period)
        assert Chores(engine).take("T1", chore) is not None


def test_periods_begin_at_their_hour(engine: Engine) -> None:
    night, week = taken(engine).begun, taken(engine, WEEKLY).begun
    assert (night.hour, night.minute) == (3, 0)
    assert (week.weekday(), week.hour) == (0, 8)


def test_each_team_has_its_own(engine: Engine) -> None:
    finish(engine, taken(engine))
    assert Chores(engine).take("T2", NIGHTLY) is not None


def test_what_a_dead_process_left_is_taken_over_and_its_end_counts_for_nothing(engine: Engine) -> None:
    late = taken(engine, lease=0.0)
    heir = taken(engine)
    with pytest.raises(LeaseLost):
        finish(engine, late)
    with pytest.raises(LeaseLost):
        Chores(engine).renew(late)
    Chores(engine).renew(heir)
    finish(engine, heir)


def test_it_is_finished_with_its_result_or_not_at_all(engine: Engine) -> None:
    with engine.connect() as connection:
        Chores(engine).finish(connection, taken(engine, lease=0.0))
        connection.rollback()
    assert Chores(engine).take("T1", NIGHTLY) is not None
