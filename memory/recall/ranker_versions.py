"""Rankers that a team's memory learned: each refit that was accepted is a version, one of them is in use.

Nothing is ever deleted, so that going back is taking up an earlier one; before the first are the shipped
weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from memory.recall.weights import DEFAULT, FEATURES, Weights

SELECT_CURRENT = text("SELECT weights FROM ranker_versions WHERE team = :team AND current")

SELECT_VERSIONS = text("""
    -- A team's versions, the latest first.
    SELECT version, weights, questions, before, after, made_at, current
    FROM ranker_versions WHERE team = :team ORDER BY version DESC
""")

RETIRE = text("UPDATE ranker_versions SET current = false WHERE team = :team AND current RETURNING version")

INSERT_VERSION = text("""
    INSERT INTO ranker_versions (team, weights, questions, before, after, current)
    VALUES (:team, :weights, :questions, :before, :after, true)
""").bindparams(bindparam("weights", type_=JSONB))

TAKE_UP_EARLIER = text("""
    UPDATE ranker_versions SET current = true WHERE version = (
        SELECT max(version) FROM ranker_versions WHERE team = :team AND version < :version
    )
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerVersion:
    """A ranker, and what it was accepted for."""

    version: int
    weights: Weights
    questions: int
    """Questions with a known answer that taught it."""
    before: float
    """nDCG@10 with the weights that were in use, 0 to 1."""
    after: float
    """nDCG@10, each question ranked by weights that the other questions taught, 0 to 1."""
    made_at: datetime
    current: bool


def current_weights(connection: Connection, team: str) -> Weights:
    """The weights that a team's searches go by."""
    learned = connection.execute(SELECT_CURRENT, {"team": team}).scalar_one_or_none()
    return weights_of(learned)


def weights_of(stored: Mapping[str, float] | None) -> Weights:
    """Give the weights of a version, the shipped ones where there is none.

    Features that came after a version was stored have the shipped weight in it.
    """
    if stored is None:
        return DEFAULT
    return Weights(**{name: float(value) for name, value in stored.items() if name in FEATURES})


def versions(connection: Connection, team: str) -> list[RankerVersion]:
    """All versions of a team, the latest first."""
    rows = connection.execute(SELECT_VERSIONS, {"team": team}).mappings()
    return [RankerVersion(**{**row, "weights": weights_of(row["weights"])}) for row in rows]


def accept(
    connection: Connection, team: str, weights: Weights, *, questions: int, before: float, after: float
) -> None:
    """Put weights to use from the commit on."""
    connection.execute(RETIRE, {"team": team})
    figures = {"questions": questions, "before": before, "after": after}
    connection.execute(INSERT_VERSION, {"team": team, "weights": asdict(weights), **figures})


def roll_back(connection: Connection, team: str) -> bool:
    """Return to the version before, or to the shipped weights; False when these are in use already."""
    version = connection.execute(RETIRE, {"team": team}).scalar_one_or_none()
    if version is None:
        return False
    connection.execute(TAKE_UP_EARLIER, {"team": team, "version": version})
    return True
