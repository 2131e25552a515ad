"""A made-up memory of any size: threads about some hundred topics, in invented words.

Words follow Zipf's law as in any language, so common terms have long postings and rare ones tell threads
apart. A real embedder places the topics; the passages lie around theirs, about as near to each other as
passages of one topic are in real chat, and in the directions in which the topics differ: in all directions
alike no two would have neighbours in common. Embedding them all would take hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memory.embedding.embedder import Embedder, Vector
from memory.solutions.chunking import passages, solution_terms
from memory.solutions.index import PreparedSolution
from memory.solutions.solution import Evidence, Solution, Utterance

Matrix: TypeAlias = npt.NDArray[np.float64]

TEAM = "T1"
CHANNELS = 40
TOPICS = 300
WORDS = 20_000
SPREAD = 0.98
"""Length of what sets a passage apart from its topic, which has length 1: cosines of 0.5 within a topic."""

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SYLLABLES = tuple(first + vowel for first in "bdfgklmnprstvwz" for vowel in "aeiou")
ERRORS = ("KeyError", "ValueError", "TimeoutError", "ConnectionResetError", "PermissionError", "TypeError")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What some threads are about: words of its own, and a name of an error and of a file."""

    words: tuple[str, ...]
    error: str
    file: str

    @property
    def described(self) -> str:
        """A text that only this topic's threads resemble."""
        return f"{self.error} in {self.file}: {' '.join(self.words)}"


class Corpus:
    """Threads and questions, the same ones every time."""

    def __init__(self) -> None:
        chance = random.Random(7)
        self._words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(WORDS)]
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(WORDS)))
        self.topics = [self._topic(chance) for _ in range(TOPICS)]

    def prepared(self, count: int, embedder: Embedder) -> Iterator[PreparedSolution]:
        """Solutions, ready to be stored, that together have at least `count` passages."""
        around = _Surroundings(self._centres(embedder), seed=9)
        chance = random.Random(8)
        made = number = 0
        while made < count:
            number += 1
            place = chance.randrange(TOPICS)
            solution = self._solution(chance, number, self.topics[place])
            pieces = passages(solution)
            made += len(pieces)
            yield PreparedSolution(
                solution=solution,
                terms=solution_terms(solution),
                passages=pieces,
                vectors=tuple(around.of(place, len(pieces))),
                embedder=embedder.name,
            )

    def vectors(self, count: int, embedder: Embedder) -> KnownVectors:
        """Vectors that lie as the passages' do and are none of theirs, each under a number."""
        around, chance = _Surroundings(self._centres(embedder), seed=10), random.Random(11)
        vectors = {str(number): around.of(chance.randrange(TOPICS), 1)[0] for number in range(count)}
        return KnownVectors(embedder.name, embedder.dimensions, vectors)

    def _centres(self, embedder: Embedder) -> Matrix:
        return np.array(embedder.embed([topic.described for topic in self.topics]))

    def questions(self, count: int, *, words: int) -> list[str]:
        """Questions of about that many words on some of the topics."""
        chance = random.Random(words)
        return [
            f"{topic.error} {self._text(chance, topic, words)}"
            for topic in chance.choices(self.topics, k=count)
        ]

    def _topic(self, chance: random.Random) -> Topic:
        words = tuple(chance.sample(self._words[200:], 12))
        field = f"{words[0]}_{words[1]}"
        return Topic(
            words=words, error=f"{chance.choice(ERRORS)}: '{field}'", file=f"{words[2]}/{words[3]}.py"
        )

    def _text(self, chance: random.Random, topic: Topic, count: int) -> str:
        general = chance.choices(self._words, cum_weights=self._weights, k=count)
        return " ".join(chance.choice(topic.words) if chance.random() < 0.2 else word for word in general)

    def _solution(self, chance: random.Random, number: int, topic: Topic) -> Solution:
        said = [self._text(chance, topic, chance.randint(15, 90)) for _ in range(chance.randint(2, 6))]
        return Solution(
            team=TEAM,
            channel=f"C{number % CHANNELS}",
            thread=f"{number}.0",
            turn=1,
            session=None,
            problem=f"{topic.error} {self._text(chance, topic, 40)}",
            fix=self._text(chance, topic, 60),
            outcome="answered",
            finished_at=NOW - timedelta(hours=number),
            permalink=f"https://chat.example.org/{number}",
            symptoms=(topic.error,),
            evidence=(Evidence(command=f"python -m pytest {topic.file}", exit_code=0),),
            files=(topic.file,),
            conversation=tuple(Utterance(author="Ada", text=text) for text in said),
        )


class _Surroundings:
    """Vectors around the topics'."""

    def __init__(self, centres: Matrix, *, seed: int) -> None:
        self._centres = centres
        self._directions = centres - centres.mean(axis=0)
        self._noise = np.random.default_rng(seed)

    def of(self, topic: int, count: int) -> list[Vector]:
        apart = self._noise.normal(size=(count, len(self._centres))) @ self._directions
        apart *= SPREAD / np.linalg.norm(apart, axis=1, keepdims=True)
        around = self._centres[topic] + apart
        vectors: list[Vector] = (around / np.linalg.norm(around, axis=1, keepdims=True)).tolist()
        return vectors


@dataclass(frozen=True, slots=True)
class KnownVectors:
    """An embedder that has computed before what it is asked: what remains of a search is the database's."""

    name: str
    dimensions: int
    vectors: dict[str, Vector]

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Look the vectors up."""
        return [self.vectors[text] for text in texts]


def known_vectors(embedder: Embedder, texts: Sequence[str]) -> KnownVectors:
    """The vectors of these texts, computed once."""
    vectors = dict(zip(texts, embedder.embed(texts), strict=True))
    return KnownVectors(embedder.name, embedder.dimensions, vectors)
