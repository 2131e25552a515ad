"""Posts that are made once, because they are found again."""

from __future__ import annotations

from uuid import UUID

import pytest

from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.replies import Replies
from bot.slack.showing.rendered import plain
from tests.slack.fixtures import Slack


def test_every_post_is_found_again_by_its_key_on_any_page(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "help")
    address, session = slack.address("general", thread), UUID(int=1)
    posted = slack.replies.post(address, session, "answer:1:1", plain("Done."))
    for number in range(250):
        slack.workspace.post("ada", "general", f"reply {number}", thread)
    last = slack.replies.post(address, session, "answer:2:1", plain("Done too."))
    again = Replies(slack.web, slack.gate)
    assert again.find(address, session, "answer:1:1") == posted
    assert again.find(address, session, "answer:2:1") == last
    assert again.find(address, session, "answer:3:1") is None
    assert again.find(address, UUID(int=2), "answer:1:1") is None


def test_a_post_whose_answer_was_lost_is_found_and_there_once(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "help")
    address, session = slack.address("general", thread), UUID(int=1)
    slack.workspace.lose_next_response("chat.postMessage")
    with pytest.raises(SlackUnavailable):
        slack.replies.post(address, session, "answer:1:1", plain("Done."))
    assert slack.replies.find(address, session, "answer:1:1") is not None
    assert slack.said("general") == ["Done."]


def test_a_reaction_that_is_there_already_is_fine(slack: Slack) -> None:
    ts = slack.workspace.post("ada", "general", "help")
    for _ in range(2):
        slack.replies.react("C0GENERAL1", ts, "eyes")
    with pytest.raises(ThreadRefused, match="message_not_found"):
        slack.replies.react("C0GENERAL1", "1.0", "eyes")
