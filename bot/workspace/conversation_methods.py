"""Web API: conversations.*"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from bot.workspace.arguments import Arguments
from bot.workspace.channels import Channel
from bot.workspace.context import Context
from bot.workspace.errors import SlackError
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW
from bot.workspace.scopes import opens, require, require_any
from bot.workspace.wire import Json

T = TypeVar("T")

_TYPES = {
    "public": "public_channel",
    "private": "private_channel",
    "group_message": "mpim",
    "direct_message": "im",
}
_MOST = 1_000
"""Entries of one page, for an app that is not distributed commercially."""


def info(context: Context, arguments: Arguments) -> Json:
    """conversations.info."""
    require_any(context.scopes, "read")
    channel = context.readable(arguments.given("channel", "channel_not_found"), "read")
    return {"ok": True, "channel": channel.as_json(OXBOW)}


def list_(context: Context, arguments: Arguments) -> Json:
    """conversations.list: every public channel, and of the other kinds those with the bot."""
    return _listed(arguments, [channel.as_json(OXBOW) for channel in _visible(context, arguments)])


def of_user(context: Context, arguments: Arguments) -> Json:
    """users.conversations: those of a `user`, or with the bot; the objects do not say that it is a member."""
    whose = arguments.text("user") or OXBOW
    if whose not in context.world.state.people:
        raise SlackError("user_not_found")
    own = [channel for channel in _visible(context, arguments) if whose in channel.members]
    described = [channel.as_json(OXBOW) for channel in own]
    return _listed(arguments, [{k: v for k, v in c.items() if k != "is_member"} for c in described])


def _visible(context: Context, arguments: Arguments) -> list[Channel]:
    require_any(context.scopes, "read")
    types = arguments.text("types", "public_channel").replace(" ", "").split(",")
    return [
        channel
        for channel in context.world.state.channels.values()
        if _TYPES[channel.kind] in types and opens(context.scopes, "read", channel)
        if channel.kind == "public" or OXBOW in channel.members
        if not (channel.is_archived and arguments.flag("exclude_archived"))
    ]


def _listed(arguments: Arguments, channels: list[Json]) -> Json:
    page, cursor = _page(channels, arguments, default=100)
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}}


def history(context: Context, arguments: Arguments) -> Json:
    """conversations.history, newest first."""
    channel = _read(context, arguments)
    messages = _within(context.world.state.history(channel.id), arguments)[::-1]
    return _messages(context, arguments, messages) | {"pin_count": 0}


def replies(context: Context, arguments: Arguments) -> Json:
    """conversations.replies: the root first, then the replies, oldest first.

    Given a reply, that message alone. The root comes on the first page only and is outside the time window.
    """
    channel = _read(context, arguments)
    state = context.world.state
    ts = arguments.given("ts", "thread_not_found")
    root = state.root_of(channel.id, ts)
    if root.ts != ts:
        return {"ok": True, "messages": [state.message(channel.id, ts).as_json()], "has_more": False}
    return _messages(context, arguments, [root, *_within(state.replies(root), arguments)])


def members(context: Context, arguments: Arguments) -> Json:
    """conversations.members."""
    require_any(context.scopes, "read")
    channel = context.readable(arguments.given("channel", "channel_not_found"), "read")
    page, cursor = _page(sorted(channel.members), arguments, default=100)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def join(context: Context, arguments: Arguments) -> Json:
    """conversations.join of a public channel."""
    require(context.scopes, "channels:join")
    channel = context.readable(arguments.given("channel", "channel_not_found"), "read")
    if channel.is_archived:
        raise SlackError("is_archived")
    known = OXBOW in channel.members
    context.world.join(channel, context.bot)
    joined = context.world.state.channels[channel.id].as_json(OXBOW)
    return {"ok": True, "channel": joined} | ({"warning": "already_in_channel"} if known else {})


def leave(context: Context, arguments: Arguments) -> Json:
    """conversations.leave."""
    channel = context.writable(arguments.given("channel", "channel_not_found"))
    if channel.name == "general":
        raise SlackError("cant_leave_general")
    context.world.leave(channel, context.bot)
    return {"ok": True}


def open_(context: Context, arguments: Arguments) -> Json:
    """conversations.open: the direct message with one person."""
    require(context.scopes, "im:write")
    person = arguments.given("users", "user_not_found")
    return {"ok": True, "channel": {"id": context.world.state.direct_message_with(person).id}}


def _read(context: Context, arguments: Arguments) -> Channel:
    require_any(context.scopes, "history")
    channel = context.readable(arguments.given("channel", "channel_not_found"), "history")
    if OXBOW not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _within(messages: Sequence[Message], arguments: Arguments) -> list[Message]:
    """The messages between `oldest` and `latest`, the limits themselves only when `inclusive`."""
    oldest, latest = arguments.text("oldest", "0"), arguments.text("latest") or "9999999999.999999"
    inclusive = arguments.flag("inclusive")
    return [
        message
        for message in messages
        if float(oldest) < float(message.ts) < float(latest) or (inclusive and message.ts in (oldest, latest))
    ]


def _messages(context: Context, arguments: Arguments, messages: Sequence[Message]) -> Json:
    page, cursor = _page(messages, arguments, default=100)
    state = context.world.state
    with_metadata = arguments.flag("include_all_metadata")
    shown = [message.as_json(state.replies(message), with_metadata=with_metadata) for message in page]
    answer: Json = {"ok": True, "messages": shown, "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _page(entries: Sequence[T], arguments: Arguments, *, default: int) -> tuple[Sequence[T], str]:
    """One page and the cursor of the next, empty at the end."""
    start = _start(arguments.text("cursor"))
    limit = min(arguments.number("limit", default) or default, _MOST)
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(entries) else ""
    return entries[start:end], cursor


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError:
        raise SlackError("invalid_cursor") from None
