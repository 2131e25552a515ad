"""Whole threads, from what people write to what they and memory see."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.brain.claimed import Claimed, StopSignal
from bot.workspace.people import TEAM
from memory.events import Json, MessageReceived, SessionClosed, ToolFinished, TurnFinished
from memory.log import ThreadAddress
from sandbox.port import Sandbox
from tests.support.product import MOMENT, Product, key
from tests.support.script_model import ScriptModel, calls, in_turn, says
from tests.support.waiting import eventually


def events(oxbow: Product, channel: str, thread: str) -> list[object]:
    state = oxbow.log.thread_state(
        ThreadAddress(team=TEAM, channel=oxbow.workspace.channel_id(channel), thread=thread)
    )
    assert state is not None
    return [recorded.event for recorded in oxbow.log.read(state.session)]


def rows(engine: Engine) -> int:
    """How many rows any table of the product has, but the schema's own."""
    tables = ("sessions", "events", "solutions", "passages", "blobs", "channels")
    with engine.connect() as connection:
        return sum(connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one() for t in tables)


def test_a_solved_problem_is_recalled_in_another_channel_with_its_link(oxbow: Product) -> None:
    first = oxbow.say("ada", "data-platform", "@Oxbow the nightly import fails with KeyError: 'tz'")
    oxbow.settle(ScriptModel(in_turn(says("The tz column is optional now: rows without it are UTC."))))
    second = oxbow.say("bruno", "shop-backend", "@Oxbow our import fails with KeyError: 'tz'")
    model = ScriptModel(in_turn(says("Same as before.")))
    oxbow.settle(model)
    [recalled] = [
        message
        for message in oxbow.workspace.messages("shop-backend", second)
        if key(message).startswith("recall:")
    ]
    assert first.replace(".", "") in str(recalled["blocks"])
    asked = str(model.requests[0].messages)
    assert "rows without it are UTC" in asked
    assert "never instructions" in asked


def test_what_is_found_is_seen_by_the_searcher(oxbow: Product) -> None:
    oxbow.say("ada", "general", "@Oxbow KeyError: 'tz' in the import")
    oxbow.settle(ScriptModel(in_turn(says("Rows without tz are UTC."))))
    channel = oxbow.workspace.channel_id("shop-backend")
    [hit] = oxbow.remembering.find("KeyError tz import", team=TEAM, channel=channel, limit=5)
    assert hit.fix == "Rows without tz are UTC."
    assert oxbow.remembering.find("zebra gearbox", team=TEAM, channel=channel, limit=5) == []


def test_progress_is_one_message_that_ends_as_one_line(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow count to one")
    oxbow.settle(ScriptModel(in_turn(calls("bash", command="echo one"), says("One."))))
    progress = [
        message
        for message in oxbow.workspace.messages("general", thread)
        if key(message).startswith("progress:")
    ]
    assert [message["text"] for message in progress if "Done" in message["text"]] != []
    assert len(progress) == 1


def test_what_people_say_meanwhile_reaches_the_next_request(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow fix it")

    def script(messages: Sequence[Json]) -> list[Json]:
        if len(messages) == 1:
            oxbow.say("bruno", "general", "keep the row order", thread)
            return calls("bash", command="true")
        assert "keep the row order" in str(messages[-1])
        return says("Done, in order.")

    oxbow.settle(ScriptModel(script))
    assert oxbow.answers("general", thread) == ["Done, in order."]


def test_messages_that_arrive_out_of_order_are_read_in_the_order_in_which_they_were_written(
    oxbow: Product,
) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow count")
    channel = oxbow.workspace.channel_id("general")
    written = [oxbow.workspace.post("ada", "general", f"and {word}", thread) for word in ("one", "two")]
    for ts in reversed(written):
        oxbow.listener.message({**oxbow.workspace.message("general", ts), "channel": channel})
    model = ScriptModel(in_turn(says("Two.")))
    oxbow.settle(model)
    asked = str(model.requests[0].messages[-1])
    assert asked.index("and one") < asked.index("and two")


def test_a_question_waits_for_the_thread_and_costs_no_worker(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow release it")
    model = ScriptModel(in_turn(calls("ask", question="To which region?"), says("Released to eu.")))
    oxbow.settle(model)
    assert oxbow.answers("general", thread) == ["To which region?"]
    assert oxbow.claim() is None
    oxbow.say("ada", "general", "eu", thread)
    oxbow.settle(model)
    assert oxbow.answers("general", thread) == ["To which region?", "Released to eu."]
    assert ">\neu\n<" in str(model.requests[-1].messages[-1]["content"]).replace("\\n", "\n")


def test_stop_ends_a_running_command_and_the_turn_never_resumes(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow wait for it")
    lease = oxbow.claim()
    assert lease is not None
    stop = StopSignal(lease.interrupt_seq)
    brain = oxbow.brain(ScriptModel(in_turn(calls("bash", command="sleep 60"))))
    worker = threading.Thread(target=lambda: brain.run(Claimed(oxbow.log, lease, stop), lambda: False))
    worker.start()
    eventually(
        lambda: any(type(event).__name__ == "ToolStarted" for event in events(oxbow, "general", thread))
    )
    oxbow.say("bruno", "general", "stop", thread)
    [renewal] = oxbow.log.renew(lease.owner, 60.0, [lease])
    stop.interrupt(renewal.interrupt_seq)
    worker.join(timeout=20.0)
    assert not worker.is_alive()
    finished = [event for event in events(oxbow, "general", thread) if isinstance(event, ToolFinished)]
    assert [event.status for event in finished] == ["cancelled"]
    assert "Stopped" in oxbow.answers("general", thread)[-1]
    assert oxbow.claim() is None


def test_an_instruction_after_a_stop_begins_a_new_turn_that_is_not_stopped(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow drop the table")
    oxbow.say("bruno", "general", "stop", thread)
    oxbow.say("ada", "general", "only look at it", thread)
    model = ScriptModel(in_turn(says("It has three rows.")))
    oxbow.settle(model)
    assert oxbow.answers("general", thread)[-1] == "It has three rows."
    ended = [event for event in events(oxbow, "general", thread) if isinstance(event, TurnFinished)]
    assert [event.outcome for event in ended] == ["interrupted", "answered"]


@pytest.mark.parametrize("place", ["salaries", "northwind-parcels"])
def test_nothing_is_kept_of_what_is_said_where_oxbow_does_not_work(
    oxbow: Product, engine: Engine, place: str
) -> None:
    thread = oxbow.say("ada", place, "@Oxbow raise my salary")
    assert oxbow.claim() is None
    assert rows(engine) == 0
    eventually(lambda: oxbow.answers(place, thread))
    assert "public channel" in oxbow.answers(place, thread)[0]


def test_a_channel_that_turns_private_ends_the_session_and_hides_what_was_solved(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow KeyError: 'tz' in the import")
    oxbow.settle(ScriptModel(in_turn(says("Rows without tz are UTC."))))
    oxbow.say("ada", "general", "and now?", thread)
    oxbow.workspace.convert_to_private("general")
    oxbow.gate.forget(oxbow.workspace.channel_id("general"))
    model = ScriptModel(in_turn(says("never said")))
    oxbow.settle(model)
    assert model.requests == []
    channel = oxbow.workspace.channel_id("shop-backend")
    assert oxbow.remembering.find("KeyError tz import", team=TEAM, channel=channel, limit=5) == []


def test_a_channel_that_turned_private_unseen_is_hidden_by_whoever_asks_slack_anew(
    oxbow: Product, engine: Engine, tmp_path: Path, sandbox: Sandbox
) -> None:
    oxbow.say("ada", "data-platform", "@Oxbow KeyError: 'tz' in the import")
    oxbow.settle(ScriptModel(in_turn(says("Rows without tz are UTC."))))
    oxbow.workspace.convert_to_private("data-platform")
    restarted = Product(engine, oxbow.workspace, tmp_path, sandbox)
    channel = oxbow.workspace.channel_id("shop-backend")
    assert restarted.remembering.find("KeyError tz import", team=TEAM, channel=channel, limit=5) == []
    restarted.say("bruno", "shop-backend", "@Oxbow KeyError: 'tz' in the import")
    model = ScriptModel(in_turn(says("Never seen.")))
    restarted.settle(model)
    restarted.later.shutdown()
    assert "UTC" not in str(model.requests)


def test_an_answer_whose_confirmation_was_lost_is_seen_once(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow hello")

    def script(_: Sequence[Json]) -> list[Json]:
        oxbow.workspace.lose_next_response("chat.postMessage")
        return says("Hello there.")

    model = ScriptModel(script)

    def rests() -> bool:
        oxbow.settle(model)
        return oxbow.log.sessions()[0].status == "idle"

    assert eventually(rests)
    assert oxbow.answers("general", thread) == ["Hello there."]


def test_a_delivery_that_comes_again_is_heard_once(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow hello")
    message = oxbow.workspace.message("general", thread)
    for _ in range(3):
        oxbow.listener.message({**message, "channel": oxbow.workspace.channel_id("general")})
    heard = [event for event in events(oxbow, "general", thread) if isinstance(event, MessageReceived)]
    assert len(heard) == 1


@pytest.mark.parametrize(("verdict", "outcome"), [("solved", "confirmed"), ("not_solved", "unsolved")])
def test_what_people_say_of_an_answer_is_its_outcome_in_memory(
    oxbow: Product, verdict: str, outcome: str
) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow KeyError: 'tz' in the import")
    model = ScriptModel(in_turn(says("Rows without tz are UTC.")))
    oxbow.settle(model)
    channel = oxbow.workspace.channel_id("general")
    address = ThreadAddress(team=TEAM, channel=channel, thread=thread)
    oxbow.listener.feedback(address, "U1", verdict, "press-1", turn=1)  # type: ignore[arg-type]
    oxbow.settle(model)
    [hit] = oxbow.remembering.find("KeyError tz import", team=TEAM, channel=channel, limit=5)
    assert hit.outcome == outcome


def test_a_question_that_is_deleted_is_found_no_more(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow KeyError: 'tz' with password hunter2")
    model = ScriptModel(in_turn(says("Rows without tz are UTC.")))
    oxbow.settle(model)
    channel = oxbow.workspace.channel_id("general")
    oxbow.listener.message(
        {
            "type": "message",
            "subtype": "message_deleted",
            "channel": channel,
            "deleted_ts": thread,
            "previous_message": {"ts": thread, "user": "U1", "text": "gone"},
        }
    )
    oxbow.settle(model)
    assert oxbow.remembering.find("KeyError tz password", team=TEAM, channel=channel, limit=5) == []


def test_a_session_that_fails_whoever_claims_it_is_given_up_once_and_can_begin_anew(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow hello")

    def script(_: Sequence[Json]) -> list[Json]:
        raise RuntimeError("a step that ends every worker")

    def given_up() -> bool:
        with suppress(RuntimeError):
            oxbow.work(ScriptModel(script), ttl=MOMENT)
        return any(isinstance(event, SessionClosed) for event in events(oxbow, "general", thread))

    assert eventually(given_up, every=MOMENT)
    [notice] = oxbow.answers("general", thread)
    assert "several times in a row" in notice
    oxbow.say("ada", "general", "@Oxbow once more", thread)
    oxbow.settle(ScriptModel(in_turn(says("Now it works."))))
    assert oxbow.answers("general", thread) == [notice, "Now it works."]
