"""The forge GitHub, on github.com or an Enterprise server, as an installed GitHub App.

Every call is made with an installation token, which GitHub lets live for an hour; the app's private key signs
nothing but the requests for it. Neither leaves this process, except as a header that git sends.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.forge.errors import ForgeRefused
from bot.forge.github_app import GitHubApp
from bot.forge.github_standing import checks, pull_request, reviews
from bot.forge.port import Proposal, PullRequest, Remote, Standing
from bot.forge.pushing import push
from bot.forge.repository import full_name

if TYPE_CHECKING:
    from github.Repository import Repository

SHOWN = 100
"""Pull requests of one branch, and comments of one, that are looked at: one page."""


WRITING = ("admin", "write")
"""Permissions that let an account push; GitHub says write of those who maintain, too."""


class GitHub:
    """The port `Forge` on GitHub's REST interface."""

    def __init__(self, *, api_url: str, app_id: str, private_key: str) -> None:
        self._app = GitHubApp(api_url=api_url, app_id=app_id, private_key=private_key)
        self._web = web_address(api_url)

    def app_name(self) -> str:
        """What GitHub calls the app. Raises `ForgeRefused`, `ForgeUnavailable`."""
        return self._app.name()

    def hosts(self, address: str) -> bool:
        """Whether the repository is on this server."""
        return address.startswith(f"{self._web}/")

    def remote(self, address: str) -> Remote:
        credential = base64.b64encode(f"x-access-token:{self._app.token(full_name(address))}".encode())
        settings = {
            f"http.{self._web}/.extraHeader": f"Authorization: Basic {credential.decode()}",
            # Elsewhere nobody may ask for it.
            "http.followRedirects": "false",
            f"protocol.{urlsplit(self._web).scheme}.allow": "always",
        }
        environment = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings.items()):
            environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return Remote(address=address, environment=environment)

    def head(self, address: str, branch: str) -> str | None:
        with self._asking(address) as repository:
            refs = repository.get_git_matching_refs(f"heads/{branch}")
            return next((it.object.sha for it in refs if it.ref == f"refs/heads/{branch}"), None)

    def push(self, address: str, *, source: Path, commit: str, branch: str, expected: str | None) -> None:
        push(self.remote(address), source=source, commit=commit, branch=branch, expected=expected)

    def find(self, address: str, branch: str) -> PullRequest | None:
        owner = full_name(address).split("/")[0]
        with self._asking(address) as repository:
            newest_first = repository.get_pulls(
                state="all", head=f"{owner}:{branch}", sort="created", direction="desc"
            )
            found = [pull_request(repository, it) for it in islice(newest_first, SHOWN)]
        return next((it for it in found if it.state == "open"), found[0] if found else None)

    def open(self, address: str, proposal: Proposal) -> PullRequest:
        present = self.find(address, proposal.branch)
        if present is not None and present.state == "open":
            return present
        try:
            with self._asking(address) as repository:
                made = repository.create_pull(
                    base=proposal.base,
                    head=proposal.branch,
                    title=proposal.title,
                    body=proposal.body,
                    draft=True,
                    maintainer_can_modify=True,
                )
                return pull_request(repository, made)
        except ForgeRefused:
            # Somebody opened it between the look and this.
            present = self.find(address, proposal.branch)
            if present is None or present.state != "open":
                raise
            return present

    def look(self, address: str, number: int) -> Standing:
        with self._asking(address) as repository:
            found = repository.get_pull(number)
            seen = pull_request(repository, found)
            return Standing(
                pull_request=seen,
                checks=tuple(checks(repository, seen.head)),
                reviews=tuple(reviews(found)),
            )

    def may_write(self, address: str, account: int) -> bool:
        name = full_name(address)
        with self._app.asking(name) as client:
            # What the account is called now: a name may have gone to somebody else.
            login = client.get_user_by_id(account).login
            return client.get_repo(name).get_collaborator_permission(login) in WRITING

    def comment(self, address: str, number: int, *, key: str, text: str) -> None:
        mark = f"<!-- oxbow:{key} -->"
        with self._asking(address) as repository:
            issue = repository.get_issue(number)
            if not any(mark in (said.body or "") for said in islice(issue.get_comments(), SHOWN)):
                issue.create_comment(f"{text}\n\n{mark}")

    @contextmanager
    def _asking(self, address: str) -> Iterator[Repository]:
        name = full_name(address)
        with self._app.asking(name) as client:
            yield client.get_repo(name)


def web_address(api_url: str) -> str:
    """Where the repositories of an API are: github.com gives it a host of its own, Enterprise a path."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
