"""What people have set for themselves, for every channel of their workspace."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, text

from memory.database import transaction

OF_PERSON = text("""
    -- Everything that somebody has set.
    SELECT name, value FROM personal_settings WHERE team = :team AND person = :person ORDER BY name
""")

SET = text("""
    -- The latest word counts.
    INSERT INTO personal_settings (team, person, name, value) VALUES (:team, :person, :name, :value)
    ON CONFLICT (team, person, name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at
""")

CLEAR = text("DELETE FROM personal_settings WHERE team = :team AND person = :person AND name = :name")


class PersonalSettings:
    """The settings of all people. What a value means is the reader's business."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, team: str, person: str) -> Mapping[str, str]:
        """What the person has set, by name."""
        with transaction(self._engine) as connection:
            rows = connection.execute(OF_PERSON, {"team": team, "person": person})
            return {row.name: row.value for row in rows}

    def set(self, team: str, person: str, name: str, value: str) -> None:
        """Set it, in place of what was set before."""
        given = {"team": team, "person": person, "name": name, "value": value}
        with transaction(self._engine) as connection:
            connection.execute(SET, given)

    def clear(self, team: str, person: str, name: str) -> None:
        """The channel's value holds again."""
        with transaction(self._engine) as connection:
            connection.execute(CLEAR, {"team": team, "person": person, "name": name})
