"""An earlier solution that is almost certainly the answer: it is offered before the model is asked."""

from __future__ import annotations

from bot.brain.decide import decide
from bot.brain.steps import AskModel, FinishTurn, HandleInterrupt, Post, Rest
from memory.log.events import Event, FeedbackGiven, RecalledSolution, TurnFinished
from tests.brain.logs import hit, posted, recalled, said, session_of, then
from tests.brain.steps import STOP, facts, step

KNOWN = hit(confident=True)


def found(*hits: RecalledSolution) -> tuple[Event, ...]:
    """A turn in which these were recalled."""
    return (said(), *posted("progress:1", "progress"), recalled(*hits))


OFFERED = (*found(KNOWN), *posted("offer:1", "offer"))


def pressed(verdict: str) -> FeedbackGiven:
    return FeedbackGiven(by="U1", verdict=verdict, solution=KNOWN.solution)  # type: ignore[arg-type]


def test_what_is_confirmed_and_clear_is_offered_at_once_and_waited_for() -> None:
    assert step(*found(KNOWN)) == Post(key="offer:1", kind="offer")
    assert step(*OFFERED) == Rest()


def test_what_is_not_both_is_only_shown() -> None:
    shown = Post(key="recall:1", kind="recall")
    assert step(*found(hit())) == shown
    assert step(*found(hit(confident=True, outcome="answered"))) == shown
    assert step(*found(hit(), KNOWN)) == shown


def test_when_it_solved_the_problem_the_turn_is_over_without_the_model() -> None:
    assert step(*OFFERED, pressed("solved")) == FinishTurn(outcome="recalled")
    over = session_of(*OFFERED, pressed("solved"), TurnFinished(turn=1, outcome="recalled"))
    assert (over.index_due, over.turn_open) == ((), False)


def test_when_it_did_not_the_work_begins_with_everything_that_was_recalled() -> None:
    declined = (*OFFERED, pressed("not_solved"))
    assert step(*declined) == Post(key="recall:1", kind="recall")
    assert step(*declined, *posted("recall:1", "recall")) == AskModel()


def test_whoever_writes_on_wants_it_worked_on() -> None:
    assert step(*OFFERED, said("no, another one", ts="2.0")) == Post(key="recall:1", kind="recall")


def test_a_message_before_the_offer_is_no_answer_to_it() -> None:
    events = (*found(KNOWN), said("and quickly", ts="2.0"), *posted("offer:1", "offer"))
    assert step(*events) == Rest()


def test_only_the_first_word_on_it_counts() -> None:
    assert step(*OFFERED, pressed("not_solved"), pressed("solved")) == Post(key="recall:1", kind="recall")


def test_an_offer_is_made_once_in_a_session() -> None:
    session = session_of(*OFFERED, pressed("solved"), TurnFinished(turn=1, outcome="recalled"))
    session = then(session, said("it is back", ts="3.0"), *posted("progress:2", "progress"))
    assert decide(session, facts()) == Post(key="recall:1", kind="recall")
    session = then(session, *posted("recall:1", "recall"))
    assert decide(session, facts()) == AskModel()


def test_a_stop_ends_the_wait() -> None:
    assert step(*OFFERED, STOP) == HandleInterrupt(through=8)
