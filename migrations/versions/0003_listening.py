"""When each workspace was last listened to, so that a start can tell what it may have missed."""

from alembic import op

revision = "0003"
down_revision = "0002"

LISTENING = """
    -- One row per workspace; every listener moves it forward while it is connected.
    CREATE TABLE listening (
        team        text PRIMARY KEY,
        heard_until timestamptz NOT NULL
    )
"""


def upgrade() -> None:
    op.execute(LISTENING)
