"""Pull requests that sessions opened, and when each is looked at next."""

from alembic import op

revision = "0008"
down_revision = "0007"

PULL_REQUESTS = """
    CREATE TABLE pull_requests (
        repository  text        NOT NULL,
        number      integer     NOT NULL CHECK (number > 0),
        team        text        NOT NULL,
        channel     text        NOT NULL,
        thread      text        NOT NULL,
        opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- What its session was told last, and how often it was told.
        told        text        NOT NULL DEFAULT '',
        times       integer     NOT NULL DEFAULT 0,
        -- Empty once nothing more is expected of it.
        look_after  timestamptz DEFAULT clock_timestamp(),
        PRIMARY KEY (repository, number)
    )
"""

DUE = "CREATE INDEX pull_requests_due ON pull_requests (look_after) WHERE look_after IS NOT NULL"


def upgrade() -> None:
    op.execute(PULL_REQUESTS)
    op.execute(DUE)
