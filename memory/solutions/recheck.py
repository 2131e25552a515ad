"""Threads that the memory holds and that are to be compared with Slack again, the longest unseen first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, text

from memory.database import transaction
from memory.solutions.withdrawal import withdraw

NEXT = text("""
    -- One thread of a Slack channel for one process: whoever takes it marks it as seen, in all its turns.
    UPDATE solutions SET seen_at = clock_timestamp()
    WHERE outcome <> 'withdrawn' AND (team, channel, thread) IN (
        SELECT team, channel, thread FROM solutions
        WHERE team = :team AND outcome <> 'withdrawn' AND channel ~ '^[CDG][A-Z0-9]{8,}$'
            AND seen_at < clock_timestamp() - make_interval(secs => :age)
        ORDER BY seen_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, channel, thread, session_id, jsonb_array_length(conversation) AS messages
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A thread as the memory holds it."""

    channel: str
    thread: str
    session: UUID | None
    """The session that taught it; None for an import."""
    solutions: tuple[UUID, ...]
    messages: int
    """Messages with words that an import read."""


class Recheck:
    """Says which thread is next. Any number of processes may ask."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next(self, team: str, *, age: float) -> Remembered | None:
        """The thread that was seen longest ago, if that is `age` seconds or more; it counts as seen now."""
        with transaction(self._engine) as connection:
            rows = connection.execute(NEXT, {"team": team, "age": age}).all()
        if not rows:
            return None
        return Remembered(
            channel=rows[0].channel,
            thread=rows[0].thread,
            session=rows[0].session_id,
            solutions=tuple(row.id for row in rows),
            messages=rows[0].messages,
        )

    def withdraw(self, solutions: Iterable[UUID]) -> None:
        """What taught them is gone from Slack."""
        with transaction(self._engine) as connection:
            for solution in sorted(solutions):
                withdraw(connection, solution)
