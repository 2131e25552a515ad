"""Correcting the memory from Slack: who wrote in a thread may say that what it taught does not hold.

*forget*, *wrong*, *outdated* and *superseded by LINK* are said in the thread itself, or of its link by
`/oxbow`. They hold no text and are heard wherever the thread is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.slack.errors import ThreadRefused
from bot.slack.web import SlackWeb
from memory.log.events import Json
from memory.log.session_log import ThreadAddress
from memory.solutions.corrections import Corrections
from memory.solutions.solution import Correction

PAGE = 200
"""Messages of a thread that are read at once."""

_LINK = re.compile(
    r"https?://[^/\s]+/archives/(?P<channel>[CG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})"
    r"(?:\?(?P<query>\S*))?"
)
_ROOT = re.compile(r"thread_ts=(?P<thread>\d{10}\.\d{6})")

_DONE: dict[Correction, str] = {
    "forget": "Forgotten: what this thread taught cannot be found any more, and its text is gone.",
    "wrong": "Noted as wrong: I no longer bring it up by myself, and a search shows the mark.",
    "outdated": "Noted as outdated: others come first, and a search shows the mark.",
    "superseded": "Noted as superseded: whoever finds it sees the link to the other thread.",
}
_NOTHING = "I remember nothing that this thread taught."
_NOT_YOURS = "Only people who wrote in that thread can say so. Ask one of them, or whoever runs me."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A correction as somebody said it."""

    correction: Correction
    by: str
    delivery: str
    """What brought it; one word counts once."""
    successor: str | None = None


def thread_of(corrections: Corrections, team: str, link: str) -> ThreadAddress | None:
    """The thread of a message's link; None when it is neither Slack's nor known to the memory."""
    known = corrections.thread_of(team, link)
    if known is not None:
        return ThreadAddress(team=team, channel=known[0], thread=known[1])
    message = _LINK.fullmatch(link)
    if message is None:
        return None
    root = _ROOT.search(message["query"] or "")
    thread = root["thread"] if root else f"{message['seconds']}.{message['rest']}"
    return ThreadAddress(team=team, channel=message["channel"], thread=thread)


class Correcting:
    """Corrects on behalf of people. Every method may raise `SlackUnavailable`."""

    def __init__(self, *, team: str, web: SlackWeb, corrections: Corrections) -> None:
        self._team = team
        self._web = web
        self._corrections = corrections

    def thread_of(self, link: str) -> ThreadAddress | None:
        """The thread of a message's link; None when it is neither Slack's nor known to the memory."""
        return thread_of(self._corrections, self._team, link)

    def correct(self, address: ThreadAddress, said: Said) -> str | None:
        """Do it if the person may; what they are told, None when it was done before."""
        if not self._wrote(address, said):
            return _NOT_YOURS
        if said.successor is not None and self.thread_of(said.successor) is None:
            return "That is no link of a thread that I know. Copy the link of its first message."
        number = self._corrections.correct(
            team=address.team,
            channel=address.channel,
            thread=address.thread,
            correction=said.correction,
            by=said.by,
            delivery=said.delivery,
            successor=said.successor,
        )
        if number is None:
            return None
        return _DONE[said.correction] if number else _NOTHING

    def _wrote(self, address: ThreadAddress, said: Said) -> bool:
        """Whether the person wrote in the thread before they said this."""
        return any(
            message.get("user") == said.by and f"message:{message['ts']}" != said.delivery
            for message in self._messages(address)
        )

    def _messages(self, address: ThreadAddress) -> Iterator[Json]:
        place: Json = {"channel": address.channel, "ts": address.thread, "limit": PAGE}
        cursor = None
        while True:
            try:
                page = self._web.call("conversations.replies", **place, cursor=cursor)
            except ThreadRefused:
                return
            yield from page.get("messages", [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
