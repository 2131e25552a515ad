"""Withdrawing a solution: it can be found no more, its text is gone, and it stays so."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

WITHDRAW = text("""
    -- The row stays, without a word, so that indexing its thread again cannot bring it back.
    UPDATE solutions SET outcome = 'withdrawn', length = 0, problem = '', fix = '', cause = '',
        symptoms = '{}', evidence = '[]', files = '{}', people = '{}', conversation = '[]', content_hash = ''
    WHERE id = :id
""")

DELETE_PASSAGES = text("DELETE FROM passages WHERE solution_id = :id")

DELETE_POSTINGS = text("DELETE FROM postings WHERE solution_id = :id")


def withdraw(connection: Connection, solution: UUID) -> None:
    """Make a solution impossible to find, for good, from the commit on."""
    for statement in (WITHDRAW, DELETE_PASSAGES, DELETE_POSTINGS):
        connection.execute(statement, {"id": solution})
