"""What is done once in a night or a week, by one of any number of processes."""

from alembic import op

revision = "0011"
down_revision = "0010"

CHORES = """
    -- One row per team and chore: who has it in hand until when, and the latest period it was done for. The
    -- epoch is the fence, as it is for sessions: a late end of an earlier holder changes nothing.
    CREATE TABLE chores (
        team            text NOT NULL,
        name            text NOT NULL,
        epoch           bigint NOT NULL CHECK (epoch > 0),
        lease_until     timestamptz,
        done_for        timestamptz,  -- the beginning of that period
        PRIMARY KEY (team, name)
    )
"""


def upgrade() -> None:
    op.execute(CHORES)
