"""The App Home: a person's sessions, what waits for their word, how to begin; made anew when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.brain.approving import standing
from bot.slack.answering.schedule_words import one_line
from bot.slack.errors import SlackProblem, ThreadRefused
from bot.slack.gate import SEARCH_AGE
from bot.slack.people import OUTSIDER
from bot.slack.showing.home_view import Listed, Shown, home_view, refused_view, state_of
from bot.slack.showing.rendered import escape, first_line
from bot.slack.side import SlackSide
from memory.log.fold import fold
from memory.log.session import Session
from memory.log.session_log import SessionLog, SessionRow
from memory.workspaces.schedules import Schedule, Schedules

DAYS, LOOKED_INTO, LISTED = 14, 1_000, 8
"""Days that are looked back, sessions of the workspace that are looked into, and those that are shown: a view
must be there within seconds."""

SCHEDULES = 8
"""Shown of one person."""

CHANNELS = 3
"""Whose settings are shown: those of the sessions that moved last."""


class Home:
    """Publishes App Homes."""

    def __init__(
        self,
        slack: SlackSide,
        log: SessionLog,
        settings: Callable[[str], str],
        personal: Callable[[str], str],
        schedules: Schedules,
    ) -> None:
        """`settings` tells what holds in a channel, `personal` what a person has set."""
        self._slack = slack
        self._log = log
        self._settings = settings
        self._personal = personal
        self._schedules = schedules

    def publish(self, person: str) -> None:
        """Show the person their home. Raises `SlackProblem`."""
        welcome = self._slack.people.standing(person) in ("member", "guest")
        view = home_view(self._shown(person)) if welcome else refused_view(OUTSIDER)
        self._slack.web.call("views.publish", user_id=person, view=view)

    def _shown(self, person: str) -> Shown:
        found = list(self._sessions(person))
        spoken = [(row, session) for row, session in found if _spoke(session, person)]
        channels = list(dict.fromkeys(row.address.channel for row, _ in found))[:CHANNELS]
        return Shown(
            sessions=[self._listed(row, session, state_of(session, row.status)) for row, session in spoken],
            decisions=[
                self._listed(row, session, f"may it use {tool}?")
                for row, session in found
                if (tool := _undecided(session, person)) is not None
            ],
            settings=[(channel, self._settings(channel)) for channel in channels],
            personal=self._personal(person),
            schedules=[
                (it.channel, self._scheduled(person, it))
                for it in self._schedules.of_person(self._slack.identity.team, person, limit=SCHEDULES)
            ],
        )

    def _scheduled(self, person: str, schedule: Schedule) -> str:
        """Of a channel that is not open to the person any more, nothing but why it does not go on."""
        if self._open_to(person, schedule.channel):
            return one_line(schedule)
        return f"parked: {escape(schedule.parked)}" if schedule.parked else "not open to you now"

    def _sessions(self, person: str) -> Iterator[tuple[SessionRow, Session]]:
        """Those of channels that are public now and that the person can open."""
        rows = self._log.sessions_of_person(
            self._slack.identity.team, person, days=DAYS, looked_into=LOOKED_INTO, limit=4 * LISTED
        )
        shown = [row for row in rows if self._open_to(person, row.address.channel)][:LISTED]
        for row in shown:
            yield row, fold(self._log.read(row.session))

    def _open_to(self, person: str, channel: str) -> bool:
        try:
            public = self._slack.gate.check(channel, max_age=SEARCH_AGE).visibility == "public"
            return public and self._slack.people.refusal(person, channel) is None
        except SlackProblem:
            return False

    def _listed(self, row: SessionRow, session: Session, state: str) -> Listed:
        first = next((message.text for message in session.messages if not message.withdrawn), "")
        return Listed(
            channel=row.address.channel,
            problem=first_line(first, 80).removeprefix("> ") or "a withdrawn message",
            state=state,
            permalink=self._permalink(row),
        )

    def _permalink(self, row: SessionRow) -> str:
        try:
            return self._slack.replies.permalink(row.address.channel, row.address.thread)
        except ThreadRefused:
            return ""


def _spoke(session: Session, person: str) -> bool:
    return any(message.author == person for message in session.messages)


def _undecided(session: Session, person: str) -> str | None:
    """The tool whose call waits for the person's word."""
    waiting = (it for it in session.approvals if standing(session, it, person) == "decides")
    return next((approval.tool for approval in waiting), None)
