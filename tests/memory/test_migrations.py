"""The schema: made once, by whoever comes first, and complete for everybody who waited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from memory.database import MIGRATION_LOCK, connect, migrate
from memory.errors import DatabaseLost
from tests.support.databases import Databases
from tests.support.waiting import eventually

CUT = text("""
    -- Cut off whoever waits for a lock of this database.
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


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


def test_a_database_that_goes_away_meanwhile_is_named(databases: Databases) -> None:
    with databases.fresh(template="template0") as url:
        engine, watcher = connect(url), connect(url)
        # Outside a transaction: within one the activity is shown as it was at its beginning.
        alone = watcher.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as other, ThreadPoolExecutor(1) as threads:
            # Whoever migrates waits for this lock, and is cut off there.
            other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            migrating = threads.submit(migrate, engine)
            eventually(lambda: other.execute(CUT).scalars().all())
            with pytest.raises(DatabaseLost, match="could not be brought up to date"):
                migrating.result()
        engine.dispose()
        watcher.dispose()
