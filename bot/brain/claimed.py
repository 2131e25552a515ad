"""A session in the hands of one worker: its fold, its lease, and the only way to add to its log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Event, Lock
from uuid import UUID

from memory.database import Connection
from memory.errors import LeaseLost
from memory.log.events import InterruptHandled, Recorded
from memory.log.failpoints import around
from memory.log.fold import fold
from memory.log.session import Session
from memory.log.session_log import Lease, SessionLog, ThreadAddress


class StopSignal:
    """What a running step watches. `interrupted`: people said stop. `abandoned`: that, or the lease is gone.

    A model call ends on either. A command ends on the first only: when the lease is lost, another worker
    joins the running command, and killing it would spoil that worker's result.

    `held_until` is a moment of the monotonic clock: a holder that was not renewed by then stops by itself,
    also when the heartbeat that should say so does not run.
    """

    def __init__(self, seen: int, held_until: float = math.inf) -> None:
        self.interrupted = Event()
        self.abandoned = Event()
        self._seen = seen
        self._held_until = held_until
        self._lock = Lock()

    def interrupt(self, seq: int) -> None:
        """People asked to stop, last by the event `seq`; one that was seen before changes nothing."""
        with self._lock:
            if seq > self._seen:
                self._seen = seq
                self.interrupted.set()
                self.abandoned.set()

    def renew(self, held_until: float) -> None:
        """The lease was renewed until then."""
        self._held_until = held_until

    def abandon(self) -> None:
        """The lease is lost."""
        self.abandoned.set()

    def clear(self, through: int) -> None:
        """Interrupts up to the event `through` were obeyed, also those that nobody had told here yet."""
        with self._lock:
            if through >= self._seen:
                self._seen = through
                self.interrupted.clear()
                self.abandoned.clear()

    @property
    def lost(self) -> bool:
        """Whether the lease is gone, as far as this process can tell."""
        told = self.abandoned.is_set() and not self.interrupted.is_set()
        return told or time.monotonic() > self._held_until


class Claimed:
    """One claim of one session. Every method may raise `LeaseLost` or `DatabaseLost`."""

    def __init__(self, log: SessionLog, lease: Lease, stop: StopSignal) -> None:
        self._log = log
        self.lease = lease
        self.stop = stop
        self.session = fold(log.read(lease.session))
        self._claimed_at = time.monotonic()

    @property
    def id(self) -> UUID:
        """The session's identifier."""
        return self.lease.session

    @property
    def address(self) -> ThreadAddress:
        """The thread it lives in."""
        return self.lease.address

    @property
    def now(self) -> datetime:
        """The database's clock, carried on by this process's monotonic one."""
        return self.lease.now + timedelta(seconds=time.monotonic() - self._claimed_at)

    def catch_up(self) -> Session:
        """Read what others have appended since."""
        self.session = fold(self._log.read(self.id, after=self.session.head), self.session)
        return self.session

    def append(self, *events: Recorded, within: Callable[[Connection], None] | None = None) -> Session:
        """Record events under the lease, and read them back with whatever arrived before them."""
        self.require_lease()
        self._log.append(self.lease, *events, within=within)
        for event in events:
            if isinstance(event, InterruptHandled):
                self.stop.clear(event.through)
        return self.catch_up()

    def require_lease(self) -> None:
        """Raise LeaseLost unless this process may still act: before what nothing outside it can refuse."""
        if self.stop.lost:
            raise LeaseLost(f"the lease of session {self.id} was not renewed in time")

    def effect(self, name: str) -> AbstractContextManager[None]:
        """One of `memory.log.failpoints.EFFECTS`, between its failpoints."""
        return around(self._log.reached, name)

    def keep_output(self, call: str, output: bytes) -> None:
        """Keep the whole output of a call beside the log; its event holds head and tail."""
        self._log.put_blob(self.id, call, output)

    def kept_output(self, key: str) -> bytes:
        """What was kept beside the log under this key."""
        content = self._log.get_blob(self.id, key)
        if content is None:
            raise AssertionError(f"{key} was kept before the event that names it")
        return content

    def rest(self, delay: float | None) -> bool:
        """Give the lease up for `delay` seconds or until something happens; False when something just did."""
        if self._log.rest(self.lease, head=self.session.head, delay=delay):
            return True
        self.catch_up()
        return False

    def hand_over(self, delay: float = 0.0, *, background: bool = False) -> None:
        """Give the lease up for any worker to take after `delay` seconds; `background`: for that alone."""
        self._log.release(self.lease, delay=delay, head=self.session.head, background=background)
