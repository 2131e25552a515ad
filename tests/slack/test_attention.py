"""Threads that were asked to be quiet, and messages that were forwarded to Oxbow."""

from __future__ import annotations

from memory.log.events import InterruptRequested
from memory.log.thread_events import AttentionChanged
from tests.slack.fixtures import Slack
from tests.slack.test_listener import BRUNO, answer, opened, texts

# Quiet threads


def test_a_thread_that_was_asked_to_be_quiet_is_heard_by_mention_alone_until_it_is_undone(
    slack: Slack,
) -> None:
    thread = opened(slack, "@Oxbow go")
    for text in ("!quiet", "aside", "@Oxbow look", "another aside", "!listen", "and the export?"):
        slack.workspace.post("ada", "general", text, thread)
        slack.hear()
    assert texts(slack, thread) == ["go", "look", "and the export?"]


def test_anybody_may_ask_for_quiet_and_sees_that_it_was_heard(slack: Slack) -> None:
    thread = opened(slack)
    answer(slack, thread)
    ts = slack.workspace.post("bruno", "general", "!quiet", thread)
    slack.hear()
    slack.brought.clear()
    slack.hear()
    assert [r["name"] for r in slack.workspace.message("general", ts)["reactions"]] == ["no_bell"]
    assert slack.received("general", thread)[-1] == AttentionChanged(by=BRUNO, quiet=True)


def test_a_quiet_thread_can_be_stopped(slack: Slack) -> None:
    thread = opened(slack)
    for text in ("!quiet", "stop"):
        slack.workspace.post("ada", "general", text, thread)
        slack.hear()
    assert isinstance(slack.received("general", thread)[-1], InterruptRequested)


# Forwarded messages


def test_a_forwarded_message_is_part_of_what_was_said(slack: Slack) -> None:
    source = slack.workspace.post("bruno", "data-platform", "KeyError: tz in rows.py")
    thread = slack.workspace.forward("ada", ("data-platform", source), "general", "@Oxbow look")
    slack.hear()
    assert texts(slack, thread) == ["look\n\n[forwarded, said by Bruno]\nKeyError: tz in rows.py"]


def test_a_message_forwarded_from_a_private_place_is_left_out(slack: Slack) -> None:
    source = slack.workspace.post("bruno", "salaries", "we pay ZEBRA")
    thread = slack.workspace.forward("ada", ("salaries", source), "general", "@Oxbow look")
    slack.hear()
    [text] = texts(slack, thread)
    assert "ZEBRA" not in text
    assert text.endswith("[a forwarded message from a place that is not public: left out]")


def test_a_preview_of_a_link_is_no_forwarded_message(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow look")
    slack.workspace.unfurl("general", thread)
    slack.hear()
    assert texts(slack, thread) == ["look"]
