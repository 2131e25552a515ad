"""What became of a solution that was found: shown, cited in an answer, helpful, not relevant.

Everything here belongs to the transaction of the event that says so. Two figures of it weigh in ranking, and
are kept with the solution: how many confirmed answers cite it, and how many people called it not relevant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, text

from memory.log.events import Verdict

_LINK = re.compile(r"https?://[^\s<>()\[\]|\"'`]+")

INSERT_SHOWN = text("""
    -- Solutions that still exist; one that was shown or cited before stays what it is.
    INSERT INTO solution_uses (solution_id, session_id, cited)
    SELECT id, :session, false FROM solutions WHERE id = ANY(CAST(:solutions AS uuid[]))
    ON CONFLICT DO NOTHING
""")

UPSERT_CITED = text("""
    -- Every solution of a thread whose link the answer names, but for the session's own.
    INSERT INTO solution_uses (solution_id, session_id, cited)
    SELECT id, :session, true FROM solutions
    WHERE team = :team AND permalink = ANY(CAST(:links AS text[])) AND session_id IS DISTINCT FROM :session
    ON CONFLICT (solution_id, session_id) DO UPDATE SET cited = true
""")

UPDATE_HELPED = text("""
    -- Counted anew, so that it does not matter how often the session's outcome changes.
    UPDATE solutions SET helped = (
        SELECT count(*) FROM (
            SELECT uses.session_id FROM solution_uses AS uses
            JOIN solutions AS answered ON answered.session_id = uses.session_id
            WHERE uses.solution_id = solutions.id AND cited AND answered.outcome = 'confirmed'
            UNION
            SELECT feedback.session_id FROM feedback
            WHERE feedback.solution_id = solutions.id AND verdict = 'solved'
        ) AS sessions
    )
    WHERE id IN (
        SELECT solution_id FROM solution_uses WHERE session_id = :session AND cited
        UNION SELECT solution_id FROM feedback WHERE session_id = :session
    )
""")

UPSERT_FEEDBACK = text("""
    -- A person's latest word in a session replaces the earlier one; of a solution that is gone there is none.
    INSERT INTO feedback (solution_id, session_id, given_by, verdict)
    SELECT id, CAST(:session AS uuid), :by, :verdict FROM solutions WHERE id = :solution
    ON CONFLICT (solution_id, session_id, given_by)
    DO UPDATE SET verdict = excluded.verdict, given_at = clock_timestamp()
""")

UPDATE_DISMISSED = text("""
    UPDATE solutions SET dismissed = (
        SELECT count(DISTINCT given_by) FROM feedback
        WHERE solution_id = solutions.id AND verdict = 'not_relevant'
    )
    WHERE id = :solution
""")


def record_shown(connection: Connection, session: UUID, solutions: Iterable[UUID]) -> None:
    """The session showed these solutions."""
    connection.execute(INSERT_SHOWN, {"session": session, "solutions": list(solutions)})


def record_answer(connection: Connection, session: UUID, *, team: str, answer: str) -> None:
    """A turn of the session was indexed: the solutions that its answer links are cited, and helped if so."""
    connection.execute(UPSERT_CITED, {"session": session, "team": team, "links": links(answer)})
    connection.execute(UPDATE_HELPED, {"session": session})


def record_feedback(
    connection: Connection, solution: UUID, *, session: UUID | None, by: str, verdict: Verdict
) -> None:
    """Keep what somebody said of a solution, once per person and session; the latest counts."""
    given = {"solution": solution, "session": session, "by": by, "verdict": verdict}
    connection.execute(UPSERT_FEEDBACK, given)
    connection.execute(UPDATE_DISMISSED, {"solution": solution})
    if session is not None:
        connection.execute(UPDATE_HELPED, {"session": session})


def links(answer: str) -> list[str]:
    """The web addresses in a text, each once, without the punctuation after them."""
    return list(dict.fromkeys(found.rstrip(".,;:!?*_~") for found in _LINK.findall(answer)))
