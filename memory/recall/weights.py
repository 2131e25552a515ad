"""Weights: what each feature of a solution counts in the order of a search, as shipped or as learned."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

MOST_DISMISSALS = 4
"""People who called a solution not relevant, counted up to here: each spoke of a problem of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One weight for each feature that `SEARCH` gives, in its order. The defaults fit four judged sets."""

    lexical: float = 1.0
    """Of BM25 over the question's own BM25. Fitted to each set alone, it is 0.6 to 1.05 of the cosines'."""
    best: float = 0.75
    """Of the cosine of the nearest passage."""
    mean: float = 0.25
    """Of the mean cosine of all passages."""
    same_channel: float = 0.07
    """Of being in the channel of the question."""
    recent: float = 0.25
    """Of exp(-age / 180 days): worth 8 points of nDCG@10 on eight years of chat, the same within a point from
    0.2 to 0.4."""
    lasting: float = 0.0
    """Of exp(-age / 700 days)."""
    confirmed: float = 0.02
    """Of being confirmed: it decides between equals and no more. On real chat a mark that a thread was solved
    says nothing of whether it answers another question, and 0.05 costs a point of nDCG@10."""
    unsolved: float = -0.02
    """Of being unsolved or failed."""
    length: float = 0.0
    """Of ln(terms)."""
    helped: float = 0.025
    """Of ln(1 + confirmed answers that cite it). No public data say what people's use is worth; this and the
    next stay below what a better match is worth."""
    dismissed: float = -0.025
    """Of the people, up to `MOST_DISMISSALS`, who called it not relevant."""

    def values(self) -> list[float]:
        """The weights in the order of the features."""
        return list(astuple(self))


FEATURES = tuple(field.name for field in fields(Weights))

DEFAULT = Weights()
