"""The schema: made once, by whoever comes first, and complete for everybody who waited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from memory.database import connect, migrate
from tests.support.databases import Databases


def revisions(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def test_a_migrated_database_is_left_as_it_is(engine: Engine) -> None:
    before = revisions(engine)
    migrate(engine)
    assert revisions(engine) == before


def test_processes_that_start_together_migrate_once(databases: Databases) -> None:
    with databases.fresh(template="template0") as url:
        engines = [connect(url) for _ in range(6)]
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(migrate, engines))
        assert len(revisions(engines[0])) == 1
        for engine in engines:
            engine.dispose()
