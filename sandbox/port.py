"""The port of the hands: everything the brain may ask of a sandbox.

A backend is one class with the methods of `Sandbox`. The conformance suite under `tests/contracts` is the
contract in executable form; every backend and the shipped fake pass it.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import BinaryIO, Literal, Protocol, TypeAlias

STREAM_BYTES = 1024**2
"""Of a call's output that can be followed while it runs; more is counted in its outcome only."""

PIECE_BYTES = 64 * 1024
"""Of output handed over at once."""

SNAPSHOT_BYTES = 1024**3
"""The largest snapshot, compressed: half of what a workspace may hold by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one command may use. The defaults are common for coding agents: two minutes, 100 KB of output."""

    seconds: float = 120.0
    output_bytes: int = 100_000
    """Kept as head and tail in equal parts; the middle is counted and dropped."""
    memory_bytes: int = 2 * 1024**3
    processes: int = 256
    disk_bytes: int = 2 * 1024**3
    """Size of the whole workspace."""
    files: int = 300_000
    """In the whole workspace, folders included: several times a large checkout with its dependencies."""
    file_bytes: int = 512 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A workspace that is ready."""

    reference: str
    state: Literal["fresh", "reattached"]
    isolated: bool
    isolation: str
    """One line for people: what isolates the workspace and which limits are in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A workspace that the backend keeps, whoever it belongs to."""

    session: str
    reference: str
    epoch: int
    """The highest seen; 0 where the backend cannot tell without starting something."""
    running: bool
    """Whether `suspend` would save anything."""
    idle_seconds: float
    """Since a call last began or a file was last changed through the sandbox."""
    size_bytes: int
    """On disk; 0 where the backend cannot tell without starting something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The command ended by itself. `exit_code` is 128 + n when signal n ended it."""

    exit_code: int
    output: bytes
    dropped_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The command was killed, with everything it had started, at its time limit."""

    output: bytes
    dropped_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The command was killed, with everything it had started, because the caller asked."""

    output: bytes
    dropped_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The call was started once and its end cannot be told: look before repeating it."""

    reason: str


Outcome: TypeAlias = Finished | TimedOut | Cancelled | Unknown


class Sandbox(Protocol):
    """One workspace per session; commands and files in it.

    Every method takes the caller's `epoch`, the number of the lease under which it acts. The sandbox keeps
    the highest epoch it has seen and refuses a lower one with `StaleEpoch` before anything happens: a worker
    that was frozen and thawed can do nothing.

    A `call` is the identity of one tool call. Asked twice with the same id, by whomever, the sandbox does the
    work once: the second caller joins the running command or gets the stored outcome.

    All methods may raise `SandboxUnreachable`, and all but `attach` with `known=None` raise `SandboxLost`.
    """

    @property
    def name(self) -> str:
        """The backend's name as written in events and settings."""

    def attach(self, session: str, *, epoch: int, known: str | None) -> Attachment:
        """Give the session its workspace: a new one without `known`, else exactly the known one.

        Raises `SandboxLost` when the known workspace is gone (a replacement is the caller's decision) and
        `SandboxUnavailable` when this host can give none.
        """

    def execute(
        self, reference: str, *, call: str, command: str, limits: Limits, epoch: int, cancelled: Event
    ) -> Outcome:
        """Run `command` with bash in the workspace and wait for its end, joining it if it already runs.

        Output is stdout and stderr in the order written. `cancelled` is watched while waiting.
        """

    def output(self, reference: str, *, call: str, start: int, epoch: int) -> bytes:
        """What a running or ended command has written from byte `start` on, at most `PIECE_BYTES` at once.

        Empty while there is no more. Anybody with the epoch may follow a call, from its beginning or from
        where they stopped; the first `STREAM_BYTES` can be followed.
        """

    def read(self, reference: str, *, path: str, epoch: int) -> bytes:
        """The file's content (at most 256 KiB; larger is a `FileProblem` that says how to look at a part)."""

    def write(self, reference: str, *, call: str, path: str, content: bytes, epoch: int) -> None:
        """Create or replace the file and the folders above it."""

    def edit(self, reference: str, *, call: str, path: str, old: str, new: str, epoch: int) -> None:
        """Replace the one occurrence of `old`; `FileProblem` when there is none or more than one."""

    def snapshot(self, reference: str, *, into: BinaryIO, limits: Limits, epoch: int) -> None:
        """Write the workspace's files and its home, without caches, as one stream that `restore` takes.

        The stream's content is as hostile as the workspace: nothing but `restore` may open it. Raises
        `SnapshotFailed` when it does not fit into the limits.
        """

    def restore(self, reference: str, *, archive: BinaryIO, limits: Limits, epoch: int) -> None:
        """Put the files of a snapshot into the workspace. Raises `SnapshotFailed`."""

    def suspend(self, reference: str, *, epoch: int) -> None:
        """Kill what runs and stop all that the workspace costs besides its disk; any method resumes it."""

    def release(self, reference: str, *, epoch: int) -> None:
        """Kill what runs and remove the workspace; already gone is fine."""

    def inventory(self) -> tuple[Holding, ...]:
        """Every workspace that the backend keeps, for those who clean up. It changes nothing."""
