"""The worker: claims sessions, runs each in a thread, renews all leases together, drains when asked.

A process may hold hundreds of sessions: most wait for a model or a command. Nothing here is remembered;
what a dead worker held is claimed by another when its leases lapse.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from uuid import UUID

from bot.brain.brain import Brain
from bot.brain.claimed import Claimed, StopSignal
from memory.errors import DatabaseLost, LeaseLost, UnknownEvent
from memory.log.session_log import Lease, Renewal, SessionLog
from memory.log.wake import Wakeups
from sandbox.errors import StaleEpoch

LEASE_SECONDS = 9.0
"""How long a dead worker's sessions lie idle. Three heartbeats fit, so that one lost beat costs nothing."""

BEAT_SECONDS = 3.0
POLL_SECONDS = 1.0
"""Wake-up hints are only hints: a session that nobody announced is found within this time."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holding:
    lease: Lease
    stop: StopSignal
    thread: Thread


class Worker:
    """Runs up to `capacity` sessions at once until `stop`, and one more for background work."""

    def __init__(
        self,
        *,
        log: SessionLog,
        background: SessionLog,
        wakeups: Wakeups,
        brain: Brain,
        owner: str,
        team: str,
        capacity: int = 500,
    ) -> None:
        """`background` is the same log on connections of its own."""
        self._log = log
        self._background = background
        self._wakeups = wakeups
        self._brain = brain
        self._owner = owner
        self._team = team
        self._capacity = capacity
        self._holdings: dict[UUID, _Holding] = {}
        self._unreadable: set[UUID] = set()
        """Sessions that a newer version wrote to: this process leaves them to newer ones from then on."""
        self._lock = Lock()
        self._stopping = Event()
        self._beat_now = Event()
        self._look_again = Event()
        self._threads = (
            Thread(target=self._beat, name="heartbeat", daemon=True),
            Thread(target=self._work_in_background, name="background", daemon=True),
        )

    def serve(self, stopping: Event) -> None:
        """Claim and run sessions until `stopping`; then return, with sessions still at their last step.

        They are handed over between two steps, or by `drain`.
        """
        self._stopping = stopping
        for thread in self._threads:
            thread.start()
        while not self._stopping.is_set():
            ended = [thread.name for thread in self._threads if not thread.is_alive()]
            if ended and not self._stopping.is_set():
                # Without them no lease is renewed, no stop is heard and nothing is indexed: better another
                # process than this one.
                raise RuntimeError(f"the thread {ended[0]} has ended; its own traceback says why")
            try:
                self._claim_all()
            except DatabaseLost as error:
                logger.warning("the database is away: %s", error)
            if self._wakeups.wait(POLL_SECONDS):
                self._beat_now.set()
                self._look_again.set()
        self._wakeups.close()

    def drain(self, seconds: float) -> None:
        """Wait for sessions to reach the end of their step, then hand over those that have not."""
        deadline = time.monotonic() + seconds
        for holding in self._held():
            holding.thread.join(max(0.0, deadline - time.monotonic()))
        for holding in self._held():
            try:
                self._log.release(holding.lease)
            except DatabaseLost:
                logger.warning("session %s is left to its lease", holding.lease.session)
        self._beat_now.set()
        self._look_again.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def running(self) -> int:
        """How many sessions are in hand."""
        return len(self._held())

    def _claim_all(self) -> None:
        while not self._stopping.is_set() and self.running < self._capacity:
            if self._claim_one(self._log, background=False) is None:
                return

    def _claim_one(self, log: SessionLog, *, background: bool) -> Thread | None:
        """The thread that runs the claimed session; None when none is due."""
        asked_at = time.monotonic()
        lease = log.claim(
            self._owner,
            LEASE_SECONDS,
            team=self._team,
            without=tuple(self._unreadable),
            background=background,
        )
        return None if lease is None else self._start(log, lease, asked_at + LEASE_SECONDS)

    def _work_in_background(self) -> None:
        """One session after the other, however many are due: the others keep the machine."""
        while not self._stopping.is_set():
            try:
                running = self._claim_one(self._background, background=True)
            except DatabaseLost:
                running = None
            if running is not None:
                running.join()
                continue
            self._look_again.wait(POLL_SECONDS)
            self._look_again.clear()

    def _start(self, log: SessionLog, lease: Lease, held_until: float) -> Thread:
        stop = StopSignal(lease.interrupt_seq, held_until)
        thread = Thread(
            target=self._run, args=(log, lease, stop), name=f"session-{str(lease.session)[:8]}", daemon=True
        )
        holding = _Holding(lease=lease, stop=stop, thread=thread)
        with self._lock:
            replaced = self._holdings.get(lease.session)
            self._holdings[lease.session] = holding
        if replaced is not None:
            # Its lease lapsed under it; what it still does is refused everywhere.
            replaced.stop.abandon()
        thread.start()
        return thread

    def _run(self, log: SessionLog, lease: Lease, stop: StopSignal) -> None:
        try:
            self._brain.run(Claimed(log, lease, stop), self._stopping.is_set)
        except (LeaseLost, StaleEpoch):
            logger.info("session %s went to another worker", lease.session)
        except DatabaseLost as error:
            logger.warning("session %s is dropped: %s", lease.session, error)
        except UnknownEvent as error:
            logger.warning("session %s is left to a newer worker: %s", lease.session, error)
            self._unreadable.add(lease.session)
            self._leave(lease)
        except Exception:
            # The one place where anything may arrive: the session is dropped, counted as barren, and claimed
            # again.
            logger.exception("session %s failed at a step", lease.session)
        finally:
            self._let_go(lease)

    def _let_go(self, lease: Lease) -> None:
        """Forget the claim, unless a later one of the same session has taken its place here."""
        with self._lock:
            holding = self._holdings.get(lease.session)
            if holding is not None and holding.lease.epoch == lease.epoch:
                del self._holdings[lease.session]

    def _leave(self, lease: Lease) -> None:
        try:
            self._log.release(lease)
        except DatabaseLost:
            logger.warning("session %s is left to its lease", lease.session)

    def _held(self) -> list[_Holding]:
        with self._lock:
            return list(self._holdings.values())

    def _beat(self) -> None:
        """Renew every lease, and tell each session what the log knows of it."""
        renewed_at = time.monotonic()
        while not self._stopping.is_set() or self.running:
            self._beat_now.wait(BEAT_SECONDS)
            self._beat_now.clear()
            held = self._held()
            asked_at = time.monotonic()
            try:
                renewals = self._log.renew(self._owner, LEASE_SECONDS, [holding.lease for holding in held])
            except DatabaseLost:
                if time.monotonic() - renewed_at > LEASE_SECONDS:
                    # Nobody can tell whether the leases still stand: act as if they do not.
                    _tell(held, [], asked_at)
                continue
            renewed_at = time.monotonic()
            _tell(held, renewals, asked_at + LEASE_SECONDS)


def _tell(held: list[_Holding], renewals: list[Renewal], held_until: float) -> None:
    """A session whose lease was not renewed is abandoned; the others learn of that and of interrupts."""
    interrupts = {renewal.session: renewal.interrupt_seq for renewal in renewals}
    for holding in held:
        seq = interrupts.get(holding.lease.session)
        if seq is None:
            holding.stop.abandon()
        else:
            holding.stop.renew(held_until)
            holding.stop.interrupt(seq)
