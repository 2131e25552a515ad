"""Our own server: there when it is wanted, gone when nobody wants it, and nothing lost in between."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from memory.errors import PostgresError
from memory.postgres.server import EmbeddedPostgres
from tests.support.waiting import eventually

USER = """
import sys
from pathlib import Path
from memory.postgres.server import EmbeddedPostgres

with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as postgres:
    print(postgres.pid, flush=True)
    sys.stdin.readline()
"""
"""A program that uses the server until it is sent a line."""

ROOT = Path(__file__).parents[2]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path, durable=False)
    yield postgres
    postgres.stop()


def query(postgres: EmbeddedPostgres, statement: str) -> Any:
    with psycopg.connect(postgres.url) as connection:
        return connection.execute(statement.encode()).fetchall()


class User:
    """Another process that uses the server."""

    def __init__(self, data_dir: Path, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, **options,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.pid = int(self.process.stdout.readline() or 0)

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


# Starting and stopping


def test_it_serves_what_the_product_needs(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    assert query(postgres, "SELECT current_user, current_database()") == [("oxbow", "oxbow")]
    extensions = "('vector', 'pg_trgm', 'unaccent')"
    assert len(query(postgres, f"SELECT FROM pg_available_extensions WHERE name IN {extensions}")) == 3


def test_it_waits_for_the_disk_unless_told_that_the_data_do_not_matter(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as postgres:
        assert query(postgres, "SHOW fsync") == [("on",)]
        assert query(postgres, "SHOW synchronous_commit") == [("on",)]


def test_what_was_written_is_there_after_a_stop(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    postgres.stop()
    postgres.start()
    assert query(postgres, "SELECT n FROM kept") == [(1,)]


def test_nothing_is_left_after_a_stop(postgres: EmbeddedPostgres) -> None:
    url = postgres.start()
    pid = postgres.pid
    postgres.stop()
    assert postgres.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)
    assert not Path(str(make_url(url).query["host"])).exists()


def test_starting_and_stopping_twice_is_no_harm(postgres: EmbeddedPostgres) -> None:
    assert postgres.start() == postgres.start()
    postgres.stop()
    postgres.stop()


def test_many_who_start_together_share_one_server(tmp_path: Path) -> None:
    users = [EmbeddedPostgres(tmp_path, durable=False) for _ in range(5)]
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda user: user.start(), users))
    assert len({user.pid for user in users}) == 1
    for user in users:
        assert user.pid is not None
        user.stop()
    assert users[0].pid is None


def test_an_interrupted_first_start_is_begun_anew(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    (tmp_path / "cluster.new").mkdir()
    (tmp_path / "cluster.new" / "PG_VERSION").write_text("18")
    postgres.start()
    assert query(postgres, "SELECT 1") == [(1,)]


# Who may reach it


def test_it_cannot_be_reached_over_the_network(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    assert query(postgres, "SHOW listen_addresses") == [("",)]


def test_the_way_to_it_is_closed_to_others(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    url = make_url(postgres.start())
    assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(str(url.query["host"])).stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(url.set(password="guess").render_as_string(hide_password=False))


def test_the_address_is_short_enough_however_deep_the_data_lie(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("deep" * 30), durable=False) as postgres:
        assert query(postgres, "SELECT 1") == [(1,)]


# Crashes


def test_no_acknowledged_row_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    written = 0
    with EmbeddedPostgres(tmp_path) as postgres:
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE rows (n integer)")
        for _ in range(5):
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                for n in range(20):
                    connection.execute("INSERT INTO rows VALUES (%s)", [n])
                    written += 1
                kill_server(postgres)
            postgres.start()
            assert query(postgres, "SELECT count(*) FROM rows") == [(written,)]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A living process that has nothing to do with us."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_stale_pid_file_that_names_a_stranger_is_seen_through(
    tmp_path: Path, postgres: EmbeddedPostgres, stranger: subprocess.Popen[bytes]
) -> None:
    postgres.start()
    pid_file = tmp_path / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill_server(postgres)
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    assert postgres.pid is None
    postgres.start()
    assert query(postgres, "SELECT 1") == [(1,)]
    assert stranger.poll() is None


def test_a_server_that_lost_its_address_is_replaced(postgres: EmbeddedPostgres) -> None:
    url = make_url(postgres.start())
    before = postgres.pid
    shutil.rmtree(str(url.query["host"]))
    postgres.start()
    assert postgres.pid not in {before, None}
    assert query(postgres, "SELECT 1") == [(1,)]


# Several processes


def test_a_second_process_joins_the_running_server(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    postgres.start()
    second = User(tmp_path)
    assert second.pid == postgres.pid
    second.leave()
    assert query(postgres, "SELECT 1") == [(1,)]


def test_the_server_stays_while_anybody_uses_it(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    first = User(tmp_path)
    postgres.start()
    first.leave()
    assert postgres.pid == first.pid
    postgres.stop()
    assert postgres.pid is None


def test_a_server_whose_starter_was_killed_is_joined_and_then_stopped(
    tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    first = User(tmp_path)
    first.kill()
    postgres.start()
    assert postgres.pid == first.pid
    postgres.stop()
    eventually(lambda: postgres.pid is None)


# Who runs it

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "data"


@as_root
def test_without_user_namespaces_it_runs_as_somebody_else(open_folder: Path) -> None:
    user = User(open_folder, env={"PATH": "/nowhere"})
    assert user.pid
    assert Path(f"/proc/{user.pid}").stat().st_uid != 0
    user.leave()
    again = User(open_folder, env={"PATH": "/nowhere"})
    assert again.pid not in {0, user.pid}
    again.leave()


@as_root
def test_a_folder_that_nobody_else_can_enter_is_named(tmp_path: Path) -> None:
    user = User(tmp_path / "data", env={"PATH": "/nowhere"}, stderr=subprocess.PIPE)
    _, said = user.process.communicate()
    assert "Choose a data directory such as /var/lib/oxbow" in said


@as_root
@pytest.mark.skipif(
    not all(folder.stat().st_mode & 0o001 for folder in Path(sys.executable).resolve().parents),
    reason="other users cannot run this Python",
)
def test_an_ordinary_user_can_run_it(open_folder: Path) -> None:
    open_folder.mkdir()
    os.chown(open_folder, 65534, 65534)
    user = User(open_folder, user=65534, group=65534, extra_groups=[])
    assert Path(f"/proc/{user.pid}").stat().st_uid == 65534
    user.leave()


# What it says


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PostgresError, match=r"file/data.*DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_missing_password_is_named(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (tmp_path / "password").unlink()
    with pytest.raises(PostgresError, match=r"password is missing. Restore it"):
        postgres.start()
    assert postgres.pid is None


def test_files_of_another_version_are_told_apart(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (tmp_path / "cluster" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(PostgresError, match="Another major version made the files"):
        postgres.start()


def kill_server(postgres: EmbeddedPostgres) -> None:
    os.kill(postgres.pid or 0, signal.SIGKILL)
    eventually(lambda: postgres.pid is None)
