"""What tests of `oxbow` processes share: their settings, what was answered, and what stands in workspaces."""

from __future__ import annotations

from pathlib import Path

from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW
from tests.support.messages_api import KEY, MessagesApi
from tests.support.product import key


def settings(slack: LocalWorkspace, model: MessagesApi, folder: Path) -> dict[str, str]:
    """Everything but how Slack is heard: the local workspace as Slack, the stand-in as the model."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": model.address,
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_DATA_DIR": str(folder / "data"),
    }


def answers(slack: LocalWorkspace, channel: str, thread: str) -> list[str]:
    """The texts of the bot's answers in the thread."""
    return [
        message["text"]
        for message in slack.messages(channel, thread)
        if message["user"] == OXBOW and key(message).startswith("answer:")
    ]


def in_workspaces(folder: Path, name: str) -> list[Path]:
    """The files of that name in the sandbox's workspaces of a data folder's parent."""
    return [*(folder / "data" / "workspaces").glob(f"sessions/*/files/*/workspace/{name}")]
