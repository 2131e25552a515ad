"""Slack's limits on how often an app may call a method, counted over a sliding window."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

from bot.workspace.errors import RateLimited


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many calls within so many seconds."""

    calls: int
    seconds: float = 60.0
    per_channel: bool = False
    """Counted for each channel by itself."""
    page: int | None = None
    """The most entries of one answer, where it is less than the method's own."""


TIER_1, TIER_2, TIER_3, TIER_4 = Rate(calls=1), Rate(calls=20), Rate(calls=50), Rate(calls=100)
"""Slack's tiers promise at least so many calls a minute; what is beyond is not promised."""

SPECIAL = Rate(calls=600)
"""Methods for which Slack says "hundreds a minute"."""

SLACK: Mapping[str, Rate] = {
    "api.test": TIER_4,
    "apps.connections.open": TIER_1,
    "auth.test": SPECIAL,
    "chat.delete": TIER_3,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    # About one a second in a channel, with short bursts.
    "chat.postMessage": Rate(calls=10, seconds=10.0, per_channel=True),
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.join": TIER_3,
    "conversations.leave": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "reactions.get": TIER_3,
    "reactions.remove": TIER_2,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.update": TIER_4,
}
"""The limit of each method that this workspace knows, from Slack's reference pages."""


DISTRIBUTED: Mapping[str, Rate] = {
    method: Rate(calls=1, page=15) for method in ("conversations.history", "conversations.replies")
}
"""What Slack allows an app that is sold to others and is not in its Marketplace."""


class Rates:
    """Counts the calls of one app; used under the world's lock."""

    def __init__(self, limits: Mapping[str, Rate]) -> None:
        self._limits = limits
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def page(self, method: str) -> int | None:
        """The most entries of one answer; None where nothing but the method itself limits them."""
        rate = self._limits.get(method)
        return None if rate is None else rate.page

    def count(self, method: str, channel: str, now: float) -> None:
        """Count a call at the moment `now` of a clock in seconds.

        Raises RateLimited, and counts nothing, when there were too many before it.
        """
        rate = self._limits.get(method)
        if rate is None:
            return
        made = self._calls[method, channel if rate.per_channel else ""]
        while made and made[0] <= now - rate.seconds:
            made.popleft()
        if len(made) >= rate.calls:
            raise RateLimited(max(1, math.ceil(made[0] + rate.seconds - now)))
        made.append(now)
