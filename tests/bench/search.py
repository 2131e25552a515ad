"""Searching a memory of a given size, with the embedding of the question and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

from sqlalchemy import Engine, text

from memory.embedding.embedder import Embedder, ProcessEmbedder
from memory.recall.recall import Recall
from memory.recall.scope import EVERYTHING, Scope
from memory.solutions.index import PreparedSolution, SolutionIndex
from tests.bench.corpus import CHANNELS, NOW, TEAM, Corpus, known_vectors
from tests.bench.figures import Figures, spread, timed
from tests.bench.neighbours import found_of_nearest
from tests.bench.place import kept

WORDS = {"short": 8, "long": 120}
"""Of a slash command's question, and of a mention with a pasted trace."""

QUESTIONS = 100
STORED_TOGETHER = 64

COMPARED = 50
"""Questions whose nearest passages are looked for among all, too: that reads every vector."""

SCOPES = {
    "everything": EVERYTHING,
    "one channel of forty": Scope(channels=("C1",)),
    "four channels of forty": Scope(channels=("C1", "C2", "C3", "C4")),
    "the latest 4,000 threads": Scope(after=NOW - timedelta(hours=4_000)),
}

DEFINITION = text("SELECT indexdef FROM pg_indexes WHERE indexname = 'passages_nearest'")

SIZES = text("""
    SELECT pg_relation_size('passages_nearest'), pg_total_relation_size('solutions')
        + pg_total_relation_size('passages') + pg_total_relation_size('postings')
""")

OPEN_CHANNELS = text("""
    -- Every channel of the corpus is public.
    INSERT INTO channels (team, channel, name, public, reason, source)
    SELECT :team, 'C' || number, 'channel-' || number, true, '', 'slack'
    FROM generate_series(0, :channels - 1) AS number
""")


def search(passages: int) -> Figures:
    """Short and long questions to a memory of so many passages, and what the graph finds of the nearest."""
    with ProcessEmbedder() as embedder, kept(f"memory_{passages}", _builder(passages, embedder)) as engine:
        corpus, figures = Corpus(), _size(engine, passages)
        asked = {name: corpus.questions(QUESTIONS, words=words) for name, words in WORDS.items()}
        known = known_vectors(embedder, [question for questions in asked.values() for question in questions])
        for name, questions in asked.items():
            database = _searches(engine, known, questions)
            whole = _searches(engine, embedder, questions)
            figures |= spread(f"{name} question, SQL alone", database)
            figures |= spread(f"{name} question, embedding included", whole)
        others = corpus.vectors(COMPARED, embedder)
        with engine.connect() as connection:
            for name, scope in SCOPES.items():
                found = found_of_nearest(connection, others, list(others.vectors), scope)
                figures |= {f"{name}, found of the nearest {top}, percent": 100 * found[top] for top in found}
        return figures


def _size(engine: Engine, passages: int) -> Figures:
    with engine.connect() as connection:
        graph, everything = connection.execute(SIZES).one()
    return {
        "graph, MB for a million passages": graph / passages,
        "tables and indexes, MB for a million passages": everything / passages,
    }


def _searches(engine: Engine, embedder: Embedder, questions: list[str]) -> list[float]:
    """Milliseconds of each search; the first round fills the caches and is not counted."""
    recall = Recall(engine, embedder)

    def ask(number: int) -> None:
        recall.search(questions[number], team=TEAM, channel="C1")

    timed(len(questions) // 4, ask)
    return timed(len(questions), ask)


def _builder(passages: int, embedder: Embedder) -> Callable[[Engine], None]:
    def build(engine: Engine) -> None:
        index, prepared = SolutionIndex(engine, embedder), Corpus().prepared(passages, embedder)
        with engine.begin() as connection:
            connection.execute(OPEN_CHANNELS, {"team": TEAM, "channels": CHANNELS})
        with _graph_afterwards(engine):
            while batch := list(islice(prepared, STORED_TOGETHER)):
                store(engine, index, batch)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE"))

    return build


@contextmanager
def _graph_afterwards(engine: Engine) -> Iterator[None]:
    """The graph is made at the end and at once, which takes a third of the time."""
    with engine.begin() as connection:
        definition = connection.execute(DEFINITION).scalar_one()
        connection.execute(text("DROP INDEX passages_nearest"))
    yield
    with engine.begin() as connection:
        for setting in ("statement_timeout = 0", "maintenance_work_mem = '2GB'"):
            connection.execute(text(f"SET LOCAL {setting}"))
        connection.execute(text(definition))


def store(engine: Engine, index: SolutionIndex, batch: list[PreparedSolution]) -> None:
    """Write some solutions in one transaction."""
    with engine.begin() as connection:
        for prepared in batch:
            index.store(connection, prepared)
