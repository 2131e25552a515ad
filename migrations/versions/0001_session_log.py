"""The session log: sessions, their events, large outputs, and what Slack last said of each channel."""

from alembic import op

revision = "0001"
down_revision = None

SESSIONS = """
    -- One row per thread: lock, counter, fence and alarm in one.
    CREATE TABLE sessions (
        id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        team            text NOT NULL,
        channel         text NOT NULL,
        thread          text NOT NULL,  -- Slack time stamp of the thread's root message
        cell            smallint NOT NULL DEFAULT 0,  -- the database it lives in, once there are several
        head            bigint NOT NULL DEFAULT 0,  -- number of the last event
        status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
        runnable_at     timestamptz,  -- the alarm: a worker may claim it from then on; null: nothing to do
        lease_owner     text,
        lease_epoch     bigint NOT NULL DEFAULT 0,  -- the fence: raised by each claim
        lease_until     timestamptz,
        interrupt_seq   bigint NOT NULL DEFAULT 0,  -- number of the latest request to stop; 0: none yet
        barren_claims   integer NOT NULL DEFAULT 0,  -- claims since the last event of a holder
        opened_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (team, channel, thread),
        CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
        CHECK (interrupt_seq <= head)
    )
"""

SESSIONS_TO_CLAIM = """
    -- The claim reads the oldest alarms; sessions at rest are not in this index.
    CREATE INDEX sessions_to_claim ON sessions (runnable_at) WHERE runnable_at IS NOT NULL
"""

SESSIONS_RECENT = """
    -- Listings show the latest first.
    CREATE INDEX sessions_recent ON sessions (updated_at DESC)
"""

EVENTS = """
    -- The truth, insert only. The payload is json and not jsonb: order of keys and text stay as they were, so
    -- that a provider's blocks are replayed as they came, and escapes that jsonb refuses can be kept.
    CREATE TABLE events (
        session_id      uuid NOT NULL REFERENCES sessions,
        seq             bigint NOT NULL CHECK (seq > 0),
        type            text NOT NULL,
        version         integer NOT NULL CHECK (version > 0),
        payload         json NOT NULL,
        epoch           bigint,  -- of the lease that wrote it; null when received from outside
        delivery_key    text,  -- of the delivery that brought it
        recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (session_id, seq),
        UNIQUE (session_id, delivery_key)
    ) PARTITION BY HASH (session_id)
"""

EVENTS_PARTITION = (
    "CREATE TABLE events_{number} PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER {number})"
)

REFUSE_CHANGE = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'events are only ever added: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END $$
"""

EVENTS_ARE_KEPT = """
    -- For everybody, the owner of the table included. For each row: these triggers reach every partition.
    CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON events
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""

EVENTS_ARE_NOT_EMPTIED = """
    -- Triggers on TRUNCATE are not inherited: each partition needs its own.
    CREATE TRIGGER {table}_are_not_emptied BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""

BLOBS = """
    -- Whole outputs of calls whose event keeps the head and the tail alone.
    CREATE TABLE blobs (
        session_id      uuid NOT NULL REFERENCES sessions,
        call            text NOT NULL,
        content         bytea NOT NULL,
        recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (session_id, call)
    )
"""

CHANNELS = """
    -- What was last heard of a channel: by Slack, or by the import that brought its threads.
    CREATE TABLE channels (
        team            text NOT NULL,
        channel         text NOT NULL,
        name            text NOT NULL,
        public          boolean NOT NULL,
        reason          text NOT NULL,  -- why it does not count as public; empty when it does
        source          text NOT NULL CHECK (source IN ('slack', 'import')),
        checked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (team, channel),
        CHECK (public = (reason = ''))
    )
"""


def upgrade() -> None:
    op.execute(SESSIONS)
    op.execute(SESSIONS_TO_CLAIM)
    op.execute(SESSIONS_RECENT)
    op.execute(EVENTS)
    for number in range(8):
        op.execute(EVENTS_PARTITION.format(number=number))
    op.execute(REFUSE_CHANGE)
    op.execute(EVENTS_ARE_KEPT)
    for table in ("events", *(f"events_{number}" for number in range(8))):
        op.execute(EVENTS_ARE_NOT_EMPTIED.format(table=table))
    op.execute(BLOBS)
    op.execute(CHANNELS)
