"""Bare mirrors of repositories on the trusted side, and the bundle in which one travels into a workspace.

The trusted side clones and bundles; the sandbox unpacks. No address and no credential goes along, and nothing
of the repository runs here: a bundle is made from a bare mirror with hooks and filters switched off.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from bot.forge.errors import ForgeError, ForgeUnavailable, RepositoryUnavailable, RepositoryUnreachable
from bot.forge.plumbing import GitFailed, GitUnreachable, git, run_git
from bot.forge.port import Remote
from bot.forge.pushing import default_branch
from bot.forge.repository import short_name

REFS = ("+refs/heads/*:refs/heads/*", "+refs/oxbow/*:refs/oxbow/*")
"""What is mirrored: branches, and what the plain forge keeps beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A repository at one commit, ready to be unpacked elsewhere."""

    content: bytes
    commit: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A mirror that was just refreshed."""

    folder: Path
    default_branch: str

    @property
    def branches(self) -> dict[str, str]:
        """Every branch and the commit that it is at."""
        shape = "--format=%(refname:lstrip=2) %(objectname)"
        told = git("for-each-ref", shape, "refs/heads", cwd=self.folder)
        return dict(line.split() for line in told.splitlines())

    def commit(self, branch: str) -> str:
        """The commit that the branch is at. Raises `GitFailed`."""
        return git(
            "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}", cwd=self.folder
        ).strip()

    def file(self, commit: str, path: str) -> str | None:
        """A file as it is at a commit; None when it is not there."""
        try:
            return git("cat-file", "blob", f"{commit}:{path}", cwd=self.folder)
        except GitFailed:
            return None


class Mirrors:
    """One mirror for each address below a folder, refreshed whenever it is used."""

    def __init__(self, folder: Path, remote: Callable[[str], Remote]) -> None:
        self._folder = folder
        self._remote = remote
        self._turns: defaultdict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()

    def bundle(self, address: str, branch: str | None = None) -> Bundle:
        """The branch as it is now, by default the default branch. Raises `RepositoryUnavailable`.

        `RepositoryUnreachable` is the one that may pass.
        """
        with (
            self.refreshed(address) as mirror,
            _readable(address),
            TemporaryDirectory(dir=self._folder) as folder,
        ):
            chosen = branch or mirror.default_branch
            packed = Path(folder, "repository.bundle")
            commit = mirror.commit(chosen)
            git("bundle", "create", "--quiet", str(packed), f"refs/heads/{chosen}", cwd=mirror.folder)
            return Bundle(content=packed.read_bytes(), commit=commit, branch=chosen)

    def commit(self, address: str) -> str:
        """The commit that the default branch is at. Raises as `bundle`."""
        with self.refreshed(address) as mirror, _readable(address):
            return mirror.commit(mirror.default_branch)

    def file(self, address: str, *, commit: str, path: str) -> str | None:
        """A file as it is at a commit; None when it is not there. Raises `RepositoryUnavailable`."""
        with self.refreshed(address) as mirror:
            return mirror.file(commit, path)

    def default_branch(self, address: str) -> str:
        """What the repository calls its default branch now. Raises `RepositoryUnavailable`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with _readable(address):
            return _default_branch(self._folder, self._remote(address))

    @contextmanager
    def refreshed(self, address: str) -> Iterator[Mirror]:
        """The mirror as the repository is now, for oneself. Raises `RepositoryUnavailable`."""
        with self._alone(address):
            with _readable(address):
                mirror = self._refreshed(address)
            yield mirror

    @contextmanager
    def _alone(self, address: str) -> Iterator[None]:
        """Among the threads of this process and among processes with the same folder."""
        with self._lock:
            turn = self._turns[address]
        self._folder.mkdir(parents=True, exist_ok=True)
        with turn, self._place(address).with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refreshed(self, address: str) -> Mirror:
        remote = self._remote(address)
        folder = self._mirror(address, remote)
        run_git(
            ("fetch", "--quiet", "--prune", "--no-auto-gc", remote.address, *REFS),
            cwd=folder,
            environment=remote.environment,
        )
        return Mirror(folder=folder, default_branch=_default_branch(folder, remote))

    def _place(self, address: str) -> Path:
        return self._folder / hashlib.sha256(address.encode()).hexdigest()[:24]

    def _mirror(self, address: str, remote: Remote) -> Path:
        """The mirror's folder; a first clone appears complete or not at all."""
        mirror = self._place(address)
        if mirror.exists():
            return mirror
        with TemporaryDirectory(dir=self._folder) as folder:
            unfinished = Path(folder, "mirror")
            clone = ("clone", "--quiet", "--bare", "--", remote.address, str(unfinished))
            run_git(clone, cwd=self._folder, environment=remote.environment)
            try:
                unfinished.rename(mirror)
            except OSError:
                # Another host with the same folder was faster, and its mirror is as good as ours.
                shutil.rmtree(unfinished)
        return mirror


def without_credential(address: str) -> Remote:
    """A repository that anybody may read."""
    return Remote(address=address)


@contextmanager
def _readable(address: str) -> Iterator[None]:
    try:
        yield
    except (GitFailed, OSError, ForgeError) as error:
        away = isinstance(error, GitUnreachable | ForgeUnavailable)
        unreadable = RepositoryUnreachable if away else RepositoryUnavailable
        raise unreadable(f"the repository {short_name(address)} cannot be read: {error}") from error


def _default_branch(mirror: Path, remote: Remote) -> str:
    """What the origin calls its default branch now; the mirror's own HEAD is from its first day."""
    found = default_branch(remote, cwd=mirror)
    if found is None:
        raise GitFailed("it has no default branch")
    return found
