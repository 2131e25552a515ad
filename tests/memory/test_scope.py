"""The scope of a search: every filter alone, together, and against a memory much larger than what passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from memory.embedding.embedder import HashingEmbedder
from memory.recall import ranking
from memory.recall.recall import Recall
from memory.recall.scope import EVERYTHING, Scope
from tests.memory.solution_makers import TEAM, make_solution, remember

JUNE = datetime(2024, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)

ONE = replace(
    make_solution("import fails with KeyError tz", thread="1.0", channel="C1", finished_at=JUNE),
    people=("Ada", "Bob"),
    repository="acme/Widgets",
    files=("widgets/tz_table.py", "README.md"),
    outcome="confirmed",
)
OTHER = replace(
    make_solution("import fails with KeyError tz too", thread="2.0", channel="C2", finished_at=JUNE - DAY),
    people=("Bob",),
    outcome="unsolved",
)


@pytest.fixture
def recall(engine: Engine) -> Recall:
    remember(engine, HashingEmbedder(), ONE, OTHER)
    return Recall(engine, HashingEmbedder())


def found(recall: Recall, scope: Scope) -> list[str]:
    hits = recall.search("import fails with KeyError tz", team=TEAM, scope=scope)
    return sorted(hit.thread for hit in hits)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (EVERYTHING, ["1.0", "2.0"]),
        (Scope(channels=("C1",)), ["1.0"]),
        (Scope(channels=("C1", "C2")), ["1.0", "2.0"]),
        (Scope(people=("ada",)), ["1.0"]),
        (Scope(people=("bob", "Ada")), ["1.0"]),
        (Scope(repository="widgets"), ["1.0"]),
        (Scope(path="TZ_TABLE"), ["1.0"]),
        (Scope(path="tz%table"), []),
        (Scope(after=JUNE), ["1.0"]),
        (Scope(before=JUNE), ["2.0"]),
        (Scope(as_of=JUNE), ["2.0"]),
        (Scope(outcomes=("confirmed", "answered")), ["1.0"]),
        (Scope(phrases=("keyerror TZ too",)), ["2.0"]),
        (Scope(phrases=("keyerror", "too")), ["2.0"]),
        (Scope(without=("too",)), ["1.0"]),
        (Scope(channels=("C1",), outcomes=("unsolved",)), []),
    ],
)
def test_finds_only_what_passes_every_filter(recall: Recall, scope: Scope, expected: list[str]) -> None:
    assert found(recall, scope) == expected


def test_age_counts_from_the_moment_the_search_looks_from(engine: Engine) -> None:
    old, new = (replace(ONE, thread=f"{n}.0", finished_at=JUNE - n * 300 * DAY) for n in (2, 1))
    remember(engine, HashingEmbedder(), old, new)
    then, now = (
        Recall(engine, HashingEmbedder()).search("import fails", team=TEAM, scope=scope)
        for scope in (Scope(as_of=JUNE), EVERYTHING)
    )
    assert then[0].score - then[1].score > now[0].score - now[1].score


def test_all_of_a_small_channel_is_found_among_many_that_match_better(engine: Engine) -> None:
    many = ranking.NEAREST_PASSAGES + ranking.BEST_BY_TERMS
    crowd = [make_solution(f"KeyError tz {n}", thread=f"9.{n}", channel="C9") for n in range(many)]
    words = ("printer", "kitchen", "holiday", "license", "colour")
    wanted = [make_solution(f"about the {word}", thread=f"{n}.0") for n, word in enumerate(words)]
    remember(engine, HashingEmbedder(), *crowd, *wanted)
    recall = Recall(engine, HashingEmbedder())
    assert found(recall, Scope(channels=("C1",))) == ["0.0", "1.0", "2.0", "3.0", "4.0"]
