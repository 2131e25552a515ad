"""What a session may use up before it pauses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.brain.budget import Budget, exceeded, stalled
from memory.log.events import LimitReached, TurnFinished
from memory.log.session import Session
from memory.log.usage import Usage
from tests.brain.logs import answered, asked, finished, first_answer, said, session_of, then, unavailable, use

WORKED = session_of(*first_answer(use("c1")), finished("c1"), asked(8), answered(use("c2")))
"""Two requests of 15 tokens each."""


def test_nothing_is_exceeded_below_every_limit() -> None:
    assert exceeded(WORKED, Budget(steps=3, tokens=31, dollars=Decimal("0.01"))) is None


def test_each_limit_is_told_with_what_was_used_up() -> None:
    assert exceeded(WORKED, Budget(steps=2)) == LimitReached(limit="steps", detail="2 requests to the model")
    assert exceeded(WORKED, Budget(tokens=30)) == LimitReached(limit="tokens", detail="30 tokens")


def test_money_is_counted_by_the_price_of_each_call() -> None:
    call = ("claude-opus-5-5", Usage(input_tokens=1_000_000, output_tokens=50_000))
    session = replace(WORKED, spent=(call, call))
    assert exceeded(session, Budget(dollars=Decimal(10))) == LimitReached(limit="dollars", detail="$10.00")
    assert exceeded(session, Budget(dollars=Decimal("10.01"))) is None
    assert exceeded(session, Budget(dollars=None)) is None


def test_a_model_without_a_price_costs_nothing_that_could_be_counted() -> None:
    assert exceeded(WORKED, Budget(dollars=Decimal("0.0001"))) is None


def test_requests_without_an_answer_are_steps_too() -> None:
    assert exceeded(session_of(said(), asked(2), asked(3)), Budget(steps=2)) is not None


def test_after_a_pause_as_much_may_be_used_again() -> None:
    paused = then(
        WORKED,
        finished("c2"),
        LimitReached(limit="steps", detail="2 requests"),
        TurnFinished(turn=1, outcome="paused"),
        said("go on", ts="2.0"),
    )
    assert exceeded(paused, Budget(steps=2)) is None


def test_a_workspace_that_never_answers_is_given_up_after_so_many_looks() -> None:
    session: Session = session_of(*first_answer(use("c1")), unavailable(5.0), unavailable(10.0))
    assert stalled(session, Budget(setbacks=3)) is None
    found = stalled(session, Budget(setbacks=2))
    assert found == LimitReached(limit="progress", detail="2 looks in vain: no bubblewrap here")
