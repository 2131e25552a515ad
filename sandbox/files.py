"""Reading, writing and editing a file of the workspace from the worker's side, each change once per call id.

A change is prepared in the call's folder and committed by one rename out of it, whose source path goes
through the gate. Afterwards, whether the prepared file is still there tells whether the change was made, so
a repeated call always knows: a change to a file never ends as unknown.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.calls import Call
from sandbox.confined import MOUNT, Spot, locate
from sandbox.enclosure import Place
from sandbox.errors import FileProblem, SandboxUnreachable

READ_LIMIT = 256 * 1024
# Held in memory twice while it is changed.
_EDIT_LIMIT = 16 * 1024**2
# Another thread of the same worker makes the same change: done within milliseconds unless it is frozen.
_PATIENCE = 10.0
# What the workspace itself may answer to a file operation, as opposed to a broken host.
_CORRECTABLE = {
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.ENOTEMPTY,
    errno.ENXIO,
    errno.EPERM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Make `content` the whole file, and the folders above it if they are missing."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace the one occurrence of `old`."""

    old: str
    new: str


def read(place: Place, path: str) -> bytes:
    """Content of the file. Raises `FileProblem`."""
    way_out = "look at a part of it with a command such as `sed -n '1,200p'`"
    with _problems(path), locate(place.workspace, path) as spot:
        return _content(spot, path, READ_LIMIT, way_out)


def alter(call: Call, place: Place, path: str, change: Write | Edit, *, epoch: int) -> None:
    """Make the change, or repeat what came of it.

    Raises `FileProblem`, or FileNotFoundError when the gate has moved.
    """
    with _alone(call, epoch):
        if not call.outcome_file.exists() and not _committed(call):
            try:
                _commit(call, place, path, change, epoch)
            except FileProblem as problem:
                _conclude(call, epoch, f"problem\n{problem}")
        if not call.outcome_file.exists():
            _conclude(call, epoch, "done\n")
    verdict, _, sentence = call.outcome_file.read_text().partition("\n")
    if verdict == "problem":
        raise FileProblem(sentence)


def _commit(call: Call, place: Place, path: str, change: Write | Edit, epoch: int) -> None:
    make = isinstance(change, Write)
    with _problems(path), locate(place.workspace, path, make=make, uid=place.uid) as spot:
        mode = _mode(spot, path)
        prepared = call.folder / f"content.{epoch}"
        prepared.write_bytes(_changed(change, spot, path))
        with prepared.open("rb") as file:
            os.fchmod(file.fileno(), mode if mode is not None else 0o644)
            if place.uid is not None:
                os.fchown(file.fileno(), place.uid, place.uid)
        (call.folder / f"ready.{epoch}").touch()
        os.rename(prepared, spot.name, dst_dir_fd=spot.folder)


def _changed(change: Write | Edit, spot: Spot, path: str) -> bytes:
    match change:
        case Write():
            return change.content
        case Edit():
            content = _content(spot, path, _EDIT_LIMIT, "change it with a command such as `sed -i`")
            old, new = (text.encode("utf-8", "surrogatepass") for text in (change.old, change.new))
            _require_one(content.count(old) if old else 0, path)
            return content.replace(old, new)


def _require_one(count: int, path: str) -> None:
    if count == 0:
        raise FileProblem(f"the text to replace is not in {path!r}: read it and copy the text exactly")
    if count > 1:
        raise FileProblem(f"the text to replace occurs {count} times in {path!r}: add lines around it")


def _committed(call: Call) -> bool:
    """Whether some worker made the change and died before it could say so."""
    return any(
        not ready.with_name(f"content{ready.suffix}").exists() for ready in call.folder.glob("ready.*")
    )


def _conclude(call: Call, epoch: int, verdict: str) -> None:
    draft = call.folder / f"outcome.{epoch}"
    draft.write_text(verdict)
    draft.rename(call.outcome_file)


@contextmanager
def _alone(call: Call, epoch: int) -> Iterator[None]:
    # One lock for each epoch: a frozen worker of an earlier epoch blocks nobody, and can commit nothing any
    # more.
    with (call.folder / f"lock.{epoch}").open("ab") as lock:
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > give_up:
                    raise SandboxUnreachable(
                        f"call {call.call} is being made by a worker that hangs"
                    ) from error
                time.sleep(0.005)
        yield


def _mode(spot: Spot, path: str) -> int | None:
    """Permissions of the present file, or None without one."""
    try:
        status = os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    _require_regular(status.st_mode, path)
    return status.st_mode & 0o777


def _content(spot: Spot, path: str, limit: int, way_out: str) -> bytes:
    # Non-blocking, since opening a pipe would wait for its other end.
    try:
        descriptor = os.open(spot.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=spot.folder)
    except FileNotFoundError as error:
        raise FileProblem(f"{path!r} does not exist: list the folder to see what does") from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        _require_regular(status.st_mode, path)
        if status.st_size > limit:
            raise FileProblem(f"{path!r} has {status.st_size} bytes, more than {limit}: {way_out}")
        return file.read(limit) or b""


def _require_regular(mode: int, path: str) -> None:
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise FileProblem(f"{path!r} is {kind}: give the path of a file")


@contextmanager
def _problems(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _CORRECTABLE:
            raise
        reason = os.strerror(error.errno or 0)
        raise FileProblem(f"{path!r} cannot be used: {reason}; give another path below {MOUNT}") from error
