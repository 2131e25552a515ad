"""Taking a file out of a workspace that is larger than what a sandbox reads at once."""

from __future__ import annotations

import re
import shlex

from bot.brain.claimed import Claimed
from bot.brain.sharing import OUT_BYTES
from sandbox import errors
from sandbox.port import Finished, Limits, Sandbox, Unknown

PART_BYTES = 192 * 1024
"""Below what a sandbox reads at once."""

_IN_GIT, _ELSEWHERE = ".git/oxbow-out", ".oxbow-out"
"""Folders for the parts. What is in the first belongs to no tree; the other is for workspaces without Git."""

_CUT = """\
set -eu
[ -f {path} ] || {{ echo "there is no file" >&2; exit 1; }}
size=$(stat -Lc %s -- {path})
[ "$size" -le {most} ] || {{ echo "it has $size bytes, more than {most}" >&2; exit 1; }}
rm -rf {folder} && mkdir {folder}
split -b {part} -d -a 4 -- {path} {folder}/part.
echo "oxbow: $(ls {folder} | wc -l) parts"
"""

_TOLD = re.compile(r"^oxbow: (\d{1,2}) parts$", re.MULTILINE)
"""What a workspace says is not believed beyond two digits; the size is looked at again."""


def whole_file(
    claimed: Claimed, sandbox: Sandbox, reference: str, call: str, path: str, limits: Limits
) -> bytes:
    """The file's content. Raises `FileProblem` with the reason, and the other errors of the sandbox."""
    epoch = claimed.lease.epoch
    try:
        return sandbox.read(reference, path=path, epoch=epoch)
    except errors.FileProblem:
        attached = claimed.session.sandbox
        folder = _IN_GIT if attached is not None and attached.base_commit else _ELSEWHERE
    cut = _CUT.format(path=shlex.quote(path), most=OUT_BYTES, folder=folder, part=PART_BYTES)
    # Cutting changes nothing that counts, so a worker that takes over cuts for itself.
    said = _run(claimed, sandbox, reference, f"{call}:cut:{epoch}", cut, limits)
    told = _TOLD.search(said)
    if told is None:
        raise errors.FileProblem("the workspace could not hand it over")
    try:
        names = [f"{folder}/part.{number:04}" for number in range(int(told.group(1)))]
        return b"".join(sandbox.read(reference, path=name, epoch=epoch) for name in names)
    finally:
        _run(claimed, sandbox, reference, f"{call}:clean:{epoch}", f"rm -rf {folder}", limits)


def _run(claimed: Claimed, sandbox: Sandbox, reference: str, call: str, command: str, limits: Limits) -> str:
    outcome = sandbox.execute(
        reference,
        call=call,
        command=command,
        limits=limits,
        epoch=claimed.lease.epoch,
        cancelled=claimed.stop.interrupted,
    )
    said = "" if isinstance(outcome, Unknown) else outcome.output.decode(errors="replace").strip()
    if not (isinstance(outcome, Finished) and outcome.exit_code == 0):
        raise errors.FileProblem(said[-200:] or "the workspace could not hand it over")
    return said
