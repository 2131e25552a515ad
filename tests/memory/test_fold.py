"""The fold, event by event: what each kind makes true, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from memory.log.distilled_events import SolutionDistilled
from memory.log.events import (
    Event,
    FeedbackGiven,
    InterruptHandled,
    InterruptRequested,
    LimitReached,
    SandboxLost,
    SessionClosed,
    SolutionIndexed,
    ToolStarted,
    TurnFinished,
)
from memory.log.fold import apply, fold
from memory.log.session import Heard, Message, Session, Spoken, Summarised
from memory.log.usage import Usage
from memory.log.workspace_events import WorkspaceSynced
from tests.brain.logs import (
    answered,
    approval_given,
    approval_requested,
    asked,
    at,
    attached,
    beginning,
    begun,
    compacted,
    deleted,
    edited,
    finished,
    first_answer,
    hit,
    opened,
    overloaded,
    posted,
    recalled,
    recorded,
    said,
    session_of,
    started,
    then,
    unavailable,
    use,
    words,
)

ANSWERED = first_answer()
CALLING = first_answer(use())


def done(turn: int = 1, outcome: str = "answered") -> TurnFinished:
    return TurnFinished(turn=turn, outcome=outcome)  # type: ignore[arg-type]


def stop(at: str | None = None) -> InterruptRequested:
    return InterruptRequested(by="U1", source="word", at=at)


def changed(before: Session, after: Session) -> set[str]:
    """The names of the fields that an event changed, the head aside."""
    names = {field.name for field in fields(Session)} - {"head"}
    return {name for name in names if getattr(before, name) != getattr(after, name)}


@pytest.mark.parametrize(
    ("before", "event", "changes"),
    [
        ((), said(), {"messages", "turn", "turn_open", "turn_opened_at"}),
        ((said(),), said(ts="2.0"), {"messages"}),
        ((said(),), edited("the export fails"), {"messages"}),
        ((said(),), edited("the import fails"), set()),
        ((said(),), edited("something else", ts="7.0"), set()),
        ((said(),), deleted(), {"messages"}),
        ((said(),), deleted("7.0"), set()),
        ((said(), deleted()), deleted(), set()),
        ((said(), deleted()), edited("back again"), set()),
        ((said(),), stop(), {"interrupted_through"}),
        ((said(),), stop("5.0"), {"interrupted_through", "stopped_at"}),
        ((said(),), FeedbackGiven(by="U1", verdict="solved", turn=1), {"feedback"}),
        ((said(),), recalled(hit()), {"recalled"}),
        ((said(),), attached(), {"sandbox", "last_sandbox", "pending_notes"}),
        (
            (said(), attached(prepared_commit="a1")),
            WorkspaceSynced(reference="w1"),
            {"sandbox", "last_sandbox", "pending_notes"},
        ),
        ((said(), attached()), SandboxLost(reference="w1"), {"sandbox", "pending_notes"}),
        ((said(),), unavailable(5.0), {"no_sandbox", "no_sandbox_at", "setbacks"}),
        (
            (said(), unavailable(5.0)),
            attached(),
            {"sandbox", "last_sandbox", "pending_notes", "no_sandbox", "setbacks"},
        ),
        ((said(),), asked(2), {"conversation", "heard_through", "turn_requests", "requested", "calls_sent"}),
        (
            (said(), asked(2)),
            answered(),
            {"conversation", "requested", "calls_sent", "usage", "spent", "last_input_tokens"},
        ),
        ((said(), asked(2)), overloaded(), {"failed_call", "requested"}),
        (CALLING, approval_requested(), {"approvals"}),
        ((*CALLING, approval_requested()), approval_given(), {"approvals"}),
        ((*CALLING, approval_requested(), approval_given()), approval_given(approved=False), set()),
        (CALLING, approval_given(), set()),
        (CALLING, LimitReached(limit="steps", detail="3 requests"), {"limit"}),
        (CALLING, started(), {"calls", "tool_log"}),
        (CALLING, finished(), {"calls", "tool_log"}),
        (CALLING, ToolStarted(call="of another answer", tool="bash"), set()),
        ((said(),), begun("progress:1", "progress"), {"replies"}),
        (ANSWERED, SessionClosed(reason="refused"), {"closed", "turn_open"}),
        (ANSWERED, done(), {"turn_open", "finished_turns", "index_due"}),
        ((*ANSWERED, done()), SolutionDistilled(turn=1, model="small", usage=Usage()), {"spent"}),
        ((*ANSWERED, done()), SolutionIndexed(turn=1, kept=True), {"index_due"}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple | set) else "",
)
def test_an_event_changes_what_it_is_about_and_nothing_else(
    before: tuple[Event, ...], event: Event, changes: set[str]
) -> None:
    session = session_of(*before)
    assert changed(session, then(session, event)) == changes


def test_events_are_read_in_their_order_alone() -> None:
    entries = recorded([opened(), said()])
    with pytest.raises(ValueError, match="event 2 does not follow 0"):
        apply(Session(), entries[1])
    assert fold(entries[1:], fold(entries[:1])) == fold(entries)


# Messages


def test_a_message_keeps_who_said_it_when_and_to_which_turn() -> None:
    assert session_of(said("help", ts="5.0", by="Bruno")).messages == (
        Message(seq=2, turn=1, ts="5.0", author="UBRUNO", author_name="Bruno", text="help", heard_at=at(2)),
    )


def test_an_edit_before_it_is_heard_replaces_the_text_without_a_word() -> None:
    session = session_of(said("the bild fails"), edited("the build fails"))
    assert [message.text for message in session.waiting] == ["the build fails"]
    assert session.pending_notes == ()


def test_an_edit_after_it_was_heard_is_told_with_the_new_text() -> None:
    session = session_of(said(), asked(2), edited("the export fails"))
    assert session.waiting == ()
    assert session.pending_notes == ("Ada corrected an earlier message. It now reads:\nthe export fails",)
    assert session.conversation == (Heard(messages=(session_of(said()).messages[0],)),)


def test_a_message_that_was_withdrawn_before_it_was_heard_is_never_heard() -> None:
    session = session_of(said(), deleted(), asked(3))
    assert session.conversation == ()
    assert session.pending_notes == ()


def test_a_message_that_was_withdrawn_after_it_was_heard_is_told_to_be_without_its_text() -> None:
    session = session_of(said("my secret"), asked(2), deleted())
    assert session.messages[0] == replace(session_of(said()).messages[0], text="", withdrawn=True)
    assert session.pending_notes == ("Ada withdrew an earlier message; do not act on it any more.",)


def test_a_message_that_lands_while_the_model_thinks_enters_with_the_next_request() -> None:
    session = session_of(said(), said("no, the export", ts="2.0"), asked(2), answered())
    assert [message.text for message in session.waiting] == ["no, the export"]
    assert [m.text for m in then(session, asked(5)).conversation[-1].messages] == ["no, the export"]  # type: ignore[union-attr]


# The conversation


def test_everything_that_waits_enters_with_one_request() -> None:
    session = session_of(*beginning("it fails", hit()), attached(), asked(9))
    assert session.conversation == (
        Heard(
            recalled=(hit(),),
            notes=("A workspace was prepared for this thread: no repository.",),
            messages=(session.messages[0],),
        ),
    )
    assert (session.pending_notes, session.waiting) == ((), ())


def test_recalled_solutions_enter_once() -> None:
    session = session_of(*beginning("it fails", hit()), asked(7), answered(), said(ts="2.0"), asked(10))
    assert [entry.recalled for entry in session.conversation if isinstance(entry, Heard)] == [(hit(),), ()]


def test_results_enter_with_the_request_after_their_answer_and_once() -> None:
    session = session_of(*CALLING, started(), finished(), asked(10))
    assert session.conversation[-1] == Heard(results=(finished(),))
    assert then(session, asked(11)).conversation == session.conversation


def test_a_request_that_is_made_again_adds_nothing() -> None:
    session = session_of(said(), asked(2), overloaded(), asked(4))
    assert session.conversation == (Heard(messages=session.messages),)
    assert session.turn_requests == 2


def test_a_first_request_into_which_nothing_enters_is_none() -> None:
    assert session_of(said(), deleted(), asked(2)).turn_requests == 0


def test_an_answer_is_kept_verbatim_with_its_calls() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    session = session_of(said(), asked(2), answered(thinking, words("I look"), use("c1", command="ls")))
    assert session.last_spoken == Spoken(
        turn=1, blocks=(thinking, words("I look"), use("c1", command="ls")), stop_reason="tool_use"
    )
    assert [(c.call, c.tool, c.input, c.cut) for c in session.calls] == [
        ("c1", "bash", {"command": "ls"}, False)
    ]


def test_the_calls_of_an_answer_that_was_cut_are_cut() -> None:
    assert session_of(*first_answer(use(), stop="max_tokens")).calls[0].cut


def test_an_answer_that_was_cut_without_a_call_is_to_be_gone_on_with() -> None:
    session = session_of(*first_answer(words("half"), stop="max_tokens"))
    assert session.pending_notes == (
        "Your answer was cut at its length limit. Go on exactly where it stopped.",
    )


def test_the_input_of_the_last_answer_counts_what_was_cached_too() -> None:
    usage = Usage(input_tokens=1, cache_read_tokens=20, cache_write_tokens=300, output_tokens=4_000)
    session = session_of(said(), asked(2), replace(answered(), usage=usage))
    assert session.last_input_tokens == 321
    assert session.usage == (("m", usage),)


def test_a_compaction_stands_for_all_before_it_and_keeps_what_was_not_told_yet() -> None:
    session = session_of(*CALLING, finished(), edited("the export"), said("also", ts="2.0"))
    session = then(session, compacted(through=10), asked(10))
    assert session.conversation == (
        Summarised(summary="so far"),
        Heard(
            notes=("Ada corrected an earlier message. It now reads:\nthe export",),
            messages=(session.messages[1],),
        ),
    )
    assert (session.calls, session.last_input_tokens) == ((), 0)


# Failures


def test_failures_are_counted_until_an_answer_comes() -> None:
    session = session_of(said(), asked(2), overloaded(), asked(4), overloaded(8.0))
    assert session.failed_call is not None
    assert (session.failed_call.in_a_row, session.failed_call.failed_at) == (2, at(6))
    assert then(session, asked(5), answered()).failed_call is None


def test_a_new_turn_begins_without_the_failures_of_the_last() -> None:
    session = session_of(said(), unavailable(), asked(3), overloaded(None), done(outcome="failed"))
    session = then(session, said(ts="2.0"))
    assert (session.turn, session.failed_call, session.no_sandbox, session.usage) == (2, None, None, ())


def test_a_backend_that_answers_again_is_no_longer_missing_but_one_that_cannot_be_had_is() -> None:
    assert session_of(*CALLING, unavailable(5.0), finished()).no_sandbox is None
    assert session_of(*CALLING, unavailable(None), finished()).no_sandbox == unavailable(None)


# Stops


def test_a_stop_ends_every_open_call_and_is_told() -> None:
    session = session_of(
        *first_answer(use("c1"), use("c2")), finished("c1"), stop(), InterruptHandled(through=9)
    )
    assert [call.finished.status for call in session.calls if call.finished] == ["finished", "cancelled"]
    assert session.pending_notes == (
        "The people in the thread stopped you here. Do not go on with the stopped work unasked.",
    )


STOPPED = (InterruptHandled(through=3), done(outcome="interrupted"))


def test_a_message_after_the_stop_opens_a_new_turn() -> None:
    session = session_of(said(), stop(), said("try B", ts="2.0"), *STOPPED)
    assert (session.turn, session.turn_open) == (2, True)
    assert [message.turn for message in session.messages] == [1, 2]


def test_a_message_before_the_stop_does_not() -> None:
    session = session_of(said(), stop(), *STOPPED)
    assert (session.turn, session.turn_open) == (1, False)


def test_what_was_said_before_the_stop_enters_before_it_and_nobody_acts_on_it() -> None:
    session = session_of(said("try A"), stop(), *STOPPED, said("now B", ts="2.0"), asked(6))
    assert [
        ([message.text for message in entry.messages], entry.notes)
        for entry in session.conversation
        if isinstance(entry, Heard)
    ] == [
        (["try A"], ()),
        (
            ["now B"],
            ("The people in the thread stopped you here. Do not go on with the stopped work unasked.",),
        ),
    ]


def test_a_message_that_was_said_before_the_stop_and_heard_after_it_opens_no_turn() -> None:
    session = session_of(said(), stop("5.0"), *STOPPED, said("and B", ts="4.0"))
    assert (session.turn, session.turn_open) == (1, False)
    assert [message.text for message in session.waiting] == ["and B"]


def test_it_is_stopped_with_the_turn_that_is_being_stopped() -> None:
    session = session_of(said(), stop("5.0"), said("and B", ts="4.0"))
    assert session.interrupted_through == 4
    session = session_of(
        said(), stop("5.0"), said("and B", ts="4.0"), InterruptHandled(through=4), done(outcome="interrupted")
    )
    assert (session.turn, session.turn_open, session.waiting) == (1, False, ())


def test_it_does_not_stop_what_was_asked_after_the_stop() -> None:
    session = session_of(said(), stop("5.0"), said("now C", ts="6.0"), said("and B", ts="4.0"))
    assert session.interrupted_through == 3
    session = session_of(
        said(), stop("5.0"), *STOPPED, said("now C", ts="6.0"), said("and B", ts="4.0"), asked(7)
    )
    assert (session.turn, session.turn_open, session.waiting) == (2, True, ())


def test_a_stop_of_nothing_is_no_word_to_the_model() -> None:
    session = session_of(*ANSWERED, done(), stop(), InterruptHandled(through=9))
    assert (session.pending_notes, session.interrupts_handled) == ((), 9)


def test_a_closed_session_begins_anew() -> None:
    session = session_of(*CALLING, started(), SessionClosed(reason="refused"), said(ts="2.0"))
    assert [call.finished.status for call in session.calls if call.finished] == ["cancelled"]
    assert (session.pending_call, session.closed, session.turn) == (None, None, 2)


def test_a_message_that_nobody_answered_opens_the_next_turn_at_the_end_of_one() -> None:
    session = session_of(*ANSWERED, said("and the export?", ts="2.0"), done())
    assert (session.turn, session.turn_open, session.turn_opened_at) == (2, True, at(9))
    assert [message.turn for message in session.messages] == [1, 2]


# Replies


@pytest.mark.parametrize("end", [done(outcome="interrupted"), SessionClosed(reason="refused")])
@pytest.mark.parametrize(
    ("key", "kind", "kept"),
    [
        ("progress:1", "progress", False),
        ("answer:1:1", "answer", False),
        ("question:c1", "question", False),
        ("recall:1", "recall", True),
        ("stopped:1", "notice", True),
    ],
)
def test_what_a_turn_had_begun_to_say_ends_with_it(key: str, kind: str, kept: bool, end: Event) -> None:
    session = session_of(said(), begun(key, kind), end)  # type: ignore[arg-type]
    assert (session.reply(key) is not None) == kept


def test_what_was_posted_stays() -> None:
    session = session_of(said(), *posted("answer:1:1", "answer", "9.5"), done())
    assert [(reply.key, reply.turn, reply.ts) for reply in session.replies] == [("answer:1:1", 1, "9.5")]


# What there is to index


@pytest.mark.parametrize(("outcome", "due"), [("answered", (1,)), ("failed", (1,)), ("interrupted", ())])
def test_a_turn_that_was_not_stopped_is_due_for_indexing(outcome: str, due: tuple[int, ...]) -> None:
    assert session_of(*ANSWERED, done(outcome=outcome)).index_due == due


INDEXED = (*ANSWERED, done(), SolutionIndexed(turn=1, kept=True))


@pytest.mark.parametrize(
    ("event", "due"),
    [
        (FeedbackGiven(by="U1", verdict="solved", turn=1), (1,)),
        (FeedbackGiven(by="U1", verdict="not_solved", turn=1), (1,)),
        (FeedbackGiven(by="U1", verdict="not_relevant", solution="3f0c"), ()),
        (edited("the export fails"), (1,)),
        (deleted(), (1,)),
    ],
    ids=["solved", "not solved", "about another solution", "an edit", "a deletion"],
)
def test_what_changes_what_a_turn_taught_makes_it_due_again(event: Event, due: tuple[int, ...]) -> None:
    assert session_of(*INDEXED, event).index_due == due
    assert session_of(*INDEXED, event, event).index_due == due


def test_feedback_during_the_next_turn_is_about_the_answer_that_people_have() -> None:
    solved = FeedbackGiven(by="U1", verdict="solved", turn=1)
    session = session_of(*INDEXED, said(ts="2.0"), solved)
    assert [(word.turn, word.given) for word in session.feedback] == [(1, solved)]


def test_feedback_after_a_stop_is_about_the_answer_before_it() -> None:
    session = session_of(
        *INDEXED, said(ts="2.0"), stop(), InterruptHandled(through=12), done(2, "interrupted")
    )
    session = then(session, FeedbackGiven(by="U1", verdict="solved", turn=1))
    assert session.index_due == (1,)


# Last words


@pytest.mark.parametrize(
    ("events", "word"),
    [
        (first_answer(text="Fixed."), "Fixed."),
        (first_answer(words("One."), words("Two.")), "One.\n\nTwo."),
        ((*first_answer(words("Fix"), stop="max_tokens"), asked(8), answered(text="ed.")), "Fixed."),
        ((*first_answer(words("I look"), use()), finished(), asked(9), answered(text="Done.")), "Done."),
        (
            (*first_answer(words("Fix"), stop="max_tokens"), said(ts="2.0"), asked(9), answered()),
            "It is fixed.",
        ),
        (beginning(), ""),
    ],
    ids=["one text", "two texts", "cut and gone on with", "after calls", "cut and corrected", "none"],
)
def test_the_last_word_of_a_turn(events: tuple[Event, ...], word: str) -> None:
    assert session_of(*events).last_word(1) == word
    assert session_of(*events, done()).finished_turns[0].answer == word


def test_the_answer_of_a_turn_outlives_the_compaction_of_a_later_one() -> None:
    session = session_of(*ANSWERED, done(), said(ts="2.0"), compacted(through=10))
    assert session.finished_turns[0].answer == "It is fixed."


def test_a_turn_that_pauses_teaches_nothing_and_allows_as_much_again() -> None:
    session = session_of(*ANSWERED, LimitReached(limit="steps", detail="1 request"), done(outcome="paused"))
    assert (session.index_due, session.spent, session.limit) == ((), (), None)


def test_what_was_not_read_when_the_months_money_was_used_up_waits_until_somebody_speaks_again() -> None:
    month = LimitReached(limit="month", detail="$5.00 of $5.00")
    paused = session_of(*beginning(), month, done(outcome="paused"))
    assert (paused.turn_open, [m.text for m in paused.waiting]) == (False, ["the import fails"])
    resumed = then(paused, said("go on", ts="9.0"))
    assert (resumed.turn_open, [m.text for m in resumed.waiting]) == (True, ["the import fails", "go on"])


def test_what_is_said_while_such_a_pause_is_told_opens_the_next_turn() -> None:
    month = LimitReached(limit="month", detail="$5.00 of $5.00")
    assert session_of(*beginning(), month, said("go on", ts="9.0"), done(outcome="paused")).turn_open


def test_looks_in_vain_are_counted_until_something_gets_on() -> None:
    session = session_of(*CALLING, unavailable(5.0), unavailable(10.0))
    assert session.setbacks == 2
    assert then(session, attached()).setbacks == 0
    assert then(session, done(), said(ts="2.0")).setbacks == 0


def test_what_summaries_cost_is_counted_too() -> None:
    session = session_of(*ANSWERED, compacted(through=8))
    assert [usage.input_tokens for _, usage in session.spent] == [10, 7]
