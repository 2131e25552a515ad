"""The websocket to Slack: replaced whenever it is of no use, and what was said meanwhile is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.slack.hearing.connection import NotConnected, SocketConnection
from bot.workspace.delivery import DeliveryRules
from bot.workspace.local import LocalWorkspace
from bot.workspace.wire import Json
from tests.support.waiting import eventually

PING = 0.3
"""Seconds between two pings: the SDK gives up a silent connection after two to three whole seconds."""


class Ear:
    """A Bolt app that writes down what it hears, on a connection that is watched."""

    def __init__(self, workspace: LocalWorkspace, ping: float = PING) -> None:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url, timeout=1, retry_handlers=[])
        app = App(client=client, process_before_response=True)
        self.heard: list[str] = []
        self.silences: list[float] = []
        app.event("message")(self._message)
        self.connection = SocketConnection(app, workspace.app_token, self.silences.append, ping=ping)

    def _message(self, event: Json) -> None:
        self.heard.append(event["text"])


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    rules = DeliveryRules(answer_seconds=0.5, retry_delays=(0.0, 1.0, 4.0))
    with LocalWorkspace(rules=rules) as workspace:
        yield workspace


@pytest.fixture
def ear(workspace: LocalWorkspace) -> Iterator[Ear]:
    ear = Ear(workspace)
    ear.connection.start()
    eventually(lambda: workspace.connected == 1 and ear.connection.hears())
    yield ear
    workspace.drop_connections()  # the SDK notices at once, instead of after its read timeout
    ear.connection.stop()


def check_hears(workspace: LocalWorkspace, ear: Ear) -> None:
    """What is said now comes in."""
    eventually(ear.connection.hears)
    workspace.post("ada", "general", "can you hear me?")
    eventually(lambda: "can you hear me?" in ear.heard)


def opened(workspace: LocalWorkspace) -> int:
    return len(workspace.calls_of("apps.connections.open"))


def test_a_connection_that_falls_silent_is_noticed_and_replaced(workspace: LocalWorkspace, ear: Ear) -> None:
    workspace.silence_connections()
    eventually(lambda: not ear.connection.hears())
    eventually(lambda: opened(workspace) == 2)
    check_hears(workspace, ear)
    [silence] = ear.silences
    assert silence > 2.0


def test_what_slack_sent_into_the_silence_is_delivered_again(workspace: LocalWorkspace, ear: Ear) -> None:
    workspace.silence_connections()
    workspace.post("ada", "general", "into the void")
    eventually(lambda: "into the void" in ear.heard)


def test_a_connection_that_ends_without_a_word_is_replaced_before_its_pings_have_failed(
    workspace: LocalWorkspace,
) -> None:
    ear = Ear(workspace, ping=5.0)  # pings alone would take more than 20 seconds
    ear.connection.start()
    eventually(lambda: workspace.connected == 1)
    workspace.cut_connections()
    eventually(lambda: opened(workspace) == 2, within=15.0)
    check_hears(workspace, ear)
    workspace.drop_connections()
    ear.connection.stop()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets"])
def test_slack_asks_for_another_connection(workspace: LocalWorkspace, ear: Ear, reason: str) -> None:
    workspace.refresh_connections(reason)
    eventually(lambda: opened(workspace) >= 2)
    check_hears(workspace, ear)


def test_socket_mode_is_turned_off_and_on_again(workspace: LocalWorkspace, ear: Ear) -> None:
    for _ in range(6):
        workspace.fail_next("apps.connections.open", "not_allowed_token_type")
    workspace.refresh_connections("link_disabled")
    eventually(lambda: not ear.connection.hears())
    check_hears(workspace, ear)
    assert len(ear.silences) == 1


def test_slack_asks_to_wait_before_another_connection_is_opened(workspace: LocalWorkspace, ear: Ear) -> None:
    workspace.rate_limit_next("apps.connections.open", 2)
    workspace.drop_connections()
    check_hears(workspace, ear)
    assert opened(workspace) == 3


def test_a_request_for_another_connection_that_hangs_is_given_up(workspace: LocalWorkspace, ear: Ear) -> None:
    workspace.slow_next_response("apps.connections.open", 3.0)
    workspace.lose_next_request("apps.connections.open")
    workspace.lose_next_response("apps.connections.open")
    workspace.silence_connections()
    eventually(lambda: opened(workspace) >= 3)
    check_hears(workspace, ear)


def test_a_start_without_slack_says_so(workspace: LocalWorkspace) -> None:
    ear = Ear(workspace)
    workspace.lose_next_request("apps.connections.open")
    with pytest.raises(NotConnected, match="Slack cannot be reached"):
        ear.connection.start()
