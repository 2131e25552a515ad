"""Erasing a workspace: its sessions with their whole logs, what it taught, what it set."""

from __future__ import annotations

from sqlalchemy import Engine, text

from memory.database import transaction

NAME = text("""
    -- For this transaction alone: the log lets nothing else be erased.
    SELECT set_config('oxbow.erased_team', :team, true)
""")

OF_SESSIONS = ("feedback", "solution_uses", "blobs", "events")
"""Tables whose rows belong to a session."""

OF_TEAM = (
    "solutions",
    "sessions",
    "pull_requests",
    "schedules",
    "chores",
    "ranker_versions",
    "channel_settings",
    "personal_settings",
    "channels",
    "listening",
    "allowances",
    "accounts",
    "link_attempts",
    "installations",
)
"""Tables whose rows name their workspace, in an order in which none is referred to any more."""


def erase_workspace(engine: Engine, team: str) -> int:
    """Erase everything of the workspace, at once or not at all; gives the number of its sessions."""
    with transaction(engine) as connection:
        connection.execute(NAME, {"team": team})
        for table in OF_SESSIONS:
            connection.execute(
                text(f"DELETE FROM {table} WHERE session_id IN (SELECT id FROM sessions WHERE team = :team)"),  # noqa: S608 - names of our own
                {"team": team},
            )
        counts = {
            table: connection.execute(
                text(f"DELETE FROM {table} WHERE team = :team"),  # noqa: S608 - the same
                {"team": team},
            ).rowcount
            for table in OF_TEAM
        }
    return counts["sessions"]
