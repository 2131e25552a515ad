"""A commit that changes one file of a repository, made beside its mirror, without a work tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.forge.mirrors import Mirror
from bot.forge.plumbing import git, run_git
from bot.forge.quarantine import Authorship


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """What a file is to hold, and the commit that says so."""

    path: str
    content: str
    message: str
    by: Authorship


@contextmanager
def committed(mirror: Mirror, file: NewFile, *, base: str) -> Iterator[tuple[Path, str]]:
    """A repository that holds the commit after `base`, for as long as this is open, and the commit.

    The same arguments give the same commit. Raises `GitFailed`.
    """
    with TemporaryDirectory(dir=mirror.folder.parent, prefix="addition-") as within:
        folder = Path(within, "repository")
        git("init", "--quiet", "--bare", "--template=", str(folder), cwd=mirror.folder)
        (folder / "objects/info").mkdir(exist_ok=True)
        (folder / "objects/info/alternates").write_text(f"{mirror.folder.resolve() / 'objects'}\n")
        blob = _fed(folder, file.content, "hash-object", "-w", "--stdin")
        git("read-tree", base, cwd=folder)
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{file.path}", cwd=folder)
        tree = git("write-tree", cwd=folder).strip()
        yield folder, _fed(folder, file.message, "commit-tree", tree, "-p", base, "-F", "-", by=file.by)


def _fed(folder: Path, content: str, *args: str, by: Authorship | None = None) -> str:
    environment = by.environment if by is not None else {}
    return run_git(args, cwd=folder, environment=environment, content=content.encode()).strip()
