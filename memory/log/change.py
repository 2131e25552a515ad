"""A session's change on its way into a pull request, as the log tells it. Pure.

`memory.log.fold` hands the events of `memory.log.change_events` over to `applied`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from memory.log.change_events import (
    BranchPushed,
    ChangeAuthorised,
    ChangeChecked,
    ChangeExported,
    ChangeRecorded,
    ChangeWithheld,
    ForgeAwaited,
    PullRequestChanged,
    PullRequestOpened,
    PullRequestStarted,
    PullRequestState,
    PushStarted,
    Withholding,
)

REPAIR_ROUNDS = 2
"""Rounds in which the model repairs what checks and reviewers find; a third would find no more than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How far the session's change has come, and what became of it."""

    checked: ChangeChecked | None = None
    """Of the answer that the turn has now; gone as soon as the model is asked again."""
    failed_rounds: int = 0
    """How often declared checks failed in this turn."""
    exported: ChangeExported | None = None
    withheld: ChangeWithheld | None = None
    left: bool = False
    """A change stayed in the workspace that the next answer may bring further, whatever its turn did."""
    awaited: ForgeAwaited | None = None
    awaited_at: datetime | None = None
    awaited_times: int = 0

    authorised: ChangeAuthorised | None = None
    """Of the last change that was let through: who asked for it, with whose rights."""
    branch: str | None = None
    """The one branch of the pull request that is open or being made."""
    commits: tuple[str, ...] = ()
    """Every commit that was pushed or was about to be: a branch at any other one has somebody else's."""
    pushed: BranchPushed | None = None
    opened: PullRequestOpened | None = None
    standing: PullRequestChanged | None = None
    pull_requests: int = 0
    """How many pull requests the session has opened."""
    repairs: int = 0
    """Turns that failed checks or reviews of this pull request have opened."""
    handed_over: str | None = None
    """The head at which repairing stopped: people have to go on."""
    heads: tuple[tuple[int, str], ...] = ()
    """Turns and the commits that they pushed."""
    ends: tuple[tuple[int, PullRequestState], ...] = ()
    """Turns that opened a pull request, and how it ended."""

    @property
    def finished(self) -> bool:
        """Whether the pull request is over: what comes next needs a new one."""
        return self.standing is not None and self.standing.state != "open"

    @property
    def taken_over(self) -> bool:
        """Whether somebody else's commit is on the branch."""
        return self.standing is not None and self.standing.head not in self.commits

    def commit_of(self, turn: int) -> str | None:
        """The commit that the turn pushed."""
        return dict(self.heads).get(turn)

    def end_of(self, turn: int) -> PullRequestState | None:
        """How the pull request ended that the turn opened."""
        return dict(self.ends).get(turn)

    def asked_again(self) -> Publication:
        """The model goes on: what was checked and exported is no longer its answer."""
        return replace(self, checked=None, exported=None, withheld=None, awaited=None, awaited_times=0)

    def turn_opened(self) -> Publication:
        """A new turn begins; an unpushed change of the one before is exported anew at its end."""
        return replace(self.asked_again(), failed_rounds=0)


def applied(publication: Publication, event: ChangeRecorded, at: datetime) -> Publication:
    """The publication after one more event."""
    match event:
        case ChangeChecked():
            failed = any(run.exit_code != 0 for run in event.runs)
            rounds = publication.failed_rounds + (1 if failed else 0)
            return replace(publication, checked=event, failed_rounds=rounds)
        case ChangeExported():
            return replace(publication, exported=event, awaited=None)
        case ChangeWithheld():
            return replace(publication, withheld=event, left=event.reason in _LEFT, awaited=None)
        case ForgeAwaited():
            times = publication.awaited_times + 1
            return replace(publication, awaited=event, awaited_at=at, awaited_times=times)
        case ChangeAuthorised():
            return replace(publication, authorised=event, awaited=None)
        case PushStarted():
            return _push_started(publication, event)
        case BranchPushed():
            heads = (*publication.heads, (event.turn, event.commit))
            # A branch without its pull request is half of the way, whatever the turn did itself.
            left = publication.opened is None
            return replace(publication, pushed=event, heads=heads, left=left, awaited=None)
        case PullRequestStarted():
            return publication
        case PullRequestOpened():
            number = publication.opened.number if publication.opened else None
            more = 0 if number == event.number else 1
            return replace(
                publication,
                opened=event,
                standing=None if more else publication.standing,
                pull_requests=publication.pull_requests + more,
                left=False,
                awaited=None,
            )
        case _:
            assert_never(event)


_LEFT: tuple[Withholding, ...] = ("refused", "checks", "unauthorised")
"""Reasons that may be gone the next time."""


def _push_started(publication: Publication, event: PushStarted) -> Publication:
    if event.branch == publication.branch:
        commits = dict.fromkeys((*publication.commits, event.commit))
        return replace(publication, commits=tuple(commits))
    return replace(
        publication,
        branch=event.branch,
        commits=(event.commit,),
        pushed=None,
        opened=None,
        standing=None,
        repairs=0,
        handed_over=None,
    )
