"""A model that answers from a plain function, and refuses what the real API would refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import TypeAlias

from bot.model.port import ModelCancelled, ModelRequest, ModelResponse
from memory.log.events import Json
from memory.log.usage import Usage
from tests.support.messages_api_replies import Reply, Silence
from tests.support.messages_api_rules import check

Answer: TypeAlias = list[Json] | Reply | Silence
"""Blocks, blocks with a reason to stop, or nothing at all until the call is cancelled."""

Script: TypeAlias = Callable[[Sequence[Json]], Answer]
"""From the messages of a request to the answer; it may raise a `ModelError`."""

_NUMBERS = count()


@dataclass
class ScriptModel:
    """Answers with `script`; keeps every request."""

    script: Script
    requests: list[ModelRequest] = field(default_factory=list)
    name: str = "script"
    notice: str | None = None
    input_tokens: int = 10
    """How long each request is said to have been."""

    def respond(
        self, request: ModelRequest, *, on_text: Callable[[str], None], cancelled: Event
    ) -> ModelResponse:
        """One answer; a request that the API would refuse fails the test."""
        check(_on_the_wire(request), set())
        self.requests.append(request)
        answer = self.script(request.messages)
        if isinstance(answer, Silence):
            cancelled.wait()
            raise ModelCancelled("nothing was ever answered")
        reply = answer if isinstance(answer, Reply) else Reply(blocks=answer)
        asks = any(block["type"] == "tool_use" for block in reply.blocks)
        _speak(reply.blocks, on_text, cancelled)
        return ModelResponse(
            model=self.name,
            blocks=tuple(reply.blocks),
            stop_reason=reply.stop_reason or ("tool_use" if asks else "end_turn"),
            usage=Usage(input_tokens=self.input_tokens, output_tokens=5),
        )


def says(words: str) -> list[Json]:
    """An answer in words."""
    return [{"type": "text", "text": words}]


def calls(tool: str, **given: object) -> list[Json]:
    """One tool call under an id of its own."""
    return [{"type": "tool_use", "id": f"toolu_s{next(_NUMBERS)}", "name": tool, "input": given}]


def in_turn(*answers: Answer) -> Script:
    """The answers one after the other, whatever is asked."""
    left = list(answers)
    return lambda _: left.pop(0)


def _speak(blocks: Sequence[Json], on_text: Callable[[str], None], cancelled: Event) -> None:
    for block in blocks:
        if cancelled.is_set():
            break
        if block["type"] == "text":
            on_text(block["text"])
    if cancelled.is_set():
        raise ModelCancelled("the caller asked to stop")


def _on_the_wire(request: ModelRequest) -> Json:
    asked: Json = {"format": {"type": "json_schema", "schema": request.schema}} if request.schema else {}
    return {
        "output_config": asked,
        "model": "script",
        "max_tokens": request.max_tokens,
        "system": [{"type": "text", "text": request.system}],
        "tools": [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in request.tools
        ],
        "messages": list(request.messages),
    }
