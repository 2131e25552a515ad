"""Pushing a commit: compared and set, never onto the default branch, never over a commit of somebody else."""

from __future__ import annotations

import re
from pathlib import Path

from bot.forge.errors import BranchMoved, ForgeRefused, ForgeUnavailable
from bot.forge.plumbing import GitFailed, run_git
from bot.forge.port import Remote

BRANCHES = re.compile(r"oxbow/[a-z0-9][a-z0-9-]{0,99}")
"""The names of branches that may be pushed to: a space of the product's own."""

_MOVED = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref")
_AWAY = ("Could not resolve", "Failed to connect", "Connection", "timed out", "took longer", "error: 5")

RECEIVE_WITHOUT_HOOKS = "git -c core.hooksPath=/dev/null receive-pack"
"""A repository in a folder of this machine is received here: its hooks would run as this process's user."""


def push(remote: Remote, *, source: Path, commit: str, branch: str, expected: str | None) -> None:
    """Move `branch` of the remote from `expected` (None: it does not exist) to `commit`.

    Raises `BranchMoved`, `ForgeRefused`, `ForgeUnavailable`.
    """
    if BRANCHES.fullmatch(branch) is None:
        raise ForgeRefused(f"{branch!r} is no branch of Oxbow's own; it pushes to oxbow/… alone")
    if branch == default_branch(remote, cwd=source):
        raise ForgeRefused(f"{branch!r} is the default branch; nothing is ever pushed to it")
    _require_after(source, commit, expected)
    ref = f"refs/heads/{branch}"
    push_refs(remote, source, f"--force-with-lease={ref}:{expected or ''}", f"{commit}:{ref}")


def push_refs(remote: Remote, source: Path, lease: str, refspec: str) -> None:
    """One ref, compared and set on the remote's side."""
    local = [f"--receive-pack={RECEIVE_WITHOUT_HOOKS}"] if remote.address.startswith("file:") else []
    args = ("push", "--quiet", "--no-verify", *local, lease, remote.address, refspec)
    try:
        run_git(args, cwd=source, environment=remote.environment)
    except GitFailed as failed:
        raise classified(failed) from failed


def heads(remote: Remote, pattern: str, *, cwd: Path) -> dict[str, str]:
    """Refs of the remote that match the pattern, each with its object."""
    try:
        told = run_git(
            ("ls-remote", "--refs", remote.address, pattern), cwd=cwd, environment=remote.environment
        )
    except GitFailed as failed:
        raise classified(failed) from failed
    pairs = (line.split("\t") for line in told.splitlines())
    return {ref: commit for commit, ref in pairs}


def default_branch(remote: Remote, *, cwd: Path) -> str | None:
    """What the remote calls its default branch now."""
    asked = ("ls-remote", "--symref", remote.address, "HEAD")
    try:
        told = run_git(asked, cwd=cwd, environment=remote.environment)
    except GitFailed as failed:
        raise classified(failed) from failed
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", told)
    return found.group(1) if found else None


def classified(failed: GitFailed) -> BranchMoved | ForgeRefused | ForgeUnavailable:
    """What a failed exchange with a remote means to who asked for it."""
    said = str(failed)
    if any(sign in said for sign in _MOVED):
        return BranchMoved("the branch is not where it was expected; nothing was pushed")
    if any(sign in said for sign in _AWAY):
        return ForgeUnavailable(f"the forge does not answer git: {said}")
    return ForgeRefused(f"the forge refused: {said}")


def _require_after(source: Path, commit: str, expected: str | None) -> None:
    """A lease alone would let an older or an unrelated commit replace the expected one."""
    if expected is None:
        return
    try:
        run_git(("merge-base", "--is-ancestor", expected, commit), cwd=source, environment={})
    except GitFailed as failed:
        raise BranchMoved("the new commit does not come after the branch's; nothing was pushed") from failed
