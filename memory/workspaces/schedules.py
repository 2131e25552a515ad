"""Work that repeats: kept for a channel, taken by one process when it is due, moved on when it was opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, TextClause, text

from memory.database import transaction
from memory.workspaces.recurrence import Recurrence

MOST = 20
"""Of one channel, held by a constraint of the table: more would be noise that nobody reads."""

LOCK_CHANNEL = text("""
    -- Who adds to one channel at the same time waits, so that each gets a number of its own.
    SELECT pg_advisory_xact_lock(hashtextextended(:team || ':' || :channel, 0))
""")

ADD = text("""
    -- Under the lowest number that is free; no row when there is none.
    INSERT INTO schedules (team, channel, number, days, at, zone, words, created_by, next_at)
    SELECT :team, :channel, free.number, :days, :at, :zone, :words, :by, :next_at
    FROM generate_series(1, :most) AS free (number)
    WHERE NOT EXISTS (
        SELECT FROM schedules WHERE team = :team AND channel = :channel AND number = free.number
    )
    ORDER BY free.number LIMIT 1
    RETURNING *
""")

OF_CHANNEL = text("""
    -- For whoever asks in the channel.
    SELECT * FROM schedules WHERE team = :team AND channel = :channel ORDER BY number
""")

OF_PERSON = text("""
    -- For their own eyes.
    SELECT * FROM schedules WHERE team = :team AND created_by = :by ORDER BY channel, number LIMIT :limit
""")

CANCEL = text("""
    -- Only where it is: a channel decides over its own.
    DELETE FROM schedules WHERE id = :id AND team = :team AND channel = :channel RETURNING *
""")

CLAIM = text("""
    -- Take what has been due for longest, unless another process opens it now.
    UPDATE schedules SET tries = tries + 1, held_until = clock_timestamp() + make_interval(secs => :ttl)
    WHERE id = (
        SELECT id FROM schedules
        WHERE team = :team AND next_at <= statement_timestamp()
          AND (held_until IS NULL OR held_until <= statement_timestamp())
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *, clock_timestamp() AS now
""")

MOVE_ON = text("""
    -- What was due is done with, once, whoever did it.
    UPDATE schedules SET next_at = :next_at, parked = :parked, tries = 0, held_until = NULL
    WHERE id = :id AND next_at = :due
""")

PUT_OFF = text("""
    -- It stays due, and is left alone for a while.
    UPDATE schedules SET held_until = clock_timestamp() + make_interval(secs => :delay)
    WHERE id = :id AND next_at = :due
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is asked in a channel again and again."""

    id: int
    team: str
    channel: str
    number: int
    """What people call it by in the channel."""
    recurrence: Recurrence
    zone: str
    """IANA name."""
    words: str
    """Plain text, without secrets."""
    by: str
    """The Slack user for whom it is asked."""
    next_at: datetime | None
    """None when it is parked."""
    parked: str | None
    """Why it does not go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A schedule that this process alone is to open now."""

    schedule: Schedule
    at: datetime
    """When it was due."""
    now: datetime
    """Database clock."""
    tries: int
    """How often it was taken for this very time; after the first its thread may be there already."""


class Schedules:
    """The table `schedules`. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        team: str,
        channel: str,
        recurrence: Recurrence,
        *,
        zone: str,
        words: str,
        by: str,
        next_at: datetime,
    ) -> Schedule | None:
        """Keep it, first due at `next_at`; None when the channel has as many as it may."""
        given = {"team": team, "channel": channel, "zone": zone, "words": words, "by": by, "next_at": next_at}
        given |= {"days": sorted(recurrence.days), "at": recurrence.at, "most": MOST}
        with transaction(self._engine) as connection:
            connection.execute(LOCK_CHANNEL, given)
            row = connection.execute(ADD, given).mappings().one_or_none()
        return None if row is None else _schedule(row)

    def of_channel(self, team: str, channel: str) -> list[Schedule]:
        """All of the channel, by number."""
        return [_schedule(row) for row in self._rows(OF_CHANNEL, team=team, channel=channel)]

    def of_person(self, team: str, by: str, *, limit: int) -> list[Schedule]:
        """Those that are asked for the person, wherever."""
        return [_schedule(row) for row in self._rows(OF_PERSON, team=team, by=by, limit=limit)]

    def cancel(self, team: str, channel: str, identifier: int) -> Schedule | None:
        """Forget the schedule with this id, of this channel; None when there is none."""
        rows = self._rows(CANCEL, team=team, channel=channel, id=identifier)
        return _schedule(rows[0]) if rows else None

    def claim(self, team: str, ttl: float) -> Due | None:
        """What has been due for longest, for this process alone for `ttl` seconds; None when nothing is."""
        rows = self._rows(CLAIM, team=team, ttl=ttl)
        if not rows:
            return None
        row = rows[0]
        return Due(schedule=_schedule(row), at=row["next_at"], now=row["now"], tries=row["tries"])

    def move_on(self, due: Due, next_at: datetime) -> None:
        """It was opened or passed over, and is due again then. Doing it twice changes nothing."""
        self._rows(MOVE_ON, id=due.schedule.id, due=due.at, next_at=next_at, parked=None)

    def park(self, due: Due, reason: str) -> None:
        """It is not opened any more."""
        self._rows(MOVE_ON, id=due.schedule.id, due=due.at, next_at=None, parked=reason)

    def put_off(self, due: Due, delay: float) -> None:
        """Whoever is first after `delay` seconds tries again."""
        self._rows(PUT_OFF, id=due.schedule.id, due=due.at, delay=delay)

    def _rows(self, statement: TextClause, **parameters: Any) -> Sequence[RowMapping]:
        with transaction(self._engine) as connection:
            result = connection.execute(statement, parameters)
            return result.mappings().all() if result.returns_rows else []


def _schedule(row: RowMapping) -> Schedule:
    return Schedule(
        id=row["id"],
        team=row["team"],
        channel=row["channel"],
        number=row["number"],
        recurrence=Recurrence(days=frozenset(row["days"]), at=row["at"]),
        zone=row["zone"],
        words=row["words"],
        by=row["created_by"],
        next_at=row["next_at"],
        parked=row["parked"],
    )
