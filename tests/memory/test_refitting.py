"""Refitting: what people did teaches the ranking, is accepted when it helps, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from memory.embedding.embedder import HashingEmbedder
from memory.recall.ranker_versions import accept, current_weights, roll_back, versions
from memory.recall.recall import Recall
from memory.recall.refitting import FEWEST_QUESTIONS, Refit, adopt, refit
from memory.recall.weights import DEFAULT, Weights
from memory.solutions.solution import Solution, Utterance
from tests.memory.solution_makers import OLD, TEAM, make_solution, remember

MANY = FEWEST_QUESTIONS + 10
DAY = timedelta(days=1)


def threads(count: int) -> Iterator[Solution]:
    """Questions that are answered by the link of an unsolved thread; a better match stands beside it."""
    for n in range(count):
        word, at = f"topic{n}x", OLD + n * DAY
        yield make_solution(f"{word} fails", thread=f"1.{n}", outcome="unsolved", finished_at=at)
        yield make_solution(f"{word} fails again", thread=f"2.{n}", outcome="confirmed", finished_at=at)
        yield linking(f"why {word} fails again", n, at + DAY)


def linking(problem: str, n: int, at: datetime) -> Solution:
    said = (
        Utterance(author="Ada", text=problem),
        Utterance(author="Bo", text=f"see <https://slack.example/C1/1.{n}|this thread>"),
    )
    return replace(make_solution(problem, thread=f"3.{n}", channel="C2", finished_at=at), conversation=said)


def run(engine: Engine) -> Refit:
    *_, last = refit(engine, Recall(engine, HashingEmbedder()), team=TEAM)
    with engine.begin() as connection:
        assert adopt(connection, last, team=TEAM) == last.improves
    return last


def weights(engine: Engine) -> Weights:
    with engine.connect() as connection:
        return current_weights(connection, TEAM)


def test_links_that_people_post_teach_the_ranking(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads(MANY))
    learned = run(engine)
    assert (learned.questions, learned.improves) == (MANY, True)
    assert learned.after > learned.before
    assert weights(engine) == learned.weights
    assert weights(engine).unsolved > DEFAULT.unsolved


def test_searches_go_by_what_was_learned(engine: Engine) -> None:
    alike = make_solution("topic1x fails", thread="1.0", outcome="unsolved")
    remember(engine, HashingEmbedder(), alike, replace(alike, thread="2.0", outcome="confirmed"))
    recall = Recall(engine, HashingEmbedder())
    assert [hit.outcome for hit in recall.search("topic1x", team=TEAM)] == ["confirmed", "unsolved"]
    with engine.begin() as connection:
        accept(connection, TEAM, Weights(unsolved=5.0), questions=60, before=0.1, after=0.2)
    assert [hit.outcome for hit in recall.search("topic1x", team=TEAM)] == ["unsolved", "confirmed"]


def test_too_few_questions_teach_nothing(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads(3))
    learned = run(engine)
    assert (learned.questions, learned.weights, learned.improves) == (3, None, False)
    assert weights(engine) == DEFAULT


def test_the_asker_linking_a_thread_is_no_answer(engine: Engine) -> None:
    own = linking("why topic0x fails", 0, OLD + DAY)
    asked = replace(own, conversation=tuple(replace(said, author="Ada") for said in own.conversation))
    remember(engine, HashingEmbedder(), make_solution("topic0x fails", thread="1.0"), asked)
    assert run(engine).total == 0


def test_a_version_can_be_taken_back_to_the_one_before_and_to_the_shipped(engine: Engine) -> None:
    first, second = Weights(recent=0.3), Weights(recent=0.4)
    with engine.begin() as connection:
        for learned in (first, second):
            accept(connection, TEAM, learned, questions=60, before=0.5, after=0.6)
        assert current_weights(connection, TEAM) == second
        assert roll_back(connection, TEAM)
        assert current_weights(connection, TEAM) == first
        assert roll_back(connection, TEAM)
        assert current_weights(connection, TEAM) == DEFAULT
        assert not roll_back(connection, TEAM)
        assert [version.weights for version in versions(connection, TEAM)] == [second, first]


def test_other_teams_keep_their_ranking(engine: Engine) -> None:
    with engine.begin() as connection:
        accept(connection, "T2", Weights(recent=9.0), questions=60, before=0.5, after=0.6)
    assert weights(engine) == DEFAULT


def test_the_database_refuses_a_version_that_is_no_better(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        accept(connection, TEAM, DEFAULT, questions=60, before=0.5, after=0.5)


def test_a_version_from_before_a_feature_gives_it_the_shipped_weight(engine: Engine) -> None:
    with engine.begin() as connection:
        accept(connection, TEAM, Weights(recent=0.3), questions=60, before=0.5, after=0.6)
        connection.execute(text("UPDATE ranker_versions SET weights = weights - 'lasting'"))
    assert weights(engine) == Weights(recent=0.3)
