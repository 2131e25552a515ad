"""Slack's limits on blocks."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.errors import SlackError
from bot.workspace.limits import checked_blocks


def text(length: int, kind: str = "plain_text") -> dict[str, str]:
    return {"type": kind, "text": "x" * length}


def button(name: str = "a", length: int = 1, value: str = "v") -> dict[str, Any]:
    return {"type": "button", "action_id": name, "text": text(length), "value": value}


def buttons(count: int) -> list[dict[str, Any]]:
    return [button(f"a{number}") for number in range(count)]


AT_THE_LIMIT = {
    "fifty blocks": [{"type": "divider"}] * 50,
    "a long section": [{"type": "section", "text": text(3_000, "mrkdwn")}],
    "a long header": [{"type": "header", "text": text(150)}],
    "a long markdown block": [{"type": "markdown", "text": "x" * 12_000}],
    "many buttons": [{"type": "actions", "elements": buttons(25)}],
    "a long button": [{"type": "actions", "elements": [button(length=75, value="v" * 2_000)]}],
    "much context": [{"type": "context", "elements": [text(1)] * 10}],
}
BEYOND = {
    "fifty-one blocks": [{"type": "divider"}] * 51,
    "a longer section": [{"type": "section", "text": text(3_001, "mrkdwn")}],
    "a longer header": [{"type": "header", "text": text(151)}],
    "a longer markdown block": [{"type": "markdown", "text": "x" * 12_001}],
    "more buttons": [{"type": "actions", "elements": buttons(26)}],
    "a longer button": [{"type": "actions", "elements": [button(length=76)]}],
    "a longer value": [{"type": "actions", "elements": [button(value="v" * 2_001)]}],
    "more context": [{"type": "context", "elements": [text(1)] * 11}],
    "two buttons of one name": [{"type": "actions", "elements": [button("a"), button("a")]}],
    "two blocks of one name": [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
    "a block of an unknown type": [{"type": "marquee"}],
    "an input in a message": [{"type": "input", "element": {}}],
    "an empty section": [{"type": "section", "text": text(0, "mrkdwn")}],
    "a mrkdwn button": [{"type": "actions", "elements": [button() | {"text": text(1, "mrkdwn")}]}],
    "an accessory button too long": [{"type": "section", "text": text(1), "accessory": button(length=76)}],
}


@pytest.mark.parametrize("blocks", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_what_is_at_the_limit_is_accepted(blocks: list[dict[str, Any]]) -> None:
    assert len(checked_blocks(blocks)) == len(blocks)


@pytest.mark.parametrize("blocks", BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_is_refused_by_its_place(blocks: list[dict[str, Any]]) -> None:
    with pytest.raises(SlackError) as refused:
        checked_blocks(blocks)
    assert refused.value.error == "invalid_blocks"
    assert "json-pointer:/blocks" in str(refused.value.details["response_metadata"])


def test_markdown_blocks_are_limited_in_sum() -> None:
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        checked_blocks([{"type": "markdown", "text": "x" * 6_001}] * 2)


def test_a_message_holds_one_table() -> None:
    table = {"type": "table", "rows": []}
    assert len(checked_blocks([table])) == 1
    with pytest.raises(SlackError, match="invalid_attachments"):
        checked_blocks([table, table])


def test_a_view_may_hold_a_hundred_blocks_and_inputs() -> None:
    field = {"type": "input", "element": {"type": "plain_text_input", "action_id": "v"}}
    assert len(checked_blocks([field] * 100, view=True)) == 100


def test_every_block_gets_an_identifier() -> None:
    blocks = checked_blocks([{"type": "divider"}, {"type": "divider", "block_id": "mine"}])
    assert [block["block_id"] for block in blocks] == ["b0", "mine"]
