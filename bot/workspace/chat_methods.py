"""Web API: chat.*"""

from __future__ import annotations

import json

from bot.workspace.arguments import Arguments
from bot.workspace.context import Context
from bot.workspace.errors import SlackError
from bot.workspace.limits import METADATA_BYTES, TEXT, UPDATED_TEXT, checked_blocks
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW
from bot.workspace.wire import Json


def post_message(context: Context, arguments: Arguments) -> Json:
    """chat.postMessage; a text over 40,000 characters is cut off, with a warning."""
    channel = context.writable(arguments.given("channel", "channel_not_found"))
    message = _composed(context, arguments, channel.id)
    context.world.post(message)
    answer = {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.as_json()}
    if len(arguments.text("text")) > TEXT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def post_ephemeral(context: Context, arguments: Arguments) -> Json:
    """chat.postEphemeral: to one member of the channel, nowhere in its history."""
    channel = context.writable(arguments.given("channel", "channel_not_found"))
    person = arguments.given("user", "user_not_found")
    if person not in context.world.state.people:
        raise SlackError("user_not_found")
    if person not in channel.members:
        raise SlackError("user_not_in_channel")
    message = _composed(context, arguments, channel.id, visible_to=person)
    context.world.post(message)
    return {"ok": True, "message_ts": message.ts}


def update(context: Context, arguments: Arguments) -> Json:
    """chat.update of the bot's own message."""
    message = _own(context, arguments, "cant_update_message")
    text = arguments.text("text", message.text if "text" not in arguments.values else "")
    if len(text) > UPDATED_TEXT:
        raise SlackError("msg_too_long")
    blocks = _blocks(arguments) if "blocks" in arguments.values else message.blocks
    if not text and not blocks:
        raise SlackError("no_text")
    metadata = _metadata(arguments) if "metadata" in arguments.values else message.metadata
    new = context.world.edit(message, text=text, blocks=blocks, metadata=metadata)
    return {
        "ok": True,
        "channel": message.channel,
        "ts": message.ts,
        "text": text,
        "message": new.as_json(),
    }


def delete(context: Context, arguments: Arguments) -> Json:
    """chat.delete of the bot's own message."""
    message = _own(context, arguments, "cant_delete_message")
    context.world.delete(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def get_permalink(context: Context, arguments: Arguments) -> Json:
    """chat.getPermalink: an address that opens the message, in its thread, on the page."""
    channel = context.readable(arguments.given("channel", "channel_not_found"), "read")
    message = context.world.state.message(channel.id, arguments.given("message_ts", "message_not_found"))
    link = f"{context.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts is not None:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def _composed(context: Context, arguments: Arguments, channel: str, visible_to: str | None = None) -> Message:
    blocks = _blocks(arguments)
    markdown = arguments.text("markdown_text")
    if markdown:
        blocks = checked_blocks([{"type": "markdown", "text": markdown}])
    attachments = arguments.value("attachments")
    if not (arguments.text("text") or blocks or attachments):
        raise SlackError("no_text")
    thread = arguments.text("thread_ts")
    state = context.world.state
    return Message(
        ts=state.time_stamps.next(),
        channel=channel,
        author=context.bot,
        text=arguments.text("text")[:TEXT] or markdown,
        thread_ts=state.root_of(channel, thread).ts if thread else None,
        subtype="thread_broadcast" if thread and arguments.flag("reply_broadcast") else None,
        blocks=blocks,
        attachments=tuple(attachments) if isinstance(attachments, list) else (),
        metadata=_metadata(arguments),
        visible_to=visible_to,
    )


def _own(context: Context, arguments: Arguments, error: str) -> Message:
    channel = context.writable(arguments.given("channel", "channel_not_found"))
    message = context.world.state.message(channel.id, arguments.given("ts", "message_not_found"))
    if message.visible_to is not None or message.is_tombstone:
        raise SlackError("message_not_found")
    if message.author.id != OXBOW:
        raise SlackError(error)
    return message


def _blocks(arguments: Arguments) -> tuple[Json, ...]:
    blocks = arguments.value("blocks")
    return checked_blocks(blocks) if blocks else ()


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.value("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata
