"""GitHub's webhooks through what `oxbow listen` runs: a signed delivery makes its pull request due."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.compose import build_remembering, listening
from bot.local_slack import local_workspace
from bot.settings import Settings
from bot.slack.side import slack_side
from bot.webhooks import PATH
from bot.workspace.people import TEAM
from memory.database import engines, transaction
from memory.embedding.embedder import HashingEmbedder
from memory.log.session_log import ThreadAddress
from memory.workspaces.pull_requests import PullRequests
from tests.support.github_api import APP_ID, WEBHOOK_SECRET, GitHubApi
from tests.support.secrets import secret_mask

LATER = timedelta(hours=1)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path) as api:
        yield api


@pytest.fixture
def url(engine: Engine, tmp_path: Path, github: GitHubApi) -> Iterator[str]:
    """Where the running listener takes webhooks."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secrets = secret_mask()
    with (
        engines(engine) as connections,
        local_workspace(Settings(port=0, oxbow_data_dir=tmp_path)) as (settings, workspace),
    ):
        by_http = settings.model_copy(
            update={
                "slack_app_token": None,
                "slack_signing_secret": SecretStr(workspace.signing_secret),
                "port": port,
                "github_api_url": github.address,
                "github_app_id": APP_ID,
                "github_app_private_key": SecretStr(github.private_key),
                "github_webhook_secret": SecretStr(WEBHOOK_SECRET),
                "oxbow_repositories": (f"{github.address}/ada/cart",),
            }
        )
        slack = slack_side(by_http, engine)
        remembering = build_remembering(by_http, connections, HashingEmbedder(), slack, secrets)
        with listening(by_http, slack, connections, remembering, secrets):
            yield f"http://127.0.0.1:{port}{PATH}"


@pytest.fixture
def followed(engine: Engine, github: GitHubApi) -> PullRequests:
    """A pull request that is looked at again in an hour."""
    pulls = PullRequests(engine)
    with transaction(engine) as connection:
        thread = ThreadAddress(team=TEAM, channel="C1", thread="1.0")
        pulls.add(connection, repository=f"{github.address}/ada/cart", number=7, thread=thread)
    assert [it.number for it in pulls.take_due(LATER)] == [7]
    return pulls


def about(number: int, repository: str = "ada/cart") -> dict[str, object]:
    return {"repository": {"full_name": repository}, "pull_request": {"number": number}}


def test_a_signed_delivery_makes_its_pull_request_due_at_once(
    github: GitHubApi, url: str, followed: PullRequests
) -> None:
    assert github.deliver(url, "check_suite", about(7)) == 204
    assert [it.number for it in followed.take_due(LATER)] == [7]


def test_what_is_not_signed_or_about_something_else_changes_nothing(
    github: GitHubApi, url: str, followed: PullRequests
) -> None:
    assert github.deliver(url, "pull_request", about(7), secret="guessed") == 401
    assert github.deliver(url, "pull_request", about(8)) == 204
    assert github.deliver(url, "pull_request", about(7, "evil/cart")) == 204
    assert followed.take_due(LATER) == []
