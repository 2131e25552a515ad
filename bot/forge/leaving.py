"""How a change leaves a workspace: a command that packs it there, and how its last words are read.

The command runs in the sandbox, so everything that it says is data to be checked (`bot.forge.quarantine`).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

PART_BYTES = 192 * 1024
"""Of the pack's parts: below what a sandbox reads at once."""

FOLDER = ".git/oxbow"
"""In the workspace; what is in there belongs to no tree."""

_COMMAND = """\
set -eu
base={base}
if ! git cat-file -e "$base^{{commit}}" 2>/dev/null; then echo "oxbow: without base"; exit 0; fi
rm -rf {folder} && mkdir {folder}
export GIT_INDEX_FILE=$PWD/{folder}/index
cp .git/index "$GIT_INDEX_FILE" 2>/dev/null || true
# What is committed leaves, and changes of files that git knows; everything where nothing was committed.
if [ "$(git rev-parse HEAD)" = "$base" ]; then git add --all; else git read-tree HEAD; git add --update; fi
tree=$(git write-tree)
if [ "$tree" = "$(git rev-parse "$base^{{tree}}")" ]; then echo "oxbow: unchanged"; exit 0; fi
commit=$(git commit-tree "$tree" -p "$base" -m change)
printf '%s\\n^%s\\n' "$commit" "$base" | git pack-objects -q --revs --thin --stdout > {folder}/pack
split -b {part} -d -a 4 {folder}/pack {folder}/part.
git log -1 --format='oxbow: subject %s' "$base..HEAD"
echo "oxbow: packed $commit $(stat -c %s {folder}/pack)"
"""

_PACKED = re.compile(r"^oxbow: packed ([0-9a-f]{40,64}) (\d{1,12})$", re.MULTILINE)
_SUBJECT = re.compile(r"^oxbow: subject (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A change that waits in the workspace to be read."""

    commit: str
    size: int
    """Bytes of the pack, as the workspace says."""
    subject: str
    """Of the last commit that was made there; empty where none was."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The files that the pack is in, in order."""
        return tuple(f"{FOLDER}/part.{number:04}" for number in range(-(-self.size // PART_BYTES)))


def packing(base: str) -> str:
    """The command that packs everything since `base`."""
    return _COMMAND.format(base=shlex.quote(base), folder=FOLDER, part=PART_BYTES)


def packed(output: str) -> Packed | None:
    """What the command says at its end; None when there is nothing to take out."""
    found = _PACKED.search(output)
    if found is None:
        return None
    subject = _SUBJECT.search(output)
    return Packed(commit=found[1], size=int(found[2]), subject=subject[1].strip() if subject else "")
