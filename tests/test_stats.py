"""Figures as people and programs get them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from bot.operator.stats import document, figures, short
from memory.log.usage import Usage
from memory.statistics.statistics import (
    Attainment,
    MemorySize,
    Minutes,
    ModelUsage,
    PullRequestCounts,
    Statistics,
    Window,
    Work,
    month_of,
)

SINCE, UNTIL = month_of(datetime(2026, 11, 25, tzinfo=UTC))
HAIKU = "claude-haiku-5-5"
FOUND = Statistics(
    now=datetime(2026, 11, 25, 12, tzinfo=UTC),
    work=Work(
        sessions=1_200,
        channels=31,
        people=1,
        median_seconds=1_140.4,
        median_tool_calls=50.5,
        recalls=1_100,
        searches=7,
    ),
    pull_requests=PullRequestCounts(opened=90, merged=60, closed=20, reverted=1),
    turns={"answered": 1_400, "failed": 2},
    usage=(
        ModelUsage(model=HAIKU, prompt_above=0, calls=10, usage=Usage(input_tokens=1_000_000)),
        ModelUsage(model=HAIKU, prompt_above=100_000, calls=9, usage=Usage(input_tokens=1_000_000)),
    ),
    memory=MemorySize(solutions=1, passages=4, bytes=2_340_000),
    minutes=Minutes(asked=24_000, own=3, provider=2, lost=4),
    attainment=(
        Attainment(
            unit="session",
            level=Decimal("0.9999"),
            units=1_200,
            attained=1_197,
            attained_without_provider=1_198,
        ),
    ),
    worst=((UUID(int=0), Minutes(asked=20, own=3, provider=0, lost=3)),),
)
NOTHING = Statistics(
    now=FOUND.now,
    work=Work(
        sessions=0, channels=0, people=0, median_seconds=None, median_tool_calls=None, recalls=0, searches=0
    ),
    pull_requests=PullRequestCounts(),
    turns={},
    usage=(),
    memory=MemorySize(solutions=0, passages=0, bytes=0),
    minutes=Minutes(asked=0, own=0, provider=0, lost=0),
    attainment=(),
    worst=(),
)


def test_everything_in_words() -> None:
    assert figures(FOUND) == [
        ("sessions", "1,200 in 31 channels, with 1 person"),
        ("turns", "1,402 (1,400 answered, 2 failed)"),
        ("half of the sessions", "took at most 19 min 0 s and 50.5 tool calls"),
        ("pull requests", "90 opened, 60 merged (75 % of those that ended), 1 reverted"),
        ("a merged one cost", "$0.01"),
        (f"model {HAIKU}", "19 calls, 2,000,000 tokens in, 0 out, $0.60"),
        ("memory now", "1 solution, 4 passages, 2.3 MB"),
        ("memory used", "1,100 times to begin a session, 7 by the model"),
        ("minutes asked for", "24,000, 4 lost: 3 by Oxbow, 2 by the model's provider"),
        ("sessions at 99.99 %", "99.75 % (1,197 of 1,200), 99.83 % without the provider's faults"),
        ("session 00000000", "lost 3 of 20 minutes"),
    ]


def test_a_few_lines_where_there_is_little_room() -> None:
    assert [label for label, _ in short(FOUND)] == [
        "sessions",
        "turns",
        "half of the sessions",
        "model",
        "minutes asked for",
    ]


def test_a_month_without_anything_has_figures_too() -> None:
    assert figures(NOTHING)[:2] == [("sessions", "0 in 0 channels, with 0 people"), ("turns", "0")]


def test_everything_as_json() -> None:
    told = json.loads(json.dumps(document(FOUND, Window(since=SINCE, until=UNTIL))))
    assert (told["since"], told["dollars"]) == ("2026-11-01T00:00:00+00:00", "0.6000")
    assert told["attainment"][0]["level"] == "0.9999"
    assert told["worst"][0]["session"] == str(UUID(int=0))


def test_a_price_that_is_not_known_is_not_guessed() -> None:
    unknown = ModelUsage(model="gateway", prompt_above=0, calls=1, usage=Usage(input_tokens=5))
    found = figures(replace(FOUND, usage=(*FOUND.usage, unknown)))
    assert ("model gateway", "1 calls, 5 tokens in, 0 out, price not known") in found
