"""A Postgres of the session's own: fresh, kept between its commands, out of everybody else's reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.port import Limits, TimedOut
from sandbox.services import POSTGRES, Services
from sandbox.unisolated import Unisolated
from tests.contracts.sandbox_contract import Worker, take, take_over
from tests.sandbox.hosts import LocalHost

ASK = "psql -XAtqc"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> LocalHost:
    """Shared, since its template is made once."""
    return LocalHost(tmp_path_factory.mktemp("host") / "root", Bubblewrap(programs()[0]))


@pytest.fixture
def worker(host: LocalHost, request: pytest.FixtureRequest) -> Worker:
    return served(take(host, request.node.name))


def served(worker: Worker) -> Worker:
    assert isinstance(worker.sandbox, Services)
    assert worker.sandbox.provide(worker.reference, service=POSTGRES, epoch=worker.epoch)
    return worker


def test_it_is_fresh_and_kept_between_the_commands_of_a_session(worker: Worker) -> None:
    assert worker.output(f"{ASK} 'CREATE TABLE kept AS SELECT 1 AS one; SELECT one FROM kept'") == "1\n"
    assert worker.output(f"{ASK} 'SELECT one FROM kept' $DATABASE_URL") == "1\n"


def test_the_database_survives_a_command_that_is_killed(worker: Worker) -> None:
    hang = f"{ASK} 'CREATE TABLE kept AS SELECT 1 AS one'; sleep 600"
    assert isinstance(worker.run(hang, limits=Limits(seconds=2.0)), TimedOut)
    assert worker.output(f"{ASK} 'SELECT one FROM kept'") == "1\n"


def test_the_exit_code_and_the_output_are_those_of_the_command(worker: Worker) -> None:
    outcome = worker.run("echo said; exit 3")
    assert (outcome.exit_code, outcome.output) == (3, b"said\n")  # type: ignore[union-attr]


def test_another_session_reaches_neither_its_address_nor_its_socket_nor_its_files(
    host: LocalHost, worker: Worker
) -> None:
    worker.output(f"{ASK} 'CREATE TABLE mine ()'")
    other = take(host, "another")
    assert "refused" in other.output("(exec 3<>/dev/tcp/127.0.0.1/5432) 2>&1; ls /tmp ~/.cache 2>&1 || true")
    assert other.output("ls /tmp") == ""
    served(other)
    assert other.output(f"{ASK} '\\dt'") == ""


def test_a_snapshot_leaves_it_out_and_the_workspace_gets_a_fresh_one(host: LocalHost, worker: Worker) -> None:
    worker.output(f"{ASK} 'CREATE TABLE mine ()'")
    snapshot = worker.snapshot()
    assert len(snapshot) < 100_000
    rebuilt = served(take(host, "rebuilt"))
    rebuilt.restore(snapshot)
    assert rebuilt.output(f"{ASK} '\\dt'") == ""


def test_it_ends_with_the_workspace(host: LocalHost, worker: Worker) -> None:
    worker.output(f"{ASK} 'CREATE TABLE mine ()'")
    session = worker.reference.partition(".")[0]
    worker.sandbox.release(worker.reference, epoch=1)
    assert list(host.root.glob(f"sessions/{session}/**/PG_VERSION")) == []


def test_a_worker_that_lost_the_session_gives_nothing(
    host: LocalHost, request: pytest.FixtureRequest
) -> None:
    worker = take(host, request.node.name)
    successor = take_over(host, worker, request.node.name)
    assert isinstance(worker.sandbox, Services)
    with pytest.raises(Exception, match="epoch 1 is over"):
        worker.sandbox.provide(worker.reference, service=POSTGRES, epoch=1)
    assert successor.output("echo ${DATABASE_URL:-none}") == "none\n"


def test_there_is_none_without_isolation_and_none_of_another_name(tmp_path: Path, worker: Worker) -> None:
    assert isinstance(worker.sandbox, Services)
    assert not worker.sandbox.provide(worker.reference, service="oracle", epoch=1)
    open_to_all = take(LocalHost(tmp_path / "root", Unisolated()))
    assert isinstance(open_to_all.sandbox, Services)
    assert not open_to_all.sandbox.provide(open_to_all.reference, service=POSTGRES, epoch=1)
