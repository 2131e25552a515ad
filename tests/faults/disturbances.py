"""Worker processes that are killed, frozen, thawed and replaced."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.worker import LEASE_SECONDS
from tests.support.processes import Process

LONGEST_FREEZE = 15.0
"""Seconds; the longest outlast a lease."""


class Workers:
    """So many `oxbow work` processes, one of them disturbed now and then; all are gone afterwards."""

    def __init__(self, folder: Path, settings: Mapping[str, str], chance: random.Random, number: int) -> None:
        self._folder = folder
        self._settings = settings
        self._chance = chance
        self._number = number
        self._started: list[Process] = []
        self._frozen: dict[Process, float] = {}
        """Until when, of the monotonic clock."""
        self.kills = self.freezes = self.long_freezes = 0

    def __enter__(self) -> Self:
        self._replace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.end()

    @property
    def summary(self) -> str:
        """What was done to them."""
        return f"{self.kills} kills, {self.freezes} freezes, {self.long_freezes} of them beyond a lease"

    def disturb(self) -> None:
        """Thaw who is due, replace who is gone, and kill or freeze one now and then."""
        self._thaw(time.monotonic())
        self._replace()
        awake = [process for process in self._alive() if process not in self._frozen]
        if len(awake) < 2 or self._chance.random() < 0.5:
            return
        victim = self._chance.choice(awake)
        if self._chance.random() < 0.6:
            self.kills += 1
            victim.send(signal.SIGKILL)
            victim.wait()
        else:
            self._freeze(victim, self._chance.uniform(0.5, LONGEST_FREEZE))

    def heal(self) -> None:
        """Thaw everybody, and let there be as many as wanted."""
        self._thaw(float("inf"))
        self._replace()

    def _freeze(self, victim: Process, seconds: float) -> None:
        self.freezes += 1
        self.long_freezes += seconds > LEASE_SECONDS
        victim.send(signal.SIGSTOP)
        self._frozen[victim] = time.monotonic() + seconds

    def _thaw(self, now: float) -> None:
        for process in [process for process, until in self._frozen.items() if until <= now]:
            process.send(signal.SIGCONT)
            del self._frozen[process]

    def _alive(self) -> list[Process]:
        return [process for process in self._started if not process.ended()]

    def _replace(self) -> None:
        for _ in range(self._number - len(self._alive())):
            log = self._folder / f"worker-{len(self._started)}"
            process = Process(log, ("work",), self._settings)
            self._started.append(process)
            process.await_ready()
