"""Fixtures for every test: a real Postgres, and a database of one's own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from memory.database import connect
from memory.postgres.server import EmbeddedPostgres
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """One server for the run, with the migrated template."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as postgres:
        databases = Databases(url=postgres.url)
        databases.prepare()
        yield databases


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh database with the whole schema and no row."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database."""
    engine = connect(database_url)
    yield engine
    engine.dispose()
