"""What goes wrong around a session, and what the thread sees of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.model.port import ModelBroken, ModelOverloaded, ModelRejected
from memory.log.events import (
    Json,
    ModelFailed,
    ModelResponded,
    SandboxAttached,
    SandboxLost,
    SolutionIndexed,
    ToolFinished,
    TurnFinished,
)
from sandbox.choose import open_sandbox
from tests.support.live import Live, live
from tests.support.messages_api_replies import Reply
from tests.support.script_model import Answer, Script, calls, in_turn, says


def after(error: Exception, then: Answer) -> Script:
    """The error at the first request, the answer from then on."""
    errors = [error]

    def script(_: Sequence[Json]) -> Answer:
        if errors:
            raise errors.pop()
        return then

    return script


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelOverloaded("busy", delay=None), "overloaded"),
        (ModelBroken("the stream ended in the middle"), "broken"),
    ],
)
def test_a_model_that_is_away_is_asked_again_later_by_whoever_is_free(
    at_work: Live, error: Exception, reason: str
) -> None:
    at_work.answer_with(after(error, says("Back again.")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow hello")
    failed = at_work.await_event("general", thread, ModelFailed)
    assert failed.reason == reason
    assert failed.delay is not None
    at_work.await_event("general", thread, TurnFinished)
    assert at_work.texts("general", thread) == ["Back again."]


def test_a_request_that_the_service_refuses_for_good_is_said_and_not_repeated(at_work: Live) -> None:
    at_work.answer_with(after(ModelRejected("invalid API key"), says("never")))
    thread = at_work.ask("general", "hello")
    [said] = at_work.texts("general", thread)
    assert "refused my request" in said
    assert [event.outcome for event in at_work.happened("general", thread, TurnFinished)] == ["failed"]
    assert len(at_work.model.requests) == 1


def test_a_refusal_of_the_model_is_said_and_taught_to_nobody(at_work: Live) -> None:
    at_work.answer_with(in_turn(Reply(blocks=says("I would rather"), stop_reason="refusal")))
    thread = at_work.ask("general", "do something terrible")
    assert at_work.texts("general", thread) == ["The model declined to work on this request."]
    assert [event.outcome for event in at_work.happened("general", thread, TurnFinished)] == ["failed"]


def test_an_answer_cut_at_its_limit_is_continued_and_posted_whole(at_work: Live) -> None:
    at_work.answer_with(
        in_turn(Reply(blocks=says("The first half, "), stop_reason="max_tokens"), says("and the second."))
    )
    thread = at_work.ask("general", "tell me all")
    assert at_work.texts("general", thread) == ["The first half, and the second."]
    assert "Go on exactly where it stopped" in str(at_work.model.requests[-1].messages[-1])


def test_a_call_cut_at_the_limit_is_not_made(at_work: Live) -> None:
    cut = Reply(blocks=calls("bash", command="touch half"), stop_reason="max_tokens")
    at_work.answer_with(in_turn(cut, calls("bash", command="ls"), says("Done.")))
    thread = at_work.ask("general", "make a file")
    first, second = at_work.happened("general", thread, ToolFinished)
    assert first.is_error
    assert "half" not in second.output


def test_a_long_answer_comes_whole_and_in_order(at_work: Live) -> None:
    report = "\n\n".join(f"Paragraph {number}. " + "word " * 80 for number in range(60))
    at_work.answer_with(in_turn(says(report)))
    thread = at_work.ask("general", "report at length")
    parts = [post["blocks"][0]["text"] for post in at_work.said("general", thread)]
    assert len(parts) > 1
    shown = "\n\n".join(parts)
    assert [f"Paragraph {number}." in shown for number in range(60)] == [True] * 60
    assert "Solved" in str(at_work.said("general", thread)[-1]["blocks"])
    assert "Solved" not in str(at_work.said("general", thread)[0]["blocks"])


@pytest.mark.parametrize("fault", ["lose_next_response", "lose_next_request"])
def test_an_answer_whose_post_had_no_outcome_is_seen_once(at_work: Live, fault: str) -> None:
    order: Callable[[str], None] = getattr(at_work.workspace, fault)

    def script(_: Sequence[Json]) -> list[Json]:
        order("chat.postMessage")
        return says("Hello there.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow hello")
    at_work.await_event("general", thread, SolutionIndexed)
    assert at_work.texts("general", thread) == ["Hello there."]


def test_slack_asks_to_wait_and_the_answer_comes_after(at_work: Live) -> None:
    def script(_: Sequence[Json]) -> list[Json]:
        at_work.workspace.rate_limit_next("chat.postMessage", 2)
        return says("In good time.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow no hurry")
    at_work.await_event("general", thread, SolutionIndexed)
    assert at_work.texts("general", thread) == ["In good time."]
    assert len(at_work.happened("general", thread, ModelResponded)) == 1


def test_a_post_that_slack_does_not_take_as_it_is_comes_as_plain_words(at_work: Live) -> None:
    def script(_: Sequence[Json]) -> list[Json]:
        at_work.workspace.fail_next("chat.postMessage", "invalid_blocks")
        return says("With **strong** words.")

    at_work.answer_with(script)
    thread = at_work.ask("general", "speak up")
    [said] = at_work.texts("general", thread)
    assert "strong" in said


def test_a_delivery_that_comes_again_and_again_is_heard_once(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Hello there.")))
    thread = at_work.ask("general", "hello")
    at_work.await_rest()
    before = at_work.events("general", thread)
    told = [d for d in at_work.workspace.deliveries if d.payload.get("event", {}).get("ts") == thread]
    acks = len(at_work.workspace.acks)
    for delivery in told:
        for attempt in (0, 1, 2):
            at_work.workspace.deliver_again(delivery, attempt=attempt)
    at_work.workspace.wait_for(lambda: len(at_work.workspace.acks) >= acks + 3 * len(told))
    at_work.await_rest()
    assert at_work.events("general", thread) == before


def test_a_connection_that_drops_is_opened_again(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("I heard you.")))
    at_work.workspace.drop_connections()
    at_work.workspace.wait_for(lambda: at_work.workspace.connected == 1)
    thread = at_work.ask("general", "can you hear me?")
    assert at_work.texts("general", thread) == ["I heard you."]


def test_a_lost_workspace_is_told_and_replaced(at_work: Live) -> None:
    def script(messages: Sequence[Json]) -> Answer:
        match len(at_work.model.requests):
            case 1:
                return calls("bash", command="echo kept > note; cat note")
            case 2:
                for folder in (at_work.workspaces / "sessions").iterdir():
                    shutil.rmtree(folder)
                return calls("bash", command="cat note")
            case 3:
                return calls("bash", command="cat note || echo gone")
            case _:
                return says("It was lost, I began anew.")

    at_work.answer_with(script)
    thread = at_work.ask("general", "keep a note")
    assert len(at_work.happened("general", thread, SandboxLost)) == 1
    assert len(at_work.happened("general", thread, SandboxAttached)) == 2
    ended = at_work.happened("general", thread, ToolFinished)
    assert [event.status for event in ended] == ["finished", "unknown", "finished"]
    assert ended[-1].output.endswith("gone\n")
    assert "The workspace was lost" in str(at_work.model.requests[2].messages[-1])


def test_an_answer_says_that_commands_run_without_isolation(engine: Engine, tmp_path: Path) -> None:
    root = tmp_path / "workspaces"
    script = in_turn(calls("bash", command="echo here"), says("It ran."))
    with live(engine, tmp_path, open_sandbox("unisolated", root), script, workspaces=root) as at_work:
        thread = at_work.ask("general", "run something")
        [attached] = at_work.happened("general", thread, SandboxAttached)
        [answer] = at_work.said("general", thread)
    assert not attached.isolated
    assert "Commands run without isolation here" in str(answer["blocks"])


def test_a_host_without_a_sandbox_still_answers_and_says_why_nothing_ran(
    engine: Engine, tmp_path: Path
) -> None:
    script = in_turn(calls("bash", command="echo here"), says("I could not look."))
    with live(engine, tmp_path, "this host forbids it", script, workspaces=tmp_path) as at_work:
        thread = at_work.ask("general", "run something")
        [answer] = at_work.said("general", thread)
    assert answer["text"] == "I could not look."
    assert "I could run no commands: this host forbids it" in str(answer["blocks"])
