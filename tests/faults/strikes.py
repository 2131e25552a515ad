"""What was done to the product, when, and which sessions it met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

SELECT_OPEN = text("""
    -- The sessions that are at work or due soon, all or those of one owner, and the database's clock. What is
    -- due much later is the second look at a session that was given up.
    SELECT clock_timestamp() AS now,
           array(SELECT id FROM sessions WHERE runnable_at < clock_timestamp() + interval '10 minutes'
                   AND (CAST(:owner AS text) IS NULL
                        OR lease_owner = :owner AND lease_until > clock_timestamp())) AS sessions
""")


SELECT_STILL_OPEN = text("""
    -- What is counted above, whole, and what happened last.
    SELECT id, status, lease_epoch, barren_claims, lease_owner, lease_until, runnable_at,
           clock_timestamp() AS now,
           array(SELECT type FROM events WHERE session_id = id ORDER BY seq DESC LIMIT 6) AS latest
      FROM sessions WHERE runnable_at < clock_timestamp() + interval '10 minutes'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One fault."""

    kind: str
    at: datetime
    """Database clock."""
    hit: frozenset[UUID]
    """The sessions that were at work, of the worker that was hit where it was one."""
    stops: bool
    """Whether it stops work, so that the time until the next step can be measured."""


class Strikes:
    """Keeps every fault of a run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.all: list[Strike] = []

    def open_sessions(self) -> int:
        """How many sessions are at work or due."""
        return len(self._look(None)[1])

    def still_open(self) -> list[str]:
        """Each of them with its lease and its alarm, for whoever looks for what keeps it."""
        with self._engine.connect() as connection:
            return [str(row) for row in connection.execute(SELECT_STILL_OPEN)]

    def record(self, kind: str, *, owner: str | None = None, stops: bool = False) -> None:
        """A fault is about to be injected; into the worker `owner` where it is one."""
        at, hit = self._look(owner)
        self.all.append(Strike(kind=kind, at=at, hit=hit, stops=stops))

    def _look(self, owner: str | None) -> tuple[datetime, frozenset[UUID]]:
        with self._engine.connect() as connection:
            row = connection.execute(SELECT_OPEN, {"owner": owner}).one()
        return row.now, frozenset(row.sessions)
