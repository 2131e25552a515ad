"""Slack's markup read as plain text: what people meant, for the log, the model and the memory. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"<([^<>]+)>")
_STOP = re.compile(r"!?stop[.!]*", re.IGNORECASE)


def mentions(text: str, user: str) -> bool:
    """Whether the text mentions the user with this id."""
    return re.search(rf"<@{re.escape(user)}(\|[^>]*)?>", text) is not None


def spoken_to(text: str) -> frozenset[str]:
    """The ids of all users whom the text mentions."""
    return frozenset(re.findall(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>", text))


def without_mention(text: str, user: str) -> str:
    """The text without mentions of the user."""
    return re.sub(rf"<@{re.escape(user)}(\|[^>]*)?>", "", text).strip()


def is_stop(text: str) -> bool:
    """Whether the text says stop and nothing else."""
    return _STOP.fullmatch(text.strip()) is not None


def plain_text(text: str, name_of: Callable[[str], str]) -> str:
    """The text with names for ids, addresses for links, and its escapes undone."""
    read = _TOKEN.sub(lambda token: _read(token.group(1), name_of), text)
    return read.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _read(token: str, name_of: Callable[[str], str]) -> str:
    target, _, label = token.partition("|")
    match target[:1]:
        case "@":
            return "@" + (label or name_of(target[1:]))
        case "#":
            return "#" + (label or target[1:])
        case "!":
            return label or "@" + target[1:].split("^")[0]
        case _:
            return target if label in ("", target) else f"{label} ({target})"
