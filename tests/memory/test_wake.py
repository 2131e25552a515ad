"""Hints: quick when they come, and never needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from memory.log.session_log import SessionLog
from memory.log.wake import Wakeups
from tests.support.threads import deliver


@pytest.fixture
def wakeups(engine: Engine) -> Iterator[Wakeups]:
    with Wakeups(engine) as wakeups:
        yield wakeups


def test_it_says_to_look_when_it_begins_to_listen(wakeups: Wakeups) -> None:
    assert wakeups.wait(60)
    assert not wakeups.wait(0.01)


def test_a_received_message_ends_the_wait(wakeups: Wakeups, engine: Engine) -> None:
    wakeups.wait(60)
    sender = threading.Thread(target=deliver, args=[SessionLog(engine)])
    sender.start()
    assert wakeups.wait(60)
    sender.join()


def test_a_session_that_is_handed_over_ends_the_wait(wakeups: Wakeups, engine: Engine) -> None:
    log = SessionLog(engine)
    deliver(log)
    lease = log.claim("worker", ttl=60)
    assert lease is not None
    wakeups.wait(60)
    log.release(lease)
    assert wakeups.wait(60)


def test_it_listens_again_after_the_connection_was_lost(wakeups: Wakeups, engine: Engine) -> None:
    wakeups.wait(60)
    with engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        )
    assert not wakeups.wait(0.01)
    assert wakeups.wait(60)
    deliver(SessionLog(engine))
    assert wakeups.wait(60)
