"""What the brain does next, from asking the model to the index, one row each."""

from __future__ import annotations

import pytest

from bot.brain.conclusion import FAILURES_IN_A_ROW
from bot.brain.decide import BARREN_CLAIMS, COMPACT_TOKENS
from bot.brain.steps import (
    AskModel,
    Compact,
    FinishTurn,
    Index,
    Post,
    Rest,
)
from memory.log.events import (
    FeedbackGiven,
    InterruptHandled,
    LimitReached,
    SandboxLost,
    SolutionIndexed,
    TurnFinished,
)
from tests.brain.logs import (
    asked,
    attached,
    beginning,
    compacted,
    edited,
    finished,
    first_answer,
    overloaded,
    posted,
    rejected,
    said,
    too_long,
    use,
    words,
)
from tests.brain.steps import DONE, STOP, Row, step

STOPPED = (STOP, InterruptHandled(through=9), TurnFinished(turn=1, outcome="interrupted"))
CALLING = first_answer(use("c1", command="make test"))
POISON = BARREN_CLAIMS + 1


ROWS = [
    # ask_model
    Row("a request without an end is made again", (*beginning(), asked(5)), AskModel()),
    Row("results are brought to the model", (*CALLING, finished()), AskModel()),
    Row(
        "a workspace that was lost is told",
        (*CALLING, attached(), finished(), SandboxLost(reference="w1")),
        AskModel(),
    ),
    Row("a cut answer is gone on with", first_answer(words("half"), stop="max_tokens"), AskModel()),
    Row("a pause is gone on with", first_answer(words("half"), stop="pause_turn"), AskModel()),
    Row(
        "a conversation near the limit is compacted",
        first_answer(words("half"), stop="max_tokens", tokens=COMPACT_TOKENS + 1),
        Compact(),
    ),
    Row(
        "one at the limit is not",
        first_answer(words("half"), stop="max_tokens", tokens=COMPACT_TOKENS),
        AskModel(),
    ),
    Row(
        "an answer near the limit is an answer",
        first_answer(tokens=COMPACT_TOKENS + 1),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row("a conversation that is too long is compacted", (*beginning(), asked(5), too_long()), Compact()),
    Row(
        "after the compaction the model is asked",
        (*beginning(), asked(5), too_long(), compacted(through=7)),
        AskModel(),
    ),
    Row(
        "a compaction that fails is tried again",
        (*beginning(), asked(5), too_long(), overloaded()),
        AskModel(),
    ),
    # post_answer
    Row("an answer is posted", first_answer(), Post(key="answer:1:1", kind="answer")),
    Row(
        "… also when the model stopped for a reason of its own",
        first_answer(stop="model_context_window_exceeded"),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row("… also when it has no word", first_answer(words(" ")), Post(key="answer:1:1", kind="answer")),
    Row("a message before the answer is heard first", (*first_answer(), said(ts="2.0")), AskModel()),
    Row("a correction before the answer is heard first", (*first_answer(), edited("the export")), AskModel()),
    Row(
        "feedback before the answer is not waited for",
        (*first_answer(), FeedbackGiven(by="U1", verdict="solved", turn=1)),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row(
        "a posted answer ends the turn",
        (*first_answer(), *posted("answer:1:1", "answer")),
        FinishTurn(outcome="answered"),
    ),
    # finish_saying
    Row(
        "a message after the answer waits for the end of this turn",
        (*first_answer(), *posted("answer:1:1", "answer"), said(ts="2.0")),
        FinishTurn(outcome="answered"),
    ),
    Row(
        "an answer in parts is said to its end",
        (*first_answer(text="word " * 5_000), *posted("answer:1:1", "answer")),
        Post(key="answer:1:2", kind="answer"),
    ),
    Row(
        "… also when a message arrives between two parts",
        (*first_answer(text="word " * 5_000), *posted("answer:1:1", "answer"), said(ts="2.0")),
        Post(key="answer:1:2", kind="answer"),
    ),
    Row(
        "… and then the turn is over",
        (
            *first_answer(text="word " * 4_000),
            *posted("answer:1:1", "answer"),
            said(ts="2.0"),
            *posted("answer:1:2", "answer"),
        ),
        FinishTurn(outcome="answered"),
    ),
    # give_up_turn
    Row(
        "a rejected request is said",
        (*beginning(), asked(5), rejected()),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row(
        "… and ends the turn as failed",
        (*beginning(), asked(5), rejected(), *posted("answer:1:1", "answer")),
        FinishTurn(outcome="failed"),
    ),
    Row(
        "… also when a message arrives in between",
        (*beginning(), asked(5), rejected(), *posted("answer:1:1", "answer"), said(ts="2.0")),
        FinishTurn(outcome="failed"),
    ),
    Row(
        "a refusal of the model is said",
        first_answer(words("no"), stop="refusal"),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row(
        "too many failures in a row are said",
        (*beginning(), *(asked(5), overloaded()) * FAILURES_IN_A_ROW),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row(
        "one fewer is tried again",
        (*beginning(), *(asked(5), overloaded()) * (FAILURES_IN_A_ROW - 1)),
        AskModel(),
    ),
    Row(
        "a limit that was reached is said",
        (*first_answer(use()), finished(), LimitReached(limit="steps", detail="3 requests to the model")),
        Post(key="answer:1:1", kind="answer"),
    ),
    Row(
        "a turn that paused is over",
        (
            *first_answer(use()),
            LimitReached(limit="dollars", detail="$25.00"),
            *posted("answer:1:1", "answer"),
        ),
        FinishTurn(outcome="paused"),
    ),
    # index_turns
    Row("a finished turn is indexed", (*first_answer(), DONE), Index(turn=1)),
    Row(
        "an open turn goes before the index",
        (*first_answer(), DONE, said(ts="2.0")),
        Post(key="progress:2", kind="progress"),
    ),
    Row("an indexed session rests", (*first_answer(), DONE, SolutionIndexed(turn=1, kept=True)), Rest()),
    Row(
        "feedback is indexed",
        (
            *first_answer(),
            DONE,
            SolutionIndexed(turn=1, kept=True),
            FeedbackGiven(by="U1", verdict="solved", turn=1),
        ),
        Index(turn=1),
    ),
    Row("nothing has happened", (), Rest()),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.why)
def test_the_next_step(row: Row) -> None:
    assert step(*row.events, known=row.known) == row.then
