"""Which sessions rest: what those who clean up after them must know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, text

from memory.database import transaction

# A session at rest is held by nobody and has no alarm; the claim that ends this raises its epoch.
STANDINGS = text("""
    SELECT id, lease_epoch, lease_owner IS NULL AND runnable_at IS NULL AS resting
    FROM sessions WHERE id = ANY(:sessions)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A session's latest epoch, and whether nobody holds it and nothing is due."""

    session: UUID
    epoch: int
    resting: bool


def standings(engine: Engine, sessions: Collection[UUID]) -> list[Standing]:
    """Those of the sessions that the database knows. Raises DatabaseLost."""
    with transaction(engine) as connection:
        rows = connection.execute(STANDINGS, {"sessions": list(sessions)}).all()
    return [Standing(session=row.id, epoch=row.lease_epoch, resting=row.resting) for row in rows]
