"""The worker: what it holds, what it is told of it, and how it lets go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from bot.brain.brain import Brain
from bot.brain.claimed import Claimed
from bot.worker import LEASE_SECONDS, Worker
from memory.errors import LeaseLost
from memory.log.events import InterruptRequested, TurnFinished
from memory.log.session_log import Lease, Renewal, SessionLog, SessionRow
from memory.log.wake import Wakeups
from tests.support.threads import THREAD, deliver, thread
from tests.support.waiting import eventually

Run = Callable[[Claimed, Callable[[], bool]], None]


class ScriptedBrain(Brain):
    """Runs a function for every claim, and keeps the claims."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.claims: list[Claimed] = []
        self.ended: list[BaseException | None] = []

    def run(self, claimed: Claimed, draining: Callable[[], bool]) -> None:
        self.claims.append(claimed)
        try:
            self._run(claimed, draining)
        except BaseException as problem:
            self.ended.append(problem)
            raise
        self.ended.append(None)


class StarvedLog(SessionLog):
    """A log whose heartbeats get nowhere until they are fed."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.fed = threading.Event()

    def renew(self, owner: str, ttl: float, leases: Sequence[Lease]) -> list[Renewal]:
        self.fed.wait(60)
        return super().renew(owner, ttl, leases)


@contextmanager
def working(
    engine: Engine, brain: Brain, *, capacity: int = 500, log: SessionLog | None = None
) -> Iterator[tuple[Worker, threading.Event]]:
    """A worker that serves, and the event that stops it; it is stopped in the end."""
    worker = Worker(
        log=log or SessionLog(engine),
        background=SessionLog(engine),
        wakeups=Wakeups(engine),
        brain=brain,
        owner="w",
        team="T1",
        capacity=capacity,
    )
    stopping = threading.Event()
    serving = threading.Thread(target=worker.serve, args=(stopping,), name="serving")
    serving.start()
    try:
        yield worker, stopping
    finally:
        stopping.set()
        serving.join()
        worker.drain(10.0)


@pytest.fixture
def log(engine: Engine) -> SessionLog:
    return SessionLog(engine)


def row(log: SessionLog) -> SessionRow:
    return log.sessions()[0]


def rests(claimed: Claimed, _: Callable[[], bool]) -> None:
    claimed.rest(None)


def until_interrupted(claimed: Claimed, _: Callable[[], bool]) -> None:
    assert claimed.stop.interrupted.wait(30)
    claimed.rest(None)


def until_abandoned(claimed: Claimed, _: Callable[[], bool]) -> None:
    assert claimed.stop.abandoned.wait(30)
    claimed.append(TurnFinished(turn=1, outcome="answered"))


def until_draining(claimed: Claimed, draining: Callable[[], bool]) -> None:
    eventually(draining)
    claimed.hand_over()


def test_a_session_is_run_as_soon_as_somebody_writes(engine: Engine, log: SessionLog) -> None:
    brain = ScriptedBrain(rests)
    with working(engine, brain) as (worker, _):
        deliver(log, text="the import fails")
        eventually(lambda: brain.ended == [None] and worker.running == 0)
    assert [message.text for message in brain.claims[0].session.messages] == ["the import fails"]
    assert row(log).status == "idle"


def test_background_work_is_done_beside_sessions_that_fill_the_worker(
    engine: Engine, log: SessionLog
) -> None:
    go = threading.Event()

    def run(claimed: Claimed, _: Callable[[], bool]) -> None:
        assert claimed.lease.background or go.wait(30)
        claimed.rest(None)

    brain = ScriptedBrain(run)
    leave_for_later(log, 1)
    with working(engine, brain, capacity=1):
        deliver(log, thread(2), key="k2")
        eventually(lambda: len(brain.claims) == 2)
        eventually(lambda: brain.ended == [None])
        go.set()
        eventually(lambda: brain.ended == [None, None])


def test_sessions_are_run_beside_background_work_one_of_which_is_done_at_a_time(
    engine: Engine, log: SessionLog
) -> None:
    go = threading.Event()

    def run(claimed: Claimed, _: Callable[[], bool]) -> None:
        assert not claimed.lease.background or go.wait(30)
        claimed.rest(None)

    brain = ScriptedBrain(run)
    for number in range(5):
        leave_for_later(log, number)
    with working(engine, brain) as (worker, _):
        eventually(lambda: worker.running == 1)
        for number in range(6, 9):
            deliver(log, thread(number), key=f"k{number}")
        eventually(lambda: len(brain.ended) == 3)
        assert sum(claimed.lease.background for claimed in brain.claims) == 1
        go.set()
        eventually(lambda: len(brain.ended) == 8)


def test_a_message_is_taken_up_while_its_session_is_in_background_hands(
    engine: Engine, log: SessionLog
) -> None:
    go = threading.Event()

    def run(claimed: Claimed, _: Callable[[], bool]) -> None:
        if claimed.lease.background:
            assert go.wait(30)
        claimed.append(TurnFinished(turn=1, outcome="answered"))
        claimed.rest(None)

    brain = ScriptedBrain(run)
    leave_for_later(log, 1)
    with working(engine, brain):
        eventually(lambda: len(brain.claims) == 1)
        deliver(log, thread(1), key="again")
        eventually(lambda: brain.ended == [None])
        go.set()
        eventually(lambda: len(brain.ended) == 2)
    assert isinstance(brain.ended[1], LeaseLost)


def leave_for_later(log: SessionLog, number: int) -> None:
    """A session of which background work alone is left."""
    deliver(log, thread(number), key=f"k{number}")
    lease = log.claim("before", 60)
    assert lease is not None
    log.release(lease, background=True)


def test_sessions_run_side_by_side_up_to_the_capacity(engine: Engine, log: SessionLog) -> None:
    go = threading.Event()

    def waits(claimed: Claimed, _: Callable[[], bool]) -> None:
        assert go.wait(30)
        claimed.rest(None)

    for number in range(3):
        deliver(log, thread(number))
    brain = ScriptedBrain(waits)
    with working(engine, brain, capacity=2) as (worker, _):
        eventually(lambda: worker.running == 2)
        go.set()
        eventually(lambda: len(brain.ended) == 3)
    assert len({claimed.id for claimed in brain.claims}) == 3


def test_an_interrupt_reaches_the_running_step(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    brain = ScriptedBrain(until_interrupted)
    with working(engine, brain):
        eventually(lambda: brain.claims)
        log.receive(THREAD, [InterruptRequested(by="U1", source="word")], delivery_key="stop")
        eventually(lambda: brain.ended)
    assert brain.ended == [None]


def test_an_interrupt_of_one_session_leaves_the_others_alone(engine: Engine, log: SessionLog) -> None:
    deliver(log, thread(1))
    deliver(log, thread(2))
    brain = ScriptedBrain(until_interrupted)
    with working(engine, brain) as (worker, _):
        eventually(lambda: worker.running == 2)
        for number, left in ((1, 1), (2, 0)):
            stop = InterruptRequested(by="U1", source="button")
            log.receive(thread(number), [stop], delivery_key="stop")
            eventually(lambda left=left: worker.running == left)  # type: ignore[misc]
    assert brain.ended == [None, None]


def test_a_step_whose_lease_was_lost_is_abandoned_and_writes_nothing(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    brain = ScriptedBrain(until_abandoned)
    with working(engine, brain) as (worker, _):
        eventually(lambda: brain.claims)
        with engine.begin() as connection:
            connection.execute(
                text("""
                    UPDATE sessions SET lease_owner = 'another', lease_epoch = lease_epoch + 1,
                        lease_until = clock_timestamp() + interval '1 hour'
                """)
            )
        eventually(lambda: brain.ended and worker.running == 0)
    assert isinstance(brain.ended[0], LeaseLost)
    assert (row(log).head, row(log).lease_owner) == (2, "another")


def test_a_worker_whose_heartbeat_is_starved_stops_by_itself_and_records_nothing(engine: Engine) -> None:
    log = StarvedLog(engine)
    deliver(log)

    def outlasts_the_lease(claimed: Claimed, _: Callable[[], bool]) -> None:
        if claimed.lease.epoch == 1:
            eventually(lambda: claimed.stop.lost, within=2 * LEASE_SECONDS)
            claimed.append(TurnFinished(turn=1, outcome="answered"))
        claimed.rest(None)

    brain = ScriptedBrain(outlasts_the_lease)
    with working(engine, brain, log=log):
        eventually(lambda: brain.ended, within=2 * LEASE_SECONDS)
        log.fed.set()
        assert isinstance(brain.ended[0], LeaseLost)
    assert row(log).head == 2


def test_a_claim_that_replaces_a_lapsed_one_keeps_its_heartbeat(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    ends = [threading.Event() for _ in range(20)]

    def held(claimed: Claimed, _: Callable[[], bool]) -> None:
        ends[claimed.lease.epoch - 1].wait(30)

    brain = ScriptedBrain(held)

    def claimed_again() -> bool:
        """Let the lease lapse until a claim comes before the heartbeat."""
        if len(brain.claims) == 1:
            with engine.begin() as connection:
                connection.execute(text("UPDATE sessions SET lease_until = clock_timestamp()"))
        return len(brain.claims) > 1

    with working(engine, brain) as (worker, _):
        eventually(lambda: brain.claims)
        eventually(claimed_again)
        # The last lapse may have met the new claim before it was seen here: then one more follows.
        eventually(
            lambda: row(log).status == "running" and brain.claims[-1].lease.epoch == row(log).lease_epoch
        )
        *replaced, last = brain.claims
        eventually(lambda: all(claim.stop.abandoned.is_set() for claim in replaced))
        for claim in replaced:
            ends[claim.lease.epoch - 1].set()
        eventually(lambda: len(brain.ended) == len(replaced))
        assert worker.running == 1
        assert not last.stop.abandoned.is_set()
        for end in ends:
            end.set()


def test_a_worker_that_is_stopped_hands_over_between_two_steps(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    brain = ScriptedBrain(until_draining)
    with working(engine, brain) as (worker, stopping):
        eventually(lambda: worker.running == 1)
        stopping.set()
        eventually(lambda: worker.running == 0)
    assert (row(log).status, row(log).barren_claims) == ("runnable", 0)


def test_nothing_of_a_drained_worker_goes_on(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    brain = ScriptedBrain(rests)
    with working(engine, brain):
        eventually(lambda: brain.ended)
    assert not [
        thread.name for thread in threading.enumerate() if thread.name.startswith(("heart", "session"))
    ]


def test_a_step_that_does_not_end_in_time_is_handed_over_too(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    go = threading.Event()

    def stuck(claimed: Claimed, _: Callable[[], bool]) -> None:
        go.wait(30)
        claimed.append(TurnFinished(turn=1, outcome="answered"))

    brain = ScriptedBrain(stuck)
    with working(engine, brain) as (worker, stopping):
        eventually(lambda: worker.running == 1)
        stopping.set()
        # Draining begins when serving has ended: until then the session might be claimed once more.
        eventually(lambda: "serving" not in {thread.name for thread in threading.enumerate()})
        worker.drain(0.0)
        assert row(log).status == "runnable"
        go.set()
        eventually(lambda: brain.ended)
    assert isinstance(brain.ended[0], LeaseLost)


def test_a_session_that_a_newer_program_wrote_to_is_left_as_it_is(engine: Engine, log: SessionLog) -> None:
    deliver(log)
    with engine.begin() as connection:
        connection.execute(
            text("""
                WITH advanced AS (UPDATE sessions SET head = head + 1 RETURNING id, head)
                INSERT INTO events (session_id, seq, type, version, payload)
                SELECT id, head, 'moon_landed', 1, '{}' FROM advanced
            """)
        )
    [newer] = log.sessions()
    brain = ScriptedBrain(rests)
    with working(engine, brain) as (worker, _):
        eventually(lambda: row(log).lease_epoch > 0 and worker.running == 0)
        epochs = []
        for number in (2, 3):
            deliver(log, thread(number))
            eventually(lambda number=number: len(brain.ended) == number - 1)  # type: ignore[misc]
            epochs.append(log.find(str(newer.session))[0].lease_epoch)
    assert [claimed.address for claimed in brain.claims] == [thread(2), thread(3)], "others are served"
    assert epochs[0] == epochs[1], "and it is not tried again and again"
    [left] = log.find(str(newer.session))
    assert (left.status, left.head, left.barren_claims) == ("runnable", 3, 0)


def test_an_exception_drops_the_session_and_counts(engine: Engine, log: SessionLog) -> None:
    deliver(log)

    def breaks(_: Claimed, __: Callable[[], bool]) -> None:
        raise ZeroDivisionError

    brain = ScriptedBrain(breaks)
    with working(engine, brain) as (worker, _):
        eventually(lambda: brain.ended and worker.running == 0)
        assert (row(log).status, row(log).barren_claims) == ("running", 1)
        with engine.begin() as connection:
            connection.execute(text("UPDATE sessions SET lease_until = clock_timestamp()"))
        eventually(lambda: len(brain.ended) == 2)
    assert [claimed.lease.barren_claims for claimed in brain.claims] == [1, 2]
    assert row(log).head == 2
