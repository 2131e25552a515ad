"""The solution memory: solutions, their passages with vectors, their terms, and what people said of them."""

from alembic import op

revision = "0002"
down_revision = "0001"

SOLUTIONS = """
    -- One row per finished turn of a thread; an imported thread has exactly one. A withdrawn solution keeps
    -- its row, so that indexing the thread again cannot bring it back, and has neither passages nor postings.
    CREATE TABLE solutions (
        id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        team            text NOT NULL,
        channel         text NOT NULL,
        thread          text NOT NULL,
        turn            integer NOT NULL CHECK (turn > 0),
        session_id      uuid REFERENCES sessions,
        source          text NOT NULL CHECK (source IN ('session', 'import')),
        problem         text NOT NULL,
        fix             text NOT NULL,
        cause           text NOT NULL,
        symptoms        text[] NOT NULL,
        evidence        jsonb NOT NULL,  -- [{"command", "exit_code"}]
        files           text[] NOT NULL,
        repository      text,
        commit          text,
        people          text[] NOT NULL,
        conversation    jsonb NOT NULL,  -- [{"author", "text"}]
        outcome         text NOT NULL
                        CHECK (outcome IN ('confirmed', 'answered', 'unsolved', 'withdrawn', 'failed')),
        permalink       text NOT NULL,
        length          integer NOT NULL CHECK (length >= 0),  -- terms in all; 0 when withdrawn
        content_hash    bytea NOT NULL,  -- of everything above that was given; equal: nothing to do
        finished_at     timestamptz NOT NULL,
        indexed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (team, channel, thread, turn),
        CHECK ((source = 'session') = (session_id IS NOT NULL)),
        CHECK ((outcome = 'withdrawn') <= (length = 0))
    ) WITH (toast_tuple_target = 256)
"""

SOLUTIONS_LENGTHS = """
    -- The number of solutions and their mean length, which BM25 needs, are read from here alone.
    CREATE INDEX solutions_lengths ON solutions (team, length)
"""

SOLUTIONS_RECENT = """
    -- Listings and figures of a time window.
    CREATE INDEX solutions_recent ON solutions (team, finished_at DESC)
"""

PASSAGES = """
    -- The embedder is in the key, so that vectors of a new one can be made while the old one still answers.
    -- Not partitioned: each partition would have a graph of its own and every search would walk all of them,
    -- while one graph over 100,000 passages takes 112 MB. Growth beyond one server goes by database
    -- (sessions.cell).
    CREATE TABLE passages (
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        kind            text NOT NULL
                        CHECK (kind IN ('question', 'answer', 'error', 'command', 'file', 'thread')),
        position        smallint NOT NULL CHECK (position >= 0),
        text            text NOT NULL CHECK (text <> ''),
        content_hash    bytea NOT NULL CHECK (octet_length(content_hash) = 32),
        embedder        text NOT NULL,
        embedding       vector(384) NOT NULL,
        PRIMARY KEY (solution_id, embedder, kind, position)
    )
"""

PASSAGES_NEAREST = """
    -- Half precision halves the graph at the same recall; the table keeps the whole one. The default m and
    -- ef_construction found 98.8 % of the true ten nearest among 100,000.
    CREATE INDEX passages_nearest ON passages USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
"""

PASSAGES_BY_CONTENT = """
    -- A text that was embedded once is not embedded again.
    CREATE INDEX passages_by_content ON passages (content_hash, embedder)
"""

POSTINGS = """
    -- Which term occurs how often in which solution. The length is repeated here so that BM25 reads this
    -- index alone. There is no table of document frequencies: the row of a common word would be locked by
    -- every indexing transaction until it commits, and counting a term's entries up to a limit costs 0.2 ms.
    CREATE TABLE postings (
        term            text NOT NULL CHECK (length(term) <= 64),
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        frequency       integer NOT NULL CHECK (frequency > 0),
        length          integer NOT NULL CHECK (length > 0),
        PRIMARY KEY (term, solution_id) INCLUDE (frequency, length)
    )
"""

POSTINGS_BY_SOLUTION = """
    -- Replacing and withdrawing a solution removes its postings.
    CREATE INDEX postings_by_solution ON postings (solution_id)
"""

VACUUM_EARLY = """
    -- Reading the index alone works for vacuumed pages only: postings are never updated, so do not wait for a
    -- fifth of the table to be new.
    ALTER TABLE postings SET (autovacuum_vacuum_insert_scale_factor = 0.02)
"""

FEEDBACK = """
    -- What people said of a solution: of the answer itself (in its own session) or of it as a hit in another.
    CREATE TABLE feedback (
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        session_id      uuid REFERENCES sessions,
        given_by        text NOT NULL,
        verdict         text NOT NULL CHECK (verdict IN ('solved', 'not_solved', 'not_relevant')),
        given_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- A person's latest word in a session counts.
        UNIQUE NULLS NOT DISTINCT (solution_id, session_id, given_by)
    )
"""


def upgrade() -> None:
    for statement in (
        SOLUTIONS,
        SOLUTIONS_LENGTHS,
        SOLUTIONS_RECENT,
        PASSAGES,
        PASSAGES_NEAREST,
        PASSAGES_BY_CONTENT,
        POSTINGS,
        POSTINGS_BY_SOLUTION,
        VACUUM_EARLY,
        FEEDBACK,
    ):
        op.execute(statement)
