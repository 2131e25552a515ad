"""The message shortcut at its edges: what Slack may send that the local workspace does not."""

from __future__ import annotations

from bot.slack.answering.admission import NOT_LOOKED_UP, Admission
from bot.slack.answering.asking import NOTHING_TO_READ, Asking
from bot.slack.people import People
from bot.workspace.people import TEAM
from tests.slack.fixtures import Slack


def asking(slack: Slack) -> Asking:
    return Asking(Admission(slack.gate, People(slack.web, TEAM)), slack.listener)


def test_a_picture_without_words_is_not_begun_with(slack: Slack) -> None:
    ada, general = slack.workspace.user_id("ada"), slack.workspace.channel_id("general")
    ts = slack.workspace.post("ada", "general", "look")
    message = {"ts": ts, "user": ada, "text": "", "files": [{"id": "F1"}]}
    assert asking(slack).about(general, message, by=ada) == NOTHING_TO_READ
    assert slack.received("general", ts) == []


def test_nothing_is_begun_while_slack_does_not_show_the_message(slack: Slack) -> None:
    ada, general = slack.workspace.user_id("ada"), slack.workspace.channel_id("general")
    ts = slack.workspace.post("ada", "general", "the import fails")
    slack.workspace.rate_limit_next("conversations.replies", 1)
    message = {"ts": ts, "user": ada, "text": "the import fails"}
    assert asking(slack).about(general, message, by=ada) == NOT_LOOKED_UP
    assert slack.received("general", ts) == []
