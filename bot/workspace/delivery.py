"""How the app gets its events: over which way, how often, and for how long an answer is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.workspace.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """The times and subscriptions of delivery; a test shortens the times.

    The defaults are Slack's: three seconds for an answer (documented for HTTP; Socket Mode's deadline is not
    documented), retries at once, after one minute and after five, then the event is dropped.
    """

    answer_seconds: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    """Seconds before each retry."""
    direct_messages: bool = False
    """Whether the app is subscribed to `message.im`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is brought to the app in one attempt."""

    envelope: str
    kind: str
    """`events_api`, `slash_commands` or `interactive`."""
    payload: Json
    attempt: int = 0
    reason: str = ""


class Undelivered(Exception):
    """The attempt failed; the reason is in Slack's words: `timeout`, `connection_failed`, `http_error`, …"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Carrier(Protocol):
    """A way to the app."""

    async def bring(self, parcel: Parcel, seconds: float, taken: Callable[[], None]) -> Json | None:
        """Deliver and wait at most `seconds` for the answer, which may carry a payload.

        `taken` is called when the app takes the parcel, be it after the deadline. Raises Undelivered.
        """


async def pause(seconds: float) -> None:
    """Let the time to the next attempt pass."""
    if seconds:
        await asyncio.sleep(seconds)
