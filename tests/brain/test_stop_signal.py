"""What a running step is told of a stop and of a lost lease."""

from __future__ import annotations

import time

from bot.brain.claimed import StopSignal


def test_an_interrupt_ends_models_and_commands() -> None:
    stop = StopSignal(0)
    stop.interrupt(5)
    assert stop.interrupted.is_set()
    assert stop.abandoned.is_set()
    assert not stop.lost


def test_an_interrupt_from_before_the_claim_is_left_to_the_log() -> None:
    stop = StopSignal(5)
    stop.interrupt(5)
    assert not stop.interrupted.is_set()


def test_a_stop_that_was_obeyed_before_anybody_told_it_does_not_end_the_next_turn() -> None:
    stop = StopSignal(0)
    stop.clear(5)
    stop.interrupt(5)
    assert not stop.interrupted.is_set()


def test_a_second_stop_outlives_the_handling_of_the_first() -> None:
    stop = StopSignal(0)
    stop.interrupt(5)
    stop.interrupt(7)
    stop.clear(5)
    assert stop.interrupted.is_set()
    stop.clear(7)
    assert not stop.interrupted.is_set()


def test_a_lost_lease_ends_models_and_leaves_commands_to_whoever_joins_them() -> None:
    stop = StopSignal(0)
    stop.abandon()
    assert stop.abandoned.is_set()
    assert not stop.interrupted.is_set()
    assert stop.lost


def test_a_lease_that_nobody_renewed_in_time_is_lost_without_a_word_from_anybody() -> None:
    past, later = time.monotonic() - 1, time.monotonic() + 60
    stop = StopSignal(0, held_until=later)
    lost = [stop.lost]
    for until in (past, later):
        stop.renew(until)
        lost.append(stop.lost)
    assert lost == [False, True, False]
