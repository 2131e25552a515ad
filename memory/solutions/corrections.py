"""Corrections: what people say of a thread that the memory holds, kept as history and as its standing."""

from __future__ import annotations

from sqlalchemy import Engine, text

from memory.database import transaction
from memory.solutions.solution import Correction
from memory.solutions.withdrawal import withdraw

SELECT_SOLUTIONS = text("""
    -- What a thread taught and is not withdrawn, locked, in one order everywhere.
    SELECT id FROM solutions
    WHERE team = :team AND channel = :channel AND thread = :thread AND outcome <> 'withdrawn'
    ORDER BY id FOR UPDATE
""")

INSERT_CORRECTION = text("""
    -- A word that was delivered before is not counted again.
    INSERT INTO corrections (solution_id, correction, given_by, delivery)
    VALUES (:solution, :correction, :by, :delivery)
    ON CONFLICT DO NOTHING
""")

SELECT_DELIVERED = text("""
    -- Whether the thread was corrected by this delivery, also where nothing is left of it.
    SELECT 1 FROM corrections JOIN solutions ON id = solution_id
    WHERE team = :team AND channel = :channel AND thread = :thread AND delivery = :delivery LIMIT 1
""")

UPDATE_STANDING = text("""
    UPDATE solutions SET standing = :standing, successor = :successor WHERE id = :solution
""")

SELECT_THREAD = text("""
    -- The thread of a link that the memory knows.
    SELECT channel, thread FROM solutions WHERE team = :team AND permalink = :link LIMIT 1
""")


class Corrections:
    """Corrects what the memory holds of a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def correct(
        self,
        *,
        team: str,
        channel: str,
        thread: str,
        correction: Correction,
        by: str,
        delivery: str,
        successor: str | None = None,
    ) -> int | None:
        """Correct everything that the thread taught; the number of solutions, None when it was done before.

        `successor` is the link of the thread that supersedes it. Forgetting withdraws the solutions with
        their text; another correction replaces the one before.
        """
        with transaction(self._engine) as connection:
            place = {"team": team, "channel": channel, "thread": thread}
            if connection.execute(SELECT_DELIVERED, place | {"delivery": delivery}).first():
                return None
            found = list(connection.execute(SELECT_SOLUTIONS, place).scalars())
            said = {"correction": correction, "by": by, "delivery": delivery}
            for solution in found:
                connection.execute(INSERT_CORRECTION, said | {"solution": solution})
                if correction == "forget":
                    withdraw(connection, solution)
                else:
                    change = {"solution": solution, "standing": correction, "successor": successor}
                    connection.execute(UPDATE_STANDING, change)
        return len(found)

    def thread_of(self, team: str, link: str) -> tuple[str, str] | None:
        """Channel and thread of a link, when the memory holds it under that very link."""
        with transaction(self._engine) as connection:
            row = connection.execute(SELECT_THREAD, {"team": team, "link": link}).one_or_none()
        return None if row is None else (row.channel, row.thread)
