"""Measures of a ranking, checked by hand."""

from __future__ import annotations

from math import log2

import pytest

from memory.evaluation.measures import (
    ndcg,
    percentile,
    precision_at_coverage,
    quality,
    recall,
    reciprocal_rank,
)


def test_a_perfect_ranking_scores_one() -> None:
    assert ndcg(["a", "b", "x"], {"a": 2, "b": 1}) == 1


def test_a_later_place_gains_less() -> None:
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(1 / log2(3))


def test_a_higher_grade_gains_more() -> None:
    assert ndcg(["b", "a"], {"a": 2, "b": 1}) == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))


def test_places_beyond_the_depth_gain_nothing() -> None:
    assert ndcg([*"0123456789", "a"], {"a": 1}) == 0


def test_recall_is_the_share_of_the_relevant_found() -> None:
    assert recall(["a", "x", "b"], {"a": 1, "b": 1, "c": 0}, depth=2) == 0.5


@pytest.mark.parametrize(("ranked", "expected"), [(["x", "a"], 0.5), (["a"], 1), (["x"], 0)])
def test_the_reciprocal_rank_is_of_the_first_relevant(ranked: list[str], expected: float) -> None:
    assert reciprocal_rank(ranked, {"a": 1}) == expected


def test_quality_is_the_mean_over_queries() -> None:
    means = quality([(["a"], {"a": 1}), (["x"], {"a": 1})])
    assert (means.queries, means.ndcg_at_10, means.recall_at_5, means.reciprocal_rank) == (2, 0.5, 0.5, 0.5)


def test_precision_at_coverage_looks_at_the_most_confident_part() -> None:
    answered = [(0.1, False), (0.9, True), (0.8, True), (0.2, False)]
    assert precision_at_coverage(answered, 0.25) == 1
    assert precision_at_coverage(answered, 0.75) == pytest.approx(2 / 3)
    assert precision_at_coverage(answered[:1], 0.25) == 0


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([7.0], 0.95)) == (51, 96, 7)
