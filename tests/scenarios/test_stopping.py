"""Anybody can stop a turn, by a word, a button or a reaction, whatever it is doing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.slack.showing.rendering import STOP
from memory.log.events import (
    InterruptHandled,
    InterruptRequested,
    Json,
    ModelRequested,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from tests.support.live import Live
from tests.support.messages_api_replies import Silence
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually

LIMIT = 6.0
"""Seconds: two heartbeats of a worker. The command would run ten times as long."""

Way = Callable[[Live, str], None]


def progress(at_work: Live, thread: str) -> Json:
    return eventually(lambda: at_work.said("general", thread, "progress"))[0]


def by_word(at_work: Live, thread: str) -> None:
    at_work.workspace.post("bruno", "general", "stop", thread)


def by_mention(at_work: Live, thread: str) -> None:
    at_work.workspace.post("bruno", "general", "@Oxbow !stop", thread)


def by_button(at_work: Live, thread: str) -> None:
    assert at_work.workspace.click("bruno", "general", progress(at_work, thread)["ts"], STOP).error is None


def by_reaction(at_work: Live, thread: str) -> None:
    at_work.workspace.react("bruno", "general", progress(at_work, thread)["ts"], "x")


def by_slacks_own_button(at_work: Live, thread: str) -> None:
    at_work.workspace.stop_session("bruno", "general", thread)


WAYS = pytest.mark.parametrize("stop", [by_word, by_mention, by_button, by_reaction, by_slacks_own_button])


def stopped_once(at_work: Live, thread: str) -> None:
    """The turn is over, the thread was told once, and nothing was answered."""
    assert [event.outcome for event in at_work.happened("general", thread, TurnFinished)] == ["interrupted"]
    eventually(lambda: at_work.texts("general", thread, "stopped"))
    at_work.await_rest()
    assert len(at_work.texts("general", thread, "stopped")) == 1
    assert at_work.texts("general", thread) == []
    [folded] = at_work.texts("general", thread, "progress")
    assert "Stopped" in folded


@WAYS
def test_a_command_is_killed_within_two_heartbeats(at_work: Live, stop: Way) -> None:
    at_work.answer_with(in_turn(calls("bash", command="sleep 60")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow wait for it")
    at_work.await_event("general", thread, ToolStarted)
    stop(at_work, thread)
    at_work.await_event("general", thread, InterruptRequested)
    eventually(lambda: at_work.happened("general", thread, InterruptHandled), within=LIMIT)
    [ended] = at_work.happened("general", thread, ToolFinished)
    assert (ended.status, ended.exit_code) == ("cancelled", None)
    stopped_once(at_work, thread)


@WAYS
def test_a_model_call_is_given_up_within_two_heartbeats(at_work: Live, stop: Way) -> None:
    at_work.answer_with(in_turn(Silence()))
    thread = at_work.workspace.post("ada", "general", "@Oxbow think about it")
    at_work.await_event("general", thread, ModelRequested)
    stop(at_work, thread)
    at_work.await_event("general", thread, InterruptRequested)
    eventually(lambda: at_work.happened("general", thread, InterruptHandled), within=LIMIT)
    stopped_once(at_work, thread)


def test_what_is_said_after_a_stop_begins_anew_and_knows_of_the_stop(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="sleep 60"), says("I only looked.")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow drop the table")
    at_work.await_event("general", thread, ToolStarted)
    by_word(at_work, thread)
    at_work.await_event("general", thread, InterruptHandled)
    at_work.workspace.post("ada", "general", "@Oxbow only look at it", thread)
    at_work.await_event("general", thread, TurnFinished, 2)
    assert at_work.texts("general", thread) == ["I only looked."]
    assert "stopped you here" in str(at_work.model.requests[-1].messages)


def test_a_stop_by_somebody_who_talks_elsewhere_changes_nothing(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done"), says("Done.")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow wait for it")
    at_work.await_event("general", thread, ToolStarted)
    at_work.await_acknowledged(at_work.workspace.post("bruno", "general", "stop"))
    at_work.touch("on")
    at_work.await_event("general", thread, TurnFinished)
    assert at_work.texts("general", thread) == ["Done."]


def test_a_reaction_to_what_a_person_wrote_stops_nothing(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done"), says("Done.")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow wait for it")
    at_work.await_event("general", thread, ToolStarted)
    at_work.workspace.react("bruno", "general", thread, "x")
    at_work.await_all_acknowledged("reaction_added")
    at_work.touch("on")
    at_work.await_event("general", thread, TurnFinished)
    assert at_work.texts("general", thread) == ["Done."]
