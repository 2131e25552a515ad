"""The weekly digest: what came up again and again, told once a week in a channel of the operator's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.slack.announcements import Announcements
from bot.slack.digest import digest
from memory.chores import Chore, Chores, Taken
from memory.database import Engine, transaction
from memory.recurring import Recurring, recurring

WEEK = timedelta(days=7)

MOST = 5
"""Problems that are named: what is read in a minute."""

Shows = Callable[[str], bool]
"""Whether a channel is public now and wants what it solved to be found."""


class WeeklyDigest:
    """Posts the digest of the week that is over; nothing when nothing came up again."""

    chore = Chore(name="digest", period="week", hour=8)

    def __init__(
        self,
        *,
        engine: Engine,
        chores: Chores,
        announcements: Announcements,
        channel: Callable[[], str],
        shows: Shows,
        embedder: str,
    ) -> None:
        """`channel` looks the channel up; `embedder` names the one whose vectors are compared."""
        self._engine = engine
        self._chores = chores
        self._announcements = announcements
        self._channel = channel
        self._shows = shows
        self._embedder = embedder

    def perform(self, taken: Taken) -> None:
        """See `Task`. A post whose answer was lost is found again instead of being made again."""
        channel, key = self._channel(), f"digest:{taken.begun:%Y-%m-%d}"
        if not self._announcements.made(channel, key, since=taken.begun):
            problems = self._problems(taken)
            if problems:
                # Whoever lost the chore meanwhile must not post beside the one that has it.
                self._chores.renew(taken)
                self._announcements.post(channel, key, digest(problems, since=taken.begun - WEEK))
        with transaction(self._engine) as connection:
            self._chores.finish(connection, taken)

    def _problems(self, taken: Taken) -> list[Recurring]:
        with transaction(self._engine) as connection:
            found = recurring(
                connection,
                team=taken.team,
                embedder=self._embedder,
                since=taken.begun - WEEK,
                until=taken.begun,
            )
        shown: list[Recurring] = []
        for problem in found:
            left = problem.within(self._shows)
            if left is not None and left.since(taken.begun - WEEK):
                shown.append(left)
            if len(shown) == MOST:
                break
        return shown
