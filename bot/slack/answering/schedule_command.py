"""`/oxbow schedule`: what is asked in a channel again and again; said, listed, cancelled."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from bot.slack.answering.schedule_words import HOW, ScheduleProblem, in_zone, line, read_schedule
from bot.slack.answering.settings_command import Told
from bot.slack.errors import SlackProblem
from bot.slack.hearing.text import plain_text
from bot.slack.people import People
from bot.slack.showing.rendered import Rendered, button, context, count, escape, plain, section
from bot.slack.web import SlackWeb
from memory.log.session_log import SessionLog
from memory.workspaces.recurrence import next_time
from memory.workspaces.schedules import MOST, Schedule, Schedules

CANCEL = "oxbow_cancel_schedule"
"""Action id of the buttons in the list, before the schedule's own."""

NOT_LOOKED_UP = "I could not look this up in Slack, so nothing was scheduled. Please try again in a minute."


class ScheduleCommand:
    """Keeps, lists and cancels the schedules of channels."""

    def __init__(
        self, *, team: str, web: SlackWeb, people: People, log: SessionLog, schedules: Schedules
    ) -> None:
        self._team = team
        self._web = web
        self._people = people
        self._log = log
        self._schedules = schedules

    def answer(self, channel: str, words: str, *, by: str, confined: bool) -> Told:
        """The answer to what follows `/oxbow schedule`, in a channel where the person is welcome.

        `confined`: a guest, who looks only.
        """
        verb, _, rest = words.strip().partition(" ")
        match verb.lower():
            case "" | "list":
                return Told(rendered=self._listed(channel))
            case _ if confined:
                return Told(rendered=plain("Guests schedule nothing; ask a member."))
            case "cancel":
                return self._cancelled_by_number(channel, rest.strip(), by)
            case _:
                return self._added(channel, words, by)

    def cancel(self, channel: str, identifier: int, *, by: str) -> Told:
        """Somebody who may ends one that a list showed. A guest is told so."""
        if self._people.confined([by]):
            return Told(rendered=plain("Guests cancel nothing; ask a member."))
        ended = self._schedules.cancel(self._team, channel, identifier)
        if ended is None:
            return Told(rendered=plain("It was cancelled already."))
        whose = f"{ended.recurrence} for <@{ended.by}>: {escape(ended.words)}"
        return Told(rendered=plain(f"<@{by}> cancelled what I was asked {whose}"), to_all=True)

    def _cancelled_by_number(self, channel: str, number: str, by: str) -> Told:
        for schedule in self._schedules.of_channel(self._team, channel):
            if str(schedule.number) == number:
                return self.cancel(channel, schedule.id, by=by)
        return Told(rendered=plain(f"Nothing is scheduled here as {escape(number) or '…'}. {HOW}"))

    def _added(self, channel: str, words: str, by: str) -> Told:
        try:
            recurrence, what = read_schedule(plain_text(words, str, str))
            self._require_membership(channel)
            name = self._people.zone(by)
            zone = zone_named(name)
        except ScheduleProblem as problem:
            return Told(rendered=plain(f"Nothing was scheduled: {escape(str(problem))}"))
        except SlackProblem:
            return Told(rendered=plain(NOT_LOOKED_UP))
        first = next_time(recurrence, zone, self._log.now())
        kept = self._schedules.add(
            self._team, channel, recurrence, zone=name, words=what, by=by, next_at=first
        )
        if kept is None:
            full = f"Nothing was scheduled: this channel has {MOST} already. Cancel one first."
            return Told(rendered=plain(full))
        return Told(rendered=_echo(kept, zone), to_all=True)

    def _require_membership(self, channel: str) -> None:
        """Raises `ScheduleProblem` where nothing could be posted later."""
        found = self._web.call("conversations.info", channel=channel).get("channel") or {}
        if not found.get("is_member"):
            raise ScheduleProblem("I am not in this channel; invite me with `/invite @Oxbow` first")

    def _listed(self, channel: str) -> Rendered:
        schedules = self._schedules.of_channel(self._team, channel)
        if not schedules:
            return plain(f"Nothing is scheduled in this channel. {HOW}")
        blocks = [_entry(schedule) for schedule in schedules]
        return Rendered(
            text=f"{count(len(blocks), 'schedule')} in this channel", blocks=(*blocks, context(HOW))
        )


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name. Raises `ScheduleProblem` where the host does not know it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ScheduleProblem(f"the time zone {name!r} is not known here") from None


def _entry(schedule: Schedule) -> dict[str, object]:
    cancel = button("Cancel", action=f"{CANCEL}:{schedule.id}", value=str(schedule.id))
    return section(line(schedule, zone_named(schedule.zone))) | {"accessory": cancel}


def _echo(schedule: Schedule, zone: tzinfo) -> Rendered:
    if schedule.next_at is None:
        raise AssertionError("what was just scheduled is not parked")
    return plain(
        f"<@{schedule.by}> asked me to begin a thread here {schedule.recurrence} ({escape(schedule.zone)}): "
        f"{escape(schedule.words)}\nFirst on {in_zone(schedule.next_at, zone)}. "
        f"`/oxbow schedule cancel {schedule.number}` ends it."
    )
