"""Messages that Slack delivers in another order than that of writing."""

from __future__ import annotations

from bot.slack.hearing.listener import LATE
from memory.log.events import InterruptRequested, MessageReceived
from tests.slack.fixtures import Slack
from tests.support.waiting import eventually


def late(slack: Slack, ts: str) -> None:
    """Wait until a message is so old that replies may have come in before it."""
    eventually(lambda: slack.log.now().timestamp() - float(ts) > LATE)


def test_replies_and_stops_that_overtake_their_mention_are_heard_with_it(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow the import fails")
    slack.workspace.post("bruno", "general", "only since Monday", thread)
    slack.workspace.post("bruno", "general", "stop", thread)
    first, *replies = [event for event in slack.new_events() if event["type"] == "message"]
    for reply in replies:
        slack.listener.message(reply)
    assert slack.received("general", thread) == []
    late(slack, thread)
    for _ in range(2):
        slack.listener.message(first)
    heard = [e.text for e in slack.received("general", thread) if isinstance(e, MessageReceived)]
    assert heard == ["the import fails", "only since Monday"]
    assert [type(event) for event in slack.received("general", thread)][-1] is InterruptRequested
