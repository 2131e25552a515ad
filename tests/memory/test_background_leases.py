"""Background work is claimed apart, and a delivery ends it: nobody ever waits behind it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from memory.errors import LeaseLost
from memory.log.events import ToolStarted
from memory.log.session_log import Lease, SessionLog
from tests.support.threads import deliver, thread

STEP = ToolStarted(call="c1", tool="run")


@pytest.fixture
def log(engine: Engine) -> SessionLog:
    return SessionLog(engine)


def claimed(log: SessionLog, owner: str = "worker") -> Lease:
    lease = log.claim(owner, 60)
    assert lease is not None
    return lease


def left_for_later(log: SessionLog, number: int, *, delay: float = 0.0) -> Lease:
    """A session of which background work alone is left."""
    deliver(log, thread(number), key=f"k{number}")
    lease = claimed(log)
    log.release(lease, delay=delay, background=True)
    return lease


def in_background(log: SessionLog) -> Lease:
    lease = log.claim("worker", 60, background=True)
    assert lease is not None
    return lease


def test_however_much_background_work_is_due_a_mention_is_claimed_first(log: SessionLog) -> None:
    for number in range(5):
        left_for_later(log, number)
    deliver(log, thread(9))
    assert claimed(log).address == thread(9)
    assert log.claim("worker", 60) is None


def test_background_work_is_claimed_apart_oldest_first(log: SessionLog) -> None:
    for number in (2, 1):
        left_for_later(log, number)
    deliver(log, thread(9))
    assert [in_background(log).address for _ in range(2)] == [thread(2), thread(1)]
    assert log.claim("worker", 60, background=True) is None


def test_a_lease_says_what_it_is_for(log: SessionLog) -> None:
    assert not left_for_later(log, 1).background
    assert in_background(log).background


def test_a_delivery_makes_background_work_something_that_somebody_waits_for(log: SessionLog) -> None:
    left_for_later(log, 1, delay=60.0)
    deliver(log, thread(1), key="again")
    assert claimed(log).address == thread(1)


def test_a_delivery_takes_a_background_lease_away(log: SessionLog) -> None:
    left_for_later(log, 1)
    indexing = in_background(log)
    deliver(log, thread(1), key="again")
    assert log.renew("worker", 60, [indexing]) == []
    with pytest.raises(LeaseLost):
        log.append(indexing, STEP)
    log.append(claimed(log, "other"), STEP)


def test_a_delivery_leaves_every_other_lease_where_it_is(log: SessionLog) -> None:
    deliver(log, thread(1), key="a")
    lease = claimed(log)
    deliver(log, thread(1), key="b")
    log.append(lease, STEP)


def test_what_was_heard_before_the_hand_over_is_no_background_work(log: SessionLog) -> None:
    deliver(log, thread(1), key="a")
    lease = claimed(log)
    deliver(log, thread(1), key="b")
    log.release(lease, background=True)
    assert claimed(log).address == thread(1)


def test_a_session_that_rests_is_waited_for_again_when_it_wakes(log: SessionLog) -> None:
    left_for_later(log, 1)
    lease = in_background(log)
    assert log.rest(lease, head=lease.head, delay=0.0)
    assert claimed(log).address == thread(1)
