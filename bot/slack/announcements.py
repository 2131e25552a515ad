"""Posts of Oxbow's own accord in a channel, each made once because it is looked for before it is made."""

from __future__ import annotations

from datetime import datetime

from bot.slack.gate import Gate
from bot.slack.showing.rendered import Rendered
from bot.slack.web import SlackWeb

EVENT_TYPE = "oxbow_announcement"
"""Type of the message metadata by which a post is found again."""

PAGE = 200
POST_AGE = 2.0
"""Seconds for which a channel's verdict is good enough to post."""


class Announcements:
    """What is told to a whole channel. Every method may raise `SlackUnavailable` or `ThreadRefused`."""

    def __init__(self, web: SlackWeb, gate: Gate) -> None:
        self._web = web
        self._gate = gate

    def post(self, channel: str, key: str, rendered: Rendered) -> None:
        """Post under a key; the channel must be public at this moment."""
        self._gate.require_public(channel, max_age=POST_AGE)
        self._web.call(
            "chat.postMessage",
            channel=channel,
            text=rendered.text,
            blocks=list(rendered.blocks),
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
        )

    def made(self, channel: str, key: str, *, since: datetime) -> bool:
        """Whether the post with this key is in the channel; it was not made before `since`."""
        cursor = None
        while True:
            page = self._web.call(
                "conversations.history",
                channel=channel,
                oldest=f"{since.timestamp():.6f}",
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor,
            )
            told = [message.get("metadata") or {} for message in page.get("messages", [])]
            if any(it.get("event_type") == EVENT_TYPE and it["event_payload"]["key"] == key for it in told):
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return False
