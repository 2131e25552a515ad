"""Calls that somebody has to approve, and pauses at a limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.brain.approving import LONGEST, approvers, shown_whole, standing
from bot.brain.budget import Budget
from bot.brain.changes.publication import push_call
from bot.brain.decide import decide
from bot.brain.policy import Permission, ToolPolicy
from bot.brain.steps import (
    AskModel,
    Attach,
    Execute,
    Facts,
    Pause,
    Post,
    Publish,
    Refuse,
    RequestApproval,
    Rest,
    Step,
)
from memory.log.events import (
    ApprovalRequested,
    ApprovalScope,
    Event,
    InterruptHandled,
    LimitReached,
    TurnFinished,
)
from memory.log.session import Session, ToolCall
from tests.brain import change_logs as changes
from tests.brain.logs import (
    answered,
    approval_given,
    approval_requested,
    asked,
    attached,
    edited,
    finished,
    first_answer,
    posted,
    said,
    session_of,
    started,
    then,
    unavailable,
    use,
)
from tests.brain.steps import STOP, facts

CALLING = (*first_answer(use("c1", command="make deploy")), attached())
PUT = (*CALLING, approval_requested(), *posted("approval:c1", "approval"))


def under(permission: Permission) -> Facts:
    return replace(facts(), policy=ToolPolicy(rules={"bash": permission}))


def follows(*events: Event, known: Facts) -> Step:
    return decide(session_of(*events), known)


def call_of(step: Step) -> str:
    assert isinstance(step, Execute | Refuse | RequestApproval), step
    return step.call.call


def test_a_call_that_is_allowed_is_made() -> None:
    assert isinstance(follows(*CALLING, known=under("allow")), Execute)


def test_a_call_that_is_denied_is_refused() -> None:
    assert isinstance(follows(*CALLING, known=under("deny")), Refuse)


def test_a_call_that_is_asked_for_is_put_before_people_and_waits_without_a_thread() -> None:
    known = under("ask")
    assert isinstance(follows(*CALLING, known=known), RequestApproval)
    asked_for = Post(key="approval:c1", kind="approval")
    assert follows(*CALLING, approval_requested(), known=known) == asked_for
    assert follows(*PUT, known=known) == Rest()


def test_before_a_workspace_is_made_for_it() -> None:
    calling = first_answer(use("c1", command="make deploy"))
    assert isinstance(follows(*calling, known=under("ask")), RequestApproval)
    approved = (*calling, approval_requested(), *posted("approval:c1", "approval"), approval_given())
    assert follows(*approved, known=under("ask")) == Attach()


def test_what_is_said_meanwhile_decides_nothing() -> None:
    assert follows(*PUT, said("go ahead", ts="2.0"), known=under("ask")) == Rest()
    assert follows(*PUT, edited("the export fails"), known=under("ask")) == Rest()


def test_the_decision_is_obeyed() -> None:
    assert isinstance(follows(*PUT, approval_given(), known=under("ask")), Execute)
    assert isinstance(follows(*PUT, approval_given(approved=False), known=under("ask")), Refuse)


def test_only_the_first_decision_counts() -> None:
    decided = (*PUT, approval_given(approved=False), approval_given())
    assert isinstance(follows(*decided, known=under("ask")), Refuse)


def test_a_call_that_was_begun_is_joined_whatever_the_policy_says_now() -> None:
    for permission in ("ask", "deny"):
        assert isinstance(follows(*CALLING, started(), known=under(permission)), Execute)


def test_a_decision_that_is_waited_for_is_waited_for_also_when_the_policy_became_laxer() -> None:
    assert follows(*PUT, known=under("allow")) == Rest()


@pytest.mark.parametrize(("scope", "next_step"), [("thread", Execute), ("call", RequestApproval)])
def test_an_approval_reaches_as_far_as_it_says(scope: ApprovalScope, next_step: type[Step]) -> None:
    events = (*PUT, approval_given(scope=scope), started(), finished(), asked(15), answered(use("c2")))
    step = follows(*events, known=under("ask"))
    assert isinstance(step, next_step)
    assert call_of(step) == "c2"


def test_an_approval_for_the_thread_does_not_lift_a_denial() -> None:
    events = (*PUT, approval_given(scope="thread"), started(), finished(), asked(15), answered(use("c2")))
    assert isinstance(follows(*events, known=under("deny")), Refuse)


def test_what_cannot_be_read_in_full_cannot_be_approved() -> None:
    long = first_answer(use("c1", command="x" * (LONGEST + 1)))
    assert isinstance(follows(*long, known=under("ask")), Refuse)


def test_a_stop_takes_the_question_back() -> None:
    session = session_of(*PUT, STOP)
    session = then(
        session,
        InterruptHandled(through=session.head),
        TurnFinished(turn=1, outcome="interrupted"),
    )
    assert session.pending_call is None


# A push

MADE = (
    *first_answer(use("c1", command="make fix")),
    attached(repository="cart", base_commit=changes.BASE),
    started(),
    finished(),
    asked(11),
    answered(text="It is fixed."),
    changes.checked(),
    changes.exported(),
)
PUSH = f"pull_request:{changes.COMMIT}"
PUSH_PUT = (
    *MADE,
    ApprovalRequested(call=PUSH, tool="pull_request", approvers=("UADA",)),
    *posted(f"approval:{PUSH}", "approval"),
)


def pushing(permission: Permission) -> Facts:
    return replace(facts(), policy=ToolPolicy(rules={"pull_request": permission}))


def test_a_push_is_made_asked_about_or_denied_as_the_policy_says() -> None:
    assert follows(*MADE, known=pushing("allow")) == Publish(stage="authorise")
    assert follows(*MADE, known=pushing("deny")) == Publish(stage="deny")
    assert call_of(follows(*MADE, known=pushing("ask"))) == PUSH
    assert follows(*PUSH_PUT, known=pushing("ask")) == Rest()


def test_the_word_about_a_push_is_about_its_commit() -> None:
    known = pushing("ask")
    assert follows(*PUSH_PUT, approval_given(PUSH), known=known) == Publish(stage="authorise")
    assert follows(*PUSH_PUT, approval_given(PUSH, approved=False), known=known) == Publish(stage="deny")
    again = (*PUSH_PUT, approval_given(PUSH), said("and more", ts="2.0"), asked(20), answered(text="More."))
    step = follows(*again, changes.checked(), changes.exported("e" * 40), known=known)
    assert call_of(step) == f"pull_request:{'e' * 40}"


def test_a_push_is_shown_with_its_files_and_lines() -> None:
    shown = shown_whole(push_call(session_of(*MADE)))
    assert shown == (
        "draft: Fix it\nfrom: oxbow/fix-12345678 at cccccccccccc, into main\nlines: +1 -0\nfiles: \n  a.py"
    )
    long = tuple(f"{'d/' * 90}{number}" for number in range(50))
    assert shown_whole(push_call(session_of(*MADE, changes.exported(files=long)))) is not None


def test_what_is_said_while_a_push_waits_is_put_before_the_model() -> None:
    session = session_of(*PUSH_PUT)
    approval = session.approval(PUSH)
    assert approval is not None
    assert standing(session, approval, "UADA") == "decides"
    assert follows(*PUSH_PUT, said("wait", ts="2.0"), known=pushing("ask")) == AskModel()
    gone = session_of(*PUSH_PUT, said("wait", ts="2.0"), asked(20))
    assert standing(gone, approval, "UADA") == "too late"


# What is shown, and whose word counts


def call(**given: str) -> ToolCall:
    return ToolCall(call="c1", tool="bash", input=given, cut=False)


def test_a_call_is_shown_whole() -> None:
    assert shown_whole(call(command="make deploy\n\techo done")) == "make deploy\n\techo done"
    assert shown_whole(call(path="a.py", old="1", new="2")) == "path: a.py\nold: 1\nnew: 2"


def test_what_is_invisible_or_reorders_the_text_is_spelt_out() -> None:
    hidden = "echo \N{RIGHT-TO-LEFT OVERRIDE}fr-\N{ZERO WIDTH SPACE}\x1b[8m"
    assert shown_whole(call(command=hidden)) == "echo \\u{202e}fr-\\u{200b}\\u{1b}[8m"


def test_everybody_who_spoke_to_the_session_may_decide() -> None:
    session = session_of(said(by="Ada"), said(by="Bruno", ts="2.0"), said(by="Ada", ts="3.0"))
    assert approvers(session) == ("UADA", "UBRUNO")


@pytest.mark.parametrize(
    ("events", "person", "expected"),
    [
        (PUT, "UADA", "decides"),
        (PUT, "UMALLORY", "bystander"),
        ((*PUT, approval_given()), "UADA", "too late"),
        ((*PUT, approval_given()), "UMALLORY", "too late"),
        ((*PUT, STOP, InterruptHandled(through=13)), "UADA", "too late"),
    ],
)
def test_whose_word_counts(events: tuple[Event, ...], person: str, expected: str) -> None:
    session = session_of(*events)
    approval = session.approval("c1")
    assert approval is not None
    assert standing(session, approval, person) == expected


# Limits


def limited(session: Session, budget: Budget) -> Step:
    return decide(session, replace(facts(), budget=budget))


def test_a_session_pauses_before_it_asks_once_too_often() -> None:
    session = session_of(*CALLING, started(), finished())
    assert limited(session, Budget(steps=1)) == Pause(
        reached=LimitReached(limit="steps", detail="1 request to the model")
    )


def test_an_answer_with_the_last_request_is_an_answer() -> None:
    assert limited(session_of(*first_answer()), Budget(steps=1)) == Post(key="answer:1:1", kind="answer")


def test_a_workspace_is_not_waited_for_for_ever() -> None:
    session = session_of(*first_answer(use("c1")), unavailable(5.0), unavailable(10.0))
    step = limited(session, Budget(setbacks=2))
    assert isinstance(step, Pause)
    paused = then(session, step.reached)
    assert limited(paused, Budget(setbacks=2)) == Post(key="answer:1:1", kind="answer")


def test_a_pause_ends_with_the_next_message_and_the_call_that_waited_is_made() -> None:
    session = session_of(*first_answer(use("c1")), *[unavailable(5.0)] * 2)
    session = then(
        session,
        LimitReached(limit="progress", detail="2 looks in vain"),
        *posted("answer:1:1", "answer"),
        TurnFinished(turn=1, outcome="paused"),
        said("go on", ts="2.0"),
        *posted("progress:2", "progress"),
    )
    assert limited(session, Budget(setbacks=2)) == Attach()
