"""What was last heard of a channel, and when. Whether it may be used at all is the listener's decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, text

from memory.database import transaction

ChannelSource = Literal["slack", "import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFact:
    """One channel, as `source` described it at `checked_at`."""

    team: str
    channel: str
    name: str
    public: bool
    reason: str
    """Why it does not count as public; empty when it does."""
    checked_at: datetime
    """Database clock."""
    age: float
    """Seconds since then."""
    source: ChannelSource


RECORD = text("""
    -- The latest word replaces the one before; what an import says never replaces what Slack said, nor does
    -- an answer that was asked for before the one that is known.
    INSERT INTO channels (team, channel, name, public, reason, source, checked_at)
    VALUES (
        :team, :channel, :name, :public, :reason, :source, clock_timestamp() - make_interval(secs => :age)
    )
    ON CONFLICT (team, channel) DO UPDATE SET
        name = excluded.name, public = excluded.public, reason = excluded.reason, source = excluded.source,
        checked_at = excluded.checked_at
    WHERE channels.source = 'import'
       OR (excluded.source = 'slack' AND excluded.checked_at >= channels.checked_at)
""")

KNOWN = text("""
    -- What is known of a channel, unless it is older than the given seconds.
    SELECT team, channel, name, public, reason, checked_at, source,
           extract(epoch FROM statement_timestamp() - checked_at)::float8 AS age
    FROM channels
    WHERE team = :team AND channel = :channel
      AND checked_at > statement_timestamp() - make_interval(secs => :max_age)
""")

NAMED = text("""
    -- Public channels of this name or identifier; an imported one may bear the name of a living one.
    SELECT channel FROM channels
    WHERE team = :team AND public AND (lower(name) = lower(:name) OR channel = :name)
""")


class Channels:
    """The channels that were heard of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(
        self,
        team: str,
        channel: str,
        *,
        name: str,
        refused: str | None,
        source: ChannelSource,
        age: float = 0.0,
    ) -> None:
        """Keep what was said of the channel; `refused` says why it is not public, None that it is.

        `age` is the seconds since it was asked for.

        An import does not replace what Slack said.
        """
        with transaction(self._engine) as connection:
            connection.execute(
                RECORD,
                {
                    "team": team,
                    "channel": channel,
                    "name": name,
                    "public": refused is None,
                    "reason": refused or "",
                    "source": source,
                    "age": age,
                },
            )

    def record_public(self, team: str, names: Mapping[str, str], *, age: float) -> None:
        """Slack said of all these channels, given with their names, that they are public."""
        described = [
            {
                "team": team,
                "channel": channel,
                "name": name,
                "public": True,
                "reason": "",
                "source": "slack",
                "age": age,
            }
            for channel, name in sorted(names.items())
        ]
        if described:
            with transaction(self._engine) as connection:
                connection.execute(RECORD, described)

    def known(self, team: str, channel: str, *, max_age: float) -> ChannelFact | None:
        """What was said within the last `max_age` seconds, or None."""
        with transaction(self._engine) as connection:
            row = connection.execute(KNOWN, {"team": team, "channel": channel, "max_age": max_age})
            fact = row.mappings().one_or_none()
        return None if fact is None else ChannelFact(**fact)

    def named(self, team: str, name: str) -> list[str]:
        """The identifiers of all public channels with this name, in any case, or with this identifier."""
        with transaction(self._engine) as connection:
            return [channel for (channel,) in connection.execute(NAMED, {"team": team, "name": name})]
