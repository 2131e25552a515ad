"""What nobody waits for is claimed apart: a flood of it must not stand before a mention."""

from alembic import op

revision = "0006"
down_revision = "0005"

BACKGROUND = """
    -- Whether what is due is background work alone. Programs that do not know it claim in the order of time,
    -- as before; a mention that they received for such a session is handed over by whoever claims it.
    ALTER TABLE sessions ADD COLUMN background boolean NOT NULL DEFAULT false
"""

SESSIONS_TO_CLAIM_APART = """
    -- The claim reads the oldest alarms of one of both; sessions at rest are not in this index.
    CREATE INDEX sessions_to_claim_apart ON sessions (background, runnable_at) WHERE runnable_at IS NOT NULL
"""

DROP_SESSIONS_TO_CLAIM = """
    -- Older programs read the new one as a whole: it holds what is due and little more.
    DROP INDEX sessions_to_claim
"""


def upgrade() -> None:
    op.execute(BACKGROUND)
    op.execute(SESSIONS_TO_CLAIM_APART)
    op.execute(DROP_SESSIONS_TO_CLAIM)
