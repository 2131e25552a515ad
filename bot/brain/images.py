"""Images for the model: known by their content and not by their name, kept beside the log. Pure."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from memory.log.events import Json
from memory.log.file_events import FileFetched, blob_key

IMAGE_BYTES = 3_750_000
"""The Messages API takes 5 MB of base64 for one image, which is a third more than the bytes."""

IMAGE_SIDE = 8_000
"""Pixels; the API refuses what is larger, and with it the whole conversation."""

SESSION_IMAGES = 20
"""Of one conversation. Beyond it the API allows each only 2,000 pixels a side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the first bytes of an image say."""

    media_type: str
    width: int
    height: int

    @property
    def fits(self) -> bool:
        """Whether the model takes one of this size."""
        return 0 < self.width <= IMAGE_SIDE and 0 < self.height <= IMAGE_SIDE


def image_in(content: bytes) -> Image | None:
    """The image that these bytes are; None when they are none that the model knows."""
    for media_type, read in (("png", _png), ("gif", _gif), ("jpeg", _jpeg), ("webp", _webp)):
        try:
            size = read(content)
        except (struct.error, IndexError):
            continue
        if size is not None:
            return Image(media_type=f"image/{media_type}", width=size[0], height=size[1])
    return None


def image_reference(fetched: FileFetched) -> Json:
    """The image's block, with the key of its bytes in their place."""
    source = {"type": "blob", "key": blob_key(fetched.file), "media_type": fetched.media_type}
    return {"type": "image", "source": source}


def with_images(messages: Iterable[Json], content_of: Callable[[str], bytes]) -> tuple[Json, ...]:
    """The messages with the bytes of their images; `content_of` gives what is kept under a key."""
    return tuple(
        {**message, "content": [_filled(block, content_of) for block in message["content"]]}
        for message in messages
    )


def _filled(block: Json, content_of: Callable[[str], bytes]) -> Json:
    match block:
        case {"type": "image", "source": {"type": "blob", "key": key, "media_type": media_type}}:
            data = base64.b64encode(content_of(key)).decode()
            return {**block, "source": {"type": "base64", "media_type": media_type, "data": data}}
        case _:
            return block


def _png(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """The size stands in the first frame header; the segments before it are passed over."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    match content[12:16]:
        case b"VP8X":
            size = content[24:30]
            return int.from_bytes(size[:3], "little") + 1, int.from_bytes(size[3:], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", content[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None
