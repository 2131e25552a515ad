"""The events that Slack tells an app, built from what happened. Pure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.workspace.channels import Channel
from bot.workspace.messages import Message
from bot.workspace.people import APP, OXBOW, PARTNER_TEAM, TEAM, Person
from bot.workspace.wire import Json, identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One delivery: the inner event inside its callback, under its own identifier."""

    id: str
    type: str
    payload: Json
    """The whole body, as it is posted to a request URL or put into an envelope."""

    @property
    def inner(self) -> Json:
        """The event itself."""
        inner: Json = self.payload["event"]
        return inner


def drops_events(minute: int) -> Event:
    """The notice that events of the minute that begins then were dropped; it comes in no envelope."""
    payload: Json = {
        "token": "verification-token-of-the-local-workspace",
        "type": "app_rate_limited",
        "team_id": TEAM,
        "minute_rate_limited": minute,
        "api_app_id": APP,
    }
    return Event(id=identifier("Ev"), type="app_rate_limited", payload=payload)


def callback(inner: Json, channel: Channel | None) -> Event:
    """Wrap an event in the callback in which Slack delivers it."""
    event_id = identifier("Ev")
    payload: Json = {
        "token": "verification-token-of-the-local-workspace",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": OXBOW,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel is not None and channel.is_shared,
        "event_context": f"4-{event_id}",
    }
    return Event(id=event_id, type=str(inner["type"]), payload=payload)


def message_posted(message: Message, channel: Channel, root: Message | None) -> Json:
    """`message`; a reply that is also sent to the channel carries its root."""
    body = message.as_json()
    if message.subtype == "thread_broadcast" and root is not None:
        body["root"] = root.as_json()
    if message.thread_ts is not None and root is not None:
        body["parent_user_id"] = root.author.id
    return body | {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.channel_type}


def message_changed(new: Json, old: Json, channel: Channel, event_ts: str) -> Json:
    """`message` of subtype `message_changed`; also sent when the text did not change."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": new,
        "previous_message": old,
        "channel": channel.id,
        "ts": event_ts,
        "event_ts": event_ts,
        "channel_type": channel.channel_type,
    }


def message_deleted(old: Json, channel: Channel, event_ts: str) -> Json:
    """`message` of subtype `message_deleted`."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": old["ts"],
        "previous_message": old,
        "channel": channel.id,
        "ts": event_ts,
        "event_ts": event_ts,
        "channel_type": channel.channel_type,
    }


def app_mention(message: Message, channel: Channel, event_ts: str) -> Json:
    """`app_mention`: it carries neither channel type nor files."""
    body = message.as_json(with_metadata=False)
    kept = {key: value for key, value in body.items() if key not in ("subtype", "reactions", "files")}
    return kept | {"type": "app_mention", "channel": channel.id, "event_ts": event_ts}


def reaction(kind: str, name: str, person: Person, message: Message, event_ts: str) -> Json:
    """`reaction_added` or `reaction_removed`."""
    return {
        "type": kind,
        "user": person.id,
        "reaction": name,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.author.id,
        "event_ts": event_ts,
    }


def session_stopped(person: Person, root: Message, event_ts: str) -> Json:
    """`agent_session_stopped`: Slack's own stop button, pressed where the app streams nothing."""
    return {
        "type": "agent_session_stopped",
        "user": person.id,
        "channel": root.channel,
        "thread_ts": root.ts,
        "streaming_message_ts": [],
        "event_ts": event_ts,
    }


def membership(kind: str, person: Person, channel: Channel, event_ts: str) -> Json:
    """`member_joined_channel` or `member_left_channel`."""
    return {
        "type": kind,
        "user": person.id,
        "channel": channel.id,
        "channel_type": "C" if channel.kind == "public" else "G",
        "team": TEAM,
        "event_ts": event_ts,
    }


def channel_closed(kind: str, channel: Channel, person: Person, event_ts: str) -> Json:
    """`channel_archive`, `channel_unarchive` or `channel_deleted`."""
    return {"type": kind, "channel": channel.id, "user": person.id, "event_ts": event_ts}


def channel_rename(channel: Channel, event_ts: str) -> Json:
    """`channel_rename`."""
    described = {"id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": True}
    return {"type": "channel_rename", "channel": described, "event_ts": event_ts}


def channel_shared(channel: Channel, event_ts: str) -> Json:
    """`channel_shared`, or `channel_unshared` when it is shared no more."""
    if channel.is_shared:
        return {
            "type": "channel_shared",
            "connected_team_id": PARTNER_TEAM,
            "channel": channel.id,
            "event_ts": event_ts,
        }
    return {
        "type": "channel_unshared",
        "previously_connected_team_id": PARTNER_TEAM,
        "channel": channel.id,
        "is_ext_shared": False,
        "event_ts": event_ts,
    }


def app_home_opened(person: Person, channel: Channel, tab: str, view: Json | None, event_ts: str) -> Json:
    """`app_home_opened`, with the view that was published before, if any."""
    body: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": channel.id,
        "tab": tab,
        "event_ts": event_ts,
    }
    return body if view is None else body | {"view": view}


def mentions(text: str, blocks: Sequence[Json], person: str) -> bool:
    """Whether the message mentions the person, in its text or in a block."""
    token = f"<@{person}"
    return token in text or any(_holds(block, token) for block in blocks if block["type"] != "rich_text")


def _holds(value: object, token: str) -> bool:
    match value:
        case str():
            return token in value
        case dict():
            return any(_holds(part, token) for part in value.values())
        case list():
            return any(_holds(part, token) for part in value)
        case _:
            return False
