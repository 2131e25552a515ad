"""Comparing remembered threads with Slack, now and then, whatever events were missed.

Slack tells of no deletion by a retention policy, and an event may be lost. What is found missing or edited
goes the same way as if Slack had told of it; the delivery key makes what was heard before count once.
"""

from __future__ import annotations

import logging
from threading import Event, Thread

from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.gate import Gate
from bot.slack.hearing.listener import Listener
from bot.slack.web import SlackWeb
from memory.errors import DatabaseLost
from memory.log.events import Json, MessageReceived
from memory.log.session_log import SessionLog
from memory.solutions.recheck import Recheck, Remembered

AGE = 86_400.0
"""Seconds after which a thread is compared again: a day, so that retention takes effect within one."""

SPACING = 6.0
"""Seconds between two threads: ten of the fifty reads that Slack allows in a minute, 14,400 threads a day."""

IDLE = 300.0
"""Seconds between two looks when none is due."""

PAGE = 200
CHANNEL_AGE = 60.0

logger = logging.getLogger(__name__)


class Rechecking:
    """Compares one thread after the other until it is stopped."""

    def __init__(
        self, *, team: str, web: SlackWeb, gate: Gate, log: SessionLog, listener: Listener, recheck: Recheck
    ) -> None:
        self._team = team
        self._web = web
        self._gate = gate
        self._log = log
        self._listener = listener
        self._recheck = recheck
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="rechecking", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the thread that is being compared."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        pause = SPACING
        while not self._stopped.wait(pause):
            try:
                pause = SPACING if self.step(AGE) else IDLE
            except SlackUnavailable as problem:
                pause = max(problem.delay, SPACING)
            except DatabaseLost as error:
                logger.warning("the database is away: %s", error)

    def step(self, age: float) -> bool:
        """Compare the next thread that was not compared for `age` seconds; False when there is none.

        Raises `SlackUnavailable`: the thread is compared again when its turn comes.
        """
        remembered = self._recheck.next(self._team, age=age)
        if remembered is None:
            return False
        if self._gate.check(remembered.channel, max_age=CHANNEL_AGE).visibility == "public":
            messages = self._messages(remembered)
            if messages is not None:
                self._compare(remembered, messages)
        return True

    def _compare(self, remembered: Remembered, messages: dict[str, Json]) -> None:
        if remembered.session is None:
            people = [m for m in messages.values() if m.get("user") and not m.get("bot_id") and m.get("text")]
            if remembered.thread not in messages or len(people) < remembered.messages:
                self._recheck.withdraw(remembered.solutions)
            return
        for event in (recorded.event for recorded in self._log.read(remembered.session)):
            if isinstance(event, MessageReceived):
                self._tell(remembered, event.ts, messages.get(event.ts))

    def _tell(self, remembered: Remembered, ts: str, message: Json | None) -> None:
        """What Slack would tell of the message, if it told."""
        place = {"type": "message", "channel": remembered.channel}
        if message is None:
            before = {"ts": ts, "thread_ts": remembered.thread}
            deleted = {"subtype": "message_deleted", "deleted_ts": ts, "previous_message": before}
            self._listener.message(place | deleted)
        elif message.get("edited"):
            changed = {"subtype": "message_changed", "message": message, "previous_message": {}}
            self._listener.message(place | changed)

    def _messages(self, remembered: Remembered) -> dict[str, Json] | None:
        """The thread as Slack shows it, by time stamp, without tombstones; None when Slack refuses to."""
        found: dict[str, Json] = {}
        cursor = None
        while True:
            try:
                page = self._web.call(
                    "conversations.replies",
                    channel=remembered.channel,
                    ts=remembered.thread,
                    limit=PAGE,
                    cursor=cursor,
                )
            except ThreadRefused as refusal:
                return {} if "thread_not_found" in str(refusal) else None
            shown = [m for m in page.get("messages", []) if m.get("subtype") != "tombstone"]
            found |= {str(message["ts"]): message for message in shown}
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found
