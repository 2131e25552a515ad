"""Erasing a workspace reaches every table that knows it, and the log lets nothing else be erased."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from memory.log.session_log import SessionLog, ThreadAddress
from memory.workspaces.erasing import OF_SESSIONS, OF_TEAM, erase_workspace
from tests.support.threads import deliver

TABLES = text("""
    SELECT c.table_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.column_name = :column AND c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND c.table_name !~ '_[0-9]+$'
""")


def tables(engine: Engine, column: str) -> set[str]:
    """Those with a column of this name, partitions aside."""
    with engine.connect() as connection:
        return set(connection.execute(TABLES, {"column": column}).scalars())


def test_every_table_that_knows_a_workspace_or_a_session_is_reached(engine: Engine) -> None:
    # What belongs to a solution goes with it.
    assert tables(engine, "team") - tables(engine, "solution_id") == set(OF_TEAM)
    assert tables(engine, "session_id") <= {*OF_SESSIONS, *OF_TEAM}


def test_the_log_lets_no_other_workspace_be_erased(engine: Engine) -> None:
    log = SessionLog(engine)
    kept = deliver(log).session
    assert erase_workspace(engine, "T2") == 0
    assert len(log.read(kept)) == 2
    other = text("SELECT set_config('oxbow.erased_team', 'T2', false)")
    with engine.connect() as connection:
        connection.execute(other)
        with pytest.raises(DBAPIError, match="only ever added"):
            connection.execute(text("DELETE FROM events"))
    assert erase_workspace(engine, "T1") == 1
    assert log.read(kept) == []
    assert log.thread_state(ThreadAddress(team="T1", channel="C1", thread="100.000001")) is None
