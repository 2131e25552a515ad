"""Reindexing: a new embedder takes over without a gap, and what people decided stays."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder, Vector
from memory.recall.recall import Recall
from memory.solutions.index import SolutionIndex
from memory.solutions.reindexing import SOLUTIONS_PER_BATCH, reindex, stored_solution
from tests.memory.solution_makers import TEAM, make_solution, remember
from tests.support.secrets import GITHUB_TOKEN, secret_mask


class Another(HashingEmbedder):
    name = "another"


def embedders(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT embedder FROM passages")).scalars())


def test_the_new_embedder_finds_everything_afterwards(engine: Engine) -> None:
    total = SOLUTIONS_PER_BATCH + 3
    remember(
        engine,
        HashingEmbedder(),
        *(make_solution(f"import {n} fails", thread=f"{n}.0") for n in range(10, 10 + total)),
    )
    assert list(reindex(engine, Another(), secrets=secret_mask())) == [
        (SOLUTIONS_PER_BATCH, total),
        (total, total),
    ]
    assert embedders(engine) == {"another"}
    [hit] = Recall(engine, Another()).search("import 17 fails", team=TEAM, limit=1)
    assert (hit.problem, hit.similarity > 0.9) == ("import 17 fails", True)


def test_the_old_vectors_answer_until_the_new_ones_are_complete(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), make_solution("import fails"))
    steps = reindex(engine, Another(), secrets=secret_mask())
    next(steps)
    assert embedders(engine) == {"another", HashingEmbedder.name}
    for embedder in (HashingEmbedder(), Another()):
        [hit] = Recall(engine, embedder).search("import fails", team=TEAM)
        assert hit.similarity > 0.9
    assert list(steps) == []
    assert embedders(engine) == {"another"}


def test_one_that_was_broken_off_embeds_nothing_twice(engine: Engine) -> None:
    counted: list[str] = []

    class Counted(Another):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            counted.extend(texts)
            return super().embed(texts)

    total = SOLUTIONS_PER_BATCH + 3
    remember(
        engine, HashingEmbedder(), *(make_solution(f"import {n}", thread=f"{n}.0") for n in range(total))
    )
    next(reindex(engine, Counted(), secrets=secret_mask()))
    assert len(counted) == SOLUTIONS_PER_BATCH
    assert list(reindex(engine, Counted(), secrets=secret_mask()))[-1] == (total, total)
    assert sorted(counted) == sorted(f"import {n}" for n in range(total))


def test_withdrawn_solutions_stay_out(engine: Engine) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))
    with engine.begin() as connection:
        SolutionIndex(engine, HashingEmbedder()).withdraw(connection, identifier)
    assert list(reindex(engine, Another(), secrets=secret_mask())) == []
    assert embedders(engine) == set()


def test_a_solution_that_was_withdrawn_while_its_batch_was_embedded_stays_out(engine: Engine) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))

    class Slow(Another):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            with engine.begin() as connection:
                SolutionIndex(engine, Another()).withdraw(connection, identifier)
            return super().embed(texts)

    list(reindex(engine, Slow(), secrets=secret_mask()))
    assert embedders(engine) == set()


def test_a_solution_that_was_replaced_while_its_batch_was_embedded_keeps_the_newer_text(
    engine: Engine,
) -> None:
    remember(engine, HashingEmbedder(), make_solution("import fails"))

    class Slow(Another):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            remember(engine, HashingEmbedder(), make_solution("import fails since Monday"))
            return super().embed(texts)

    list(reindex(engine, Slow(), secrets=secret_mask()))
    [hit] = Recall(engine, HashingEmbedder()).search("import fails", team=TEAM)
    assert (hit.problem, hit.excerpt) == ("import fails since Monday", "import fails since Monday")


def test_an_outcome_that_people_gave_is_kept(engine: Engine) -> None:
    (identifier,) = remember(engine, HashingEmbedder(), make_solution("import fails"))
    with engine.begin() as connection:
        SolutionIndex(engine, HashingEmbedder()).set_outcome(connection, identifier, "confirmed")
    list(reindex(engine, Another(), secrets=secret_mask()))
    with engine.connect() as connection:
        kept = stored_solution(connection, identifier)
    assert kept is not None
    assert kept.outcome == "confirmed"


def test_a_stored_solution_reads_back_as_it_was_given(engine: Engine) -> None:
    given = make_solution("import fails", fix="set tz", conversation=("hello",))
    (identifier,) = remember(engine, HashingEmbedder(), given)
    with engine.connect() as connection:
        assert stored_solution(connection, identifier) == given
        assert stored_solution(connection, uuid4()) is None


def test_secrets_that_an_older_version_stored_are_masked(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), make_solution("import fails", fix=f"push with {GITHUB_TOKEN}"))
    list(reindex(engine, HashingEmbedder(), secrets=secret_mask()))
    [hit] = Recall(engine, HashingEmbedder()).search("import fails", team=TEAM)
    assert hit.fix == "push with [masked GitHub token]"
