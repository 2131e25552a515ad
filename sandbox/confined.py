"""Finding a file inside a folder that somebody hostile may change at the same moment.

The path is walked one name at a time from an open descriptor, each name opened without following a link;
links are read and walked by the same rules, `..` goes back to the descriptor it came from. So nothing
outside can be reached, whatever is renamed or replaced meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import FileProblem

MOUNT = "/workspace"
# The kernel's own limit on links in one path.
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A name in an open folder. The name is not a link, and may not exist yet."""

    folder: int
    name: str


class _Walk:
    """The open folders from the workspace down to where the walk stands."""

    def __init__(self, top: Path, path: str, *, make: bool, uid: int | None, opened: ExitStack) -> None:
        self._path = path
        self._make = make
        self._uid = uid
        self._opened = opened
        self._folders = [self._keep(os.open(top, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW))]
        self._links = 0

    def to(self, names: deque[str]) -> Spot:
        name = "."
        while names:
            name = names.popleft()
            if name in {"", "."}:
                continue
            if name == "..":
                self._up()
            elif (target := self._link(name)) is not None:
                names.extendleft(reversed(self._follow(target)))
            elif any(part not in {"", "."} for part in names):
                self._down(name)
            else:
                return Spot(folder=self._folders[-1], name=name)
        return Spot(folder=self._folders[-1], name=".")

    def _keep(self, descriptor: int) -> int:
        self._opened.callback(os.close, descriptor)
        return descriptor

    def _up(self) -> None:
        if len(self._folders) == 1:
            raise FileProblem(f"{self._path!r} leads out of the workspace: give a path below {MOUNT}")
        self._folders.pop()

    def _down(self, name: str) -> None:
        if self._make:
            self._make_folder(name)
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
        try:
            self._folders.append(self._keep(os.open(name, flags, dir_fd=self._folders[-1])))
        except NotADirectoryError as error:
            raise FileProblem(f"{self._path!r}: {name!r} is a file, not a folder") from error
        except FileNotFoundError as error:
            raise FileProblem(
                f"{self._path!r} does not exist: {name!r} is missing; list the folders"
            ) from error

    def _make_folder(self, name: str) -> None:
        try:
            os.mkdir(name, 0o755, dir_fd=self._folders[-1])
        except FileExistsError:
            return
        if self._uid is not None:
            os.chown(name, self._uid, self._uid, dir_fd=self._folders[-1], follow_symlinks=False)

    def _link(self, name: str) -> str | None:
        try:
            descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self._folders[-1])
        except FileNotFoundError:
            return None
        try:
            is_link = stat.S_ISLNK(os.fstat(descriptor).st_mode)
            return os.readlink("", dir_fd=descriptor) if is_link else None
        finally:
            os.close(descriptor)

    def _follow(self, target: str) -> list[str]:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise FileProblem(f"{self._path!r} goes through too many links: give the path of the file itself")
        if target.startswith("/"):
            del self._folders[1:]
        return _names(target, self._path)


@contextmanager
def locate(top: Path, path: str, *, make: bool = False, uid: int | None = None) -> Iterator[Spot]:
    """The spot that `path` means below `top`; with `make`, missing folders above it are made for `uid`.

    Raises `FileProblem` when it leads out of the workspace or through something that is no folder.
    """
    with ExitStack() as opened:
        walk = _Walk(top, path, make=make, uid=uid, opened=opened)
        yield walk.to(deque(_names(path, path)))


def _names(path: str, asked: str) -> list[str]:
    if "\0" in path or not path:
        raise FileProblem(f"{asked!r} is not a path: give one below {MOUNT}")
    if path.startswith("/"):
        if path != MOUNT and not path.startswith(f"{MOUNT}/"):
            raise FileProblem(f"{asked!r} leads out of the workspace: give a path below {MOUNT}")
        path = path[len(MOUNT) :]
    return path.split("/")
