"""The workspaces that installed the app themselves. What Slack gave is kept sealed, unreadable here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, RowMapping, TextClause, text

from memory.database import transaction

KEEP = text("""
    -- The latest installation counts, and ends what parked an earlier one.
    INSERT INTO installations (team, sealed, expires_at) VALUES (:team, :sealed, :expires_at)
    ON CONFLICT (team) DO UPDATE SET
        sealed = excluded.sealed, expires_at = excluded.expires_at, installed_at = excluded.installed_at,
        parked = NULL
""")

ALL = text("""
    -- Every workspace, working ones and parked ones.
    SELECT *, clock_timestamp() AS now FROM installations ORDER BY team
""")

ONE = text("""
    -- As it is now.
    SELECT *, clock_timestamp() AS now FROM installations WHERE team = :team
""")

LOCK = text("""
    -- For whoever renews it: the others wait here and find it renewed.
    SELECT *, clock_timestamp() AS now FROM installations WHERE team = :team FOR UPDATE
""")

LOCK_UNLESS_HELD = text("""
    -- The same, and no row while another renews it: the old token is still good for a while.
    SELECT *, clock_timestamp() AS now FROM installations WHERE team = :team FOR UPDATE SKIP LOCKED
""")

RENEW = text("UPDATE installations SET sealed = :sealed, expires_at = :expires_at WHERE team = :team")

PARK = text("""
    -- Unless it was installed again after the moment of which that is told.
    UPDATE installations SET parked = :reason
    WHERE team = :team AND parked IS NULL
      AND (CAST(:before AS timestamptz) IS NULL OR installed_at <= CAST(:before AS timestamptz))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One workspace's."""

    team: str
    sealed: bytes
    expires_at: datetime | None
    """Of the token; None: never."""
    installed_at: datetime
    parked: str | None
    """Why nothing is done there."""
    now: datetime
    """Database clock, when this was read."""


Renewed: TypeAlias = tuple[bytes, datetime | None]
"""What is kept from now on, and when its token expires."""


class Installations:
    """The table `installations`. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, team: str, sealed: bytes, expires_at: datetime | None) -> None:
        """The workspace installed the app, or installed it again."""
        self._run(KEEP, team=team, sealed=sealed, expires_at=expires_at)

    def all(self) -> list[Installation]:
        """Every workspace, by its id."""
        return [_installation(row) for row in self._run(ALL)]

    def of(self, team: str) -> Installation | None:
        """The workspace's, as it is now."""
        rows = self._run(ONE, team=team)
        return _installation(rows[0]) if rows else None

    def park(self, team: str, reason: str, *, before: datetime | None = None) -> None:
        """Do nothing there until it is installed again; `before` is the moment of which that is told."""
        self._run(PARK, team=team, reason=reason, before=before)

    def renew(
        self, team: str, renewed: Callable[[Installation], Renewed | None], *, wait: bool
    ) -> Installation | None:
        """Let one process at a time renew it: `renewed` gives what to keep, or None to leave it as it is.

        With `wait` whoever comes meanwhile waits; without, they get None.
        """
        with transaction(self._engine) as connection:
            rows = _rows(connection, LOCK if wait else LOCK_UNLESS_HELD, team=team)
            if not rows:
                return None
            found = _installation(rows[0])
            new = renewed(found)
            if new is None:
                return found
            sealed, expires_at = new
            _rows(connection, RENEW, team=team, sealed=sealed, expires_at=expires_at)
            return _installation(_rows(connection, ONE, team=team)[0])

    def _run(self, statement: TextClause, **parameters: Any) -> Sequence[RowMapping]:
        with transaction(self._engine) as connection:
            return _rows(connection, statement, **parameters)


def _rows(connection: Connection, statement: TextClause, **parameters: Any) -> Sequence[RowMapping]:
    result = connection.execute(statement, parameters)
    return result.mappings().all() if result.returns_rows else []


def _installation(row: RowMapping) -> Installation:
    return Installation(**row)
