"""Threads that a fault test opens, and what must be true of each in the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.events import (
    InterruptHandled,
    MessageReceived,
    SandboxAttached,
    SolutionIndexed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log import RecordedEvent, SessionLog, ThreadAddress
from tests.support.product import key

CHANNELS = ("general", "data-platform", "shop-backend", "help-python")
Kind = Literal["left alone", "steered", "stopped"]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A thread, and what people do in it while it runs."""

    slack: LocalWorkspace
    channel: str
    thread: str
    number: int
    kind: Kind
    done: bool = False

    def interfere(self, chance: random.Random) -> None:
        """Perhaps now: steer or stop it, once."""
        if self.done or self.kind == "left alone" or chance.random() < 0.5:
            return
        self.done = True
        word = "stop" if self.kind == "stopped" else "and keep the row order"
        self.slack.post("ada", self.channel, word, self.thread)

    def check(self, log: SessionLog, data: Path, steps: int) -> int:
        """Assert what is promised; gives how many posts stand in the thread twice."""
        address = ThreadAddress(team=TEAM, channel=self.slack.channel_id(self.channel), thread=self.thread)
        state = log.thread_state(address)
        assert state is not None, self
        recorded = log.read(state.session)
        assert [event.seq for event in recorded] == list(range(1, len(recorded) + 1))
        self._check_epochs(recorded)
        events = [entry.event for entry in recorded]
        started = [event.call for event in events if isinstance(event, ToolStarted)]
        finished = [event.call for event in events if isinstance(event, ToolFinished)]
        assert len(set(started)) == len(started), self
        assert len(set(finished)) == len(finished), self
        heard = [event.ts for event in events if isinstance(event, MessageReceived)]
        assert len(set(heard)) == len(heard) == (2 if self.kind == "steered" and self.done else 1)
        counted = self._counted(recorded, data)
        outcomes = [event.outcome for event in events if isinstance(event, TurnFinished)]
        if "interrupted" in outcomes:
            assert self.kind == "stopped"
            self._check_stopped(recorded)
            assert len(counted) <= len(started), self
        else:
            outputs = [event.output.strip() for event in events if isinstance(event, ToolFinished)]
            assert outputs == [str(step + 1) for step in range(steps)], self
            assert counted == ["counted"] * steps, self
            indexed = [event.turn for event in events if isinstance(event, SolutionIndexed)]
            assert sorted(set(indexed)) == list(range(1, len(outcomes) + 1)), self
        return self._check_posts(outcomes, steps)

    def _check_epochs(self, recorded: list[RecordedEvent]) -> None:
        """No worker that was replaced wrote after its replacement."""
        epochs = [event.epoch for event in recorded if event.epoch is not None]
        assert epochs == sorted(epochs), self

    def _check_stopped(self, recorded: list[RecordedEvent]) -> None:
        at = next(event.seq for event in recorded if isinstance(event.event, InterruptHandled))
        late = [event for event in recorded if event.seq > at and isinstance(event.event, ToolStarted)]
        assert late == [], self

    def _counted(self, recorded: list[RecordedEvent], data: Path) -> list[str]:
        """The lines of the counter in the workspace."""
        attached = [event.event for event in recorded if isinstance(event.event, SandboxAttached)]
        if not attached:
            return []
        session, token = attached[-1].reference.split(".")
        counter = data / "workspaces" / "sessions" / session / "files" / token / "workspace" / "counter"
        return counter.read_text().splitlines() if counter.exists() else []

    def _check_posts(self, outcomes: Sequence[str], steps: int) -> int:
        messages = self.slack.messages(self.channel, self.thread)
        posts = [message for message in messages if message["user"] == OXBOW]
        answers = {key(post): post["text"] for post in posts if key(post).startswith("answer:")}
        answered = [turn for turn, outcome in enumerate(outcomes, start=1) if outcome == "answered"]
        assert answers == {f"answer:{turn}:1": f"Thread {self.number} counted {steps}." for turn in answered}
        return len(posts) - len({key(post) for post in posts})
