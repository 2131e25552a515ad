"""Where a stage works: a real database with fsync, and a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from memory.database import connect, migrate
from memory.postgres.server import EmbeddedPostgres

ROOT = Path(__file__).parent.parent.parent
CACHE = ROOT / ".bench"
"""Keeps what takes minutes to build; deleting it costs that time and nothing else."""

BUILT_FROM = (
    "tests/bench/corpus.py",
    "memory/solutions/chunking.py",
    "memory/solutions/terms.py",
    "migrations/versions/*.py",
)
"""A kept database is of these sources; when one changes, another is built in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A migrated database and a folder."""

    engine: Engine
    url: str
    folder: Path


@contextmanager
def place() -> Iterator[Place]:
    """A place that is gone afterwards."""
    with (
        TemporaryDirectory(prefix="oxbow-bench-") as folder,
        EmbeddedPostgres(Path(folder, "postgres")) as server,
    ):
        engine = connect(server.url)
        try:
            migrate(engine)
            yield Place(engine=engine, url=server.url, folder=Path(folder))
        finally:
            engine.dispose()


@contextmanager
def kept(name: str, build: Callable[[Engine], None]) -> Iterator[Engine]:
    """A database that `build` filled once, now or in an earlier run."""
    with EmbeddedPostgres(CACHE / "postgres") as server:
        finished = f"{name}_{_digest()}"
        with psycopg.connect(server.url, autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [finished]).rowcount:
                _make(connection, server.url, finished, build)
        engine = connect(_named(server.url, finished))
        try:
            yield engine
        finally:
            engine.dispose()


def _make(connection: psycopg.Connection, url: str, name: str, build: Callable[[Engine], None]) -> None:
    """Built under another name, so that an interrupted build is never taken for a whole one."""
    connection.execute(f'DROP DATABASE IF EXISTS "{name}_new"'.encode())
    connection.execute(f'CREATE DATABASE "{name}_new"'.encode())
    engine = connect(_named(url, f"{name}_new"))
    try:
        migrate(engine)
        build(engine)
    finally:
        engine.dispose()
    connection.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"'.encode())


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _digest() -> str:
    content = hashlib.sha256()
    for pattern in BUILT_FROM:
        for path in sorted(ROOT.glob(pattern)):
            content.update(path.read_bytes())
    return content.hexdigest()[:12]
