"""Settings that only Slack or the machine can refuse: a line names the setting and no secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workspace.local import LocalWorkspace
from tests.support.messages_api import KEY
from tests.support.processes import Process

WRONG = "wrong-0123456789"


@pytest.fixture
def right(slack: LocalWorkspace, tmp_path: Path, database_url: str) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "ANTHROPIC_API_KEY": KEY,
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url,
    }


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield server.getsockname()[1]


def refused(folder: Path, settings: dict[str, str]) -> str:
    """What the process says before it ends by itself with the exit code of a problem."""
    process = Process(folder / "log", ("serve",), settings)
    try:
        assert process.wait() == 1, process.said
    finally:
        process.end()
    assert "Traceback" not in process.said
    assert WRONG not in process.said
    return process.said


def test_a_bot_token_that_slack_does_not_accept(right: dict[str, str], tmp_path: Path) -> None:
    said = refused(tmp_path, right | {"SLACK_BOT_TOKEN": f"xoxb-{WRONG}"})
    assert "Slack answered invalid_auth. Check SLACK_BOT_TOKEN" in said


def test_an_app_token_that_slack_does_not_accept(right: dict[str, str], tmp_path: Path) -> None:
    said = refused(tmp_path, right | {"SLACK_APP_TOKEN": f"xapp-{WRONG}"})
    assert "Slack answered invalid_auth. Check SLACK_APP_TOKEN" in said


def test_an_address_where_no_slack_is(right: dict[str, str], tmp_path: Path) -> None:
    assert "SLACK_API_URL" in refused(tmp_path, right | {"SLACK_API_URL": "http://127.0.0.1:1/api/"})


def test_a_port_that_somebody_else_has(right: dict[str, str], tmp_path: Path, busy_port: int) -> None:
    by_http = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": WRONG, "PORT": str(busy_port)}
    assert f"port {busy_port} cannot be had" in refused(tmp_path, right | by_http)


def test_a_database_that_is_not_there(right: dict[str, str], tmp_path: Path) -> None:
    url = f"postgresql://oxbow:{WRONG}@127.0.0.1:1/oxbow"
    assert "Check DATABASE_URL" in refused(tmp_path, right | {"DATABASE_URL": url})
