"""Responses of the Messages API in its own form: one JSON message, or server-sent events."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from memory.log.events import Json

PIECE = 24
"""Characters of one delta: small enough that every longer text comes in several."""


def signature(thought: str) -> str:
    """What the stand-in signs a thought with."""
    return b64encode(sha256(b"signed" + thought.encode()).digest()).decode()


def message(model: str, blocks: Sequence[Json], stop_reason: str | None, usage: Json) -> Json:
    """A whole message, as a request without streaming gets it."""
    said = json.dumps([model, list(blocks)]).encode()
    return {
        "id": f"msg_{sha256(said).hexdigest()[:24]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": list(blocks),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def events(whole: Json) -> Iterator[Json]:
    """The same message as a stream."""
    counted = whole["usage"]
    yield {
        "type": "message_start",
        "message": {**whole, "content": [], "stop_reason": None, "usage": {**counted, "output_tokens": 1}},
    }
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        first, deltas = _parts(block)
        yield {"type": "content_block_start", "index": index, "content_block": first}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": counted["output_tokens"]},
    }
    yield {"type": "message_stop"}


def encoded(event: Json) -> bytes:
    """One server-sent event. Text is not escaped to ASCII: the API does not do so either."""
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _parts(block: Json) -> tuple[Json, list[Json]]:
    """A block as it starts, and what is added to it."""
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
            return {**block, "text": ""}, deltas
        case "thinking":
            thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            signed = [{"type": "signature_delta", "signature": block["signature"]}]
            return {**block, "thinking": "", "signature": ""}, [
                *thoughts,
                *(signed if block["signature"] else []),
            ]
        case "tool_use":
            written = block.get("written") or json.dumps(block["input"])
            pieces = ["", *_pieces(written)]
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            start = {name: value for name, value in block.items() if name != "written"}
            return {**start, "input": {}}, deltas
        case _:
            return block, []


def _pieces(whole: str) -> list[str]:
    return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]
