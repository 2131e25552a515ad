"""What the Messages API refuses, as far as a client like ours could get it wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from memory.log.events import Json

FIELDS = {
    *(
        "model",
        "max_tokens",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "stream",
    ),
    *(
        "cache_control",
        "metadata",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "service_tier",
        "speed",
    ),
}
BLOCK_FIELDS = {
    "text": {"type", "text", "citations", "cache_control"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
    "tool_use": {"type", "id", "name", "input", "caller", "toolset_name", "cache_control"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
}
EFFORTS = {"low", "medium", "high", "xhigh", "max"}
BREAKPOINTS = 4
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class Invalid(Exception):
    """The request is refused; the text is the API's message."""


def check(request: Json, signed: set[str]) -> None:
    """Raise `Invalid` for what the API answers with 400. `signed` holds the thinking that was given out."""
    _check_fields(request)
    _check_tools(request)
    _check_messages(request["messages"], signed)
    marks = json.dumps(request).count('"cache_control"')
    _require(
        marks <= BREAKPOINTS,
        f"A maximum of {BREAKPOINTS} blocks with cache_control may be provided. Found {marks}.",
    )


def _require(fulfilled: object, message: str) -> None:
    if not fulfilled:
        raise Invalid(message)


def _check_fields(request: Json) -> None:
    for name in ("model", "max_tokens", "messages"):
        _require(name in request, f"{name}: Field required")
    for name in request.keys() - FIELDS:
        raise Invalid(f"{name}: Extra inputs are not permitted")
    _require(request["max_tokens"] >= 1, "max_tokens: Input should be greater than or equal to 1")
    thinking = request.get("thinking", {"type": "adaptive"})["type"]
    _require(thinking == "adaptive", f'"thinking.type.{thinking}" is not supported for this model.')
    effort = request.get("output_config", {}).get("effort", "high")
    _require(effort in EFFORTS, f"output_config.effort: Input should be one of {sorted(EFFORTS)}")
    if (form := request.get("output_config", {}).get("format")) is not None:
        _check_format(form)
    for block in request.get("system", []):
        _require(block["text"].strip(), "system: text content blocks must be non-empty")


def _check_format(form: Json) -> None:
    _require(form.get("type") == "json_schema", "output_config.format.type: Input should be 'json_schema'")
    schema = form.get("schema", {})
    _require(
        schema.get("type") == "object" and schema.get("additionalProperties") is False,
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to "
        "false",
    )


def _check_tools(request: Json) -> None:
    tools = request.get("tools", [])
    for tool in tools:
        _require(_NAME.fullmatch(tool["name"]), f"tools: {tool['name']}: String should match the pattern")
        _require(
            tool["input_schema"].get("type") == "object", "tools: input_schema.type: Input should be 'object'"
        )
    _require(len({tool["name"] for tool in tools}) == len(tools), "tools: Tool names must be unique.")
    choice = request.get("tool_choice", {"type": "auto"})["type"]
    _require(choice in {"auto", "none", "any", "tool"}, f"tool_choice: Input tag '{choice}' is unknown")
    _require(choice in {"auto", "none"}, "tool_choice: Forced tool use is not supported for this model.")
    used = any(block["type"] in {"tool_use", "tool_result"} for block in _all_blocks(request["messages"]))
    _require(tools or not used, "Requests which include tool_use or tool_result blocks must define tools.")


def _check_messages(messages: list[Json], signed: set[str]) -> None:
    _require(messages, "messages: at least one message is required")
    # The API would join two messages of one role; ours must never need it, or prefixes would differ.
    for index, message in enumerate(messages):
        role = ("user", "assistant")[index % 2]
        _require(message["role"] == role, f"messages.{index}: roles must alternate, expected {role}")
        _require(message["content"], f"messages.{index}: content must be non-empty")
        for place, block in enumerate(message["content"]):
            _check_block(block, f"messages.{index}.content.{place}", signed)
    _require(
        messages[-1]["role"] == "user", "messages: this model does not support assistant message prefill"
    )
    _check_results(messages)


def _check_block(block: Json, place: str, signed: set[str]) -> None:
    kind = block["type"]
    for name in block.keys() - BLOCK_FIELDS.get(kind, block.keys()):
        raise Invalid(f"{place}.{kind}.{name}: Extra inputs are not permitted")
    if kind == "text":
        _require(block["text"].strip(), f"{place}: text content blocks must contain non-whitespace text")
    if kind == "thinking":
        _require(
            json.dumps(block, sort_keys=True) in signed,
            f"{place}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
            "modified. These blocks must remain as they were in the original response.",
        )
    if "caller" in block:
        _require(block["caller"] is not None, f"{place}.caller: Input should be a valid dictionary")
    if kind == "tool_result" and isinstance(block["content"], list):
        for part in block["content"]:
            _check_block(part, f"{place}.content", signed)


def _check_results(messages: list[Json]) -> None:
    """Every call is answered in the message after it, and nothing else is."""
    seen: set[str] = set()
    asked: list[str] = []
    for index, message in enumerate(messages):
        answered = [block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"]
        missing = [call for call in asked if call not in answered]
        _require(
            not missing,
            f"messages.{index - 1}: `tool_use` ids were found without `tool_result` blocks immediately "
            f"after: {', '.join(missing)}.",
        )
        _require(
            sorted(answered) == sorted(asked),
            f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{', '.join(answered)}.",
        )
        asked = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        _require(
            len(seen | set(asked)) == len(seen) + len(asked),
            f"messages.{index}: `tool_use` ids must be unique",
        )
        seen |= set(asked)


def _all_blocks(messages: list[Json]) -> Iterator[Json]:
    for message in messages:
        yield from message["content"]
