"""A streamed response of the Messages API, put together event by event. Pure.

Blocks are kept as they came, of whatever type, so that they can be sent back as they are: the provider signs
thinking and refuses it when changed. Every field of a response block is also a field of a request block; what
the provider would refuse to take back, and only that, is left out:

- a text block without any text that is not white space,
- a `caller` that is null (as input the field may be missing but not null),
- of a response cut off by its limit, a last block that is unfinished: a tool call whose input is not whole
  JSON, or thinking without its signature.
"""

from __future__ import annotations

import json

from bot.model.port import ContextTooLong, ModelBroken, ModelOverloaded, ModelResponse
from memory.log.events import Json
from memory.log.usage import Usage

_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
}
"""The provider's counters and ours."""

BUSY = frozenset({"overloaded_error", "rate_limit_error"})
"""Error types that pass by themselves."""


class StreamedResponse:
    """Takes the events of one stream; `response` gives the whole once the stream has ended."""

    def __init__(self) -> None:
        self._model = ""
        self._blocks: list[Json] = []
        self._inputs: dict[int, str] = {}
        self._stop_reason: str | None = None
        self._usage: dict[str, int] = {}

    def take(self, event: Json) -> str:
        """Take one event in; gives the text that it adds for people to read.

        Raises `ModelOverloaded` or `ModelBroken` when the event is an error, and `ModelBroken` when it is not
        one that the API documents.
        """
        try:
            return self._take(event)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ModelBroken(f"The model's stream holds a malformed {event.get('type')} event.") from error

    def _take(self, event: Json) -> str:
        match event["type"]:
            case "message_start":
                self._model = event["message"]["model"]
                self._count(event["message"]["usage"])
            case "content_block_start":
                return self._start(event["index"], event["content_block"])
            case "content_block_delta":
                return self._add(event["index"], event["delta"])
            case "message_delta":
                self._stop_reason = event["delta"]["stop_reason"]
                self._count(event["usage"])
            case "error":
                raise _error(event["error"])
            case _:
                pass  # pings, the ends of blocks and of the message, and whatever the API may add
        return ""

    def _count(self, usage: Json) -> None:
        """Counters are totals so far: a later one replaces the earlier, a missing one changes nothing."""
        for theirs, ours in _USAGE.items():
            if usage.get(theirs) is not None:
                self._usage[ours] = usage[theirs]

    def _start(self, index: int, block: Json) -> str:
        if index != len(self._blocks):
            raise ModelBroken("The model's stream has lost a block.")
        self._blocks.append(dict(block))
        return str(block.get("text") or block.get("thinking") or "")

    def _add(self, index: int, delta: Json) -> str:
        block = self._blocks[index]
        match delta["type"]:
            case "text_delta":
                block["text"] += delta["text"]
                return str(delta["text"])
            case "thinking_delta":
                block["thinking"] += delta["thinking"]
                return str(delta["thinking"])
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self._inputs[index] = self._inputs.get(index, "") + delta["partial_json"]
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or []), delta["citation"]]
            case unknown:
                raise ModelBroken(f"The model's stream holds a part of an unknown kind: {unknown}.")
        return ""

    def response(self) -> ModelResponse:
        """The whole response. Raises `ModelBroken` when the stream ended before it was complete, and
        `ContextTooLong` when the context was full before the answer was."""
        if self._stop_reason is None:
            raise ModelBroken("The model's stream ended before the answer was complete.")
        if self._stop_reason == "model_context_window_exceeded":
            raise ContextTooLong("The conversation left the model no room to answer.")
        blocks = [self._finished(index) for index in range(len(self._blocks))]
        return ModelResponse(
            model=self._model,
            blocks=tuple(block for block in blocks if block is not None),
            stop_reason=self._stop_reason,
            usage=Usage(**self._usage),
        )

    def _finished(self, index: int) -> Json | None:
        """The block ready to be sent back, or None when it cannot be."""
        block = self._blocks[index]
        if written := self._inputs.get(index):
            try:
                block["input"] = json.loads(written)
            except ValueError as error:
                self._allow_unfinished(index, error)
                return None
        if block.get("caller", ...) is None:
            del block["caller"]
        match block["type"]:
            case "text" if not block["text"].strip():
                return None
            case "thinking" if not block["signature"]:
                self._allow_unfinished(index, None)
                return None
            case _:
                return block

    def _allow_unfinished(self, index: int, error: ValueError | None) -> None:
        if self._stop_reason != "max_tokens" or index != len(self._blocks) - 1:
            raise ModelBroken("The model's stream holds an unfinished block.") from error


def _error(error: Json) -> ModelOverloaded | ModelBroken:
    said = f"{error['type']}: {error['message']}"
    if error["type"] in BUSY:
        return ModelOverloaded(said, delay=None)
    return ModelBroken(said)
