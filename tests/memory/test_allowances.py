"""An allowance that all processes share: a burst, then an even row."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from memory.workspaces.allowances import Allowance, Allowances

THREE = Allowance(burst=3, every=600.0)
"""Refills so slowly that no test sees it."""


@pytest.fixture
def allowances(engine: Engine) -> Allowances:
    return Allowances(engine, "T1")


def taken(allowances: Allowances, times: int, *, patience: float = 0.0, name: str = "x") -> list[bool]:
    return [allowances.take(name, THREE, patience=patience)[0] for _ in range(times)]


def test_a_burst_is_taken_at_once_and_no_more(allowances: Allowances) -> None:
    assert [allowances.take("x", THREE, patience=0.0) for _ in range(3)] == [(True, 0.0)] * 3
    allowed, wait = allowances.take("x", THREE, patience=0.0)
    assert not allowed
    assert 500 < wait <= 600


def test_all_processes_of_a_team_share_it_and_teams_do_not(allowances: Allowances, engine: Engine) -> None:
    assert taken(allowances, 2) == [True, True]
    assert taken(Allowances(engine, "T1"), 2) == [True, False]
    assert taken(Allowances(engine, "T2"), 2) == [True, True]
    assert taken(allowances, 1, name="y") == [True]


def test_who_is_patient_has_a_place_kept(allowances: Allowances) -> None:
    taken(allowances, 3)
    waits = [allowances.take("x", THREE, patience=1_200.0) for _ in range(3)]
    assert [allowed for allowed, _ in waits] == [True, True, False]
    assert [round(wait / 600) for _, wait in waits] == [1, 2, 3]


def test_what_is_refused_costs_nothing(allowances: Allowances) -> None:
    taken(allowances, 3)
    first, second = (allowances.take("x", THREE, patience=0.0)[1] for _ in range(2))
    assert second <= first


def test_when_the_service_asks_to_wait_nobody_goes_before(allowances: Allowances) -> None:
    allowances.hold("x", THREE, 5_000.0)
    allowed, wait = allowances.take("x", THREE, patience=0.0)
    assert not allowed
    assert 4_900 < wait <= 5_000
    allowances.hold("x", THREE, 1.0)
    assert allowances.take("x", THREE, patience=0.0)[1] > 4_900
