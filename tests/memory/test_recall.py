"""Recall: what a question finds, in which order, why, and what it must never find."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.recall.recall import Recall, confident, worth_showing
from memory.solutions.index import SolutionIndex
from memory.solutions.solution import Solution
from memory.workspaces.channel_settings import ChannelSettings
from tests.memory.solution_makers import TEAM, make_solution, open_channel, remember
from tests.memory.test_vector_cache import Counting

FILLER = (
    "the heading is not centred in the style sheet",
    "where do we keep the holiday calendar",
    "docker build is slow on my laptop",
    "which linter do we use for shell scripts",
    "deploy to staging needs a second review",
    "the dashboard shows yesterday's numbers",
)


@pytest.fixture
def recall(engine: Engine) -> Recall:
    remember(
        engine,
        HashingEmbedder(),
        *(make_solution(said, thread=f"90.{n}", channel="C9") for n, said in enumerate(FILLER)),
    )
    return Recall(engine, HashingEmbedder())


def learn(engine: Engine, *solutions: Solution) -> None:
    remember(engine, HashingEmbedder(), *solutions)


def problems(recall: Recall, query: str, limit: int = 1, channel: str | None = None) -> list[str]:
    return [hit.problem for hit in recall.search(query, team=TEAM, limit=limit, channel=channel)]


def test_finds_the_thread_that_had_the_same_problem(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("nightly import fails with KeyError 'tz'", fix="set the zone"))
    [hit] = recall.search("KeyError tz in the import", team=TEAM, limit=1)
    assert (hit.problem, hit.fix) == ("nightly import fails with KeyError 'tz'", "set the zone")
    assert (hit.team, hit.channel, hit.channel_name, hit.thread) == (TEAM, "C1", "name-c1", "1.0")
    assert hit.permalink == "https://slack.example/C1/1.0"


def test_finds_by_what_was_only_said_later_in_the_thread(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("it is broken", conversation=("it is broken", "ORA-00942 in the log")))
    assert problems(recall, "ORA-00942") == ["it is broken"]


def test_a_question_asked_again_is_not_embedded_again(engine: Engine) -> None:
    counting = Counting()
    recall = Recall(engine, counting)
    for _ in range(2):
        recall.search("KeyError tz", team=TEAM)
    assert counting.asked == ["KeyError tz"]


def test_finds_nothing_in_an_empty_memory(engine: Engine) -> None:
    assert Recall(engine, HashingEmbedder()).search("KeyError tz", team=TEAM) == []


@pytest.mark.parametrize("query", ["", "  \n", "\0"])
def test_finds_nothing_without_a_word_to_go_by(recall: Recall, query: str) -> None:
    assert recall.search(query, team=TEAM) == []


def test_a_query_of_stop_words_goes_by_meaning_alone(recall: Recall) -> None:
    assert all("shares" not in hit.why for hit in recall.search("how do I do this", team=TEAM))


def test_says_which_words_are_shared_as_the_question_spells_them(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("parse_tz raises KeyError"))
    [hit] = recall.search("KeyErrors from parse_TZ on the weekend", team=TEAM, limit=1)
    assert hit.why == "shares KeyErrors, parse_TZ; similar wording"


def test_quotes_the_passage_that_is_nearest(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("import fails", fix="pin pandas to an older release"))
    [hit] = recall.search("pin pandas older", team=TEAM, limit=1)
    assert hit.excerpt == "pin pandas to an older release"


def test_one_turn_speaks_for_its_thread(engine: Engine, recall: Recall) -> None:
    learn(
        engine,
        make_solution("KeyError tz in import", turn=1),
        make_solution("KeyError tz in import of zones", turn=2),
        make_solution("KeyError tz elsewhere", thread="2.0"),
    )
    hits = recall.search("KeyError tz in import", team=TEAM, limit=2)
    assert [hit.thread for hit in hits] == ["1.0", "2.0"]


def test_gives_as_many_as_asked_for_best_first(recall: Recall) -> None:
    hits = recall.search("docker build slow", team=TEAM, limit=3)
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].problem == "docker build is slow on my laptop"


def test_the_margin_is_the_lead_over_the_best_other_thread(engine: Engine, recall: Recall) -> None:
    learn(
        engine,
        make_solution("nightly import fails with KeyError tz", thread="1.0"),
        make_solution("import fails with KeyError zone", thread="2.0"),
    )
    first, second = recall.search("import fails with KeyError tz", team=TEAM, limit=2)
    assert first.margin == pytest.approx(first.score - second.score)
    assert second.margin == pytest.approx(second.score - first.score)
    [alone] = recall.search("import fails with KeyError tz", team=TEAM, limit=1)
    assert alone.margin == pytest.approx(first.margin)


def test_being_recent_and_near_makes_no_margin(engine: Engine, recall: Recall) -> None:
    now = datetime.now(UTC)
    learn(
        engine,
        make_solution("KeyError tz in import", thread="1.0", channel="C2"),
        make_solution("KeyError tz in import", thread="2.0", outcome="confirmed", finished_at=now),
    )
    first, second = recall.search("KeyError tz in import", team=TEAM, channel="C1", limit=2)
    assert first.thread == "2.0"
    assert [first.margin, second.margin] == pytest.approx([0, 0])
    assert first.score > second.score + 0.2


EQUAL = make_solution(
    "nightly import fails with KeyError 'tz'", fix="read rows without one as UTC", thread="1.0", channel="C1"
)


@pytest.mark.parametrize(
    ("other", "sure"),
    [
        (replace(EQUAL, channel="C2", thread="2.0"), True),
        (replace(EQUAL, channel="C2", thread="2.0", fix="ask the shop for its zone"), False),
    ],
    ids=["the same", "another answer"],
)
def test_threads_that_tell_the_same_share_the_lead(
    engine: Engine, recall: Recall, other: Solution, sure: bool
) -> None:
    learn(engine, EQUAL, other)
    hits = recall.search(EQUAL.problem, team=TEAM, limit=2)
    assert [confident(hit) for hit in hits] == [sure, sure]


def test_only_a_clear_lead_confident(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("nightly import fails with KeyError tz", thread="1.0"))
    [hit] = recall.search("import fails with KeyError tz", team=TEAM, limit=1)
    assert confident(hit)
    learn(engine, make_solution("nightly import fails with KeyError tz", thread="2.0"))
    [hit] = recall.search("import fails with KeyError tz", team=TEAM, limit=1)
    assert not confident(hit)


class TestOrderOfEqualTexts:
    """Two threads say the same; what else is known decides."""

    def order(self, engine: Engine, recall: Recall, one: Solution, other: Solution) -> list[str]:
        learn(engine, one, other)
        hits = recall.search("KeyError tz in import", team=TEAM, channel="C1", limit=2)
        return [hit.thread for hit in hits]

    def test_the_channel_of_the_question_comes_first(self, engine: Engine, recall: Recall) -> None:
        near = make_solution("KeyError tz in import", thread="2.0", channel="C1")
        far = make_solution("KeyError tz in import", thread="1.0", channel="C2")
        assert self.order(engine, recall, far, near) == ["2.0", "1.0"]

    def test_the_recent_comes_first(self, engine: Engine, recall: Recall) -> None:
        now = datetime.now(UTC)
        old = make_solution("KeyError tz in import", thread="1.0", finished_at=now - timedelta(days=400))
        new = make_solution("KeyError tz in import", thread="2.0", finished_at=now - timedelta(days=4))
        assert self.order(engine, recall, old, new) == ["2.0", "1.0"]

    def test_the_confirmed_comes_before_the_unsolved(self, engine: Engine, recall: Recall) -> None:
        unsolved = make_solution("KeyError tz in import", thread="1.0", outcome="unsolved")
        confirmed = make_solution("KeyError tz in import", thread="2.0", outcome="confirmed")
        assert self.order(engine, recall, unsolved, confirmed) == ["2.0", "1.0"]

    def test_no_preference_outweighs_a_clearly_better_match(self, engine: Engine, recall: Recall) -> None:
        match = make_solution("KeyError tz in import", thread="1.0", channel="C2", outcome="unsolved")
        other = make_solution("import of holidays", thread="2.0", channel="C1", outcome="confirmed")
        assert self.order(engine, recall, match, other) == ["1.0", "2.0"]


class TestVisibility:
    """A solution is found while its channel is public, and only then."""

    @pytest.fixture(autouse=True)
    def secret(self, engine: Engine) -> None:
        learn(engine, make_solution("KeyError tz in import", channel="C2", thread="2.0"))

    def test_a_channel_that_became_private_is_not_searched(self, engine: Engine, recall: Recall) -> None:
        assert "KeyError tz in import" in problems(recall, "KeyError tz in import", limit=20)
        with engine.begin() as connection:
            open_channel(connection, "C2", public=False)
        assert "KeyError tz in import" not in problems(recall, "KeyError tz in import", limit=20)

    def test_a_channel_nobody_knows_is_not_searched(self, engine: Engine, recall: Recall) -> None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM channels WHERE channel = 'C2'"))
        assert "KeyError tz in import" not in problems(recall, "KeyError tz in import", limit=20)

    def test_another_team_finds_nothing(self, recall: Recall) -> None:
        assert recall.search("KeyError tz in import", team="T2") == []

    def test_the_thread_of_the_question_is_left_out(self, recall: Recall) -> None:
        own = (TEAM, "C2", "2.0")
        hits = recall.search("KeyError tz in import", team=TEAM, limit=20, exclude=[own])
        assert "2.0" not in {hit.thread for hit in hits}

    def test_hidden_solutions_take_nobodys_place(self, engine: Engine, recall: Recall) -> None:
        hidden = (make_solution("KeyError tz in import", channel="C3", thread=f"3.{n}") for n in range(300))
        learn(engine, *hidden)
        with engine.begin() as connection:
            open_channel(connection, "C3", public=False)
        assert problems(recall, "KeyError tz in import", limit=5)[0] == "KeyError tz in import"

    def test_what_a_channel_withholds_takes_nobodys_place(self, engine: Engine, recall: Recall) -> None:
        withheld = (make_solution("import fails", thread=f"8.{n}", channel="C2") for n in range(3))
        learn(engine, *withheld, make_solution("the import of orders failed", thread="3.0"))
        ChannelSettings(engine).set(TEAM, "C2", "memory", "off", by="U1")
        assert problems(recall, "import fails", limit=1) == ["the import of orders failed"]
        ChannelSettings(engine).clear(TEAM, "C2", "memory")
        assert problems(recall, "import fails", limit=1) == ["import fails"]

    def test_a_withdrawn_solution_is_not_found(self, engine: Engine, recall: Recall) -> None:
        [hit] = recall.search("KeyError tz in import", team=TEAM, limit=1)
        with engine.begin() as connection:
            SolutionIndex(engine, HashingEmbedder()).withdraw(connection, hit.solution)
        assert "KeyError tz in import" not in problems(recall, "KeyError tz in import", limit=20)

    @pytest.mark.usefixtures("recall")
    def test_vectors_of_another_embedder_are_not_compared(self, engine: Engine) -> None:
        class Another(HashingEmbedder):
            name = "another"

        hits = Recall(engine, Another()).search("KeyError tz in import", team=TEAM, limit=20)
        assert {hit.similarity for hit in hits} == {0.0}


def test_a_pasted_log_is_a_question_too(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("KeyError tz in import"))
    log = "\n".join(f"frame {n} of call_{n * 7919 % 9973}" for n in range(5_000)) + "\nKeyError: 'tz' import"
    assert "KeyError tz in import" in problems(recall, f"KeyError tz\n{log}", limit=3)


def test_shows_a_good_match_and_not_a_distant_one(engine: Engine, recall: Recall) -> None:
    learn(engine, make_solution("nightly import fails with KeyError tz"))
    good = recall.search("import fails with KeyError tz", team=TEAM, limit=5)
    assert [hit.thread for hit in worth_showing(good)] == ["1.0"]
    assert worth_showing(recall.search("quarterly budget spreadsheet macros", team=TEAM)) == []


def test_what_helped_comes_first_and_what_people_dismissed_last(engine: Engine) -> None:
    solutions = [make_solution("the import fails at night", thread=f"{n}.0") for n in range(3)]
    _, dismissed, helpful = remember(engine, HashingEmbedder(), *solutions)
    figures = text("UPDATE solutions SET helped = :helped, dismissed = :dismissed WHERE id = :id")
    with engine.begin() as connection:
        connection.execute(figures, {"id": helpful, "helped": 2, "dismissed": 0})
        connection.execute(figures, {"id": dismissed, "helped": 0, "dismissed": 2})
    hits = Recall(engine, HashingEmbedder()).search("the import fails at night", team=TEAM)
    assert [hit.thread for hit in hits] == ["2.0", "0.0", "1.0"]
