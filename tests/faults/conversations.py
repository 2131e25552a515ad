"""Threads that a fault run opens, and what is found of each in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import (
    InterruptHandled,
    MessageReceived,
    SandboxAttached,
    SessionClosed,
    SolutionIndexed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnOutcome,
)
from memory.log.session_log import RecordedEvent, SessionLog, ThreadAddress
from tests.faults.job import STEPS, answer
from tests.support.product import key

CHANNELS = tuple(f"team-{number}" for number in range(40))
"""So many that the limit of posts in each does not hold up the run."""
Kind = Literal["left alone", "steered", "stopped", "poisonous"]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A thread, and what people do in it while it runs."""

    channel: str
    thread: str
    number: int
    kind: Kind
    said: list[str] = field(default_factory=list)
    """Time stamps of what was said to the session, the question first."""
    interfered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the log, the thread and the workspace of one conversation hold in the end."""

    session: UUID | None
    events: int = 0
    steps: tuple[datetime, ...] = ()
    """When a worker recorded something."""
    unknown: int = 0
    """Calls whose end nobody saw: recorded as such, told to the model and not repeated."""
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    """Effects in the workspace after the end of their call was recorded."""


class Inspection:
    """Reads a conversation's traces."""

    def __init__(self, log: SessionLog, slack: LocalWorkspace, data: Path) -> None:
        self._log = log
        self._slack = slack
        self._data = data

    def look(self, conversation: Conversation) -> Found:
        """Everything that must be true of it, and what is not."""
        channel = self._slack.channel_id(conversation.channel)
        address = ThreadAddress(team=TEAM, channel=channel, thread=conversation.thread)
        state = self._log.thread_state(address)
        if state is None:
            return Found(session=None, lost=(f"thread {conversation.number} has no session",))
        recorded = self._log.read(state.session)
        posts = [
            (key(message), str(message["text"]))
            for message in self._slack.messages(conversation.channel, conversation.thread)
            if message["user"] == OXBOW
        ]
        effects = self._effects(recorded)
        name = f"thread {conversation.number} ({conversation.kind}, {state.session})"
        return Found(
            session=state.session,
            events=len(recorded),
            steps=tuple(entry.recorded_at for entry in recorded if entry.epoch is not None),
            unknown=sum(status == "unknown" for status in _ends(recorded).values()),
            lost=tuple(f"{name}: {what}" for what in _lost(conversation, recorded, dict(posts), effects)),
            doubled=tuple(
                f"{name}: {what}" for what in _doubled(recorded, Counter(post for post, _ in posts), effects)
            ),
            late=tuple(f"{name}: {what}" for what in _late(recorded, effects)),
        )

    def _effects(self, recorded: list[RecordedEvent]) -> list[tuple[str, float]]:
        """The lines of the counter in the workspace: which call, and when."""
        attached = [entry.event for entry in recorded if isinstance(entry.event, SandboxAttached)]
        if not attached:
            return []
        session, token = attached[-1].reference.split(".")
        counter = self._data / "workspaces" / "sessions" / session / "files" / token / "workspace" / "counter"
        lines = counter.read_text().splitlines() if counter.exists() else []
        return [(call, float(at)) for call, at in (line.split() for line in lines)]


def _lost(
    conversation: Conversation,
    recorded: list[RecordedEvent],
    posts: dict[str, str],
    effects: list[tuple[str, float]],
) -> Iterator[str]:
    events = [entry.event for entry in recorded]
    heard = {event.ts for event in events if isinstance(event, MessageReceived)}
    outcomes = [event.outcome for event in events if isinstance(event, TurnFinished)]
    if [entry.seq for entry in recorded] != list(range(1, len(recorded) + 1)):
        yield "numbers with gaps"
    if missing := [ts for ts in conversation.said if ts not in heard]:
        yield f"messages {missing} were acknowledged and are not in the log"
    if conversation.kind == "poisonous":
        if not isinstance(events[-1], SessionClosed) or "closed:1" not in posts:
            yield "it was not given up with a word"
        return
    yield from _unshown(conversation, outcomes, posts)
    if not outcomes or any(isinstance(event, SessionClosed) for event in events):
        yield "it came to no end"
    indexed = {event.turn for event in events if isinstance(event, SolutionIndexed)}
    if unindexed := {turn for turn, end in enumerate(outcomes, 1) if end == "answered"} - indexed:
        yield f"turns {unindexed} are not in the memory"
    whole = [event.call for event in events if isinstance(event, ToolFinished) and event.exit_code == 0]
    if gone := [call for call in whole if (call, 2) not in _times(effects)]:
        yield f"calls {gone} succeeded without their effect"
    ends = _ends(recorded)
    if "interrupted" not in outcomes and len(ends) != STEPS:
        yield f"{len(ends)} calls of {STEPS}"


def _unshown(conversation: Conversation, outcomes: list[TurnOutcome], posts: dict[str, str]) -> Iterator[str]:
    for turn, outcome in enumerate(outcomes, start=1):
        if outcome == "answered" and posts.get(f"answer:{turn}:1") != answer(conversation.number):
            yield f"turn {turn} was answered and the thread does not show it"
        if outcome == "failed" or (outcome == "interrupted" and conversation.kind != "stopped"):
            yield f"turn {turn} ended as {outcome}"


def _doubled(
    recorded: list[RecordedEvent], posts: Counter[str], effects: list[tuple[str, float]]
) -> Iterator[str]:
    things: Counter[object] = Counter()
    for entry in recorded:
        match entry.event:
            case MessageReceived(ts=ts):
                things["message", ts] += 1
            case ToolStarted(call=call):
                things["start of call", call] += 1
            case ToolFinished(call=call):
                things["end of call", call] += 1
            case TurnFinished(turn=turn):
                things["end of turn", turn] += 1
            case InterruptHandled(through=through):
                things["stop", through] += 1
            case _:
                pass
    yield from (f"{thing} is in the log {times} times" for thing, times in things.items() if times > 1)
    yield from (f"{post} was posted {times} times" for post, times in posts.items() if times > 1)
    yield from (f"{call} had its effect twice" for call, times in _times(effects) if times > 2)
    epochs = [entry.epoch for entry in recorded if entry.epoch is not None]
    if epochs != sorted(epochs):
        yield "a worker wrote after its replacement"


def _late(recorded: list[RecordedEvent], effects: list[tuple[str, float]]) -> Iterator[str]:
    ended = {
        entry.event.call: entry.recorded_at.timestamp()
        for entry in recorded
        if isinstance(entry.event, ToolFinished)
    }
    for call, at in effects:
        if call in ended and at > ended[call]:
            yield f"{call} had an effect {at - ended[call]:.3f} s after its end was recorded"


def _ends(recorded: list[RecordedEvent]) -> dict[str, str]:
    return {
        entry.event.call: entry.event.status for entry in recorded if isinstance(entry.event, ToolFinished)
    }


def _times(effects: list[tuple[str, float]]) -> set[tuple[str, int]]:
    """Each call with the number of its lines: two when it ran once."""
    return set(Counter(call for call, _ in effects).items())
