"""The product started as a user starts it, against servers that speak Slack's and Anthropic's protocols."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.problems.orders_import import ORDERS_IMPORT
from bot.demo.repositories import materialise
from bot.workspace.local import LocalWorkspace
from tests.support import served
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import playing
from tests.support.processes import Process, free_port, running
from tests.support.waiting import eventually


@pytest.fixture
def model() -> Iterator[MessagesApi]:
    with MessagesApi(playing([ORDERS_IMPORT])) as api:
        yield api


def settings(slack: LocalWorkspace, model: MessagesApi, folder: Path) -> dict[str, str]:
    """What every way of serving has in common, the sample repositories included."""
    samples = ",".join(materialise(folder / "origins"))
    return served.settings(slack, model, folder) | {"OXBOW_REPOSITORIES": samples}


def answers(slack: LocalWorkspace, thread: str) -> list[str]:
    return served.answers(slack, "data-platform", thread)


def ask(slack: LocalWorkspace) -> str:
    """A mention; waits for the answer and gives the thread."""
    thread = slack.post("ada", "data-platform", f"@Oxbow {ORDERS_IMPORT.mention}")
    slack.wait_for(lambda: answers(slack, thread), timeout=60.0)
    return thread


def check_search(slack: LocalWorkspace) -> None:
    """The finished thread is found from another channel, once it is indexed."""

    def found() -> bool:
        asked = slack.command("ada", "general", "search KeyError tz import")
        slack.wait_for(lambda: slack.responses(asked), timeout=20.0)
        return "orders-import" in str(slack.responses(asked))

    assert eventually(found)


def stop(process: Process) -> None:
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.said


def test_socket_mode_with_the_embedded_database(
    slack: LocalWorkspace, model: MessagesApi, tmp_path: Path
) -> None:
    chosen = settings(slack, model, tmp_path) | {"SLACK_APP_TOKEN": slack.app_token}
    with running(tmp_path / "log", "serve", **chosen) as oxbow:
        thread = ask(slack)
        assert len(answers(slack, thread)) == 1
        assert "KeyError" in answers(slack, thread)[0]
        [root] = [m for m in slack.messages("data-platform") if m["ts"] == thread]
        assert [reaction["name"] for reaction in root["reactions"]] == ["eyes"]
        slack.wait_for(
            lambda: any("Done" in m["text"] for m in slack.messages("data-platform", thread)), timeout=20.0
        )
        check_search(slack)
        stop(oxbow)


def test_http_mode_with_a_given_database(
    slack: LocalWorkspace, model: MessagesApi, tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    chosen = settings(slack, model, tmp_path) | {
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "PORT": str(port),
        "DATABASE_URL": database_url,
    }
    with running(tmp_path / "log", "serve", **chosen) as oxbow:
        slack.use_request_url(f"http://127.0.0.1:{port}/slack/events")
        thread = ask(slack)
        assert len(answers(slack, thread)) == 1
        slack.wait_for(
            lambda: any("Done" in m["text"] for m in slack.messages("data-platform", thread)), timeout=20.0
        )
        check_search(slack)
        stop(oxbow)


def test_listening_and_working_apart(
    slack: LocalWorkspace, model: MessagesApi, tmp_path: Path, database_url: str
) -> None:
    chosen = settings(slack, model, tmp_path) | {
        "SLACK_APP_TOKEN": slack.app_token,
        "DATABASE_URL": database_url,
    }
    with (
        running(tmp_path / "listener", "listen", **chosen) as listener,
        running(tmp_path / "worker", "work", **chosen) as worker,
    ):
        thread = ask(slack)
        assert len(answers(slack, thread)) == 1
        stop(listener)
        stop(worker)


def test_settings_that_cannot_work_are_named_all_at_once_before_anything_starts(tmp_path: Path) -> None:
    process = Process(
        tmp_path / "log",
        ("serve",),
        {"OXBOW_SANDBOX": "moon", "OXBOW_EMBEDDER": "sun", "OXBOW_REPOSITORIES": "file:///not/there"},
    )
    try:
        assert process.wait() == 1
        for name in ("OXBOW_SANDBOX", "OXBOW_EMBEDDER", "OXBOW_REPOSITORIES"):
            assert name in process.said
        assert not (tmp_path / "data").exists()
    finally:
        process.end()
