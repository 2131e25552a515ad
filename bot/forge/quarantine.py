"""Taking a change in from a sandbox, on the trusted side, where nothing of it may run.

What arrives is a pack: the objects that a commit has and its base has not. It is unpacked into a repository
of its own, beside a mirror that holds the base; git checks every object, then the rules of
`bot.forge.inspection` apply. There is no work tree, so attributes, filters and large-file pointers are text.
Of the commit only its files are kept: who wrote it, when and why is said by the trusted side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.forge.errors import ChangeRefused
from bot.forge.inspection import Entry, problems
from bot.forge.plumbing import GitFailed, run_git

PACK_BYTES = 10 * 1024**2
"""Of what comes out of a workspace. A change that people review is far smaller."""

REASONS = 5
"""Of a refusal; more would not be read."""

TARGET_BYTES = 4_096
"""Longest target of a symlink, as Linux has it."""

DIFF_CHARACTERS = 4_000_000
"""Of a diff that is scanned; above the largest change that is taken in would be, line by line."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Who made a commit and when; the committer is the same."""

    name: str
    email: str
    at: str
    """ISO 8601."""

    @property
    def environment(self) -> Mapping[str, str]:
        """How git is told."""
        return {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", self.name), ("EMAIL", self.email), ("DATE", self.at))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that was taken in and passed every rule."""

    base: str
    tree: str
    files: tuple[str, ...]
    insertions: int
    deletions: int


class Quarantine:
    """A repository of its own that holds one change; gone with the `with` block that made it."""

    def __init__(self, folder: Path, base: str, commit: str) -> None:
        self.folder = folder
        self.base = base
        self.tree = self._git("rev-parse", "--verify", f"{commit}^{{commit}}^{{tree}}").strip()

    def inspected(self) -> Change:
        """The change, once every rule holds. Raises `ChangeRefused`."""
        entries = tuple(self._entries())
        if not entries:
            raise ChangeRefused("the change is empty")
        paths = self._git("ls-tree", "-r", "-z", "--name-only", self.tree).split("\0")[:-1]
        found = list(problems(entries, paths))
        if found:
            more = f", and {len(found) - REASONS} more" if len(found) > REASONS else ""
            raise ChangeRefused("; ".join(found[:REASONS]) + more)
        insertions, deletions = self._counted()
        return Change(
            base=self.base,
            tree=self.tree,
            files=tuple(entry.path for entry in entries),
            insertions=insertions,
            deletions=deletions,
        )

    def added_text(self) -> str:
        """Every added line, also of files that git calls binary: for a scan."""
        diff = self._git("diff", *_PLAINLY, "--text", "--unified=0", self.base, self.tree)
        added = (line[1:] for line in diff.splitlines() if line.startswith("+") and line[:4] != "+++ ")
        return "\n".join(added)[:DIFF_CHARACTERS]

    def applies(self, onto: str) -> str | None:
        """The files that the change gives on another commit, or None when the two are in conflict."""
        commit = self.commit(parent=self.base, message="change", by=_NOBODY)
        try:
            return self._git("merge-tree", "--write-tree", onto, commit).split("\n")[0]
        except GitFailed:
            return None

    def tree_of(self, commit: str) -> str:
        """The files of a commit, as one name."""
        return self._git("rev-parse", "--verify", f"{commit}^{{tree}}").strip()

    def patch(self, commit: str, base: str) -> str:
        """What a commit changes since its history left `base`, as one name: equal for equal changes."""
        since = self._git("merge-base", base, commit).strip()
        return self._patch_id(since, commit)

    def patch_here(self) -> str:
        """The same of this change."""
        return self._patch_id(self.base, self.tree)

    def _patch_id(self, before: str, after: str) -> str:
        diff = self._git("diff", *_PLAINLY, "--full-index", before, after)
        told = run_git(("patch-id", "--stable"), cwd=self.folder, environment={}, content=diff.encode())
        return told.split(" ")[0]

    def commit(self, *, parent: str, message: str, by: Authorship) -> str:
        """A commit of the change's files after `parent`: the same arguments give the same commit."""
        args = ("commit-tree", self.tree, "-p", parent, "-F", "-")
        return run_git(args, cwd=self.folder, environment=by.environment, content=message.encode()).strip()

    def _entries(self) -> Iterator[Entry]:
        raw = self._git(
            "diff-tree", "-r", "-z", "--raw", "--full-index", "--no-renames", self.base, self.tree
        )
        fields = raw.split("\0")[:-1]
        described = [meta.lstrip(":").split(" ") for meta in fields[0::2]]
        sizes = self._sizes([blob for _, mode, _, blob, _ in described if mode[:2] in ("10", "12")])
        for (_, mode, _, blob, _), path in zip(described, fields[1::2], strict=True):
            target = None
            if mode == "120000" and sizes[blob] <= TARGET_BYTES:
                target = self._git("cat-file", "blob", blob)
            yield Entry(path=path, mode=mode, size=sizes.get(blob, 0), target=target)

    def _sizes(self, blobs: Sequence[str]) -> Mapping[str, int]:
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        args = ("cat-file", "--batch-check=%(objectname) %(objectsize)")
        told = run_git(args, cwd=self.folder, environment={}, content=asked)
        return {blob: int(size) for blob, size in (line.split() for line in told.splitlines())}

    def _counted(self) -> tuple[int, int]:
        told = self._git("diff-tree", "-r", "--numstat", "--no-renames", self.base, self.tree)
        lines = [line.split("\t", 2)[:2] for line in told.splitlines()]
        counts = [(int(more), int(less)) for more, less in lines if more != "-"]
        return sum(more for more, _ in counts), sum(less for _, less in counts)

    def _git(self, *args: str) -> str:
        return run_git(args, cwd=self.folder, environment={}, limited=True)


@contextmanager
def quarantine(pack: bytes, *, commit: str, base: str, mirror: Path) -> Iterator[Quarantine]:
    """The pack, unpacked beside the mirror that holds its base. Raises `ChangeRefused`."""
    if len(pack) > PACK_BYTES:
        raise ChangeRefused(f"it is packed in {len(pack)} bytes, more than {PACK_BYTES}")
    if _COMMIT.fullmatch(commit) is None:
        raise ChangeRefused("what came out of the workspace names no commit")
    with TemporaryDirectory(dir=mirror.parent, prefix="change-") as within:
        folder = Path(within, "quarantine")
        run_git(("init", "--quiet", "--bare", "--template=", str(folder)), cwd=mirror, environment={})
        (folder / "objects/info").mkdir(exist_ok=True)
        (folder / "objects/info/alternates").write_text(f"{mirror.resolve() / 'objects'}\n")
        unpack = ("index-pack", "--stdin", "--fix-thin", "--strict", f"--max-input-size={PACK_BYTES}")
        try:
            run_git(unpack, cwd=folder, environment={}, content=pack, limited=True)
            opened = Quarantine(folder, base, commit)
        except GitFailed as failed:
            said = str(failed).partition(" failed: ")[2]
            raise ChangeRefused(f"git does not take what came out of the workspace: {said}") from failed
        yield opened


_PLAINLY = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
"""A diff that no attribute and no setting changes."""

_NOBODY = Authorship(name="Oxbow", email="oxbow@localhost", at="2000-01-01T00:00:00+00:00")
"""Of commits that are made to be compared and are never pushed."""
