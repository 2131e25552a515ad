"""Sessions that use up what they were allowed: they pause with a word, and go on when they are let."""

from __future__ import annotations

from bot.brain.budget import Budget
from memory.log.events import LimitReached, TurnFinished
from tests.support.product import Product
from tests.support.script_model import ScriptModel, calls, in_turn, says


def test_a_session_pauses_at_its_limit_and_goes_on_when_it_is_let(oxbow: Product) -> None:
    oxbow.budget = Budget(steps=2)
    model = ScriptModel(
        in_turn(
            calls("bash", command="echo one"),
            calls("bash", command="echo two"),
            says("One and two."),
        )
    )
    thread = oxbow.say("ada", "general", "@Oxbow count")
    oxbow.settle(model)
    [paused] = oxbow.answers("general", thread)
    assert paused.startswith("I pause here after 2 requests to the model")
    oxbow.say("ada", "general", "go on", thread)
    oxbow.settle(model)
    events = oxbow.events("general", thread)
    assert [event.limit for event in events if isinstance(event, LimitReached)] == ["steps"]
    assert [event.outcome for event in events if isinstance(event, TurnFinished)] == ["paused", "answered"]
    assert oxbow.answers("general", thread)[-1] == "One and two."
    assert "two" in str(model.requests[-1].messages)
