"""Confidence: how sure it is that a hit is right, judged by how far it leads. Pure.

How well a hit matches says little (area under the curve 0.53 to 0.70 on real questions); how much better than
the other threads says most of it (0.73 to 0.85). Two threads that tell the same share one lead, so the lead
over the sixth counts beside the lead over the best other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

RIVALS = 6
"""Threads, best first, against which a hit is judged."""

UNRELATED = 0.7
"""Relevance of a thread that has nothing to do with the question: the median of sixth hits. A memory of fewer
threads is judged as if it had such ones."""

INTERCEPT, LEAD_OVER_BEST, LEAD_OVER_SIXTH = -1.5, 4.5, 1.9
"""Logistic regression on the first three hits of the questions of four judged sets, each set with the same
weight. On a set left out it says what it says on the others."""


def margin(relevance: float, rivals: Sequence[float]) -> float:
    """How far a hit leads the best other thread, negative when another leads.

    `rivals` are the relevances of the best threads, best first, the hit's own among them.
    """
    best, second = _padded(rivals)[:2]
    return relevance - (second if relevance == best else best)


def confidence(relevance: float, rivals: Sequence[float]) -> float:
    """About the probability that the hit answers the question, 0 to 1."""
    lead = relevance - _padded(rivals)[RIVALS - 1]
    return 1 / (
        1 + math.exp(-INTERCEPT - LEAD_OVER_BEST * margin(relevance, rivals) - LEAD_OVER_SIXTH * lead)
    )


def _padded(rivals: Sequence[float]) -> list[float]:
    return sorted([*rivals, *[UNRELATED] * RIVALS], reverse=True)[:RIVALS]
