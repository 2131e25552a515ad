"""How often each method of Slack is called, by all processes of a workspace together.

Slack counts for the whole app, so one process cannot know what is left. What would go beyond is not asked: it
waits a moment, or whoever asked does without.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from bot.slack.errors import SlackBusy
from memory.errors import DatabaseLost
from memory.workspaces.allowances import Allowance, Allowances

PATIENCE = 1.0
"""Seconds that a call waits for its turn: Slack wants its deliveries acknowledged within three."""

TIER_2 = Allowance(burst=8, every=5.0)
TIER_3 = Allowance(burst=20, every=2.0)
TIER_4 = Allowance(burst=40, every=1.0)
"""Slack's tiers are 20, 50 and 100 calls a minute: a burst, and what refills in a minute."""

IN_A_CHANNEL = Allowance(burst=4, every=1.7)
"""Slack allows about one post a second in a channel and short bursts: at most ten in ten seconds."""

ALLOWANCES: Mapping[str, Allowance] = {
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": IN_A_CHANNEL,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
    "views.publish": TIER_4,
}
"""Methods that are not named are allowed hundreds of times a minute."""

PER_CHANNEL = frozenset({"chat.postMessage"})


class Pace(Protocol):
    """Waits before a call, or refuses it."""

    def keep(self, method: str, channel: object) -> None:
        """Returns when the call may be made. Raises SlackBusy when that would take too long."""

    def hold(self, method: str, channel: object, seconds: float) -> None:
        """Slack asks to wait so long."""


class Unpaced:
    """Lets every call through: where one process asks little, Slack's own refusals are enough."""

    def keep(self, method: str, channel: object) -> None:
        pass

    def hold(self, method: str, channel: object, seconds: float) -> None:
        pass


class SharedPace:
    """What all processes of a workspace may ask together."""

    def __init__(self, allowances: Allowances) -> None:
        self._allowances = allowances

    def keep(self, method: str, channel: object) -> None:
        allowance = ALLOWANCES.get(method)
        if allowance is None:
            return
        try:
            allowed, wait = self._allowances.take(_name(method, channel), allowance, patience=PATIENCE)
        except DatabaseLost:
            return  # Slack refuses by itself what is too much
        if not allowed:
            raise SlackBusy(f"{method} is called too often already", delay=wait)
        time.sleep(wait)

    def hold(self, method: str, channel: object, seconds: float) -> None:
        allowance = ALLOWANCES.get(method)
        if allowance is not None:
            try:
                self._allowances.hold(_name(method, channel), allowance, seconds)
            except DatabaseLost:
                return  # the next call is refused in its turn


def _name(method: str, channel: object) -> str:
    return f"{method} {channel}" if method in PER_CHANNEL else method
