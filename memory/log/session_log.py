"""The session log: the only truth, and who may add to it.

A session's row is its lock, its counter, its fence and its alarm. Anybody may `receive` what Slack said; only
the holder of the lease may `append`. The guarantees, each held by one statement in `memory.log.sql`:

- numbers are without gaps and in the order of commit, because they are handed out under the row's lock;
- a delivery is kept once, because its key is unique within the session;
- a worker whose session was claimed by another writes nothing more, because its epoch does not match;
- no wake-up is lost, because a session comes to rest only at the head that its worker has read.

Every method is one transaction and may raise DatabaseLost: then whether it took effect is unknown, and the
log will tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, TextClause

from memory.database import transaction
from memory.errors import LeaseLost
from memory.log import sql
from memory.log.codec import decode, encode
from memory.log.events import (
    Event,
    InterruptRequested,
    MessageReceived,
    ModelRequested,
    Received,
    Recorded,
    RecordedEvent,
    SessionClosed,
    SessionOpened,
)
from memory.log.failpoints import Reached, off
from memory.log.file_events import FilesShared
from memory.log.sessions import (
    Lease,
    Receipt,
    Renewal,
    SessionRow,
    ThreadAddress,
    ThreadState,
)

__all__ = [
    "Lease",
    "Receipt",
    "RecordedEvent",
    "Renewal",
    "SessionLog",
    "SessionRow",
    "ThreadAddress",
    "ThreadState",
]
from memory.log.thread_events import AttentionChanged


class SessionLog:
    """The logs of all sessions in one database."""

    def __init__(self, engine: Engine, *, reached: Reached = off) -> None:
        self._engine = engine
        self.reached = reached

    def receive(
        self,
        address: ThreadAddress,
        events: Sequence[Received],
        *,
        delivery_key: str,
        opening: SessionOpened | None = None,
        within: Callable[[Connection, UUID], None] | None = None,
    ) -> Receipt | None:
        """Put what was heard in the thread into its log and make the session runnable now.

        A thread without a session gets one that begins with `opening`; without an opening nothing is written
        and the answer is None. What was delivered before under `delivery_key` is not written again. A message
        opens a closed session again. `events` must not be empty. `within` writes more of the session in the
        same transaction.
        """
        with self._writing("receive") as connection:
            opened = (
                opening is not None and connection.execute(sql.OPEN, _thread(address)).first() is not None
            )
            row = connection.execute(sql.LOCK_THREAD, _thread(address)).one_or_none()
            if row is None:
                return None
            earlier = connection.execute(
                sql.DELIVERED, {"session": row.id, "delivery_key": delivery_key}
            ).scalar_one_or_none()
            if earlier is not None:
                return Receipt(session=row.id, seq=earlier, opened=False, duplicate=True, now=row.now)
            new = [opening, *events] if opened and opening is not None else [*events]
            _advance_received(connection, row.id, new)
            _insert(connection, row.id, row.head, new, delivery_key=delivery_key)
            if within is not None:
                within(connection, row.id)
            connection.execute(sql.HINT)
            return Receipt(
                session=row.id, seq=row.head + len(new), opened=opened, duplicate=False, now=row.now
            )

    def append(
        self, lease: Lease, *events: Recorded, within: Callable[[Connection], None] | None = None
    ) -> int:
        """Add the holder's events and return the new head; `within` writes more in the same transaction.

        Raises LeaseLost, with nothing written, when the session was claimed by another or given up.
        """
        with self._writing("append") as connection:
            head = connection.execute(
                sql.ADVANCE_HELD,
                _held(lease)
                | {
                    "count": len(events),
                    "close": any(isinstance(event, SessionClosed) for event in events),
                    "progress": any(not isinstance(event, ModelRequested) for event in events),
                },
            ).scalar_one_or_none()
            if head is None:
                raise _lost(lease)
            _insert(connection, lease.session, head - len(events), events, epoch=lease.epoch)
            if within is not None:
                within(connection)
            return int(head)

    def read(self, session: UUID, after: int = 0) -> list[RecordedEvent]:
        """The events of the session with numbers above `after`, in order.

        Raises UnknownEvent when a newer program wrote one of them.
        """
        return [
            RecordedEvent(
                seq=row["seq"],
                recorded_at=row["recorded_at"],
                epoch=row["epoch"],
                event=decode(row["type"], row["version"], row["payload"]),
            )
            for row in self._rows(sql.SELECT_EVENTS, session=session, after=after)
        ]

    def thread_state(self, address: ThreadAddress) -> ThreadState | None:
        """What the listener must know of the thread; None when it has no session."""
        rows = self._rows(sql.SELECT_THREAD, **_thread(address))
        if not rows:
            return None
        events = [decode(row["type"], row["version"], row["payload"]) for row in rows if row["type"]]
        switches = [event for event in events if isinstance(event, AttentionChanged)]
        turns = [event for event in events if not isinstance(event, AttentionChanged)]
        return ThreadState(
            session=rows[0]["id"],
            closed=rows[0]["status"] == "closed",
            authors=tuple(
                dict.fromkeys(event.author for event in events if isinstance(event, MessageReceived))
            ),
            working=bool(turns) and isinstance(turns[-1], MessageReceived),
            only_mentions=rows[0]["only_mentions"],
            quiet=switches[-1].quiet if switches else None,
        )

    def delivered(self, session: UUID, delivery_key: str) -> bool:
        """Whether the log holds what came under this key."""
        return bool(self._rows(sql.DELIVERED, session=session, delivery_key=delivery_key))

    def claim(
        self,
        owner: str,
        ttl: float,
        *,
        team: str | None = None,
        without: Sequence[UUID] = (),
        background: bool = False,
    ) -> Lease | None:
        """Take the session that has been runnable for longest, for `ttl` seconds; None when there is none.

        Of the workspace `team` alone, when it is given: a token of one can do nothing in another. Never one
        of `without`. With `background` one that was handed over for background work, else one that somebody
        waits for. A delivery takes a background lease away.
        """
        wanted = {
            "owner": owner,
            "ttl": ttl,
            "team": team,
            "without": list(without),
            "background": background,
        }
        with self._writing("claim") as connection:
            row = connection.execute(sql.CLAIM, wanted).one_or_none()
        if row is None:
            return None
        return Lease(
            session=row.id,
            address=ThreadAddress(team=row.team, channel=row.channel, thread=row.thread),
            owner=owner,
            epoch=row.lease_epoch,
            head=row.head,
            interrupt_seq=row.interrupt_seq,
            barren_claims=row.barren_claims,
            now=row.now,
            until=row.lease_until,
            background=background,
        )

    def renew(self, owner: str, ttl: float, leases: Sequence[Lease]) -> list[Renewal]:
        """Hold the leases for `ttl` seconds from now. One that is missing from the answer is lost."""
        held = {
            "owner": owner,
            "ttl": ttl,
            "sessions": [lease.session for lease in leases],
            "epochs": [lease.epoch for lease in leases],
        }
        with self._writing("renew") as connection:
            rows = connection.execute(sql.RENEW, held).mappings().all()
        return [
            Renewal(
                session=row["id"],
                epoch=row["lease_epoch"],
                head=row["head"],
                interrupt_seq=row["interrupt_seq"],
            )
            for row in rows
        ]

    def rest(self, lease: Lease, *, head: int, delay: float | None) -> bool:
        """Give the lease up until somebody writes, or for `delay` seconds at most.

        False, and the lease is kept, when the log has moved beyond `head`, the last number that was read.
        Raises LeaseLost.
        """
        with self._writing("rest") as connection:
            if connection.execute(sql.REST, _held(lease) | {"head": head, "delay": delay}).rowcount:
                return True
            if not connection.execute(sql.HELD, _held(lease)).rowcount:
                raise _lost(lease)
            return False

    def release(
        self, lease: Lease, *, head: int | None = None, delay: float = 0.0, background: bool = False
    ) -> None:
        """Hand the session over to any worker, at once or after `delay` seconds. A lost lease is let be.

        `background`: nobody waits for what is left to do.

        The delay holds only while `head`, by default that of the claim, is the last number: what was heard
        since then wants an answer.
        """
        with self._writing("release") as connection:
            if (
                connection.execute(
                    sql.RELEASE,
                    _held(lease)
                    | {
                        "delay": delay,
                        "head": lease.head if head is None else head,
                        "background": background,
                    },
                ).rowcount
                and not delay
            ):
                connection.execute(sql.HINT)

    def sessions(self, *, limit: int = 50) -> list[SessionRow]:
        """The sessions that changed last."""
        return [_session_row(row) for row in self._rows(sql.SELECT_RECENT, limit=limit)]

    def sessions_of(self, team: str, channel: str, *, limit: int = 50) -> list[SessionRow]:
        """The sessions of a channel that changed last."""
        rows = self._rows(sql.SELECT_OF_CHANNEL, team=team, channel=channel, limit=limit)
        return [_session_row(row) for row in rows]

    def sessions_of_person(
        self, team: str, person: str, *, days: int, looked_into: int, limit: int
    ) -> list[SessionRow]:
        """The sessions that the person spoke to or may decide in, latest first.

        Of the last `days`, and of the `looked_into` that changed last in the workspace.
        """
        wanted = {"team": team, "person": person, "days": days, "looked_into": looked_into, "limit": limit}
        return [_session_row(row) for row in self._rows(sql.SELECT_OF_PERSON, **wanted)]

    def find(self, prefix: str, *, limit: int = 10) -> list[SessionRow]:
        """The sessions whose id begins with `prefix`; a whole id finds one or none."""
        rows = self._rows(sql.SELECT_BY_PREFIX, prefix=prefix.strip().lower(), limit=limit)
        return [_session_row(row) for row in rows]

    def put_blob(self, session: UUID, call: str, content: bytes) -> None:
        """Keep the whole output of a call. Putting it again changes nothing."""
        with self._writing("keep_output") as connection:
            connection.execute(sql.PUT_BLOB, {"session": session, "call": call, "content": content})

    def get_blob(self, session: UUID, call: str) -> bytes | None:
        """The whole output of a call, or None when none was kept."""
        rows = self._rows(sql.GET_BLOB, session=session, call=call)
        return bytes(rows[0]["content"]) if rows else None

    def now(self) -> datetime:
        """The database's clock."""
        moment: datetime = self._rows(sql.NOW)[0]["clock_timestamp"]
        return moment

    @contextmanager
    def _writing(self, name: str) -> Iterator[Connection]:
        """One transaction, with the failpoints around its commit."""
        with transaction(self._engine) as connection:
            yield connection
            self.reached(f"{name}:before")
        self.reached(f"{name}:after")

    def _rows(self, statement: TextClause, **parameters: Any) -> Sequence[RowMapping]:
        with transaction(self._engine) as connection:
            return connection.execute(statement, parameters).mappings().all()


def _advance_received(connection: Connection, session: UUID, events: Sequence[Event]) -> None:
    interrupts = [n for n, event in enumerate(events, start=1) if isinstance(event, InterruptRequested)]
    connection.execute(
        sql.ADVANCE_RECEIVED,
        {
            "session": session,
            "count": len(events),
            "interrupt": interrupts[-1] if interrupts else None,
            "reopen": any(isinstance(event, MessageReceived | FilesShared) for event in events),
        },
    )


def _insert(
    connection: Connection,
    session: UUID,
    head: int,
    events: Sequence[Event],
    *,
    epoch: int | None = None,
    delivery_key: str | None = None,
) -> None:
    types, versions, payloads = zip(*map(encode, events), strict=True)
    connection.execute(
        sql.INSERT_EVENTS,
        {
            "session": session,
            "head": head,
            "count": len(events),
            "types": list(types),
            "versions": list(versions),
            "payloads": list(payloads),
            "epoch": epoch,
            "delivery_key": delivery_key,
        },
    )


def _thread(address: ThreadAddress) -> dict[str, str]:
    return {"team": address.team, "channel": address.channel, "thread": address.thread}


def _held(lease: Lease) -> dict[str, Any]:
    return {"session": lease.session, "epoch": lease.epoch, "owner": lease.owner}


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"Session {lease.session} is no longer held by {lease.owner} in epoch {lease.epoch}.")


def _session_row(row: RowMapping) -> SessionRow:
    fields = {name: value for name, value in row.items() if name not in {"id", "team", "channel", "thread"}}
    address = ThreadAddress(team=row["team"], channel=row["channel"], thread=row["thread"])
    return SessionRow(session=row["id"], address=address, **fields)
