"""The session log: kept once, kept in order, kept for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from memory.errors import LeaseLost, UnknownEvent
from memory.log.events import (
    InterruptRequested,
    MessageReceived,
    Received,
    ReplyPosted,
    SessionClosed,
    SessionOpened,
    ToolStarted,
    TurnFinished,
)
from memory.log.session_log import Lease, SessionLog
from tests.support.threads import THREAD, deliver, message, opening, thread


@pytest.fixture
def log(engine: Engine) -> SessionLog:
    return SessionLog(engine)


def claimed(log: SessionLog) -> Lease:
    lease = log.claim("worker", ttl=60)
    assert lease is not None
    return lease


# What is received


def test_a_message_in_a_new_thread_opens_its_session(log: SessionLog) -> None:
    receipt = deliver(log, text="the import fails")
    assert (receipt.seq, receipt.opened, receipt.duplicate) == (2, True, False)
    assert [recorded.event for recorded in log.read(receipt.session)] == [
        opening(),
        message("the import fails"),
    ]


def test_what_is_received_bears_no_epoch_and_the_databases_time(log: SessionLog) -> None:
    before = log.now()
    recorded = log.read(deliver(log).session)
    assert [entry.epoch for entry in recorded] == [None, None]
    assert all(before <= entry.recorded_at <= log.now() for entry in recorded)


def test_a_thread_without_a_session_stays_without_when_nothing_opens_one(log: SessionLog) -> None:
    assert log.receive(THREAD, [message()], delivery_key="k1", opening=None) is None
    assert log.thread_state(THREAD) is None


def test_a_later_message_joins_the_session_of_its_thread(log: SessionLog) -> None:
    first = deliver(log, key="k1")
    second = deliver(log, key="k2")
    assert (second.session, second.seq, second.opened) == (first.session, 3, False)


def test_the_same_delivery_from_twenty_threads_is_one_event_in_one_session(log: SessionLog) -> None:
    with ThreadPoolExecutor(20) as threads:
        receipts = list(threads.map(lambda _: deliver(log), range(20)))
    assert len({receipt.session for receipt in receipts}) == 1
    assert {receipt.seq for receipt in receipts} == {2}
    assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 19
    assert sum(receipt.opened for receipt in receipts) == 1
    assert len(log.read(receipts[0].session)) == 2


def test_a_repeated_delivery_does_not_wake_the_session(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    log.rest(lease, head=2, delay=None)
    assert deliver(log).duplicate
    assert log.claim("worker", ttl=60) is None


def test_a_delivery_of_several_events_is_one_delivery(log: SessionLog) -> None:
    events: list[Received] = [message("a"), InterruptRequested(by="U1", source="word")]
    receipt = log.receive(THREAD, events, delivery_key="k1", opening=opening())
    assert receipt is not None
    again = log.receive(THREAD, events, delivery_key="k1", opening=opening())
    assert again is not None
    assert (receipt.seq, again.seq, again.duplicate) == (3, 3, True)
    assert len(log.read(receipt.session)) == 3


def test_a_request_to_stop_is_marked_by_its_number(log: SessionLog) -> None:
    deliver(log)
    stop = InterruptRequested(by="U1", source="button")
    log.receive(THREAD, [stop, message("and then")], delivery_key="k2")
    assert claimed(log).interrupt_seq == 3


# What the holder records


def test_the_holder_adds_events_under_its_epoch(log: SessionLog) -> None:
    session = deliver(log).session
    lease = claimed(log)
    assert log.append(lease, ToolStarted(call="c1", tool="run"), ToolStarted(call="c2", tool="run")) == 4
    assert [(entry.seq, entry.epoch) for entry in log.read(session, after=2)] == [
        (3, lease.epoch),
        (4, lease.epoch),
    ]


def test_reading_goes_on_after_a_number(log: SessionLog) -> None:
    session = deliver(log).session
    assert [entry.seq for entry in log.read(session, after=1)] == [2]
    assert log.read(session, after=2) == []


def test_more_can_be_written_in_the_transaction_of_the_events(log: SessionLog, engine: Engine) -> None:
    def write(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE beside AS SELECT 1 AS n"))

    deliver(log)
    log.append(claimed(log), TurnFinished(turn=1, outcome="answered"), within=write)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT n FROM beside")).scalar_one() == 1


def test_neither_is_written_when_the_other_fails(log: SessionLog) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT 1 / 0"))

    session = deliver(log).session
    lease = claimed(log)
    with pytest.raises(DBAPIError, match="division by zero"):
        log.append(lease, TurnFinished(turn=1, outcome="answered"), within=fail)
    assert len(log.read(session)) == 2
    assert log.append(lease, TurnFinished(turn=1, outcome="answered")) == 3


def test_nothing_is_written_beside_the_events_of_a_stale_holder(log: SessionLog, engine: Engine) -> None:
    def write(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE beside AS SELECT 1 AS n"))

    deliver(log)
    lease = claimed(log)
    log.release(lease)
    with pytest.raises(LeaseLost):
        log.append(lease, TurnFinished(turn=1, outcome="answered"), within=write)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('beside')")).scalar_one() is None


def test_numbers_have_no_gaps_when_all_write_at_once(log: SessionLog) -> None:
    session = deliver(log, key="first").session
    lease = claimed(log)
    with ThreadPoolExecutor(8) as threads:
        for n in range(60):
            threads.submit(deliver, log, key=f"k{n % 40}")
            threads.submit(log.append, lease, ToolStarted(call=str(n), tool="run"))
    recorded = log.read(session)
    assert [entry.seq for entry in recorded] == list(range(1, 2 + 40 + 60 + 1))
    assert [entry.recorded_at for entry in recorded] == sorted(entry.recorded_at for entry in recorded)


# What the database itself refuses


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "TRUNCATE sessions CASCADE",
        *(f"TRUNCATE events_{number}" for number in range(8)),
    ],
)
def test_the_log_cannot_be_changed_even_by_its_owner(log: SessionLog, engine: Engine, change: str) -> None:
    session = deliver(log).session
    with engine.connect() as connection, pytest.raises(DBAPIError, match="only ever added"):
        connection.execute(text(change))
    assert len(log.read(session)) == 2


def test_no_partition_can_be_changed_behind_the_logs_back(log: SessionLog, engine: Engine) -> None:
    session = deliver(log).session
    with engine.connect() as connection:
        partition = connection.execute(
            text("SELECT CAST(tableoid AS regclass) FROM events LIMIT 1")
        ).scalar_one()
        with pytest.raises(DBAPIError, match="only ever added"):
            connection.execute(text(f"DELETE FROM {partition}"))
    assert len(log.read(session)) == 2


# What a newer program wrote


def test_an_event_of_a_newer_program_is_not_guessed_at(log: SessionLog, engine: Engine) -> None:
    session = deliver(log).session
    lease = claimed(log)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO events (session_id, seq, type, version, payload)
                    SELECT id, head + 1, 'quantum_tunnelled', 1, '{}' FROM sessions"""),
        )
        connection.execute(text("UPDATE sessions SET head = head + 1"))
    with pytest.raises(UnknownEvent, match="quantum_tunnelled"):
        log.read(session)
    log.release(lease, delay=0)
    assert claimed(log).barren_claims == 1


# What others see


def test_the_listener_sees_who_wrote_and_whether_the_session_is_at_work(log: SessionLog) -> None:
    session = deliver(log).session
    log.receive(THREAD, [message(author="U2")], delivery_key="k2")
    log.receive(THREAD, [message(author="U1")], delivery_key="k3")
    lease = claimed(log)
    log.append(lease, ReplyPosted(key="r1", kind="progress", ts="1.0"))
    state = log.thread_state(THREAD)
    assert state is not None
    assert (state.session, state.authors, state.working, state.closed) == (
        session,
        ("U1", "U2"),
        True,
        False,
    )
    log.append(lease, TurnFinished(turn=1, outcome="answered"))
    state = log.thread_state(THREAD)
    assert state is not None
    assert not state.working


def test_a_session_is_found_by_the_beginning_of_its_id(log: SessionLog) -> None:
    receipts = [deliver(log, thread(n)) for n in range(5)]
    wanted = receipts[3].session
    assert [row.session for row in log.find(str(wanted))] == [wanted]
    assert wanted in [row.session for row in log.find(str(wanted)[:2].upper())]
    assert log.find("%") == []


def test_listings_show_the_latest_first_and_how_each_stands(log: SessionLog) -> None:
    for n in range(5):
        deliver(log, thread(n))
    for resting in (None, 3600.0):
        lease = claimed(log)
        log.rest(lease, head=2, delay=resting)
    lease = claimed(log)
    log.append(lease, SessionClosed(reason="limit"))
    log.rest(lease, head=3, delay=None)
    claimed(log)
    assert {row.address.thread: row.status for row in log.sessions()} == {
        "0.000001": "idle",
        "1.000001": "waiting",
        "2.000001": "closed",
        "3.000001": "running",
        "4.000001": "runnable",
    }
    assert log.sessions(limit=1)[0].address == thread(2)
    assert [row.address for row in log.sessions_of("T1", "C1", limit=1)] == [thread(2)]
    assert log.sessions_of("T1", "C2") == []


def test_a_message_opens_a_closed_session_again(log: SessionLog) -> None:
    deliver(log)
    lease = claimed(log)
    log.append(lease, SessionClosed(reason="limit"))
    log.rest(lease, head=3, delay=None)
    deliver(log, key="k2")
    assert log.sessions()[0].status == "runnable"
    state = log.thread_state(THREAD)
    assert state is not None
    assert not state.closed


def test_the_whole_output_of_a_call_is_kept_once(log: SessionLog) -> None:
    session = deliver(log).session
    log.put_blob(session, "call 1", b"line\n\x00" * 1000)
    log.put_blob(session, "call 1", b"something else")
    assert log.get_blob(session, "call 1") == b"line\n\x00" * 1000
    assert log.get_blob(session, "call 2") is None
    assert log.get_blob(uuid4(), "call 1") is None


def test_what_people_write_is_kept_as_it_is(log: SessionLog) -> None:
    awkward = "zero \x00, half an emoji \ud83d, quote ' and \\ and {}, array NULL"
    session = deliver(log, text=awkward).session
    event = log.read(session)[1].event
    assert isinstance(event, MessageReceived)
    assert event.text == awkward
    state = log.thread_state(THREAD)
    assert state is not None
    assert state.authors == ("U1",)
    assert isinstance(log.read(session)[0].event, SessionOpened)
