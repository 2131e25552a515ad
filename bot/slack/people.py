"""People as Slack knows them: what they are called, and what they may see. Kept for minutes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Literal, TypeAlias

from bot.slack.errors import SlackProblem, SlackUnavailable, ThreadRefused
from bot.slack.web import SlackWeb
from memory.log.events import Json

Standing: TypeAlias = Literal["member", "guest", "outsider", "bot"]
"""Member: sees every public channel. Guest: sees the channels they are in. Outsider: belongs to another
workspace, or to none any more."""

PERSON_AGE = 300.0
"""Seconds for which Slack's word on a person counts: people seldom become guests."""

CHANNELS_AGE = 30.0
"""Seconds for which Slack's word on the channels of a guest counts."""

PAGE = 200
"""Channels of one answer; a guest is in a few."""

SLACKBOT = "USLACKBOT"
"""Slack's own bot, which Slack does not mark as one."""

OUTSIDER = (
    "I answer people of this workspace only. I did nothing and kept nothing; ask somebody of it to "
    "mention me."
)
GUEST_ELSEWHERE = (
    "I answer guests only in channels they are in, and Slack does not say that you are in this one. I did "
    "nothing and kept nothing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What Slack says of somebody."""

    name: str
    standing: Standing
    zone: str = "UTC"
    """IANA name of their time zone."""


def judge(user: Json, team: str) -> Person:
    """What users.info says of somebody; who is not clearly a member of the workspace is less than one."""
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or user.get("name") or user.get("id")
    return Person(name=str(name), standing=_standing(user, team), zone=str(user.get("tz") or "UTC"))


def _standing(user: Json, team: str) -> Standing:
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == SLACKBOT:
        return "bot"
    # In an organisation of several workspaces a person has a home and may belong to others.
    teams = {user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())}
    if user.get("deleted") or user.get("is_stranger") or team not in teams:
        return "outsider"
    restricted = [user.get("is_restricted"), user.get("is_ultra_restricted")]
    return "member" if restricted == [False, False] else "guest"


class People:
    """Looks people up. Safe to use from several threads."""

    def __init__(self, web: SlackWeb, team: str) -> None:
        self._web = web
        self._team = team
        self._lock = Lock()
        self._people: dict[str, tuple[float, Person]] = {}
        self._channels: dict[str, tuple[float, frozenset[str]]] = {}

    def name(self, user: str) -> str:
        """What the person is called in the workspace; who cannot be looked up is called by their id."""
        try:
            return self._person(user).name
        except SlackProblem:
            return user

    def standing(self, user: str) -> Standing:
        """What the person is to the workspace. Raises `SlackUnavailable`."""
        return self._person(user).standing

    def zone(self, user: str) -> str:
        """The person's time zone, by its IANA name. Raises `SlackUnavailable`."""
        return self._person(user).zone

    def may_stop(self, user: str) -> bool:
        """Whether the person's word to stop counts: in doubt it does."""
        try:
            return self.standing(user) in ("member", "guest")
        except SlackUnavailable:
            return True

    def refusal(self, user: str, channel: str) -> str | None:
        """Why the person is not answered in the channel, for them to read. Raises `SlackUnavailable`."""
        match self.standing(user):
            case "member":
                return None
            case "guest":
                return None if channel in self.channels_of(user) else GUEST_ELSEWHERE
            case "outsider" | "bot":
                return OUTSIDER

    def confined(self, users: Iterable[str]) -> bool:
        """Whether one of them sees only the channels they are in. Raises `SlackUnavailable`."""
        return any(self.standing(user) == "guest" for user in users)

    def channels_of(self, user: str) -> frozenset[str]:
        """The public channels the person is in. Raises `SlackUnavailable`."""
        with self._lock:
            kept = self._channels.get(user)
        if kept is not None and time.monotonic() - kept[0] <= CHANNELS_AGE:
            return kept[1]
        asked_at, found = time.monotonic(), frozenset(self._ask_for_channels(user))
        with self._lock:
            self._channels[user] = (asked_at, found)
        return found

    def _ask_for_channels(self, user: str) -> Iterable[str]:
        cursor: str | None = None
        while cursor != "":
            page = self._web.call(
                "users.conversations", user=user, types="public_channel", limit=PAGE, cursor=cursor
            )
            yield from (str(channel["id"]) for channel in page.get("channels", ()))
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")

    def _person(self, user: str) -> Person:
        with self._lock:
            kept = self._people.get(user)
        if kept is not None and time.monotonic() - kept[0] <= PERSON_AGE:
            return kept[1]
        asked_at = time.monotonic()
        try:
            person = judge(self._web.call("users.info", user=user).get("user") or {"id": user}, self._team)
        except ThreadRefused:
            # Slack does not know them, so they are nobody here.
            person = Person(name=user, standing="outsider")
        with self._lock:
            self._people[user] = (asked_at, person)
        return person
