"""The progress messages of a process: the latest state of each, written in place, never too often."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Condition, Thread

from bot.slack.errors import SlackProblem, SlackUnavailable
from bot.slack.replies import Replies
from bot.slack.showing.rendered import Rendered
from memory.errors import DatabaseLost

INTERVAL = 3.0
"""Seconds between two updates of one message: often enough to be watched."""

SPACING = 1.5
"""Seconds between any two updates. Slack allows about 50 a minute for the whole app."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Message:
    channel: str
    due: float
    wanted: Rendered | None
    shown: Rendered | None
    last: bool = False
    """Nothing follows: once it is written, the message is forgotten."""


class ProgressBoard:
    """Writes progress messages from a thread of its own, so that a slow Slack never holds up the work.

    Only the newest state of a message counts; what a newer one replaces is never written. When Slack asks to
    wait, everything waits; an update that it refuses is dropped.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._messages: dict[str, _Message] = {}
        self._changed = Condition()
        self._writing: str | None = None
        self._free_at = 0.0
        self._stopped = False
        self._thread = Thread(target=self._write, name="progress", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def show(self, channel: str, ts: str, rendered: Rendered) -> None:
        """Let the message say this soon."""
        with self._changed:
            message = self._messages.setdefault(ts, _Message(channel, time.monotonic(), None, None))
            message.wanted = None if rendered == message.shown else rendered
            self._changed.notify_all()

    def finish(self, channel: str, ts: str, rendered: Rendered) -> None:
        """Let the message say this when Slack takes it, as its last state."""
        with self._changed:
            now = time.monotonic()
            self._messages[ts] = _Message(channel=channel, due=now, wanted=rendered, shown=None, last=True)
            self._changed.notify_all()

    def leave(self, ts: str) -> None:
        """The message is finished by somebody else: once this returns, nothing more is written to it."""
        with self._changed:
            self._messages.pop(ts, None)
            self._changed.wait_for(lambda: self._writing != ts)

    def _write(self) -> None:
        while (next_one := self._next()) is not None:
            ts, message, rendered = next_one
            pause = SPACING
            try:
                self._replies.update(message.channel, ts, rendered)
            except SlackUnavailable as problem:
                pause = max(pause, problem.delay)
                self._try_again(ts, rendered)
            except (SlackProblem, DatabaseLost) as problem:
                logger.info("a progress message was not updated: %s", problem)
            finally:
                self._done(ts, pause)

    def _try_again(self, ts: str, rendered: Rendered) -> None:
        with self._changed:
            message = self._messages.get(ts)
            if message is not None and message.wanted is None:
                message.wanted = rendered

    def _done(self, ts: str, pause: float) -> None:
        with self._changed:
            self._writing = None
            self._free_at = time.monotonic() + pause
            message = self._messages.get(ts)
            if message is not None and message.last and message.wanted is None:
                del self._messages[ts]
            self._changed.notify_all()

    def _next(self) -> tuple[str, _Message, Rendered] | None:
        with self._changed:
            while not self._stopped:
                waiting = [(message.due, ts) for ts, message in self._messages.items() if message.wanted]
                now = time.monotonic()
                due = max(min(waiting)[0], self._free_at) if waiting else None
                if due is not None and due <= now:
                    return self._take(min(waiting)[1], now)
                self._changed.wait(due - now if due is not None else None)
            return None

    def _take(self, ts: str, now: float) -> tuple[str, _Message, Rendered]:
        message = self._messages[ts]
        rendered, message.wanted = message.wanted, None
        if rendered is None:
            raise AssertionError("only a message with something to say is taken")
        message.shown, message.due = rendered, now + INTERVAL
        self._writing = ts
        return ts, message, rendered
