"""Vectors on disk: what was embedded once is not embedded again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from memory.embedding.embedder import HashingEmbedder, Vector
from memory.embedding.vector_cache import CachingEmbedder


class Counting:
    """The hashing embedder, counting what it is asked."""

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.dimensions = HashingEmbedder.dimensions
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.asked += texts
        return HashingEmbedder().embed(texts)


def test_gives_the_vectors_of_the_embedder_in_order(tmp_path: Path) -> None:
    texts = ["one", "two", "one", ""]
    with CachingEmbedder(Counting(), tmp_path / "vectors.sqlite") as cached:
        first, again = cached.embed(texts), cached.embed(texts)
    assert first == again
    for vector, expected in zip(first, HashingEmbedder().embed(texts), strict=True):
        assert vector == pytest.approx(expected, abs=1e-6)


def test_asks_once_for_each_text_also_when_opened_again(tmp_path: Path) -> None:
    counting = Counting()
    for texts in (["one", "two", "one"], ["two", "three"]):
        with CachingEmbedder(counting, tmp_path / "folder" / "vectors.sqlite") as cached:
            cached.embed(texts)
    assert counting.asked == ["one", "two", "three"]


def test_keeps_the_vectors_of_two_embedders_apart(tmp_path: Path) -> None:
    other = Counting("other")
    for counting in (Counting(), other):
        with CachingEmbedder(counting, tmp_path / "vectors.sqlite") as cached:
            cached.embed(["one"])
    assert other.asked == ["one"]
