"""A worker goes away in the middle of a command, killed or asked to: another one brings it to its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workspace.local import LocalWorkspace
from memory.log.codec import type_name
from memory.log.events import Json
from memory.log.session_log import SessionLog
from tests.support.databases import connected
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import Process, running
from tests.support.served import answers, in_workspaces, settings
from tests.support.waiting import eventually

COMMAND = "echo counted >> counter; until [ -e go ]; do sleep 0.1; done; wc -l < counter"


def script(request: Json) -> Answer:
    """Counts once and tells the count."""
    last = request["messages"][-1]["content"][0]
    if last["type"] != "tool_result":
        return Reply(blocks=[tool_use(1, "bash", command=COMMAND)])
    return Reply(blocks=[text(f"Counted {last['content'][0]['text'].strip()}.")])


@pytest.fixture
def model() -> Iterator[MessagesApi]:
    with MessagesApi(script) as api:
        yield api


@pytest.fixture
def log(database_url: str) -> Iterator[SessionLog]:
    with connected(database_url) as engine:
        yield SessionLog(engine)


@pytest.fixture
def chosen(slack: LocalWorkspace, model: MessagesApi, tmp_path: Path, database_url: str) -> dict[str, str]:
    return settings(slack, model, tmp_path) | {
        "SLACK_APP_TOKEN": slack.app_token,
        "DATABASE_URL": database_url,
    }


def ask_and_await_the_command(slack: LocalWorkspace, folder: Path) -> str:
    thread = slack.post("ada", "general", "@Oxbow count")
    eventually(lambda: in_workspaces(folder, "counter"))
    return thread


def let_it_end(folder: Path) -> None:
    [counter] = in_workspaces(folder, "counter")
    counter.with_name("go").touch()


def check_once(slack: LocalWorkspace, log: SessionLog, thread: str, folder: Path) -> None:
    """The command ran once, was recorded once and was answered once."""
    slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
    eventually(lambda: log.sessions()[0].status == "idle")
    assert answers(slack, "general", thread) == ["Counted 1."]
    [counter] = in_workspaces(folder, "counter")
    assert counter.read_text() == "counted\n"
    names = [type_name(type(event.event)) for event in log.read(log.sessions()[0].session)]
    assert (names.count("tool_started"), names.count("tool_finished")) == (1, 1)


def test_a_killed_worker_is_replaced_and_the_running_command_is_joined(
    slack: LocalWorkspace, log: SessionLog, chosen: dict[str, str], tmp_path: Path
) -> None:
    with running(tmp_path / "listener", "listen", **chosen):
        with running(tmp_path / "first", "work", **chosen) as first:
            thread = ask_and_await_the_command(slack, tmp_path)
            first.send(signal.SIGKILL)
            first.wait()
        with running(tmp_path / "second", "work", **chosen):
            eventually(lambda: log.sessions()[0].lease_epoch == 2, within=30.0)
            let_it_end(tmp_path)
            check_once(slack, log, thread, tmp_path)


def test_a_worker_that_is_asked_to_stop_hands_over_after_the_command(
    slack: LocalWorkspace, log: SessionLog, chosen: dict[str, str], tmp_path: Path
) -> None:
    with running(tmp_path / "listener", "listen", **chosen):
        with running(tmp_path / "first", "work", **chosen) as first:
            thread = ask_and_await_the_command(slack, tmp_path)
            first.send(signal.SIGTERM)
            eventually(lambda: "stopping: handing 1 sessions over" in first.said)
            let_it_end(tmp_path)
            assert first.wait() == 0, first.said
        assert answers(slack, "general", thread) == []
        with running(tmp_path / "second", "work", **chosen):
            check_once(slack, log, thread, tmp_path)


def test_one_process_that_is_killed_finishes_what_it_began_when_it_is_started_again(
    slack: LocalWorkspace, log: SessionLog, chosen: dict[str, str], tmp_path: Path
) -> None:
    def serve(name: str) -> Process:
        return Process(tmp_path / name, ("serve",), chosen)

    first = serve("first")
    try:
        first.await_ready()
        thread = ask_and_await_the_command(slack, tmp_path)
        first.send(signal.SIGKILL)
        first.wait()
        let_it_end(tmp_path)
    finally:
        first.end()
    with running(tmp_path / "second", "serve", **chosen):
        check_once(slack, log, thread, tmp_path)
