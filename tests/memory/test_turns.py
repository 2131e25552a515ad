"""Turns: one at a time, the patient last."""

from __future__ import annotations

import threading

import pytest

from memory.embedding.turns import Turns
from tests.support.waiting import eventually


def take(turns: Turns, name: str, taken: list[str], *, patient: bool) -> threading.Thread:
    """A caller that waits; known to wait when this returns."""
    before = turns.waiting

    def run() -> None:
        with turns.turn(patient=patient):
            taken.append(name)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: turns.waiting == before + 1)
    return thread


def test_whoever_is_in_a_hurry_overtakes_all_who_are_patient_and_nobody_else() -> None:
    turns, taken = Turns(), list[str]()
    with turns.turn():
        waiting = [take(turns, f"patient {n}", taken, patient=True) for n in range(3)]
        waiting += [take(turns, f"hurried {n}", taken, patient=False) for n in range(2)]
    for thread in waiting:
        thread.join()
    assert taken == ["hurried 0", "hurried 1", "patient 0", "patient 1", "patient 2"]


def test_a_turn_ends_with_the_error_in_it() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn():
        1 / 0  # noqa: B018
    with turns.turn(patient=True):
        assert turns.waiting == 0
