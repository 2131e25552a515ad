"""Events of a change on its way into a pull request, with the fields that a test does not care about."""

from __future__ import annotations

from typing import Any

from memory.log.change_events import (
    BranchPushed,
    ChangeAuthorised,
    ChangeChecked,
    ChangeExported,
    ChangeWithheld,
    CheckRun,
    ForgeAwaited,
    PullRequestChanged,
    PullRequestOpened,
    PullRequestStarted,
    PushStarted,
    Withholding,
)

BASE, COMMIT, BRANCH = "b" * 40, "c" * 40, "oxbow/fix-12345678"


def ran(exit_code: int | None = 0, name: str = "test") -> CheckRun:
    return CheckRun(name=name, command="make test", exit_code=exit_code, seconds=1.0, output="2 failed")


def checked(*runs: CheckRun, turn: int = 1) -> ChangeChecked:
    return ChangeChecked(turn=turn, runs=runs)


def exported(commit: str = COMMIT, *, turn: int = 1, **fields: Any) -> ChangeExported:
    given = {
        "base": BASE, "base_branch": "main", "branch": BRANCH, "parent": BASE, "title": "Fix it",
        "message": "Fix it", "authored_at": "2026-11-25T12:00:00+00:00", "pack": "change:1",
        "packed_commit": "d" * 40, "files": ("a.py",), "insertions": 1, "deletions": 0, "premise": "unmoved",
    }  # fmt: skip
    return ChangeExported(turn=turn, commit=commit, **{**given, **fields})


def withheld(
    reason: Withholding = "unchanged", *, turn: int = 1, detail: str = "Nothing changed."
) -> ChangeWithheld:
    return ChangeWithheld(turn=turn, reason=reason, detail=detail)


def awaited(delay: float = 5.0) -> ForgeAwaited:
    return ForgeAwaited(detail="the forge does not answer", delay=delay)


def authorised(commit: str = COMMIT, *, turn: int = 1, **fields: Any) -> ChangeAuthorised:
    given = {"by": "UADA", "by_name": "Ada", "how": "linked", "account": "ada-gh"}
    return ChangeAuthorised(turn=turn, commit=commit, **{**given, **fields})


def push_started(commit: str = COMMIT, *, turn: int = 1, branch: str = BRANCH) -> PushStarted:
    return PushStarted(turn=turn, branch=branch, commit=commit, expected=None)


def pushed(commit: str = COMMIT, *, turn: int = 1, branch: str = BRANCH) -> BranchPushed:
    return BranchPushed(turn=turn, branch=branch, commit=commit)


def opening(*, turn: int = 1) -> PullRequestStarted:
    return PullRequestStarted(turn=turn, branch=BRANCH)


def opened(number: int = 1, *, turn: int = 1) -> PullRequestOpened:
    return PullRequestOpened(
        turn=turn, number=number, address=f"https://forge.example/{number}", branch=BRANCH, base="main",
        head=COMMIT, title="Fix it",
    )  # fmt: skip


def changed(head: str = COMMIT, **fields: Any) -> PullRequestChanged:
    return PullRequestChanged(**{"number": 1, "state": "open", "head": head, "conclusion": None, **fields})
