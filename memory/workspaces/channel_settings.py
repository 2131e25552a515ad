"""What the people of a channel have set for it, and who set it when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text

from memory.database import transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting:
    """One setting of one channel. What a value means is the reader's business."""

    name: str
    value: str
    set_by: str
    """Slack user."""
    set_at: datetime
    """Database clock."""


OF_CHANNEL = text("""
    -- Everything that is set for a channel.
    SELECT name, value, set_by, set_at FROM channel_settings
    WHERE team = :team AND channel = :channel ORDER BY name
""")

SET = text("""
    -- The latest word counts.
    INSERT INTO channel_settings (team, channel, name, value, set_by)
    VALUES (:team, :channel, :name, :value, :by)
    ON CONFLICT (team, channel, name) DO UPDATE SET
        value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at
""")

WITH_VALUE = text("""
    -- The channels in which something is set to a value.
    SELECT channel FROM channel_settings WHERE team = :team AND name = :name AND value = :value
""")

CLEAR = text("DELETE FROM channel_settings WHERE team = :team AND channel = :channel AND name = :name")


class ChannelSettings:
    """The settings of all channels."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, team: str, channel: str) -> Mapping[str, ChannelSetting]:
        """What is set for the channel, by name."""
        with transaction(self._engine) as connection:
            rows = connection.execute(OF_CHANNEL, {"team": team, "channel": channel}).mappings()
            return {row["name"]: ChannelSetting(**row) for row in rows}

    def channels_with(self, team: str, name: str, value: str) -> frozenset[str]:
        """The channels in which the setting has this value."""
        with transaction(self._engine) as connection:
            rows = connection.execute(WITH_VALUE, {"team": team, "name": name, "value": value})
            return frozenset(row.channel for row in rows)

    def set(self, team: str, channel: str, name: str, value: str, *, by: str) -> None:
        """Set it, in place of what was set before."""
        given = {"team": team, "channel": channel, "name": name, "value": value, "by": by}
        with transaction(self._engine) as connection:
            connection.execute(SET, given)

    def clear(self, team: str, channel: str, name: str) -> None:
        """The default holds again."""
        with transaction(self._engine) as connection:
            connection.execute(CLEAR, {"team": team, "channel": channel, "name": name})
