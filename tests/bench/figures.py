"""Figures: how they are timed and summed up."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

Figures: TypeAlias = dict[str, float]
"""From what was measured, with its unit, to the value."""


def timed(repeat: int, work: Callable[[int], object]) -> list[float]:
    """Milliseconds of each repetition."""
    taken = []
    for number in range(repeat):
        begun = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def spread(name: str, taken: Sequence[float]) -> Figures:
    """Median, 95th and 99th percentile of milliseconds."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {
        f"{name} p50 ms": statistics.median(taken),
        f"{name} p95 ms": cuts[94],
        f"{name} p99 ms": cuts[98],
    }


def medians(runs: Sequence[Figures]) -> Figures:
    """Each figure's median over several runs of the same stage."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
