"""What a change may contain: rules over its entries, each with a reason in words. Pure.

A change comes out of a sandbox, where anything may have been written. Whatever could do something by itself
on the machine of somebody who checks it out is refused here, before anything is pushed.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

FILES = 1_000
"""Changed files. More is a generated folder that was taken in by mistake, and nobody reviews it."""

FILE_BYTES = 5 * 1024**2
"""Of one changed file; large files belong elsewhere than in Git."""

ALL_BYTES = 20 * 1024**2
"""Of all changed files, unpacked."""

PATH_BYTES = 1_024
"""Of one path: what every common system can hold."""

_REGULAR, _EXECUTABLE, _SYMLINK, _SUBMODULE = "100644", "100755", "120000", "160000"
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Some file systems ignore these in a name: with them `.git` is still `.git`."""

_SHORTENED = re.compile(r"git~\d+")
"""How Windows shortens `.git` and `.gitmodules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A changed path, as it is after the change; a removed one has the mode 000000."""

    path: str
    mode: str
    size: int = 0
    target: str | None = None
    """Of a symlink."""

    @property
    def removed(self) -> bool:
        """Whether the change takes it away."""
        return self.mode == "000000"


def problems(changed: Sequence[Entry], paths: Iterable[str]) -> Iterator[str]:
    """Why the change is refused: one sentence for each reason. `paths` is everything after the change."""
    if len(changed) > FILES:
        yield f"it changes {len(changed)} files, more than {FILES}"
    total = sum(entry.size for entry in changed)
    if total > ALL_BYTES:
        yield f"its files have {total} bytes, more than {ALL_BYTES}"
    for entry in changed:
        shown = entry.path.encode("unicode_escape").decode()[:200]
        yield from (f"{shown}: {reason}" for reason in _entry_problems(entry))
    yield from _collisions([entry.path for entry in changed if not entry.removed], paths)


def _entry_problems(entry: Entry) -> Iterator[str]:
    if entry.mode == _SUBMODULE or entry.path == ".gitmodules":
        yield "submodules are changed by people"
    elif not entry.removed and entry.mode not in (_REGULAR, _EXECUTABLE, _SYMLINK):
        yield f"the mode {entry.mode} is none of a file"
    yield from _path_problems(entry.path)
    if entry.size > FILE_BYTES:
        yield f"it has {entry.size} bytes, more than {FILE_BYTES}"
    if entry.mode == _SYMLINK and _leads_out(entry.path, entry.target):
        yield "the symlink leads out of the repository"


def _path_problems(path: str) -> Iterator[str]:
    if len(path.encode()) > PATH_BYTES:
        yield f"the path is longer than {PATH_BYTES} bytes"
    if "\ufffd" in path:
        yield "the name is not UTF-8"
    if "\\" in path or ":" in path or any(unicodedata.category(sign) in ("Cc", "Cf") for sign in path):
        yield "the name holds a sign that means something else elsewhere"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        yield "the path is none"
    if any(_means_git(part) for part in parts):
        yield "the name means git's own folder somewhere"
    if parts[:2] in ([".github", "workflows"], [".github", "actions"]):
        yield "what runs in checks, with their secrets, is changed by people"


def _means_git(part: str) -> bool:
    name = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", part)).casefold().split(":")[0].rstrip(". ")
    return name == ".git" or _SHORTENED.fullmatch(name) is not None


def _leads_out(path: str, target: str | None) -> bool:
    if target is None or not target or target.startswith("/") or "\\" in target or ":" in target:
        return True
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    parts = reached.split("/")
    return parts[0] == ".." or any(_means_git(part) for part in parts)


def _collisions(changed: Sequence[str], paths: Iterable[str]) -> Iterator[str]:
    """Names that are one on systems which ignore case: whoever checks out there gets either."""
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        for prefix in _prefixes(path):
            spellings[_folded(prefix)].add(prefix)
    told = {
        tuple(sorted(spellings[_folded(prefix)]))
        for path in changed
        for prefix in _prefixes(path)
        if len(spellings[_folded(prefix)]) > 1
    }
    yield from (f"{' and '.join(names)} are one name where case is ignored" for names in sorted(told))


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
