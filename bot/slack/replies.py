"""Speaking in a thread: posts that are made once, messages that change in place, reactions and links."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bot.slack.errors import ThreadRefused
from bot.slack.gate import Gate
from bot.slack.showing.rendered import Rendered
from bot.slack.web import SlackWeb, nothing
from memory.log.events import Json
from memory.log.session_log import ThreadAddress

EVENT_TYPE = "oxbow_reply"
"""Type of the message metadata by which a post is found again."""

UPDATE_AGE = 15.0
"""The same for a change of a message that is there already."""

POST_AGE = 2.0
"""Seconds for which a channel's verdict is good enough to post: one step's several posts ask once."""


class Replies:
    """What Oxbow says in threads. Every method may raise `SlackUnavailable` or `ThreadRefused`."""

    def __init__(self, web: SlackWeb, gate: Gate) -> None:
        self._web = web
        self._gate = gate

    def post(
        self,
        address: ThreadAddress,
        session: UUID,
        key: str,
        rendered: Rendered,
        *,
        last_look: Callable[[], None] = nothing,
    ) -> str:
        """Post under a key and return the message's time stamp; the channel must be public at this moment.

        `last_look` is done right before the request leaves; it may raise.
        """
        self._gate.require_public(address.channel, max_age=POST_AGE)
        answer = self._web.call_after(
            last_look,
            "chat.postMessage",
            channel=address.channel,
            thread_ts=address.thread,
            text=rendered.text,
            blocks=list(rendered.blocks),
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"session": str(session), "key": key}},
        )
        return str(answer["ts"])

    def find(self, address: ThreadAddress, session: UUID, key: str) -> str | None:
        """The time stamp of the post with this key if it is in the thread."""
        wanted = {"session": str(session), "key": key}
        return self._find("conversations.replies", wanted, channel=address.channel, ts=address.thread)

    def begin(self, channel: str, key: Json, rendered: Rendered) -> str:
        """Begin a thread in the channel under a key and return its time stamp; the channel must be public."""
        self._gate.require_public(channel, max_age=POST_AGE)
        answer = self._web.call(
            "chat.postMessage",
            channel=channel,
            text=rendered.text,
            blocks=list(rendered.blocks),
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": key},
        )
        return str(answer["ts"])

    def find_beginning(self, channel: str, key: Json, *, oldest: str) -> str | None:
        """The time stamp of the message that began under this key since `oldest`, if it is in the channel."""
        return self._find("conversations.history", key, channel=channel, oldest=oldest)

    def _find(self, method: str, wanted: Json, **where: str) -> str | None:
        cursor = None
        while True:
            page = self._web.call(method, include_all_metadata=True, limit=200, cursor=cursor, **where)
            for message in page.get("messages", []):
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload") == wanted:
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None

    def update(self, channel: str, ts: str, rendered: Rendered) -> None:
        """Replace a message in place."""
        self._gate.require_public(channel, max_age=UPDATE_AGE)
        self._web.call(
            "chat.update", channel=channel, ts=ts, text=rendered.text, blocks=list(rendered.blocks)
        )

    def take_back(self, channel: str, ts: str) -> None:
        """Remove a post that was made twice."""
        self._web.call("chat.delete", channel=channel, ts=ts)

    def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        return str(self._web.call("chat.getPermalink", channel=channel, message_ts=ts)["permalink"])

    def react(self, channel: str, ts: str, name: str) -> None:
        """Add a reaction; that it is there already is fine."""
        try:
            self._web.call("reactions.add", channel=channel, timestamp=ts, name=name)
        except ThreadRefused as error:
            if "already_reacted" not in str(error):
                raise
