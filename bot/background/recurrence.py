"""What came up again in a week, as far as it may be shown at the moment of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from memory.database import Engine, transaction
from memory.solutions.recurring import Recurring, recurring

WEEK = timedelta(days=7)

Shows = Callable[[str], bool]
"""Whether a channel is public now and wants what it solved to be found."""


class Recurrence:
    """Reads the recurring problems of a team."""

    def __init__(self, *, engine: Engine, embedder: str, shows: Shows) -> None:
        """`embedder` names the one whose vectors are compared."""
        self._engine = engine
        self._embedder = embedder
        self._shows = shows

    def of_week(self, team: str, until: datetime) -> Iterator[Recurring]:
        """The problems that came up in the week before `until`, the most repeated first."""
        since = until - WEEK
        with transaction(self._engine) as connection:
            found = recurring(connection, team=team, embedder=self._embedder, since=since, until=until)
        shown = (problem.within(self._shows) for problem in found)
        return (problem for problem in shown if problem is not None and problem.since(since))
