"""Recall: finds solutions of earlier threads that resemble a question.

Two halves in one SQL statement: the nearest passages by vector, and BM25 over the terms. Either alone loses
to both together (real chat, nDCG@10: 40.5 and 38.4 against 48.0). Who may see what is decided inside both
halves: a solution of a channel that is not public, or a withdrawn one, takes nobody's place and is never
read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Engine, RowMapping

from memory.database import transaction
from memory.embedding.embedder import Embedder
from memory.recall.confidence import confidence, margin
from memory.recall.corpus_statistics import StatisticsReader
from memory.recall.ranker_versions import weights_of
from memory.recall.ranking import SEARCH, SETTINGS, search_parameters
from memory.recall.scope import EVERYTHING, Scope
from memory.solutions.index import storable, vector_literal
from memory.solutions.solution import Outcome, Standing
from memory.solutions.terms import spellings, terms

Thread: TypeAlias = tuple[str, str, str]
"""Team, channel, time stamp of the root message."""

FLOOR = 0.35
"""Of the confidence, for what is shown without being asked for: docs/memory.md says what it lets through."""

HIGH = 0.85
"""Of the confidence, for what is offered as the answer."""

SEARCH_FLOOR = 0.4
"""Of overlap + similarity, for somebody who asked: they see the reason of each hit and judge for themselves.
Below it there is neither a shared term of weight nor similar wording."""

CANDIDATES = 60
"""Threads that a ranker is taught with, best first: what is further down no weight brings up."""

KEPT_QUERIES = 256
"""Whose vectors are kept, 4 KB each."""

SIMILAR_WORDING = 0.5
SHOWN_TERMS = 4

COLUMNS = (
    "team", "channel", "channel_name", "thread", "problem", "cause", "fix", "outcome", "permalink",
    "repository", "commit", "finished_at", "standing", "successor", "score",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A solution that resembles the question."""

    solution: UUID
    team: str
    channel: str
    channel_name: str
    thread: str
    problem: str
    fix: str
    outcome: Outcome
    permalink: str
    repository: str | None
    commit: str | None
    finished_at: datetime
    standing: Standing
    successor: str | None
    """The link of the thread that supersedes it."""
    score: float
    """Comparable within one search alone."""
    why: str
    """A short phrase for people, such as `shares KeyError, tz; similar wording`."""
    symptoms: tuple[str, ...] = ()
    """Its error texts, verbatim."""
    cause: str = ""
    excerpt: str
    """The passage that is nearest to the question."""
    overlap: float
    """BM25 over what the question scores against itself, 0 to 1: the best cheap sign that a hit is right."""
    similarity: float
    """Cosine of the nearest passage, -1 to 1."""
    confidence: float
    """About the probability that it answers the question, 0 to 1."""
    shared: tuple[str, ...]
    """The terms that it shares with the question, heaviest first, as the question spells them."""
    margin: float
    """How far it matches better than the best other thread, age, channel and outcome left aside: negative
    when another matches better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A thread that a search looked at, and its features in the order of `Weights`."""

    thread: Thread
    features: tuple[float, ...]


class Recall:
    """Searches the memory. Safe to use from several threads; reads only."""

    def __init__(self, engine: Engine, embedder: Embedder) -> None:
        self._engine = engine
        self._embedder = embedder
        self._statistics = StatisticsReader()
        # Pages of a search and its sharing ask the same again.
        self._vector = lru_cache(maxsize=KEPT_QUERIES)(self._embed)

    def search(
        self,
        query: str,
        *,
        team: str,
        channel: str | None = None,
        limit: int = 5,
        exclude: Collection[Thread] = (),
        scope: Scope = EVERYTHING,
    ) -> list[Hit]:
        """Return the best hits, best first, one for each thread, all of public channels of the team.

        `channel` is where the question is asked: its own threads count a little more. `exclude` holds threads
        that must not be found, such as the question's own. An empty list when the query has no words or the
        memory nothing to show. Raises `EmbedderUnavailable`.
        """
        query = storable(query)
        rows = self._rows(query, team=team, channel=channel, limit=limit, exclude=exclude, scope=scope)
        spelled = spellings(query)
        return [_hit(row, spelled) for row in rows]

    def candidates(
        self, query: str, *, team: str, channel: str | None, exclude: Collection[Thread], scope: Scope
    ) -> list[Candidate]:
        """Give what a ranker orders: the threads that a search looks at, as far as it might move them up."""
        rows = self._rows(
            storable(query), team=team, channel=channel, limit=CANDIDATES, exclude=exclude, scope=scope
        )
        return [
            Candidate(
                thread=(team, row["channel"], row["thread"]), features=tuple(map(float, row["features"]))
            )
            for row in rows
        ]

    def _embed(self, query: str) -> str:
        [vector] = self._embedder.embed([query])
        return vector_literal(vector)

    def _rows(
        self,
        query: str,
        *,
        team: str,
        channel: str | None,
        limit: int,
        exclude: Collection[Thread],
        scope: Scope,
    ) -> Sequence[RowMapping]:
        if not query.strip():
            return []
        parameters: dict[str, object] = {
            "team": team,
            "channel": channel,
            "limit": limit,
            "embedder": self._embedder.name,
            "vector": self._vector(query),
            "hidden": [f"{channel} {thread}" for _, channel, thread in exclude],
        }
        with transaction(self._engine) as connection:
            holds = connection.execute(SETTINGS, {"team": team}).one()
            corpus = self._statistics.read(connection, team)
            parameters |= search_parameters(terms(query), corpus, scope, weights_of(holds.weights))
            parameters["withheld"] = holds.withheld or None
            return connection.execute(SEARCH, parameters).mappings().all()


def worth_showing(hits: Sequence[Hit]) -> list[Hit]:
    """Keep the hits a person should be bothered with, in their order; often none, and none that is wrong."""
    return [hit for hit in hits if hit.confidence >= FLOOR and hit.standing != "wrong"]


def resembling(hits: Sequence[Hit]) -> list[Hit]:
    """Keep the hits that an explicit search may show, in their order; none is an answer too."""
    return [hit for hit in hits if hit.overlap + hit.similarity >= SEARCH_FLOOR]


def confident(hit: Hit) -> bool:
    """Tell whether a hit is so clear that it may be offered as the answer before anything else is tried."""
    return hit.confidence >= HIGH and hit.standing == "current"


def _hit(row: RowMapping, spelled: Mapping[str, str]) -> Hit:
    shared = _distinct(spelled.get(term, term) for term in row["shared"])
    overlap = min(1.0, row["lexical"] / row["own_score"]) if row["own_score"] else 0.0
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    return Hit(
        **values,
        solution=row["id"],
        symptoms=tuple(row["symptoms"]),
        excerpt=row["excerpt"] or "",
        shared=tuple(shared),
        why=_why(shared, similarity=row["best"]),
        overlap=overlap,
        similarity=row["best"],
        margin=margin(row["relevance"], row["rivals"]),
        confidence=confidence(row["relevance"], row["rivals"]),
    )


def _distinct(spellings_: Iterable[str]) -> list[str]:
    """Leave out words that an earlier, heavier one contains: who reads `parse_tz` need not read `tz`."""
    kept: list[str] = []
    for spelling in spellings_:
        if not any(spelling.lower() in word.lower() for word in kept):
            kept.append(spelling)
    return kept


def _why(shared: Sequence[str], *, similarity: float) -> str:
    reasons = []
    if shared:
        reasons.append("shares " + ", ".join(shared[:SHOWN_TERMS]))
    if similarity >= SIMILAR_WORDING:
        reasons.append("similar wording")
    return "; ".join(reasons) or "distantly similar wording"
