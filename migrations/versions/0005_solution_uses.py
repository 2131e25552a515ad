"""What became of solutions that were shown: in which session, and whether its answer cites them."""

from alembic import op

revision = "0005"
down_revision = "0004"

SOLUTION_USES = """
    -- One row per solution and session that it was shown in, or whose answer names it.
    CREATE TABLE solution_uses (
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        session_id      uuid NOT NULL REFERENCES sessions,
        used_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        cited           boolean NOT NULL,  -- the answer of one of the session's turns holds its link
        PRIMARY KEY (solution_id, session_id)
    )
"""

SOLUTION_USES_BY_SESSION = """
    -- What a session used, when its outcome changes.
    CREATE INDEX solution_uses_by_session ON solution_uses (session_id)
"""

FIGURES = """
    -- What ranking needs of uses and feedback, kept here so that a search reads no other table.
    ALTER TABLE solutions
        ADD COLUMN helped integer NOT NULL DEFAULT 0,  -- sessions whose confirmed answer cites it
        ADD COLUMN dismissed integer NOT NULL DEFAULT 0  -- people who called it not relevant
"""

SOLUTIONS_BY_PERMALINK = """
    -- The links of an answer are looked up.
    CREATE INDEX solutions_by_permalink ON solutions (team, permalink)
"""


def upgrade() -> None:
    for statement in (SOLUTION_USES, SOLUTION_USES_BY_SESSION, FIGURES, SOLUTIONS_BY_PERMALINK):
        op.execute(statement)
