"""Recurring problems: what belongs together, what does not, and what is shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.solutions.recurring import LEAST_COSINE, MOST_TOGETHER, Recurring, Vectors, recurring, together
from memory.solutions.solution import Solution
from tests.memory.solution_makers import OLD, TEAM, make_solution, remember

DAY = timedelta(days=1)
WEEK = OLD + 7 * DAY
ASKED = "the nightly import fails with KeyError tz"


def vectors(*angles: float) -> Vectors:
    """Vectors in a plane, at these angles in degrees."""
    turned = np.radians(np.array(angles))
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def asked(thread: str, at: datetime = OLD, problem: str = ASKED) -> Solution:
    return make_solution(problem, thread=thread, finished_at=at, fix="install tzdata")


def found(engine: Engine, *solutions: Solution, since: datetime = OLD) -> Sequence[Recurring]:
    remember(engine, HashingEmbedder(), *solutions)
    with engine.connect() as connection:
        return recurring(
            connection, team=TEAM, embedder=HashingEmbedder().name, since=since, until=WEEK + DAY
        )


def threads(problem: Recurring) -> list[str]:
    return [it.thread for it in problem.occurrences]


def test_what_is_near_enough_belongs_together() -> None:
    near = float(np.degrees(np.arccos(LEAST_COSINE)))
    assert together(vectors(0, near - 1, 120, 120 + near + 1)) == [[0, 1]]


def test_the_neighbour_of_a_neighbour_belongs_too() -> None:
    assert together(vectors(0, 30, 60)) == [[0, 1, 2]]


def test_of_many_equal_ones_all_belong_together() -> None:
    assert together(vectors(*[7.0] * 12, 90)) == [[*range(12)]]


def test_one_that_has_nearer_ones_does_not_belong_to_one_that_has_none() -> None:
    assert together(vectors(25, 0, 1, 2, 3, 4, 5, 6)) == [[*range(1, 8)]]


def test_no_problem_grows_beyond_its_limit() -> None:
    sizes = [len(rows) for rows in together(vectors(*np.linspace(0, 40, 3 * MOST_TOGETHER)))]
    assert max(sizes) <= MOST_TOGETHER
    assert sum(sizes) > MOST_TOGETHER


def test_the_same_vectors_give_the_same_groups_in_any_order_of_rows() -> None:
    angles = np.random.default_rng(1).uniform(0, 3_000, 60)
    groups = {frozenset(angles[rows]) for rows in map(np.array, together(vectors(*angles)))}
    back = angles[::-1]
    assert {frozenset(back[rows]) for rows in map(np.array, together(vectors(*back)))} == groups


def test_nothing_belongs_to_nothing() -> None:
    assert together(vectors()) == together(vectors(1)) == []


def test_a_question_that_was_asked_again_is_named_with_its_threads(engine: Engine) -> None:
    other = asked("3.0", WEEK, "deploying the web shop takes an hour")
    [problem] = found(engine, asked("1.0"), asked("2.0", WEEK), other, since=WEEK)
    assert threads(problem) == ["1.0", "2.0"]
    assert (problem.key, problem.since(WEEK)) == ("C1 1.0", 1)


def test_what_did_not_come_up_in_the_window_is_left_out(engine: Engine) -> None:
    assert found(engine, asked("1.0"), asked("2.0", OLD + DAY), since=WEEK) == []


def test_what_came_up_most_often_is_first(engine: Engine) -> None:
    often = [asked(f"2.{n}", WEEK, "deploying the web shop takes an hour") for n in range(3)]
    assert [len(it.occurrences) for it in found(engine, asked("1.0"), asked("1.1", WEEK), *often)] == [3, 2]


def test_two_turns_of_a_thread_are_no_repetition(engine: Engine) -> None:
    assert found(engine, asked("1.0"), replace(asked("1.0"), turn=2)) == []


def test_a_thread_that_nobody_may_see_is_not_counted(engine: Engine) -> None:
    hidden = replace(asked("2.0"), channel="C2")
    remember(engine, HashingEmbedder(), hidden)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE channels SET public = false, reason = 'private' WHERE channel = 'C2'")
        )
    assert found(engine, asked("1.0")) == []


def test_the_solution_is_the_latest_that_was_confirmed_and_holds(engine: Engine) -> None:
    confirmed = [replace(asked(f"1.{n}", OLD + n * DAY), outcome="confirmed") for n in range(2)]
    [problem] = found(engine, *confirmed, asked("2.0", WEEK))
    assert problem.solved == problem.occurrences[1]
    with engine.begin() as connection:
        connection.execute(text("UPDATE solutions SET standing = 'outdated' WHERE thread = '1.1'"))
    [problem] = found(engine)
    assert problem.solved == problem.occurrences[0]
