"""Databases for tests: one server per run, one fresh copy of the migrated schema per test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from memory.database import connect, migrate

TEMPLATE = "oxbow_template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """Makes databases on the server at `url`."""

    url: str

    def prepare(self) -> None:
        """Make the template: a database with the whole schema and no row."""
        self._run(f"CREATE DATABASE {TEMPLATE}")
        engine = connect(self._named(TEMPLATE))
        migrate(engine)
        engine.dispose()

    @contextmanager
    def fresh(self, *, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a new database, dropped afterwards together with whoever is still connected to it."""
        name = f"oxbow_{uuid4().hex[:12]}"
        # Copying files beats logging each block: the server's data are thrown away anyway.
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._named(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _named(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """An engine on a database, for as long as this is open."""
    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()
