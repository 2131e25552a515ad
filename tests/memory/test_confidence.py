"""Confidence: what makes a hit sure, and what does not."""

from __future__ import annotations

import pytest

from memory.recall.confidence import UNRELATED, confidence, margin

CROWD = [0.8, 0.8, 0.75, 0.7, 0.7]


def test_the_margin_is_the_lead_over_the_best_other() -> None:
    assert margin(1.5, [1.5, 0.9, *CROWD]) == pytest.approx(0.6)
    assert margin(0.9, [1.5, 0.9, *CROWD]) == pytest.approx(-0.6)
    assert margin(1.5, [1.5, 1.5, *CROWD]) == 0


def test_a_lead_makes_sure() -> None:
    assert confidence(1.5, [1.5, *CROWD]) > 0.85
    assert confidence(0.9, [0.9, *CROWD]) < 0.4


def test_a_good_match_among_equals_is_not_sure() -> None:
    assert confidence(1.5, [1.5] * 6) < 0.2


def test_two_threads_that_tell_the_same_are_worth_showing_and_no_certainty() -> None:
    assert 0.35 < confidence(1.5, [1.5, 1.5, *CROWD]) < 0.85


def test_a_small_memory_is_judged_as_if_it_had_unrelated_threads() -> None:
    assert confidence(1.5, [1.5]) == confidence(1.5, [1.5] + [UNRELATED] * 5)
    assert confidence(UNRELATED, [UNRELATED]) < 0.2
