"""Prepared workspaces: put aside when they are ready, handed to whichever session asks first.

    <root>/pool/<shelf>/<label>.<token>/    the files of one, as below `sessions/<session>/files/<token>`
    <root>/pool/lock                        held by the process that fills the pool

Everything that must happen once is one rename. A label says what the workspace was prepared from.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from sandbox.fence import session_key
from sandbox.port import Attachment, Sandbox
from sandbox.workspace import Workspace, cleared, remove, stop, workspace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A prepared workspace that belongs to a session from now on."""

    attachment: Attachment
    label: str


@runtime_checkable
class PooledSandbox(Sandbox, Protocol):
    """A sandbox that can keep prepared workspaces; every method raises as those of `Sandbox` do."""

    def shelve(self, reference: str, *, shelf: str, label: str, epoch: int) -> None:
        """Put the workspace aside; its session is forgotten, so its name must not be used again."""

    def adopt(self, session: str, *, shelf: str, epoch: int) -> Adopted | None:
        """Give one of the shelf to the session, instead of any it had; None when there is none."""

    def shelved(self, shelf: str) -> tuple[str, ...]:
        """The labels of what is ready there."""

    def keep_only(self, labels: Mapping[str, str]) -> None:
        """Remove everything but what has its shelf's label."""

    def filling(self) -> AbstractContextManager[bool]:
        """Whether the caller is the one process that fills the pool, for as long as this is open."""


def put_aside(root: Path, workspace: Workspace, shelf: str, label: str) -> None:
    """Raises FileNotFoundError without a gate."""
    stop(workspace.calls)
    place = _shelf(root, shelf)
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    # Through the gate first: who lost the session puts nothing aside.
    workspace.place.workspace.parent.rename(workspace.calls / "files")
    (workspace.calls / "files").rename(place / f"{label}.{secrets.token_hex(8)}")
    remove(workspace.session)


def hand_out(root: Path, session: str, shelf: str, *, epoch: int) -> tuple[Workspace, str] | None:
    """The workspace and its label."""
    if not labels(root, shelf):
        return None
    folder, gate = cleared(root, session, epoch=epoch)
    token = secrets.token_hex(8)
    (gate / token).mkdir(mode=0o700)
    files = gate / token / "files"
    for entry in _entries(root, shelf):
        try:
            entry.rename(files)
        except FileNotFoundError:
            continue  # another session was faster
        (files / "session").write_text(session)
        files.rename(folder / "files" / token)
        return workspace_of(folder, gate, token), entry.name.partition(".")[0]
    (gate / token).rmdir()
    return None


def labels(root: Path, shelf: str) -> tuple[str, ...]:
    """Of what is ready on the shelf."""
    return tuple(entry.name.partition(".")[0] for entry in _entries(root, shelf))


def clear_out(root: Path, kept: Mapping[str, str]) -> None:
    """Remove everything but what has its shelf's label."""
    fresh = {_shelf(root, shelf): label for shelf, label in kept.items()}
    for entry in (root / "pool").glob("*/*.*"):
        if fresh.get(entry.parent) != entry.name.partition(".")[0]:
            _throw_away(root, entry)


@contextmanager
def filled_by_one(root: Path) -> Iterator[bool]:
    """Whether the caller holds the lock."""
    (root / "pool").mkdir(mode=0o711, exist_ok=True)
    with (root / "pool" / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _throw_away(root: Path, entry: Path) -> None:
    going = entry.with_name("going")
    remove(going)  # of a process that was killed here
    try:
        entry.rename(going)
    except FileNotFoundError:
        return  # a session took it
    uid = going / "uid"
    if uid.exists():
        (root / "uids" / uid.read_text()).unlink(missing_ok=True)
    remove(going)


def _shelf(root: Path, shelf: str) -> Path:
    return root / "pool" / session_key(shelf)


def _entries(root: Path, shelf: str) -> list[Path]:
    return sorted(_shelf(root, shelf).glob("*.*"))
