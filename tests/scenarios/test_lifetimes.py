"""Threads that outlive what is around them: channels, roots, memberships, and their own last answer."""

from __future__ import annotations

from collections.abc import Sequence

from memory.log.events import Json, SessionClosed, SolutionIndexed, ToolStarted, TurnFinished
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually


def test_a_follow_up_after_the_answer_goes_on_in_the_same_workspace(at_work: Live) -> None:
    at_work.answer_with(
        in_turn(
            calls("bash", command="echo kept > note"),
            says("Noted."),
            calls("bash", command="cat note"),
            says("It says kept."),
        )
    )
    thread = at_work.ask("general", "keep a note")
    at_work.workspace.post("ada", "general", "what does it say?", thread)
    at_work.await_event("general", thread, SolutionIndexed, 2)
    assert at_work.texts("general", thread) == ["Noted.", "It says kept."]
    assert "kept" in str(at_work.model.requests[-1].messages[-1])


def test_people_who_talk_to_each_other_after_the_answer_are_left_alone(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Noted."), says("Yes?")))
    thread = at_work.ask("general", "keep a note")
    at_work.workspace.post("bruno", "general", "@Oxbow and mine", thread)
    at_work.await_event("general", thread, TurnFinished, 2)
    at_work.await_acknowledged(at_work.workspace.post("chidi", "general", "nice, isn't it?", thread))
    at_work.await_acknowledged(at_work.workspace.post("ada", "general", "very nice", thread))
    at_work.await_rest()
    assert len(at_work.texts("general", thread)) == 2


def test_another_bot_neither_starts_nor_steers(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Noted.")))
    alone = at_work.workspace.post("deploybot", "general", "@Oxbow deploy finished")
    thread = at_work.ask("general", "keep a note")
    at_work.await_acknowledged(at_work.workspace.post("deploybot", "general", "@Oxbow thank you", thread))
    at_work.workspace.post_as_integration("general", "<@U0OXBOWBOT> thank you", "Oxbow", thread)
    at_work.await_acknowledged(at_work.workspace.post("ada", "general", "good morning"))
    at_work.await_rest()
    assert at_work.events("general", alone) == []
    assert at_work.texts("general", thread) == ["Noted."]


def test_a_question_withdrawn_while_the_model_thinks_teaches_nobody(at_work: Live) -> None:
    def script(messages: Sequence[Json]) -> list[Json]:
        at_work.workspace.delete("general", thread)
        eventually(lambda: "MessageDeleted" in str(at_work.events("general", thread)))
        return says("Anyway.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow forget this")
    at_work.await_heard("general", thread)
    at_work.await_rest()
    assert len(at_work.texts("general", thread)) == 1
    assert "withdrew an earlier message" in str(at_work.model.requests[-1].messages)
    asked = at_work.workspace.command("bruno", "general", "search forget this anyway")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    assert "Anyway." not in str(answer)


def test_an_archived_channel_that_opens_again_is_worked_in_again(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done"), says("Again.")))
    thread = at_work.workspace.post("ada", "help-python", "@Oxbow wait for it")
    at_work.await_event("help-python", thread, ToolStarted)
    at_work.workspace.archive("help-python")
    at_work.await_all_acknowledged("channel_archive")
    at_work.touch("on")
    at_work.await_event("help-python", thread, SessionClosed)
    at_work.workspace.unarchive("help-python")
    at_work.workspace.join("oxbow", "help-python")
    at_work.await_all_acknowledged("channel_unarchive")
    at_work.workspace.post("ada", "help-python", "@Oxbow go on", thread)
    at_work.await_event("help-python", thread, TurnFinished)
    assert at_work.texts("help-python", thread) == ["Again."]


def test_a_bot_that_is_taken_out_of_the_channel_gives_the_session_up(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done"), says("Gone.")))
    thread = at_work.workspace.post("ada", "shop-backend", "@Oxbow wait for it")
    at_work.await_event("shop-backend", thread, ToolStarted)
    at_work.workspace.leave("oxbow", "shop-backend")
    at_work.touch("on")
    at_work.await_rest()
    [closed] = at_work.happened("shop-backend", thread, SessionClosed)
    assert "not_in_channel" in closed.reason
    assert at_work.texts("shop-backend", thread) == []
