"""What the brain does next, from the gate to what is recalled, one row each."""

from __future__ import annotations

import pytest

from bot.brain import decide as rules
from bot.brain.decide import BARREN_CLAIMS, POISON_DELAY, UNKNOWN_DELAY
from bot.brain.steps import (
    AskModel,
    Close,
    FinishTurn,
    HandleInterrupt,
    Index,
    Post,
    Recall,
    Rest,
    Settle,
)
from memory.log.events import (
    InterruptHandled,
    SessionClosed,
    SolutionIndexed,
    TurnFinished,
)
from memory.log.session import Reply
from tests.brain.logs import (
    asked,
    at,
    beginning,
    begun,
    deleted,
    first_answer,
    hit,
    posted,
    recalled,
    said,
    started,
    use,
)
from tests.brain.steps import DONE, STOP, Row, facts, step

STOPPED = (STOP, InterruptHandled(through=9), TurnFinished(turn=1, outcome="interrupted"))
CALLING = first_answer(use("c1", command="make test"))
POISON = BARREN_CLAIMS + 1
POISON_NOTICE = "I failed at this several times in a row and stop here. Say something to let me try again."


def test_the_rules_in_their_order() -> None:
    assert [rule.__name__ for rule in rules.RULES] == [
        "channel_must_be_public",
        "give_up_poison",
        "interrupt_first",
        "rest_when_closed",
        "settle_replies",
        "confirm_stop",
        "tell_pull_request",
        "tell_missing_files",
        "drop_empty_turn",
        "show_progress",
        "run_calls",
        "fetch_files",
        "read_thread",
        "recall_first",
        "finish_saying",
        "give_up_turn",
        "pause_at_limit",
        "ask_model",
        "publish_change",
        "post_answer",
        "index_turns",
    ]


ROWS = [
    # channel_must_be_public
    Row(
        "a refused channel closes",
        (said(),),
        Close(reason="the channel is not public", notice=None),
        facts(visibility="refused"),
    ),
    Row(
        "a refused channel closes even while a stop waits",
        (said(), STOP),
        Close(reason="the channel is not public", notice=None),
        facts(visibility="refused"),
    ),
    Row(
        "a closed session in a refused channel rests",
        (*CALLING, SessionClosed(reason="refused")),
        Rest(),
        facts(visibility="refused"),
    ),
    Row(
        "an unknown channel is asked about again",
        (said(), STOP),
        Rest(delay=UNKNOWN_DELAY),
        facts(visibility="unknown"),
    ),
    # give_up_poison
    Row(
        "a turn that fails whoever claims it is closed before a stop is handled",
        (said(), STOP),
        Close(
            reason="failed: no progress in repeated claims",
            notice=POISON_NOTICE,
        ),
        facts(barren_claims=POISON),
    ),
    Row(
        "as many barren claims as are allowed change nothing",
        (said(), STOP),
        HandleInterrupt(through=3),
        facts(barren_claims=BARREN_CLAIMS),
    ),
    Row(
        "what fails after a turn is left alone for long",
        (*first_answer(), DONE),
        Rest(delay=POISON_DELAY),
        facts(barren_claims=POISON),
    ),
    # interrupt_first
    Row(
        "a stop goes before a post of unknown outcome",
        (said(), begun("progress:1", "progress"), STOP),
        HandleInterrupt(through=4),
    ),
    Row("a stop goes before a running call", (*CALLING, started(), STOP), HandleInterrupt(through=9)),
    Row(
        "a stop without a running turn is obeyed too",
        (*first_answer(), DONE, STOP),
        HandleInterrupt(through=9),
    ),
    Row(
        "a later stop is obeyed for itself",
        (said(), STOP, InterruptHandled(through=3), STOP),
        HandleInterrupt(through=5),
    ),
    Row(
        "a stop is obeyed in a closed session",
        (said(), SessionClosed(reason="x"), STOP),
        HandleInterrupt(through=4),
    ),
    # rest_when_closed
    Row(
        "a closed session says nothing more",
        (
            said(),
            *posted("progress:1", "progress"),
            STOP,
            InterruptHandled(through=5),
            TurnFinished(turn=1, outcome="interrupted"),
            SessionClosed(reason="x"),
        ),
        Rest(),
    ),
    Row(
        "a closed session still settles nothing",
        (said(), begun("recall:1", "recall"), SessionClosed(reason="x")),
        Rest(),
    ),
    Row(
        "a closed session's turns are still indexed",
        (*first_answer(), DONE, SessionClosed(reason="x")),
        Index(turn=1),
    ),
    Row(
        "a message opens a closed session again",
        (said(), SessionClosed(reason="x"), said(ts="2.0")),
        Post(key="progress:2", kind="progress"),
    ),
    # settle_replies
    Row(
        "a post of unknown outcome is settled before anything is said",
        (said(), begun("progress:1", "progress")),
        Settle(reply=Reply(key="progress:1", kind="progress", turn=1, ts=None, started_at=at(3))),
    ),
    Row(
        "… and before the stop is confirmed",
        (
            said(),
            begun("recall:1", "recall"),
            STOP,
            InterruptHandled(through=4),
            TurnFinished(turn=1, outcome="interrupted"),
        ),
        Settle(reply=Reply(key="recall:1", kind="recall", turn=1, ts=None, started_at=at(3))),
    ),
    # confirm_stop
    Row("a stop is confirmed", (*first_answer(), *STOPPED), Post(key="stopped:1", kind="notice")),
    Row(
        "a stop is confirmed before the next turn is shown",
        (*first_answer(), *STOPPED, said(ts="2.0")),
        Post(key="stopped:1", kind="notice"),
    ),
    Row("a stop is confirmed once", (*first_answer(), *STOPPED, *posted("stopped:1", "notice")), Rest()),
    Row(
        "a stop of nothing is not confirmed",
        (*first_answer(), DONE, STOP, InterruptHandled(through=10), SolutionIndexed(turn=1, kept=True)),
        Rest(),
    ),
    Row(
        "a turn that was withdrawn altogether is not called stopped",
        (said(), deleted(), TurnFinished(turn=1, outcome="interrupted")),
        Rest(),
    ),
    # drop_empty_turn
    Row(
        "a turn whose only message was withdrawn ends without a word",
        (said(), deleted()),
        FinishTurn(outcome="interrupted"),
    ),
    Row(
        "… also when it was withdrawn at the moment of asking",
        (*beginning(), deleted(), asked(5)),
        FinishTurn(outcome="interrupted"),
    ),
    Row(
        "a turn with another message goes on",
        (said(), said(ts="2.0"), deleted()),
        Post(key="progress:1", kind="progress"),
    ),
    Row(
        "a message withdrawn after it was heard does not end the turn",
        (*beginning(), asked(5), deleted()),
        AskModel(),
    ),
    # show_progress
    Row("a turn shows itself first", (said(),), Post(key="progress:1", kind="progress")),
    Row(
        "each turn shows itself",
        (*first_answer(), DONE, said(ts="2.0")),
        Post(key="progress:2", kind="progress"),
    ),
    Row("a shown turn recalls", (said(), *posted("progress:1", "progress")), Recall()),
    # recall_first
    Row(
        "what was recalled is shown",
        (said(), *posted("progress:1", "progress"), recalled(hit())),
        Post(key="recall:1", kind="recall"),
    ),
    Row("it is shown once", beginning("it fails", hit()), AskModel()),
    Row("nothing recalled is not shown", beginning(), AskModel()),
    Row(
        "later turns recall nothing",
        (*first_answer(), DONE, said(ts="2.0"), *posted("progress:2", "progress")),
        AskModel(),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.why)
def test_the_next_step(row: Row) -> None:
    assert step(*row.events, known=row.known) == row.then
