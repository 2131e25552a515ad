"""Chores: what has to be done once in a period, by one of any number of processes.

Whoever takes a chore has it under a lease and an epoch. Its result belongs to the transaction that says it is
done, so that a holder whose lease another took over changes nothing. All times are the database's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, text

from memory.database import transaction
from memory.errors import LeaseLost

Period = Literal["day", "week"]

LEASE_SECONDS = 600.0
"""Without a word, after which another process may begin anew."""

TAKE = text("""
    -- The current period begins at the latest `hour` of a day, or of a Monday. Nothing is returned when the
    -- chore was done for it, or is in somebody's hands.
    WITH current AS (
        SELECT date_trunc(:period, clock_timestamp() - make_interval(hours => :hour))
            + make_interval(hours => :hour) AS begun
    )
    INSERT INTO chores (team, name, epoch, lease_until)
    SELECT :team, :name, 1, clock_timestamp() + make_interval(secs => :lease) FROM current
    ON CONFLICT (team, name) DO UPDATE
    SET epoch = chores.epoch + 1, lease_until = excluded.lease_until
    WHERE (chores.done_for IS NULL OR chores.done_for < (SELECT begun FROM current))
        AND (chores.lease_until IS NULL OR chores.lease_until < clock_timestamp())
    RETURNING epoch, (SELECT begun FROM current) AS begun
""")

RENEW = text("""
    UPDATE chores SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE team = :team AND name = :name AND epoch = :epoch AND lease_until IS NOT NULL
    RETURNING epoch
""")

FINISH = text("""
    UPDATE chores SET done_for = :begun, lease_until = NULL
    WHERE team = :team AND name = :name AND epoch = :epoch AND lease_until IS NOT NULL
    RETURNING epoch
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """What is to be done, and when: once in each period, which begins at an hour of the day in UTC."""

    name: str
    period: Period
    hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A chore in this process's hands."""

    team: str
    name: str
    epoch: int
    begun: datetime
    """The beginning of the period that it is done for."""


class Chores:
    """Hands chores out. Safe to use from several threads. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, team: str, chore: Chore, *, lease: float = LEASE_SECONDS) -> Taken | None:
        """Take the chore, unless it was done for this period or somebody has it."""
        asked = {"team": team, "name": chore.name, "period": chore.period, "hour": chore.hour, "lease": lease}
        with transaction(self._engine) as connection:
            row = connection.execute(TAKE, asked).one_or_none()
        if row is None:
            return None
        return Taken(team=team, name=chore.name, epoch=row.epoch, begun=row.begun)

    def renew(self, taken: Taken, *, lease: float = LEASE_SECONDS) -> None:
        """Keep the chore for longer. Raises `LeaseLost`."""
        with transaction(self._engine) as connection:
            _require(connection.execute(RENEW, _key(taken) | {"lease": lease}).one_or_none(), taken)

    def finish(self, connection: Connection, taken: Taken) -> None:
        """The chore is done for its period from the commit on. Raises `LeaseLost`: keep nothing then."""
        _require(connection.execute(FINISH, _key(taken) | {"begun": taken.begun}).one_or_none(), taken)


def _key(taken: Taken) -> dict[str, object]:
    return {"team": taken.team, "name": taken.name, "epoch": taken.epoch}


def _require(row: object, taken: Taken) -> None:
    if row is None:
        raise LeaseLost(f"The chore {taken.name} is in another process's hands.")
