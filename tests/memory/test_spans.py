"""Stretches of time: put together, cut, and counted in minutes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from memory.statistics.spans import Span, common, longer, merged, minutes, without

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def span(begin: float, end: float) -> Span:
    return NOON + timedelta(seconds=begin), NOON + timedelta(seconds=end)


def test_spans_that_overlap_or_touch_become_one_and_empty_ones_go() -> None:
    assert merged([span(5, 9), span(0, 3), span(3, 6), span(20, 20)]) == [span(0, 9)]


def test_what_is_in_both() -> None:
    assert common([span(0, 10), span(20, 30)], [span(5, 25)]) == [span(5, 10), span(20, 25)]


def test_what_is_left_when_something_is_taken_out() -> None:
    assert without([span(0, 10)], [span(2, 4), span(8, 30)]) == [span(0, 2), span(4, 8)]


def test_a_span_is_as_long_as_what_touches_it() -> None:
    assert longer([span(0, 4), span(4, 8), span(20, 25)], timedelta(seconds=5)) == [span(0, 8)]


def test_every_minute_that_holds_a_part_counts_and_the_end_is_no_part() -> None:
    assert minutes([span(59, 60)]) == {NOON}
    assert minutes([span(59, 60.001)]) == {NOON, NOON + timedelta(minutes=1)}
    assert minutes([span(60, 60)]) == set()
