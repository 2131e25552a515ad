"""Slack says that it dropped events: nothing is lost, and the operator is told."""

from __future__ import annotations

import logging
import time

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.slack.hearing.connection import SocketConnection
from bot.slack.hearing.dropped_events import hear_dropped_events
from bot.workspace.local import LocalWorkspace
from tests.support.waiting import eventually


def test_what_was_dropped_is_read_from_the_channels_and_the_operator_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    missed: list[float] = []
    with LocalWorkspace() as workspace, caplog.at_level(logging.WARNING):
        client = WebClient(workspace.bot_token, base_url=workspace.api_url)
        app = App(client=client, process_before_response=True)
        hear_dropped_events(app, missed.append)
        connection = SocketConnection(app, workspace.app_token, missed.append)
        connection.start()
        eventually(lambda: workspace.connected == 1)
        workspace.drop_events(int(time.time()) - 300)
        eventually(lambda: workspace.acks)
        workspace.drop_connections()
        connection.stop()
    assert [300 <= seconds < 900 for seconds in missed] == [True]
    assert "Slack drops events" in caplog.text
