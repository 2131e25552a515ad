"""What counts as said to Oxbow, told by a real workspace and kept in a real log."""

from __future__ import annotations

import pytest

from bot.slack.errors import SlackUnavailable
from bot.slack.gate import refusal
from bot.slack.showing.rendered import plain
from bot.workspace.people import OXBOW
from memory.log.events import (
    FeedbackGiven,
    InterruptRequested,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Recorded,
    ReplyPosted,
    TurnFinished,
)
from tests.slack.fixtures import Slack
from tests.support.secrets import GITHUB_TOKEN

ADA, BRUNO = "U0ADA00001", "U0BRUNO001"


def opened(slack: Slack, text: str = "@Oxbow the import fails", channel: str = "general") -> str:
    """Ada mentions Oxbow; the thread's time stamp."""
    thread = slack.workspace.post("ada", channel, text)
    slack.hear()
    return thread


def texts(slack: Slack, thread: str, channel: str = "general") -> list[str]:
    return [event.text for event in slack.received(channel, thread) if isinstance(event, MessageReceived)]


def record(slack: Slack, *events: Recorded) -> None:
    """What a worker would record of the session that is due."""
    lease = slack.log.claim("worker", ttl=60)
    assert lease is not None
    slack.log.append(lease, *events)
    slack.log.release(lease)


def answer(slack: Slack, thread: str) -> str:
    """Oxbow answers in the thread; the post's time stamp."""
    state = slack.log.thread_state(slack.address("general", thread))
    assert state is not None
    ts = slack.replies.post(slack.address("general", thread), state.session, "answer:1:1", plain("Done."))
    record(
        slack,
        ReplyPosted(key="answer:1:1", kind="answer", ts=ts),
        TurnFinished(turn=1, outcome="answered"),
    )
    return ts


# Mentions


def test_a_mention_opens_the_threads_session(slack: Slack) -> None:
    thread = opened(slack, "@Oxbow compare a & <b> for @Bruno")
    assert slack.received("general", thread) == [
        MessageReceived(
            ts=thread,
            author=ADA,
            author_name="Ada",
            text="compare a & <b> for @Bruno",
            mentioned=True,
        )
    ]


def test_a_mention_gets_eyes(slack: Slack) -> None:
    thread = opened(slack)
    assert [r["name"] for r in slack.workspace.message("general", thread)["reactions"]] == ["eyes"]


@pytest.mark.parametrize("backwards", [False, True], ids=["mention first", "message first"])
def test_the_two_events_of_one_mention_are_one(slack: Slack, *, backwards: bool) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow help")
    slack.hear(backwards=backwards)
    assert texts(slack, thread) == ["help"]


def test_a_delivery_that_is_repeated_changes_nothing(slack: Slack) -> None:
    thread = opened(slack)
    slack.brought.clear()
    slack.hear()
    assert texts(slack, thread) == ["the import fails"]


def test_a_mention_in_a_thread_without_a_session_opens_one_there(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "the import fails")
    slack.workspace.post("bruno", "general", "@Oxbow have a look", thread)
    slack.hear()
    assert texts(slack, thread) == ["have a look"]


def test_words_without_a_mention_open_nothing(slack: Slack) -> None:
    slack.workspace.post("ada", "general", "the import fails")
    slack.hear()
    assert slack.rows() == {}


def test_an_edit_that_adds_the_mention_opens_a_session(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "the import fails")
    slack.workspace.edit("general", thread, "@Oxbow the import fails")
    slack.hear()
    assert texts(slack, thread) == ["the import fails"]


# Bots


def test_bots_start_nothing(slack: Slack) -> None:
    slack.workspace.post("deploybot", "general", "@Oxbow deployed")
    slack.workspace.post_as_integration("general", f"<@{OXBOW}> deployed", "old hook")
    slack.workspace.post("oxbow", "general", "@Oxbow I talk to myself")
    slack.hear()
    assert slack.rows() == {}


def test_bots_steer_nothing(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.post("deploybot", "general", "deployed", thread)
    slack.workspace.post("deploybot", "general", "stop", thread)
    slack.workspace.post_as_integration("general", "deployed", "old hook", thread)
    slack.workspace.post("oxbow", "general", "my own words", thread)
    slack.hear()
    assert len(slack.received("general", thread)) == 1


# Replies without a mention


@pytest.mark.parametrize(
    ("before", "author", "text", "counts"),
    [
        ((), "ada", "only on Mondays", True),
        ((), "bruno", "only on Mondays", True),
        ((), "bruno", "@Ada did you see this?", False),
        (("answer",), "ada", "and the export?", True),
        (("answer",), "bruno", "and the export?", False),
        (("answer",), "bruno", "@Oxbow and the export?", True),
        (("answer",), "ada", "@Bruno look, it is done", False),
        (("bruno", "answer"), "ada", "thank you both", False),
        (("bruno", "answer"), "bruno", "thank you both", False),
    ],
    ids=[
        "its author, while it works",
        "anybody, while it works",
        "words to somebody else, while it works",
        "the only author, after the answer",
        "somebody else, after the answer",
        "somebody else by mention, after the answer",
        "words to somebody else, after the answer",
        "one of several, after the answer",
        "another of several, after the answer",
    ],
)
def test_a_reply(slack: Slack, before: tuple[str, ...], author: str, text: str, *, counts: bool) -> None:
    thread = opened(slack)
    for act in before:
        if act == "answer":
            answer(slack, thread)
        else:
            slack.workspace.post(act, "general", "me too", thread)
        slack.hear()
    known = texts(slack, thread)
    slack.workspace.post(author, "general", text, thread)
    slack.hear()
    assert (len(texts(slack, thread)) == len(known) + 1) == counts


def test_a_reply_that_is_sent_to_the_channel_too_counts_once(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.post("ada", "general", "only on Mondays", thread, broadcast=True)
    slack.hear()
    assert texts(slack, thread) == ["the import fails", "only on Mondays"]


def test_a_channel_is_called_by_its_name_and_one_that_is_not_public_by_its_id(slack: Slack) -> None:
    thread = opened(slack, "@Oxbow see #data-platform and <#C0PRIVATE1>")
    assert texts(slack, thread) == ["see #data-platform and #C0PRIVATE1"]


# Edits and deletions


def test_an_edit_is_kept_with_its_new_text(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.edit("general", thread, "@Oxbow the export fails")
    slack.hear()
    assert slack.received("general", thread)[1:] == [MessageEdited(ts=thread, text="the export fails")]


def test_a_change_without_another_text_is_none(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.unfurl("general", thread)
    slack.workspace.edit("general", thread, "@Oxbow the import fails")
    slack.hear()
    assert len(slack.received("general", thread)) == 1


def test_each_edit_counts_and_each_only_once(slack: Slack) -> None:
    thread = opened(slack)
    for text in ("@Oxbow the export", "@Oxbow the import after all"):
        slack.workspace.edit("general", thread, text)
    slack.hear()
    slack.brought.clear()
    slack.hear()
    edits = [event.text for event in slack.received("general", thread) if isinstance(event, MessageEdited)]
    assert edits == ["the export", "the import after all"]


def test_an_edit_of_something_that_was_not_said_to_oxbow_is_not_kept(slack: Slack) -> None:
    thread = opened(slack)
    aside = slack.workspace.post("bruno", "general", "@Ada lunch?", thread)
    slack.workspace.edit("general", aside, "@Ada lunch at one?")
    slack.workspace.delete("general", aside)
    slack.hear()
    assert len(slack.received("general", thread)) == 1


def test_a_deletion_is_kept(slack: Slack) -> None:
    thread = opened(slack)
    reply = slack.workspace.post("ada", "general", "the password is …", thread)
    slack.hear()
    slack.workspace.delete("general", reply)
    slack.hear()
    assert slack.received("general", thread)[-1] == MessageDeleted(ts=reply)


def test_the_deletion_of_a_root_with_replies_is_a_deletion(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.post("ada", "general", "only on Mondays", thread)
    slack.workspace.delete("general", thread)
    slack.hear()
    assert slack.received("general", thread)[-1] == MessageDeleted(ts=thread)


def test_a_deletion_is_heard_when_the_channel_is_no_longer_public(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.convert_to_private("general")
    slack.gate.forget(slack.workspace.channel_id("general"))
    slack.listener.message(
        {
            "subtype": "message_deleted",
            "channel": slack.workspace.channel_id("general"),
            "deleted_ts": thread,
            "previous_message": {"ts": thread, "user": ADA},
        }
    )
    assert slack.received("general", thread)[-1] == MessageDeleted(ts=thread)


# Reactions


def test_a_cross_on_the_answer_stops_and_says_not_solved(slack: Slack) -> None:
    thread = opened(slack)
    ts = answer(slack, thread)
    slack.workspace.react("bruno", "general", ts, "x")
    slack.hear()
    stop, feedback = slack.received("general", thread)[-2:]
    assert isinstance(stop, InterruptRequested)
    assert (stop.by, stop.source) == (BRUNO, "reaction")
    assert feedback == FeedbackGiven(by=BRUNO, verdict="not_solved", turn=1)


def test_a_check_mark_on_the_answer_says_solved_once(slack: Slack) -> None:
    thread = opened(slack)
    ts = answer(slack, thread)
    slack.workspace.react("bruno", "general", ts, "white_check_mark")
    slack.hear()
    slack.brought.clear()
    slack.hear()
    feedback = [event for event in slack.received("general", thread) if isinstance(event, FeedbackGiven)]
    assert feedback == [FeedbackGiven(by=BRUNO, verdict="solved", turn=1)]


@pytest.mark.parametrize("name", ["eyes", "tada", "heavy_check_mark"])
def test_other_reactions_say_nothing(slack: Slack, name: str) -> None:
    thread = opened(slack)
    ts = answer(slack, thread)
    before = slack.received("general", thread)
    slack.workspace.react("bruno", "general", ts, name)
    slack.workspace.react("bruno", "general", thread, "x")
    slack.hear()
    assert slack.received("general", thread) == before


def test_a_reaction_where_slack_tells_nothing_any_more_is_let_be(slack: Slack) -> None:
    thread = opened(slack)
    ts = answer(slack, thread)
    slack.workspace.react("bruno", "general", ts, "x")
    slack.workspace.fail_next("conversations.replies", "channel_not_found")
    slack.hear()
    assert isinstance(slack.received("general", thread)[-1], TurnFinished)


# Where Oxbow does not work


@pytest.mark.parametrize(
    "channel",
    ["salaries", "mpdm-ada--bruno--oxbow-1", "northwind-parcels"],
)
def test_a_refused_place_is_told_once_and_nothing_at_all_is_kept(slack: Slack, channel: str) -> None:
    thread = slack.workspace.post("ada", channel, "@Oxbow what does everybody earn?")
    slack.workspace.post("ada", channel, "@Oxbow please", thread)
    slack.hear()
    slack.hear()
    assert slack.rows() == {}
    verdict = slack.gate.check(slack.workspace.channel_id(channel), max_age=60)
    assert slack.said(channel) == [refusal(verdict)]
    assert "Open a public channel" in refusal(verdict)


def test_a_place_that_slack_does_not_tell_of_is_heard_when_it_delivers_again(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow help")
    slack.workspace.fail_next("conversations.info", "internal_error")
    event = slack.new_events()[0]
    with pytest.raises(SlackUnavailable):
        slack.listener.message(event)
    assert slack.rows() == {}
    slack.listener.message(event)
    assert texts(slack, thread) == ["help"]


def test_a_channel_that_was_made_private_is_refused_from_then_on(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.convert_to_private("general")
    slack.gate.forget(slack.workspace.channel_id("general"))
    slack.listener.message(
        {
            "user": ADA,
            "channel": slack.workspace.channel_id("general"),
            "ts": "9.0",
            "thread_ts": thread,
            "text": "secret",
        }
    )
    assert texts(slack, thread) == ["the import fails"]


@pytest.mark.parametrize(
    "subtype", ["channel_join", "bot_message", "channel_topic", "reminder_add", "document_mention"]
)
def test_what_slack_itself_says_is_not_said_to_oxbow(slack: Slack, subtype: str) -> None:
    slack.listener.message(
        {
            "subtype": subtype,
            "user": ADA,
            "channel": "C0GENERAL1",
            "ts": "9.0",
            "text": f"<@{OXBOW}> has joined",
        }
    )
    assert slack.rows() == {}


# Secrets


def test_a_secret_is_masked_before_its_message_is_kept(slack: Slack) -> None:
    thread = opened(slack, f"@Oxbow push with {GITHUB_TOKEN} please")
    assert texts(slack, thread) == ["push with [masked GitHub token] please"]


def test_a_secret_that_an_edit_brings_is_masked_too(slack: Slack) -> None:
    thread = opened(slack)
    slack.workspace.edit("general", thread, f"@Oxbow use {GITHUB_TOKEN}")
    slack.hear()
    assert slack.received("general", thread)[-1] == MessageEdited(ts=thread, text="use [masked GitHub token]")


def test_who_wrote_a_secret_is_told_alone_and_once(slack: Slack) -> None:
    opened(slack, f"@Oxbow push with {GITHUB_TOKEN} please")
    [told] = slack.workspace.ephemeral("ada")
    assert told["text"].startswith("I masked 1 secret in your message before I kept it (GitHub token). Slack")
    assert GITHUB_TOKEN not in str(told)
    assert slack.workspace.ephemeral("bruno") == []
