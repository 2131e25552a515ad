"""The message shortcut begins a session from a message, and the App Home shows a person what is theirs."""

from __future__ import annotations

import pytest

from bot.brain.policies import TOOLS
from bot.slack.answering.asking import BEGUN, KNOWN, NOT_IN_CHANNEL, SHORTCUT
from bot.workspace.people import TEAM
from memory.log.events import Json, MessageDeleted, MessageReceived, TurnFinished
from memory.workspaces.channel_settings import ChannelSettings
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually


def ask_about(at_work: Live, who: str, channel: str, ts: str) -> str:
    """Use the shortcut on a message; gives what the person is told."""
    used = at_work.workspace.shortcut(who, channel, ts, SHORTCUT)
    assert used.error is None
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(used))
    assert answer["response_type"] == "ephemeral"
    return str(answer["text"])


def home(at_work: Live, who: str) -> str:
    """What the person's App Home shows once it is opened."""
    before = len(at_work.workspace.calls_of("views.publish"))
    at_work.workspace.open_home(who)
    at_work.workspace.wait_for(lambda: len(at_work.workspace.calls_of("views.publish")) > before)
    shown = at_work.workspace.home(who)
    assert shown is not None
    return "\n".join(text(block) for block in shown["blocks"])


def text(block: Json) -> str:
    return str(block.get("text", {}).get("text", ""))


def test_somebody_asks_about_another_persons_message_in_its_thread(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Rows without tz are UTC.")))
    ts = at_work.workspace.post("bruno", "general", "KeyError: 'tz' in the import")
    assert ask_about(at_work, "ada", "general", ts) == BEGUN
    at_work.await_event("general", ts, TurnFinished)
    [asked] = at_work.happened("general", ts, MessageReceived)
    assert (asked.author_name, asked.mentioned) == ("Ada", True)
    assert "> KeyError: 'tz' in the import" in asked.text
    assert "written by Bruno" in asked.text
    assert at_work.texts("general", ts) == ["Rows without tz are UTC."]


def test_asking_twice_about_one_message_asks_once(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Rows without tz are UTC.")))
    ts = at_work.workspace.post("bruno", "general", "KeyError: 'tz' again")
    ask_about(at_work, "ada", "general", ts)
    at_work.await_event("general", ts, TurnFinished)
    assert ask_about(at_work, "mei", "general", ts) == KNOWN
    assert len(at_work.happened("general", ts, MessageReceived)) == 1


def test_a_reply_is_asked_about_in_the_thread_that_it_is_part_of(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("It is the cache.")))
    root = at_work.workspace.post("bruno", "general", "the deploy is slow")
    reply = at_work.workspace.post("chidi", "general", "since Tuesday, says the graph", root)
    ask_about(at_work, "ada", "general", reply)
    at_work.await_event("general", root, TurnFinished)
    assert "since Tuesday" in at_work.happened("general", root, MessageReceived)[0].text


def test_its_author_takes_the_message_back_from_the_session(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Known.")))
    ts = at_work.workspace.post("bruno", "general", "the password is wrong again")
    ask_about(at_work, "ada", "general", ts)
    at_work.await_event("general", ts, TurnFinished)
    at_work.workspace.delete("general", ts)
    at_work.await_event("general", ts, MessageDeleted)


def test_a_message_of_a_bot_may_be_asked_about(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("The disk is full.")))
    ts = at_work.workspace.post("deploybot", "general", "deploy 71 failed: no space left")
    assert ask_about(at_work, "ada", "general", ts) == BEGUN
    at_work.await_event("general", ts, TurnFinished)


@pytest.mark.parametrize("place", ["salaries", "northwind-parcels"])
def test_nothing_is_kept_of_a_message_where_oxbow_does_not_work(at_work: Live, place: str) -> None:
    before = at_work.rows()
    ts = at_work.workspace.post("ada", place, "raise my salary to 90000")
    assert "public channels only" in ask_about(at_work, "ada", place, ts)
    assert at_work.rows() == before


def test_who_is_not_answered_and_what_cannot_be_seen(at_work: Live) -> None:
    ts = at_work.workspace.post("ada", "general", "the import fails")
    assert "people of this workspace only" in ask_about(at_work, "sam", "general", ts)
    assert "channels they are in" in ask_about(at_work, "gil", "general", ts)
    elsewhere = at_work.workspace.post("ada", "random", "the import fails")
    assert ask_about(at_work, "ada", "random", elsewhere) == NOT_IN_CHANNEL
    assert at_work.events("general", ts) == []


def test_a_home_shows_how_to_begin_and_ones_own_sessions_alone(at_work: Live) -> None:
    assert "How to begin" in home(at_work, "mei")
    at_work.answer_with(in_turn(says("Rows without tz are UTC.")))
    thread = at_work.ask("data-platform", "why does the nightly export fail?", user="mei")
    shown = home(at_work, "mei")
    assert "why does the nightly export fail?" in shown
    assert "answered" in shown
    assert thread.replace(".", "") in shown
    assert "nightly export" not in home(at_work, "bruno")


def test_a_home_shows_what_waits_for_ones_word_until_it_is_given(at_work: Live) -> None:
    settings, channel = ChannelSettings(at_work.engine), at_work.workspace.channel_id("shop-backend")
    settings.set(TEAM, channel, TOOLS, "bash=ask", by="U0ADA00001")
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Then not.")))
    thread = at_work.workspace.post("chidi", "shop-backend", "@Oxbow deploy the cart")
    eventually(lambda: at_work.said("shop-backend", thread, "approval"))
    at_work.await_rest()
    shown = home(at_work, "chidi")
    assert "Waiting for your decision" in shown
    assert "may it use bash?" in shown
    assert "bash=ask" in shown
    assert "Waiting for your decision" not in home(at_work, "ada")
    at_work.workspace.post("chidi", "shop-backend", "stop", thread)
    at_work.await_event("shop-backend", thread, TurnFinished)
    assert "Waiting for your decision" not in home(at_work, "chidi")
    settings.clear(TEAM, channel, TOOLS)


def test_a_home_shows_nothing_of_a_channel_that_is_no_longer_open_to_the_person(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Use pathlib."), says("Use a default.")))
    at_work.ask("help-python", "how do I join the paths?", user="gil")
    assert "join the paths" in home(at_work, "gil")
    at_work.ask("help-python", "how do I read the salary table?", user="ada")
    at_work.workspace.convert_to_private("help-python")
    at_work.workspace.tell(
        {"type": "channel_rename", "channel": {"id": at_work.workspace.channel_id("help-python")}}
    )
    at_work.await_all_acknowledged("channel_rename")
    assert "join the paths" not in home(at_work, "gil")
    assert "salary" not in home(at_work, "ada")


def test_a_stranger_gets_a_home_that_says_why_it_is_empty(at_work: Live) -> None:
    shown = home(at_work, "sam")
    assert "people of this workspace only" in shown
    assert "Your sessions" not in shown
