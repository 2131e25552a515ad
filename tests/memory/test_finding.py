"""Searches on purpose: filters that hold, typing errors put right, and nothing of what is hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from memory.embedding.embedder import HashingEmbedder
from memory.recall.finding import Finder, Found
from memory.recall.query import QueryProblem
from memory.recall.recall import Recall
from memory.solutions.solution import Solution
from memory.workspaces.channels import Channels
from tests.memory.solution_makers import TEAM, make_solution, remember

PROBLEM = "The certificate of the gateway expired"


def find(engine: Engine, text: str) -> Found:
    return Finder(engine, Recall(engine, HashingEmbedder())).find(text, team=TEAM, channel=None)


def threads(engine: Engine, text: str) -> list[str]:
    return sorted(hit.thread for hit in find(engine, text).hits)


def known(engine: Engine, *solutions: Solution) -> None:
    remember(engine, HashingEmbedder(), *solutions)


@pytest.fixture
def several(engine: Engine) -> Engine:
    """Six threads about one problem, which only filters tell apart."""
    base = make_solution(PROBLEM, fix="renew it with certbot", thread="1.0")
    known(
        engine,
        replace(base, outcome="confirmed"),
        replace(base, thread="2.0", channel="C2", people=("Ada", "Bruno Rossi")),
        replace(base, thread="3.0", repository="acme/orders", files=("src/tls/gateway.py",)),
        replace(base, thread="4.0", finished_at=datetime(2026, 5, 1, tzinfo=UTC)),
        replace(base, thread="5.0", fix="renew it on staging"),
        replace(base, thread="6.0", fix="the handshake failed because of the clock"),
    )
    return engine


ALL = ["1.0", "2.0", "3.0", "4.0", "5.0", "6.0"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("", ALL),
        ("outcome:confirmed", ["1.0"]),
        ("in:#C2", ["2.0"]),
        ("from:@ada", ["2.0"]),
        ('from:"bruno rossi"', ["2.0"]),
        ("repo:orders", ["3.0"]),
        ("path:tls/gateway", ["3.0"]),
        ("after:2026-05-01", ["4.0"]),
        ("before:2026-05-01", ["1.0", "2.0", "3.0", "5.0", "6.0"]),
        ("-staging", ["1.0", "2.0", "3.0", "4.0", "6.0"]),
        ('"handshake failed"', ["6.0"]),
        ("outcome:confirmed in:#C2", []),
    ],
)
def test_a_filter_holds_of_everything_that_is_found(several: Engine, filters: str, found: list[str]) -> None:
    assert threads(several, f"certificate gateway {filters}") == found


def test_a_channel_that_nobody_knows_is_named(several: Engine) -> None:
    with pytest.raises(QueryProblem, match="`in:#nowhere` names no public channel"):
        find(several, "certificate in:#nowhere")


def test_a_channel_that_is_not_public_is_as_unknown_as_one_that_is_not_there(several: Engine) -> None:
    Channels(several).record(TEAM, "C9", name="salaries", refused="it is a private channel", source="slack")
    with pytest.raises(QueryProblem, match="`in:#salaries` names no public channel"):
        find(several, "certificate in:#salaries")


@pytest.mark.parametrize("typed", ["certifcate", "certificaet", "Certficates"])
def test_a_typing_error_is_put_right_and_named(several: Engine, typed: str) -> None:
    found = find(several, f"{typed} outcome:confirmed")
    assert [hit.thread for hit in found.hits] == ["1.0"]
    assert found.corrections == {typed.lower(): "certificate"}


@pytest.mark.parametrize("typed", ["certificate", "gateway expired", "zebra", "cert", "KeyError: 'tz'"])
def test_what_is_known_or_like_nothing_known_is_left_alone(several: Engine, typed: str) -> None:
    assert find(several, typed).corrections == {}


def test_no_word_is_put_right_to_one_that_only_a_hidden_channel_holds(engine: Engine) -> None:
    known(engine, make_solution("the secretproject is late", channel="C7"))
    Channels(engine).record(TEAM, "C7", name="x", refused="it is a private channel", source="slack")
    assert find(engine, "secretprojct").corrections == {}


def test_no_word_is_put_right_to_one_of_another_workspace(engine: Engine) -> None:
    known(engine, make_solution("the zookeeper quorum", team="T9"))
    assert find(engine, "zookeper").corrections == {}


def test_what_only_distantly_resembles_the_query_is_left_out(several: Engine) -> None:
    assert find(several, "zebra gearbox").hits == ()
