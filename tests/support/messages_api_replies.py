"""What the stand-in of the Messages API can be told to answer, as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Literal, TypeAlias

from bot.model.port import ModelRequest, ToolDefinition
from bot.model.script import Problem
from bot.model.scripted import ScriptedModel
from memory.log.events import Json
from tests.support.messages_api_wire import signature

Break = Literal["ends", "drops", "garbles", "fails", "overloads", "stalls"]
"""How a stream goes wrong: it ends without a stop reason, the connection drops, a chunk is not JSON, an error
event comes (of the server, or of too much load), or nothing comes any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole response."""

    blocks: Sequence[Json]
    stop_reason: str | None = None
    """By default `tool_use` when there is a tool call, else `end_turn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error instead of a response."""

    status: int
    kind: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A stream that goes wrong after some of its events."""

    how: Break
    reply: Reply
    after: int = 4
    """Events sent before: by default the start, a ping and the beginning of the first block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """The request is taken and nothing is ever answered, not even a status."""


Answer: TypeAlias = Reply | Refusal | Broken | Silence
Script: TypeAlias = Callable[[Json], Answer]
"""From the request's JSON to the answer."""

RATE_LIMITED = Refusal(
    status=429, kind="rate_limit_error", message="Too many requests.", headers={"retry-after": "7"}
)
OVERLOADED = Refusal(status=529, kind="overloaded_error", message="Overloaded")
FAILED = Refusal(status=500, kind="api_error", message="Internal server error")
TOO_LONG = Refusal(
    status=400,
    kind="invalid_request_error",
    message="prompt is too long: 1100000 tokens > 1000000 maximum",
)


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def thinking(thought: str) -> Json:
    return {"type": "thinking", "thinking": thought, "signature": signature(thought)}


def tool_use(number: int, name: str, **arguments: object) -> Json:
    return {"type": "tool_use", "id": f"toolu_{number:024}", "name": name, "input": arguments}


def in_turn(*answers: Answer) -> Script:
    """The answers one after the other; the last one from then on. One request at a time."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def playing(problems: Sequence[Problem]) -> Script:
    """What `ScriptedModel` would answer, with a thought before it when thinking was asked for."""
    model = ScriptedModel(problems)

    def answer(request: Json) -> Answer:
        response = model.respond(_as_asked(request), on_text=lambda _: None, cancelled=Event())
        thought = [thinking(f"Move {len(request['messages'])}.\n")] if "thinking" in request else []
        return Reply(blocks=(*thought, *response.blocks))

    return answer


def _as_asked(request: Json) -> ModelRequest:
    return ModelRequest(
        system="\n".join(block["text"] for block in request["system"]),
        tools=tuple(ToolDefinition(**tool) for tool in request.get("tools", ())),
        messages=tuple(
            {**message, "content": [_unmarked(block) for block in message["content"]]}
            for message in request["messages"]
        ),
        max_tokens=request["max_tokens"],
    )


def _unmarked(block: Json) -> Json:
    return {name: value for name, value in block.items() if name != "cache_control"}
