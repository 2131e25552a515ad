"""Learning: weights from questions whose answers are known. Pure.

A linear ranker, fitted so that the answers of a question come before its other candidates: the softmax of the
scores against the grades, which is convex, by Newton's method. It is pulled towards the shipped weights, so a
workspace with few questions changes them little, and a feature that never varies not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memory.evaluation.measures import ndcg
from memory.recall.weights import DEFAULT, FEATURES, Weights

Matrix: TypeAlias = npt.NDArray[np.float64]

SHARPNESS = 10.0
"""Of the softmax: with it the shipped weights are about as sure as they are right."""

PULL = 2.0
"""Strength of the pull, in questions: ten times as many outweigh it."""

STEPS = 12
"""Of Newton's method; it stands still after six or seven."""

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question: its candidates, the features and the grade of each, and the best possible ranking."""

    features: tuple[tuple[float, ...], ...]
    grades: tuple[int, ...]
    ideal: tuple[int, ...]
    """All grades of the question, of answers that are no candidates too."""

    @property
    def teaches(self) -> bool:
        """Whether there is something to tell apart."""
        return 0 < sum(grade > 0 for grade in self.grades) < len(self.grades)


def fit(examples: Sequence[Example]) -> Weights:
    """Give the weights that rank the examples best; the shipped ones when none of them teaches."""
    questions = [(_matrix(example), _target(example)) for example in examples if example.teaches]
    if not questions:
        return DEFAULT
    start = np.array(DEFAULT.values()) * SHARPNESS
    weights = start
    for _ in range(STEPS):
        gradient, curvature = PULL * (weights - start), PULL * np.eye(len(start))
        for features, target in questions:
            likely = _softmax(features @ weights)
            mean = likely @ features
            gradient = gradient + mean - target @ features
            curvature = curvature + (features.T * likely) @ features - np.outer(mean, mean)
        weights = weights - np.linalg.solve(curvature, gradient)
    return _scaled(weights)


def mean_ndcg(examples: Sequence[Example], weights: Weights) -> float:
    """Normalised discounted cumulative gain of the best ten, 0 to 1, over questions; at least one."""
    return sum(_ndcg(example, weights) for example in examples) / len(examples)


def cross_validated(examples: Sequence[Example]) -> float:
    """The same with weights that were fitted to other examples: each fold by the other four."""
    folds = [examples[start::FOLDS] for start in range(FOLDS)]
    total = 0.0
    for held, fold in enumerate(folds):
        others = [example for other, part in enumerate(folds) if other != held for example in part]
        weights = fit(others)
        total += sum(_ndcg(example, weights) for example in fold)
    return total / len(examples)


def _ndcg(example: Example, weights: Weights) -> float:
    order = np.argsort(-(_matrix(example) @ np.array(weights.values())), kind="stable")
    absent = {f"absent {n}": grade for n, grade in enumerate(_absent(example))}
    grades = {str(place): grade for place, grade in enumerate(example.grades)}
    return ndcg([str(place) for place in order], grades | absent)


def _absent(example: Example) -> list[int]:
    missing = list(example.ideal)
    for grade in example.grades:
        if grade in missing:
            missing.remove(grade)
    return missing


def _matrix(example: Example) -> Matrix:
    return np.array(example.features, dtype=np.float64).reshape(len(example.features), len(FEATURES))


def _target(example: Example) -> Matrix:
    gains: Matrix = 2.0 ** np.array(example.grades, dtype=np.float64) - 1
    share: Matrix = gains / gains.sum()
    return share


def _softmax(scores: Matrix) -> Matrix:
    raised: Matrix = np.exp(scores - scores.max())
    likely: Matrix = raised / raised.sum()
    return likely


def _scaled(weights: Matrix) -> Weights:
    """Order does not depend on the scale: let the three of the match add up as the shipped ones do."""
    match = DEFAULT.lexical + DEFAULT.best + DEFAULT.mean
    found = float(weights[:3].sum())
    scale = match / found if found > 0 else 1 / SHARPNESS
    return Weights(**{name: float(weight * scale) for name, weight in zip(FEATURES, weights, strict=True)})
