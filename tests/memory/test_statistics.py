"""Figures of a month: counted from the log, and saying of availability what the definition says in Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.log.codec import encode
from memory.log.events import (
    Event,
    FeedbackGiven,
    InterruptHandled,
    InterruptRequested,
    MessageDeleted,
    ModelFailed,
    RecordedEvent,
    ReplyPosted,
    ReplyStarted,
    SessionClosed,
    SolutionIndexed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.statistics.availability import availability
from memory.statistics.statistics import Attainment, PullRequestCounts, Window, measure, month_of, statistics
from tests.brain import change_logs as changes
from tests.brain.logs import (
    answered,
    approval_given,
    approval_requested,
    asked,
    opened,
    overloaded,
    recalled,
    said,
    use,
)
from tests.memory.solution_makers import make_solution, remember

MARCH, APRIL = month_of(datetime(2026, 3, 15, tzinfo=UTC))
HARD = '\0 \ud83d \\u0000 " é 👩‍💻'
"""What commands print and models write: json's operators refuse the first two, each for its own reason."""
WHOLE_MONTH = Window(since=MARCH, until=APRIL)

INSERT_SESSION = text("""
    INSERT INTO sessions
        (team, channel, thread, head, opened_at, updated_at, runnable_at,
         lease_epoch, lease_owner, lease_until)
    VALUES (:team, :channel, :thread, :head, :opened_at, :updated_at, :updated_at, :epoch, :owner, :until)
    RETURNING id
""")
INSERT_EVENT = text("""
    INSERT INTO events (session_id, seq, type, version, payload, epoch, recorded_at)
    VALUES (:session, :seq, :type, :version, CAST(:payload AS json), :epoch, :at)
""")
MEASURED = text("""
    SELECT id, ARRAY(SELECT generate_series(lower(span), upper(span) - interval '1 minute', '1 minute')
                     FROM unnest(asked) AS span ORDER BY 1) AS asked,
               ARRAY(SELECT generate_series(lower(span), upper(span) - interval '1 minute', '1 minute')
                     FROM unnest(own) AS span ORDER BY 1) AS own,
               ARRAY(SELECT generate_series(lower(span), upper(span) - interval '1 minute', '1 minute')
                     FROM unnest(provider) AS span ORDER BY 1) AS provider
    FROM measured
""")


def log_of(*steps: tuple[float, int | None, Event], since: datetime = MARCH) -> list[RecordedEvent]:
    """Each event with the seconds since the beginning of the month and the epoch that wrote it."""
    return [
        RecordedEvent(seq=seq, recorded_at=since + timedelta(seconds=seconds), epoch=epoch, event=event)
        for seq, (seconds, epoch, event) in enumerate(steps, start=1)
    ]


def store(
    engine: Engine,
    events: Sequence[RecordedEvent],
    *,
    channel: str = "C1",
    thread: str = "1.0",
    lease: tuple[int, datetime] | None = None,
) -> UUID:
    """Put a log into the database as it is, times included."""
    epoch, until = lease or (0, None)
    with engine.begin() as connection:
        session: UUID = connection.execute(
            INSERT_SESSION,
            {
                "team": "T1",
                "channel": channel,
                "thread": thread,
                "head": len(events),
                "opened_at": events[0].recorded_at,
                "updated_at": events[-1].recorded_at,
                "epoch": epoch,
                "owner": "w" if until else None,
                "until": until,
            },
        ).scalar_one()
        for recorded in events:
            name, version, payload = encode(recorded.event)
            row = {"type": name, "version": version, "payload": payload, "epoch": recorded.epoch}
            connection.execute(
                INSERT_EVENT, row | {"session": session, "seq": recorded.seq, "at": recorded.recorded_at}
            )
    return session


def served(begin: float = 0.0, *, late: float = 1.0) -> list[RecordedEvent]:
    """A turn of 100 seconds that was taken up `late` seconds after the mention, with one command."""
    up = begin + late
    return log_of(
        (begin, None, opened()),
        (begin, None, said()),
        (up, 1, ReplyStarted(key="progress:1", kind="progress")),
        (up, 1, recalled()),
        (up, 1, asked(2)),
        (up + 40, 1, answered(use("c1", "bash"), tokens=150_000)),
        (up + 40, 1, ToolStarted(call="c1", tool="bash")),
        (up + 50, 1, ToolFinished(call="c1", tool="bash", status="finished", output=HARD, seconds=10.0)),
        (up + 50, 1, asked(8)),
        (up + 99, 1, answered(text=HARD)),
        (up + 99, 1, TurnFinished(turn=1, outcome="answered")),
    )


def test_counts_what_happened_in_the_month(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), make_solution("import fails"))
    store(engine, served(), thread="1.0")
    store(engine, served(3600), thread="2.0", channel="C2")
    store(engine, served(-7200), thread="3.0")
    found = statistics(engine, WHOLE_MONTH, thresholds=[100_000])
    assert (found.work.sessions, found.work.channels, found.work.people) == (2, 2, 1)
    assert (found.work.median_seconds, found.work.median_tool_calls) == (100.0, 1.0)
    assert (found.work.recalls, found.work.searches) == (2, 0)
    assert found.turns == {"answered": 2}
    assert [(used.prompt_above, used.calls, used.usage.input_tokens) for used in found.usage] == [
        (0, 2, 20),
        (100_000, 2, 300_000),
    ]
    assert found.memory.solutions == 1
    assert found.memory.bytes > 0


def test_counts_pull_requests_once_for_each_end(engine: Engine) -> None:
    ends = ("open", "merged", "merged", "reverted")
    story = [(200.0 + n, None, changes.changed(state=end)) for n, end in enumerate(ends)]
    store(engine, log_of((0.0, None, opened()), (0.0, None, said()), (150.0, 1, changes.opened()), *story))
    other = (200.0, None, changes.changed(state="closed"))
    store(
        engine,
        log_of((0.0, None, opened()), (0.0, None, said()), (9.0, 1, changes.opened()), other),
        thread="2.0",
    )
    counted = statistics(engine, WHOLE_MONTH).pull_requests
    assert counted == PullRequestCounts(opened=2, merged=1, closed=1, reverted=1)


def test_counts_one_channel_alone(engine: Engine) -> None:
    store(engine, served(), thread="1.0")
    store(engine, served(), thread="2.0", channel="C2")
    here = Window(since=MARCH, until=APRIL, team="T1", channel="C2")
    assert statistics(engine, here).work.sessions == 1


def test_a_month_without_sessions(engine: Engine) -> None:
    found = statistics(engine, WHOLE_MONTH)
    assert (found.work.sessions, found.work.median_seconds) == (0, None)
    assert (found.turns, found.usage, found.attainment, found.worst) == ({}, (), (), ())


def test_the_one_session_that_had_to_wait_is_not_hidden_in_an_average(engine: Engine) -> None:
    for number in range(9):
        store(engine, served(number * 600), thread=f"{number}.0", channel=f"C{number}")
    waited = store(engine, served(late=50.0), thread="late", channel="C9")
    found = statistics(engine, WHOLE_MONTH)
    assert [(a.unit, str(a.level), a.units, a.attained) for a in found.attainment] == [
        ("session", "0.9999", 10, 9),
        ("session", "0.9995", 10, 9),
        ("channel", "0.9999", 10, 9),
        ("channel", "0.9995", 10, 9),
    ]
    assert (found.minutes.asked, found.minutes.lost) == (21, 1)
    assert [(session, minutes.lost) for session, minutes in found.worst] == [(waited, 1)]


def test_a_channel_loses_the_minute_that_one_of_its_sessions_lost(engine: Engine) -> None:
    store(engine, served(), thread="1.0")
    store(engine, served(late=50.0), thread="2.0")
    assert [(a.units, a.attained) for a in by_unit(engine, "channel")] == [(1, 0), (1, 0)]


def test_the_providers_faults_are_told_apart_and_in_total(engine: Engine) -> None:
    events = log_of(
        (0, None, opened()),
        (0, None, said()),
        (1, 1, asked(2)),
        (2, 1, overloaded(delay=100.0)),
        (102.5, 2, asked(2)),
        (110, 2, answered()),
        (111, 2, TurnFinished(turn=1, outcome="answered")),
    )
    store(engine, events)
    minutes = statistics(engine, WHOLE_MONTH).minutes
    assert (minutes.asked, minutes.own, minutes.provider, minutes.lost) == (2, 0, 2, 2)
    assert [(a.attained, a.attained_without_provider) for a in by_unit(engine, "session")] == [(0, 1), (0, 1)]


def by_unit(engine: Engine, unit: str) -> list[Attainment]:
    return [found for found in statistics(engine, WHOLE_MONTH).attainment if found.unit == unit]


def test_a_level_is_met_by_the_share_of_minutes_that_it_names(engine: Engine) -> None:
    hours = timedelta(minutes=2_000).total_seconds()
    steps: list[tuple[float, int | None, Event]] = [(0.0, None, opened()), (0.0, None, said())]
    steps += [(50.0 + number * 600, 1, asked(2)) for number in range(int(hours // 600))]
    store(engine, log_of(*steps, (hours, 1, TurnFinished(turn=1, outcome="answered"))))
    assert [(str(a.level), a.attained) for a in by_unit(engine, "session")] == [("0.9999", 0), ("0.9995", 1)]


def ran(seconds: float) -> ToolFinished:
    return ToolFinished(call="c1", tool="bash", status="finished", output=HARD, seconds=seconds)


def random_event(chance: random.Random) -> tuple[bool, Event]:
    """Whether the holder of the lease writes it, and the event."""
    happening: list[tuple[bool, Event]] = [
        (False, said()),
        (False, MessageDeleted(ts="1.0")),
        (False, InterruptRequested(by="U1", source="word")),
        (False, FeedbackGiven(by="U1", verdict="solved", turn=1)),
        (True, asked(2)),
        (True, asked(2)),
        (True, answered(tokens=chance.choice([10, 200_000]))),
        (True, overloaded(delay=chance.choice([None, 4.0, 90.0]))),
        (True, ModelFailed(request="1", reason="context_too_long", detail="", delay=None)),
        (True, ToolStarted(call="c1", tool="bash")),
        (True, ran(chance.random() * 99)),
        (True, ReplyPosted(key="k", kind=chance.choice(["question", "notice"]), ts="2.0")),
        (True, approval_requested()),
        (False, approval_given()),
        (True, InterruptHandled(through=3)),
        (True, TurnFinished(turn=1, outcome="answered")),
        (True, SolutionIndexed(turn=1, kept=True)),
        (True, SessionClosed(reason="")),
    ]
    return chance.choice(happening)


def random_log(chance: random.Random) -> list[RecordedEvent]:
    """Any order of events, whether it makes sense or not, around the turn of the month."""
    seconds, epoch = chance.uniform(-3000, 600), 0
    steps: list[tuple[float, int | None, Event]] = [(seconds, None, opened()), (seconds, None, said())]
    for _ in range(chance.randrange(30)):
        seconds += chance.choice([0.01, 1.0, 4.0, 6.0, 30.0, 100.0, 1200.0])
        epoch += chance.choice([0, 0, 0, 1]) or (1 if epoch == 0 else 0)
        by_holder, event = random_event(chance)
        steps.append((seconds, epoch if by_holder else None, event))
    return log_of(*steps)


@pytest.mark.parametrize("seed", range(5))
def test_the_query_says_what_the_definition_says(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    now, expected = MARCH + timedelta(days=2), {}
    for number in range(80):
        events = random_log(chance)
        last = max((recorded.epoch or 0 for recorded in events), default=0)
        lease = chance.choice([None, (last, now + timedelta(seconds=5)), (last, now), (last + 1, APRIL)])
        session = store(engine, events, thread=f"{number}.0", lease=lease)
        held = lease is not None and lease[0] == last and lease[1] > now
        expected[session] = availability(events, now=now, held=held, window=(MARCH, APRIL))
    with engine.begin() as connection:
        measure(connection, WHOLE_MONTH, now=now)
        rows = connection.execute(MEASURED).mappings().all()
    nothing: dict[str, list[datetime]] = {"asked": [], "own": [], "provider": []}
    measured = dict.fromkeys(expected, nothing) | {
        row["id"]: {name: row[name] or [] for name in nothing} for row in rows
    }
    assert measured == {
        session: {name: sorted(getattr(found, name)) for name in nothing}
        for session, found in expected.items()
    }
    assert any(found.own for found in expected.values())
    assert any(found.provider for found in expected.values())
