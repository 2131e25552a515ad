"""The workspaces that installed the app themselves, and erasing one of them."""

from alembic import op

revision = "0018"
down_revision = "0017"

INSTALLATIONS = """
    CREATE TABLE installations (
        team         text        PRIMARY KEY CHECK (team <> ''),
        sealed       bytea       NOT NULL,  -- what Slack gave, encrypted; the key is not in the database
        expires_at   timestamptz,  -- of the token; null: never
        installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        parked       text  -- why nothing is done there
    )
"""

REFUSE_CHANGE = """
    -- Events are only ever added. Those of one workspace may be erased together with it, by a transaction
    -- that names it.
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF current_setting('oxbow.erased_team', true)
                = (SELECT team FROM sessions WHERE id = OLD.session_id) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'events are only ever added: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    op.execute(INSTALLATIONS)
    op.execute(REFUSE_CHANGE)
