"""Threads of a living channel as an import reads them, through the Web API and within its limits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.gate import Gate
from bot.slack.hearing.text import plain_text
from bot.slack.people import People
from bot.slack.web import SlackWeb
from memory.errors import ImportProblem
from memory.imports.slack_export import FEWEST_MESSAGES, HUMAN_SUBTYPES
from memory.imports.threads import ImportedMessage, ImportedThread
from memory.log.events import Json

PAGE = 200
"""Messages of one call; Slack recommends no more."""

SPACING = 1.5
"""Seconds between two calls: 40 of the 50 a minute that Slack allows, so that the bot goes on beside it."""

CHANNEL_AGE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Threads whose last message was said in a span of time; each moment in Unix seconds."""

    begun_after: float
    """Older threads are not looked at: channels are read from their end."""
    after: float
    before: float


class SlackHistory:
    """The threads of one public channel, the newest first, back to where it was made public."""

    def __init__(
        self,
        channel: str,
        *,
        web: SlackWeb,
        gate: Gate,
        people: People,
        workspace_url: str,
        spacing: float = SPACING,
        recent: Recent | None = None,
    ) -> None:
        """`channel` is an identifier, `workspace_url` begins the links to threads.

        With `recent` only threads that came to rest lately are read.
        """
        self._recent = recent
        self._channel = channel
        self._web = web
        self._gate = gate
        self._people = people
        self._workspace_url = workspace_url.rstrip("/")
        self._spacing = spacing
        self._roots: list[Json] | None = None
        self.skipped: Counter[str] = Counter()
        """Why messages and threads were passed over, and how many, as far as `threads` was read."""

    def count(self) -> int:
        """How many threads there are; the channel's history is read for it, once."""
        return len(self._read_roots())

    def threads(self) -> Iterator[ImportedThread | None]:
        """Yield each thread, None for one that is passed over.

        Raises `ImportProblem` when the channel is not public, also when it ceases to be meanwhile.
        """
        self.skipped.clear()
        for root in self._read_roots():
            name = self._public_name()
            yield self._thread(name, str(root["ts"]))

    def _public_name(self) -> str:
        verdict = self._gate.check(self._channel, max_age=CHANNEL_AGE)
        if verdict.visibility != "public":
            raise ImportProblem(f"{self._channel} is not imported: {verdict.reason}")
        return verdict.name

    def _read_roots(self) -> list[Json]:
        """Messages that have replies, read once, back to the channel's conversion if there was one."""
        if self._roots is None:
            self._public_name()
            self._roots = []
            for message in self._pages("conversations.history"):
                if message.get("subtype") == "channel_convert_to_public":
                    break
                if self._recent and float(message["ts"]) < self._recent.begun_after:
                    break
                if message.get("reply_count") and self._wanted(message):
                    self._roots.append(message)
        return self._roots

    def _wanted(self, root: Json) -> bool:
        last = float(root.get("latest_reply") or root["ts"])
        return self._recent is None or self._recent.after <= last < self._recent.before

    def _thread(self, name: str, root: str) -> ImportedThread | None:
        messages = []
        for message in self._pages("conversations.replies", ts=root):
            by_a_person = message.get("user") and not message.get("bot_id")
            if not by_a_person or message.get("subtype") not in HUMAN_SUBTYPES:
                self.skipped["messages of bots and notices"] += 1
            elif text := plain_text(str(message.get("text") or ""), self._people.name, self._gate.name):
                at = datetime.fromtimestamp(float(message["ts"]), UTC)
                author = self._people.name(str(message["user"]))
                messages.append(ImportedMessage(author=author, text=text, at=at))
        if len(messages) < FEWEST_MESSAGES:
            self.skipped["threads of fewer than two messages"] += 1
            return None
        return ImportedThread(
            channel=self._channel,
            channel_name=name,
            thread=root,
            title="",
            permalink=f"{self._workspace_url}/archives/{self._channel}/p{root.replace('.', '')}",
            messages=tuple(messages),
        )

    def _pages(self, method: str, **arguments: str) -> Iterator[Json]:
        cursor = None
        while True:
            page = self._call(method, cursor=cursor, **arguments)
            yield from page.get("messages", [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _call(self, method: str, **arguments: str | None) -> Json:
        """The answer, however long Slack asks to wait."""
        while True:
            time.sleep(self._spacing)
            try:
                return self._web.call(method, channel=self._channel, limit=PAGE, **arguments)
            except SlackUnavailable as problem:
                time.sleep(problem.delay)
            except ThreadRefused as refusal:
                raise ImportProblem(f"{self._channel} cannot be read: {refusal}") from refusal


def channel_named(web: SlackWeb, name: str) -> str:
    """The identifier of the public channel with this name or identifier; raises `ImportProblem`."""
    wanted, cursor = name.lstrip("#"), None
    while True:
        page = web.call(
            "conversations.list", types="public_channel", exclude_archived=True, limit=PAGE, cursor=cursor
        )
        for channel in page.get("channels", []):
            if wanted in (channel["id"], channel.get("name")):
                return str(channel["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            raise ImportProblem(f"there is no public channel {wanted!r} that the app can see")
