"""The local workspace in Slack's place, and the settings with which the same bot works in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from bot.demo.problems import PROBLEMS
from bot.forge.shown import pull_request_text
from bot.hosting.hosting import build_forges
from bot.settings import Settings
from bot.slack.scopes import SCOPES
from bot.workspace.local import LocalWorkspace

LOCAL_PORT = 8731
"""Of the local workspace's page when PORT is not set."""


@contextmanager
def local_workspace(settings: Settings) -> Iterator[tuple[Settings, LocalWorkspace]]:
    """A workspace of our own, and the settings with which the same bot works in it."""
    suggestions = [problem.mention for problem in PROBLEMS]
    port = LOCAL_PORT if settings.port is None else settings.port
    pulls = pull_request_text(build_forges(settings).plain, settings.repositories)
    with LocalWorkspace(port=port, scopes=SCOPES, suggestions=suggestions, pulls=pulls) as workspace:
        yield (
            settings.model_copy(
                update={
                    "slack_bot_token": SecretStr(workspace.bot_token),
                    "slack_app_token": SecretStr(workspace.app_token),
                    "slack_api_url": workspace.api_url,
                    # With its tokens it no longer looks like the local workspace.
                    "oxbow_unlinked": settings.unlinked,
                }
            ),
            workspace,
        )
