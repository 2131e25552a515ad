"""The public-only gate: code decides where Oxbow may listen, speak and remember, and it fails closed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from bot.brain.steps import (
    Visibility,
)
from bot.slack.errors import ContentRefused, SlackBusy, SlackProblem, SlackUnavailable, ThreadRefused
from bot.slack.web import SlackWeb
from memory.log.events import Json
from memory.recall.recall import Hit
from memory.workspaces.channels import Channels

_REFUSALS = (
    ("is_im", "it is a direct message"),
    ("is_mpim", "it is a group message"),
    ("is_group", "it is a private channel"),
    ("is_private", "it is a private channel"),
    ("is_ext_shared", "it is shared with another organisation"),
    ("is_pending_ext_shared", "it is about to be shared with another organisation"),
    ("pending_connected_team_ids", "it is about to be shared with another organisation"),
    ("pending_shared", "it is about to be shared with another organisation"),
    ("is_archived", "it is archived"),
    ("is_frozen", "it is frozen"),
)

_SLACK_ID = re.compile(r"[CDG][A-Z0-9]{8,}")

SEARCH_AGE = 60.0
"""Seconds for which Slack's word on a channel is good enough for a search hit. Slack's limit on asking is
about 50 a minute for the whole app, and a search may touch several channels."""

NAME_AGE = 3_600.0
"""Seconds for which a channel's name counts in what somebody wrote."""

PAGE = 999
"""Channels in one answer: the most that Slack gives."""

UNKNOWN_DELAY = 10.0
"""Seconds until something is said again where it is not known whether it may be."""

FOREVER = 1e9
"""Seconds; three decades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a channel is public, and if not why, in words for people."""

    visibility: Visibility
    name: str = ""
    reason: str = ""


UNKNOWN = Verdict(visibility="unknown", reason="Slack does not say what kind of channel it is")


def judge(channel: Json) -> Verdict:
    """The verdict on what conversations.info says of a channel: all but a plain public one is refused."""
    name = str(channel.get("name") or "")
    for mark, reason in _REFUSALS:
        if channel.get(mark):
            return Verdict(visibility="refused", name=name, reason=reason)
    if channel.get("is_shared") and not channel.get("is_org_shared"):
        return Verdict(visibility="refused", name=name, reason="it is shared with another organisation")
    said = [channel.get(mark) for mark in ("is_channel", "is_private", "is_ext_shared")]
    if said != [True, False, False]:
        return Verdict(visibility="refused", name=name, reason="Slack does not say that it is public")
    return Verdict(visibility="public", name=name)


def refusal(verdict: Verdict) -> str:
    """What is said where Oxbow does not work, with the way out."""
    if verdict.visibility == "unknown":
        return (
            "I could not make sure that this channel is public, so I did nothing and kept nothing. "
            "Please say it again in a minute."
        )
    return (
        f"I work in public channels only, and not here: {verdict.reason}. I did nothing and kept "
        "nothing. Open a public channel, invite me there, and mention me again."
    )


class Gate:
    """Asks Slack what a channel is, and remembers the answer for a short while and for every process.

    Slack's limit on asking is for the whole app, so the processes of one workspace share what it said. When
    many channels are asked about at the same time, one call reads what all the bot's own channels are.
    """

    def __init__(self, web: SlackWeb, channels: Channels, team: str) -> None:
        self._web = web
        self._channels = channels
        self._team = team
        self._lock = Lock()
        self._heard: dict[str, tuple[float, Verdict]] = {}
        self._reading = Lock()
        """Held by the thread that reads all channels; the others use what it found."""

    def check(self, channel: str, *, max_age: float) -> Verdict:
        """The verdict on a channel, at most `max_age` seconds old; `unknown` when Slack cannot be asked."""
        with self._lock:
            heard = self._heard.get(channel)
        if heard is not None and time.monotonic() - heard[0] <= max_age:
            return heard[1]
        asked_at, verdict = self._told_another(channel, max_age) or self._ask(channel)
        with self._lock:
            if verdict.visibility == "unknown":
                self._heard.pop(channel, None)
            else:
                self._heard[channel] = (asked_at, verdict)
        return verdict

    def require_public(self, channel: str, *, max_age: float) -> None:
        """Raises `ThreadRefused` where it is not public, and `SlackUnavailable` where that is not known."""
        verdict = self.check(channel, max_age=max_age)
        match verdict.visibility:
            case "public":
                return
            case "unknown":
                raise SlackUnavailable(verdict.reason, delay=UNKNOWN_DELAY)
            case "refused":
                raise ThreadRefused(verdict.reason)

    def forget(self, channel: str) -> None:
        """Something about the channel changed: ask Slack again now, and keep its word for searches."""
        with self._lock:
            self._heard.pop(channel, None)
        self.check(channel, max_age=0.0)

    def name(self, channel: str) -> str:
        """What a public channel is called; the id of any other, whose name is not everybody's."""
        verdict = self.check(channel, max_age=NAME_AGE)
        return verdict.name if verdict.visibility == "public" and verdict.name else channel

    def shows(self, hit: Hit) -> bool:
        """Whether a search hit's channel is public now."""
        return self.shows_channel(hit.channel)

    def shows_channel(self, channel: str) -> bool:
        """Whether what is remembered of a channel may be shown now.

        An imported archive that is no Slack channel counts as its operator declared it.
        """
        if _SLACK_ID.fullmatch(channel) is None:
            return True
        return self.check(channel, max_age=SEARCH_AGE).visibility == "public"

    def _told_another(self, channel: str, max_age: float) -> tuple[float, Verdict] | None:
        """What Slack told any process lately, and when it was asked."""
        fact = self._channels.known(self._team, channel, max_age=max_age) if max_age > 0 else None
        if fact is None or fact.source != "slack":
            return None
        visibility: Visibility = "public" if fact.public else "refused"
        verdict = Verdict(visibility=visibility, name=fact.name, reason=fact.reason)
        return time.monotonic() - fact.age, verdict

    def _ask(self, channel: str) -> tuple[float, Verdict]:
        """The verdict, and when Slack was asked for it."""
        asked_at = time.monotonic()
        try:
            verdict = judge(self._web.call("conversations.info", channel=channel).get("channel") or {})
        except SlackBusy:
            return self._among_all(channel, asked_at)
        except SlackUnavailable:
            return asked_at, UNKNOWN
        except (ContentRefused, ThreadRefused):
            # With public scopes alone, a private channel does not exist for the app.
            verdict = Verdict(visibility="refused", reason="it is not a public channel that I can see")
        self._keep(channel, verdict, asked_at)
        return asked_at, verdict

    def _among_all(self, channel: str, since: float) -> tuple[float, Verdict]:
        """The verdict from a reading of all the bot's channels that began after `since`."""
        with self._reading:
            with self._lock:
                heard = self._heard.get(channel)
            if heard is not None and heard[0] >= since:
                return heard
            asked_at = time.monotonic()
            try:
                verdicts = dict(self._read_all())
            except SlackProblem:
                return asked_at, UNKNOWN
            public = {
                id_: verdict.name for id_, verdict in verdicts.items() if verdict.visibility == "public"
            }
            self._channels.record_public(self._team, public, age=time.monotonic() - asked_at)
            for refused in verdicts.keys() - public.keys():
                self._keep(refused, verdicts[refused], asked_at)
            with self._lock:
                self._heard.update({id_: (asked_at, verdict) for id_, verdict in verdicts.items()})
            # A channel that is not among them may be private by now, or one that the bot has left.
            return asked_at, verdicts.get(channel, UNKNOWN)

    def _read_all(self) -> Iterator[tuple[str, Verdict]]:
        cursor: str | None = None
        while cursor != "":
            page = self._web.call("users.conversations", types="public_channel", limit=PAGE, cursor=cursor)
            yield from ((str(found["id"]), judge(found)) for found in page.get("channels", ()))
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")

    def _keep(self, channel: str, verdict: Verdict, asked_at: float) -> None:
        """A channel that never was public here leaves no trace; one that no longer is must be hidden."""
        refused = None if verdict.visibility == "public" else verdict.reason
        if refused and self._channels.known(self._team, channel, max_age=FOREVER) is None:
            return
        name, age = verdict.name or channel, time.monotonic() - asked_at
        self._channels.record(self._team, channel, name=name, refused=refused, source="slack", age=age)
