"""Taking a workspace's files out as one stream and putting them back, without looking into them.

Both are commands in the sandbox, under its limits and its user, so that a hostile archive can do no more than
any other command. The worker moves one opaque file out of the session's home or into it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from dataclasses import replace
from threading import Event
from typing import BinaryIO

from sandbox import commands
from sandbox.calls import claim
from sandbox.enclosure import Enclosure, Place
from sandbox.errors import SnapshotFailed
from sandbox.port import SNAPSHOT_BYTES, Finished, Limits, Unknown
from sandbox.workspace import Workspace

_FILE = ".oxbow-snapshot"
# tar answers 1 when a file changed under it, which is fine, and 2 when it could not go on.
_PACK = f"""
rm -rf "$HOME/{_FILE}"
pack() {{ tar --create --ignore-failed-read -C "$1" --transform="s,^\\.,$2,S" "${{@:3}}" .; [ $? -lt 2 ]; }}
{{ pack "$PWD" workspace && pack "$HOME" home --exclude=./.cache --exclude=./{_FILE}; }} \\
    | gzip -1 > "$HOME/{_FILE}"
for status in "${{PIPESTATUS[@]}}"; do [ $status = 0 ] || exit 1; done
"""
_UNPACK = f"""
unpack() {{
    gzip -dc < "$HOME/{_FILE}" | tar --extract --ignore-zeros --preserve-permissions \\
        -C "$1" --strip-components=1 "$2"
}}
unpack "$PWD" workspace && unpack "$HOME" home
status=$?
rm -f "$HOME/{_FILE}"
exit $status
"""


def take(workspace: Workspace, enclosure: Enclosure, into: BinaryIO, limits: Limits) -> None:
    """Write the workspace into `into`. Raises `SnapshotFailed`, or FileNotFoundError without a gate."""
    room = replace(limits, disk_bytes=limits.disk_bytes + SNAPSHOT_BYTES, file_bytes=SNAPSHOT_BYTES)
    _run(workspace, enclosure, _PACK, room)
    home = os.open(workspace.place.home, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with _opened(home) as packed:
            shutil.copyfileobj(packed, into, 1024**2)
        os.unlink(_FILE, dir_fd=home)
    except OSError as error:
        raise SnapshotFailed(f"the packed workspace cannot be read: {error.strerror}") from error
    finally:
        os.close(home)


def put(workspace: Workspace, enclosure: Enclosure, archive: BinaryIO, limits: Limits) -> None:
    """Unpack `archive` in the workspace. Raises `SnapshotFailed`, or FileNotFoundError without a gate."""
    call = claim(workspace.calls, f"archive-{secrets.token_hex(8)}", ("archive",))
    with (call.folder / "content").open("xb") as file:
        shutil.copyfileobj(archive, file, 1024**2)
        _give(file.fileno(), workspace.place)
    (call.folder / "content").rename(workspace.place.home / _FILE)
    room = replace(limits, disk_bytes=limits.disk_bytes + SNAPSHOT_BYTES)
    _run(workspace, enclosure, _UNPACK, room)


def _run(workspace: Workspace, enclosure: Enclosure, command: str, limits: Limits) -> None:
    call = claim(workspace.calls, f"snapshot-{secrets.token_hex(8)}", ("execute", command))
    place = replace(workspace.place, postgres=None)
    outcome = commands.run(call, enclosure.launch(place, command, limits), limits, Event())
    match outcome:
        case Finished(exit_code=0):
            return
        case Unknown(reason=reason):
            raise SnapshotFailed(reason)
        case _:
            said = outcome.output.decode(errors="replace").strip()
            raise SnapshotFailed(f"the workspace could not be packed or unpacked: {said or outcome}")


def _opened(home: int) -> BinaryIO:
    descriptor = os.open(_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=home)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SnapshotFailed("something else has taken the place of the packed workspace")
    return os.fdopen(descriptor, "rb")


def _give(descriptor: int, place: Place) -> None:
    if place.uid is not None:
        os.fchown(descriptor, place.uid, place.uid)
