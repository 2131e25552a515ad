"""What a person types, as Slack's own clients put it on the wire.

A client turns `@Oxbow` into `<@U…>`, `#general` into `<#C…>`, a bare address into `<https://…>`, escapes
`&`, `<` and `>`, and sends the same content once more as a rich text block. Code is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.workspace.wire import Json

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_TOKEN = re.compile(r"<(?:[@#!][^<>\s]+|https?://[^<>\s]+|mailto:[^<>\s]+)>")
_NAMED = re.compile(r"([@#])([A-Za-z][\w-]*)")
_ADDRESS = re.compile(r"(?<![<|\w])https?://[^\s<>]+[^\s<>.,;:!?)'\"]")
_PIECE = re.compile(r"(<[^<>]+>)")
_STYLED = re.compile(r"(?<!\w)([*_~])(?=\S)[^*_~\n]+(?<=\S)\1(?!\w)")
_STYLES = {"*": "bold", "_": "italic", "~": "strike"}
_BROADCASTS = {"here": "<!here>", "channel": "<!channel>", "everyone": "<!everyone>"}


def wire_text(typed: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """The text as sent; `people` and `channels` map small-letter names to identifiers."""
    return "".join(
        _escape(part) if part.startswith("`") else _convert(part, people, channels)
        for part in _CODE.split(typed)
    )


def rich_text(text: str) -> Json:
    """The block that carries the same content as the text of the wire."""
    elements: list[Json] = []
    for part in _CODE.split(text):
        if part.startswith("```"):
            code = part[3:-3].strip("\n")
            elements.append(
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _unescape(code)}]}
            )
        elif part:
            _section(elements).extend(_inline(part))
    return {"type": "rich_text", "elements": elements}


def _convert(part: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    kept: list[str] = []
    for index, piece in enumerate(re.split(f"({_TOKEN.pattern})", part)):
        kept.append(piece if index % 2 else _name(_address(_escape(piece)), people, channels))
    return "".join(kept)


def _address(text: str) -> str:
    return _ADDRESS.sub(lambda match: f"<{match[0]}>", text)


def _name(text: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    def token(match: re.Match[str]) -> str:
        name = match[2].lower()
        if match[1] == "#":
            return f"<#{channels[name]}>" if name in channels else match[0]
        return _BROADCASTS.get(name) or (f"<@{people[name]}>" if name in people else match[0])

    pieces = _PIECE.split(text)
    return "".join(piece if piece.startswith("<") else _NAMED.sub(token, piece) for piece in pieces)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _section(elements: list[Json]) -> list[Json]:
    if not elements or elements[-1]["type"] != "rich_text_section":
        elements.append({"type": "rich_text_section", "elements": []})
    section: list[Json] = elements[-1]["elements"]
    return section


def _inline(part: str) -> list[Json]:
    if part.startswith("`"):
        return [{"type": "text", "text": _unescape(part[1:-1]), "style": {"code": True}}]
    return [leaf for piece in _PIECE.split(part) if piece for leaf in _leaves(piece)]


def _leaves(piece: str) -> list[Json]:
    """A token as its own element; other text cut where its style changes."""
    if piece.startswith("<"):
        return [_element(piece)]
    leaves: list[Json] = []
    start = 0
    for match in _STYLED.finditer(piece):
        leaves.append({"type": "text", "text": _unescape(piece[start : match.start()])})
        style = _STYLES[match[0][0]]
        leaves.append({"type": "text", "text": _unescape(match[0][1:-1]), "style": {style: True}})
        start = match.end()
    leaves.append({"type": "text", "text": _unescape(piece[start:])})
    return [leaf for leaf in leaves if leaf["text"]]


def _element(piece: str) -> Json:
    target, _, label = piece[1:-1].partition("|")
    match target[0]:
        case "@":
            return {"type": "user", "user_id": target[1:]}
        case "#":
            return {"type": "channel", "channel_id": target[1:]}
        case "!":
            return {"type": "broadcast", "range": target[1:]}
        case _:
            return {"type": "link", "url": _unescape(target)} | ({"text": label} if label else {})
