"""An embedder that nobody waits for in vain: a question is answered in time, or goes on without."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from memory.embedding.embedder import Embedder, Vector
from memory.errors import EmbedderUnavailable

SECONDS = 10.0
"""A question takes 20 ms, behind a busy process half a second; loading the model takes about this long, and a
hanging process is given up after 240."""

MOST_WAITING = 64
"""Threads that wait for one that hangs; who comes then is told at once."""


class BoundedEmbedder:
    """Asks another embedder and waits for `seconds` at most; the contract is `Embedder`'s.

    The call itself goes on: a process that loads its model is not started over by impatience.
    """

    def __init__(self, embedder: Embedder, seconds: float = SECONDS) -> None:
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self._embedder = embedder
        self._seconds = seconds
        self._free = BoundedSemaphore(MOST_WAITING)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector for each text. Raises `EmbedderUnavailable`, also when it takes too long."""
        if not self._free.acquire(blocking=False):
            raise EmbedderUnavailable(f"{MOST_WAITING} questions wait for the embedder {self.name}")
        answers: SimpleQueue[list[Vector] | EmbedderUnavailable] = SimpleQueue()
        Thread(target=self._ask, args=(list(texts), answers), name="embed", daemon=True).start()
        try:
            answer = answers.get(timeout=self._seconds)
        except Empty:
            late = f"the embedder {self.name} gave no answer within {self._seconds:g} s"
            raise EmbedderUnavailable(late) from None
        if isinstance(answer, EmbedderUnavailable):
            raise answer
        return answer

    def _ask(self, texts: list[str], answers: SimpleQueue[list[Vector] | EmbedderUnavailable]) -> None:
        try:
            answers.put(self._embedder.embed(texts))
        except EmbedderUnavailable as error:
            answers.put(error)
        finally:
            self._free.release()
