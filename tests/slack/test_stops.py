"""Stops as the listener hears them: said by anybody, or by Slack's own button."""

from __future__ import annotations

import pytest

from memory.log.events import InterruptRequested
from tests.slack.fixtures import Slack

BRUNO = "U0BRUNO001"


def opened(slack: Slack) -> str:
    """Ada mentions Oxbow; the thread's time stamp."""
    thread = slack.workspace.post("ada", "general", "@Oxbow the import fails")
    slack.hear()
    return thread


@pytest.mark.parametrize("text", ["stop", "!stop", "@Oxbow stop", "@Oxbow, stop!", "STOP."])
def test_anybody_may_say_stop(slack: Slack, text: str) -> None:
    thread = opened(slack)
    ts = slack.workspace.post("bruno", "general", text, thread)
    slack.hear()
    assert slack.received("general", thread)[1:] == [InterruptRequested(by=BRUNO, source="word", at=ts)]


def test_slacks_own_stop_button_stops_once(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.stop_session("bruno", "general", thread)
    slack.hear()
    slack.brought.clear()
    slack.hear()
    [stop] = slack.received("general", thread)[1:]
    assert isinstance(stop, InterruptRequested)
    assert (stop.by, stop.source) == (BRUNO, "native")
    assert float(stop.at or 0) > float(thread)


def test_slacks_own_stop_button_of_a_conversation_without_threads_is_nothing(slack: Slack) -> None:
    thread = opened(slack)
    before = slack.received("general", thread)
    channel = slack.workspace.channel_id("general")
    slack.listener.native_stop({"channel": channel, "user": BRUNO, "event_ts": "2000000000.000100"})
    assert slack.received("general", thread) == before


def test_stop_where_nothing_runs_is_nothing(slack: Slack) -> None:
    slack.workspace.post("ada", "general", "@Oxbow stop")
    slack.hear()
    assert slack.rows() == {}
