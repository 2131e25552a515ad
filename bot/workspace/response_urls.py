"""Response addresses: how an app answers a command or a button later, five times within half an hour.

Also the triggers by which it may open a modal: once, within seconds.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace

from bot.workspace.errors import SlackError

USES = 5
LIFETIME = 30 * 60.0
"""Seconds for which a response address works."""
TRIGGER_LIFETIME = 3.0
"""Seconds for which a trigger works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a response belongs: to whom, in which channel, about which message."""

    interaction: str
    person: str
    channel: str
    message_ts: str | None = None
    """The message that held the button, or None after a command."""
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    place: Place
    until: float
    uses: int


class ResponseUrls:
    """The response addresses that were given out; used under the world's lock."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def give(self, place: Place) -> str:
        """A new address, as the last part of its path."""
        token = secrets.token_urlsafe(18)
        self._open[token] = _Open(place=place, until=time.monotonic() + LIFETIME, uses=USES)
        return token

    def use(self, token: str) -> Place:
        """Use the address once. Raises SlackError `expired_url` or `used_url`."""
        known = self._open.get(token)
        if known is None or time.monotonic() > known.until:
            raise SlackError("expired_url")
        if known.uses == 0:
            raise SlackError("used_url")
        self._open[token] = replace(known, uses=known.uses - 1)
        return known.place


class Triggers:
    """The triggers that were given out; used under the world's lock."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def give(self, person: str) -> str:
        """A new trigger for what the person does now."""
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._open[trigger] = (person, time.monotonic() + TRIGGER_LIFETIME)
        return trigger

    def use(self, trigger: str) -> str:
        """The person to whom a modal may be shown. Raises SlackError."""
        if trigger in self._used:
            raise SlackError("exchanged_trigger_id")
        person, until = self._open.get(trigger, ("", 0.0))
        if time.monotonic() > until:
            raise SlackError("expired_trigger_id" if person else "invalid_trigger_id")
        self._used.add(trigger)
        return person
