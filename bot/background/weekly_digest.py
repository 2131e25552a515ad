"""The weekly digest: what came up again and again, told once a week in a channel of the operator's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from bot.background.recurrence import WEEK, Recurrence
from bot.slack.announcements import Announcements
from bot.slack.showing.digest import digest
from memory.database import Engine, transaction
from memory.workspaces.chores import Chore, Chores, Taken

MOST = 5
"""Problems that are named: what is read in a minute."""


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
        recurrence: Recurrence,
    ) -> None:
        """`channel` looks the channel up."""
        self._engine = engine
        self._chores = chores
        self._announcements = announcements
        self._channel = channel
        self._recurrence = recurrence

    def perform(self, taken: Taken) -> None:
        """See `Task`. A post whose answer was lost is found again instead of being made again."""
        channel, key = self._channel(), f"digest:{taken.begun:%Y-%m-%d}"
        if not self._announcements.made(channel, key, since=taken.begun):
            problems = list(islice(self._recurrence.of_week(taken.team, taken.begun), MOST))
            if problems:
                # Whoever lost the chore meanwhile must not post beside the one that has it.
                self._chores.renew(taken)
                self._announcements.post(channel, key, digest(problems, since=taken.begun - WEEK))
        with transaction(self._engine) as connection:
            self._chores.finish(connection, taken)
