"""The single methods that recall is measured against: each ranks all threads, on the same rows.

Every method has what is best for it: BM25 the product's own terms, dense the best passage and the mean of all
compared exactly, full text the variant that finds most: any word, `ts_rank` (which cannot
prefer rare words, because Postgres knows no document frequencies).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, text

from memory.embedding.embedder import Vector
from memory.recall.ranking import LENGTH_NORMALISATION, SATURATION, VISIBLE
from memory.recall.recall import Thread
from memory.recall.scope import Scope
from memory.solutions.index import vector_literal
from memory.solutions.terms import terms

CREATE_DOCUMENTS = text("""
    -- Each solution as Postgres itself indexes text.
    CREATE TABLE documents AS SELECT id, to_tsvector('english', concat_ws(E'\\n', problem, fix, (
        SELECT string_agg(message ->> 'text', E'\\n') FROM jsonb_array_elements(conversation) AS message
    ))) AS words FROM solutions
""")
INDEX_DOCUMENTS = text("CREATE INDEX ON documents USING gin (words)")
DROP_DOCUMENTS = text("DROP TABLE IF EXISTS documents")

BM25 = """
    -- All terms of the question, and the true number of solutions that hold each.
    WITH corpus AS (
        SELECT count(*) AS size, avg(length) AS mean_length FROM solutions WHERE team = :team AND length > 0
    ),
    weighed AS (
        SELECT term, emphasis * ln(1 + (size - documents + 0.5) / (documents + 0.5)) AS weight
        FROM unnest(CAST(:terms AS text[]), CAST(:emphases AS float[])) AS given (term, emphasis), corpus,
        LATERAL (SELECT count(*) AS documents FROM postings WHERE postings.term = given.term) AS counted
    )
    SELECT thread FROM (
        SELECT solution_id AS id, sum(
            weight * frequency * (:k1 + 1) / (frequency + :k1 * (1 - :b + :b * postings.length / mean_length))
        ) AS score
        FROM weighed JOIN postings USING (term), corpus GROUP BY solution_id
    ) AS scored
"""

DENSE = """
    SELECT thread FROM (
        SELECT solution_id AS id, max(cosine) + avg(cosine) AS score FROM (
            SELECT solution_id, 1 - (embedding <=> CAST(:vector AS vector(384))) AS cosine
            FROM passages WHERE embedder = :embedder OFFSET 0
        ) AS compared GROUP BY solution_id
    ) AS scored
"""

FULL_TEXT = """
    -- Any of the words: a question's words never occur all in one thread.
    SELECT thread FROM (
        SELECT id, ts_rank(words, query) AS score FROM documents,
            to_tsquery(replace(CAST(plainto_tsquery('english', :question) AS text), ' & ', ' | ')) AS query
        WHERE words @@ query
    ) AS scored
"""

VISIBLE_BEST = f"""
    JOIN solutions USING (id) JOIN channels USING (team, channel) WHERE {VISIBLE}
    ORDER BY score DESC, thread LIMIT 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as the methods need it."""

    text: str
    vector: Vector
    embedder: str
    team: str
    exclude: Collection[Thread]
    scope: Scope


def prepare(engine: Engine) -> None:
    """Make what full text search needs of the solutions that are there now."""
    with engine.begin() as connection:
        for statement in (DROP_DOCUMENTS, CREATE_DOCUMENTS, INDEX_DOCUMENTS):
            connection.execute(statement)


def bm25(engine: Engine, asked: Asked) -> list[str]:
    """Give the threads of the ten best by BM25 alone, best first."""
    counted = terms(asked.text)
    emphases = [1 + math.log(count) for count in counted.values()]
    return _best(
        engine,
        BM25,
        asked,
        {"terms": list(counted), "emphases": emphases, "k1": SATURATION, "b": LENGTH_NORMALISATION},
    )


def dense(engine: Engine, asked: Asked) -> list[str]:
    """Give the threads of the ten best by vectors alone, best first."""
    return _best(engine, DENSE, asked, {"vector": vector_literal(asked.vector), "embedder": asked.embedder})


def full_text(engine: Engine, asked: Asked) -> list[str]:
    """Give the threads of the ten best by Postgres's own text search, best first."""
    return _best(engine, FULL_TEXT, asked, {"question": asked.text})


BASELINES: Mapping[str, Callable[[Engine, Asked], list[str]]] = {
    "BM25": bm25,
    "full text": full_text,
    "dense": dense,
}


def _best(engine: Engine, ranking: str, asked: Asked, given: Mapping[str, object]) -> list[str]:
    hidden = [f"{channel} {thread}" for _, channel, thread in asked.exclude]
    common = {"team": asked.team, "hidden": hidden, "withheld": None, **asked.scope.parameters()}
    with engine.begin() as connection:
        return list(connection.execute(text(ranking + VISIBLE_BEST), {**common, **given}).scalars())
