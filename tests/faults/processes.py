"""Worker and listener processes that are killed, frozen, thawed and replaced."""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import OXBOW, Process
from tests.support.waiting import eventually

START_SECONDS = 180.0
"""For all of them together on a busy machine, where the first start also compiles the code."""

WORKER = (sys.executable, "-m", "tests.faults.worker")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Role:
    """What a place among the processes is for; whoever fills it is started so."""

    name: str
    arguments: tuple[str, ...]
    program: tuple[str, ...]
    settings: Mapping[str, str]


def worker(name: str, settings: Mapping[str, str], *, clock: float = 0.0) -> Role:
    """A worker whose wall clock is off by so many seconds."""
    return Role(name=name, arguments=(), program=WORKER, settings={**settings, "FAULTS_CLOCK": str(clock)})


def listener(name: str, settings: Mapping[str, str]) -> Role:
    """`oxbow listen`."""
    return Role(name=name, arguments=("listen",), program=OXBOW, settings=settings)


class Processes:
    """One process for each role, replaced when it is gone; all are gone afterwards."""

    def __init__(self, folder: Path, roles: tuple[Role, ...]) -> None:
        self._folder = folder
        self._roles = roles
        self._filled: dict[Role, Process] = {}
        self._started: list[Process] = []
        self._frozen: dict[Process, float] = {}
        """Until when, of the monotonic clock."""

    def __enter__(self) -> Self:
        self.replace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.end()

    def await_ready(self) -> None:
        """Wait until everybody serves."""
        eventually(lambda: all(process.ready for process in self._filled.values()), within=START_SECONDS)

    def replace(self) -> None:
        """Thaw whoever is due, and start a process for each that is gone."""
        self._thaw(time.monotonic())
        for role in self._roles:
            if role not in self._filled or self._filled[role].ended():
                log = self._folder / f"{role.name}-{len(self._started)}"
                self._filled[role] = Process(log, role.arguments, role.settings, program=role.program)
                self._started.append(self._filled[role])

    def heal(self) -> None:
        """Thaw everybody, and let everybody be there."""
        self._thaw(float("inf"))
        self.replace()

    def victim(self, chance: random.Random) -> Process | None:
        """One of those at work, so that at least one other is left; None when there are too few."""
        awake = [
            process
            for process in self._filled.values()
            if process not in self._frozen and not process.ended() and process.ready
        ]
        return chance.choice(awake) if len(awake) > 1 else None

    def kill(self, victim: Process) -> None:
        """End it as the kernel does when memory is short."""
        victim.send(signal.SIGKILL)
        victim.wait()

    def freeze(self, victim: Process, seconds: float) -> None:
        """Stop it in the middle of whatever it does; `replace` lets it go on later."""
        victim.send(signal.SIGSTOP)
        self._frozen[victim] = time.monotonic() + seconds

    def fallen(self) -> list[str]:
        """What was said last by those that ended by themselves."""
        return [
            "\n".join(process.said.splitlines()[-5:])
            for process in self._started
            if process.code not in (None, -signal.SIGKILL)
        ]

    def _thaw(self, now: float) -> None:
        for process in [process for process, until in self._frozen.items() if until <= now]:
            process.send(signal.SIGCONT)
            del self._frozen[process]


def owner(process: Process) -> str:
    """The name under which a worker process holds its leases."""
    return f"{socket.gethostname()}:{process.pid}"


def supervisors(workspaces: Path) -> list[int]:
    """The processes that look after commands in these workspaces."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            here = (process / "cwd").readlink().is_relative_to(workspaces)
            if here and b"sandbox.supervisor" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def kill_one(pids: list[int], chance: random.Random) -> bool:
    """Kill one of them; False when there is none, or it has just ended."""
    if not pids:
        return False
    try:
        os.kill(chance.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
