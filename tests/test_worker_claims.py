"""The worker's own bookkeeping: who holds what in this process."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from bot.brain.brain import Brain
from bot.brain.claimed import Claimed
from bot.worker import Worker
from memory.events import InterruptRequested, MessageReceived, ModelRequested, SessionOpened, ToolStarted
from memory.log import SessionLog, ThreadAddress
from memory.wake import Wakeups
from tests.support.waiting import eventually

THREAD = ThreadAddress(team="T1", channel="C1", thread="1.0")


class Slow(Brain):
    """A brain whose every claim goes on until it is told to end."""

    def __init__(self) -> None:
        self.claims: list[Claimed] = []
        self.ends: list[threading.Event] = []

    def run(self, claimed: Claimed, draining: object) -> None:
        end = threading.Event()
        self.ends.append(end)
        self.claims.append(claimed)
        end.wait(30)


def open_session(log: SessionLog) -> None:
    opening = SessionOpened(team="T1", channel="C1", thread="1.0", opened_by="U1")
    said = MessageReceived(ts="1.0", author="U1", author_name="Ada", text="hello", mentioned=True)
    log.receive(THREAD, [said], delivery_key="1", opening=opening)


def claimed_again(engine: Engine, brain: Slow) -> bool:
    """Let the lease lapse until a claim comes before the heartbeat."""
    if len(brain.claims) > 1:
        return True
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET lease_until = clock_timestamp()")
    return False


def test_a_claim_that_replaces_a_lapsed_one_keeps_its_heartbeat(engine: Engine) -> None:
    log, brain, stopping = SessionLog(engine), Slow(), threading.Event()
    open_session(log)
    worker = Worker(log=log, wakeups=Wakeups(engine), brain=brain, owner="w", team="T1")
    serving = threading.Thread(target=worker.serve, args=(stopping,))
    serving.start()
    try:
        eventually(lambda: len(brain.claims) == 1)
        eventually(lambda: claimed_again(engine, brain))
        *replaced, last = brain.claims
        assert all(claim.stop.abandoned.is_set() for claim in replaced)
        for end in brain.ends[:-1]:
            end.set()
        eventually(lambda: worker.running == 1)
        assert not last.stop.abandoned.is_set()
    finally:
        stopping.set()
        for end in brain.ends:
            end.set()
        serving.join(timeout=10)
        worker.drain(10.0)


def test_a_worker_leaves_the_sessions_of_other_workspaces_alone(engine: Engine) -> None:
    log = SessionLog(engine)
    open_session(log)
    assert log.claim("w", 60.0, team="T2") is None
    assert log.claim("w", 60.0, team="T1") is not None


def test_asking_the_model_again_is_no_progress(engine: Engine) -> None:
    log = SessionLog(engine)
    open_session(log)
    asked = ModelRequested(request="1", model="m", through=2)
    barren = []
    for _ in range(3):
        lease = log.claim("w", 0.0)
        assert lease is not None
        log.append(lease, asked)
        barren.append(lease.barren_claims)
    lease = log.claim("w", 0.0)
    assert lease is not None
    log.append(lease, ToolStarted(call="c", tool="bash"))
    after = log.claim("w", 0.0)
    assert after is not None
    assert (barren, lease.barren_claims, after.barren_claims) == ([1, 2, 3], 4, 1)


def test_a_stop_is_not_kept_waiting_by_a_delay(engine: Engine) -> None:
    log = SessionLog(engine)
    open_session(log)
    lease = log.claim("w", 60.0)
    assert lease is not None
    log.receive(THREAD, [InterruptRequested(by="U1", source="word")], delivery_key="2")
    log.release(lease, head=lease.head, delay=300.0)
    assert log.claim("other", 60.0) is not None
