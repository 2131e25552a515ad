"""Where code stands in Markdown: what is in it is shown as it is and calls nobody. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.slack.showing.rendered import code, markdown
from memory.log.events import Json

BOXES = 20
"""Of one message, which may hold 50 blocks."""

_CODE = re.compile(
    r"(?P<fence>^[ \t]*(?P<ticks>`{3,})[^\n]*\n(?P<content>.*?)(?:^[ \t]*(?P=ticks)`*[ \t]*$|\Z))|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
_TOKEN = re.compile(r"<(?=[!@#])")
"""The beginning of what Slack reads as a call or a channel in its own markup."""


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with what is not code changed."""
    pieces, at = [], 0
    for found in _CODE.finditer(text):
        pieces += [change(text[at : found.start()]), found.group()]
        at = found.end()
    return "".join([*pieces, change(text[at:])])


def quiet_code(text: str, *, fences: bool = True) -> str:
    """The text with tokens of Slack's markup in its code made powerless; they look as before."""

    def quiet(found: re.Match[str]) -> str:
        return (
            found.group() if found["fence"] and not fences else _TOKEN.sub("<\N{WORD JOINER}", found.group())
        )

    return _CODE.sub(quiet, text)


def markdown_blocks(text: str) -> list[Json]:
    """Blocks that show the Markdown.

    A fence with a token stands in a box of its own, in which Slack reads no markup at all: so it stays as it
    is, byte by byte, and calls nobody.
    """
    boxed = [found for found in _CODE.finditer(text) if found["fence"] and _TOKEN.search(found["fence"])]
    if len(boxed) > BOXES:
        return [markdown(quiet_code(text))]
    blocks, at = [], 0
    for found in boxed:
        blocks += [markdown(text[at : found.start()]), code(found["content"].removesuffix("\n") or " ")]
        at = found.end()
    blocks.append(markdown(text[at:]))
    said = [block for block in blocks if block["type"] != "markdown" or block["text"].strip()]
    return said or [markdown(text)]
