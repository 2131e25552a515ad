"""Authentication as a GitHub App, and what GitHub's refusals mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from bot.forge.errors import ForgeError, ForgeRefused, ForgeUnavailable

if TYPE_CHECKING:
    from github import Github, GithubException, GithubIntegration
    from github.InstallationAuthorization import InstallationAuthorization

PERMISSIONS = {
    "checks": "read",
    "contents": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
"""Of the tokens: what the port needs. An app that was given more does not use it."""

SPARE = timedelta(minutes=5)
"""Before its end a token is replaced: longer than any push takes."""

SECONDS = 15
"""Of one request. GitHub itself gives up after ten."""

_PATIENCE = 60.0
"""Seconds to wait when GitHub asks for patience without saying how long: the shortest it recommends."""


class GitHubApp:
    """Tokens of the app's installations, and clients that carry them."""

    def __init__(self, *, api_url: str, app_id: str, private_key: str) -> None:
        self._api_url = api_url.removesuffix("/")
        self._app_id = app_id
        self._private_key = private_key
        self._tokens: dict[str, InstallationAuthorization] = {}
        self._lock = Lock()

    def token(self, repository: str) -> str:
        """A token that may use the repository (owner/name). Raises `ForgeRefused`, `ForgeUnavailable`."""
        with self._lock:
            held = self._tokens.get(repository)
            if held is None or held.expires_at - SPARE < datetime.now(UTC):
                with translated(repository):
                    held = self._tokens[repository] = self._new_token(repository)
            return held.token

    @contextmanager
    def asking(self, repository: str) -> Iterator[Github]:
        """A client for calls about the repository; what it raises inside becomes an error of the forge."""
        from github import Auth, Github  # noqa: PLC0415 - half a second, needed by whoever publishes alone

        token = self.token(repository)
        with translated(repository):
            client = Github(
                auth=Auth.Token(token),
                base_url=self._api_url,
                timeout=SECONDS,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
                lazy=True,
            )
            with client:
                yield client

    def name(self) -> str:
        """What GitHub calls the app. Raises `ForgeRefused`, `ForgeUnavailable`."""
        with translated("the app"), self._integration() as integration:
            return integration.get_app().name

    def _integration(self) -> GithubIntegration:
        from github import Auth, GithubIntegration  # noqa: PLC0415 - as above

        # It would print what it sends.
        logging.getLogger("github.Requester").setLevel(logging.WARNING)
        return GithubIntegration(
            auth=Auth.AppAuth(self._app_id, self._private_key), base_url=self._api_url, timeout=SECONDS
        )

    def _new_token(self, repository: str) -> InstallationAuthorization:
        """For this repository alone, with no right that the port does not need."""
        from github.InstallationAuthorization import InstallationAuthorization  # noqa: PLC0415 - as above

        with self._integration() as integration:
            owner, name = repository.split("/")
            installation = integration.get_repo_installation(owner, name)
            # The library's own call would give a token for every repository of the installation.
            headers, told = integration.requester.requestJsonAndCheck(
                "POST",
                f"/app/installations/{installation.id}/access_tokens",
                input={"permissions": PERMISSIONS, "repositories": [name]},
            )
            return InstallationAuthorization(integration.requester, headers, told)


@contextmanager
def translated(about: str) -> Iterator[None]:
    """What GitHub and the way to it raise, as errors of the forge; `about` names what was asked about."""
    from github import GithubException  # noqa: PLC0415 - as above
    from requests import RequestException  # noqa: PLC0415 - as above

    try:
        yield
    except GithubException as error:
        raise _meaning(about, error) from None
    except RequestException as error:
        # Its text may hold the address with parameters, never a header; the kind says enough.
        raise ForgeUnavailable(f"GitHub does not answer about {about}: {type(error).__name__}") from None


def _meaning(repository: str, error: GithubException) -> ForgeError:
    headers = error.headers or {}
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    patience = headers.get("retry-after") or (_PATIENCE if exhausted else None)
    said = error.data.get("message", "") if isinstance(error.data, dict) else ""
    detail = f"GitHub answers {error.status} about {repository}: {said or 'no reason given'}"
    if error.status == 429 or (error.status == 403 and patience is not None):
        return ForgeUnavailable(detail, delay=float(patience or _PATIENCE))
    if error.status >= 500:
        return ForgeUnavailable(detail)
    if error.status == 404:
        return ForgeRefused(f"{detail}. Is the app installed on {repository}, with the rights it asks for?")
    why = "; ".join(_reasons(error.data))
    return ForgeRefused(f"{detail}{f' ({why})' if why else ''}")


def _reasons(data: object) -> Iterator[str]:
    match data:
        case {"errors": [*errors]}:
            for error in errors:
                match error:
                    case {"message": str(message)}:
                        yield message
                    case {"field": str(field), "code": str(code)}:
                        yield f"{field}: {code}"
                    case _:
                        continue
        case _:
            return
