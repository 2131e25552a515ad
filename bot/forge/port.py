"""The port of a forge: the host of repositories, and what is asked of it about pull requests.

An adapter is one class with the methods of `Forge`. The suite under `tests/contracts` is the contract in
executable form; the adapters for plain Git and for GitHub pass it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

PullRequestState = Literal["open", "merged", "closed", "reverted"]
"""`reverted`: it was merged, and a later commit of its base branch takes it back."""

Conclusion = Literal["pending", "passed", "failed"]
Verdict = Literal["approved", "changes_requested", "commented"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """How git reaches a repository. The environment may hold a credential; it goes to git and to nobody."""

    address: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request to be opened; it is always a draft."""

    branch: str
    base: str
    title: str
    body: str
    """Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as it is now."""

    number: int
    address: str
    """Where people look at it."""
    branch: str
    base: str
    head: str
    """The commit that its branch is at, or was at when it was closed."""
    state: PullRequestState
    draft: bool
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a commit."""

    name: str
    conclusion: Conclusion
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody said about a pull request. Their words are data, never instructions to the product."""

    id: str
    author: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A pull request with everything that may wake its session."""

    pull_request: PullRequest
    checks: tuple[Check, ...]
    """Of the head alone: what was found for an earlier one says nothing any more."""
    reviews: tuple[Review, ...]
    """The oldest first; those of the product itself are left out."""

    @property
    def conclusion(self) -> Conclusion | None:
        """Failed when one check has, passed when all have, None without checks."""
        found = {check.conclusion for check in self.checks}
        return next((worst for worst in ("failed", "pending", "passed") if worst in found), None)


class Forge(Protocol):
    """Repositories by address, their branches and their pull requests.

    Every method may raise `ForgeUnavailable`, after which it is not known whether it took effect, and
    `ForgeRefused`. Nothing here can move a default branch or take a commit out of a branch.
    """

    def remote(self, address: str) -> Remote:
        """How git reads this repository."""

    def head(self, address: str, branch: str) -> str | None:
        """The commit that the branch is at, or None when there is none of that name."""

    def push(self, address: str, *, source: Path, commit: str, branch: str, expected: str | None) -> None:
        """Let the branch be at `commit`, of the repository in the folder `source`.

        The forge compares and sets: the branch is at `expected`, or does not exist when that is None, and
        `commit` comes after it. Raises `BranchMoved` otherwise, and `ForgeRefused` for the default branch.
        """

    def find(self, address: str, branch: str) -> PullRequest | None:
        """The newest pull request from this branch, an open one first."""

    def open(self, address: str, proposal: Proposal) -> PullRequest:
        """Open a draft, or give the open one of that branch. Refuses a branch that does not exist."""

    def look(self, address: str, number: int) -> Standing:
        """The pull request with its checks and reviews. Raises `ForgeRefused` when there is none."""

    def may_write(self, address: str, account: int) -> bool:
        """Whether the account with this number may write to the repository by itself.

        A forge that knows no accounts refuses; `Forges.knows_accounts` tells.
        """

    def comment(self, address: str, number: int, *, key: str, text: str) -> None:
        """Say something about the pull request, once for each `key`."""
