"""Searching a memory of a given size, with the embedding of the question and without."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from sqlalchemy import Engine, text

from memory.embedder import Embedder, ProcessEmbedder
from memory.index import PreparedSolution, SolutionIndex
from memory.recall import Recall
from tests.bench.corpus import CHANNELS, TEAM, Corpus, known_vectors
from tests.bench.figures import Figures, spread, timed
from tests.bench.place import kept

SHORT, LONG = 8, 120
"""Words of a slash command's question, and of a mention with a pasted trace."""

QUESTIONS = 100
STORED_TOGETHER = 64

OPEN_CHANNELS = text("""
    -- Every channel of the corpus is public.
    INSERT INTO channels (team, channel, name, public, reason, source)
    SELECT :team, 'C' || number, 'channel-' || number, true, '', 'slack'
    FROM generate_series(0, :channels - 1) AS number
""")


def search(passages: int) -> Figures:
    """Short and long questions to a memory of so many passages."""
    with ProcessEmbedder() as embedder, kept(f"memory_{passages}", _builder(passages, embedder)) as engine:
        corpus, figures = Corpus(), Figures()
        for name, words in (("short", SHORT), ("long", LONG)):
            questions = corpus.questions(QUESTIONS, words=words)
            database = _searches(engine, known_vectors(embedder, questions), questions)
            whole = _searches(engine, embedder, questions)
            figures |= spread(f"{name} question, SQL alone", database)
            figures |= spread(f"{name} question, embedding included", whole)
        return figures


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
        while batch := list(islice(prepared, STORED_TOGETHER)):
            store(engine, index, batch)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))

    return build


def store(engine: Engine, index: SolutionIndex, batch: list[PreparedSolution]) -> None:
    """Write some solutions in one transaction."""
    with engine.begin() as connection:
        for prepared in batch:
            index.store(connection, prepared)
