"""What stands between a command and the host: turned from a command into a process to start.

`Bubblewrap` isolates, `Unisolated` does not; everything else of a local workspace is the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.port import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folders of one workspace on the host, and the user who owns them."""

    workspace: Path
    home: Path
    door: Path
    """Where commands reach services of the trusted side; missing as long as there are none."""
    postgres: Path | None
    """The template of the session's own Postgres, when it was asked for."""
    uid: int | None
    """The session's own unprivileged user, or None for the user who runs the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A process for the supervisor to start. It inherits nothing but what stands here."""

    program: str
    argv: tuple[str, ...]
    """From its own name on, which may differ from the program's path."""
    environment: dict[str, str]
    directory: str
    inherited: tuple[bytes, ...] = ()
    """Contents readable from descriptor `launch.FIRST_INHERITED` on."""
    staged: tuple[tuple[str, str], ...] = ()
    """Host folder → folder below `/tmp` under which the process sees it, in a mount namespace of its own."""
    uid: int | None = None
    announced: bool = False
    """It tells its first process on descriptor `launch.TOLD` and begins when `launch.GATE` says so."""
    limit_user: bool = False
    """Limit processes by what the user has in all, because no namespace counts the command's alone."""
    watched: tuple[str, ...] = ()
    """Host folders whose size on disk is limited."""


class Enclosure(Protocol):
    """A way to run commands."""

    @property
    def name(self) -> str:
        """The backend's name as written in events and settings."""

    @property
    def isolated(self) -> bool:
        """Whether a command is kept from the host, its network and its processes."""

    @property
    def own_users(self) -> bool:
        """Whether each session runs as an unprivileged user of its own."""

    def describe(self) -> str:
        """What isolates the workspace, for people."""

    def launch(self, place: Place, command: str, limits: Limits) -> Launch:
        """The process that runs `command` with bash in the place."""
