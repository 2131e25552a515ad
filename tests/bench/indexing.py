"""Indexing: passages a second from a solution to its rows, with each embedder."""

from __future__ import annotations

import time

from memory.embedder import Embedder, HashingEmbedder, ProcessEmbedder
from memory.index import SolutionIndex
from memory.solutions import Solution
from tests.bench.corpus import Corpus
from tests.bench.figures import Figures
from tests.bench.place import Place
from tests.bench.search import store

TOGETHER = 32
"""Solutions prepared and stored together, as an import does."""


def indexing(at: Place) -> Figures:
    """Passages of threads as long as real ones; MiniLM runs in its process, loaded before."""
    found = Corpus().prepared(1_000, HashingEmbedder())
    solutions = [prepared.solution for prepared in found]
    with ProcessEmbedder() as minilm:
        minilm.embed(["loaded"])
        return {
            "hashing, passages per second": _rate(at, HashingEmbedder(), solutions),
            "MiniLM, passages per second": _rate(at, minilm, solutions[: TOGETHER * 2]),
        }


def _rate(at: Place, embedder: Embedder, solutions: list[Solution]) -> float:
    index, made, begun = SolutionIndex(at.engine, embedder), 0, time.perf_counter()
    for start in range(0, len(solutions), TOGETHER):
        batch = index.prepare_all(solutions[start : start + TOGETHER])
        store(at.engine, index, batch)
        made += sum(len(prepared.passages) for prepared in batch)
    return made / (time.perf_counter() - begun)
