"""An embedder in a process of its own, so that no other process imports torch.

It starts with the first text, is started again when it died, and never outlives its parent, however that one
ends. One thread at a time talks to it, a few texts each turn; questions go before what is indexed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self, TypeAlias

from memory.embedding.encoders import DIMENSIONS, HashingEmbedder, SentenceTransformerEmbedder, Vector
from memory.embedding.turns import Turns
from memory.errors import EmbedderUnavailable

Kind: TypeAlias = type[SentenceTransformerEmbedder] | type[HashingEmbedder]

TEXTS_PER_TURN = 8
"""About 0.4 s of work: the longest a search waits while a thread is being indexed."""

LONGEST_TURN = 120.0
"""Seconds for one answer. The first includes loading the model: 10 s on an idle machine, a minute on a busy
one. A process that says nothing for longer hangs and is replaced."""


FAREWELL = 5.0
"""Seconds it has to leave by itself: the turn it may be in the midst of takes less than one."""


class ProcessEmbedder:
    """Runs an embedder of the given kind elsewhere; the contract is `Embedder`'s.

    Raises `EmbedderUnavailable` when the process cannot be started or dies twice over the same texts.
    """

    dimensions = DIMENSIONS

    def __init__(self, kind: Kind = SentenceTransformerEmbedder) -> None:
        self.name = kind.name
        self._kind = kind
        self._turns = Turns()
        self._server: tuple[SpawnProcess, Connection] | None = None

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector for each text, letting other callers in between every few texts."""
        return self._embed(texts, patient=False)

    @property
    def patient(self) -> PatientEmbedder:
        """The same, for whoever lets all other callers go first, every few texts again."""
        return PatientEmbedder(self.name, partial(self._embed, patient=True))

    def _embed(self, texts: Sequence[str], *, patient: bool) -> list[Vector]:
        vectors: list[Vector] = []
        for start in range(0, len(texts), TEXTS_PER_TURN):
            with self._turns.turn(patient=patient):
                vectors += self._ask(list(texts[start : start + TEXTS_PER_TURN]))
        return vectors

    def close(self) -> None:
        """End the process; the next `embed` starts another."""
        with self._turns.turn():
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def process_id(self) -> int | None:
        """The running process, for `doctor` and tests; None before the first text."""
        return self._server[0].pid if self._server else None

    @property
    def waiting(self) -> int:
        """How many callers wait for their turn."""
        return self._turns.waiting

    def _ask(self, texts: list[str]) -> list[Vector]:
        try:
            return self._exchange(texts)
        except (EOFError, OSError):
            # It died, perhaps long ago and for want of memory: a new one deserves one try.
            self._stop()
        try:
            return self._exchange(texts)
        except (EOFError, OSError) as error:
            self._stop()
            raise EmbedderUnavailable(f"the embedder {self.name} died twice over the same texts") from error

    def _exchange(self, texts: list[str]) -> list[Vector]:
        _, connection = self._server = self._server or self._start()
        connection.send(texts)
        if not connection.poll(LONGEST_TURN):
            raise TimeoutError(f"no answer within {LONGEST_TURN:.0f} s")
        answer: list[Vector] | str = connection.recv()
        if isinstance(answer, str):
            self._stop()
            raise EmbedderUnavailable(answer)
        return answer

    def _start(self) -> tuple[SpawnProcess, Connection]:
        # Spawned, not forked: a fork would copy locks that other threads hold at that instant.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._kind), name="embedder", daemon=True)
        process.start()
        # Without this the parent itself would keep the pipe of a dead process open and never see its end.
        theirs.close()
        return process, ours

    def _stop(self) -> None:
        if self._server is None:
            return
        process, connection = self._server
        self._server = None
        # It leaves at the end of its pipe; only so are the semaphores of its libraries cleaned up.
        connection.close()
        process.join(FAREWELL)
        process.kill()
        process.join()
        process.close()


class PatientEmbedder:
    """A process's embedder for texts that nobody waits for; the contract is `Embedder`'s."""

    dimensions = DIMENSIONS

    def __init__(self, name: str, embed: Callable[[Sequence[str]], list[Vector]]) -> None:
        self.name = name
        self._embed = embed

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector for each text, after all who are in more of a hurry."""
        return self._embed(texts)


def _serve(connection: Connection, kind: Kind) -> None:
    """Answer lists of texts with lists of vectors, or with one sentence why not, until the parent is gone."""
    # Ctrl-C in a terminal reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The parent's interpreter ends its children with this signal; leave in an orderly way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        embedder = kind()
    except (EmbedderUnavailable, ImportError, OSError) as error:
        connection.recv()
        connection.send(f"the embedder {kind.name} cannot be loaded: {error}")
        return
    while True:
        try:
            texts: list[str] = connection.recv()
        except EOFError:
            return
        connection.send(embedder.embed(texts))


def _leave_with_parent() -> None:
    # The pipe alone tells a process that is busy embedding too late.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
