"""Whether a declared check that fails on a change fails at its base as well. Pure.

A repository that was red before is no reason to hold a change back; something that fails anew is.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence

_COMMAND = """\
base=$(mktemp -d) && git worktree add -q --detach "$base" {commit} || exit {missing}
(cd "$base" && {before} >/dev/null 2>&1; cd "$base" && bash -c {command})
code=$?
git worktree remove --force "$base"
{again}
exit $code
"""

_FAILS = re.compile(r"fail|error|not ok|✗|✘|panic", re.IGNORECASE)
_VARIES = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?|/tmp/[\w./-]+", re.IGNORECASE)
"""What differs from one run to the next: addresses, numbers, times, the folder of the run."""


HEAD = ".git/oxbow-head.bundle"
"""In the workspace; what is in there belongs to no tree."""

MISSING = 70
"""Exit code where the newer files cannot be had: then nothing was solved there."""


def head_run(branch: str, commit: str, before: Sequence[str], command: str, *, again: str | None) -> str:
    """As `base_run` on newer files, which lie in the workspace as the bundle `HEAD`; else `MISSING`."""
    fetch = f"git fetch -q {HEAD} {shlex.quote(branch)}; rm -f {HEAD}\n"
    return fetch + base_run(commit, before, command, again=again, missing=MISSING)


def base_run(commit: str, before: Sequence[str], command: str, *, again: str | None, missing: int = 0) -> str:
    """The command that runs a declared one on the files of `commit`, after those that come `before` it.

    It ends with `missing` where the files cannot be had: with 0 nothing is excused. `again` is run in the
    workspace at the end: what was set up for the base is set up for the change once more.
    """
    prepared = " && ".join(f"bash -c {shlex.quote(step)}" for step in before) or "true"
    return _COMMAND.format(
        commit=shlex.quote(commit),
        missing=missing,
        before=f"{{ {prepared}; }}",
        command=shlex.quote(command),
        again=f"bash -c {shlex.quote(again)} >/dev/null 2>&1" if again else "true",
    )


def new_failures(now: str, before: str) -> tuple[str, ...]:
    """Lines that tell of a failure and were not there before, or not as often; in their order."""
    left = Counter(map(_same, _failing(before)))
    found = []
    for line in _failing(now):
        if left[_same(line)] > 0:
            left[_same(line)] -= 1
        else:
            found.append(line)
    return tuple(found)


def _failing(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if _FAILS.search(line)]


def _same(line: str) -> str:
    return _VARIES.sub("0", line)
