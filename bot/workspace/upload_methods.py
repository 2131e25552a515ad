"""Web API: files.* - what the app uploads, first to an address, then into a thread."""

from __future__ import annotations

import secrets
from dataclasses import replace

from bot.workspace.arguments import Arguments
from bot.workspace.context import Context
from bot.workspace.errors import SlackError
from bot.workspace.files import StoredFile, Upload
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW
from bot.workspace.wire import Json, identifier

_TYPES = {
    "csv": "text/csv",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "zip": "application/zip",
}


def info(context: Context, arguments: Arguments) -> Json:
    """files.info."""
    file = context.world.state.files.get(arguments.given("file", "file_not_found"))
    if file is None:
        raise SlackError("file_not_found")
    return {"ok": True, "file": file.as_json()}


def get_upload_url(context: Context, arguments: Arguments) -> Json:
    """files.getUploadURLExternal: where the bytes of a file go."""
    name, length = arguments.given("filename"), arguments.number("length", 0)
    if length == 0:
        raise SlackError("invalid_arguments")
    file = StoredFile(
        id=identifier("F"),
        name=name,
        mimetype=_TYPES.get(name.rpartition(".")[2].lower(), "text/plain"),
        owner=OXBOW,
        content=b"",
        host=context.url,
    )
    ticket = secrets.token_hex(16)
    context.world.state.uploads[ticket] = Upload(file=file, length=length)
    return {"ok": True, "upload_url": f"{context.url}/upload/v1/{ticket}", "file_id": file.id}


def receive(context: Context, ticket: str, content: bytes) -> bool:
    """The bytes for an upload address; False where Slack would refuse them."""
    with context.world.changed:
        upload = context.world.state.uploads.get(ticket)
        if upload is None or upload.received or len(content) != upload.length:
            return False
        file = replace(upload.file, content=content)
        context.world.state.uploads[ticket] = replace(upload, file=file, received=True)
    return True


def complete_upload(context: Context, arguments: Arguments) -> Json:
    """files.completeUploadExternal: the files become one message of the bot; each works once."""
    wanted = arguments.value("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    channel = context.writable(arguments.given("channel_id", "channel_not_found"))
    files = tuple(_uploaded(context, item) for item in wanted)
    thread = arguments.text("thread_ts")
    state = context.world.state
    root = state.root_of(channel.id, thread).ts if thread else None
    for ticket, upload in list(state.uploads.items()):
        if any(upload.file.id == file.id for file in files):
            del state.uploads[ticket]
    state.files.update({file.id: file for file in files})
    message = Message(
        ts=state.time_stamps.next(),
        channel=channel.id,
        author=context.bot,
        text=arguments.text("initial_comment"),
        thread_ts=root,
        subtype="file_share",
        files=tuple(file.as_json() for file in files),
    )
    context.world.post(message)
    return {"ok": True, "files": [{"id": file.id, "title": file.title} for file in files]}


def _uploaded(context: Context, item: object) -> StoredFile:
    wanted: Json = item if isinstance(item, dict) else {}
    uploads = context.world.state.uploads.values()
    found = next((up for up in uploads if up.received and up.file.id == wanted.get("id")), None)
    if found is None:
        raise SlackError("file_not_found")
    file: StoredFile = found.file
    return replace(file, title=str(wanted.get("title") or found.file.name))
