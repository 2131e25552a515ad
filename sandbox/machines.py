"""What a backend of machines must offer so that `RemoteSandbox` makes a sandbox of it.

A machine belongs to one session: a container or pod with a disk of its own, on which everything durable
lives. A machine may end at any moment and be started again on its disk; without its disk the workspace is
lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class MachineAbsent(Exception):
    """The machine does not run at this moment."""


class BrokenOff(Exception):
    """A conversation with a program in a machine ended before it was over."""


class Channel(Protocol):
    """A program that was started in a machine: its input, its output, and what it complains of."""

    def send(self, data: bytes) -> None:
        """Write to its standard input. Raises `BrokenOff`."""

    def receive(self, seconds: float) -> bytes | None:
        """A piece of its standard output; empty at the end, None when nothing came for so long."""

    def trouble(self) -> str:
        """What it wrote to standard error so far, for people."""

    def close(self) -> None:
        """Hang up; the program itself may go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A session's machine as the backend knows it."""

    session: str
    running: bool


class Machines(Protocol):
    """The machines of one backend, each under the session's key (32 hexadecimal digits).

    Every method may raise `SandboxUnreachable`.
    """

    @property
    def name(self) -> str:
        """The backend's name as written in events and settings."""

    def describe(self) -> str:
        """What isolates a machine, for people."""

    def run(self, key: str, argv: Sequence[str]) -> Channel:
        """Start a program as root in the running machine. Raises `MachineAbsent`, `BrokenOff`."""

    def start(self, key: str, session: str | None) -> None:
        """Have the machine run, its disk made first when `session` is given.

        Raises `SandboxLost` without a disk and `SandboxUnavailable` when the backend cannot make one. Another
        worker doing the same at the same time is fine.
        """

    def all(self) -> Mapping[str, Machine]:
        """Every session's machine that has a disk, by key."""
