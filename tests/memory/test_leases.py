"""Leases: one worker at a time, whatever happens to it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from memory.errors import LeaseLost
from memory.log import sql as log_sql
from memory.log.events import InterruptRequested, ModelRequested, SessionClosed, ToolStarted
from memory.log.session_log import Lease, SessionLog
from tests.support.threads import deliver, thread


@pytest.fixture
def log(engine: Engine) -> SessionLog:
    return SessionLog(engine)


def claimed(log: SessionLog, owner: str = "worker", ttl: float = 60) -> Lease:
    lease = log.claim(owner, ttl)
    assert lease is not None
    return lease


def expire(engine: Engine, session: UUID) -> None:
    """Let the database's clock pass the end of the lease."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE sessions SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = :session"),
            {"session": session},
        )


STEP = ToolStarted(call="c1", tool="run")
CLAIM = {"owner": "worker", "ttl": 60, "team": None, "without": [uuid4()], "background": False}


# Claiming


def test_there_is_nothing_to_claim_in_the_beginning(log: SessionLog) -> None:
    assert log.claim("worker", ttl=60) is None


def test_a_claim_says_all_a_worker_needs(log: SessionLog) -> None:
    receipt = deliver(log, thread(7))
    lease = claimed(log, ttl=60)
    assert (lease.session, lease.address, lease.owner) == (receipt.session, thread(7), "worker")
    assert (lease.epoch, lease.head, lease.interrupt_seq, lease.barren_claims) == (1, 2, 0, 1)
    assert 59 < (lease.until - lease.now).total_seconds() <= 60


def test_the_session_that_waited_longest_comes_first(log: SessionLog) -> None:
    for n in (3, 1, 2):
        deliver(log, thread(n))
    assert [claimed(log).address for _ in range(3)] == [thread(3), thread(1), thread(2)]


def test_a_message_does_not_send_a_waiting_session_to_the_end(log: SessionLog) -> None:
    deliver(log, thread(1), key="a")
    deliver(log, thread(2), key="b")
    deliver(log, thread(1), key="c")
    assert claimed(log).address == thread(1)


def test_a_held_session_is_not_claimed_again(log: SessionLog) -> None:
    deliver(log)
    claimed(log)
    assert log.claim("other", ttl=60) is None


def test_workers_that_claim_together_get_different_sessions(log: SessionLog) -> None:
    for n in range(30):
        deliver(log, thread(n))
    with ThreadPoolExecutor(10) as threads:
        leases = list(threads.map(lambda n: claimed(log, f"worker {n}"), range(30)))
    assert len({lease.session for lease in leases}) == 30


def test_a_session_that_is_being_written_to_is_passed_over(log: SessionLog, engine: Engine) -> None:
    deliver(log, thread(1))
    deliver(log, thread(2))
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM sessions WHERE thread = '1.000001' FOR UPDATE"))
        assert claimed(log).address == thread(2)


def test_the_claim_reads_its_index_and_not_the_table(log: SessionLog, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO sessions (team, channel, thread, runnable_at)
                    SELECT 'T', 'C', n, CASE WHEN n % 20 = 0 THEN clock_timestamp() END
                    FROM generate_series(1, 20000) AS n""")
        )
        connection.execute(text("ANALYZE sessions"))
        plan = connection.execute(text(f"EXPLAIN (COSTS OFF) {log_sql.CLAIM.text}"), CLAIM).scalars()
        lines = "\n".join(plan)
    assert "Index Scan using sessions_to_claim" in lines
    assert "Index Cond: ((background = false) AND (runnable_at <= statement_timestamp()))" in lines
    assert "Seq Scan" not in lines
    assert "Sort" not in lines


# The fence


def test_an_expired_lease_is_taken_over_in_a_higher_epoch(log: SessionLog, engine: Engine) -> None:
    deliver(log)
    first = claimed(log, "first")
    expire(engine, first.session)
    second = claimed(log, "second")
    assert (second.session, second.epoch) == (first.session, first.epoch + 1)


def test_a_worker_that_was_replaced_writes_nothing(log: SessionLog, engine: Engine) -> None:
    session = deliver(log).session
    stale = claimed(log, "first")
    expire(engine, session)
    claimed(log, "second")
    with pytest.raises(LeaseLost):
        log.append(stale, STEP)
    with pytest.raises(LeaseLost):
        log.rest(stale, head=2, delay=None)
    log.release(stale)
    assert log.renew("first", 60, [stale]) == []
    assert len(log.read(session)) == 2
    assert log.sessions()[0].lease_owner == "second"


def test_an_old_epoch_is_refused_though_the_same_worker_holds_the_session(
    log: SessionLog, engine: Engine
) -> None:
    session = deliver(log).session
    old = claimed(log)
    expire(engine, session)
    new = claimed(log)
    assert new.owner == old.owner
    with pytest.raises(LeaseLost):
        log.append(old, STEP)
    assert log.renew("worker", 60, [old]) == []
    assert log.append(new, STEP) == 3


def test_an_expired_lease_that_nobody_took_still_holds(log: SessionLog, engine: Engine) -> None:
    session = deliver(log).session
    lease = claimed(log)
    expire(engine, session)
    assert log.append(lease, STEP) == 3
    assert [renewal.session for renewal in log.renew("worker", 60, [lease])] == [session]
    assert log.claim("other", ttl=60) is None


def test_a_lease_that_was_given_up_is_no_lease(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    assert log.rest(lease, head=2, delay=None)
    with pytest.raises(LeaseLost):
        log.append(lease, STEP)


# Renewing


def test_all_leases_of_a_process_are_renewed_at_once(log: SessionLog, engine: Engine) -> None:
    for n in range(4):
        deliver(log, thread(n))
    mine = [claimed(log, "mine") for _ in range(3)]
    other = claimed(log, "other")
    expire(engine, mine[0].session)
    taken = claimed(log, "other")
    renewed = log.renew("mine", 60, [*mine, other, taken])
    assert {renewal.session for renewal in renewed} == {lease.session for lease in mine[1:]}


def test_a_renewal_brings_word_of_messages_and_requests_to_stop(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    deliver(log, key="k2")
    [renewal] = log.renew("worker", 60, [lease])
    assert (renewal.epoch, renewal.head, renewal.interrupt_seq) == (lease.epoch, 3, 0)


def test_a_renewed_lease_lasts_from_now(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log, ttl=1)
    log.renew("worker", 3600, [lease])
    until = log.sessions()[0].lease_until
    assert until is not None
    assert (until - log.now()).total_seconds() > 3500


def test_nothing_held_is_nothing_renewed(log: SessionLog) -> None:
    assert log.renew("worker", 60, []) == []


# Resting


def test_a_session_at_rest_is_not_claimed_until_somebody_writes(log: SessionLog) -> None:
    deliver(log)
    assert log.rest(claimed(log), head=2, delay=None)
    assert log.claim("worker", ttl=60) is None
    deliver(log, key="k2")
    assert claimed(log).head == 3


def test_a_session_that_waits_is_claimed_when_its_time_has_come(log: SessionLog, engine: Engine) -> None:
    deliver(log)
    log.rest(claimed(log), head=2, delay=3600)
    assert log.claim("worker", ttl=60) is None
    with engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET runnable_at = runnable_at - interval '3601 s'"))
    assert claimed(log).epoch == 2


def test_a_message_ends_the_wait(log: SessionLog) -> None:
    deliver(log)
    log.rest(claimed(log), head=2, delay=3600)
    deliver(log, key="k2")
    assert claimed(log).epoch == 2


def test_there_is_no_rest_for_who_has_not_read_everything(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    deliver(log, key="k2")
    assert not log.rest(lease, head=2, delay=None)
    assert log.append(lease, STEP) == 4
    assert log.rest(lease, head=4, delay=None)


def test_a_message_is_never_missed_however_closely_it_meets_the_rest(log: SessionLog) -> None:
    session = deliver(log, key="first").session
    for n in range(200):
        lease = claimed(log)
        head = log.read(session)[-1].seq
        both = threading.Barrier(2)

        def write(n: int = n, both: threading.Barrier = both) -> None:
            both.wait()
            deliver(log, key=f"k{n}")

        writer = threading.Thread(target=write)
        writer.start()
        both.wait()
        rested = log.rest(lease, head=head, delay=None)
        writer.join()
        if not rested:
            log.release(lease)
        assert log.sessions()[0].status == "runnable"


def test_a_message_that_meets_the_end_of_a_session_is_not_missed(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    deliver(log, key="k2")
    log.append(lease, SessionClosed(reason="limit"))
    assert not log.rest(lease, head=2, delay=None)


# Handing over, and sessions that kill their workers


def test_a_released_session_is_claimed_at_once(log: SessionLog) -> None:
    deliver(log)
    log.release(claimed(log))
    assert claimed(log, "other").epoch == 2


def test_a_session_can_be_released_for_later(log: SessionLog) -> None:
    deliver(log)
    log.release(claimed(log), delay=3600)
    assert log.sessions()[0].status == "waiting"


def test_claims_that_bring_nothing_are_counted(log: SessionLog, engine: Engine) -> None:
    session = deliver(log).session
    for _ in range(2):
        claimed(log)
        expire(engine, session)
    lease = claimed(log)
    assert lease.barren_claims == 3
    log.append(lease, STEP)
    assert log.sessions()[0].barren_claims == 0


def test_a_worker_holds_one_session_at_a_time_that_may_be_what_kills_it(
    log: SessionLog, engine: Engine
) -> None:
    for number in (1, 2, 3):
        deliver(log, thread(number))
    for _ in range(2):
        for session in [claimed(log).session for _ in (1, 2)]:
            expire(engine, session)
    suspect = claimed(log)
    assert (suspect.address, claimed(log).address) == (thread(1), thread(3))
    assert log.claim("worker", ttl=60) is None
    log.append(suspect, STEP)
    assert claimed(log).address == thread(2)


def test_a_hand_over_and_a_rest_do_not_count(log: SessionLog) -> None:
    deliver(log)
    log.release(claimed(log))
    lease = claimed(log)
    assert lease.barren_claims == 1
    log.rest(lease, head=2, delay=0)
    assert claimed(log).barren_claims == 1


def test_a_claim_for_one_workspace_leaves_the_others_alone(log: SessionLog) -> None:
    deliver(log)
    assert log.claim("worker", 60, team="another") is None
    assert log.claim("worker", 60, team=thread(1).team) is not None


def test_a_session_that_was_set_aside_is_left_to_others(log: SessionLog) -> None:
    aside = deliver(log, thread(1)).session
    deliver(log, thread(2))
    lease = log.claim("worker", 60, without=[aside])
    assert lease is not None
    assert lease.address == thread(2)
    assert log.claim("worker", 60, without=[aside]) is None
    assert claimed(log, "another").session == aside


def test_asking_the_model_again_is_no_progress(log: SessionLog) -> None:
    deliver(log)
    barren = []
    for number in (1, 2, 3):
        lease = claimed(log, ttl=0)
        log.append(lease, ModelRequested(request=str(number), model="m", through=2))
        barren.append(lease.barren_claims)
    lease = claimed(log, ttl=0)
    log.append(lease, STEP)
    assert (barren, lease.barren_claims, claimed(log).barren_claims) == ([1, 2, 3], 4, 1)


def test_what_is_heard_meanwhile_does_not_wait_for_the_delay_of_a_release(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    stop = InterruptRequested(by="U1", source="word")
    log.receive(lease.address, [stop], delivery_key="stop")
    log.release(lease, delay=300)
    assert log.claim("another", 60) is not None
