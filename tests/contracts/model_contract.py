"""What every `bot.model.port.Model` must do, as tests that each adapter and the shipped fake inherit.

The subclass gives the fixture `model`, able to play `bot.demo.problems.PROBLEMS` by itself or through
the stand-in of its provider, so that all of them meet the same conversations.
"""

from __future__ import annotations

from threading import Event

import pytest

from bot.brain.tools import TOOLS
from bot.demo.problems import PROBLEMS
from bot.model.port import Model, ModelCancelled, ModelRequest, ModelResponse
from memory.log.events import Json

PROBLEM = PROBLEMS[0]
RED = "KeyError: 'tz'"


def said(text: str) -> Json:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def results(response: ModelResponse, output: str) -> Json:
    """The user message that answers every tool call of a response."""
    return {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": output}]}
            for call in calls(response)
        ],
    }


def calls(response: ModelResponse) -> list[Json]:
    return [block for block in response.blocks if block["type"] == "tool_use"]


def asked(*messages: Json) -> ModelRequest:
    return ModelRequest(system="You are Oxbow.", tools=TOOLS, messages=messages, max_tokens=4096)


def respond(model: Model, *messages: Json) -> ModelResponse:
    return model.respond(asked(*messages), on_text=lambda _: None, cancelled=Event())


def spoken(message: ModelResponse) -> Json:
    return {"role": "assistant", "content": list(message.blocks)}


class ModelContract:
    """Inherit and give the fixture `model`."""

    def test_it_has_a_name(self, model: Model) -> None:
        assert model.name

    def test_an_answer_ends_the_turn(self, model: Model) -> None:
        response = respond(model, said("How are you?"))
        assert response.stop_reason == "end_turn"
        assert not calls(response)
        assert any(block["type"] == "text" and block["text"] for block in response.blocks)

    def test_work_is_done_by_asking_for_tools(self, model: Model) -> None:
        response = respond(model, said(PROBLEM.mention))
        assert response.stop_reason == "tool_use"
        assert [call["name"] for call in calls(response)] == ["bash"]
        assert all(isinstance(call["input"], dict) for call in calls(response))

    def test_call_ids_are_unique_in_the_whole_conversation(self, model: Model) -> None:
        messages = [said(PROBLEM.mention)]
        seen: list[str] = []
        for _ in PROBLEM.moves:
            response = respond(model, *messages)
            seen += [call["id"] for call in calls(response)]
            messages += [spoken(response), results(response, f"{RED}\n\nOK\n{PROBLEM.moves[-1].expected}")]
        assert len(seen) == sum(len(move.calls) for move in PROBLEM.moves)
        assert len(set(seen)) == len(seen)

    def test_earlier_blocks_are_legal_when_sent_back_as_they_came(self, model: Model) -> None:
        mention = said(PROBLEM.mention)
        first = respond(model, mention)
        second = respond(model, mention, spoken(first), results(first, RED))
        third = respond(
            model, mention, spoken(first), results(first, RED), spoken(second), results(second, "1  code")
        )
        assert [call["name"] for call in calls(third)] == ["edit"]

    def test_the_streamed_text_is_the_text_of_the_blocks(self, model: Model) -> None:
        heard: list[str] = []
        response = model.respond(asked(said(PROBLEM.mention)), on_text=heard.append, cancelled=Event())
        assert "".join(heard) == "".join(
            block.get("text") or block.get("thinking", "") for block in response.blocks
        )
        assert len(heard) > 0

    def test_a_request_is_not_changed(self, model: Model) -> None:
        message = said("How are you?")
        respond(model, message)
        assert message == said("How are you?")

    def test_a_cancelled_call_raises(self, model: Model) -> None:
        cancelled = Event()
        cancelled.set()
        with pytest.raises(ModelCancelled):
            model.respond(asked(said(PROBLEM.mention)), on_text=lambda _: None, cancelled=cancelled)

    def test_a_call_can_be_cancelled_while_it_speaks(self, model: Model) -> None:
        cancelled = Event()
        with pytest.raises(ModelCancelled):
            model.respond(asked(said("How are you?")), on_text=lambda _: cancelled.set(), cancelled=cancelled)
