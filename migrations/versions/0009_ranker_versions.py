"""Rankers that were learned from a workspace's own use, and statistics that searches read."""

from alembic import op

revision = "0009"
down_revision = "0008"

RANKER_VERSIONS = """
    -- One row for each refit that was accepted; searches go by the current one, else by the shipped weights.
    CREATE TABLE ranker_versions (
        version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        team            text NOT NULL,
        weights         jsonb NOT NULL,  -- {feature: weight}
        questions       integer NOT NULL CHECK (questions > 0),  -- that taught it
        before          double precision NOT NULL,  -- nDCG@10 of these with the shipped weights
        after           double precision NOT NULL,  -- with weights that the other questions taught
        made_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        current         boolean NOT NULL,
        CHECK (after > before)
    )
"""

ONE_CURRENT = """
    -- A team's searches go by at most one.
    CREATE UNIQUE INDEX ranker_versions_current ON ranker_versions (team) WHERE current
"""

COMMON_TERMS = """
    -- Searches take the frequencies of the most common terms from the statistics: keep those of a thousand.
    ALTER TABLE postings ALTER COLUMN term SET STATISTICS 1000
"""

VECTORS_INLINE = """
    -- A search compares a thousand vectors; those that were moved out of line cost a second look-up each. The
    -- text beside them is moved in their place, and read for a handful.
    ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN
"""


def upgrade() -> None:
    for statement in (RANKER_VERSIONS, ONE_CURRENT, COMMON_TERMS, VECTORS_INLINE):
        op.execute(statement)
