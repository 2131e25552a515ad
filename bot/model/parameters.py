"""A request in the parameters of the Messages API. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.capabilities import Effort, capabilities
from bot.model.port import ModelRequest
from memory.log.events import Json

_BREAKPOINT: Json = {"type": "ephemeral"}


def parameters(request: ModelRequest, *, model: str, effort: Effort | None) -> Json:
    """What is sent to the model, with only the parameters that it accepts.

    Three of the four cache breakpoints allowed are set. One ends the tools and the system text, which all
    sessions share. One ends the last message, so that the next request finds it. One ends the user message
    before that, which was the end of the previous request: the provider looks back only 20 blocks from a
    breakpoint, and one response with many tool calls is longer than that.
    """
    row = capabilities(model)
    parameters: Json = {
        "model": model,
        "max_tokens": min(request.max_tokens, row.max_output),
        "system": [{"type": "text", "text": request.system, "cache_control": _BREAKPOINT}],
        "messages": _with_breakpoints(request.messages),
        "stream": True,
    }
    if request.tools:
        parameters["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in request.tools
        ]
    if row.adaptive_thinking:
        parameters["thinking"] = {"type": "adaptive", "display": "summarized"}
    if effort is not None:
        parameters["output_config"] = {"effort": effort}
    if request.schema is not None and row.structured_output:
        wanted = {"type": "json_schema", "schema": request.schema}
        parameters["output_config"] = parameters.get("output_config", {}) | {"format": wanted}
    return parameters


def _with_breakpoints(messages: Sequence[Json]) -> list[Json]:
    """The messages, the last two of the user's with a breakpoint. The originals stay as they are."""
    users = [index for index, message in enumerate(messages) if message["role"] == "user"]
    marked = users[-2:]
    return [_marked(message) if index in marked else message for index, message in enumerate(messages)]


def _marked(message: Json) -> Json:
    *earlier, last = message["content"]
    return {**message, "content": [*earlier, {**last, "cache_control": _BREAKPOINT}]}
