"""Reindexing: the whole memory again, for a new embedder or new rules of cutting and counting.

The old vectors keep answering until the new ones are complete: the embedder is part of a passage's key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from memory.embedding.embedder import Embedder
from memory.secrets.mask import SecretMask
from memory.solutions.index import SolutionIndex
from memory.solutions.solution import Evidence, Solution, Utterance

SOLUTIONS_PER_BATCH = 32
"""About a hundred passages to embed, a few seconds of work."""

COUNT = text("SELECT count(*) FROM solutions WHERE length > 0")

SELECT_BATCH = text("""
    -- The next solutions in order of their ids, but for those without a word: withdrawn ones, and those that
    -- are about to be written anew. What is indexed meanwhile needs no reindexing.
    SELECT * FROM solutions WHERE length > 0 AND id > :after ORDER BY id LIMIT :batch
""")

LOCK_UNCHANGED = text("""
    -- Only a solution that is still what was read may be written again; the row is held until the commit.
    SELECT 1 FROM solutions WHERE id = :id AND content_hash = :content_hash AND outcome = :outcome
    FOR NO KEY UPDATE
""")

KEEP_HASH = text("""
    -- The hash is of the solution as its source gave it, not of an outcome that people changed since.
    UPDATE solutions SET content_hash = :content_hash WHERE id = :id
""")

DELETE_OTHER_EMBEDDERS = text("""
    -- Except of a solution that a worker with another embedder replaced meanwhile: old vectors beat none.
    DELETE FROM passages WHERE embedder <> :embedder AND solution_id IN (
        SELECT solution_id FROM passages WHERE embedder = :embedder
    )
""")

SELECT_SOLUTION = text("SELECT * FROM solutions WHERE id = :id")


def reindex(engine: Engine, embedder: Embedder, *, secrets: SecretMask) -> Iterator[tuple[int, int]]:
    """Index every solution again, yielding how many are done and how many there are; secrets are masked.

    Texts that this embedder knows are not embedded again, so one that was broken off goes on quickly. At its
    end the vectors of other embedders are deleted. Raises `EmbedderUnavailable`.
    """
    index = SolutionIndex(engine, embedder)
    done, after = 0, UUID(int=0)
    with engine.connect() as connection:
        total: int = connection.execute(COUNT).scalar_one()
    while rows := _batch(engine, after):
        prepared = index.prepare_all([secrets.solution(read_solution(row)) for row in rows])
        for row, solution in zip(rows, prepared, strict=True):
            with engine.begin() as connection:
                if _unchanged(connection, row):
                    index.store(connection, solution)
                    connection.execute(KEEP_HASH, {"id": row.id, "content_hash": row.content_hash})
        done, after = done + len(rows), rows[-1].id
        yield done, max(done, total)
    with engine.begin() as connection:
        connection.execute(DELETE_OTHER_EMBEDDERS, {"embedder": embedder.name})


def stored_solution(connection: Connection, solution: UUID) -> Solution | None:
    """Read a solution as it was stored, withdrawn or not; None when the id is unknown."""
    row = connection.execute(SELECT_SOLUTION, {"id": solution}).one_or_none()
    return None if row is None else read_solution(row)


def _batch(engine: Engine, after: UUID) -> list[Row[tuple[object, ...]]]:
    with engine.connect() as connection:
        return list(connection.execute(SELECT_BATCH, {"after": after, "batch": SOLUTIONS_PER_BATCH}))


def _unchanged(connection: Connection, row: Row[tuple[object, ...]]) -> bool:
    seen = {"id": row.id, "content_hash": row.content_hash, "outcome": row.outcome}
    return connection.execute(LOCK_UNCHANGED, seen).one_or_none() is not None


def read_solution(row: Row[Any]) -> Solution:
    """Read a row of `solutions`."""
    return Solution(
        team=row.team,
        channel=row.channel,
        thread=row.thread,
        turn=row.turn,
        session=row.session_id,
        problem=row.problem,
        fix=row.fix,
        outcome=row.outcome,
        finished_at=row.finished_at,
        permalink=row.permalink,
        symptoms=tuple(row.symptoms),
        environment=tuple(row.environment),
        cause=row.cause,
        evidence=tuple(Evidence(**run) for run in row.evidence),
        files=tuple(row.files),
        repository=row.repository,
        commit=row.commit,
        pull_request=row.pull_request,
        people=tuple(row.people),
        conversation=tuple(Utterance(**said) for said in row.conversation),
        form=row.form,
    )
