"""The state and its time stamps."""

from __future__ import annotations

import pytest

from bot.workspace.errors import NoSuchThing, SlackError
from bot.workspace.messages import Message
from bot.workspace.state import State
from bot.workspace.wire import TimeStamps


def said(state: State, text: str, thread_ts: str | None = None) -> Message:
    """Ada says something in #general."""
    message = Message(
        ts=state.time_stamps.next(),
        channel="C0GENERAL1",
        author=state.person("ada"),
        text=text,
        thread_ts=thread_ts,
    )
    state.put(message)
    return message


def test_time_stamps_rise_even_when_the_clock_stands_still_or_goes_back() -> None:
    clock = iter([100.0, 100.0, 99.0, 101.0])
    stamps = TimeStamps(lambda: next(clock))
    assert [stamps.next() for _ in range(4)] == [
        "100.000000",
        "100.000001",
        "100.000002",
        "101.000000",
    ]


def test_a_thread_is_its_root_and_its_replies() -> None:
    state = State()
    root = said(state, "root")
    reply = said(state, "reply", root.ts)
    assert state.history("C0GENERAL1") == [root]
    assert state.replies(root) == [reply]
    assert state.root_of("C0GENERAL1", reply.ts) == root


def test_a_root_tells_of_its_replies() -> None:
    state = State()
    root = said(state, "root")
    reply = said(state, "reply", root.ts)
    body = root.as_json(state.replies(root))
    assert (body["reply_count"], body["latest_reply"], body["thread_ts"]) == (1, reply.ts, root.ts)


def test_a_reaction_disappears_with_its_last_person() -> None:
    state = State()
    message = state.react(said(state, "hello"), "eyes", "U0ADA00001")
    message = state.react(message, "eyes", "U0BRUNO001")
    message = state.unreact(message, "eyes", "U0ADA00001")
    assert [reaction.users for reaction in message.reactions] == [("U0BRUNO001",)]
    assert state.unreact(message, "eyes", "U0BRUNO001").reactions == ()


def test_a_reaction_is_given_once() -> None:
    state = State()
    message = state.react(said(state, "hello"), "eyes", "U0ADA00001")
    with pytest.raises(SlackError, match="already_reacted"):
        state.react(message, "eyes", "U0ADA00001")


def test_names_that_are_not_there_are_answered_with_those_that_are() -> None:
    with pytest.raises(NoSuchThing, match=r"no person 'zoe' here; there are: ada, bruno"):
        State().person("zoe")
    with pytest.raises(NoSuchThing, match=r"there are: general, data-platform"):
        State().channel("#nowhere")


def test_every_kind_of_conversation_is_there() -> None:
    state = State()
    assert {channel.kind for channel in state.channels.values()} == {
        "public",
        "private",
        "group_message",
        "direct_message",
    }
    assert {"external", "none"} == {channel.sharing for channel in state.channels.values()}
