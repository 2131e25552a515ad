"""How people say when work repeats."""

from __future__ import annotations

from datetime import time

import pytest

from bot.slack.answering.schedule_words import LONGEST, ScheduleProblem, read_schedule
from memory.workspaces.recurrence import EVERY_DAY, WEEKDAYS


@pytest.mark.parametrize(
    ("said", "days", "at"),
    [
        ("every weekday at 9 which checks failed?", WEEKDAYS, time(9)),
        ("Every Day at 09:30 which checks failed?", EVERY_DAY, time(9, 30)),
        ("every monday at 0 which checks failed?", {1}, time(0)),
        ("every mondays, wed and Fri at 23:59 which checks failed?", {1, 3, 5}, time(23, 59)),
    ],
)
def test_days_a_time_and_a_question(said: str, days: set[int], at: time) -> None:
    recurrence, words = read_schedule(said)
    assert (recurrence.days, recurrence.at, words) == (frozenset(days), at, "which checks failed?")


def test_the_question_may_hold_times_and_lines() -> None:
    assert read_schedule("every day at 9 look at 10:00\nand at 11")[1] == "look at 10:00\nand at 11"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("every weekday at 9", "say when and what"),
        ("tomorrow at 9 look", "say when and what"),
        ("every day at 24 look", "24:0 is no time"),
        ("every day at 9:60 look", "9:60 is no time"),
        ("every noonday at 9 look", "'noonday' is no day"),
        ("every m at 9 look", "'m' is no day"),
        (f"every day at 9 {'x' * (LONGEST + 1)}", f"say it in {LONGEST}"),
    ],
)
def test_what_cannot_be_kept_is_named(said: str, named: str) -> None:
    with pytest.raises(ScheduleProblem, match=named):
        read_schedule(said)
