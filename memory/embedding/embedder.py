"""Embedders: text to vectors for the semantic half of recall.

The model costs ten seconds of import and 600 MB, so the product reaches it through `ProcessEmbedder`, which
keeps it in a process of its own; no other process imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from memory.embedding.encoders import (
    DIMENSIONS,
    HashingEmbedder,
    SentenceTransformerEmbedder,
    SilentEmbedder,
    Vector,
)
from memory.embedding.process import ProcessEmbedder
from memory.errors import UnknownEmbedder

EMBEDDERS = ("minilm", "hashing")
"""The names that a setting may choose from."""

__all__ = [
    "DIMENSIONS",
    "EMBEDDERS",
    "Embedder",
    "HashingEmbedder",
    "ProcessEmbedder",
    "SentenceTransformerEmbedder",
    "SilentEmbedder",
    "Vector",
    "open_embedder",
    "patient",
]


class Embedder(Protocol):
    """Turns texts into vectors of length 1.

    Equal texts give equal vectors whatever they are batched with (to rounding), an empty text gives a vector
    too, and the order is kept. Safe to call from several threads. Raises `EmbedderUnavailable`.
    """

    @property
    def name(self) -> str:
        """Stored with every vector: vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector for each text."""
        ...


def open_embedder(name: str) -> Embedder:
    """Make the embedder a setting names: `minilm` (the product's) or `hashing` (tests).

    Raises `UnknownEmbedder`. Nothing is loaded before the first `embed`.
    """
    match name:
        case "minilm":
            return ProcessEmbedder()
        case "hashing":
            return HashingEmbedder()
        case _:
            raise UnknownEmbedder(f"there is no embedder {name!r}; choose one of {', '.join(EMBEDDERS)}")


def patient(embedder: Embedder) -> Embedder:
    """The embedder as indexing uses it: whoever asks a question goes first."""
    return embedder.patient if isinstance(embedder, ProcessEmbedder) else embedder
