"""Cutting a long Markdown text into posts that Slack accepts, without harm to what it says. Pure."""

from __future__ import annotations

import re
import unicodedata

PART_CHARACTERS = 11_000
"""Slack refuses a message whose Markdown blocks sum to more than 12,000 characters; a reserve stays."""

LONGEST_CLOSING = 40
"""Characters kept free for a closing fence and the line break before it."""

_FENCE = "```"

_JOINER = "\N{ZERO WIDTH JOINER}"
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""Two of them are one flag. A longer row of flags may be cut after half of one when nothing else is left."""

_OPENING = re.compile(r"\s{0,3}(`{3,30})[\w+#.-]{0,30}\s*")
"""A line that opens a fence. What is longer or says more is text: it must fit into every part again."""


def split_markdown(text: str, limit: int = PART_CHARACTERS) -> tuple[str, ...]:
    """Parts of at most `limit` characters that read in order as the whole.

    Cuts are made between paragraphs where possible, else between lines, else between words. A part that ends
    inside a code fence closes it and the next one opens it again with the same language; what is inside
    fences is never changed. No part is blank unless the text is.
    """
    parts: list[str] = []
    rest, opening = text, ""
    while len(opening) + len(rest) > limit:
        room = limit - len(opening) - LONGEST_CLOSING
        cut = _cut(rest, room, fenced=bool(opening))
        head, rest = rest[:cut], rest[cut:]
        reopened = _open_fence(opening + head)
        parts.append(_closed(opening + head, fenced=bool(reopened)))
        rest, opening = (rest, reopened) if reopened else (rest.lstrip("\n"), "")
    parts.append(opening + rest)
    return tuple(part for part in parts if part.strip()) or (text[:limit],)


def _cut(text: str, room: int, *, fenced: bool) -> int:
    """The best place at or before `room`: never in the first half unless there is no other."""
    window = text[:room]
    separators = ("\n", " ") if fenced else ("\n\n", "\n", " ")
    for separator in separators:
        at = window.rfind(separator)
        if at >= room // 2:
            return at + len(separator)
    return next((at for at in range(room, room // 2, -1) if not _joined(text, at)), room)


def _joined(text: str, at: int) -> bool:
    """Whether what stands before and after `at` is one character to a reader: an emoji, a marked letter."""
    before, after = text[at - 1], text[at]
    return (
        _JOINER in (before, after)
        or after in _SKIN_TONES
        or unicodedata.category(after) in ("Mn", "Me")
        or (before in _FLAG_LETTERS and after in _FLAG_LETTERS)
    )


def _open_fence(text: str) -> str:
    """The opening line of the fence that is still open at the end of `text`, or nothing."""
    opening, ticks = "", ""
    for line in text.splitlines():
        if opening:
            closing = line.strip()
            if closing.startswith(ticks) and not closing.strip("`"):
                opening = ""
        elif (found := _OPENING.fullmatch(line)) is not None:
            opening, ticks = line.rstrip() + "\n", found.group(1)
    return opening


def _closed(part: str, *, fenced: bool) -> str:
    if not fenced:
        return part.rstrip("\n")
    return part.removesuffix("\n") + "\n" + _ticks(part)


def _ticks(part: str) -> str:
    """The fence that closes what is open in the part: as many ticks as opened it."""
    opening = _OPENING.fullmatch(_open_fence(part).rstrip("\n"))
    return opening.group(1) if opening else _FENCE
