"""The latest snapshot of each session's workspace, kept in a folder on the trusted side.

    <folder>/<session>/snapshot    the stream, put in place by one rename; its time is when it was taken
    <folder>/<session>/name        the session's own name

A stream is as hostile as the workspace it came from. It is moved here and never opened.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sandbox.errors import SnapshotFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A stream that `Sandbox.restore` takes."""

    session: str
    taken_at: datetime
    size_bytes: int
    path: Path


class Snapshots:
    """Keeps one snapshot for each session, the latest. Any number of processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, session: str, take: Callable[[BinaryIO], object]) -> Snapshot:
        """Let `take` write the session's next snapshot; when it raises, the last one stays.

        Raises `SnapshotFailed` when the folder cannot take it.
        """
        try:
            return self._keep(self._place(session), session, take)
        except OSError as error:
            raise SnapshotFailed(
                f"no snapshot can be kept in {self._folder} ({error.strerror}): is its disk full?"
            ) from error

    def _keep(self, place: Path, session: str, take: Callable[[BinaryIO], object]) -> Snapshot:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place / "name").write_text(session)
        draft = place / f"draft.{secrets.token_hex(8)}"
        try:
            with draft.open("xb") as into:
                draft.chmod(0o600)
                take(into)
            draft.rename(place / "snapshot")
        finally:
            draft.unlink(missing_ok=True)
        return _described(place)

    def latest(self, session: str) -> Snapshot | None:
        """The session's snapshot, if there is one."""
        place = self._place(session)
        return _described(place) if (place / "snapshot").exists() else None

    def forget(self, session: str) -> None:
        """Remove it; one that is not there is fine."""
        shutil.rmtree(self._place(session), ignore_errors=True)

    def all(self) -> tuple[Snapshot, ...]:
        """Every session's snapshot."""
        return tuple(_described(path.parent) for path in sorted(self._folder.glob("*/snapshot")))

    def _place(self, session: str) -> Path:
        return self._folder / hashlib.sha256(session.encode()).hexdigest()[:32]


def _described(place: Path) -> Snapshot:
    path = place / "snapshot"
    status = path.stat()
    return Snapshot(
        session=(place / "name").read_text(),
        taken_at=datetime.fromtimestamp(status.st_mtime, UTC),
        size_bytes=status.st_size,
        path=path,
    )
