"""How often all processes together may ask an outside service: an allowance that refills evenly.

The generic cell rate algorithm (ITU-T I.371) in one statement: what is kept is when the next call would come
if they came evenly. A call that comes earlier than that by no more than the burst is made at once; one that
must wait no longer than its patience has its place kept; any other is refused and costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from memory.database import transaction

TAKE = text("""
    -- One call, if it need not wait longer than the patience; the seconds until it may be made.
    INSERT INTO allowances AS a (team, name, due)
    VALUES (:team, :name, clock_timestamp() + make_interval(secs => :every))
    ON CONFLICT (team, name) DO UPDATE
        SET due = greatest(a.due, clock_timestamp()) + make_interval(secs => :every)
        WHERE a.due <= clock_timestamp() + make_interval(secs => :ahead + :patience)
    RETURNING extract(epoch FROM due - clock_timestamp())::float8 - :every - :ahead AS wait
""")

WAIT = text("""
    -- The seconds until a call would be made at once.
    SELECT extract(epoch FROM due - clock_timestamp())::float8 - :ahead AS wait
    FROM allowances WHERE team = :team AND name = :name
""")

HOLD = text("""
    -- Nothing for so many seconds.
    INSERT INTO allowances AS a (team, name, due)
    VALUES (:team, :name, clock_timestamp() + make_interval(secs => :ahead + :seconds))
    ON CONFLICT (team, name) DO UPDATE SET due = greatest(a.due, excluded.due)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many calls at once, then one every so many seconds."""

    burst: int
    every: float

    @property
    def ahead(self) -> float:
        """Seconds by which calls may run ahead of an even row."""
        return (self.burst - 1) * self.every


class Allowances:
    """What is left of each allowance of a team. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine, team: str) -> None:
        self._engine = engine
        self._team = team

    def take(self, name: str, allowance: Allowance, *, patience: float) -> tuple[bool, float]:
        """Whether the call may be made, and the seconds to wait before it, or before another try."""
        asked = {"team": self._team, "name": name, "ahead": allowance.ahead}
        with transaction(self._engine) as connection:
            taken = connection.execute(
                TAKE, asked | {"every": allowance.every, "patience": patience}
            ).scalar()
            if taken is not None:
                return True, max(0.0, taken)
            return False, max(0.0, connection.execute(WAIT, asked).scalar_one())

    def hold(self, name: str, allowance: Allowance, seconds: float) -> None:
        """The service itself asks everybody to wait so long."""
        asked = {"team": self._team, "name": name, "ahead": allowance.ahead, "seconds": seconds}
        with transaction(self._engine) as connection:
            connection.execute(HOLD, asked)
