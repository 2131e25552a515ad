"""One repository of the GitHub stand-in: its pull requests, checks and reviews, and the calls about them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from starlette.responses import JSONResponse, Response

from bot.forge.plumbing import GitFailed, git
from memory.log.events import Json

BOT: Json = {"login": "oxbow[bot]", "id": 1, "type": "Bot"}


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str, *errors: Json) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    branch: str
    base: str
    head: str
    state: str = "open"
    merged_at: str | None = None
    merge_commit: str | None = None
    reviews: list[Json] = field(default_factory=list)
    remarks: list[Json] = field(default_factory=list)
    comments: list[Json] = field(default_factory=list)


@dataclass
class Repository:
    """A repository in which the app is installed."""

    name: str
    folder: Path
    web: str
    permissions: dict[str, str] = field(default_factory=dict)
    """What people may do, by login: `admin`, `write`, `read` or, without an entry, `none`."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    check_runs: dict[str, list[Json]] = field(default_factory=dict)
    statuses: dict[str, list[Json]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    # What people and services do

    def merge(self, number: int) -> None:
        """Merge by fast-forward, as for a branch that is up to date."""
        pull = self._pull(number)
        git("update-ref", f"refs/heads/{pull.base}", self._head(pull), cwd=self.folder)
        pull.head = pull.merge_commit = self._head(pull)
        pull.state, pull.merged_at = "closed", _now()

    def close(self, number: int) -> None:
        self.pulls[number].state = "closed"

    def review(self, number: int, *, user: str, state: str, body: str, kind: str = "User") -> None:
        author = {"login": user, "id": 9, "type": kind}
        self.pulls[number].reviews.append(
            {"id": next(self.ids), "user": author, "state": state, "body": body}
        )

    def remark(self, number: int, *, path: str, line: int, body: str) -> None:
        """On a line, as part of the last review."""
        pull = self.pulls[number]
        pull.remarks.append(
            {
                "id": next(self.ids),
                "path": path,
                "line": line,
                "body": body,
                "user": pull.reviews[-1]["user"],
                "pull_request_review_id": pull.reviews[-1]["id"],
            }
        )

    def say(self, number: int, *, user: str, body: str, kind: str = "User") -> None:
        author = {"login": user, "id": 9, "type": kind}
        self.pulls[number].comments.append({"id": next(self.ids), "user": author, "body": body})

    def check(self, commit: str, name: str, conclusion: str | None, summary: str = "") -> None:
        """A check run; without a conclusion it is still running."""
        self.check_runs.setdefault(commit, []).append(
            {
                "id": next(self.ids),
                "name": name,
                "status": "completed" if conclusion else "in_progress",
                "conclusion": conclusion,
                "output": {"title": summary or None, "summary": None, "text": None},
            }
        )

    # What the app may ask

    def answer(self, method: str, path: list[str], query: dict[str, str], given: Json) -> Response:
        match method, path:
            case "GET", ["git", "matching-refs", *parts]:
                return JSONResponse(list(self._refs(unquote("/".join(parts)))))
            case "GET", ["collaborators", login, "permission"]:
                return JSONResponse({"permission": self.permissions.get(login, "none")})
            case "GET", ["pulls"]:
                return JSONResponse([self._shown(it) for it in self._listed(query)])
            case "POST", ["pulls"]:
                return JSONResponse(self._shown(self._opened(given)), 201)
            case "GET", ["commits"]:
                return JSONResponse(list(self._log(query["sha"])))
            case "GET", ["commits", commit, "check-runs"]:
                runs = self.check_runs.get(commit, [])
                return JSONResponse({"total_count": len(runs), "check_runs": runs})
            case "GET", ["commits", commit, "status"]:
                return JSONResponse({"sha": commit, "statuses": self.statuses.get(commit, [])})
            case _, ["pulls" | "issues" as kind, number, *rest]:
                return self._about(self._pull(int(number)), method, [kind, *rest], given)
            case _:
                raise Refused(404, "Not Found")

    def _about(self, pull: Pull, method: str, path: list[str], given: Json) -> Response:
        match method, path:
            case "GET", ["pulls"]:
                return JSONResponse(self._shown(pull))
            case "GET", ["pulls", "reviews"]:
                return JSONResponse(pull.reviews)
            case "GET", ["pulls", "comments"]:
                return JSONResponse(pull.remarks)
            case "GET", ["issues", "comments"]:
                return JSONResponse(pull.comments)
            case "POST", ["issues", "comments"]:
                said = {"id": next(self.ids), "user": BOT, "body": given["body"]}
                pull.comments.append(said)
                return JSONResponse(said, 201)
            case _:
                raise Refused(404, "Not Found")

    @property
    def _api(self) -> str:
        return f"{self.web}/repos/{self.name}"

    def _refs(self, prefix: str) -> Iterator[Json]:
        told = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.folder)
        for ref, commit in (line.split() for line in told.splitlines()):
            if ref.startswith(f"refs/{prefix}"):
                yield {"ref": ref, "object": {"sha": commit, "type": "commit"}}

    def _listed(self, query: dict[str, str]) -> list[Pull]:
        owner, _, branch = query.get("head", "").partition(":")
        if owner and owner != self.name.split("/", maxsplit=1)[0]:
            return []
        state = query.get("state", "open")
        return [
            pull
            for pull in reversed(self.pulls.values())
            if (not branch or pull.branch == branch) and state in ("all", pull.state)
        ]

    def _opened(self, given: Json) -> Pull:
        """GitHub's own refusals, in its own words."""
        for end in ("head", "base"):
            if self._commit(given[end]) is None:
                raise _invalid(field=end, code="invalid")
        span = f"refs/heads/{given['base']}..refs/heads/{given['head']}"
        if git("rev-list", "--count", span, cwd=self.folder).strip() == "0":
            raise _invalid(code="custom", message=f"No commits between {given['base']} and {given['head']}")
        if any(it.branch == given["head"] and it.state == "open" for it in self.pulls.values()):
            owner = self.name.split("/", maxsplit=1)[0]
            text = f"A pull request already exists for {owner}:{given['head']}."
            raise _invalid(code="custom", message=text)
        if given.get("draft") is not True:
            raise AssertionError("Oxbow opens drafts and nothing else")
        pull = Pull(
            number=len(self.pulls) + 1,
            title=given["title"],
            body=given["body"],
            branch=given["head"],
            base=given["base"],
            head=self._commit(given["head"]) or "",
        )
        self.pulls[pull.number] = pull
        return pull

    def _pull(self, number: int) -> Pull:
        if number not in self.pulls:
            raise Refused(404, "Not Found")
        return self.pulls[number]

    def _head(self, pull: Pull) -> str:
        return self._commit(pull.branch) or pull.head

    def _commit(self, branch: str) -> str | None:
        try:
            return git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", cwd=self.folder).strip()
        except GitFailed:
            return None

    def _log(self, branch: str) -> Iterator[Json]:
        told = git("log", "-z", "--format=%H%n%B", f"refs/heads/{branch}", cwd=self.folder)
        for entry in filter(None, told.split("\0")):
            commit, _, message = entry.partition("\n")
            yield {"sha": commit, "commit": {"message": message}}

    def _shown(self, pull: Pull) -> Json:
        head = self._head(pull) if pull.state == "open" else pull.head
        return {
            "number": pull.number,
            "url": f"{self._api}/pulls/{pull.number}",
            "html_url": f"{self.web}/{self.name}/pull/{pull.number}",
            "issue_url": f"{self._api}/issues/{pull.number}",
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "draft": True,
            "merged": pull.merged_at is not None,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit,
            "head": {"ref": pull.branch, "sha": head},
            "base": {"ref": pull.base},
        }


def _invalid(**error: str) -> Refused:
    return Refused(422, "Validation Failed", {"resource": "PullRequest", **error})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
