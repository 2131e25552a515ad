"""Reading a thread that Oxbow was called into: its root and the newest messages before the call."""

from __future__ import annotations

from collections.abc import Iterator

from bot.slack.errors import SlackProblem, SlackUnavailable
from bot.slack.gate import Gate
from bot.slack.hearing.files import shared_files
from bot.slack.hearing.forwarded import with_forwarded
from bot.slack.hearing.text import plain_text
from bot.slack.people import People
from bot.slack.showing.rendered import cut
from bot.slack.web import SlackWeb
from memory.log.events import Json
from memory.log.session import moment
from memory.log.session_log import ThreadAddress
from memory.log.thread_events import Earlier, ThreadRead
from memory.secrets.mask import SecretMask
from memory.solutions.index import storable

PAGE, PAGES = 1_000, 5
"""Slack tells replies from the oldest on, at most a thousand at once: the newest of a longer thread than
these are not reached."""

NEWEST, CHARACTERS = 40, 2_000
"""Messages kept beside the root, and characters of each: together less than a long command output."""

PATIENCE = 20.0
"""Seconds that Slack may ask to wait in the middle of a thread. An app that it allows one page a minute would
read the first pages again and again; it goes on with what it has."""

NAME_AGE = 60.0
"""Seconds for which Slack's word on the channel of a forwarded message counts."""


class Threads:
    """Reads threads of one workspace."""

    def __init__(self, web: SlackWeb, gate: Gate, people: People, secrets: SecretMask, me: str) -> None:
        self._web = web
        self._gate = gate
        self._people = people
        self._secrets = secrets
        self._me = me

    def read(self, address: ThreadAddress, before: str) -> ThreadRead:
        """What was said before the time stamp by others than Oxbow. Raises `SlackUnavailable`."""
        said: list[Json] = []
        problem = ""
        try:
            said.extend(m for m in self._said(address) if moment(str(m["ts"])) < moment(before))
        except SlackUnavailable as waiting:
            if not said or waiting.delay < PATIENCE:
                raise
            problem = f"only its first {len(said)} messages are here, Slack allows no more of them now"
        except SlackProblem as refusal:
            said, problem = [], f"it could not be read: {refusal}"
        kept = said if len(said) <= NEWEST + 1 else [said[0], *said[-NEWEST:]]
        return ThreadRead(
            messages=tuple(map(self._earlier, kept)), left_out=len(said) - len(kept), problem=problem
        )

    def _said(self, address: ThreadAddress) -> Iterator[Json]:
        cursor = None
        for _ in range(PAGES):
            page = self._web.call(
                "conversations.replies",
                channel=address.channel,
                ts=address.thread,
                limit=PAGE,
                cursor=cursor,
            )
            yield from (m for m in page.get("messages", []) if m.get("user") != self._me)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _earlier(self, message: Json) -> Earlier:
        author = str(message.get("user") or message.get("bot_id") or "")
        name = message.get("username") or (self._people.name(author) if message.get("user") else author)
        return Earlier(ts=str(message["ts"]), author=author, author_name=str(name), text=self._text(message))

    def _text(self, message: Json) -> str:
        words = with_forwarded(str(message.get("text") or ""), message, is_public=self._is_public)
        files = (f"[file: {file.name}]" for file in shared_files(message))
        read = plain_text("\n".join(filter(None, (words, *files))), self._people.name, self._gate.name)
        return cut(self._secrets.text(storable(read)), CHARACTERS)

    def _is_public(self, channel: str) -> bool:
        return bool(channel) and self._gate.check(channel, max_age=NAME_AGE).visibility == "public"
