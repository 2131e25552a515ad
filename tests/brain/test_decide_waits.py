"""Calls, questions and delays: the steps that wait for something."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.brain.decide import decide
from bot.brain.steps import (
    AskModel,
    Attach,
    Execute,
    HandleInterrupt,
    Post,
    Rest,
    Step,
)
from memory.log.events import (
    Event,
    InterruptHandled,
    ModelFailed,
    SandboxLost,
    TurnFinished,
)
from tests.brain.logs import (
    answered,
    asked,
    at,
    attached,
    beginning,
    edited,
    finished,
    first_answer,
    overloaded,
    posted,
    said,
    session_of,
    started,
    then,
    unavailable,
    use,
)
from tests.brain.steps import STOP, facts, step

CALLING = first_answer(use("c1", command="make test"))
ASKING = first_answer(use("c1", "ask", question="Which one?"))


def execute(*events: Event) -> str:
    """The call that is made next."""
    found = step(*events)
    assert isinstance(found, Execute), found
    return found.call.call


# Calls


@pytest.mark.parametrize(
    ("events", "call"),
    [
        ((*CALLING, attached()), "c1"),
        ((*CALLING, attached(), started()), "c1"),
        ((*first_answer(use("c1"), use("c2")), attached(), started("c1"), finished("c1")), "c2"),
        ((*CALLING, attached(), said(ts="2.0")), "c1"),
        (first_answer(use("c1", "search_memory", query="KeyError")), "c1"),
        (first_answer(use("c1", "no_such_tool")), "c1"),
        (first_answer(use("c1", wrong="input")), "c1"),
        (first_answer(use("c1", "ask", wrong="input")), "c1"),
        (first_answer(use("c1"), stop="max_tokens"), "c1"),
        (first_answer(use("c1", "ask", question="Whi"), stop="max_tokens"), "c1"),
        ((*CALLING, unavailable(None)), "c1"),
    ],
    ids=[
        "with a workspace",
        "one that was begun, under its own id",
        "one after another",
        "before a message is heard",
        "without a workspace when none is needed",
        "an unknown tool, to say so",
        "wrong input, to say so",
        "a question without one, to say so",
        "a cut call, to say so",
        "a cut question, to say so",
        "no workspace to be had, to say so",
    ],
)
def test_the_call_that_is_made_next(events: tuple[Event, ...], call: str) -> None:
    assert execute(*events) == call


@pytest.mark.parametrize(
    ("events", "now", "expected"),
    [
        (CALLING, 100, Attach()),
        (
            (*CALLING, attached(), finished(), SandboxLost(reference="w1"), asked(11), answered(use("c2"))),
            100,
            Attach(),
        ),
        ((*CALLING, unavailable(30.0)), 10, Rest(delay=28.0)),
        ((*CALLING, unavailable(30.0)), 38, Attach()),
    ],
    ids=["at first", "after one was lost", "a backend that does not answer", "after the wait"],
)
def test_a_workspace_is_made_when_a_call_needs_it(
    events: tuple[Event, ...], now: int, expected: Step
) -> None:
    assert step(*events, known=facts(now=at(now))) == expected


def test_a_workspace_that_does_not_answer_is_waited_for_and_never_replaced() -> None:
    session = session_of(*CALLING, attached(), started(), unavailable(30.0))
    assert decide(session, facts(now=at(12))) == Rest(delay=28.0)
    found = decide(session, facts(now=at(40)))
    assert isinstance(found, Execute)
    assert found.call.started


# Questions


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (ASKING, Post(key="question:c1", kind="question")),
        ((*ASKING, *posted("question:c1", "question")), Rest()),
        ((*ASKING, *posted("question:c1", "question"), edited("the export fails")), Rest()),
        ((*ASKING, *posted("question:c1", "question"), STOP), HandleInterrupt(through=10)),
    ],
    ids=["is put", "waits for people", "is not answered by a correction", "is taken back by a stop"],
)
def test_a_question(events: tuple[Event, ...], expected: Step) -> None:
    assert step(*events) == expected


def test_whatever_is_said_answers_a_question() -> None:
    assert execute(*ASKING, *posted("question:c1", "question"), said("the second", ts="2.0")) == "c1"
    assert execute(*ASKING, said("by the way", ts="2.0"), *posted("question:c1", "question")) == "c1"


# Delays


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, Rest(delay=4.0)), (1, Rest(delay=3.0)), (3.5, Rest(delay=0.5)), (4, AskModel()), (60, AskModel())],
)
def test_a_failed_call_is_made_again_after_its_delay(seconds: float, expected: Step) -> None:
    session = session_of(*beginning(), asked(5), overloaded(4.0))
    now = at(session.head) + timedelta(seconds=seconds)
    assert decide(session, facts(now=now)) == expected


def test_a_message_does_not_shorten_the_delay() -> None:
    session = session_of(*beginning(), asked(5), overloaded(4.0), said("?", ts="2.0"))
    assert decide(session, facts(now=at(session.head))) == Rest(delay=3.0)


def test_a_stop_does() -> None:
    session = session_of(*beginning(), asked(5), overloaded(4.0), STOP)
    assert decide(session, facts(now=at(session.head))) == HandleInterrupt(through=session.head)


def test_the_delay_of_a_failed_call_does_not_outlive_its_turn() -> None:
    session = session_of(
        *beginning(), asked(5), ModelFailed(request="1", reason="broken", detail="", delay=300.0)
    )
    session = then(session, STOP, InterruptHandled(through=8), TurnFinished(turn=1, outcome="interrupted"))
    session = then(session, *posted("stopped:1", "notice"), said(ts="2.0"), *posted("progress:2", "progress"))
    assert decide(session, facts(now=at(session.head))) == AskModel()
