"""Slack drops events beyond 30,000 an hour, and tells once a minute that it does: they are read later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from slack_bolt import App, BoltResponse

from memory.log.events import Json

NOTICE = "app_rate_limited"
"""Type of the delivery itself: it is no event in an envelope, and needs no subscription."""

MINUTE = 60.0

logger = logging.getLogger(__name__)


def hear_dropped_events(app: App, look_back: Callable[[float], None]) -> None:
    """Tell the operator, and have what was said since read from the channels' histories.

    `look_back` takes the seconds until now in which something may have been missed.
    """

    def dropped(body: Json, next_: Callable[[], BoltResponse]) -> BoltResponse:
        if body.get("type") != NOTICE:
            return next_()
        since = min(time.time(), float(body.get("minute_rate_limited") or time.time() - MINUTE))
        logger.warning(
            "Slack drops events: the app gets more than 30,000 in an hour. Take it out of channels where it "
            "is not needed. What was said meanwhile is read from their histories"
        )
        look_back(time.time() - since + MINUTE)
        return BoltResponse(status=200)

    app.use(dropped)
