"""What an available minute is: one test for each sentence of the definition."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from memory.log.events import (
    Event,
    InterruptHandled,
    InterruptRequested,
    MessageDeleted,
    RecordedEvent,
    ReplyPosted,
    ReplyStarted,
    SandboxUnavailable,
    SessionClosed,
    SolutionIndexed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.statistics.availability import LONGEST_STEP, PATIENCE, Availability, availability
from tests.brain.logs import (
    START,
    answered,
    approval_given,
    approval_requested,
    asked,
    opened,
    overloaded,
    said,
    use,
)

NOON = START.replace(hour=12)
Step = tuple[float, int | None, Event]
"""Seconds after noon, the epoch that wrote it (None: received), the event."""

MENTION: list[Step] = [(0, None, opened()), (0, None, said())]
STOP = InterruptRequested(by="U1", source="word")
ANSWERED = TurnFinished(turn=1, outcome="answered")
QUESTION = ReplyPosted(key="question:c1", kind="question", ts="2.0")
BUSY = SandboxUnavailable(detail="no answer", delay=90.0)


def measured(*steps: Step, until: float | None = None, held: bool = False) -> Availability:
    log = [
        RecordedEvent(seq=seq, recorded_at=NOON + timedelta(seconds=seconds), epoch=epoch, event=event)
        for seq, (seconds, epoch, event) in enumerate((*MENTION, *steps), start=1)
    ]
    now = log[-1].recorded_at if until is None else NOON + timedelta(seconds=until)
    return availability(log, now=now, held=held)


def numbers(minutes: frozenset[datetime]) -> list[int]:
    """Minutes as numbers after noon."""
    return sorted(round((minute - NOON).total_seconds()) // 60 for minute in minutes)


def ran(seconds: float) -> ToolFinished:
    return ToolFinished(call="c1", tool="bash", status="finished", output="", seconds=seconds)


def started() -> ToolStarted:
    return ToolStarted(call="c1", tool="bash")


def test_minutes_are_asked_for_from_the_mention_to_the_end_of_the_turn() -> None:
    found = measured((1, 1, asked(2)), (130, 1, answered()), (130, 1, ANSWERED), until=9_000)
    assert (numbers(found.asked), numbers(found.lost)) == ([0, 1, 2], [])


def test_a_session_at_rest_is_not_asked_for_anything() -> None:
    rest = (1, 1, asked(2)), (2, 1, ANSWERED), (2, 1, SolutionIndexed(turn=1, kept=True))
    assert numbers(measured(*rest, until=9_000).asked) == [0]


@pytest.mark.parametrize("gap", [PATIENCE.total_seconds(), PATIENCE.total_seconds() + 0.001])
def test_a_mention_that_nobody_takes_up_loses_its_minutes(gap: float) -> None:
    found = measured((gap, 1, asked(2)), (gap + 1, 1, ANSWERED))
    assert numbers(found.own) == ([0] if gap > PATIENCE.total_seconds() else [])


def test_several_words_during_one_wait_do_not_make_it_shorter() -> None:
    found = measured((4, None, said(ts="2.0")), (8, 1, asked(3)), (9, 1, ANSWERED))
    assert numbers(found.own) == [0]


def test_a_model_call_and_a_command_are_work_however_long_they_take() -> None:
    found = measured(
        (1, 1, asked(2)),
        (301, 1, answered(use("c1"))),
        (301, 1, started()),
        (421, 1, ran(120)),
        (422, 1, ANSWERED),
    )
    assert (len(found.asked), numbers(found.lost)) == (8, [])


def test_work_goes_on_while_people_write() -> None:
    found = measured((1, 1, asked(2)), (100, None, said(ts="2.0")), (301, 1, answered()), (302, 1, ANSWERED))
    assert numbers(found.lost) == []


def test_a_step_that_says_nothing_for_too_long_hangs() -> None:
    silent = LONGEST_STEP.total_seconds() + 30
    found = measured((0, 1, asked(2)), (silent, 1, answered()), (silent, 1, ANSWERED))
    assert numbers(found.own) == [15]


def test_a_takeover_loses_the_time_since_the_dead_workers_last_word() -> None:
    found = measured((0, 1, asked(2)), (70, 2, asked(2)), (80, 2, answered()), (81, 2, ANSWERED))
    assert numbers(found.own) == [0, 1]
    assert found.stalls == ((NOON, NOON + timedelta(seconds=70)),)


def test_a_hand_over_between_two_steps_loses_nothing() -> None:
    found = measured((1, 1, asked(2)), (30, 1, answered(use("c1"))), (31, 2, started()), (32, 2, ran(1)))
    assert numbers(found.lost) == []


def test_a_command_that_ran_on_while_its_worker_was_replaced_is_work() -> None:
    found = measured((1, 1, asked(2)), (2, 1, started()), (62, 2, ran(58)), (63, 2, ANSWERED))
    assert numbers(found.lost) == []


def test_a_wait_for_the_sandbox_is_idle() -> None:
    found = measured((1, 1, asked(2)), (2, 1, BUSY), (93, 2, started()), (94, 2, ran(1)), (95, 2, ANSWERED))
    assert numbers(found.own) == [0, 1]


def test_the_providers_faults_are_told_apart() -> None:
    found = measured((1, 1, asked(2)), (10, 1, overloaded(delay=90)), (101, 2, asked(2)), (110, 2, ANSWERED))
    assert (numbers(found.own), numbers(found.provider)) == ([], [0, 1])


def test_one_short_retry_is_no_fault() -> None:
    found = measured((1, 1, asked(2)), (1.5, 1, overloaded(delay=4)), (6, 2, asked(2)), (10, 2, ANSWERED))
    assert numbers(found.lost) == []


def test_only_the_wait_that_the_provider_caused_is_its_own() -> None:
    found = measured((1, 1, asked(2)), (10, 1, overloaded(delay=10)), (101, 2, asked(2)), (110, 2, ANSWERED))
    assert (numbers(found.own), numbers(found.provider)) == ([0, 1], [0])


def test_waiting_for_people_is_not_asked_for() -> None:
    found = measured(
        (1, 1, asked(2)), (2, 1, answered(use("c1", "ask"))), (3, 1, ReplyStarted(key="q", kind="question")),
        (4, 1, QUESTION), (3_600, None, said(ts="2.0")), (3_601, 2, started()), (3_602, 2, ran(0)),
        (3_603, 2, ANSWERED),
    )  # fmt: skip
    assert (numbers(found.asked), numbers(found.lost)) == ([0, 60], [])


def test_waiting_for_a_decision_is_not_asked_for_whatever_is_said_meanwhile() -> None:
    found = measured(
        (1, 1, asked(2)), (2, 1, answered(use("c1"))), (4, 1, approval_requested()),
        (900, None, said(ts="2.0")), (3_600, None, approval_given()),
        (3_601, 2, started()), (3_602, 2, ran(0)), (3_603, 2, ANSWERED),
    )  # fmt: skip
    assert (numbers(found.asked), numbers(found.lost)) == ([0, 60], [])


def test_an_answer_that_nobody_takes_up_is_lost_time_again() -> None:
    found = measured((1, 1, asked(2)), (2, 1, QUESTION), (60, None, said(ts="2.0")), until=100)
    assert numbers(found.own) == [1]


def test_a_question_that_was_answered_while_it_was_posted_waits_for_nobody() -> None:
    found = measured(
        (1, 1, asked(2)), (2, None, said(ts="2.0")), (3, 1, QUESTION), (4, 1, started()), until=100
    )
    assert numbers(found.own) == [0, 1]


def test_a_message_that_the_turn_did_not_read_opens_the_next() -> None:
    late = (2, None, said(ts="2.0"))
    found = measured((1, 1, asked(2)), late, (3, 1, answered()), (3, 1, ANSWERED), until=100)
    assert numbers(found.own) == [0, 1]


@pytest.mark.parametrize(
    "settled", [asked(4), STOP, MessageDeleted(ts="2.0")], ids=lambda e: type(e).__name__
)
def test_a_message_that_was_read_stopped_or_withdrawn_opens_none(settled: Event) -> None:
    late, epoch = (2, None, said(ts="2.0")), 1 if settled == asked(4) else None
    found = measured((1, 1, asked(2)), late, (3, epoch, settled), (4, 1, ANSWERED), until=9_000)
    assert numbers(found.asked) == [0]


def test_a_stop_is_owed_an_answer_until_it_is_obeyed() -> None:
    done = measured(
        (1, 1, asked(2)), (2, 1, ANSWERED), (60, None, STOP), (61, 2, InterruptHandled(through=5))
    )
    assert (numbers(done.asked), numbers(done.lost)) == ([0, 1], [])
    ignored = measured((1, 1, asked(2)), (2, 1, ANSWERED), (60, None, STOP), until=70)
    assert numbers(ignored.own) == [1]


def test_a_session_that_was_closed_by_policy_owes_nothing() -> None:
    found = measured((1, 1, asked(2)), (2, 1, SessionClosed(reason="the channel is not public")), until=9_000)
    assert (numbers(found.asked), numbers(found.lost)) == ([0], [])


@pytest.mark.parametrize(("held", "lost"), [(True, []), (False, [0, 1])])
def test_what_runs_now_is_work_while_its_worker_holds_the_lease(held: bool, lost: list[int]) -> None:
    assert numbers(measured((1, 1, asked(2)), until=100, held=held).own) == lost
