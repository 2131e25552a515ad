"""Figures of a stretch of time: who came, what was done, what it took, and how available the sessions were.

All of it is counted from the log at the moment of asking; nothing is kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, TextClause

from memory.database import transaction
from memory.log.codec import type_name
from memory.log.events import Event
from memory.log.usage import Usage
from memory.statistics import availability as meaning
from memory.statistics import sql

LEVELS = (Decimal("0.9999"), Decimal("0.9995"))
"""Shares of the asked-for minutes that a session or a channel should reach."""

WORST = 5
"""Sessions that are named: where to look first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time whose bounds are those of minutes, and whose figures are wanted."""

    since: datetime
    until: datetime
    team: str | None = None
    """Of this workspace alone."""
    channel: str | None = None
    """Of this channel alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Sessions in which something happened; medians are over these. None: there were none."""

    sessions: int
    channels: int
    people: int
    """Everybody who wrote to a session."""
    median_seconds: float | None
    """For which a session owed somebody progress."""
    median_tool_calls: float | None
    recalls: int
    """Turns that began with a look into the memory."""
    searches: int
    """Searches by the model. What people search by a command is not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestCounts:
    """Pull requests: opened in the time, and ended in the time whenever they were opened."""

    opened: int = 0
    merged: int = 0
    closed: int = 0
    """Without a merge."""
    reverted: int = 0
    """Of the merged ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """Calls of one model with prompts of a similar size, and their tokens in all."""

    model: str
    prompt_above: int
    """Every prompt was larger than this, and not larger than the next threshold."""
    calls: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySize:
    """What can be found now, whatever the window; `bytes` is of all workspaces together."""

    solutions: int
    passages: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Minutes in which sessions owed progress, and those that were lost.

    `memory.statistics.availability` says what that means.
    """

    asked: int
    own: int
    provider: int
    lost: int
    """By own fault, the provider's, or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """How many of the sessions or channels that were asked for reached a level."""

    unit: Literal["session", "channel"]
    level: Decimal
    units: int
    attained: int
    attained_without_provider: int
    """With the minutes that the model's provider lost counted as available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The figures of a window, as of `now` by the database's clock."""

    now: datetime
    work: Work
    pull_requests: PullRequestCounts
    turns: Mapping[str, int]
    """By outcome."""
    usage: tuple[ModelUsage, ...]
    memory: MemorySize
    minutes: Minutes
    attainment: tuple[Attainment, ...]
    worst: tuple[tuple[UUID, Minutes], ...]
    """The sessions that lost most minutes."""


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """The beginnings of the month of the moment and of the next one, in UTC."""
    since = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return since, (since + timedelta(days=31)).replace(day=1)


def now(engine: Engine) -> datetime:
    """The database's clock."""
    with transaction(engine) as connection:
        moment: datetime = connection.execute(sql.NOW).scalar_one()
        return moment


def statistics(
    engine: Engine, window: Window, *, thresholds: Sequence[int] = (), seconds: float | None = None
) -> Statistics:
    """Count. `thresholds` are prompt sizes that decide prices; a statement may take `seconds`, by default the
    connection's limit, 0 for ever. Raises DatabaseLost, also when it takes longer."""
    with transaction(engine) as connection:
        if seconds is not None:
            connection.execute(sql.PATIENT, {"milliseconds": str(round(seconds * 1000))})
        at = measure(connection, window)
        span = {"since": window.since, "until": window.until}
        usage = connection.execute(sql.USAGE, span | {"thresholds": list(thresholds)}).mappings()
        return Statistics(
            now=at,
            work=Work(**_one(connection, sql.WORK)),
            pull_requests=PullRequestCounts(**_one(connection, sql.PULL_REQUESTS, **span)),
            turns={row.outcome: row.turns for row in connection.execute(sql.TURNS)},
            usage=tuple(map(_model_usage, usage)),
            memory=MemorySize(**_one(connection, sql.MEMORY, team=window.team, channel=window.channel)),
            minutes=Minutes(**_one(connection, sql.MINUTES)),
            attainment=tuple(
                Attainment(**row)
                for row in connection.execute(sql.ATTAINMENT, {"levels": list(LEVELS)}).mappings()
            ),
            worst=tuple(map(_of_session, connection.execute(sql.WORST, {"limit": WORST}).mappings())),
        )


def measure(connection: Connection, window: Window, *, now: datetime | None = None) -> datetime:
    """Make the tables `measured` and `units`, which are gone at the end of the transaction.

    Gives the moment they are true of, by default now.
    """
    moment: datetime = connection.execute(sql.NOW).scalar_one() if now is None else now
    waits = [(type_name(kind), field) for kind, field in meaning.WAITS.items()]
    connection.execute(
        sql.MEASURE,
        {
            "since": window.since,
            "until": window.until,
            "team": window.team,
            "channel": window.channel,
            "now": moment,
            "patience": meaning.PATIENCE,
            "longest_step": meaning.LONGEST_STEP,
            "spoken": _names(meaning.SPOKEN),
            "read": _names(meaning.READ),
            "work": _names(meaning.WORK),
            "ends": _names(meaning.ENDS),
            "put": _names(meaning.PUT),
            "decided": _names(meaning.DECIDED),
            "provider_faults": list(meaning.PROVIDER_FAULTS),
            "waits": [name for name, _ in waits],
            "fields": [field[0] if field else None for _, field in waits],
            "words": [field[1] if field else None for _, field in waits],
        },
    )
    connection.execute(sql.COUNT_MINUTES)
    return moment


def _one(connection: Connection, statement: TextClause, **parameters: object) -> dict[str, Any]:
    return dict(connection.execute(statement, parameters).mappings().one())


def _of_session(row: RowMapping) -> tuple[UUID, Minutes]:
    counts = {name: row[name] for name in ("asked", "own", "provider", "lost")}
    return row["session"], Minutes(**counts)


def _model_usage(row: RowMapping) -> ModelUsage:
    tokens = {name: row[name] for name in Usage.__dataclass_fields__}
    return ModelUsage(
        model=row["model"], prompt_above=row["prompt_above"], calls=row["calls"], usage=Usage(**tokens)
    )


def _names(kinds: Sequence[type[Event]]) -> list[str]:
    return [type_name(kind) for kind in kinds]
