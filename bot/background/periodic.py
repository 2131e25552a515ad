"""Work that is done once in a night or a week, by whichever process takes it first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event, Thread
from typing import Protocol

from bot.forge.errors import ForgeError
from bot.niceness import let_others_go_first
from bot.slack.errors import SlackProblem
from memory.errors import StoreError
from memory.workspaces.chores import Chore, Chores, Taken

LOOK_SECONDS = 60.0
"""Between two looks: nobody waits for what is due here."""

logger = logging.getLogger(__name__)


class Task(Protocol):
    """One kind of such work."""

    @property
    def chore(self) -> Chore:
        """Its name, and when it is due."""

    def perform(self, taken: Taken) -> None:
        """Do it, and finish the chore in the transaction of its result.

        Raises `StoreError`, `SlackProblem` and `ForgeError`: it is begun anew when the lease is over.
        """


class Periodic:
    """Does what is due until it is stopped. Any number of processes may."""

    def __init__(self, *, team: str, chores: Chores, tasks: Sequence[Task]) -> None:
        self._team = team
        self._chores = chores
        self._tasks = tuple(tasks)
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="periodic", daemon=True)

    def start(self) -> None:
        """Begin in the background; the first look is after an interval."""
        self._thread.start()

    def stop(self) -> None:
        """End after the task that is under way, which is not waited for: what it left is begun anew."""
        self._stopped.set()

    def look(self) -> None:
        """Do everything that is due now; one that fails does not keep the others."""
        for task in self._tasks:
            try:
                taken = self._chores.take(self._team, task.chore)
                if taken is not None:
                    task.perform(taken)
            except (StoreError, SlackProblem, ForgeError) as error:
                logger.warning("%s is not done now: %s", task.chore.name, error)

    def _run(self) -> None:
        let_others_go_first()
        while not self._stopped.wait(LOOK_SECONDS):
            self.look()
