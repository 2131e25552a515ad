"""What a thread does between the steps of its workers: each is run by hand, so that the order is known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine, text

from bot.workspace.people import TEAM
from memory.log.events import Json, SessionClosed, TurnFinished
from memory.log.session_log import ThreadAddress
from sandbox.port import Sandbox
from tests.support.product import MOMENT, Product
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


def test_what_is_found_is_seen_by_the_searcher(oxbow: Product) -> None:
    oxbow.say("ada", "general", "@Oxbow KeyError: 'tz' in the import")
    oxbow.settle(ScriptModel(in_turn(says("Rows without tz are UTC."))))
    channel = oxbow.workspace.channel_id("shop-backend")
    [hit] = oxbow.remembering.find("KeyError tz import", team=TEAM, channel=channel).hits
    assert hit.fix == "Rows without tz are UTC."
    assert oxbow.remembering.find("zebra gearbox", team=TEAM, channel=channel).hits == ()


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


def test_an_instruction_after_a_stop_begins_a_new_turn_that_is_not_stopped(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow drop the table")
    oxbow.say("bruno", "general", "stop", thread)
    oxbow.say("ada", "general", "only look at it", thread)
    model = ScriptModel(in_turn(says("It has three rows.")))
    oxbow.settle(model)
    assert oxbow.answers("general", thread)[-1] == "It has three rows."
    ended = [event for event in events(oxbow, "general", thread) if isinstance(event, TurnFinished)]
    assert [event.outcome for event in ended] == ["interrupted", "answered"]


def test_a_channel_that_turned_private_unseen_is_hidden_by_whoever_asks_slack_anew(
    oxbow: Product, engine: Engine, tmp_path: Path, sandbox: Sandbox
) -> None:
    oxbow.say("ada", "data-platform", "@Oxbow KeyError: 'tz' in the import")
    oxbow.settle(ScriptModel(in_turn(says("Rows without tz are UTC."))))
    oxbow.workspace.convert_to_private("data-platform")
    with engine.begin() as connection:
        # What Slack said before is shared by all processes until it is too old for a search.
        connection.execute(text("UPDATE channels SET checked_at = checked_at - interval '2 minutes'"))
    restarted = Product(engine, oxbow.workspace, tmp_path, sandbox)
    channel = oxbow.workspace.channel_id("shop-backend")
    assert restarted.remembering.find("KeyError tz import", team=TEAM, channel=channel).hits == ()
    restarted.say("bruno", "shop-backend", "@Oxbow KeyError: 'tz' in the import")
    model = ScriptModel(in_turn(says("Never seen.")))
    restarted.settle(model)
    restarted.later.shutdown()
    assert "UTC" not in str(model.requests)


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
