"""What people have set for themselves."""

from alembic import op

revision = "0014"
down_revision = "0013"

PERSONAL_SETTINGS = """
    CREATE TABLE personal_settings (
        team    text        NOT NULL,
        person  text        NOT NULL,
        name    text        NOT NULL CHECK (name <> ''),
        value   text        NOT NULL,
        set_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (team, person, name)
    )
"""


def upgrade() -> None:
    op.execute(PERSONAL_SETTINGS)
