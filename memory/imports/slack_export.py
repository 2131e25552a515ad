"""Reads threads from a Slack export: the folder or the .zip that a workspace's owner downloads.

    channels.json            public channels; groups.json, dms.json and mpims.json hold what is not public
    users.json               people and bots
    CHANNEL/YYYY-MM-DD.json  the messages of one day

Only the channels of channels.json are read. Replies of a thread may be spread over many days, so one channel
is held in memory at a time.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from memory.errors import ImportProblem
from memory.imports.mrkdwn import plain_text
from memory.imports.threads import ImportedMessage, ImportedThread

FEWEST_MESSAGES = 2

HUMAN_SUBTYPES = frozenset({None, "thread_broadcast", "file_share", "me_message"})
"""All others report that somebody joined, renamed, posted through a bot, and so on."""

NOT_PUBLIC = {
    "groups.json": "private channels",
    "mpims.json": "group messages",
    "dms.json": "direct messages",
}

Folder: TypeAlias = Path | zipfile.Path
Json: TypeAlias = dict[str, Any]


class SlackExport:
    """An export, read channel by channel."""

    def __init__(self, path: Path, *, workspace_url: str = "https://slack.com") -> None:
        """`workspace_url` begins the links to threads, such as https://acme.slack.com."""
        self._workspace_url = workspace_url.rstrip("/")
        self._root = _root(path)
        self._label = str(path)
        self.skipped: Counter[str] = Counter()
        """Why threads, channels and messages were passed over, and how many, as far as `threads` was read."""

    def count(self) -> int:
        """How many threads `threads` will read, those it passes over included; broken files count nothing."""
        bots = self._bots()
        total = 0
        for channel in self._public_channels():
            # Whoever reads the threads will be told what is broken, when everything before it is safe.
            with suppress(ImportProblem):
                total += len(self._by_thread(channel, bots))
        self.skipped.clear()
        return total

    def threads(self) -> Iterator[ImportedThread | None]:
        """Yield each thread, or None for one that is passed over.

        Raises `ImportProblem`, which names the file and the line, at the first channel with a broken file.
        """
        self.skipped.clear()
        for name, kind in NOT_PUBLIC.items():
            if hidden := len(self._list(name, missing_is_empty=True)):
                self.skipped[kind] += hidden
        people, bots = self._people(), self._bots()
        for channel in self._public_channels():
            for root, messages in sorted(self._by_thread(channel, bots).items()):
                yield self._thread(channel, root, messages, people)

    def _thread(
        self, channel: Json, root: str, messages: list[Json], people: Mapping[str, str]
    ) -> ImportedThread | None:
        read = tuple(message for message in (_message(m, people) for m in messages) if message.text)
        if len(read) < FEWEST_MESSAGES:
            self.skipped["threads of fewer than two messages"] += 1
            return None
        return ImportedThread(
            channel=channel["id"],
            channel_name=channel["name"],
            thread=root,
            title="",
            permalink=f"{self._workspace_url}/archives/{channel['id']}/p{root.replace('.', '')}",
            messages=read,
        )

    def _by_thread(self, channel: Json, bots: frozenset[str]) -> dict[str, list[Json]]:
        """Sort a channel's human messages by thread, each thread in order of time, no message twice."""
        threads: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        public_since = 0.0
        for day in self._days(channel):
            for message in self._list(day):
                if message.get("subtype") == "channel_convert_to_public":
                    public_since = max(public_since, _seconds(str(message.get("ts"))))
                if not isinstance(message.get("ts"), str) or not _seconds(message["ts"]):
                    raise ImportProblem(f"{self._place(day)}: a message has no time stamp `ts`")
                if _by_a_person(message, bots):
                    threads[message.get("thread_ts") or message["ts"]][message["ts"]] = message
                else:
                    self.skipped["messages of bots and notices"] += 1
        private = [root for root in threads if _seconds(root) < public_since]
        if private:
            # What was said before was said to those who were invited.
            self.skipped["threads from before their channel was public"] += len(private)
        public = {root: by_ts for root, by_ts in threads.items() if root not in private}
        return {root: [by_ts[ts] for ts in sorted(by_ts, key=_seconds)] for root, by_ts in public.items()}

    def _days(self, channel: Json) -> list[str]:
        for folder in (channel["name"], channel["id"]):
            if (self._root / folder).is_dir():
                days = sorted(file.name for file in (self._root / folder).iterdir())
                return [f"{folder}/{day}" for day in days if day.endswith(".json")]
        return []

    def _public_channels(self) -> list[Json]:
        channels = self._list("channels.json")
        for channel in channels:
            if not isinstance(channel.get("id"), str) or not isinstance(channel.get("name"), str):
                raise ImportProblem(f"{self._place('channels.json')}: a channel has no `id` or no `name`")
        public = [c for c in channels if not (c.get("is_private") or c.get("is_ext_shared"))]
        self.skipped["private or externally shared channels"] += len(channels) - len(public)
        return public

    def _people(self) -> dict[str, str]:
        return {user["id"]: _name(user) for user in self._users()}

    def _bots(self) -> frozenset[str]:
        return frozenset(user["id"] for user in self._users() if user.get("is_bot"))

    def _users(self) -> list[Json]:
        return [u for u in self._list("users.json", missing_is_empty=True) if isinstance(u.get("id"), str)]

    def _list(self, name: str, *, missing_is_empty: bool = False) -> list[Json]:
        file = self._root / name
        if not file.is_file() and missing_is_empty:
            return []
        try:
            given = json.loads(file.read_bytes())
        except json.JSONDecodeError as error:
            raise ImportProblem(
                f"{self._place(name)}, line {error.lineno} is not JSON: {error.msg}"
            ) from error
        except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            raise ImportProblem(f"{self._place(name)} cannot be read: {error}") from error
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise ImportProblem(f"{self._place(name)} is not a list of objects")
        return given

    def _place(self, name: str) -> str:
        return f"{self._label}: {name}"


def _root(path: Path) -> Folder:
    """Find the folder that holds channels.json: the export itself, or the one folder inside it."""
    try:
        top: Folder = path if path.is_dir() else zipfile.Path(path)
        for folder in (top, *(inner for inner in top.iterdir() if inner.is_dir())):
            if (folder / "channels.json").is_file():
                return folder
    except (OSError, zipfile.BadZipFile) as error:
        raise ImportProblem(f"{path} is neither a folder nor a .zip that can be read: {error}") from error
    raise ImportProblem(f"{path} has no channels.json; give the folder or the .zip of a Slack export")


def _by_a_person(message: Json, bots: frozenset[str]) -> bool:
    return (
        message.get("subtype") in HUMAN_SUBTYPES
        and "bot_id" not in message
        and isinstance(message.get("user"), str)
        and message["user"] not in bots
    )


def _message(message: Json, people: Mapping[str, str]) -> ImportedMessage:
    author = people.get(message["user"]) or _name(message.get("user_profile") or {}) or message["user"]
    words = message.get("text")
    return ImportedMessage(
        author=author,
        text=plain_text(words if isinstance(words, str) else "", people),
        at=datetime.fromtimestamp(_seconds(message["ts"]), UTC),
    )


def _name(user: Json) -> str:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), user.get("display_name"), user.get("real_name"), user.get("name"))
    return next((name for name in names if isinstance(name, str) and name), "")


def _seconds(ts: str) -> float:
    with suppress(ValueError):
        return float(ts)
    return 0.0
