"""The forge of plain Git: repositories by address, a pull request being a branch and a description beside it.

Everything is kept in refs of the repository itself, each made once by compare and set:

    refs/heads/oxbow/…                      the branch
    refs/oxbow/pull/<number>                title, text, branch, base (JSON)
    refs/oxbow/closed/<number>              there when somebody closed it unmerged
    refs/oxbow/comments/<number>/<key>      what was said (text)
    refs/oxbow/checks/<commit>/<name>       how a check ended (JSON: conclusion, summary)
    refs/oxbow/reviews/<number>/<id>        a review (JSON: author, verdict, text)

Merging is merging: once the branch's commit is part of its base, the pull request is merged.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.forge.errors import BranchMoved, ForgeRefused, ForgeUnavailable, RepositoryUnavailable
from bot.forge.mirrors import Mirror, Mirrors, without_credential
from bot.forge.plumbing import GitFailed, git, run_git
from bot.forge.port import (
    Check,
    Proposal,
    PullRequest,
    PullRequestState,
    Remote,
    Review,
    Standing,
)
from bot.forge.pushing import heads, push, push_refs
from bot.forge.repository import short_name

_Json = dict[str, str]
_JSON = TypeAdapter(_Json)


class PlainGit:
    """The port `Forge` on repositories that git alone reaches."""

    def __init__(self, mirrors: Mirrors, *, web: str = "") -> None:
        """`web` is the address of a page that shows pull requests, if there is one."""
        self._mirrors = mirrors
        self._web = web

    def remote(self, address: str) -> Remote:
        return without_credential(address)

    def head(self, address: str, branch: str) -> str | None:
        ref = f"refs/heads/{branch}"
        return heads(self.remote(address), ref, cwd=Path("/")).get(ref)

    def push(self, address: str, *, source: Path, commit: str, branch: str, expected: str | None) -> None:
        push(self.remote(address), source=source, commit=commit, branch=branch, expected=expected)

    def find(self, address: str, branch: str) -> PullRequest | None:
        with _reading(self._mirrors, address) as mirror:
            found = [
                self._pull_request(address, mirror, number)
                for number in _numbers(mirror)
                if _description(mirror, number)["branch"] == branch
            ]
        still_open = [it for it in found if it.state == "open"]
        return next(reversed(still_open or found), None)

    def open(self, address: str, proposal: Proposal) -> PullRequest:
        present = self.find(address, proposal.branch)
        if present is not None and present.state == "open":
            return present
        with _reading(self._mirrors, address) as mirror:
            head = _commit(mirror, f"refs/heads/{proposal.branch}")
            if head is None:
                raise ForgeRefused(f"there is no branch {proposal.branch}")
            number = max(_numbers(mirror), default=0) + 1
            described = {
                "branch": proposal.branch,
                "base": proposal.base,
                "head": head,
                "title": proposal.title,
                "body": proposal.body,
            }
            self._keep(address, mirror, f"refs/oxbow/pull/{number}", json.dumps(described))
        return self.look(address, number).pull_request

    def look(self, address: str, number: int) -> Standing:
        with _reading(self._mirrors, address) as mirror:
            if number not in _numbers(mirror):
                raise ForgeRefused(f"there is no pull request {number}")
            found = self._pull_request(address, mirror, number)
            return Standing(
                pull_request=found,
                checks=tuple(_checks(mirror, found.head)),
                reviews=tuple(_reviews(mirror, number)),
            )

    def may_write(self, address: str, account: int) -> bool:
        raise ForgeRefused(f"{address} is plain Git, which knows no account {account}")

    def comment(self, address: str, number: int, *, key: str, text: str) -> None:
        ref = f"refs/oxbow/comments/{number}/{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        with _reading(self._mirrors, address) as mirror:
            if _commit(mirror, ref, kind="blob") is None:
                self._keep(address, mirror, ref, text)

    def describe(self, address: str, number: int) -> tuple[PullRequest, str, str]:
        """A pull request, its text and its diff: for a page."""
        with _reading(self._mirrors, address) as mirror:
            if number not in _numbers(mirror):
                raise ForgeRefused(f"there is no pull request {number}")
            found = self._pull_request(address, mirror, number)
            ends = f"refs/heads/{found.base}...{found.head}"
            diff = git("diff", "--no-ext-diff", "--no-textconv", ends, cwd=mirror.folder)
            return found, _description(mirror, number)["body"], diff

    def _keep(self, address: str, mirror: Mirror, ref: str, text: str) -> None:
        """Make the ref, unless somebody else just did: then it is looked at again and nothing is lost."""
        args = ("hash-object", "-w", "--stdin")
        blob = run_git(args, cwd=mirror.folder, environment={}, content=text.encode()).strip()
        try:
            push_refs(self.remote(address), mirror.folder, f"--force-with-lease={ref}:", f"{blob}:{ref}")
        except BranchMoved as moved:
            raise ForgeUnavailable(f"{ref} was just made by another process", delay=1.0) from moved

    def _pull_request(self, address: str, mirror: Mirror, number: int) -> PullRequest:
        told = _description(mirror, number)
        head = _commit(mirror, f"refs/heads/{told['branch']}")
        return PullRequest(
            number=number,
            address=f"{self._web}/{short_name(address)}/{number}" if self._web else f"{address}#{number}",
            branch=told["branch"],
            base=told["base"],
            head=head or told["head"],
            state=_state(mirror, number, told, head),
            draft=True,
            title=told["title"],
        )


@contextmanager
def _reading(mirrors: Mirrors, address: str) -> Iterator[Mirror]:
    """A refreshed mirror; what cannot be read is waited for."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(mirrors.refreshed(address))
        except (RepositoryUnavailable, GitFailed) as error:
            raise ForgeUnavailable(str(error)) from error


def _state(mirror: Mirror, number: int, told: _Json, head: str | None) -> PullRequestState:
    merged = next((it for it in (head, told["head"]) if it and _within(mirror, it, told["base"])), None)
    if merged is not None:
        return "reverted" if _taken_back(mirror, merged, told["base"]) else "merged"
    closed = _commit(mirror, f"refs/oxbow/closed/{number}", kind="blob") is not None
    return "closed" if closed or head is None else "open"


def _within(mirror: Mirror, commit: str, branch: str) -> bool:
    try:
        git("merge-base", "--is-ancestor", commit, f"refs/heads/{branch}", cwd=mirror.folder)
    except GitFailed:
        return False
    return True


def _taken_back(mirror: Mirror, commit: str, branch: str) -> bool:
    """Whether a commit after the merge says, in the words that git itself writes, that it reverts it."""
    told = git("log", "--format=%B", f"{commit}..refs/heads/{branch}", cwd=mirror.folder)
    return f"This reverts commit {commit}" in told


def _numbers(mirror: Mirror) -> list[int]:
    refs = git("for-each-ref", "--format=%(refname)", "refs/oxbow/pull/", cwd=mirror.folder).split()
    return sorted(int(ref.rsplit("/", 1)[1]) for ref in refs if re.fullmatch(r"refs/oxbow/pull/\d+", ref))


def _description(mirror: Mirror, number: int) -> _Json:
    return _json(mirror, f"refs/oxbow/pull/{number}")


def _checks(mirror: Mirror, commit: str) -> Iterator[Check]:
    for ref in _below(mirror, f"refs/oxbow/checks/{commit}/"):
        told = _json(mirror, ref)
        match told["conclusion"]:
            case "passed" | "failed" | "pending" as conclusion:
                name = ref.rsplit("/", 1)[1]
                yield Check(name=name, conclusion=conclusion, summary=told.get("summary", ""))
            case other:
                raise ForgeRefused(f"{ref} has the unknown conclusion {other!r}")


def _reviews(mirror: Mirror, number: int) -> Iterator[Review]:
    for ref in _below(mirror, f"refs/oxbow/reviews/{number}/"):
        told = _json(mirror, ref)
        match told["verdict"]:
            case "approved" | "changes_requested" | "commented" as verdict:
                name = ref.rsplit("/", 1)[1]
                yield Review(id=name, author=told["author"], verdict=verdict, text=told["text"])
            case other:
                raise ForgeRefused(f"{ref} has the unknown verdict {other!r}")


def _below(mirror: Mirror, prefix: str) -> list[str]:
    return git("for-each-ref", "--format=%(refname)", prefix, cwd=mirror.folder).split()


def _json(mirror: Mirror, ref: str) -> _Json:
    try:
        return _JSON.validate_json(git("cat-file", "blob", ref, cwd=mirror.folder))
    except ValidationError as error:
        raise ForgeRefused(f"{ref} holds no description that can be read") from error


def _commit(mirror: Mirror, ref: str, *, kind: str = "commit") -> str | None:
    try:
        return git("rev-parse", "--verify", "--quiet", f"{ref}^{{{kind}}}", cwd=mirror.folder).strip()
    except GitFailed:
        return None
