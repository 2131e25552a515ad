"""Rows of the tables of `decide`: a log, its surroundings, and the step that follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.brain.decide import decide
from bot.brain.steps import (
    Facts,
    Step,
    Visibility,
)
from memory.log.events import (
    Event,
    InterruptRequested,
    TurnFinished,
)
from tests.brain.logs import (
    at,
    session_of,
)

STOP = InterruptRequested(by="U1", source="word")
DONE = TurnFinished(turn=1, outcome="answered")


def facts(*, now: datetime | None = None, visibility: Visibility = "public", barren_claims: int = 0) -> Facts:
    """A public channel at a time when every delay is over, unless it is said otherwise."""
    return Facts(now=now or at(10_000), visibility=visibility, barren_claims=barren_claims)


def step(*events: Event, known: Facts | None = None) -> Step:
    """What follows these events."""
    return decide(session_of(*events), known or facts())


@dataclass(frozen=True)
class Row:
    """A log, what the session's surroundings are, and the step that follows; `why` names the row."""

    why: str
    events: tuple[Event, ...]
    then: Step
    known: Facts = facts()  # noqa: RUF009 - immutable
