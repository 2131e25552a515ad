"""The graph of the vectors finds what is nearest, also where most of what it meets may not be shown."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Engine, text

from memory.recall.scope import EVERYTHING, Scope
from memory.solutions.index import vector_literal
from tests.bench.corpus import TEAM, KnownVectors
from tests.bench.neighbours import found_of_nearest

CHANNELS, SOLUTIONS, QUESTIONS = 10, 1_000, 10

FILL = text("""
    WITH numbered AS (
        SELECT vector, number FROM unnest(CAST(:vectors AS text[])) WITH ORDINALITY AS given (vector, number)
    ),
    opened AS (
        INSERT INTO channels (team, channel, name, public, reason, source)
        SELECT :team, 'C' || number, '', true, '', 'slack' FROM generate_series(0, :channels - 1) AS number
    ),
    stored AS (
        INSERT INTO solutions (team, channel, thread, turn, source, problem, fix, cause, symptoms, evidence,
            files, people, conversation, outcome, permalink, length, content_hash, finished_at)
        SELECT :team, 'C' || number % :channels, number, 1, 'import', '', '', '', '{}', '[]',
            '{}', '{}', '[]', 'answered', '', 1, '', now() FROM numbered
        RETURNING id, thread
    )
    INSERT INTO passages (solution_id, kind, position, text, content_hash, embedder, embedding)
    SELECT id, 'question', 0, '-', sha256(''), 'known', CAST(vector AS vector(384))
    FROM stored JOIN numbered ON thread = CAST(number AS text)
""")


def test_nearly_all_of_the_nearest_are_found(engine: Engine) -> None:
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(20, 384))
    vectors = centres[chance.integers(0, 20, SOLUTIONS)] + chance.normal(size=(SOLUTIONS, 384))
    asked = {str(n): list(map(float, centres[n] + chance.normal(size=384))) for n in range(QUESTIONS)}
    known = KnownVectors("known", 384, asked)
    with engine.begin() as connection:
        given = {"vectors": [vector_literal(list(map(float, vector))) for vector in vectors]}
        connection.execute(FILL, given | {"team": TEAM, "channels": CHANNELS})
        # So few would be compared one by one; then it would not be the graph that is looked at.
        connection.execute(text("SET LOCAL enable_sort = off"))
        for scope in (EVERYTHING, Scope(channels=("C3",))):
            assert min(found_of_nearest(connection, known, list(asked), scope).values()) >= 0.98
