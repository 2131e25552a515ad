"""What the people of a channel have set for it."""

from alembic import op

revision = "0004"
down_revision = "0003"

CHANNEL_SETTINGS = """
    CREATE TABLE channel_settings (
        team    text        NOT NULL,
        channel text        NOT NULL,
        name    text        NOT NULL CHECK (name <> ''),
        value   text        NOT NULL,
        set_by  text        NOT NULL,
        set_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (team, channel, name)
    )
"""


def upgrade() -> None:
    op.execute(CHANNEL_SETTINGS)
