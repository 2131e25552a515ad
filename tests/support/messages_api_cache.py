"""The prompt cache of the stand-in: what of a request was seen before, counted as the API counts it."""

from __future__ import annotations

import json
from hashlib import sha256
from threading import Lock

from memory.log.events import Json

LOOK_BACK = 20
"""Blocks before a breakpoint in which an earlier entry is found."""


class PromptCache:
    """Remembers the prefixes that ended at a breakpoint."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: set[str] = set()

    def usage(self, request: Json) -> Json:
        """Input counters of a request; four characters are a token. Its own prefixes are remembered."""
        blocks = _blocks(request)
        prefixes, sizes = _prefixes(blocks)
        breakpoints = [place for place, block in enumerate(blocks) if "cache_control" in block]
        with self._lock:
            read = max((sizes[place] for place in self._found(breakpoints, prefixes)), default=0)
            self._entries.update(prefixes[place] for place in breakpoints)
        written = max((sizes[place] for place in breakpoints), default=0)
        return {
            "input_tokens": sizes[-1] - max(written, read),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": max(written - read, 0),
        }

    def _found(self, breakpoints: list[int], prefixes: list[str]) -> list[int]:
        near = {place for end in breakpoints for place in range(max(end - LOOK_BACK, 0), end + 1)}
        return [place for place in near if prefixes[place] in self._entries]


def _blocks(request: Json) -> list[Json]:
    said = [
        {"role": message["role"], **block} for message in request["messages"] for block in message["content"]
    ]
    return [*request.get("tools", []), *request.get("system", []), *said]


def _prefixes(blocks: list[Json]) -> tuple[list[str], list[int]]:
    """For each block, what identifies everything up to it, and its tokens."""
    digest, size = sha256(), 0
    prefixes: list[str] = []
    sizes: list[int] = []
    for block in blocks:
        written = json.dumps({name: value for name, value in block.items() if name != "cache_control"})
        digest.update(written.encode())
        size += len(written) // 4
        prefixes.append(digest.hexdigest())
        sizes.append(size)
    return prefixes, sizes
