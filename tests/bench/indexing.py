"""Indexing: passages a second from a thread to its rows, the embedder alone, and the same threads again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Engine, text

from memory.embedding.embedder import Embedder, HashingEmbedder, ProcessEmbedder
from memory.evaluation.judged import Threads
from memory.imports.importing import import_threads
from memory.imports.threads import ImportedMessage, ImportedThread, solution_of
from memory.secrets.mask import SecretMask
from memory.solutions.chunking import passages
from memory.solutions.solution import Solution
from tests.bench.corpus import TEAM, Corpus
from tests.bench.figures import Figures
from tests.bench.place import Place

T = TypeVar("T")

TOGETHER = 32
"""Threads imported and embedded in turn, so that both sides see the same moments of a busy machine."""

EMPTY = text("TRUNCATE solutions CASCADE")


def indexing(at: Place) -> Figures:
    """Threads as long as real ones; MiniLM runs in its process, loaded before."""
    found = Corpus().prepared(1_000, HashingEmbedder())
    threads = [_thread(prepared.solution) for prepared in found]
    with ProcessEmbedder() as minilm:
        minilm.embed(["loaded"])
        fast, _, _ = _seconds(at.engine, HashingEmbedder(), threads)
        some = threads[: TOGETHER * 2]
        first, alone, again = _seconds(at.engine, minilm, some)
    return {
        "hashing, passages per second": len(_texts(threads)) / fast,
        "MiniLM, passages per second": len(_texts(some)) / first,
        "MiniLM without indexing, passages per second": len(_texts(some)) / alone,
        "indexing, percent of MiniLM alone": 100 * alone / first,
        "the same threads again, times as fast": first / again,
    }


def _seconds(
    engine: Engine, embedder: Embedder, threads: Sequence[ImportedThread]
) -> tuple[float, float, float]:
    """Of an import into an empty memory, of the embedding alone, and of the same import again."""
    with engine.begin() as connection:
        connection.execute(EMPTY)
    batches = [threads[start : start + TOGETHER] for start in range(0, len(threads), TOGETHER)]
    secrets, first, alone = SecretMask(), 0.0, 0.0

    def bring(batch: Sequence[ImportedThread]) -> None:
        for _ in import_threads(engine, embedder, Threads(given=batch), team=TEAM, secrets=secrets):
            pass

    for batch in batches:
        alone += _timed(embedder.embed, _texts(batch))
        first += _timed(bring, batch)
    return first, alone, sum(_timed(bring, batch) for batch in batches)


def _timed(work: Callable[[T], object], given: T) -> float:
    begun = time.perf_counter()
    work(given)
    return time.perf_counter() - begun


def _texts(threads: Sequence[ImportedThread]) -> list[str]:
    return [piece.text for thread in threads for piece in passages(solution_of(thread, team=TEAM))]


def _thread(solution: Solution) -> ImportedThread:
    """The thread from which a solution could have been read."""
    said = [(solution.conversation[0].author, solution.problem), ("Bo", solution.fix)]
    said += [(each.author, each.text) for each in solution.conversation]
    return ImportedThread(
        channel=solution.channel,
        channel_name=solution.channel,
        thread=solution.thread,
        title="",
        permalink=solution.permalink,
        messages=tuple(ImportedMessage(author=by, text=words, at=solution.finished_at) for by, words in said),
    )
