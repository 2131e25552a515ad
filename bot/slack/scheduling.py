"""Opening what is due: a thread in the channel with the question, and a session of whoever scheduled it.

A due row is taken by one process. Its thread is opened under a key by which it is found again, so that
whoever takes the row after a crash looks before it posts; only then does the row move on to its next time.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from threading import Event, Thread

from bot.slack.answering.schedule_command import zone_named
from bot.slack.answering.schedule_words import ScheduleProblem, in_zone
from bot.slack.errors import SlackProblem, SlackUnavailable
from bot.slack.gate import Gate
from bot.slack.people import People
from bot.slack.replies import POST_AGE, Replies
from bot.slack.showing.rendered import Rendered, escape, plain
from memory.errors import DatabaseLost
from memory.log.events import Json, MessageReceived, SessionOpened
from memory.log.session_log import SessionLog, ThreadAddress
from memory.workspaces.recurrence import next_time
from memory.workspaces.schedules import Due, Schedules

LOOK_SECONDS = 2.0
"""Between two questions to the database for what is due."""

HELD_SECONDS = 60.0
"""For which a process has a due row to itself."""

LAST_POST = 40.0
"""Seconds after which it posts nothing more: a call takes ten at most, and another may hold the row then."""

LATEST = timedelta(hours=1)
"""What could not be begun for longer than that is passed over: nobody who said nine means noon."""

CLOCKS_APART = timedelta(minutes=5)
"""Between Slack's clock and the database's, at most: where the search for a thread begins."""

logger = logging.getLogger(__name__)


class Scheduling:
    """Opens one thread after the other. Any number of processes may; each thread is opened once."""

    def __init__(
        self,
        *,
        team: str,
        schedules: Schedules,
        log: SessionLog,
        gate: Gate,
        people: People,
        replies: Replies,
    ) -> None:
        self._team = team
        self._schedules = schedules
        self._log = log
        self._gate = gate
        self._people = people
        self._replies = replies
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="scheduling", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the thread that is being opened."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                while not self._stopped.is_set() and self.step():
                    pass
            except DatabaseLost as error:
                logger.warning("the database is away: %s", error)

    def step(self) -> bool:
        """Do what has been due for longest; False when nothing is."""
        asked_at = time.monotonic()
        due = self._schedules.claim(self._team, HELD_SECONDS)
        if due is None:
            return False
        try:
            self._open(due, asked_at + LAST_POST)
        except SlackUnavailable as problem:
            self._schedules.put_off(due, problem.delay)
        except SlackProblem as refused:
            self._schedules.park(due, f"I cannot post in the channel ({refused})")
        except ScheduleProblem as problem:
            self._schedules.park(due, str(problem))
        return True

    def _open(self, due: Due, last_post: float) -> None:
        """Raises `SlackProblem`, `ScheduleProblem`."""
        verdict = self._gate.check(due.schedule.channel, max_age=POST_AGE)
        if verdict.visibility == "unknown":
            raise SlackUnavailable(verdict.reason, delay=LOOK_SECONDS)
        if verdict.visibility == "refused":
            # Nothing is said in such a place; the list and the person's App Home tell why.
            return self._schedules.park(due, verdict.reason)
        after = next_time(due.schedule.recurrence, zone_named(due.schedule.zone), due.at)
        root = self._posted(due, "run")
        if root is None:
            if after <= due.now:
                # The time after it has come as well.
                return self._schedules.move_on(due, after)
            if self._people.standing(due.schedule.by) != "member":
                reason = "the person who scheduled it is not a member of this workspace any more"
                self._say(due, "parked", _parked(due, reason), last_post)
                return self._schedules.park(due, reason)
            if due.now - due.at > LATEST:
                self._say(due, "missed", _missed(due, after), last_post)
                return self._schedules.move_on(due, after)
            root = self._say(due, "run", _question(due), last_post)
        self._begin(due, root)
        return self._schedules.move_on(due, after)

    def _say(self, due: Due, what: str, rendered: Rendered, last_post: float) -> str:
        """Post it in the channel, unless it is there."""
        posted = self._posted(due, what)
        if posted is not None:
            return posted
        if time.monotonic() > last_post:
            raise SlackUnavailable("Slack took too long", delay=LOOK_SECONDS)
        return self._replies.begin(due.schedule.channel, _key(due, what), rendered)

    def _posted(self, due: Due, what: str) -> str | None:
        """The post under this key, if somebody may have made it before."""
        if due.tries == 1:
            return None
        oldest = f"{(due.at - CLOCKS_APART).timestamp():.6f}"
        return self._replies.find_beginning(due.schedule.channel, _key(due, what), oldest=oldest)

    def _begin(self, due: Due, root: str) -> None:
        """The thread's session, as if the person had mentioned Oxbow with these words."""
        schedule = due.schedule
        address = ThreadAddress(team=schedule.team, channel=schedule.channel, thread=root)
        said = MessageReceived(
            ts=root,
            author=schedule.by,
            author_name=self._people.name(schedule.by),
            text=schedule.words,
            mentioned=True,
        )
        opening = SessionOpened(
            team=schedule.team, channel=schedule.channel, thread=root, opened_by=schedule.by
        )
        self._log.receive(address, [said], delivery_key=f"message:{root}", opening=opening)


def _key(due: Due, what: str) -> Json:
    return {"schedule": str(due.schedule.id), "key": f"{what}:{due.at.isoformat()}"}


def _question(due: Due) -> Rendered:
    schedule = due.schedule
    quoted = "\n".join(f"> {escape(line)}" for line in schedule.words.splitlines())
    return plain(f"{quoted}\n:alarm_clock: asked {schedule.recurrence} for <@{schedule.by}>")


def _missed(due: Due, after: datetime) -> Rendered:
    return plain(
        f"I could not begin schedule {due.schedule.number} of <@{due.schedule.by}> on {_told(due, due.at)} "
        f"and pass it over. Next on {_told(due, after)}."
    )


def _parked(due: Due, reason: str) -> Rendered:
    number = due.schedule.number
    return plain(
        f"I do not go on with schedule {number}: {reason}. "
        f"`/oxbow schedule cancel {number}` takes it off the list."
    )


def _told(due: Due, moment: datetime) -> str:
    return in_zone(moment, zone_named(due.schedule.zone))
