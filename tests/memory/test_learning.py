"""Learning: what questions with known answers teach, and what they do not."""

from __future__ import annotations

import pytest

from memory.recall.learning import Example, cross_validated, fit, mean_ndcg
from memory.recall.weights import DEFAULT, FEATURES


def candidate(**features: float) -> tuple[float, ...]:
    return tuple(features.get(name, 0.0) for name in FEATURES)


def example(*graded: tuple[int, tuple[float, ...]], absent: int = 0) -> Example:
    grades = tuple(grade for grade, _ in graded)
    return Example(
        features=tuple(features for _, features in graded),
        grades=grades,
        ideal=(*(grade for grade in grades if grade), *[1] * absent),
    )


CHANNEL = example(
    (1, candidate(lexical=0.4, best=0.5, same_channel=1)), (0, candidate(lexical=0.5, best=0.55))
)
"""The right one matches worse and is in the channel of the question."""


def test_nothing_to_learn_from_leaves_the_shipped_weights() -> None:
    assert fit([]) == DEFAULT
    assert fit([example((1, candidate(lexical=1)))]) == DEFAULT


def test_what_the_right_ones_have_in_common_counts_more() -> None:
    assert fit([CHANNEL] * 100).same_channel > DEFAULT.same_channel


def test_few_questions_change_little() -> None:
    few, many = (fit([CHANNEL] * count).same_channel - DEFAULT.same_channel for count in (1, 100))
    assert 0 < few < many / 3


def test_a_feature_that_never_varies_keeps_its_weight() -> None:
    learned = fit([CHANNEL] * 100)
    scale = sum(learned.values()[:3]) / sum(DEFAULT.values()[:3])
    assert scale == pytest.approx(1)
    assert learned.helped / learned.dismissed == pytest.approx(DEFAULT.helped / DEFAULT.dismissed)


def test_what_is_learned_ranks_held_back_questions() -> None:
    examples = [CHANNEL] * 40
    assert mean_ndcg(examples, DEFAULT) < 1
    assert cross_validated(examples) == 1


def test_an_answer_that_is_no_candidate_counts_as_missed() -> None:
    found = ((1, candidate(lexical=1.0)), (0, candidate()))
    assert mean_ndcg([example(*found)], DEFAULT) == 1
    assert mean_ndcg([example(*found, absent=1)], DEFAULT) == pytest.approx(0.61, abs=0.01)


def test_chance_teaches_nothing() -> None:
    """Each answer's feature says the opposite of the one before."""
    contrary = example((0, candidate(best=0.5, same_channel=1)), (1, candidate(best=0.5)))
    even = example((1, candidate(best=0.5, same_channel=1)), (0, candidate(best=0.5)))
    assert fit([contrary, even] * 50).same_channel == pytest.approx(0, abs=0.02)
