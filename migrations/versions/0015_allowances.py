"""How often all processes together may ask an outside service for something."""

from alembic import op

revision = "0015"
down_revision = "0014"

ALLOWANCES = """
    -- One row per team and thing that is rationed. `due` is when the next call would come if they came
    -- evenly; how far it may run ahead of the clock is the burst. Not logged: after a crash everything is
    -- allowed again.
    CREATE UNLOGGED TABLE allowances (
        team            text NOT NULL,
        name            text NOT NULL,
        due             timestamptz NOT NULL,
        PRIMARY KEY (team, name)
    )
"""


def upgrade() -> None:
    op.execute(ALLOWANCES)
