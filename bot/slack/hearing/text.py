"""Slack's markup read as plain text: what people meant, for the log, the model and the memory. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from memory.solutions.solution import Correction

_TOKEN = re.compile(r"<([^<>]+)>")
_STOP = re.compile(r"[,:]?\s*!?stop[.!]*", re.IGNORECASE)
"""Alone, or after the name and a comma."""

_QUIET = re.compile(r"[,:]?\s*!(quiet|listen)[.!]*", re.IGNORECASE)
"""The words that switch a thread; with their mark alone, since people say "quiet" to each other."""


_CORRECTION = re.compile(
    r"[,:]?\s*!?(?:this is\s+)?(?P<word>forget|wrong|outdated"
    r"|superseded\s+by\s+<?(?P<link>https?://[^|>\s]+)(?:\|[^>]*)?>?)"
    r"(?:\s+(?:this|it|that))?\s*[.!]*",
    re.IGNORECASE,
)
_CORRECTIONS: dict[str, Correction] = {"forget": "forget", "wrong": "wrong", "outdated": "outdated"}


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


def read_correction(text: str) -> tuple[Correction, str | None] | None:
    """What the text says of its thread, when it says nothing else; of superseding, the link as well."""
    said = _CORRECTION.fullmatch(text.strip())
    if said is None:
        return None
    word = said["word"].lower()
    if word.startswith("superseded"):
        return "superseded", said["link"]
    return _CORRECTIONS[word], None


def asks_for_quiet(text: str) -> bool | None:
    """Whether the text says `!quiet` or `!listen` and nothing else; None when it says neither."""
    found = _QUIET.fullmatch(text.strip())
    return found.group(1).lower() == "quiet" if found else None


def plain_text(text: str, name_of: Callable[[str], str], channel_of: Callable[[str], str]) -> str:
    """The text with names of people and channels for their ids, addresses for links, its escapes undone."""
    read = _TOKEN.sub(lambda token: _read(token.group(1), name_of, channel_of), text)
    return read.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _read(token: str, name_of: Callable[[str], str], channel_of: Callable[[str], str]) -> str:
    target, _, label = token.partition("|")
    match target[:1]:
        case "@":
            return "@" + (label or name_of(target[1:]))
        case "#":
            return "#" + (label or channel_of(target[1:]))
        case "!" if target in ("!here", "!channel", "!everyone"):
            return "@" + target[1:]
        case "!":
            return label or "@" + target[1:].split("^")[0]
        case _:
            return _link(target, label)


def _link(address: str, label: str) -> str:
    """Address and label; one alone where Slack made it of the other."""
    if address in (f"mailto:{label}", f"tel:{label}"):
        return label
    made_of_it = not label or address == label or address.endswith(f"//{label}")
    return address if made_of_it else f"{label} ({address})"
