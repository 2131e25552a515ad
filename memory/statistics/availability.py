"""Availability of a session: in which minutes progress was owed to somebody, and in which it did not come.

Everything is read from the session's events. Progress is *owed* from a word to the session until its turn
ends, except while the session waits for a word in return. Of that time, all is *at work* in which one worker
held the session, told by the epoch that its next event repeats, or in which a command ran. The rest is
*idle*: nobody had taken the session up, its worker had died, or it waited to try again. A minute of the clock
is *lost* when it holds a part of an idle stretch of more than `PATIENCE`. Waits for the model's provider are
counted apart. Pure; `memory.statistics.sql` says the same of all sessions of a month in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

from memory.log.events import (
    ApprovalGiven,
    ApprovalRequested,
    Event,
    InterruptHandled,
    InterruptRequested,
    MessageDeleted,
    MessageReceived,
    ModelFailed,
    ModelRequested,
    RecordedEvent,
    ReplyPosted,
    SessionClosed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log.repository_events import RepositoryAsked, RepositoryChosen, RepositoryPicked
from memory.statistics.spans import Span, common, longer, merged, minutes, without

PATIENCE = timedelta(seconds=5)
"""A hand-over between workers takes a second at most and does not count; a takeover from a dead one takes
nine seconds and does."""

LONGEST_STEP = timedelta(minutes=15)
"""Between two events of one worker. Commands end after two minutes and the longest answers of a model after
about ten; a step that says nothing for longer hangs."""

SPOKEN: tuple[type[Event], ...] = (MessageReceived, InterruptRequested)
"""From here on somebody is owed progress."""

ENDS: tuple[type[Event], ...] = (TurnFinished, InterruptHandled, SessionClosed)
"""From here on nobody is, unless a message came in that was not read yet."""

READ: tuple[type[Event], ...] = (ModelRequested, InterruptRequested, MessageDeleted)
"""A message before one of these opens no turn of its own: it was read, stopped or withdrawn."""

WORK: tuple[type[Event], ...] = (ModelRequested, ToolStarted, ToolFinished)
"""A wait for people is over when one of these follows, also when nobody spoke after the wait began."""

Field: TypeAlias = tuple[str, str]
"""A field of an event, and the text that it must have."""

WAITS: Mapping[type[Event], Field | None] = {ReplyPosted: ("kind", "question")}
"""Events after which the session waits for people, which is nobody's fault; None: whatever the event says."""

PUT: tuple[type[Event], ...] = (ApprovalRequested, RepositoryAsked)
"""From here on the session waits for a decision, whatever else is said meanwhile."""

DECIDED: tuple[type[Event], ...] = (ApprovalGiven, RepositoryPicked, RepositoryChosen, InterruptRequested)
"""Until here."""

PROVIDER_FAULTS = ("overloaded", "broken")
"""Reasons of a failed model call that are the provider's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """One session in a stretch of time. Minutes are those of the clock, each by its beginning."""

    asked: frozenset[datetime]
    """Minutes in which somebody was owed progress."""
    own: frozenset[datetime]
    """Of these the minutes that were lost, the provider's faults left aside."""
    provider: frozenset[datetime]
    """Of these the minutes in which the model's provider kept the session waiting; they may be in both."""
    stalls: tuple[Span, ...]
    """The idle stretches of more than `PATIENCE` for which the provider is not to blame."""

    @property
    def lost(self) -> frozenset[datetime]:
        """Whoever is to blame."""
        return self.own | self.provider


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """The time from one event to the next."""

    begin: datetime
    end: datetime
    owed: bool
    held_since: datetime | None
    """The last event of the worker that holds the session now; None when nobody does."""

    @property
    def idle(self) -> Span:
        """The part of it in which nothing was at work."""
        if self.held_since is None:
            return self.begin, self.end
        return min(self.end, max(self.begin, self.held_since + LONGEST_STEP)), self.end


def availability(
    events: Sequence[RecordedEvent], *, now: datetime, held: bool, window: Span | None = None
) -> Availability:
    """Measure a session by all of its events, in order.

    `held`: whether the worker that wrote last still has its lease at `now`. Only what falls into `window` is
    told, by default everything; its bounds are those of minutes.
    """
    pieces = _pieces(events, now, held=held)
    asked = merged((piece.begin, piece.end) for piece in pieces if piece.owed)
    waits = common(_provider_waits(events), asked)
    idle = without([piece.idle for piece in pieces if piece.owed], [*waits, *_commands_joined(events)])
    stalls = longer(idle, PATIENCE)

    def told(spans: Sequence[Span]) -> frozenset[datetime]:
        return minutes(spans if window is None else common(spans, [window]))

    return Availability(
        asked=told(asked), own=told(stalls), provider=told(longer(waits, PATIENCE)), stalls=tuple(stalls)
    )


def _pieces(events: Sequence[RecordedEvent], now: datetime, *, held: bool) -> list[_Piece]:
    last = {recorded.epoch: recorded.seq for recorded in events if recorded.epoch is not None}
    if held and last:
        # The holder's next event is yet to come.
        last[max(last)] = len(events) + 1
    ends = [*(after.recorded_at for _, after in pairwise(events)), now]
    reading = _Reading()
    pieces, holder, held_at = [], None, None
    for recorded, end in zip(events, ends, strict=False):
        reading.read(recorded.seq, recorded.event)
        if recorded.epoch is not None:
            holder, held_at = recorded.epoch, recorded.recorded_at
        pieces.append(
            _Piece(
                begin=recorded.recorded_at,
                end=end,
                owed=reading.owed,
                held_since=held_at if holder is not None and last[holder] > recorded.seq else None,
            )
        )
    return pieces


class _Reading:
    """What the log says so far, as numbers of the last event of each meaning."""

    def __init__(self) -> None:
        self.spoken = self.message = self.read_through = self.ended = self.worked = self.waited = 0
        self.put = self.decided = 0

    @property
    def owed(self) -> bool:
        """Whether somebody is owed progress now."""
        waits = self.waited > max(self.spoken, self.worked) or self.put > max(self.decided, self.worked)
        return self.spoken > self.ended and not waits

    def read(self, seq: int, event: Event) -> None:
        """One more event."""
        if isinstance(event, MessageReceived):
            self.message = seq
        if isinstance(event, SPOKEN):
            self.spoken = seq
        if isinstance(event, READ):
            self.read_through = seq
        if isinstance(event, WORK):
            self.worked = seq
        if _waits(event):
            self.waited = seq
        if isinstance(event, PUT):
            self.put = seq
        if isinstance(event, DECIDED):
            self.decided = seq
        unread = self.message > self.read_through and not isinstance(event, SessionClosed)
        if isinstance(event, ENDS) and not unread:
            self.ended = seq


def _waits(event: Event) -> bool:
    if type(event) not in WAITS:
        return False
    field = WAITS[type(event)]
    return field is None or getattr(event, field[0]) == field[1]


def _provider_waits(events: Sequence[RecordedEvent]) -> list[Span]:
    """From each request that the provider failed to the moment of the next attempt."""
    written = [recorded for recorded in events if recorded.epoch is not None]
    return [
        (before.recorded_at, failed.recorded_at + timedelta(seconds=failed.event.delay or 0.0))
        for before, failed in pairwise(written)
        if isinstance(failed.event, ModelFailed) and failed.event.reason in PROVIDER_FAULTS
    ]


def _commands_joined(events: Sequence[RecordedEvent]) -> list[Span]:
    """Commands that ran on while their worker was replaced."""
    written = [recorded for recorded in events if recorded.epoch is not None]
    return [
        (after.recorded_at - timedelta(seconds=after.event.seconds), after.recorded_at)
        for before, after in pairwise(written)
        if isinstance(after.event, ToolFinished) and before.epoch != after.epoch
    ]
