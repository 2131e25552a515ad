"""What the session log answers with, as plain data. Times are those of the database's clock, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

SessionStatus = Literal["running", "runnable", "waiting", "idle", "closed"]
"""Running: held by a worker. Runnable: to be claimed now. Waiting: to be claimed later. Idle: until somebody
writes. Closed: the same, and its last turn was its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadAddress:
    """Where a session lives: one Slack thread."""

    team: str
    channel: str
    thread: str
    """Slack time stamp of the thread's root message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The events of a delivery are durably in the log, the last of them at `seq`."""

    session: UUID
    seq: int
    opened: bool
    """Whether this delivery opened the session."""
    duplicate: bool
    """Whether an earlier delivery had brought them; nothing was written now."""
    now: datetime
    """The moment of the receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on a session, until another claim takes it."""

    session: UUID
    address: ThreadAddress
    owner: str
    epoch: int
    """The fence: raised by every claim, checked by every append and by the sandbox."""
    head: int
    """Number of the last event at the claim."""
    interrupt_seq: int
    """Number of the latest request to stop, 0 when there is none."""
    barren_claims: int
    """Claims since the last event that a holder wrote, this one included."""
    now: datetime
    """The moment of the claim."""
    until: datetime
    """From then on others may claim the session."""
    background: bool
    """For what nobody waits for alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A lease that is still held, and what changed under it."""

    session: UUID
    epoch: int
    head: int
    interrupt_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """What the listener must know of a thread to decide whether a reply is for the session."""

    session: UUID
    closed: bool
    authors: tuple[str, ...]
    """Everybody whose message was received, in the order of their first."""
    working: bool
    """Whether a message has come in since the last turn ended."""
    only_mentions: bool
    """Whether the channel wants replies without a mention left alone."""
    quiet: bool | None = None
    """What somebody last asked of the thread: mentions alone, or to be followed; None when nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session in a listing."""

    session: UUID
    address: ThreadAddress
    status: SessionStatus
    head: int
    runnable_at: datetime | None
    lease_owner: str | None
    lease_epoch: int
    lease_until: datetime | None
    barren_claims: int
    opened_at: datetime
    updated_at: datetime
