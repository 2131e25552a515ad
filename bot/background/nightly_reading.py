"""Threads of people, read into the memory every night in the channels that want it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.brain.preferences import EVERYTHING, MEMORY
from bot.slack.hearing.history import Recent, SlackHistory
from memory.database import Engine, transaction
from memory.embedding.embedder import Embedder
from memory.errors import ImportProblem
from memory.imports.importing import import_threads
from memory.secrets.mask import SecretMask
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.chores import Chore, Chores, Taken

DAY = 86_400.0

QUIET = DAY
"""Seconds without a word after which a thread counts as finished."""

SPAN = 2 * DAY
"""How far back finished threads are looked for: a night that was missed is made up for."""

OLDEST = 30 * DAY
"""Of a thread's beginning. Who wants what is older imports the channel once."""

logger = logging.getLogger(__name__)


class NightlyReading:
    """Imports what people finished lately in channels whose `memory` is `all`."""

    chore = Chore(name="reading", period="day", hour=2)

    def __init__(
        self,
        *,
        engine: Engine,
        embedder: Embedder,
        chores: Chores,
        history: Callable[[str, Recent], SlackHistory],
        secrets: SecretMask,
    ) -> None:
        """`history` is a channel's, by its identifier."""
        self._engine = engine
        self._embedder = embedder
        self._chores = chores
        self._history = history
        self._secrets = secrets

    def perform(self, taken: Taken) -> None:
        """See `Task`; a channel that cannot be read keeps no other from being read."""
        night = taken.begun.timestamp()
        for channel in sorted(ChannelSettings(self._engine).channels_with(taken.team, MEMORY, EVERYTHING)):
            try:
                self._read(channel, night, taken)
            except ImportProblem as problem:
                logger.warning("the threads of %s are not read: %s", channel, problem)
        with transaction(self._engine) as connection:
            self._chores.finish(connection, taken)

    def _read(self, channel: str, night: float, taken: Taken) -> None:
        recent = Recent(begun_after=night - OLDEST, after=night - QUIET - SPAN, before=night - QUIET)
        threads = self._history(channel, recent)
        for progress in import_threads(
            self._engine, self._embedder, threads, team=taken.team, secrets=self._secrets
        ):
            self._chores.renew(taken)
            logger.info("%s: %d of %d threads read", channel, progress.done, progress.total)
