"""The statements of the session log.

Two rules hold for all of them. A transaction locks the row of its session before it touches anything else, so
no two can wait for each other. Only the database's clock is read, so the clocks of the workers do not matter.
"""

from sqlalchemy import text

CHANNEL = "oxbow_runnable"
"""Where a hint is sent when a session becomes runnable."""

OPEN = text("""
    -- Make the session of a thread, unless it has one.
    INSERT INTO sessions (team, channel, thread) VALUES (:team, :channel, :thread)
    ON CONFLICT (team, channel, thread) DO NOTHING
    RETURNING id
""")

LOCK_THREAD = text("""
    -- The session of a thread, locked: whoever delivers the same thing at the same time waits here.
    SELECT id, head, clock_timestamp() AS now FROM sessions
    WHERE team = :team AND channel = :channel AND thread = :thread
    FOR UPDATE
""")

DELIVERED = text("""
    -- Where an earlier delivery under this key is in the log.
    SELECT seq FROM events WHERE session_id = :session AND delivery_key = :delivery_key
""")

ADVANCE_RECEIVED = text("""
    -- Numbers for received events, and the alarm set to now unless it is already due. Who holds the session
    -- for background work loses it: somebody waits now, and that work is done again.
    UPDATE sessions SET
        head = head + :count,
        runnable_at = least(runnable_at, clock_timestamp()),
        interrupt_seq = coalesce(head + CAST(:interrupt AS bigint), interrupt_seq),
        status = CASE WHEN :reopen THEN 'open' ELSE status END,
        lease_owner = CASE WHEN background THEN NULL ELSE lease_owner END,
        lease_until = CASE WHEN background THEN NULL ELSE lease_until END,
        background = false,
        updated_at = clock_timestamp()
    WHERE id = :session
""")

ADVANCE_HELD = text("""
    -- Numbers for the events of the holder. No row: the lease is another's or was given up.
    UPDATE sessions SET
        head = head + :count,
        -- Asking the model anew is no progress: a session that dies over the answer would never be given up.
        barren_claims = CASE WHEN :progress THEN 0 ELSE barren_claims END,
        status = CASE WHEN :close THEN 'closed' ELSE status END,
        updated_at = clock_timestamp()
    WHERE id = :session AND lease_epoch = :epoch AND lease_owner = :owner
    RETURNING head
""")

INSERT_EVENTS = text("""
    -- The events after `head`, in order; the key of a delivery goes with the last.
    INSERT INTO events (session_id, seq, type, version, payload, epoch, delivery_key)
    SELECT :session, :head + n, type, version, payload, :epoch, CASE WHEN n = :count THEN :delivery_key END
    FROM unnest(CAST(:types AS text[]), CAST(:versions AS integer[]), CAST(:payloads AS json[]))
         WITH ORDINALITY AS new (type, version, payload, n)
""")

HINT = text(f"SELECT pg_notify('{CHANNEL}', '')")

SELECT_EVENTS = text("""
    -- The log after a number. The payload as text: it is read by our own codec.
    SELECT seq, recorded_at, epoch, type, version, CAST(payload AS text) AS payload
    FROM events WHERE session_id = :session AND seq > :after ORDER BY seq
""")

SELECT_THREAD = text("""
    -- The session of a thread with its messages and the ends of its turns, for whoever hears a reply there.
    SELECT s.id, s.status, e.type, e.version, CAST(e.payload AS text) AS payload,
        coalesce(c.value = 'mention', false) AS only_mentions
    FROM sessions s
    LEFT JOIN channel_settings c ON (c.team, c.channel, c.name) = (s.team, s.channel, 'replies')
    LEFT JOIN events e ON e.session_id = s.id
        AND e.type IN ('message_received', 'turn_finished', 'session_closed', 'attention_changed')
    WHERE s.team = :team AND s.channel = :channel AND s.thread = :thread
    ORDER BY e.seq
""")

CLAIM = text("""
    -- Take the oldest due session that nobody holds, of those that somebody waits for or of the others; one
    -- that is being claimed or written to is passed over.
    -- statement_timestamp() does not move while the index is read, so the index can be searched by it.
    UPDATE sessions SET
        lease_owner = :owner,
        lease_epoch = lease_epoch + 1,
        lease_until = clock_timestamp() + make_interval(secs => :ttl),
        barren_claims = barren_claims + 1
    WHERE id = (
        SELECT id FROM sessions
        WHERE background = :background AND runnable_at <= statement_timestamp()
          AND (lease_until IS NULL OR lease_until <= statement_timestamp())
          AND (CAST(:team AS text) IS NULL OR team = :team)
          AND id <> ALL (CAST(:without AS uuid[]))
          -- One suspect at a time: a session that brought nothing twice may be what kills its worker, and
          -- what dies with it is not to be taken for it. Whatever goes on is no suspect any more.
          AND (barren_claims < 2 OR NOT EXISTS (
              SELECT FROM sessions AS held
              WHERE held.runnable_at <= statement_timestamp() AND held.lease_owner = :owner
                AND held.lease_until > statement_timestamp() AND held.barren_claims > 2))
        ORDER BY runnable_at
        FOR UPDATE SKIP LOCKED
        LIMIT 1
    )
    RETURNING id, team, channel, thread, head, lease_epoch, interrupt_seq, barren_claims,
              clock_timestamp() AS now, lease_until
""")

RENEW = text("""
    -- All leases of a process at once, in the order of their ids. An expired one is still held if not taken.
    WITH held AS (
        SELECT id FROM sessions
        JOIN unnest(CAST(:sessions AS uuid[]), CAST(:epochs AS bigint[])) AS lease (session, epoch)
          ON id = session AND lease_epoch = epoch
        WHERE lease_owner = :owner
        ORDER BY id
        FOR UPDATE OF sessions
    )
    UPDATE sessions SET lease_until = clock_timestamp() + make_interval(secs => :ttl)
    FROM held WHERE sessions.id = held.id
    RETURNING sessions.id, lease_epoch, head, interrupt_seq
""")

REST = text("""
    -- Give the lease up and set the alarm (null: none), but only if nothing was added since `head`.
    UPDATE sessions SET
        lease_owner = NULL,
        lease_until = NULL,
        barren_claims = 0,
        background = false,
        runnable_at = clock_timestamp() + make_interval(secs => CAST(:delay AS double precision))
    WHERE id = :session AND lease_epoch = :epoch AND lease_owner = :owner AND head = :head
""")

HELD = text("SELECT FROM sessions WHERE id = :session AND lease_epoch = :epoch AND lease_owner = :owner")

RELEASE = text("""
    -- Hand the session over. The claim does not count: its worker left, the session did nothing wrong.
    UPDATE sessions SET
        lease_owner = NULL,
        lease_until = NULL,
        barren_claims = greatest(barren_claims - 1, 0),
        -- Something that was heard since `head` is not to wait for the delay, and is no background work.
        background = :background AND head = :head,
        runnable_at = CASE WHEN head = :head
            THEN greatest(runnable_at, clock_timestamp() + make_interval(secs => :delay))
            ELSE clock_timestamp() END
    WHERE id = :session AND lease_epoch = :epoch AND lease_owner = :owner
""")

SELECT_SESSIONS = """
    -- A listing, latest first.
    SELECT id, team, channel, thread, head, runnable_at, lease_owner, lease_epoch, lease_until, barren_claims,
           opened_at, updated_at,
           CASE WHEN lease_until > statement_timestamp() THEN 'running'
                WHEN runnable_at <= statement_timestamp() THEN 'runnable'
                WHEN runnable_at IS NOT NULL THEN 'waiting'
                WHEN status = 'closed' THEN 'closed'
                ELSE 'idle' END AS status
    FROM sessions
    {where}
    ORDER BY updated_at DESC LIMIT :limit
"""

SELECT_RECENT = text(SELECT_SESSIONS.format(where=""))

SELECT_OF_CHANNEL = text(SELECT_SESSIONS.format(where="WHERE team = :team AND channel = :channel"))

SELECT_OF_PERSON = text(
    SELECT_SESSIONS.format(
        where="""
    WHERE id IN (
        -- Looked into are the newest alone: their events are read one by one.
        SELECT id FROM sessions
        WHERE team = :team AND updated_at > clock_timestamp() - make_interval(days => :days)
        ORDER BY updated_at DESC LIMIT :looked_into
    ) AND EXISTS (
        SELECT FROM events WHERE session_id = sessions.id AND (
            (type = 'message_received' AND payload ->> 'author' = :person)
            OR (type = 'approval_requested' AND CAST(payload ->> 'approvers' AS jsonb) ? :person)
        )
    )"""
    )
)

SELECT_BY_PREFIX = text(SELECT_SESSIONS.format(where="WHERE starts_with(CAST(id AS text), :prefix)"))

PUT_BLOB = text("""
    -- The first wins: a call has one output.
    INSERT INTO blobs (session_id, call, content) VALUES (:session, :call, :content)
    ON CONFLICT (session_id, call) DO NOTHING
""")

GET_BLOB = text("SELECT content FROM blobs WHERE session_id = :session AND call = :call")

NOW = text("SELECT clock_timestamp()")
