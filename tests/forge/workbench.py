"""Makes changes as a sandbox could, honest and hostile, and takes them in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.forge.plumbing import git, run_git
from bot.forge.quarantine import Change, Quarantine, quarantine
from tests.forge.origins import WHO, bare, commit, initialised


class Workbench:
    """A repository, its mirror, and a place where trees are made by hand."""

    def __init__(self, folder: Path) -> None:
        self.work = initialised(folder / "work")
        self.base = commit(self.work, "print('hello')\n", "src/app.py")
        self.mirror = bare(folder / "mirror.git", self.work)

    def blob(self, content: bytes) -> str:
        return self._made(("hash-object", "-w", "--stdin"), content)

    def tree(self, *entries: tuple[str, str, str]) -> str:
        """Entries are mode, object and name; git's own checks of them are passed by."""
        content = b"".join(
            f"{mode.lstrip('0')} {name}".encode("utf-8", "surrogateescape") + b"\0" + bytes.fromhex(made)
            for mode, made, name in entries
        )
        return self._made(("hash-object", "-w", "-t", "tree", "--literally", "--stdin"), content)

    def with_file(self, name: str, content: bytes = b"x\n", mode: str = "100644") -> str:
        """The base's tree and one entry beside; sorted as git wants it."""
        listed = git("ls-tree", "-z", self.base, cwd=self.work).split("\0")[:-1]
        have = [(line.split()[0], line.split()[2], line.partition("\t")[2]) for line in listed]
        entries = [*((m, o, n) for m, o, n in have if n != name), (mode, self.blob(content), name)]
        return self.tree(*sorted(entries, key=lambda it: it[2] + ("/" if it[0] == "040000" else "")))

    def commit(self, tree: str, *, parents: tuple[str, ...] | None = None) -> str:
        given = [part for parent in (parents or (self.base,)) for part in ("-p", parent)]
        args = ("commit-tree", tree, *given, "-m", "change")
        return run_git(args, cwd=self.work, environment=WHO).strip()

    def pack(self, made: str, *without: str) -> bytes:
        """What the sandbox would send for the commit."""
        asked = "".join(f"{line}\n" for line in (made, *(f"^{it}" for it in (without or (self.base,)))))
        command = ["git", "pack-objects", "-q", "--revs", "--thin", "--stdout"]
        return subprocess.run(
            command, cwd=self.work, input=asked.encode(), check=True, capture_output=True
        ).stdout

    @contextmanager
    def quarantined(self, made: str, content: bytes | None = None) -> Iterator[Quarantine]:
        packed = self.pack(made) if content is None else content
        with quarantine(packed, commit=made, base=self.base, mirror=self.mirror) as opened:
            yield opened

    def taken_in(self, tree: str) -> Change:
        """The change of the base to this tree, taken in."""
        with self.quarantined(self.commit(tree)) as opened:
            return opened.inspected()

    def _made(self, args: tuple[str, ...], content: bytes) -> str:
        return run_git(args, cwd=self.work, environment={}, content=content).strip()
