"""Bringing the files that people shared: kept beside the log, images for the model, all for the workspace."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Protocol

from bot.brain.claimed import Claimed
from bot.brain.images import IMAGE_BYTES, SESSION_IMAGES, image_in
from bot.slack.errors import SlackUnavailable
from bot.slack.hearing.files import FileRefused
from memory.log.file_events import FileFetched, FileKind, SharedFile, blob_key
from memory.log.session import Message, Session

PATIENCE = timedelta(minutes=3)
"""After its message was heard; then the turn goes on without the file, and the thread is told."""

FOLDER = "uploads"
"""In the workspace."""

LONGEST_NAME = 100
"""Characters of a file's name in the workspace."""

_UNSAFE = re.compile(r"[^\w.+-]+", re.ASCII)


class Source(Protocol):
    """Where the bytes of a shared file come from."""

    def fetch(self, file: SharedFile) -> bytes:
        """The content. Raises `FileRefused` or `SlackUnavailable`."""


class Uploads:
    """Fetches one file after the other."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def fetch(self, claimed: Claimed, message: Message, file: SharedFile) -> None:
        """Bring the file and record what became of it. Raises `SlackUnavailable` while there is patience."""
        path = f"{FOLDER}/{_free_name(claimed.session, file)}"
        try:
            content = self._source.fetch(file)
        except FileRefused as refusal:
            claimed.append(_missing(file, path, str(refusal)))
            return
        except SlackUnavailable as problem:
            if claimed.now - message.heard_at < PATIENCE:
                raise
            claimed.append(_missing(file, path, f"Slack did not hand it over ({problem})"))
            return
        claimed.keep_output(blob_key(file.id), content)
        kind, media_type = _judged(claimed.session, file, content)
        claimed.append(
            FileFetched(
                file=file.id,
                kind=kind,
                media_type=media_type,
                path=path,
                size=len(content),
                digest=hashlib.sha256(content).hexdigest(),
            )
        )


def _judged(session: Session, file: SharedFile, content: bytes) -> tuple[FileKind, str]:
    """What the bytes are, whatever the name says; an image that the model would not take is a file."""
    image = image_in(content)
    images = sum(fetched.kind == "image" for fetched in session.fetched)
    if image is None or not image.fits or len(content) > IMAGE_BYTES or images >= SESSION_IMAGES:
        return "file", file.mimetype
    return "image", image.media_type


def _missing(file: SharedFile, path: str, problem: str) -> FileFetched:
    return FileFetched(
        file=file.id, kind="file", media_type=file.mimetype, path=path, size=0, digest="", problem=problem
    )


def _free_name(session: Session, file: SharedFile) -> str:
    """A plain name without folders, that no other file of the session has."""
    name = _UNSAFE.sub("_", file.name.replace("\\", "/").rpartition("/")[2]).strip("._")[-LONGEST_NAME:]
    name = name.lstrip(".-") or "file"
    taken = {fetched.path for fetched in session.fetched if fetched.file != file.id}
    return f"{file.id}-{name}" if f"{FOLDER}/{name}" in taken else name
