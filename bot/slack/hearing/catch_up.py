"""Catching up: what was said while nobody listened or nothing was heard, from Slack's history, within bounds.

Slack delivers again for a few minutes only. Each message found goes the same way as a delivered one; the
delivery key makes a message that was heard before count once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import takewhile
from threading import Event, Lock, Thread

from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.hearing.listener import Listener
from bot.slack.web import SlackWeb
from memory.errors import DatabaseLost
from memory.log.events import Json
from memory.workspaces.listening import Listening

TOUCH_SECONDS = 20.0
"""Between two marks that somebody listens: the most that a crash makes a start read twice."""

REDELIVERY = timedelta(minutes=6)
"""Slack delivers again at once, after one minute and after five; a longer gap is worth a warning."""

LONGEST_GAP = timedelta(days=3)
"""Older mentions are not picked up: whoever asked has helped themselves or asked again."""

OVERLAP = timedelta(seconds=60)
"""Read again before the gap, for deliveries that were under way."""

CHANNELS, THREADS, PAGE, DAYS = 200, 100, 200, 14
"""Bounds of one catch-up: channels (one history page each), sessions' threads and threads that began in the
gap (one page of replies each), messages of a page, days within which a session must have moved. At Slack's 50
calls of one method a minute it ends in eight minutes."""

logger = logging.getLogger(__name__)


class CatchUp:
    """Reads what was missed before the start and in each silence, and marks that somebody listens."""

    def __init__(self, *, team: str, web: SlackWeb, listener: Listener, listening: Listening) -> None:
        self._team = team
        self._web = web
        self._listener = listener
        self._listening = listening
        self._lock = Lock()
        self._unread: list[float] = []
        """When each silence began that is not read yet, by the monotonic clock."""
        self._stopped = Event()
        self._woken = Event()

    def start(self, hears: Callable[[], bool]) -> None:
        """Begin in the background with what was missed before; live deliveries need not wait.

        `hears` says whether what is said now comes in.
        """
        self._unread.append(time.monotonic())
        self._thread = Thread(target=self._run, args=(hears,), name="catch-up", daemon=True)
        self._thread.start()

    def look_back(self, seconds: float) -> None:
        """Nothing was heard for so long until now: read what was said meanwhile, soon."""
        with self._lock:
            self._unread.append(time.monotonic() - seconds)
        self._woken.set()

    def stop(self) -> None:
        """End after the call that is being made."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self, hears: Callable[[], bool]) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                self._read_unread()
                if not self._unread and hears():
                    # A mark before the end would hide the rest of the gap from the next start.
                    self._listening.touch(self._team)
            except DatabaseLost as error:
                logger.warning("the database is away: %s", error)
            self._woken.wait(TOUCH_SECONDS)

    def _read_unread(self) -> None:
        with self._lock:
            begun = [*self._unread]
        if begun:
            self._read_since(time.monotonic() - min(begun))
        if not self._stopped.is_set():
            with self._lock:
                del self._unread[: len(begun)]

    def _read_since(self, seconds: float) -> None:
        """Hear what was said in the last `seconds` and since anybody listened at all."""
        gap = self._listening.gap(self._team)
        if gap is None:
            return
        heard_until, now = gap
        since = min(heard_until, now - timedelta(seconds=seconds))
        if now - since > REDELIVERY:
            logger.warning("nothing was heard of Slack for %s; it delivers again for less", now - since)
        oldest = f"{(max(since, now - LONGEST_GAP) - OVERLAP).timestamp():.6f}"
        for message in self._missed(oldest):
            self._hear(message)

    def _hear(self, message: Json) -> None:
        while not self._stopped.is_set():
            try:
                self._listener.message(message)
            except SlackUnavailable as problem:
                self._stopped.wait(problem.delay)
            else:
                return

    def _missed(self, oldest: str) -> Iterator[Json]:
        """Messages of member channels, then of threads that moved lately, each in the order of saying."""
        begun: list[tuple[str, str]] = []
        for channel in self._channels():
            page = self._call("conversations.history", channel=channel, oldest=oldest, limit=PAGE)
            for message in said_in_public(page.get("messages", [])):
                if message.get("reply_count"):
                    begun.append((channel, str(message["ts"])))
                yield {**message, "channel": channel}
        known = self._listening.recent_threads(self._team, days=DAYS, limit=THREADS)
        for channel, thread in dict.fromkeys([*known, *begun[:THREADS]]):
            page = self._call("conversations.replies", channel=channel, ts=thread, oldest=oldest, limit=PAGE)
            for message in page.get("messages", []):
                yield {**message, "channel": channel}

    def _channels(self) -> list[str]:
        page = self._call(
            "users.conversations", types="public_channel", exclude_archived=True, limit=CHANNELS
        )
        if (page.get("response_metadata") or {}).get("next_cursor"):
            logger.warning("catching up in the first %d channels only", CHANNELS)
        return [str(channel["id"]) for channel in page.get("channels", [])]

    def _call(self, method: str, **arguments: object) -> Json:
        """The answer, however long Slack asks to wait; nothing when the place is closed or we are stopped."""
        while not self._stopped.is_set():
            try:
                return self._web.call(method, **arguments)
            except SlackUnavailable as problem:
                self._stopped.wait(problem.delay)
            except ThreadRefused as refusal:
                logger.info("%s was passed over: %s", arguments.get("channel", method), refusal)
                break
        return {}


def said_in_public(newest_first: Sequence[Json]) -> list[Json]:
    """The messages in the order of saying, without those from before the channel was made public."""
    said = list(
        takewhile(lambda message: message.get("subtype") != "channel_convert_to_public", newest_first)
    )
    return said[::-1]
