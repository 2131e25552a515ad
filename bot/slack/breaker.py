"""A circuit breaker for a token that is no longer accepted: calls wait instead of failing for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from bot.slack.errors import TokenRefused

PARKED = 600.0
"""Seconds between two calls that are let through to see whether the token is accepted again. What was said
meanwhile is kept, and Slack has nothing to count."""

logger = logging.getLogger(__name__)


class Breaker:
    """Of one workspace's token. Safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._until: float | None = None

    def pass_through(self) -> None:
        """Nothing while the token is good. Raises `TokenRefused` for all but one in `PARKED` seconds."""
        with self._lock:
            if self._until is None:
                return
            left = self._until - self._now()
            if left > 0:
                raise TokenRefused("Slack no longer accepts the token", delay=left)
            self._until = self._now() + PARKED

    def accepted(self) -> None:
        """A call was answered."""
        with self._lock:
            if self._until is not None:
                logger.warning("Slack accepts the token again; the work goes on")
            self._until = None

    def refused(self, problem: TokenRefused) -> None:
        """A call was refused because of the token."""
        with self._lock:
            if self._until is None:
                logger.error(
                    "%s: the workspace is parked. Install the app again, set SLACK_BOT_TOKEN and start anew; "
                    "until then one call in %d s looks whether the token is accepted",
                    problem,
                    PARKED,
                )
            self._until = self._now() + PARKED
