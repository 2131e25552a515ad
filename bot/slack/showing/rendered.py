"""A message ready to be posted: blocks to look at, text for notifications and screen readers. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from memory.log.events import Json

SECTION_CHARACTERS = 3_000
"""Slack's limit of the text of a section block."""

BUTTON_CHARACTERS = 75
"""Slack's limit of a button's text."""

OUTCOME_WORDS = {
    "confirmed": "confirmed",
    "answered": "answered",
    "unsolved": "not solved",
    "withdrawn": "withdrawn",
    "failed": "failed",
    "wrong": ":warning: called wrong",
    "outdated": ":warning: outdated",
    "superseded": ":warning: superseded",
}
"""How a solution's outcome or standing is called in front of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Text and blocks of one message."""

    text: str
    blocks: tuple[Json, ...]


def section(mrkdwn: str) -> Json:
    """A paragraph of Slack's own markup."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(mrkdwn, SECTION_CHARACTERS)}}


def context(*mrkdwn: str) -> Json:
    """Small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(part, 2_000)} for part in mrkdwn]}


def markdown(text: str) -> Json:
    """Standard Markdown; Slack renders headings, lists, tables and fences itself."""
    return {"type": "markdown", "text": text}


def button(label: str, *, action: str, value: str, style: str | None = None) -> Json:
    """A button that tells the app its action and a value of at most 2,000 characters."""
    element: Json = {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(label, BUTTON_CHARACTERS)},
        "action_id": action,
        "value": value,
    }
    return element | {"style": style} if style else element


def code(text: str) -> Json:
    """Text exactly as it is, in a box; nothing in it is markup."""
    box = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [box]}


def actions(*buttons: Json) -> Json:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def plain(text: str) -> Rendered:
    """One paragraph."""
    return Rendered(text=cut(text, SECTION_CHARACTERS), blocks=(section(text),))


def escape(text: str) -> str:
    """Text of people or of the model inside Slack's markup: its three control characters are data."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; an ellipsis says that something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def link(address: str, label: str) -> str:
    """A link with a label; the label alone where an import brought no address of the web."""
    shown = escape(label) or "an earlier thread"
    if not address.startswith(("https://", "http://")):
        return f"*{shown}*"
    # Whatever could end the link early; quoting more would change what is quoted already.
    safe = re.sub(r"[<>|\s]", lambda sign: quote(sign.group()), address)
    return f"<{safe}|{shown}>"


def first_line(text: str, limit: int) -> str:
    """The first line that says something, cut to `limit` characters."""
    return cut(next((line.strip() for line in text.splitlines() if line.strip()), ""), limit)


def without_markdown(text: str) -> str:
    """Markdown as plain words, for one line in Slack's own markup: labels for links, no marks of bold."""
    return re.sub(r"\[([^\]\n]+)\]\([^)\s]+\)", r"\1", text).replace("**", "")


def harmless(text: str, people: Collection[str] = ()) -> str:
    """Markdown of the model with the power to notify `people` alone, named by their ids.

    Broadcasts and all other mentions become plain words.
    """
    text = re.sub(r"<!(here|channel|everyone)(\|[^>]*)?>", "@\N{WORD JOINER}\\1", text)
    text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", "\\1", text)
    text = re.sub(r"<!subteam\^[^>]*>", "@\N{WORD JOINER}group", text)
    text = re.sub(r"<!(?=[a-z])", "<\N{WORD JOINER}!", text)
    text = re.sub(r"<@([UW][A-Z0-9]+)(\|[^>]*)?>", lambda found: _mention(found.group(1), people), text)
    return re.sub(r"(?<![\w.])@(here|channel|everyone)\b", "@\N{WORD JOINER}\\1", text)


def _mention(user: str, people: Collection[str]) -> str:
    return f"<@{user}>" if user in people else "@\N{WORD JOINER}" + user


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
