"""What the graph of the vectors finds of the nearest passages, against a comparison with all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, TextClause, text

from memory.embedding.embedder import Embedder
from memory.recall.ranking import NEAREST_PASSAGES, SETTINGS, WALK
from memory.recall.scope import EVERYTHING, Scope
from memory.solutions.index import vector_literal
from tests.bench.corpus import TEAM

EXACT = text(
    WALK.text.replace(
        "CAST(embedding AS halfvec(384)) <=> CAST(:vector AS halfvec(384))",
        "embedding <=> CAST(:vector AS vector(384))",
    )
)
"""The same in full precision, for which there is no index."""


def found_of_nearest(
    connection: Connection, embedder: Embedder, questions: Sequence[str], scope: Scope = EVERYTHING
) -> Mapping[int, float]:
    """The share of the true 10 and of all candidates that the graph finds, 0 to 1, on average."""
    tops = (10, NEAREST_PASSAGES)
    shares: dict[int, list[float]] = {top: [] for top in tops}
    connection.execute(SETTINGS, {"team": TEAM})
    for question in questions:
        [vector] = embedder.embed([question])
        parameters: dict[str, object] = {
            **scope.parameters(),
            "team": TEAM,
            "hidden": [],
            "withheld": None,
            "embedder": embedder.name,
            "vector": vector_literal(vector),
            "nearest_passages": NEAREST_PASSAGES,
        }
        walked, exact = (_ranked(connection, statement, parameters) for statement in (WALK, EXACT))
        for top in tops:
            nearest = set(exact[:top])
            shares[top].append(len(nearest & set(walked)) / len(nearest))
    return {top: sum(found) / len(found) for top, found in shares.items()}


def _ranked(
    connection: Connection, statement: TextClause, parameters: Mapping[str, object]
) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(statement, parameters)]
