"""The embedder of this process: opened for as long as it is needed, warmed before it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Thread

from bot.settings import Settings
from memory.embedding.embedder import Embedder, ProcessEmbedder, open_embedder
from memory.errors import EmbedderUnavailable

logger = logging.getLogger(__name__)


@contextmanager
def open_embedding(settings: Settings) -> Iterator[Embedder]:
    """The embedder of the settings, its process while this is open; the first text loads the model."""
    embedder = open_embedder(settings.oxbow_embedder)
    with embedder if isinstance(embedder, ProcessEmbedder) else nullcontext():
        yield embedder


def warm(embedder: Embedder) -> None:
    """Let the embedder's model load in the background from now on, so that the first search need not wait."""
    Thread(target=_warm, args=(embedder,), name="warm-embedder", daemon=True).start()


def _warm(embedder: Embedder) -> None:
    try:
        embedder.embed(["warm"])
    except EmbedderUnavailable as error:
        logger.warning("memory cannot be searched yet: %s", error)
