"""No two operations on a session wait for each other: each locks the session's row before all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import Connection, Engine, text

from memory.errors import LeaseLost
from memory.log.events import ToolStarted
from memory.log.session_log import Lease, SessionLog
from tests.support.threads import deliver
from tests.support.waiting import eventually

OPERATIONS: dict[str, Callable[[SessionLog, Lease], object]] = {
    "receive": lambda log, _: deliver(log, key="k2"),
    "receive again": lambda log, _: deliver(log, key="k1"),
    "append": lambda log, lease: log.append(lease, ToolStarted(call="c", tool="run")),
    "claim": lambda log, _: log.claim("other", ttl=60),
    "renew": lambda log, lease: log.renew(lease.owner, 60, [lease]),
    "rest": lambda log, lease: log.rest(lease, head=2, delay=0),
    "release": lambda log, lease: log.release(lease),
}

COUNT_BLOCKED = text("""
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


@pytest.fixture
def holder(engine: Engine) -> Iterator[Connection]:
    """A transaction of somebody else, to hold a lock with."""
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def observer(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.mark.parametrize(("one", "two"), [*combinations_with_replacement(OPERATIONS, 2)])
def test_no_pair_of_operations_comes_to_a_deadlock(
    engine: Engine, holder: Connection, observer: Connection, one: str, two: str
) -> None:
    log = SessionLog(engine)
    deliver(log, key="k1")
    lease = log.claim("worker", ttl=60)
    assert lease is not None
    holder.execute(text("SELECT FROM sessions FOR UPDATE"))
    running: list[Future[object]] = []
    with ThreadPoolExecutor(2) as threads:
        for name in (one, two):
            running.append(threads.submit(OPERATIONS[name], log, lease))
            eventually(lambda: all_blocked_or_done(observer, running))
        holder.rollback()
    for operation in running:
        # The one may have given up the lease that the other needs.
        with suppress(LeaseLost):
            operation.result()
    assert [entry.seq for entry in log.read(lease.session)] == list(range(1, log.sessions()[0].head + 1))


def all_blocked_or_done(observer: Connection, running: list[Future[object]]) -> bool:
    """Whether the database says that everybody who has not finished waits for a lock."""
    blocked = observer.execute(COUNT_BLOCKED).scalar_one()
    return bool(blocked == sum(not operation.done() for operation in running))
