"""The pull requests that are followed: which thread each belongs to, and when it is looked at next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from memory.database import Connection, Engine, transaction
from memory.log.session_log import ThreadAddress

ADD = text("""
    -- Once opened, it stays the session's; a worker that records it again changes nothing.
    INSERT INTO pull_requests (repository, number, team, channel, thread)
    VALUES (:repository, :number, :team, :channel, :thread)
    ON CONFLICT (repository, number) DO UPDATE SET look_after = clock_timestamp()
""")

TAKE_DUE = text("""
    -- Those that are due, each for one process: it is not due again before `again`.
    UPDATE pull_requests SET look_after = clock_timestamp() + :again
    WHERE (repository, number) IN (
        SELECT repository, number FROM pull_requests
        WHERE look_after <= clock_timestamp()
        ORDER BY look_after LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING repository, number, team, channel, thread, told, times
""")

TOLD = text("""
    -- What the session was told, unless another process told it something in between.
    UPDATE pull_requests
    SET told = :told, times = times + 1, look_after = clock_timestamp() + CAST(:again AS interval)
    WHERE repository = :repository AND number = :number AND times = :times
""")

LOOK_NOW = text("""
    -- Somebody says that something happened.
    UPDATE pull_requests SET look_after = clock_timestamp()
    WHERE repository = :repository AND number = :number
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A pull request whose turn it is to be looked at."""

    repository: str
    """Its address."""
    number: int
    thread: ThreadAddress
    told: str
    """What its session was told last, as one name."""
    times: int


class PullRequests:
    """The table `pull_requests`. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, connection: Connection, *, repository: str, number: int, thread: ThreadAddress) -> None:
        """Follow it from now on, in the transaction of the event that says that it was opened."""
        given = {"repository": repository, "number": number}
        connection.execute(ADD, given | _thread(thread))

    def take_due(self, again: timedelta, limit: int = 20) -> list[Followed]:
        """Those that are due now; whoever takes them looks, and they are due again after `again`."""
        with transaction(self._engine) as connection:
            rows = connection.execute(TAKE_DUE, {"again": again, "limit": limit}).all()
        return [
            Followed(
                repository=row.repository,
                number=row.number,
                thread=ThreadAddress(team=row.team, channel=row.channel, thread=row.thread),
                told=row.told,
                times=row.times,
            )
            for row in rows
        ]

    def told(self, followed: Followed, told: str, again: timedelta | None) -> None:
        """Its session was told this; without `again` nothing more is expected of it."""
        given = {"repository": followed.repository, "number": followed.number, "times": followed.times}
        with transaction(self._engine) as connection:
            connection.execute(TOLD, {**given, "told": told, "again": again})

    def look_now(self, repository: str, number: int) -> None:
        """It is due now; one that is not followed is none of ours."""
        with transaction(self._engine) as connection:
            connection.execute(LOOK_NOW, {"repository": repository, "number": number})


def _thread(address: ThreadAddress) -> dict[str, str]:
    return {"team": address.team, "channel": address.channel, "thread": address.thread}
