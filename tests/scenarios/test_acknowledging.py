"""Slack is told that a message is received when it is in the log, and not before."""

from __future__ import annotations

from sqlalchemy import text

from bot.workspace.journal import Delivery
from tests.support.live import Live
from tests.support.script_model import in_turn, says


def told(at_work: Live, ts: str) -> list[Delivery]:
    """Every attempt to bring the message to the app."""
    return [d for d in at_work.workspace.deliveries if d.payload.get("event", {}).get("ts") == ts]


def test_what_could_not_be_kept_is_not_acknowledged_and_is_heard_when_it_comes_again(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Heard.")))
    with at_work.engine.begin() as connection:
        connection.execute(text("ALTER TABLE events RENAME TO events_elsewhere"))
    ts = at_work.workspace.post("ada", "general", "@Oxbow hello")
    at_work.workspace.wait_for(lambda: {delivery.attempt for delivery in told(at_work, ts)} >= {0, 1})
    taken = {ack.delivery.key for ack in at_work.workspace.acks}
    assert taken.isdisjoint(delivery.key for delivery in told(at_work, ts))
    with at_work.engine.begin() as connection:
        connection.execute(text("ALTER TABLE events_elsewhere RENAME TO events"))
    at_work.workspace.deliver_again(told(at_work, ts)[0], attempt=2)
    at_work.await_heard("general", ts)
    at_work.await_rest()
    assert at_work.texts("general", ts) == ["Heard."]
