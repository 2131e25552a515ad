"""What the page is told while it is open: changes, to everybody or to one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.workspace.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something on the page is different now."""

    kind: str
    """`ready`, `message`, `gone`, `channel`, `channel_gone`, `home`, `view`, `view_gone` or `connection`."""
    body: Json
    only_for: str | None = None
    """The person who may see it, or None for everybody in the place."""


class Feed:
    """Passes changes to every open page; lives in the server's event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._readers: dict[asyncio.Queue[Change | None], str] = {}

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def publish(self, change: Change) -> None:
        """Tell the pages, from any thread; changes of one thread keep their order."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pass_on, change)

    async def read(self, person: str) -> AsyncIterator[Change]:
        """The changes that the person may see, until the feed is closed.

        The first says `ready`: what happens from then on will be told, so who loads the scene after it misses
        nothing.
        """
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._readers[queue] = person
        try:
            yield Change(kind="ready", body={})
            while (change := await queue.get()) is not None:
                yield change
        finally:
            del self._readers[queue]

    def close(self) -> None:
        """End every reader; called in the event loop."""
        for queue in self._readers:
            queue.put_nowait(None)

    def _pass_on(self, change: Change) -> None:
        for queue, person in self._readers.items():
            if change.only_for in (None, person):
                queue.put_nowait(change)
