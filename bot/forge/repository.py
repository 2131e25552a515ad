"""Repositories that sessions may work on, and the bundle in which one travels into a workspace.

The trusted side clones and bundles; the sandbox unpacks. No address and no credential goes along, and nothing
of the repository runs here: a bundle is made from a bare mirror with hooks and filters switched off.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from bot.forge.plumbing import GitFailed, git


class RepositoryUnavailable(Exception):
    """A repository cannot be read now; the text names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An address that sessions may work on, and the short name by which people ask for it."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A repository at one commit, ready to be unpacked elsewhere."""

    content: bytes
    commit: str
    branch: str


def repositories(addresses: Sequence[str]) -> tuple[Repository, ...]:
    """The repositories of these addresses; two with one name are told apart by their owner's."""
    short = [_parts(address)[-1] for address in addresses]
    return tuple(
        Repository(name=name if short.count(name) == 1 else "/".join(_parts(address)[-2:]), address=address)
        for name, address in zip(short, addresses, strict=True)
    )


def _parts(address: str) -> list[str]:
    return address.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")


def choose(text: str, allowed: Sequence[Repository]) -> Repository | None:
    """The one repository that the text names, else the one whose every word it holds, else the only one.

    None when that does not decide: guessing would put work into the wrong place.
    """
    for fits in (_named, _described):
        found = [repository for repository in allowed if fits(text, repository.name)]
        if len(found) == 1:
            return found[0]
    return allowed[0] if len(allowed) == 1 else None


def _named(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None


def _described(text: str, name: str) -> bool:
    words = set(re.findall(r"[a-z0-9]+", text.lower()))
    return set(re.findall(r"[a-z0-9]+", name.lower())) <= words


def _default_branch(mirror: Path) -> str:
    """What the origin calls its default branch now; the mirror's own HEAD is from its first day."""
    told = git("ls-remote", "--symref", "origin", "HEAD", cwd=mirror)
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", told)
    if found is None:
        raise GitFailed("it has no default branch")
    return found.group(1)


class Mirrors:
    """Bare mirrors below one folder, one for each address, refreshed whenever one is bundled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: defaultdict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()

    def bundle(self, address: str) -> Bundle:
        """The repository's default branch as it is now. Raises `RepositoryUnavailable`."""
        try:
            with self._lock:
                turn = self._turns[address]
            with turn:
                return self._bundle(address)
        except (GitFailed, OSError) as error:
            raise RepositoryUnavailable(
                f"the repository {_parts(address)[-1]} cannot be read: {error}"
            ) from error

    def _bundle(self, address: str) -> Bundle:
        mirror = self._mirror(address)
        git("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/heads/*", cwd=mirror)
        branch = _default_branch(mirror)
        commit = git("rev-parse", f"refs/heads/{branch}", cwd=mirror).strip()
        with TemporaryDirectory(dir=self._folder) as folder:
            packed = Path(folder, "repository.bundle")
            git("bundle", "create", "--quiet", str(packed), f"refs/heads/{branch}", cwd=mirror)
            return Bundle(content=packed.read_bytes(), commit=commit, branch=branch)

    def _mirror(self, address: str) -> Path:
        """The mirror's folder; a first clone appears complete or not at all."""
        mirror = self._folder / hashlib.sha256(address.encode()).hexdigest()[:24]
        if mirror.exists():
            return mirror
        self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._folder) as folder:
            unfinished = Path(folder, "mirror")
            git("clone", "--quiet", "--bare", "--", address, str(unfinished), cwd=self._folder)
            try:
                unfinished.rename(mirror)
            except OSError:
                # Another process was faster and its mirror is as good as ours.
                shutil.rmtree(unfinished)
        return mirror
