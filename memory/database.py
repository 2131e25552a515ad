"""The way to the database: connecting, checking that it is fit, bringing its schema up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine, exc, text
from sqlalchemy.engine import URL, make_url

import migrations
from memory.errors import DatabaseError, DatabaseLost

__all__ = [
    "BACKGROUND_CONNECTIONS",
    "Connection",
    "Engine",
    "Engines",
    "check_server",
    "connect",
    "engines",
    "migrate",
    "place",
    "transaction",
]

BACKGROUND_CONNECTIONS = 4
"""Of one process for work that nobody waits for, never more: to index, count and sweep, and one to spare."""

OLDEST_SERVER = 15
"""The oldest major version of Postgres that its makers still mend."""

OLDEST_PGVECTOR = (0, 8)
"""The first with scans that go on until enough rows pass the filter."""

MIGRATION_LOCK = 0x0F0B0E
"""Key of the advisory lock that lets one process at a time change the schema."""

SESSION_SETTINGS = {
    # The longest statement of normal work takes milliseconds: one that takes so long is stuck.
    "statement_timeout": "30s",
    # Shorter than the statement limit, so that the error says which of both it was.
    "lock_timeout": "10s",
    # A frozen process must not keep its row locks for ever; longer than any of our transactions.
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}

SELECT_VERSION = text("SELECT CAST(current_setting('server_version_num') AS integer)")

SELECT_PGVECTOR = text("""
    -- The installed version of pgvector, else the one that could be installed, else no row.
    SELECT coalesce(installed_version, default_version)
    FROM pg_available_extensions WHERE name = 'vector'
""")

CREATE_PGVECTOR = text("CREATE EXTENSION IF NOT EXISTS vector")


def connect(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for `url` (postgres:// or postgresql://); connects on first use.

    `pool_size` connections are kept, as many again may be opened at peaks. Raises DatabaseError when the URL
    cannot be read.
    """
    return _engine(_parse(url), pool_size=pool_size, overflow=pool_size, name="oxbow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Two sets of connections to one database."""

    hot: Engine
    """For what somebody waits for."""
    background: Engine
    """A few for everything else, so that it cannot take the others."""


@contextmanager
def engines(hot: Engine) -> Iterator[Engines]:
    """`hot`, and connections of their own for background work."""
    background = _engine(hot.url, pool_size=BACKGROUND_CONNECTIONS, overflow=0, name="oxbow background")
    try:
        yield Engines(hot=hot, background=background)
    finally:
        background.dispose()


def _engine(url: URL, *, pool_size: int, overflow: int, name: str) -> Engine:
    return sqlalchemy.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=overflow,
        # Checked when taken, so that a restarted server costs nobody a failed transaction.
        pool_pre_ping=True,
        connect_args={
            "application_name": name,
            "connect_timeout": 10,
            "options": " ".join(f"-c {key}={value}" for key, value in SESSION_SETTINGS.items()),
            # A peer that vanished is noticed within a minute, also while an answer is awaited.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end. A broken connection raises DatabaseLost, whatever was done."""
    try:
        with engine.begin() as connection:
            yield connection
    except (exc.OperationalError, exc.InternalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise DatabaseLost(f"The database at {place(engine)} went away: {_said(error)}") from error


def check_server(engine: Engine) -> None:
    """Raise DatabaseError when the server cannot be reached, is too old, or has no pgvector >= 0.8."""
    try:
        with engine.connect() as connection:
            version = connection.execute(SELECT_VERSION).scalar_one()
            pgvector = connection.execute(SELECT_PGVECTOR).scalar_one_or_none()
    except exc.OperationalError as error:
        raise DatabaseError(
            f"The database at {place(engine)} cannot be reached: {_said(error)}. Check "
            "DATABASE_URL, and that the server runs and accepts this user."
        ) from error
    if version < OLDEST_SERVER * 10_000:
        raise DatabaseError(
            f"The server at {place(engine)} is Postgres {version // 10_000}; "
            f"{OLDEST_SERVER} or later is needed."
        )
    _check_pgvector(engine, pgvector)


def migrate(engine: Engine) -> None:
    """Bring the schema up to date. Any number of processes may call it together; one works, the others wait.

    Raises DatabaseError when the database does not allow it, DatabaseLost when it goes away meanwhile.
    """
    # Alembic takes long to import and is needed here alone.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    try:
        with engine.connect() as connection, _alone(connection):
            _create_pgvector(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (exc.OperationalError, exc.InternalError, exc.InterfaceError) as error:
        raise DatabaseLost(
            f"The schema at {place(engine)} could not be brought up to date: {_said(error)}. Start again: "
            "each step of it was done as a whole or not at all."
        ) from error


def place(engine: Engine) -> str:
    """Where the database is, for messages: host, port and name, never the password."""
    url = engine.url
    host = url.host or url.query.get("host") or "the local socket"
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url.strip()))
    except (exc.ArgumentError, ValueError) as error:
        raise DatabaseError(
            "DATABASE_URL cannot be read. Write it as postgresql://user:password@host:5432/database."
        ) from error
    if parsed.drivername != "postgresql+psycopg":
        raise DatabaseError(f"DATABASE_URL names {parsed.drivername}; only postgresql:// is supported.")
    return parsed


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the migration lock for the life of the block, waiting for it without limit."""
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    # A change that cannot get its table soon must fail rather than queue all others behind it.
    connection.execute(text(f"SET lock_timeout = '{SESSION_SETTINGS['lock_timeout']}'"))
    connection.commit()
    try:
        yield
    finally:
        # The connection carries settings and a lock of its own: close it rather than pool it.
        connection.invalidate()


def _create_pgvector(connection: Connection) -> None:
    try:
        connection.execute(CREATE_PGVECTOR)
        connection.commit()
    except exc.DBAPIError as error:
        raise DatabaseError(
            f"The extension pgvector is not enabled in {place(connection.engine)} and this user may not "
            f"enable it: {_said(error)}. Let an administrator run CREATE EXTENSION vector; in that database."
        ) from error


def _check_pgvector(engine: Engine, version: str | None) -> None:
    if version is None:
        raise DatabaseError(
            f"The server at {place(engine)} has no pgvector. Install it there (Debian and Ubuntu: "
            "the package postgresql-NN-pgvector for your version NN; hosted services: enable the extension "
            "named vector), or leave DATABASE_URL unset to use the server that comes with oxbow."
        )
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PGVECTOR:
        raise DatabaseError(
            f"The server at {place(engine)} has pgvector {version}; 0.8 or later is needed. "
            "Upgrade the package, then run ALTER EXTENSION vector UPDATE; in that database."
        )


def _said(error: Exception) -> str:
    """The server's or driver's own words on one line."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    return " ".join(str(original).split()).rstrip(".")
