"""What people in a thread say of what it taught: wrong, outdated, superseded, to be forgotten."""

from alembic import op

revision = "0010"
down_revision = "0009"

STANDING = """
    -- Whether a solution still holds. A default of every row costs nothing to add.
    ALTER TABLE solutions
        ADD COLUMN standing text NOT NULL DEFAULT 'current'
            CHECK (standing IN ('current', 'wrong', 'outdated', 'superseded')),
        ADD COLUMN successor text,  -- the link of the thread that supersedes it
        ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),  -- when its thread was last compared
        ADD CONSTRAINT solutions_successor CHECK ((standing = 'superseded') = (successor IS NOT NULL))
"""

SOLUTIONS_TO_SEE = """
    -- The thread that was compared longest ago is next.
    CREATE INDEX solutions_to_see ON solutions (team, seen_at)
"""

CORRECTIONS = """
    -- The history: who said what of which solution; the latest is its standing. Holds no text of a thread.
    CREATE TABLE corrections (
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        correction      text NOT NULL CHECK (correction IN ('forget', 'wrong', 'outdated', 'superseded')),
        given_by        text NOT NULL,
        delivery        text NOT NULL,  -- what brought it; one word counts once
        given_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (solution_id, delivery)
    )
"""


def upgrade() -> None:
    for statement in (STANDING, SOLUTIONS_TO_SEE, CORRECTIONS):
        op.execute(statement)
