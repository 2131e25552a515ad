"""The events of a change on its way from a workspace into a pull request, and of what becomes of it there.

They belong to `memory.log.events`; they stand apart because they tell one story of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

Withholding = Literal[
    "unchanged",
    "read_only",
    "unsafe",
    "secret",
    "checks",
    "obsolete",
    "taken_over",
    "unauthorised",
    "denied",
    "refused",
]
"""Why a turn ends without a push: nothing changed, the repository is only read here, a rule refuses the
files, they hold a secret, declared checks fail, somebody solved it already, a person took the branch over,
who asked may not write there, the channel's policy or somebody who decides said no, or the forge did."""

HowAuthorised = Literal["linked", "listed", "bot"]
"""Whose rights let a change be pushed: those of the linked account of who asked, the operator's list, or
Oxbow's own alone."""

Premise = Literal["unmoved", "moved", "conflicts"]
"""What became of the base meanwhile: it is what it was, it moved on, it moved on over the same lines."""

PullRequestState = Literal["open", "merged", "closed", "reverted"]
CheckConclusion = Literal["pending", "passed", "failed"]
ReviewVerdict = Literal["approved", "changes_requested", "commented"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A command that the repository declares, as it ended in the workspace."""

    name: str
    command: str
    exit_code: int | None
    """None when it did not end by itself."""
    seconds: float
    output: str
    """Its end."""
    red_at_base: bool = False
    """It failed, and fails as well on the files that the work began from, where nothing less fails."""

    @property
    def holds(self) -> bool:
        """Whether it says nothing against the change."""
        return self.exit_code == 0 or self.red_at_base


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeChecked:
    """The repository's declared commands were run in the workspace; `runs` is empty when it declares none."""

    VERSION: ClassVar[int] = 1
    turn: int
    runs: tuple[CheckRun, ...]
    problem: str = ""
    """Why they could not be run."""
    solved_at: str = ""
    """A newer commit of the default branch at which the test that failed passes without the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExported:
    """The change left the workspace, passed every rule, and is a commit that waits to be pushed.

    `tree`, `parent`, `message` and `authored_at` make that very commit again, wherever it is pushed from; the
    objects are kept beside the log under `pack`.
    """

    VERSION: ClassVar[int] = 1
    turn: int
    base: str
    """The commit that the workspace was made from."""
    base_branch: str
    branch: str
    """The branch that it goes to, made for it or at an earlier commit of this session."""
    parent: str
    commit: str
    title: str
    message: str
    authored_at: str
    """ISO 8601, UTC."""
    pack: str
    packed_commit: str
    files: tuple[str, ...]
    insertions: int
    deletions: int
    premise: Premise


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWithheld:
    """Nothing is pushed in this turn; `detail` says why, for people."""

    VERSION: ClassVar[int] = 1
    turn: int
    reason: Withholding
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeAwaited:
    """The forge or the workspace did not answer; the step is made again after `delay` seconds."""

    VERSION: ClassVar[int] = 1
    detail: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAuthorised:
    """Who asked for the change may push it themselves, or the operator lets Oxbow's own rights count."""

    VERSION: ClassVar[int] = 1
    turn: int
    commit: str
    by: str
    """Slack user who asked."""
    by_name: str
    how: HowAuthorised
    account: str = ""
    """Their name on the forge, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushStarted:
    """The commit is about to be pushed: after this event the branch may be at it."""

    VERSION: ClassVar[int] = 1
    turn: int
    branch: str
    commit: str
    expected: str | None
    """Where the branch must be before; None when it must not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPushed:
    """The branch is at the commit, seen there or acknowledged by the forge."""

    VERSION: ClassVar[int] = 1
    turn: int
    branch: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestStarted:
    """A draft pull request is about to be opened from the branch."""

    VERSION: ClassVar[int] = 1
    turn: int
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestOpened:
    """The draft is there, found or made."""

    VERSION: ClassVar[int] = 1
    turn: int
    number: int
    address: str
    branch: str
    base: str
    head: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """A check of the forge that failed, and what it says."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReview:
    """What somebody said about the pull request."""

    id: str
    author: str
    verdict: ReviewVerdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestChanged:
    """How the pull request stands now, whole: whoever saw it first wrote it down."""

    VERSION: ClassVar[int] = 1
    number: int
    state: PullRequestState
    head: str
    conclusion: CheckConclusion | None
    """Of the checks of `head`; None while there are none."""
    failures: tuple[FailedCheck, ...] = ()
    reviews: tuple[GivenReview, ...] = ()


ChangeRecorded: TypeAlias = (
    ChangeChecked
    | ChangeExported
    | ChangeWithheld
    | ForgeAwaited
    | ChangeAuthorised
    | PushStarted
    | BranchPushed
    | PullRequestStarted
    | PullRequestOpened
)
"""Recorded by the holder of the lease; `PullRequestChanged` is received."""
