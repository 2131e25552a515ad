"""Real chat for evaluation, as far as this machine has it: never shipped, so its tests skip without it."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from memory.imports.threads import ImportedMessage, ImportedThread

TEAM = "T0DEVCHAT"


def data_folder(name: str) -> Path:
    """Find one set of the evaluation data, or skip the test."""
    root = Path(__file__).parents[2]
    given = os.environ.get("OXBOW_EVALUATION_DATA")
    folder = (Path(given) if given else root.parent / "shared" / "data") / name
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OXBOW_EVALUATION_DATA to their folder")
    return folder


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read gzip JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def relevant(path: Path) -> dict[str, dict[str, int]]:
    """Read judgements: for each query, the grades of its relevant documents."""
    grades: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            grades[row["query-id"]][row["corpus-id"]] = int(row["score"])
    return dict(grades)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message with Slack's mark-up, as it was written."""

    author: str
    text: str
    at: datetime

    @property
    def ts(self) -> str:
        """Slack's time stamp."""
        return f"{int(self.at.timestamp())}.{self.at.microsecond:06d}"


def messages(document: dict[str, Any]) -> list[Message]:
    """Cut a conversation into its messages."""
    facts, whole = document["metadata"], document["text"]
    ends = [*(offset - 1 for offset in facts["offsets"][1:]), len(whole)]
    return [
        Message(author=author, text=whole[start:end], at=datetime.fromisoformat(at).replace(tzinfo=UTC))
        for author, start, end, at in zip(facts["users"], facts["offsets"], ends, facts["tss"], strict=True)
    ]


def without_opening(conversation: list[Message]) -> list[Message]:
    """Drop what the first author wrote before anybody else did: the question itself."""
    opening = next(
        (n for n, message in enumerate(conversation) if message.author != conversation[0].author),
        len(conversation),
    )
    return conversation[opening:]


def thread(identifier: str, channel: str, conversation: list[Message], *, title: str = "") -> ImportedThread:
    """Make a thread of a conversation under an identifier that judgements know."""
    return ImportedThread(
        channel=channel,
        channel_name=channel,
        thread=identifier,
        title=title,
        permalink="",
        messages=tuple(ImportedMessage(author=m.author, text=m.text, at=m.at) for m in conversation),
    )


def write_slack_export(folder: Path, documents: list[dict[str, Any]]) -> None:
    """Write conversations in the layout of a Slack export; each becomes a thread."""
    days: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    people: set[str] = set()
    for document in documents:
        conversation = messages(document)
        channel = f"{document['metadata']['team']}-{document['metadata']['channel']}"
        for message in conversation:
            people.add(message.author)
            days[channel, f"{message.at:%Y-%m-%d}"].append(
                {
                    "type": "message",
                    "user": f"U{message.author}",
                    "text": message.text,
                    "ts": message.ts,
                    "thread_ts": conversation[0].ts,
                }
            )
    channels = sorted({channel for channel, _ in days})
    _write(folder / "channels.json", [{"id": f"C{n}", "name": name} for n, name in enumerate(channels)])
    _write(folder / "users.json", [{"id": f"U{name}", "profile": {"display_name": name}} for name in people])
    for (channel, day), said in days.items():
        _write(folder / channel / f"{day}.json", sorted(said, key=lambda message: message["ts"]))


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
