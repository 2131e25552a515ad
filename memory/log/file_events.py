"""Events of files that people share in a thread: what Slack said of each, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

FileKind = Literal["image", "file"]
"""Images are shown to the model; everything goes into the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A file as Slack describes it, before anybody has looked into it."""

    id: str
    name: str
    mimetype: str
    """As Slack guessed it."""
    size: int
    """Bytes; 0 where Slack does not say."""
    address: str
    """Where it is to be had with the bot's token; empty where Slack does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesShared:
    """Files came with a message; Slack may tell of them after the message itself."""

    VERSION: ClassVar[int] = 1
    ts: str
    """Time stamp of the message."""
    author: str
    author_name: str
    files: tuple[SharedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFetched:
    """A file was brought here, or cannot be; its bytes are a row in `blobs` under `file:` and its id."""

    VERSION: ClassVar[int] = 1
    file: str
    kind: FileKind
    media_type: str
    """By its content for images, else as Slack said."""
    path: str
    """In the workspace, below its root."""
    size: int
    """Bytes."""
    digest: str
    """SHA-256 in hexadecimal digits; empty when it was not brought."""
    problem: str = ""
    """Why it was not, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesStaged:
    """Files are in the session's workspace."""

    VERSION: ClassVar[int] = 1
    files: tuple[str, ...]
    problem: str = ""
    """Why one of them is not, in the words of the workspace."""


FileRecorded: TypeAlias = FileFetched | FilesStaged


def blob_key(file: str) -> str:
    """Under which the bytes of the file with this id are kept."""
    return f"file:{file}"
