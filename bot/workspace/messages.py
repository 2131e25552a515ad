"""A message and its form on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.workspace.people import Person
from bot.workspace.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji under a message, and who put it there, in order."""

    name: str
    users: tuple[str, ...]

    def as_json(self) -> Json:
        return {"name": self.name, "users": list(self.users), "count": len(self.users)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said in a channel, as it stands now."""

    ts: str
    channel: str
    author: Person
    text: str
    thread_ts: str | None = None
    """Time stamp of the root when this is a reply, else None."""
    subtype: str | None = None
    username: str | None = None
    """A name chosen for this message alone, by an old integration."""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    files: tuple[Json, ...] = ()
    metadata: Json | None = None
    client_msg_id: str | None = None
    edited_ts: str | None = None
    reactions: tuple[Reaction, ...] = ()
    visible_to: str | None = None
    """The only person who sees it, when it is ephemeral."""

    @property
    def is_tombstone(self) -> bool:
        """The root was deleted, its replies were not."""
        return self.subtype == "tombstone"

    @property
    def is_in_channel(self) -> bool:
        """Shown in the channel itself, not in a thread alone."""
        return self.thread_ts is None or self.subtype == "thread_broadcast"

    def as_json(self, replies: Sequence[Message] = (), *, with_metadata: bool = True) -> Json:
        """The message object; a root that has replies carries their summary."""
        body: Json = {"type": "message", "ts": self.ts, "text": self.text, **self._author()}
        optional: Json = {
            "subtype": self.subtype,
            "client_msg_id": self.client_msg_id,
            "thread_ts": self.thread_ts,
            "blocks": list(self.blocks),
            "attachments": list(self.attachments),
            "files": list(self.files),
            "metadata": self.metadata if with_metadata else None,
            "reactions": [reaction.as_json() for reaction in self.reactions],
            "edited": {"user": self.author.id, "ts": self.edited_ts} if self.edited_ts else None,
            "is_ephemeral": self.visible_to is not None,
        }
        body |= {key: value for key, value in optional.items() if value}
        return body | (self._thread(replies) if replies else {})

    def _author(self) -> Json:
        if self.is_tombstone:
            return {"user": "USLACKBOT", "hidden": True}
        if self.subtype == "bot_message":
            return {"bot_id": self.author.bot_id, "username": self.username}
        team = {"user": self.author.id, "team": self.author.team}
        if not self.author.is_bot:
            return team
        return team | {
            "bot_id": self.author.bot_id,
            "app_id": self.author.app,
            "bot_profile": {
                "id": self.author.bot_id,
                "app_id": self.author.app,
                "user_id": self.author.id,
                "name": self.author.display_name,
                "deleted": False,
                "team_id": self.author.team,
            },
        }

    def _thread(self, replies: Sequence[Message]) -> Json:
        users = list(dict.fromkeys(reply.author.id for reply in replies))
        return {
            "thread_ts": self.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
            "is_locked": False,
            "subscribed": False,
        }


def forwarded(message: Message) -> Json:
    """The attachment in which a forwarded message travels."""
    return {
        "is_msg_unfurl": True,
        "is_share": True,
        "author_id": message.author.id,
        "author_name": message.author.display_name,
        "channel_id": message.channel,
        "channel_team": message.author.team,
        "ts": message.ts,
        "text": message.text,
        "fallback": f"[{message.ts}] {message.author.name}: {message.text}",
    }
