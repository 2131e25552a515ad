"""Slack's limits on what a message or a view may hold, with Slack's own words of refusal.

The numbers are those of Slack's reference pages; a message whose markdown blocks hold more than 12,000
characters together is refused with `msg_blocks_too_long` (people measured the true edge a little above).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.workspace.errors import SlackError
from bot.workspace.wire import Json

TEXT = 40_000
"""Characters of a posted text; what is beyond is cut off, with a warning."""
UPDATED_TEXT = 4_000
"""Characters of a text given to chat.update; a longer one is refused."""
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN = 12_000
METADATA_BYTES = 8_000
"""Of a message's metadata as JSON. Slack refuses too large ones without naming a number: this is cautious."""
VIEW_BYTES = 250_000
"""Of a modal or an App Home as JSON."""

_LENGTHS = {"section": 3_000, "header": 150, "markdown": MARKDOWN, "alert": 200}
_ELEMENTS = {"actions": 25, "context": 10, "context_actions": 5}
_BUTTON_TEXT = 75
_VALUE = 2_000
_IDENTIFIER = 255
_OPTIONS = 100
_OPTION_TEXT = 75
_OPTION_VALUE = 150
_FIELDS = 10
_KNOWN = {"section", "context", "header", "divider", "actions", "markdown", "rich_text", "image", "table"} | {
    *("plan", "task_card", "context_actions", "alert", "card", "video", "file", "call"),
}


def checked_blocks(blocks: object, *, view: bool = False) -> tuple[Json, ...]:
    """The blocks, each with a `block_id`.

    Raises SlackError `invalid_blocks` naming each fault by its JSON pointer, or `msg_blocks_too_long`.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    faults = [*_count(blocks, VIEW_BLOCKS if view else MESSAGE_BLOCKS)]
    for index, block in enumerate(blocks):
        faults += _block(block, f"/blocks/{index}", view=view)
    if faults:
        messages = [f"[ERROR] {fault}" for fault in faults]
        raise SlackError("invalid_blocks", errors=faults, response_metadata={"messages": messages})
    if [block["type"] for block in blocks].count("table") > 1:
        raise SlackError("invalid_attachments", response_metadata={"messages": ["only_one_table_allowed"]})
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN:
        raise SlackError("msg_blocks_too_long")
    return tuple({"block_id": f"b{index}", **block} for index, block in enumerate(blocks))


def _count(blocks: Sequence[Json], most: int) -> Iterator[str]:
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:/blocks]"
    given = [block["block_id"] for block in blocks if "block_id" in block]
    if len(given) != len(set(given)):
        yield "`block_id` must be unique in one message [json-pointer:/blocks]"


def _block(block: Json, where: str, *, view: bool) -> Iterator[str]:
    kind = block.get("type")
    if kind not in _KNOWN and not (view and kind == "input"):
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"
        return
    yield from _length(block.get("block_id", ""), _IDENTIFIER, f"{where}/block_id", least=0)
    if kind in _LENGTHS:
        yield from _text(block, where, _LENGTHS[kind])
    if kind in _ELEMENTS:
        yield from _elements(block.get("elements"), where, _ELEMENTS[kind], unique=kind == "actions")
    if kind == "section" and "accessory" in block:
        yield from _element(block["accessory"], f"{where}/accessory")
    if kind == "input":
        yield from _element(block.get("element", {}), f"{where}/element")


def _text(block: Json, where: str, most: int) -> Iterator[str]:
    fields = block.get("fields")
    if fields is not None:
        if len(fields) > _FIELDS:
            yield f"no more than {_FIELDS} items allowed [json-pointer:{where}/fields]"
        for index, field in enumerate(fields):
            yield from _length(field.get("text"), _VALUE, f"{where}/fields/{index}/text")
        if "text" not in block:
            return
    text = block.get("text")
    if block["type"] == "markdown":
        yield from _length(text, most, f"{where}/text")
    elif not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        yield f"must provide a text object [json-pointer:{where}/text]"
    else:
        yield from _length(text.get("text"), most, f"{where}/text/text")


def _elements(elements: object, where: str, most: int, *, unique: bool) -> Iterator[str]:
    if not isinstance(elements, list) or not elements:
        yield f"must provide elements [json-pointer:{where}/elements]"
        return
    if len(elements) > most:
        yield f"no more than {most} items allowed [json-pointer:{where}/elements]"
    names = [element["action_id"] for element in elements if "action_id" in element]
    if unique and len(names) != len(set(names)):
        yield f"`action_id` must be unique in one block [json-pointer:{where}/elements]"
    for index, element in enumerate(elements):
        yield from _element(element, f"{where}/elements/{index}")


def _element(element: Json, where: str) -> Iterator[str]:
    yield from _length(element.get("action_id", ""), _IDENTIFIER, f"{where}/action_id", least=0)
    if element.get("type") == "button":
        text = element.get("text")
        if not isinstance(text, dict) or text.get("type") != "plain_text":
            yield f"must be a plain_text object [json-pointer:{where}/text]"
        else:
            yield from _length(text.get("text"), _BUTTON_TEXT, f"{where}/text/text")
        yield from _length(element.get("value", ""), _VALUE, f"{where}/value", least=0)
    yield from _options(element.get("options", ()), f"{where}/options")
    groups = element.get("option_groups", ())
    if len(groups) > _OPTIONS:
        yield f"no more than {_OPTIONS} items allowed [json-pointer:{where}/option_groups]"
    for index, group in enumerate(groups):
        yield from _length(group["label"]["text"], _OPTION_TEXT, f"{where}/option_groups/{index}/label/text")
        yield from _options(group["options"], f"{where}/option_groups/{index}/options")


def _options(options: Sequence[Json], where: str) -> Iterator[str]:
    if len(options) > _OPTIONS:
        yield f"no more than {_OPTIONS} items allowed [json-pointer:{where}]"
    for index, option in enumerate(options):
        yield from _length(option["text"]["text"], _OPTION_TEXT, f"{where}/{index}/text/text")
        yield from _length(option["value"], _OPTION_VALUE, f"{where}/{index}/value")


def _length(text: object, most: int, where: str, *, least: int = 1) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"must be a string [json-pointer:{where}]"
    elif len(text) < least:
        yield f"must be more than 0 characters [json-pointer:{where}]"
    elif len(text) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}]"
