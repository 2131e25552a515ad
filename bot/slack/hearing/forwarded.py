"""Messages that somebody forwarded: part of what they said, as far as everybody in the channel can read them.

Slack brings a forwarded message as an attachment of the one that carries it. Of one from a place that is not
public the text may come along though most readers do not see it; then it is left out, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.slack.showing.rendered import cut
from memory.log.events import Json

MOST = 10
"""Forwarded messages of one message."""

CHARACTERS = 4_000
"""Of one forwarded message: what was said, not a whole file."""


def with_forwarded(text: str, event: Json, *, is_public: Callable[[str], bool]) -> str:
    """The text with each forwarded message below it, marked as one. `is_public` tells of a channel's id."""
    return "\n\n".join(filter(None, (text, *_forwarded(event, is_public))))


def _forwarded(event: Json, is_public: Callable[[str], bool]) -> Iterator[str]:
    attachments = [item for item in event.get("attachments") or () if isinstance(item, dict)]
    # A preview that Slack made of a link is marked otherwise: nobody forwarded anything there.
    shared = [item for item in attachments if item.get("is_share")]
    for item in shared[:MOST]:
        words = str(item.get("text") or item.get("fallback") or "")
        if not is_public(str(item.get("channel_id") or "")):
            yield "[a forwarded message from a place that is not public: left out]"
        elif words.strip():
            author = str(item.get("author_name") or item.get("author_id") or "somebody")
            yield f"[forwarded, said by {author}]\n{cut(words, CHARACTERS)}"
    if len(shared) > MOST:
        yield f"[{len(shared) - MOST} more forwarded messages: left out]"
