"""Solutions and channels for tests of the index, of recall and of import."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from memory.embedding.embedder import Embedder
from memory.solutions.index import SolutionIndex
from memory.solutions.solution import Outcome, Solution, Utterance

TEAM = "T1"
OLD = datetime(2015, 1, 1, tzinfo=UTC)
"""So long ago that recency plays no part."""


def make_solution(
    problem: str,
    *,
    fix: str = "",
    thread: str = "1.0",
    turn: int = 1,
    channel: str = "C1",
    team: str = TEAM,
    session: UUID | None = None,
    outcome: Outcome = "answered",
    finished_at: datetime = OLD,
    conversation: tuple[str, ...] = (),
) -> Solution:
    return Solution(
        team=team,
        channel=channel,
        thread=thread,
        turn=turn,
        session=session,
        problem=problem,
        fix=fix,
        outcome=outcome,
        finished_at=finished_at,
        permalink=f"https://slack.example/{channel}/{thread}",
        conversation=tuple(Utterance(author="Ada", text=said) for said in conversation),
    )


def open_channel(connection: Connection, channel: str, *, team: str = TEAM, public: bool = True) -> None:
    """Say of a channel whether it is public, as the gate does."""
    connection.execute(
        text("""
            INSERT INTO channels (team, channel, name, public, reason, source)
            VALUES (:team, :channel, lower('name-' || :channel), :public, :reason, 'slack')
            ON CONFLICT (team, channel) DO UPDATE SET public = excluded.public, reason = excluded.reason
        """),
        {"team": team, "channel": channel, "public": public, "reason": "" if public else "private"},
    )


def remember(engine: Engine, embedder: Embedder, *solutions: Solution) -> list[UUID]:
    """Index solutions, each in a channel that is public."""
    index = SolutionIndex(engine, embedder)
    with engine.begin() as connection:
        for solution in solutions:
            open_channel(connection, solution.channel, team=solution.team)
        return [index.store(connection, prepared) for prepared in index.prepare_all(solutions)]
