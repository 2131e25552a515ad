"""Putting the files that people shared into a workspace, beside its repository and not into it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.brain.claimed import Claimed
from memory.log.events import SandboxAttached
from memory.log.file_events import FileFetched, blob_key
from sandbox import errors
from sandbox.port import Sandbox

_EXCLUDED = ".git/info/exclude"
"""What Git does not see in this clone alone."""


def staged(
    claimed: Claimed, sandbox: Sandbox, attached: SandboxAttached, files: Sequence[FileFetched]
) -> str:
    """Why the workspace did not take some of them; empty when it took all. Raises as the sandbox does."""
    if attached.base_commit:
        _exclude(claimed, sandbox, attached.reference, files)
    problems = (_staged(claimed, sandbox, attached.reference, file) for file in files)
    return "\n".join(filter(None, problems))


def _staged(claimed: Claimed, sandbox: Sandbox, reference: str, file: FileFetched) -> str:
    content = claimed.kept_output(blob_key(file.file))
    call, epoch = f"upload-{file.file}", claimed.lease.epoch
    try:
        sandbox.write(reference, call=call, path=file.path, content=content, epoch=epoch)
    except errors.FileProblem as problem:
        return f"{file.path} is not in the workspace: {problem}"
    return ""


def _exclude(claimed: Claimed, sandbox: Sandbox, reference: str, files: Sequence[FileFetched]) -> None:
    """A change is what was worked on: what people shared to be looked at is not to become part of it."""
    epoch = claimed.lease.epoch
    try:
        known = sandbox.read(reference, path=_EXCLUDED, epoch=epoch)
    except errors.FileProblem:
        known = b""
    lines = known.decode(errors="replace").splitlines()
    lines += [line for file in files if (line := f"/{file.path}") not in lines]
    content = "\n".join([*lines, ""]).encode()
    call = f"exclude-{hashlib.sha256(content).hexdigest()[:16]}"
    try:
        sandbox.write(reference, call=call, path=_EXCLUDED, content=content, epoch=epoch)
    except errors.FileProblem:
        # Somebody made something else of the folder; what leaves is shown in the pull request anyway.
        return
