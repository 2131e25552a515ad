"""The log when the database goes away under it: nothing that was acknowledged is lost, nothing is twice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from memory.database import connect, migrate
from memory.errors import DatabaseLost, LeaseLost
from memory.log.events import ToolStarted
from memory.log.session_log import Lease, SessionLog
from memory.postgres.server import EmbeddedPostgres
from tests.support.proxy import CuttableWire
from tests.support.threads import deliver, message, opening, thread
from tests.support.waiting import eventually

THREADS = 4


# The connection is cut at the commit


@pytest.fixture
def wire(database_url: str, tmp_path: Path) -> Iterator[CuttableWire]:
    with CuttableWire(database_url, tmp_path) as wire:
        yield wire


@pytest.fixture
def cut_log(wire: CuttableWire) -> Iterator[SessionLog]:
    """A log whose connection can be cut."""
    engine = connect(wire.url)
    yield SessionLog(engine)
    engine.dispose()


@pytest.mark.parametrize("landed", [True, False], ids=["commit landed", "commit did not land"])
def test_the_log_tells_whether_an_append_landed(
    engine: Engine, cut_log: SessionLog, wire: CuttableWire, landed: bool
) -> None:
    session = deliver(cut_log).session
    lease = cut_log.claim("worker", ttl=60)
    assert lease is not None
    wire.cut_at("COMMIT", deliver=landed)
    with pytest.raises(DatabaseLost):
        cut_log.append(lease, ToolStarted(call="c1", tool="run"))
    assert wire.cuts == 1
    assert len(SessionLog(engine).read(session)) == (3 if landed else 2)


@pytest.mark.parametrize("landed", [True, False], ids=["commit landed", "commit did not land"])
def test_a_delivery_cut_at_its_commit_is_kept_once_when_repeated(
    cut_log: SessionLog, wire: CuttableWire, landed: bool
) -> None:
    cut_log.now()
    wire.cut_at("COMMIT", deliver=landed)
    with pytest.raises(DatabaseLost):
        deliver(cut_log)
    receipt = deliver(cut_log)
    assert (receipt.duplicate, receipt.seq) == (landed, 2)
    assert [entry.event for entry in cut_log.read(receipt.session)] == [opening(), message()]


def test_a_claim_cut_at_its_commit_holds_until_it_expires(
    engine: Engine, cut_log: SessionLog, wire: CuttableWire
) -> None:
    deliver(cut_log)
    wire.cut_at("COMMIT", deliver=True)
    with pytest.raises(DatabaseLost):
        cut_log.claim("worker", ttl=60)
    log = SessionLog(engine)
    assert log.claim("worker", ttl=60) is None
    with engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET lease_until = clock_timestamp() - interval '1 ms'"))
    again = log.claim("worker", ttl=60)
    assert again is not None
    assert again.epoch == 2


def test_the_message_names_the_place_and_not_the_password(cut_log: SessionLog, wire: CuttableWire) -> None:
    cut_log.now()
    wire.cut_at("SELECT clock_timestamp", deliver=False)
    with pytest.raises(DatabaseLost) as lost:
        cut_log.now()
    password = wire.url.split(":")[2].split("@")[0]
    assert "oxbow_" in str(lost.value)
    assert password not in str(lost.value)


# The server is stopped in the middle of everything


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        yield postgres


class Acknowledged:
    """Writes to a thread of its own until told to stop, and remembers what was acknowledged."""

    def __init__(self, log: SessionLog, number: int) -> None:
        self._log = log
        self._number = number
        self._lease: Lease | None = None
        self.received: set[str] = set()
        self.appended: set[str] = set()
        self.losses = 0

    def write_until(self, stopped: threading.Event) -> None:
        turn = 0
        while not stopped.is_set():
            turn += 1
            try:
                self._write(f"{self._number}/{turn}")
            except DatabaseLost:
                self.losses += 1
                self._lease = None
            except LeaseLost:
                self._lease = None

    def _write(self, name: str) -> None:
        self._log.receive(
            thread(self._number), [message(name)], delivery_key=name, opening=opening(thread(self._number))
        )
        self.received.add(name)
        self._lease = self._lease or self._log.claim(f"worker {self._number}", ttl=0.2)
        if self._lease is not None:
            self._log.renew(self._lease.owner, 0.2, [self._lease])
            self._log.append(self._lease, ToolStarted(call=name, tool="run"))
            self.appended.add(name)


def test_nothing_acknowledged_is_lost_when_the_server_is_stopped_again_and_again(
    postgres: EmbeddedPostgres,
) -> None:
    engine = connect(postgres.url)
    migrate(engine)
    log = SessionLog(engine)
    writers = [Acknowledged(log, number) for number in range(THREADS)]
    stopped = threading.Event()
    with ThreadPoolExecutor(THREADS) as threads:
        for writer in writers:
            threads.submit(writer.write_until, stopped)
        try:
            for how in (signal.SIGQUIT, signal.SIGKILL, signal.SIGQUIT):
                before = sum(len(writer.received) for writer in writers)
                eventually(lambda: sum(len(writer.received) for writer in writers) > before + 20)  # noqa: B023
                os.kill(postgres.pid or 0, how)
                eventually(lambda: postgres.pid is None)
                postgres.start()
        finally:
            stopped.set()
    with engine.connect() as connection:
        keys = connection.execute(text("SELECT delivery_key FROM events WHERE delivery_key IS NOT NULL"))
        calls = connection.execute(text("SELECT payload ->> 'call' FROM events WHERE type = 'tool_started'"))
        gaps = connection.execute(
            text("SELECT session_id FROM events GROUP BY session_id HAVING count(*) <> max(seq)")
        )
        assert set(keys.scalars()) >= {name for writer in writers for name in writer.received}
        assert set(calls.scalars()) >= {name for writer in writers for name in writer.appended}
        assert gaps.all() == []
    assert sum(writer.losses for writer in writers) > 0
    assert all(writer.appended for writer in writers)
    engine.dispose()
