"""Until when a workspace was listened to: the beginning of what a new start may have missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, text

from memory.database import transaction

TOUCH = text("""
    -- Somebody listens now. Times only move forward, whichever listener writes last.
    INSERT INTO listening (team, heard_until) VALUES (:team, clock_timestamp())
    ON CONFLICT (team) DO UPDATE SET heard_until = greatest(listening.heard_until, excluded.heard_until)
""")

SELECT_UNTIL = text("""
    -- The last moment at which somebody listened, and the time now.
    SELECT heard_until, clock_timestamp() AS now FROM listening WHERE team = :team
""")

SELECT_THREADS = text("""
    -- Threads in which people may have gone on talking: those that moved last, newest first.
    SELECT channel, thread FROM sessions
    WHERE team = :team AND updated_at > clock_timestamp() - make_interval(days => :days)
    ORDER BY updated_at DESC LIMIT :limit
""")


class Listening:
    """The record of who listened until when."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def touch(self, team: str) -> None:
        """The workspace is listened to at this moment."""
        with transaction(self._engine) as connection:
            connection.execute(TOUCH, {"team": team})

    def gap(self, team: str) -> tuple[datetime, datetime] | None:
        """The last moment somebody listened and the time now; None when nobody ever did."""
        with transaction(self._engine) as connection:
            row = connection.execute(SELECT_UNTIL, {"team": team}).one_or_none()
        return None if row is None else (row.heard_until, row.now)

    def recent_threads(self, team: str, *, days: int, limit: int) -> list[tuple[str, str]]:
        """Channel and thread of the sessions that moved last."""
        with transaction(self._engine) as connection:
            rows = connection.execute(SELECT_THREADS, {"team": team, "days": days, "limit": limit})
            return [(row.channel, row.thread) for row in rows]
