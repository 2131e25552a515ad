"""The index: what is stored, once, in the caller's transaction, and what withdrawing means."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from memory.embedding.embedder import HashingEmbedder, Vector
from memory.solutions.index import SolutionIndex
from memory.solutions.solution import Evidence, Solution
from memory.solutions.uses import record_feedback
from tests.memory.solution_makers import TEAM, make_solution, remember


class CountingEmbedder(HashingEmbedder):
    """Notes what it was asked to embed."""

    def __init__(self, name: str = HashingEmbedder.name) -> None:
        self.name = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.asked += texts
        return super().embed(texts)


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def index(engine: Engine, embedder: CountingEmbedder) -> SolutionIndex:
    return SolutionIndex(engine, embedder)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        number: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return number


def store(engine: Engine, index: SolutionIndex, solution: Solution) -> object:
    prepared = index.prepare(solution)
    with engine.begin() as connection:
        return index.store(connection, prepared)


def test_a_stored_solution_keeps_every_field(engine: Engine, index: SolutionIndex) -> None:
    solution = Solution(
        team=TEAM,
        channel="C1",
        thread="1.0",
        turn=2,
        session=None,
        problem="import fails",
        fix="set tz",
        cause="no zone",
        symptoms=("KeyError: 'tz'",),
        evidence=(Evidence(command="pytest", exit_code=None),),
        files=("src/tz.py",),
        repository="acme/importer",
        commit="abc123",
        people=("Ada", "Bob"),
        outcome="confirmed",
        finished_at=make_solution("x").finished_at,
        permalink="https://slack.example",
        conversation=make_solution("x", conversation=("hello",)).conversation,
    )
    identifier = store(engine, index, solution)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM solutions WHERE id = :id"), {"id": identifier}).one()
    assert (row.team, row.channel, row.thread, row.turn, row.session_id) == (TEAM, "C1", "1.0", 2, None)
    assert (row.problem, row.fix, row.cause, row.outcome) == (
        "import fails",
        "set tz",
        "no zone",
        "confirmed",
    )
    assert (row.symptoms, row.files, row.people) == (["KeyError: 'tz'"], ["src/tz.py"], ["Ada", "Bob"])
    assert row.evidence == [{"command": "pytest", "exit_code": None}]
    assert row.conversation == [{"author": "Ada", "text": "hello"}]
    assert (row.repository, row.commit, row.finished_at) == ("acme/importer", "abc123", solution.finished_at)


def test_preparing_writes_nothing(engine: Engine, index: SolutionIndex) -> None:
    index.prepare(make_solution("import fails"))
    assert count(engine, "solutions") == 0


def test_storing_belongs_to_the_transaction_of_the_caller(engine: Engine, index: SolutionIndex) -> None:
    prepared = index.prepare(make_solution("import fails"))
    with engine.connect() as connection:
        index.store(connection, prepared)
        connection.rollback()
    assert [count(engine, table) for table in ("solutions", "passages", "postings")] == [0, 0, 0]


def test_storing_a_turn_again_replaces_it_under_the_same_id(engine: Engine, index: SolutionIndex) -> None:
    first = store(engine, index, make_solution("import fails", fix="no idea"))
    assert store(engine, index, make_solution("import fails", fix="set tz")) == first
    with engine.connect() as connection:
        said = connection.execute(text("SELECT text FROM passages ORDER BY kind DESC")).scalars().all()
        known = connection.execute(text("SELECT term FROM postings ORDER BY term")).scalars().all()
    assert said == ["import fails", "set tz"]
    assert known == ["fail", "import", "set", "tz"]


def test_two_turns_of_a_thread_are_two_solutions(engine: Engine, index: SolutionIndex) -> None:
    store(engine, index, make_solution("import fails", turn=1))
    store(engine, index, make_solution("import fails again", turn=2))
    assert count(engine, "solutions") == 2


def test_a_text_is_embedded_once(engine: Engine, index: SolutionIndex, embedder: CountingEmbedder) -> None:
    store(engine, index, make_solution("import fails", fix="set tz", thread="1.0"))
    store(engine, index, make_solution("import fails", fix="other fix", thread="2.0"))
    assert embedder.asked == ["import fails", "set tz", "other fix"]


def test_a_vector_that_was_read_back_is_the_one_that_was_made(engine: Engine, index: SolutionIndex) -> None:
    made = index.prepare(make_solution("import fails"))
    with engine.begin() as connection:
        index.store(connection, made)
    assert index.prepare(make_solution("import fails")).vectors[0] == pytest.approx(made.vectors[0], abs=1e-6)


def test_vectors_of_two_embedders_stand_side_by_side(engine: Engine, index: SolutionIndex) -> None:
    other = SolutionIndex(engine, CountingEmbedder("another"))
    store(engine, index, make_solution("import fails"))
    store(engine, other, make_solution("import fails"))
    assert count(engine, "passages") == 2


def test_a_changed_text_leaves_no_vector_of_any_embedder_behind(engine: Engine, index: SolutionIndex) -> None:
    store(engine, SolutionIndex(engine, CountingEmbedder("another")), make_solution("import fails"))
    store(engine, index, make_solution("export fails"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT text FROM passages")).scalars().all() == ["export fails"]


@pytest.mark.parametrize("broken", ["nul \0 in it", "half a pair \ud800 in it"])
def test_text_that_postgres_cannot_hold_is_stored_without_it(
    engine: Engine, index: SolutionIndex, broken: str
) -> None:
    store(engine, index, make_solution(broken, fix=broken, conversation=(broken,)))
    assert count(engine, "solutions") == 1


def test_a_withdrawn_solution_has_nothing_left_to_find(engine: Engine, index: SolutionIndex) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))
    with engine.begin() as connection:
        index.withdraw(connection, identifier)
    assert [count(engine, table) for table in ("solutions", "passages", "postings")] == [1, 0, 0]


def test_a_withdrawn_solution_stays_withdrawn_when_its_thread_is_indexed_again(
    engine: Engine, index: SolutionIndex
) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))
    with engine.begin() as connection:
        index.set_outcome(connection, identifier, "withdrawn")
    assert store(engine, index, make_solution("import fails", fix="set tz")) == identifier
    with engine.begin() as connection:
        index.set_outcome(connection, identifier, "confirmed")
        assert connection.execute(text("SELECT outcome FROM solutions")).scalar_one() == "withdrawn"
    assert [count(engine, table) for table in ("passages", "postings")] == [0, 0]


def test_the_latest_word_of_a_person_in_a_session_counts(engine: Engine, index: SolutionIndex) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))
    with engine.begin() as connection:
        record_feedback(connection, identifier, session=None, by="U1", verdict="not_relevant")
        record_feedback(connection, identifier, session=None, by="U2", verdict="not_solved")
        record_feedback(connection, identifier, session=None, by="U1", verdict="solved")
        rows = connection.execute(text("SELECT given_by, verdict FROM feedback ORDER BY 1")).all()
    assert [tuple(row) for row in rows] == [("U1", "solved"), ("U2", "not_solved")]


def test_a_solution_of_a_session_that_does_not_exist_is_refused(engine: Engine, index: SolutionIndex) -> None:
    prepared = index.prepare(make_solution("import fails", session=uuid4()))
    with engine.begin() as connection, pytest.raises(IntegrityError, match="solutions_session_id_fkey"):
        index.store(connection, prepared)


def test_many_indexing_at_once_the_same_words_neither_wait_for_ever_nor_lose_any(
    engine: Engine, index: SolutionIndex
) -> None:
    def work(worker: int) -> None:
        for n in range(10):
            store(engine, index, make_solution(f"common words {worker} {n}", thread=f"{worker}.{n}"))
            store(engine, index, make_solution(f"shared thread {worker}", thread="shared"))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with engine.connect() as connection:
        common = text("SELECT count(*) FROM postings WHERE term = 'common'")
        assert connection.execute(common).scalar_one() == 40
        assert count(engine, "solutions") == 41
