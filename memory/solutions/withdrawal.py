"""Taking a solution back: nothing finds it and its text is gone, for good or until it is written anew."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from memory.log.sessions import ThreadAddress

EMPTY = text("""
    -- The row stays, without a word.
    UPDATE solutions SET length = 0, problem = '', fix = '', cause = '', symptoms = '{}', environment = '{}',
        evidence = '[]', files = '{}', people = '{}', conversation = '[]', content_hash = ''
    WHERE id = :id
""")

DELETE_PASSAGES = text("DELETE FROM passages WHERE solution_id = :id")

DELETE_POSTINGS = text("DELETE FROM postings WHERE solution_id = :id")

DELETE_FORMS = text("DELETE FROM solution_forms WHERE solution_id = :id")

WITHDRAW = text("""
    -- So that indexing its thread again cannot bring it back.
    UPDATE solutions SET outcome = 'withdrawn' WHERE id = :id
""")

SELECT_TURN = text("""
    -- What one turn of a thread taught.
    SELECT id FROM solutions WHERE team = :team AND channel = :channel AND thread = :thread AND turn = :turn
""")


def withdraw(connection: Connection, solution: UUID) -> None:
    """Make a solution impossible to find, for good, from the commit on."""
    _empty(connection, solution)
    connection.execute(WITHDRAW, {"id": solution})


def hide_turn(connection: Connection, address: ThreadAddress, turn: int) -> None:
    """Make what a turn taught impossible to find from the commit on, until it is indexed again.

    Nothing when it was never indexed.
    """
    where = {"team": address.team, "channel": address.channel, "thread": address.thread, "turn": turn}
    solution = connection.execute(SELECT_TURN, where).scalar_one_or_none()
    if solution is not None:
        _empty(connection, solution)


def _empty(connection: Connection, solution: UUID) -> None:
    for statement in (EMPTY, DELETE_PASSAGES, DELETE_POSTINGS, DELETE_FORMS):
        connection.execute(statement, {"id": solution})
