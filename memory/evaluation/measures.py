"""Evaluation: how well a ranking puts the relevant first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Means over queries, each 0 to 1."""

    queries: int
    ndcg_at_10: float
    recall_at_5: float
    recall_at_10: float
    reciprocal_rank: float
    """Of the first relevant among ten."""


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], *, depth: int = 10) -> float:
    """Normalised discounted cumulative gain with gain 2^grade - 1; 0 to 1. At least one grade is positive."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:depth])
    return _gain([grades.get(document, 0) for document in ranked[:depth]]) / ideal


def recall(ranked: Sequence[str], grades: Mapping[str, int], *, depth: int) -> float:
    """Share of the relevant that are among the first `depth`."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:depth])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], *, depth: int = 10) -> float:
    """One over the place of the first relevant document; 0 when none is among the first `depth`."""
    places = (n for n, document in enumerate(ranked[:depth], start=1) if grades.get(document, 0) > 0)
    return 1 / next(places, math.inf)


def quality(judged: Iterable[tuple[Sequence[str], Mapping[str, int]]]) -> Quality:
    """Average over queries, each given as its ranking and its grades. At least one query."""
    queries = list(judged)

    def mean(values: Iterable[float]) -> float:
        return math.fsum(values) / len(queries)

    return Quality(
        queries=len(queries),
        ndcg_at_10=mean(ndcg(ranked, grades) for ranked, grades in queries),
        recall_at_5=mean(recall(ranked, grades, depth=5) for ranked, grades in queries),
        recall_at_10=mean(recall(ranked, grades, depth=10) for ranked, grades in queries),
        reciprocal_rank=mean(reciprocal_rank(ranked, grades) for ranked, grades in queries),
    )


def precision_at_coverage(answered: Iterable[tuple[float, bool]], coverage: float) -> float:
    """Share of right ones among the most confident part of the answers, each a confidence and whether right.

    `coverage` is that part, above 0 and at most 1. At least one answer.
    """
    surest = sorted(answered, key=lambda answer: -answer[0])
    kept = surest[: max(1, round(coverage * len(surest)))]
    return sum(right for _, right in kept) / len(kept)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies, one of them; at least one value."""
    return sorted(values)[min(len(values) - 1, math.floor(share * len(values)))]


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, start=1))
