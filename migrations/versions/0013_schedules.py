"""Work that repeats: what is asked in a channel, when, and for whom."""

from alembic import op

revision = "0013"
down_revision = "0012"

SCHEDULES = """
    CREATE TABLE schedules (
        id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,  -- never given twice: keys hold it
        team        text        NOT NULL,
        channel     text        NOT NULL,
        -- What people call it by in its channel, and at once the limit of a channel.
        number      smallint    NOT NULL CHECK (number BETWEEN 1 AND 20),
        days        smallint[]  NOT NULL CHECK (cardinality(days) > 0 AND days <@ '{1,2,3,4,5,6,7}'),  -- ISO
        at          time        NOT NULL,
        zone        text        NOT NULL CHECK (zone <> ''),
        words       text        NOT NULL CHECK (words <> ''),
        created_by  text        NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        next_at     timestamptz,  -- the alarm; null when it is parked
        parked      text,  -- why it does not go on
        -- Who opens the thread that is due: taken so often for this very time, held until then.
        tries       integer     NOT NULL DEFAULT 0,
        held_until  timestamptz,
        UNIQUE (team, channel, number),
        CHECK ((next_at IS NULL) = (parked IS NOT NULL))
    )
"""

DUE = "CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL"


def upgrade() -> None:
    op.execute(SCHEDULES)
    op.execute(DUE)
