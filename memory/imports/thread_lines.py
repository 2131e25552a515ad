"""Reads threads from JSON lines: one thread an object, one object a line.

    {"channel": "C024BE91L",        identifier, required
     "thread": "1512085950.000216", unique in its channel, required
     "messages": [                  at least one, in order, required
        {"author": "Ada", "text": "plain text", "ts": 1512085950.0}],
     "channel_name": "support",     shown to people; the identifier when absent
     "title": "Import fails",
     "permalink": "https://…",
     "resolved": true}              what the source says, if it says anything

`ts` is a number of Unix seconds, the same as a string, or an ISO 8601 time (UTC when it names no zone).
Threads in which fewer than two messages have words are passed over and counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory.errors import ImportProblem
from memory.imports.threads import ImportedMessage, ImportedThread

FEWEST_MESSAGES = 2


class ThreadLines:
    """A file of threads, read line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.skipped: Counter[str] = Counter()
        """Why threads were passed over, and how many, as far as `threads` was read."""

    def count(self) -> int:
        """How many threads `threads` will read, those it passes over included."""
        return sum(1 for _ in self._lines())

    def threads(self) -> Iterator[ImportedThread | None]:
        """Yield each thread, or None for one that is passed over.

        Raises `ImportProblem`, which names the line and the field, at the first line that is not a thread.
        """
        for number, line in self._lines():
            thread = self._thread(line, f"{self._path}, line {number}")
            if len(thread.messages) < FEWEST_MESSAGES:
                self.skipped["fewer than two messages"] += 1
                yield None
            else:
                yield thread

    def _lines(self) -> Iterator[tuple[int, str]]:
        try:
            with self._path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield number, line
        except OSError as error:
            raise ImportProblem(f"{self._path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ImportProblem(f"{self._path} is not UTF-8 text; save it as UTF-8") from error

    def _thread(self, line: str, place: str) -> ImportedThread:
        try:
            given = json.loads(line)
        except ValueError as error:
            raise ImportProblem(f"{place} is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise ImportProblem(f"{place} is not a JSON object")
        channel = _text(given, "channel", place)
        return ImportedThread(
            channel=channel,
            channel_name=_text(given, "channel_name", place, default=channel),
            thread=_text(given, "thread", place),
            title=_text(given, "title", place, default=""),
            permalink=_text(given, "permalink", place, default=""),
            messages=tuple(_messages(given, place)),
            resolved=_flag(given, "resolved", place),
        )


def _messages(given: dict[str, Any], place: str) -> Iterator[ImportedMessage]:
    messages = given.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ImportProblem(f"{place}: messages must be a list with at least one message")
    for index, message in enumerate(messages):
        where = f"{place}: messages[{index}]"
        if not isinstance(message, dict):
            raise ImportProblem(f"{where} must be an object with author, text and ts")
        author, words = _text(message, "author", where), _text(message, "text", where, default="")
        at = _time(message.get("ts"), where)
        if words.strip():
            yield ImportedMessage(author=author, text=words.strip(), at=at)


def _text(given: dict[str, Any], field: str, place: str, *, default: str | None = None) -> str:
    value = given.get(field)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not (value or default is not None):
        raise ImportProblem(f"{place}: {field} must be a text{'' if default is not None else ', not empty'}")
    return value


def _flag(given: dict[str, Any], field: str, place: str) -> bool | None:
    value = given.get(field)
    if value is not None and not isinstance(value, bool):
        raise ImportProblem(f"{place}: {field} must be true, false or absent")
    return value


def _time(value: object, place: str) -> datetime:
    try:
        return instant(value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise ImportProblem(f"{place}: ts must be Unix seconds or an ISO 8601 time, not {value!r}") from error


def instant(value: object) -> datetime:
    """Read Unix seconds or an ISO 8601 time; raises what the conversions raise."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        time = datetime.fromisoformat(value)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(float(value), UTC)
    raise TypeError
