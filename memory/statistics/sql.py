"""The statements behind the figures of a stretch of time.

`MEASURE` reads the log once and leaves one row for each session in a table of the transaction; the others are
short. What the types of events mean for availability comes from `memory.statistics.availability`, which says
the same in Python.

Fields are read by `fields_of`, a function of the schema: a zero byte in what a command printed must not hide
the rest of its event.
"""

from sqlalchemy import text

NOW = text("SELECT clock_timestamp()")

PATIENT = text("SELECT set_config('statement_timeout', :milliseconds, true)")

MEASURE = text("""
    -- One row for each session that may have had something to do between `since` and `until`.
    CREATE TEMPORARY TABLE measured ON COMMIT DROP AS
    WITH chosen AS (
        SELECT id, team, channel, lease_epoch, coalesce(lease_until > :now, false) AS live
        FROM sessions
        WHERE opened_at < :until AND (updated_at >= :since OR runnable_at IS NOT NULL)
          AND team = coalesce(CAST(:team AS text), team)
          AND channel = coalesce(CAST(:channel AS text), channel)
    ), read AS (
        -- Each event with what the log said up to it: numbers of the last event of each meaning, and when the
        -- holder of the lease wrote last.
        SELECT
            id, team, channel, live, lease_epoch, seq, epoch, type, payload, recorded_at AS at,
            recorded_at >= :since AND recorded_at < :until AS inside,
            greatest(recorded_at, coalesce(lead(recorded_at) OVER so_far, :now)) AS next_at,
            max(epoch) OVER so_far AS holder,
            max(epoch) OVER before AS holder_before,
            max(recorded_at) FILTER (WHERE epoch IS NOT NULL) OVER so_far AS written_at,
            max(recorded_at) FILTER (WHERE epoch IS NOT NULL) OVER before AS written_before,
            coalesce(max(seq) FILTER (WHERE type = ANY(:spoken)) OVER so_far, 0) AS spoken,
            coalesce(max(seq) FILTER (WHERE type = 'message_received') OVER so_far, 0) AS message,
            coalesce(max(seq) FILTER (WHERE type = ANY(:read)) OVER so_far, 0) AS read_through,
            coalesce(max(seq) FILTER (WHERE type = ANY(:work)) OVER so_far, 0) AS worked,
            coalesce(max(seq) FILTER (WHERE type = ANY(:put)) OVER so_far, 0) AS put,
            coalesce(max(seq) FILTER (WHERE type = ANY(:decided)) OVER so_far, 0) AS decided,
            coalesce(max(seq) FILTER (WHERE type = ANY(:waits) AND EXISTS (
                SELECT FROM unnest(CAST(:waits AS text[]), CAST(:fields AS text[]), CAST(:words AS text[]))
                    AS wait (kind, field, word)
                WHERE kind = type AND (field IS NULL OR fields_of(payload) ->> field = word)
            )) OVER so_far, 0) AS waited
        FROM chosen JOIN events ON session_id = id
        WINDOW
            so_far AS (PARTITION BY id ORDER BY seq ROWS UNBOUNDED PRECEDING),
            before AS (PARTITION BY id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), told AS (
        -- Whether somebody was owed progress until the next event, and whether the worker that wrote last
        -- still held the session: it wrote again later, or its lease stands now.
        SELECT
            *,
            spoken > coalesce(max(seq) FILTER (
                WHERE type = ANY(:ends) AND (message <= read_through OR type = 'session_closed')
            ) OVER (PARTITION BY id ORDER BY seq ROWS UNBOUNDED PRECEDING), 0)
                AND waited <= greatest(spoken, worked) AND put <= greatest(decided, worked) AS owed,
            coalesce(max(seq) FILTER (WHERE epoch IS NOT NULL) OVER (PARTITION BY id, holder) > seq, false)
                OR live AND coalesce(holder = lease_epoch, false) AS held
        FROM read
    ), put_together AS (
        SELECT
            id, team, channel,
            count(*) FILTER (WHERE inside) AS events,
            count(*) FILTER (WHERE inside AND type = 'tool_finished') AS tool_calls,
            count(*) FILTER (WHERE inside AND type = 'solutions_recalled') AS recalls,
            count(*) FILTER (
                WHERE inside AND type = 'tool_started' AND fields_of(payload) ->> 'tool' = 'search_memory'
            ) AS searches,
            array_agg(fields_of(payload) ->> 'outcome') FILTER (WHERE inside AND type = 'turn_finished')
                AS outcomes,
            array_agg(DISTINCT fields_of(payload) ->> 'author')
                FILTER (WHERE inside AND type = 'message_received') AS people,
            coalesce(range_agg(tstzrange(at, next_at)) FILTER (WHERE owed), '{}') AS owed,
            coalesce(range_agg(tstzrange(
                CASE WHEN held THEN least(next_at, greatest(at, written_at + :longest_step)) ELSE at END,
                next_at
            )) FILTER (WHERE owed), '{}') AS idle,
            -- From the failed request to the moment of the next attempt.
            coalesce(range_agg(tstzrange(written_before, at + make_interval(
                secs => coalesce(CAST(fields_of(payload) ->> 'delay' AS float8), 0)
            ))) FILTER (
                WHERE type = 'model_failed' AND written_before IS NOT NULL
                  AND fields_of(payload) ->> 'reason' = ANY(:provider_faults)
            ), '{}') AS waits,
            -- Commands that ran on while their worker was replaced.
            coalesce(range_agg(tstzrange(
                at - make_interval(secs => CAST(fields_of(payload) ->> 'seconds' AS float8)), at
            )) FILTER (WHERE type = 'tool_finished' AND epoch <> holder_before), '{}') AS joined
        FROM told GROUP BY id, team, channel
    ), minutes AS (
        -- The minutes of the clock that hold a part of a span of the kind that is longer than allowed.
        SELECT id, kind, range_agg(tstzrange(
            date_trunc('minute', lower(span)),
            date_trunc('minute', upper(span) - interval '1 microsecond') + interval '1 minute'
        )) * tstzmultirange(tstzrange(:since, :until)) AS minutes
        FROM put_together, LATERAL (VALUES
            ('asked', owed, interval '0'),
            ('own', idle - waits * owed - joined, :patience),
            ('provider', waits * owed, :patience)
        ) AS kinds (kind, spans, allowed), unnest(spans) AS span
        WHERE upper(span) - lower(span) > allowed
        GROUP BY id, kind
    ), of_session AS (
        SELECT
            id,
            coalesce(range_agg(minutes) FILTER (WHERE kind = 'asked'), '{}') AS asked,
            coalesce(range_agg(minutes) FILTER (WHERE kind = 'own'), '{}') AS own,
            coalesce(range_agg(minutes) FILTER (WHERE kind = 'provider'), '{}') AS provider
        FROM minutes GROUP BY id
    )
    SELECT
        id, team, channel, events, tool_calls, recalls, searches, outcomes, people,
        (SELECT coalesce(sum(extract(epoch FROM upper(span) - lower(span))), 0)
         FROM unnest(owed * tstzmultirange(tstzrange(:since, :until))) AS span) AS seconds,
        asked, own, provider
    FROM put_together LEFT JOIN of_session USING (id)
""")

COUNT_MINUTES = text("""
    -- The same as numbers, for each session and each channel that was asked for. A minute of a channel is
    -- lost when one of its sessions lost it.
    CREATE TEMPORARY TABLE units ON COMMIT DROP AS
    SELECT
        unit, id,
        CAST(sum(minutes) FILTER (WHERE kind = 'asked') AS bigint) AS asked,
        CAST(coalesce(sum(minutes) FILTER (WHERE kind = 'own'), 0) AS bigint) AS own,
        CAST(coalesce(sum(minutes) FILTER (WHERE kind = 'provider'), 0) AS bigint) AS provider,
        CAST(coalesce(sum(minutes) FILTER (WHERE kind = 'lost'), 0) AS bigint) AS lost
    FROM (
        SELECT 'session' AS unit, CAST(id AS text) AS id, asked, own, provider FROM measured
        UNION ALL
        SELECT 'channel', team || ' ' || channel, range_agg(asked), range_agg(own), range_agg(provider)
        FROM measured GROUP BY team, channel
    ) AS told, LATERAL (VALUES
        ('asked', asked), ('own', own), ('provider', provider), ('lost', own + provider)
    ) AS kinds (kind, spans), unnest(spans) AS span,
        LATERAL (SELECT extract(epoch FROM upper(span) - lower(span)) / 60) AS length (minutes)
    GROUP BY unit, id
""")

WORK = text("""
    -- Who was there and what was done. The length of a session is for how long it owed progress.
    SELECT
        count(*) AS sessions,
        count(DISTINCT (team, channel)) AS channels,
        (SELECT count(DISTINCT (team, person)) FROM measured, unnest(people) AS person) AS people,
        CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS float8) AS median_seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY tool_calls) AS median_tool_calls,
        CAST(coalesce(sum(recalls), 0) AS bigint) AS recalls,
        CAST(coalesce(sum(searches), 0) AS bigint) AS searches
    FROM measured WHERE events > 0
""")

TURNS = text("""
    -- Turns by how they ended.
    SELECT outcome, count(*) AS turns
    FROM measured, unnest(outcomes) AS outcome GROUP BY 1 ORDER BY 1
""")

PULL_REQUESTS = text("""
    -- What was opened, and what ended how; one that was merged and then reverted is both.
    SELECT
        count(*) FILTER (WHERE type = 'pull_request_opened') AS opened,
        count(DISTINCT told) FILTER (WHERE state = 'merged') AS merged,
        count(DISTINCT told) FILTER (WHERE state = 'closed') AS closed,
        count(DISTINCT told) FILTER (WHERE state = 'reverted') AS reverted
    FROM measured JOIN events ON session_id = id
        AND type IN ('pull_request_opened', 'pull_request_changed'),
        LATERAL (SELECT fields_of(payload) ->> 'state', (id, fields_of(payload) ->> 'number'))
            AS said (state, told)
    WHERE recorded_at >= :since AND recorded_at < :until
""")

USAGE = text("""
    -- Tokens of each model. Calls are kept apart by the largest threshold their prompt is above: the size
    -- of a prompt may decide its price.
    SELECT
        fields_of(payload) ->> 'model' AS model,
        coalesce((SELECT max(size) FROM unnest(CAST(:thresholds AS bigint[])) AS size
                  WHERE size < input_tokens + cache_read_tokens + cache_write_tokens), 0) AS prompt_above,
        count(*) AS calls,
        CAST(sum(input_tokens) AS bigint) AS input_tokens,
        CAST(sum(output_tokens) AS bigint) AS output_tokens,
        CAST(sum(cache_read_tokens) AS bigint) AS cache_read_tokens,
        CAST(sum(cache_write_tokens) AS bigint) AS cache_write_tokens
    FROM measured JOIN events ON session_id = id
        AND type IN
            ('model_responded', 'context_compacted', 'solution_distilled', 'repository_classified'),
        json_to_record(fields_of(payload) -> 'usage') AS used (
            input_tokens bigint, output_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint
        )
    WHERE recorded_at >= :since AND recorded_at < :until
    GROUP BY 1, 2 ORDER BY 1, 2
""")

MEMORY = text("""
    -- What can be found now; the size is that of the tables and their indexes, for all workspaces together.
    WITH found AS (
        SELECT id FROM solutions
        WHERE outcome <> 'withdrawn' AND team = coalesce(CAST(:team AS text), team)
          AND channel = coalesce(CAST(:channel AS text), channel)
    )
    SELECT
        (SELECT count(*) FROM found) AS solutions,
        (SELECT count(*) FROM found JOIN passages ON solution_id = id) AS passages,
        CAST(pg_total_relation_size('solutions') + pg_total_relation_size('passages')
            + pg_total_relation_size('postings') + pg_total_relation_size('feedback') AS bigint) AS bytes
""")

ATTAINMENT = text("""
    -- How many sessions and channels were available in at least so large a share of the asked-for minutes.
    SELECT
        unit, level, count(*) AS units,
        count(*) FILTER (WHERE asked - lost >= asked * level) AS attained,
        count(*) FILTER (WHERE asked - own >= asked * level) AS attained_without_provider
    FROM units, unnest(CAST(:levels AS numeric[])) AS level
    GROUP BY unit, level ORDER BY unit DESC, level DESC
""")

MINUTES = text("""
    -- Of all sessions together.
    SELECT
        CAST(coalesce(sum(asked), 0) AS bigint) AS asked,
        CAST(coalesce(sum(own), 0) AS bigint) AS own,
        CAST(coalesce(sum(provider), 0) AS bigint) AS provider,
        CAST(coalesce(sum(lost), 0) AS bigint) AS lost
    FROM units WHERE unit = 'session'
""")

WORST = text("""
    -- The sessions that lost most, for whoever wants to know why.
    SELECT CAST(id AS uuid) AS session, asked, own, provider, lost FROM units
    WHERE unit = 'session' AND lost > 0
    ORDER BY lost DESC, own DESC, id LIMIT :limit
""")
