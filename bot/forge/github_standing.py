"""What GitHub says of a pull request, in the port's words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from bot.forge.errors import ForgeRefused
from bot.forge.port import Check, Conclusion, PullRequest, PullRequestState, Review, Verdict

if TYPE_CHECKING:
    from github.PullRequest import PullRequest as Pull
    from github.Repository import Repository

LATEST = 100
"""Commits after a merge among which a revert is looked for: one page, weeks of most repositories."""

SUMMARY = 4_000
"""Characters kept of what a check says."""

_VERDICTS: dict[str, Verdict] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
}


def pull_request(repository: Repository, pull: Pull) -> PullRequest:
    """The pull request as it is now."""
    return PullRequest(
        number=pull.number,
        address=pull.html_url,
        branch=pull.head.ref,
        base=pull.base.ref,
        head=pull.head.sha,
        state=_state(repository, pull),
        draft=pull.draft,
        title=pull.title,
    )


def checks(repository: Repository, commit: str) -> Iterator[Check]:
    """Check runs and commit statuses of the commit: services use one or the other."""
    found = repository.get_commit(commit)
    for run in found.get_check_runs():
        said = "\n".join(filter(None, (run.output.title, run.output.summary, run.output.text)))
        ended = _conclusion(run.conclusion) if run.status == "completed" else "pending"
        yield Check(name=run.name, conclusion=ended, summary=said[:SUMMARY])
    for status in found.get_combined_status().statuses:
        yield Check(
            name=status.context,
            conclusion=_conclusion(status.state),
            summary=(status.description or "")[:SUMMARY],
        )


def reviews(pull: Pull) -> Iterator[Review]:
    """Reviews with their remarks on lines, then comments; the words of apps are left out."""
    remarks: dict[int, list[str]] = {}
    for remark in pull.get_review_comments():
        at = f"{remark.path}:{remark.line}" if remark.line else remark.path
        remarks.setdefault(remark.pull_request_review_id, []).append(f"{at}: {remark.body}")
    for review in pull.get_reviews():
        verdict = _VERDICTS.get(review.state)
        if verdict is None or review.user.type == "Bot":
            continue
        text = "\n".join(filter(None, (review.body, *remarks.get(review.id, []))))
        yield Review(id=f"review-{review.id}", author=review.user.login, verdict=verdict, text=text)
    for comment in pull.get_issue_comments():
        if comment.user.type != "Bot":
            yield Review(
                id=f"comment-{comment.id}", author=comment.user.login, verdict="commented", text=comment.body
            )


def _state(repository: Repository, pull: Pull) -> PullRequestState:
    if pull.state == "open":
        return "open"
    if pull.merged_at is None:
        return "closed"
    later = islice(repository.get_commits(sha=pull.base.ref, since=pull.merged_at), LATEST)
    mark = f"This reverts commit {pull.merge_commit_sha}"
    return "reverted" if any(mark in it.commit.message for it in later) else "merged"


def _conclusion(said: str) -> Conclusion:
    match said:
        case "success" | "neutral" | "skipped":
            return "passed"
        case "failure" | "error" | "timed_out" | "cancelled" | "startup_failure":
            return "failed"
        case "action_required" | "stale":
            # Somebody has to do something before it says anything about the commit.
            return "pending"
        case "pending" | "queued" | "in_progress":
            return "pending"
        case _:
            raise ForgeRefused(f"GitHub ends a check in a way that is not known here: {said!r}")
