"""Accounts of people on forges, and attempts to link one."""

from alembic import op

revision = "0016"
down_revision = "0015"

ACCOUNTS = """
    -- Whose account on a forge is whose: one person has one, and one account belongs to one person.
    CREATE TABLE accounts (
        team        text NOT NULL,
        person      text NOT NULL,  -- Slack user
        server      text NOT NULL,  -- address of the forge
        number      bigint NOT NULL,  -- what the forge never gives to another account
        login       text NOT NULL,  -- what it was called when it was linked
        linked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (team, person, server),
        UNIQUE (team, server, number)
    )
"""

LINK_ATTEMPTS = """
    -- The attempt that a person has begun and not finished, with the code that asks the forge about it.
    CREATE TABLE link_attempts (
        team        text NOT NULL,
        person      text NOT NULL,
        server      text NOT NULL,
        code        text NOT NULL,
        ends_at     timestamptz NOT NULL,
        PRIMARY KEY (team, person, server)
    )
"""


def upgrade() -> None:
    for statement in (ACCOUNTS, LINK_ATTEMPTS):
        op.execute(statement)
