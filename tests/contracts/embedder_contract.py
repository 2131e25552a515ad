"""The contract every embedder keeps; a test class inherits it and gives the embedder."""

from __future__ import annotations

import math

import pytest

from memory.embedding.embedder import Embedder, Vector


def cosine(left: Vector, right: Vector) -> float:
    """Cosine of two vectors of length 1."""
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


class EmbedderContract:
    """Each test is one promise of `Embedder`."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError("the inheriting class gives its embedder")

    def test_gives_one_vector_of_the_stated_width_for_each_text(self, embedder: Embedder) -> None:
        vectors = embedder.embed([f"text number {n}" for n in range(20)])
        assert [len(vector) for vector in vectors] == [embedder.dimensions] * 20

    def test_vectors_are_plain_numbers_of_length_one(self, embedder: Embedder) -> None:
        (vector,) = embedder.embed(["KeyError: 'tz' in the nightly import"])
        assert type(vector[0]) is float
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)

    def test_no_texts_give_no_vectors(self, embedder: Embedder) -> None:
        assert embedder.embed([]) == []

    def test_an_empty_text_has_a_vector_too(self, embedder: Embedder) -> None:
        assert math.hypot(*embedder.embed([""])[0]) == pytest.approx(1, abs=1e-5)

    def test_equal_texts_give_equal_vectors_whatever_stands_beside_them(self, embedder: Embedder) -> None:
        (alone,) = embedder.embed(["the import fails"])
        beside = embedder.embed(["a much longer text " * 40, "the import fails"])[1]
        # Within the rounding of the short floats that some processors are quick at.
        assert cosine(alone, beside) == pytest.approx(1, abs=1e-3)

    def test_a_related_text_is_nearer_than_an_unrelated_one(self, embedder: Embedder) -> None:
        question, related, unrelated = embedder.embed(
            [
                "nightly import fails with a KeyError for the time zone",
                "the import raised KeyError because the time zone was missing",
                "how do I centre a heading with a style sheet",
            ]
        )
        assert cosine(question, related) > cosine(question, unrelated) + 0.2

    def test_has_a_name_to_store_with_its_vectors(self, embedder: Embedder) -> None:
        assert embedder.name.isascii()
        assert 0 < len(embedder.name) <= 64
