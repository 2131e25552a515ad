"""Stretches of time and their arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

Span: TypeAlias = tuple[datetime, datetime]
"""From the first moment up to the second, which is not part of it."""

MINUTE = timedelta(minutes=1)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, with spans that overlap or touch made one; empty ones are dropped."""
    whole: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole


def common(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time that is in both."""
    there = merged(others)
    return merged((max(a, c), min(b, d)) for a, b in merged(spans) for c, d in there)


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time of `spans` that is not in `others`."""
    left = merged(spans)
    for begin, end in merged(others):
        left = [piece for a, b in left for piece in ((a, min(b, begin)), (max(a, end), b))]
    return merged(left)


def longer(spans: Iterable[Span], than: timedelta) -> list[Span]:
    """The spans that last longer."""
    return [(begin, end) for begin, end in merged(spans) if end - begin > than]


def minutes(spans: Iterable[Span]) -> frozenset[datetime]:
    """The beginnings of all minutes of the clock that hold a part of the spans."""
    touched = set()
    for begin, end in merged(spans):
        minute = begin.replace(second=0, microsecond=0)
        while minute < end:
            touched.add(minute)
            minute += MINUTE
    return frozenset(touched)
